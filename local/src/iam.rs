//! IAM: what each function may do, as its policies in template.yaml say, and what of that it has done.
//!
//! Whose call it is says the id of the access key that it is signed with: a function's is the function's
//! name. Everybody else, such as a developer with a key `local`, may do everything.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use crate::template::{Deployment, Function, Permission};

/// The roles of the functions.
pub struct Iam {
    deployment: Deployment,
    roles: BTreeMap<String, Role>,
    denials: Mutex<Vec<Denial>>,
}

/// What one function may do.
pub(crate) struct Role {
    /// The resource name of whoever assumes it.
    user: String,
    permissions: Vec<(Permission, AtomicBool)>,
}

/// What a call asks to do, in the terms of policies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Need {
    /// `dynamodb:PutItem`.
    pub(crate) action: String,
    /// The resource's name, `*` for a call that is about none.
    pub(crate) resource: String,
    /// Who a mail is from.
    pub(crate) from_address: Option<String>,
}

/// Something that a function tried to do and may not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Denial {
    /// The resource name of the function's role.
    pub user: String,
    /// `dynamodb:PutItem`.
    pub action: String,
    /// The resource's name.
    pub resource: String,
}

/// As DynamoDB says it.
impl fmt::Display for Denial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Denial { user, action, resource } = self;
        write!(f, "User: {user} is not authorized to perform: {action} on resource: {resource} ")?;
        write!(f, "because no identity-based policy allows the {action} action")
    }
}

impl Iam {
    /// The roles that a template gives its functions.
    pub fn new(deployment: Deployment, functions: &BTreeMap<String, Function>) -> Iam {
        let role = |(name, function): (&String, &Function)| {
            let deployed_as = function.arn.rsplit(':').next().unwrap_or(name);
            let permissions =
                function.permissions.iter().map(|permission| (permission.clone(), AtomicBool::new(false)));
            let user = format!("arn:aws:sts::{}:assumed-role/{deployed_as}/{deployed_as}", deployment.account_id);
            (name.clone(), Role { user, permissions: permissions.collect() })
        };
        let roles = functions.iter().map(role).collect();
        Iam { deployment, roles, denials: Mutex::default() }
    }

    /// The role of the function that signed a call with this `Authorization` header; none, if it was no function.
    pub(crate) fn role_of(&self, authorization: &str) -> Option<&Role> {
        let (_, credential) = authorization.split_once("Credential=")?;
        self.roles.get(credential.split('/').next()?)
    }

    /// A resource's name.
    pub(crate) fn arn(&self, service: &str, resource: &str) -> String {
        self.deployment.arn(service, resource)
    }

    /// Whether a role allows all of `needs`; keeps in mind what was used, or what was not allowed.
    pub(crate) fn authorize(&self, role: &Role, needs: Vec<Need>) -> Result<(), Denial> {
        for need in needs {
            match role.permissions.iter().find(|(permission, _)| permission.covers(&need)) {
                Some((_, used)) => used.store(true, Ordering::Relaxed),
                None => {
                    let denial = Denial { user: role.user.clone(), action: need.action, resource: need.resource };
                    self.denials.lock().unwrap_or_else(PoisonError::into_inner).push(denial.clone());
                    return Err(denial);
                }
            }
        }
        Ok(())
    }

    /// What functions tried to do so far and may not.
    pub fn denials(&self) -> Vec<Denial> {
        self.denials.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// What functions may do and have not done so far, by function.
    pub fn unused(&self) -> Vec<(&str, &Permission)> {
        let mut unused = Vec::new();
        for (name, role) in &self.roles {
            let idle = role.permissions.iter().filter(|(_, used)| !used.load(Ordering::Relaxed));
            unused.extend(idle.map(|(permission, _)| (name.as_str(), permission)));
        }
        unused
    }
}

impl Permission {
    fn covers(&self, need: &Need) -> bool {
        let resource = match self.resource.strip_suffix("/*") {
            Some(kind) => need.resource.strip_prefix(kind).is_some_and(|rest| rest.starts_with('/')),
            None => self.resource == need.resource,
        };
        let from_address = self.from_address.is_none() || self.from_address == need.from_address;
        self.action == need.action && resource && from_address
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn permission(action: &str, resource: &str, from_address: Option<&str>) -> Permission {
        let from_address = from_address.map(str::to_owned);
        Permission { action: action.to_owned(), resource: resource.to_owned(), from_address }
    }

    fn need(action: &str, resource: &str, from_address: Option<&str>) -> Need {
        let Permission { action, resource, from_address } = permission(action, resource, from_address);
        Need { action, resource, from_address }
    }

    /// A function `f` with these permissions.
    fn iam(permissions: Vec<Permission>) -> Iam {
        let deployment = Deployment {
            stack_name: "test".to_owned(),
            region: "us-east-1".to_owned(),
            account_id: "000000000000".to_owned(),
            endpoint: String::new(),
        };
        let permissions = permissions.into_iter().map(|permission| (permission, AtomicBool::new(false))).collect();
        let roles = BTreeMap::from([("f".to_owned(), Role { user: "arn:f".to_owned(), permissions })]);
        Iam { deployment, roles, denials: Mutex::default() }
    }

    #[test]
    fn a_key_with_a_functions_name_has_the_functions_role() {
        let iam = iam(Vec::new());
        let has_role = |authorization: &str| iam.role_of(authorization).is_some();
        assert!(has_role("AWS4-HMAC-SHA256 Credential=f/20260101/us-east-1/sqs/aws4_request, SignedHeaders=host"));
        assert!(!has_role("AWS4-HMAC-SHA256 Credential=ff/20260101/us-east-1/sqs/aws4_request, SignedHeaders=host"));
        assert!(!has_role("AWS4-HMAC-SHA256 Credential=local/20260101/us-east-1/sqs/aws4_request"));
        assert!(!has_role("Bearer f"));
    }

    #[test]
    fn all_that_a_call_needs_must_be_allowed() {
        let (get, put) = (permission("d:Get", "arn:t", None), permission("d:Put", "arn:u", None));
        let iam = iam(vec![get, put.clone()]);
        let authorize = |needs: Vec<Need>| iam.authorize(&iam.roles["f"], needs);
        authorize(vec![need("d:Get", "arn:t", None)]).unwrap();
        assert_eq!(iam.unused(), [("f", &put)]);
        for (action, resource) in [("d:Get", "arn:u"), ("d:Put", "arn:t"), ("d:Get", "arn:t/index/i"), ("d:Get", "*")] {
            let denial = authorize(vec![need("d:Get", "arn:t", None), need(action, resource, None)]).unwrap_err();
            assert_eq!(
                (denial.user.as_str(), denial.action.as_str(), denial.resource.as_str()),
                ("arn:f", action, resource)
            );
            assert_eq!(iam.denials().last(), Some(&denial));
        }
        authorize(vec![need("d:Put", "arn:u", None), need("d:Get", "arn:t", None)]).unwrap();
        assert_eq!(iam.unused(), []);
        assert_eq!(iam.denials().len(), 4);
    }

    #[test]
    fn a_mail_comes_from_any_identity_but_the_one_address() {
        let iam = iam(vec![permission("ses:SendEmail", "arn:identity/*", Some("shop@x"))]);
        let may = |resource: &str, from: Option<&str>| {
            iam.authorize(&iam.roles["f"], vec![need("ses:SendEmail", resource, from)]).is_ok()
        };
        assert!(may("arn:identity/shop@x", Some("shop@x")));
        assert!(may("arn:identity/x", Some("shop@x")));
        assert!(!may("arn:identity/shop@x", Some("me@x")));
        assert!(!may("arn:identity/shop@x", None));
        assert!(!may("arn:other/shop@x", Some("shop@x")));
    }
}
