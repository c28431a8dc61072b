//! What must hold. A rule answers what breaks it, and nothing if all is well.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::read::{Deployed, each, many, target, watches};

type Rule = (&'static str, fn(&Deployed) -> Vec<String>);

pub(super) const RULES: &[Rule] = &[
    ("functions are called as their folders", names),
    ("permissions name what they allow", permissions),
    ("tables are encrypted, protected and can be put back", tables),
    ("what cannot be made again outlives the stack", kept),
    ("queues and topics are encrypted", encrypted),
    ("queues have dead letters or hold them", dead_letters),
    ("failures that nobody waits for are kept", asynchronous),
    ("functions log into a group that forgets, and are traced", observed),
    ("log groups forget", retention),
    ("errors of every function raise an alarm", errors),
    ("dead letters raise an alarm", dead_letter_alarms),
    ("a schedule that stands still raises an alarm", schedule_alarms),
    ("alarms tell somebody what is wrong", alarms),
    ("routes want a token", tokens),
    ("routes are throttled, those that place orders or show coupons more", throttles),
    ("the access log knows no person", access_log),
    ("outputs are no secrets", outputs),
    ("the dashboard shows every alarm", dashboard),
    ("operators can read about every alarm and metric", documented),
];

/// Everybody may ask for these.
const PUBLIC: [&str; 4] = ["GET /", "GET /products", "GET /products/{product_id}", "POST /payments/webhook"];

/// `AddCartItem` is in `functions/add-cart-item/`.
fn names(deployed: &Deployed) -> Vec<String> {
    let capital = |part: &str| format!("{}{}", part[..1].to_uppercase(), &part[1..]);
    let pascal = |folder: &str| folder.split('-').map(capital).collect::<String>();
    let folder = |function: &Value| {
        let uri = function["CodeUri"].as_str().unwrap_or_default();
        uri.strip_prefix("functions/").and_then(|rest| rest.strip_suffix('/')).map(pascal)
    };
    let others = deployed.functions().filter(|(id, function)| folder(function).as_deref() != Some(id));
    others.map(|(id, _)| id.to_owned()).collect()
}

/// A statement with a `*` in a resource says by a condition what it narrows down to. A key's own policy is
/// not among these: there, `*` is the key.
fn permissions(deployed: &Deployed) -> Vec<String> {
    let mut found = Vec::new();
    let policies =
        deployed.functions().flat_map(|(id, function)| many(&function["Policies"]).iter().map(move |it| (id, it)));
    let queues = deployed.resources("AWS::SQS::QueuePolicy").map(|(id, it)| (id, &it["Properties"]["PolicyDocument"]));
    for (id, policy) in policies.chain(queues).filter(|(_, policy)| !policy.is_null()) {
        if policy["Statement"].is_null() {
            found.push(format!("{id} has a policy that somebody else wrote: {policy}"));
        }
        for statement in policy["Statement"].as_array().into_iter().flatten() {
            let has_star = |name: &str| statement[name].to_string().contains('*');
            if has_star("Action") || (has_star("Resource") && statement["Condition"].is_null()) {
                found.push(format!("{id} may {} on {}", statement["Action"], statement["Resource"]));
            }
        }
    }
    found
}

fn tables(deployed: &Deployed) -> Vec<String> {
    let mut found = Vec::new();
    for (condition, parameter) in [("IsProtected", "DeletionProtection"), ("KeepsHistory", "PointInTimeRecovery")] {
        let asks = json!({"!Equals": [{"!Ref": parameter}, "true"]});
        if deployed.template["Conditions"][condition] != asks {
            found.push(condition.to_owned());
        }
    }
    for (id, table) in deployed.resources("AWS::DynamoDB::Table") {
        let must = [
            ("BillingMode", json!("PAY_PER_REQUEST")),
            ("DeletionProtectionEnabled", json!({"!If": ["IsProtected", true, false]})),
            (
                "PointInTimeRecoverySpecification",
                json!({"PointInTimeRecoveryEnabled": {"!If": ["KeepsHistory", true, false]}}),
            ),
            ("SSESpecification", json!({"SSEEnabled": true})),
        ];
        let broken = must.into_iter().filter(|(name, value)| table["Properties"][*name] != *value);
        found.extend(broken.map(|(name, _)| format!("{id}: {name}")));
    }
    found
}

fn kept(deployed: &Deployed) -> Vec<String> {
    let kinds = ["AWS::DynamoDB::Table", "AWS::Cognito::UserPool", "AWS::SecretsManager::Secret"];
    let kept = |resource: &Value| {
        resource["DeletionPolicy"] == "RetainExceptOnCreate" && resource["UpdateReplacePolicy"] == "Retain"
    };
    let all = kinds.into_iter().flat_map(|kind| deployed.resources(kind));
    all.filter(|(_, resource)| !kept(resource)).map(|(id, _)| id.to_owned()).collect()
}

fn encrypted(deployed: &Deployed) -> Vec<String> {
    let queues =
        deployed.resources("AWS::SQS::Queue").filter(|(_, it)| it["Properties"]["SqsManagedSseEnabled"] != true);
    let key = |topic: &Value| topic["Properties"]["KmsMasterKeyId"].is_null();
    let topics = deployed.resources("AWS::SNS::Topic").filter(|(_, topic)| key(topic));
    queues.chain(topics).map(|(id, _)| id.to_owned()).collect()
}

/// A dead letter stays for fourteen days, the longest there is.
fn dead_letters(deployed: &Deployed) -> Vec<String> {
    let dead = deployed.dead_letter_queues();
    let is_well = |id: &str, queue: &Value| {
        if dead.contains(&id) {
            return queue["MessageRetentionPeriod"] == 1_209_600 && queue["RedrivePolicy"].is_null();
        }
        target(&queue["RedrivePolicy"]["deadLetterTargetArn"]).is_some_and(|id| dead.contains(&id))
    };
    let queues = deployed.resources("AWS::SQS::Queue").filter(|(id, queue)| !is_well(id, &queue["Properties"]));
    queues.map(|(id, _)| id.to_owned()).collect()
}

/// A queue that feeds a function is held to [`dead_letters`].
fn asynchronous(deployed: &Deployed) -> Vec<String> {
    let functions = &deployed.template["Resources"];
    let keeps = |place: &Value| target(&place["DestinationConfig"]["OnFailure"]["Destination"]).is_some();
    let is_kept = |(id, kind, event): &(&str, &str, &Value)| match *kind {
        "HttpApi" => true,
        "SQS" => !event["FunctionResponseTypes"].is_null(),
        "DynamoDB" => keeps(event) && !event["MaximumRetryAttempts"].is_null(),
        "Schedule" => {
            let started = target(&event["DeadLetterConfig"]["Arn"]).is_some() && !event["RetryPolicy"].is_null();
            started && keeps(&functions[*id]["Properties"]["EventInvokeConfig"])
        }
        _ => false,
    };
    let lost = deployed.events().filter(|event| !is_kept(event));
    lost.map(|(id, kind, _)| format!("{id}: {kind}")).collect()
}

fn observed(deployed: &Deployed) -> Vec<String> {
    let groups: BTreeSet<_> = deployed.resources("AWS::Logs::LogGroup").map(|(id, _)| id).collect();
    let mut found = Vec::new();
    for (id, function) in deployed.functions() {
        let log = deployed.of_function(function, "LoggingConfig");
        // JSON would have Lambda look into our lines.
        if !target(&log["LogGroup"]).is_some_and(|group| groups.contains(group)) || log["LogFormat"] != "Text" {
            found.push(format!("{id}: LoggingConfig"));
        }
        if deployed.of_function(function, "Tracing") != "Active" {
            found.push(format!("{id}: Tracing"));
        }
    }
    found
}

fn retention(deployed: &Deployed) -> Vec<String> {
    let forgets = |group: &Value| target(&group["Properties"]["RetentionInDays"]) == Some("LogRetentionDays");
    let groups = deployed.resources("AWS::Logs::LogGroup").filter(|(_, group)| !forgets(group));
    groups.map(|(id, _)| id.to_owned()).collect()
}

/// What fails behind the API is a 5xx of the API; every other function is watched by name.
fn errors(deployed: &Deployed) -> Vec<String> {
    let behind_api: BTreeSet<_> = deployed.routes().map(|(_, id, _)| id).collect();
    let api_is_watched = deployed.is_watched("5xx", "ServerlessHttpApi");
    let is_watched = |id: &str| (api_is_watched && behind_api.contains(id)) || deployed.is_watched("Errors", id);
    deployed.functions().map(|(id, _)| id).filter(|id| !is_watched(id)).map(str::to_owned).collect()
}

fn dead_letter_alarms(deployed: &Deployed) -> Vec<String> {
    let unwatched = deployed
        .dead_letter_queues()
        .into_iter()
        .filter(|id| !deployed.is_watched("ApproximateNumberOfMessagesVisible", id));
    unwatched.map(str::to_owned).collect()
}

fn schedule_alarms(deployed: &Deployed) -> Vec<String> {
    let is_watched = |id: &str| {
        let silent = |alarm: &Value| {
            alarm["TreatMissingData"] == "breaching" && alarm["ComparisonOperator"] == "LessThanThreshold"
        };
        deployed.alarms().any(|(_, alarm)| watches(alarm, "Invocations", id) && silent(alarm))
    };
    let schedules = deployed.events().filter(|(id, kind, _)| *kind == "Schedule" && !is_watched(id));
    schedules.map(|(id, _, _)| id.to_owned()).collect()
}

fn alarms(deployed: &Deployed) -> Vec<String> {
    let tells = |alarm: &Value| {
        alarm["AlarmActions"] == json!([{"!Ref": "AlarmTopic"}])
            && alarm["AlarmDescription"].is_string()
            && alarm["TreatMissingData"].is_string()
    };
    deployed.alarms().filter(|(_, alarm)| !tells(alarm)).map(|(id, _)| id.to_owned()).collect()
}

fn tokens(deployed: &Deployed) -> Vec<String> {
    let auth = &deployed.template["Globals"]["HttpApi"]["Auth"];
    let authorizer = auth["DefaultAuthorizer"].as_str().unwrap_or_default();
    if auth["Authorizers"][authorizer]["JwtConfiguration"].is_null() {
        return vec!["there is no default authorizer".to_owned()];
    }
    let open =
        deployed.routes().filter(|(route, _, event)| !event["Auth"].is_null() && !PUBLIC.contains(&route.as_str()));
    open.map(|(route, _, _)| route).collect()
}

fn throttles(deployed: &Deployed) -> Vec<String> {
    let api = &deployed.template["Globals"]["HttpApi"];
    let limits = |settings: &Value, [rate, burst]: [&str; 2]| {
        target(&settings["ThrottlingRateLimit"]) == Some(rate)
            && target(&settings["ThrottlingBurstLimit"]) == Some(burst)
    };
    let mut found = Vec::new();
    if !limits(&api["DefaultRouteSettings"], ["ApiRateLimit", "ApiBurstLimit"]) {
        found.push("DefaultRouteSettings".to_owned());
    }
    let settings = &api["RouteSettings"];
    let tight = |route: &str| limits(&settings[route], ["CheckoutRateLimit", "CheckoutBurstLimit"]);
    let routes = deployed.routes().filter(|(_, id, _)| ["Checkout", "CreateOrder", "GetCoupon"].contains(id));
    found.extend(routes.map(|(route, _, _)| route).filter(|route| !tight(route)));
    let known: BTreeSet<_> = deployed.routes().map(|(route, _, _)| route).collect();
    let named = settings.as_object().into_iter().flatten().map(|(route, _)| route);
    found.extend(named.filter(|route| !known.contains(*route)).map(|route| format!("no such route: {route}")));
    found
}

fn access_log(deployed: &Deployed) -> Vec<String> {
    let harmless = [
        "error.responseType",
        "integration.latency",
        "integration.requestId",
        "integration.status",
        "requestId",
        "requestTime",
        "responseLatency",
        "responseLength",
        "routeKey",
        "status",
    ];
    let log = &deployed.template["Globals"]["HttpApi"]["AccessLogSettings"];
    let format = log["Format"].as_str().unwrap_or_default();
    if serde_json::from_str::<Value>(format).is_err() || target(&log["DestinationArn"]).is_none() {
        return vec!["lines are no JSON, or go nowhere".to_owned()];
    }
    let variables = format.split("$context.").skip(1).filter_map(|rest| rest.split('"').next());
    variables.filter(|variable| !harmless.contains(variable)).map(str::to_owned).collect()
}

fn outputs(deployed: &Deployed) -> Vec<String> {
    let outputs = deployed.template["Outputs"].as_object().into_iter().flatten();
    let tells = |output: &Value| ["Secret", "{{resolve:"].iter().any(|word| output["Value"].to_string().contains(word));
    outputs.filter(|(_, output)| tells(output)).map(|(id, _)| id.clone()).collect()
}

fn dashboard(deployed: &Deployed) -> Vec<String> {
    let mut shown = BTreeSet::new();
    each(&deployed.dashboard(), &mut |value| shown.extend(value.as_str().map(str::to_owned)));
    let hidden = deployed.alarms().filter(|(id, _)| !shown.contains(&format!("${{{id}.Arn}}")));
    hidden.map(|(id, _)| id.to_owned()).collect()
}

fn documented(deployed: &Deployed) -> Vec<String> {
    let alarms = deployed.alarms().map(|(id, _)| id.to_owned());
    let dead_letters = deployed.dead_letter_queues().into_iter().map(str::to_owned);
    let names = alarms.chain(dead_letters).chain(own_metrics(deployed));
    names.filter(|name| !deployed.operations.contains(&format!("`{name}`"))).collect()
}

/// The metrics that the functions write themselves, as far as the template uses them.
pub(super) fn own_metrics(deployed: &Deployed) -> BTreeSet<String> {
    let ours = |(_, alarm): &(&str, &Value)| target(&alarm["Namespace"]) == Some("AWS::StackName");
    let watched =
        deployed.alarms().filter(ours).filter_map(|(_, alarm)| alarm["MetricName"].as_str().map(str::to_owned));
    let mut metrics: BTreeSet<_> = watched.collect();
    each(&deployed.dashboard(), &mut |value| {
        if value[0] == "${AWS::StackName}" {
            metrics.extend(value[1].as_str().map(str::to_owned));
        }
        let search = value["expression"].as_str().filter(|search| search.contains("${AWS::StackName}"));
        let name = search.and_then(|search| search.split("MetricName=\"").nth(1)?.split('"').next());
        metrics.extend(name.map(str::to_owned));
    });
    metrics
}
