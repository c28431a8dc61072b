//! Sign-up, as a Cognito user pool does it.

use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};
use serde_json::json;
use uuid::Uuid;

use crate::disk::Folder;
use crate::lambda::{InvokeError, Lambda};

/// Someone who signed up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// The `sub` of their tokens.
    pub user_id: Uuid,
    /// Their address, taken as verified.
    pub email: String,
    /// Their name.
    pub name: String,
    /// Their roles.
    pub groups: Vec<String>,
}

/// Why a sign-up did not go through.
#[derive(Debug, thiserror::Error)]
pub enum SignUpError {
    /// The account could not be written down.
    #[error("the account cannot be kept: {0}")]
    Disk(#[from] io::Error),
    /// The function that a sign-up invokes had no result.
    #[error("the sign-up trigger: {0}")]
    Trigger(#[from] InvokeError),
}

/// Everyone who signed up.
pub struct UserPool {
    lambda: Arc<Lambda>,
    trigger: String,
    region: String,
    folder: Folder,
    accounts: Mutex<Vec<Account>>,
}

impl UserPool {
    /// The pool with the accounts that its folder holds; `trigger` hears of each new one.
    ///
    /// # Errors
    /// The folder cannot be read.
    pub fn open(lambda: Arc<Lambda>, trigger: String, region: String, folder: Folder) -> io::Result<UserPool> {
        let mut accounts: Vec<Account> = folder.load()?;
        accounts.sort_by(|left, right| left.email.cmp(&right.email));
        Ok(UserPool { lambda, trigger, region, folder, accounts: Mutex::new(accounts) })
    }

    /// Signs `account` up. With `register`, the trigger runs first, and its failure is the sign-up's.
    ///
    /// # Errors
    /// [`SignUpError`].
    pub async fn sign_up(&self, account: Account, register: bool) -> Result<(), SignUpError> {
        if register {
            self.lambda.invoke(&self.trigger, self.post_confirmation(&account)).await?;
        }
        self.folder.write(&account.user_id.to_string(), &account)?;
        self.lock().push(account);
        Ok(())
    }

    /// Everyone.
    pub fn accounts(&self) -> Vec<Account> {
        self.lock().clone()
    }

    /// The event that Cognito sends once an address is confirmed.
    fn post_confirmation(&self, account: &Account) -> serde_json::Value {
        json!({
            "version": "1",
            "region": self.region,
            "userPoolId": format!("{}_UserPool", self.region),
            "userName": account.user_id,
            "callerContext": {"awsSdkVersion": "aws-sdk-unknown-unknown", "clientId": "UserPoolClient"},
            "triggerSource": "PostConfirmation_ConfirmSignUp",
            "request": {
                "userAttributes": {
                    "sub": account.user_id,
                    "email": account.email,
                    "email_verified": "true",
                    "name": account.name,
                    "cognito:user_status": "CONFIRMED",
                },
            },
            "response": {},
        })
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Account>> {
        self.accounts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
