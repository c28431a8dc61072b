//! Who comes to a shop.

use serde_json::{Value, json};

use super::Shop;
use crate::user::User;

impl Shop {
    /// A shopper who signed up and saved an address.
    pub async fn shopper(&self, name: &str) -> User {
        let user = self.newcomer(name).await;
        lives_in_portland(&user, name).await;
        user
    }

    /// The same, such as `fits`. Nobody else leaves a trace in the tables.
    pub async fn shopper_who(&self, name: &str, fits: impl Fn(&User) -> bool) -> User {
        loop {
            let user = self.stranger(name).await;
            if fits(&user) {
                lives_in_portland(&user, name).await;
                return user;
            }
        }
    }

    /// Someone who signed up, and has done nothing since.
    pub async fn newcomer(&self, name: &str) -> User {
        self.sign_up(name, json!({})).await
    }

    /// An admin.
    pub async fn admin(&self) -> User {
        self.sign_up("admin", json!({"groups": ["admin"]})).await
    }

    /// A seller.
    pub async fn seller(&self, name: &str) -> User {
        self.sign_up(name, json!({"groups": ["seller"]})).await
    }

    /// Someone with a token whom no sign-up trigger registered.
    pub async fn stranger(&self, name: &str) -> User {
        self.sign_up(name, json!({"register": false})).await
    }

    /// Signs someone up, with more of what `POST /_local/users` takes.
    pub async fn sign_up(&self, name: &str, more: Value) -> User {
        let email = format!("{name}@example.com");
        let mut account = more;
        account["name"] = name.into();
        account["email"] = email.clone().into();
        let signed_up = self.api.call("POST", "/_local/users").json(&account).await.is(201);
        User {
            id: serde_json::from_value(signed_up["user_id"].clone()).expect("a user id"),
            email,
            token: signed_up["token"].as_str().expect("a token").to_owned(),
            api: self.api.clone(),
        }
    }
}

async fn lives_in_portland(user: &User, name: &str) {
    let profile = json!({
        "name": name,
        "phone": "+1 555 0100",
        "address": {"line1": "12 Harbor Street", "city": "Portland", "postal_code": "97205", "country": "US"},
    });
    user.put("/users/me", &profile).await.is(200);
}
