//! A function's policies: what it may do. They say it in the few words that this cloud understands, and in no
//! others, so that whatever they say is also checked.

use std::fmt;

use serde::Deserialize;
use serde_json::Value;

use super::{TemplateError, read, unsupported};

/// One thing that a function may do to one resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Permission {
    /// What it may do, such as `dynamodb:PutItem`.
    pub action: String,
    /// The resource's name. `:identity/*` at its end stands for every identity that SES sends from.
    pub resource: String,
    /// The one address that it may send from.
    pub from_address: Option<String>,
}

impl fmt::Display for Permission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} on {}", self.action, self.resource)
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Policy {
    statement: Vec<Statement>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Statement {
    effect: String,
    action: OneOrMore,
    resource: OneOrMore,
    condition: Option<Condition>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Condition {
    string_equals: StringEquals,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StringEquals {
    #[serde(rename = "ses:FromAddress")]
    from_address: String,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMore {
    One(String),
    More(Vec<String>),
}

impl OneOrMore {
    fn as_slice(&self) -> &[String] {
        match self {
            OneOrMore::One(one) => std::slice::from_ref(one),
            OneOrMore::More(more) => more,
        }
    }
}

/// Reads the permissions of a function's `Policies`.
pub(super) fn permissions(place: &str, policies: Value) -> Result<Vec<Permission>, TemplateError> {
    let policies: Option<Vec<Policy>> = read(place, policies)?;
    let mut permissions = Vec::new();
    for Statement { effect, action, resource, condition } in policies.into_iter().flatten().flat_map(|p| p.statement) {
        if effect != "Allow" {
            return Err(unsupported(place, format!("this cloud does not know the effect {effect:?}")));
        }
        let from_address = condition.map(|condition| condition.string_equals.from_address);
        for resource in resource.as_slice() {
            let exact = resource.strip_suffix(":identity/*").unwrap_or(resource);
            if !exact.starts_with("arn:") || exact.contains(['*', '?']) {
                return Err(unsupported(place, format!("{resource:?} does not name one resource")));
            }
            for action in action.as_slice() {
                if !action.contains(':') || action.contains(['*', '?']) {
                    return Err(unsupported(place, format!("{action:?} does not name one action")));
                }
                let (action, resource) = (action.clone(), resource.clone());
                permissions.push(Permission { action, resource, from_address: from_address.clone() });
            }
        }
    }
    Ok(permissions)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const TABLE: &str = "arn:aws:dynamodb:us-east-1:000000000000:table/t";

    fn read(statement: Value) -> Result<Vec<Permission>, String> {
        permissions("F.Policies", json!([{"Statement": [statement]}])).map_err(|error| error.to_string())
    }

    #[test]
    fn a_statement_allows_each_of_its_actions_on_each_of_its_resources() {
        let index = format!("{TABLE}/index/i");
        let statement = json!({"Effect": "Allow", "Action": ["a:B", "a:C"], "Resource": [TABLE, index]});
        let read_as: Vec<_> = read(statement).unwrap().into_iter().map(|p| (p.action, p.resource)).collect();
        let allowed = [("a:B", TABLE), ("a:C", TABLE), ("a:B", &index), ("a:C", &index)];
        assert_eq!(read_as, allowed.map(|(action, resource)| (action.to_owned(), resource.to_owned())));

        let identities = "arn:aws:ses:us-east-1:000000000000:identity/*";
        let condition = json!({"StringEquals": {"ses:FromAddress": "shop@example.com"}});
        let statement =
            json!({"Effect": "Allow", "Action": "ses:SendEmail", "Resource": identities, "Condition": condition});
        let from_address = Some("shop@example.com".to_owned());
        let allowed = Permission { action: "ses:SendEmail".to_owned(), resource: identities.to_owned(), from_address };
        assert_eq!(read(statement).unwrap(), [allowed]);
        assert_eq!(permissions("F.Policies", Value::Null).unwrap(), [], "a function may need none");
    }

    #[test]
    fn what_could_not_be_checked_is_refused() {
        let changed = |name: &str, value: Value| {
            let mut statement = json!({"Effect": "Allow", "Action": "dynamodb:GetItem", "Resource": TABLE});
            read(statement.clone()).unwrap();
            statement[name] = value;
            read(statement).unwrap_err()
        };
        let refusal = "template.yaml, F.Policies: this cloud does not know the effect \"Deny\"";
        assert_eq!(changed("Effect", json!("Deny")), refusal);
        for action in ["*", "dynamodb:*", "dynamodb:Get?tem"] {
            let refusal = format!("template.yaml, F.Policies: {action:?} does not name one action");
            assert_eq!(changed("Action", json!([action])), refusal);
        }
        for resource in ["*", "UsersTable.Arn", &format!("{TABLE}/index/*"), "arn:aws:ses:*:identity/*"] {
            let refusal = format!("template.yaml, F.Policies: {resource:?} does not name one resource");
            assert_eq!(changed("Resource", json!(resource)), refusal);
        }
        assert!(changed("NotAction", json!("a:B")).contains("unknown field `NotAction`"));
        let condition = json!({"StringLike": {"ses:FromAddress": "*"}});
        assert!(changed("Condition", condition).contains("unknown field `StringLike`"));
        let by_name = permissions("F.Policies", json!([{"DynamoDBReadPolicy": {}}])).unwrap_err().to_string();
        assert!(by_name.contains("unknown field `DynamoDBReadPolicy`"), "{by_name}");
    }
}
