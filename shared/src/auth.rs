//! Who is calling: the claims that API Gateway's JWT authorizer verified and passed on.

use std::collections::HashMap;

use crate::error::Error;
use crate::ids::UserId;

/// The caller of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// The token's `sub`.
    pub user_id: UserId,
    /// The token's verified `email`.
    pub email: Option<String>,
    groups: Vec<String>,
}

impl Caller {
    /// Reads the authorizer's claims.
    ///
    /// # Errors
    /// [`Error::Unauthorized`] without a subject, [`Error::Forbidden`] with one that is no user id.
    pub fn from_claims(claims: &HashMap<String, String>) -> Result<Caller, Error> {
        let subject = claims.get("sub").ok_or(Error::Unauthorized)?;
        Ok(Caller {
            user_id: subject.parse().map_err(|_| Error::Forbidden)?,
            email: claims.get("email").filter(|email| !email.is_empty()).cloned(),
            groups: claims.get("cognito:groups").map(|groups| split_groups(groups)).unwrap_or_default(),
        })
    }

    /// The caller manages the whole shop.
    pub fn is_admin(&self) -> bool {
        self.groups.iter().any(|group| group == "admin")
    }

    /// The caller sells products in it.
    pub fn is_seller(&self) -> bool {
        self.groups.iter().any(|group| group == "seller")
    }

    /// Refuses whoever does not manage the shop.
    ///
    /// # Errors
    /// [`Error::Forbidden`].
    pub fn must_be_admin(&self) -> Result<(), Error> {
        if self.is_admin() { Ok(()) } else { Err(Error::Forbidden) }
    }

    /// Refuses whoever neither manages the shop nor sells in it.
    ///
    /// # Errors
    /// [`Error::Forbidden`].
    pub fn must_be_staff(&self) -> Result<(), Error> {
        if self.is_admin() || self.is_seller() { Ok(()) } else { Err(Error::Forbidden) }
    }

    /// Refuses whoever does not sell in the shop.
    ///
    /// # Errors
    /// [`Error::Forbidden`].
    pub fn must_be_seller(&self) -> Result<(), Error> {
        if self.is_seller() { Ok(()) } else { Err(Error::Forbidden) }
    }

    /// Whose products they may see and change: everybody's, or only one seller's.
    pub fn sells_for(&self) -> Option<UserId> {
        (!self.is_admin()).then_some(self.user_id)
    }

    /// The user this request is for: the caller, or the one an admin names.
    ///
    /// # Errors
    /// [`Error::Forbidden`] for somebody else's id, whether or not anyone registered it.
    pub fn acting_for(&self, named: Option<UserId>) -> Result<UserId, Error> {
        match named {
            Some(other) if other != self.user_id && !self.is_admin() => Err(Error::Forbidden),
            Some(other) => Ok(other),
            None => Ok(self.user_id),
        }
    }
}

/// An HTTP API hands an array claim on as `[admin seller]`; others send `admin,seller` or JSON.
fn split_groups(claim: &str) -> Vec<String> {
    claim
        .split(|c: char| c.is_whitespace() || matches!(c, '[' | ']' | ',' | '"'))
        .filter(|group| !group.is_empty())
        .map(str::to_owned)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SUBJECT: &str = "3fa85f64-5717-4562-b3fc-2c963f66afa6";

    fn caller(groups: &str) -> Caller {
        let claims = [("sub", SUBJECT), ("cognito:groups", groups)];
        Caller::from_claims(&claims.map(|(name, value)| (name.to_owned(), value.to_owned())).into()).unwrap()
    }

    #[test]
    fn groups_are_read_in_every_form() {
        for claim in ["[admin seller]", "[\"admin\",\"seller\"]", "admin,seller", "admin seller"] {
            assert!(caller(claim).is_admin() && caller(claim).is_seller(), "{claim}");
        }
        assert!(!caller("[administrators]").is_admin());
        assert!(!caller("").is_admin());
    }

    #[test]
    fn only_an_admin_acts_for_others() {
        let other = UserId::random();
        let shopper = caller("[]");
        assert_eq!(shopper.acting_for(None).unwrap(), shopper.user_id);
        assert_eq!(shopper.acting_for(Some(shopper.user_id)).unwrap(), shopper.user_id);
        assert!(matches!(shopper.acting_for(Some(other)), Err(Error::Forbidden)));
        assert_eq!(caller("[admin]").acting_for(Some(other)).unwrap(), other);
    }

    #[test]
    fn each_role_may_do_what_is_its_own() {
        let callers = ["[]", "[seller]", "[admin]"].map(caller);
        let may = |check: fn(&Caller) -> Result<(), Error>| callers.each_ref().map(|caller| check(caller).is_ok());
        assert_eq!(may(Caller::must_be_seller), [false, true, false]);
        assert_eq!(may(Caller::must_be_staff), [false, true, true]);
        assert_eq!(may(Caller::must_be_admin), [false, false, true]);
        let own = Some(SUBJECT.parse().unwrap());
        assert_eq!(callers.each_ref().map(Caller::sells_for), [own, own, None]);
    }

    #[test]
    fn an_address_is_known_only_if_the_token_has_one() {
        let email = |email: &str| {
            let claims = [("sub", SUBJECT), ("email", email)].map(|(name, value)| (name.to_owned(), value.to_owned()));
            Caller::from_claims(&claims.into()).unwrap().email
        };
        assert_eq!(email("ada@example.com").as_deref(), Some("ada@example.com"));
        assert_eq!(email(""), None);
    }
}
