//! What a call needs to be allowed, and how each service says that it is not.

use std::collections::HashMap;

use axum::http::StatusCode;
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::Value;

use super::{Refusal, ses};
use crate::iam::{Denial, Iam, Need};
use crate::queues::Queues;

/// A DynamoDB request, as far as it says what it is about. Items, keys and expressions are read past.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct DynamoDbRequest {
    table_name: Option<String>,
    index_name: Option<String>,
    #[serde(default)]
    request_items: HashMap<String, IgnoredAny>,
    #[serde(default)]
    transact_items: Vec<TransactItem>,
}

/// A part of a transaction: one of these.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct TransactItem {
    condition_check: Option<On>,
    delete: Option<On>,
    get: Option<On>,
    put: Option<On>,
    update: Option<On>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct On {
    table_name: String,
}

/// What a DynamoDB operation needs, by its `X-Amz-Target` and its body. A transaction has no action of its own:
/// it needs those of its parts.
pub(super) fn of_dynamodb(iam: &Iam, target: &str, body: &[u8]) -> Result<Vec<Need>, serde_json::Error> {
    let operation = target.rsplit('.').next().unwrap_or_default();
    let request: DynamoDbRequest = serde_json::from_slice(body)?;
    let on = |table: &str, action: &str| need("dynamodb", action, iam.arn("dynamodb", &format!("table/{table}")));
    Ok(match operation {
        "BatchGetItem" | "BatchWriteItem" => request.request_items.keys().map(|table| on(table, operation)).collect(),
        "TransactGetItems" | "TransactWriteItems" => {
            let parts = request.transact_items.into_iter().flat_map(|item| {
                [
                    (item.condition_check, "ConditionCheckItem"),
                    (item.delete, "DeleteItem"),
                    (item.get, "GetItem"),
                    (item.put, "PutItem"),
                    (item.update, "UpdateItem"),
                ]
            });
            parts.filter_map(|(part, action)| Some(on(&part?.table_name, action))).collect()
        }
        _ => match (request.table_name, request.index_name) {
            (Some(table), Some(index)) => vec![on(&format!("{table}/index/{index}"), operation)],
            (Some(table), None) => vec![on(&table, operation)],
            (None, _) => vec![need("dynamodb", operation, "*".to_owned())],
        },
    })
}

/// What an SQS operation needs. A batch is allowed by what allows a single one.
pub(super) fn of_sqs(iam: &Iam, queues: &Queues, operation: &str, request: &Value) -> Need {
    let action = operation.strip_suffix("Batch").unwrap_or(operation);
    let resource = request["QueueUrl"].as_str().map_or_else(
        || "*".to_owned(),
        |url| match queues.by_url(url) {
            Some(queue) => queue.arn.clone(),
            None => iam.arn("sqs", url.rsplit('/').next().unwrap_or_default()),
        },
    );
    need("sqs", action, resource)
}

/// What sending a mail needs.
pub(super) fn of_mail(iam: &Iam, request: &Value) -> Need {
    let from = ses::sender_of(request);
    let identity = iam.arn("ses", &format!("identity/{from}"));
    Need { from_address: Some(from.to_owned()), ..need("ses", "SendEmail", identity) }
}

fn need(service: &str, action: &str, resource: String) -> Need {
    Need { action: format!("{service}:{action}"), resource, from_address: None }
}

impl From<Denial> for Refusal {
    /// SES has words of its own, SQS its actions in small letters, and DynamoDB does not say 403.
    fn from(denial: Denial) -> Refusal {
        const CODE: &str = "com.amazon.coral.service#AccessDeniedException";
        match denial.action.split(':').next() {
            Some("ses") => {
                let Denial { user, action, resource } = denial;
                let message = format!("User `{user}' is not authorized to perform `{action}' on resource `{resource}'");
                Refusal { status: StatusCode::FORBIDDEN, code: "AccessDeniedException", message }
            }
            Some("sqs") => {
                let denial = Denial { action: denial.action.to_lowercase(), ..denial };
                Refusal { status: StatusCode::FORBIDDEN, code: CODE, message: denial.to_string() }
            }
            _ => Refusal::new(CODE, denial.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::time::Duration;

    use serde_json::json;

    use super::*;
    use crate::template::{self, Deployment};

    const TABLES: &str = "arn:aws:dynamodb:us-east-1:000000000000:table/";

    fn iam() -> Iam {
        let deployment = Deployment {
            stack_name: "test".to_owned(),
            region: "us-east-1".to_owned(),
            account_id: "000000000000".to_owned(),
            endpoint: String::new(),
        };
        Iam::new(deployment, &BTreeMap::new())
    }

    /// The actions that a DynamoDB request needs, each with its table, in order.
    fn needed(operation: &str, request: Value) -> Vec<(String, String)> {
        let needs = of_dynamodb(&iam(), &format!("DynamoDB_20120810.{operation}"), request.to_string().as_bytes());
        let pair = |need: Need| {
            assert_eq!(need.from_address, None);
            (need.action, need.resource.strip_prefix(TABLES).unwrap_or(&need.resource).to_owned())
        };
        let mut needs: Vec<_> = needs.unwrap().into_iter().map(pair).collect();
        needs.sort();
        needs
    }

    fn pairs<const N: usize>(pairs: [(&str, &str); N]) -> Vec<(String, String)> {
        pairs.map(|(action, table)| (format!("dynamodb:{action}"), table.to_owned())).into()
    }

    #[test]
    fn a_single_operation_needs_itself_on_its_table_or_index() {
        let item = json!({"S": "IndexName"});
        assert_eq!(needed("GetItem", json!({"TableName": "t", "Key": {"k": item}})), pairs([("GetItem", "t")]));
        assert_eq!(
            needed("PutItem", json!({"Item": {"TableName": item}, "TableName": "t"})),
            pairs([("PutItem", "t")])
        );
        let query = json!({"TableName": "t", "IndexName": "i", "KeyConditionExpression": "#a = :a"});
        assert_eq!(needed("Query", query), pairs([("Query", "t/index/i")]));
        assert_eq!(needed("Scan", json!({"TableName": "t"})), pairs([("Scan", "t")]));
        assert_eq!(needed("ListTables", json!({})), pairs([("ListTables", "*")]));
        assert_eq!(needed("ExecuteStatement", json!({"Statement": "SELECT"})), pairs([("ExecuteStatement", "*")]));
        assert!(of_dynamodb(&iam(), "DynamoDB_20120810.GetItem", b"{").is_err());
    }

    #[test]
    fn a_batch_needs_itself_on_each_of_its_tables() {
        let batch = json!({"RequestItems": {"t": {"Keys": [{"k": {"S": "1"}}, {"k": {"S": "2"}}]}, "u": {"Keys": []}}});
        assert_eq!(needed("BatchGetItem", batch.clone()), pairs([("BatchGetItem", "t"), ("BatchGetItem", "u")]));
        assert_eq!(needed("BatchWriteItem", batch), pairs([("BatchWriteItem", "t"), ("BatchWriteItem", "u")]));
    }

    #[test]
    fn a_transaction_needs_what_its_parts_are() {
        let parts = json!([
            {"Put": {"TableName": "t", "Item": {"k": {"S": "1"}}, "ConditionExpression": "attribute_not_exists(k)"}},
            {"Update": {"TableName": "t"}},
            {"Delete": {"TableName": "u"}},
            {"ConditionCheck": {"TableName": "v"}},
        ]);
        let actions = [("ConditionCheckItem", "v"), ("DeleteItem", "u"), ("PutItem", "t"), ("UpdateItem", "t")];
        assert_eq!(needed("TransactWriteItems", json!({"TransactItems": parts})), pairs(actions));
        let parts = json!([{"Get": {"TableName": "t"}}, {"Get": {"TableName": "u"}}]);
        let actions = [("GetItem", "t"), ("GetItem", "u")];
        assert_eq!(needed("TransactGetItems", json!({"TransactItems": parts})), pairs(actions));
    }

    #[test]
    fn a_queue_is_meant_by_any_name_that_it_goes_by() {
        let queue = template::Queue {
            logical_id: "OrderEventsQueue".to_owned(),
            name: "test-order-events".to_owned(),
            arn: "arn:aws:sqs:us-east-1:000000000000:test-order-events".to_owned(),
            url: "http://localhost:4566/000000000000/test-order-events".to_owned(),
            visibility_timeout: Duration::from_secs(30),
            redrive: None,
        };
        let queues = Queues::open(vec![queue], None).unwrap();
        let needed = |operation: &str, request: Value| {
            let Need { action, resource, from_address } = of_sqs(&iam(), &queues, operation, &request);
            assert_eq!(from_address, None);
            (action, resource.trim_start_matches("arn:aws:sqs:us-east-1:000000000000:").to_owned())
        };
        let pair = |action: &str, queue: &str| (format!("sqs:{action}"), queue.to_owned());
        for url in ["OrderEventsQueue", "http://anywhere/000000000000/test-order-events"] {
            let request = json!({"QueueUrl": url});
            assert_eq!(needed("SendMessage", request.clone()), pair("SendMessage", "test-order-events"));
            assert_eq!(needed("SendMessageBatch", request), pair("SendMessage", "test-order-events"));
        }
        let elsewhere = json!({"QueueUrl": "http://anywhere/000000000000/other"});
        assert_eq!(needed("ReceiveMessage", elsewhere), pair("ReceiveMessage", "other"));
        assert_eq!(needed("ListQueues", json!({})), pair("ListQueues", "*"));
    }

    #[test]
    fn a_mail_needs_the_identity_of_its_address() {
        for sender in ["shop@example.com", "\"Shop\" <shop@example.com>"] {
            let Need { action, resource, from_address } = of_mail(&iam(), &json!({"FromEmailAddress": sender}));
            assert_eq!(action, "ses:SendEmail");
            assert_eq!(resource, "arn:aws:ses:us-east-1:000000000000:identity/shop@example.com");
            assert_eq!(from_address.as_deref(), Some("shop@example.com"));
        }
    }

    #[test]
    fn each_service_refuses_in_its_own_words() {
        let refusal = |action: &str| {
            let (user, resource) = ("arn:u".to_owned(), "arn:r".to_owned());
            let Refusal { status, code, message } = Denial { user, action: action.to_owned(), resource }.into();
            (status, code, message)
        };
        let code = "com.amazon.coral.service#AccessDeniedException";
        let text = |action: &str| {
            format!(
                "User: arn:u is not authorized to perform: {action} on resource: arn:r \
                 because no identity-based policy allows the {action} action"
            )
        };
        assert_eq!(refusal("dynamodb:GetItem"), (StatusCode::BAD_REQUEST, code, text("dynamodb:GetItem")));
        assert_eq!(refusal("sqs:SendMessage"), (StatusCode::FORBIDDEN, code, text("sqs:sendmessage")));
        let text = "User `arn:u' is not authorized to perform `ses:SendEmail' on resource `arn:r'".to_owned();
        assert_eq!(refusal("ses:SendEmail"), (StatusCode::FORBIDDEN, "AccessDeniedException", text));
    }
}
