//! Tokens as Cognito issues them and as API Gateway's JWT authorizer checks them.

mod hs256;

use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, encode};
use serde_json::{Map, Value, json};
use shared::time::Clock;
use uuid::Uuid;

use crate::template::JwtConfiguration;
use crate::users::Account;

/// Issues tokens and checks them.
pub struct Issuer {
    configuration: JwtConfiguration,
    signing_key: EncodingKey,
    checking_key: DecodingKey,
    validation: Validation,
    clock: Clock,
}

impl Issuer {
    /// The issuer of the tokens that the API takes.
    pub fn new(configuration: JwtConfiguration, secret: &[u8], clock: Clock) -> Issuer {
        hs256::install();
        let mut validation = Validation::new(Algorithm::HS256);
        validation.set_issuer(&[&configuration.issuer]);
        validation.set_audience(&configuration.audience);
        validation.set_required_spec_claims(&["exp", "iss", "aud"]);
        // Checked against this cloud's clock, which tests set forward.
        validation.validate_exp = false;
        Issuer {
            configuration,
            signing_key: EncodingKey::from_secret(secret),
            checking_key: DecodingKey::from_secret(secret),
            validation,
            clock,
        }
    }

    /// An id token for `account`, good for `expires_in` seconds; a negative number makes an expired one.
    ///
    /// # Errors
    /// The claims cannot be signed.
    pub fn issue(&self, account: &Account, expires_in: i64) -> Result<String, jsonwebtoken::errors::Error> {
        let now = self.clock.now().epoch_seconds();
        let mut claims = json!({
            "sub": account.user_id,
            "email": account.email,
            "email_verified": true,
            "name": account.name,
            "cognito:username": account.user_id,
            "iss": self.configuration.issuer,
            "aud": self.configuration.audience.first(),
            "token_use": "id",
            "auth_time": now,
            "iat": now,
            "exp": now.saturating_add(expires_in),
            "jti": Uuid::new_v4(),
        });
        // Cognito leaves the claim out for a user without groups.
        if !account.groups.is_empty() {
            claims["cognito:groups"] = json!(account.groups);
        }
        encode(&Header::new(Algorithm::HS256), &claims, &self.signing_key)
    }

    /// The claims of a token that is genuine, meant for this API and not expired.
    pub fn verify(&self, token: &str) -> Option<Map<String, Value>> {
        let claims = decode::<Map<String, Value>>(token, &self.checking_key, &self.validation).ok()?.claims;
        let expires_at = claims.get("exp").and_then(Value::as_i64)?;
        (self.clock.now().epoch_seconds() < expires_at).then_some(claims)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn issuer(audience: &str, secret: &[u8], clock: Clock) -> Issuer {
        let configuration =
            JwtConfiguration { issuer: "https://issuer".to_owned(), audience: vec![audience.to_owned()] };
        Issuer::new(configuration, secret, clock)
    }

    fn account() -> Account {
        Account {
            user_id: Uuid::new_v4(),
            email: "ada@example.com".to_owned(),
            name: "Ada".to_owned(),
            groups: vec!["admin".to_owned(), "seller".to_owned()],
        }
    }

    #[test]
    fn a_token_carries_its_account_until_it_expires() {
        let clock = Clock::system();
        let issuer = issuer("web", b"secret", clock.clone());
        let account = account();
        let token = issuer.issue(&account, 60).unwrap();
        let claims = issuer.verify(&token).unwrap();
        assert_eq!(claims["sub"], account.user_id.to_string());
        assert_eq!(claims["cognito:groups"], json!(["admin", "seller"]));
        clock.advance(Duration::from_secs(61));
        assert_eq!(issuer.verify(&token), None);
        assert_eq!(issuer.verify(&issuer.issue(&account, -1).unwrap()), None);
    }

    #[test]
    fn only_a_genuine_token_for_this_api_is_taken() {
        let here = issuer("web", b"secret", Clock::system());
        let token = here.issue(&account(), 60).unwrap();
        assert!(here.verify(&token).is_some());
        assert_eq!(issuer("web", b"other secret", Clock::system()).verify(&token), None);
        assert_eq!(issuer("other audience", b"secret", Clock::system()).verify(&token), None);
        let (head, signature) = token.rsplit_once('.').unwrap();
        let (header, _) = head.split_once('.').unwrap();
        for forged in ["", "x", &format!("{head}."), &format!("{header}.e30.{signature}"), &format!("{token}x")] {
            assert_eq!(here.verify(forged), None, "{forged}");
        }
    }
}
