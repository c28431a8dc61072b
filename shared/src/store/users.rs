//! The users table.

use aws_sdk_dynamodb::operation::put_item::{PutItem, PutItemInput};
use aws_sdk_dynamodb::operation::update_item::{UpdateItem, UpdateItemInput};
use aws_sdk_dynamodb::types::ReturnValue;

use super::Store;
use super::call::Failure;
use super::keys::{Key, Table, from_item, string, to_item};
use super::transaction::Expression;
use crate::error::Error;
use crate::ids::UserId;
use crate::text::Email;
use crate::time::Timestamp;
use crate::user::{PersonName, Profile, ProfileUpdate};

impl Store {
    /// A user's profile.
    ///
    /// # Errors
    /// [`Error::UserNotFound`] if nobody registered the id.
    pub async fn profile(&self, user_id: UserId) -> Result<Profile, Error> {
        self.get(&Key::user(user_id)).await?.ok_or(Error::UserNotFound)
    }

    /// Makes the profile of a user who just signed up. One that exists stays as it is, because the
    /// trigger may fire again.
    ///
    /// # Errors
    /// Only those of the store itself.
    pub async fn register(
        &self,
        user_id: UserId,
        email: Option<Email>,
        name: Option<PersonName>,
        now: Timestamp,
    ) -> Result<(), Error> {
        let profile = Profile { user_id, email, name, phone: None, address: None, created_at: now, updated_at: now };
        let guard = Expression::when("attribute_not_exists(#user_id)").name("user_id");
        let input = PutItemInput::builder()
            .table_name(self.table(Table::Users))
            .set_item(Some(to_item(&profile)?))
            .condition_expression(&guard.condition)
            .set_expression_attribute_names(guard.names())
            .build()
            .map_err(Error::internal)?;
        match self.call::<PutItem>(input).await {
            Ok(_) | Err(Failure::Stale) => Ok(()),
            Err(failure) => Err(failure.into()),
        }
    }

    /// Makes or replaces a profile, in one write that keeps when it was made.
    ///
    /// # Errors
    /// Only those of the store itself.
    pub async fn put_profile(&self, user_id: UserId, update: ProfileUpdate, now: Timestamp) -> Result<Profile, Error> {
        let ProfileUpdate { email, name, phone, address } = update;
        let profile = Profile { user_id, email, name, phone, address, created_at: now, updated_at: now };
        let mut item = to_item(&profile)?;
        let mut change = Expression::default();
        let (mut set, mut remove) =
            (vec!["#created_at = if_not_exists(#created_at, :created_at)".to_owned()], Vec::new());
        for attribute in ["email", "name", "phone", "address", "updated_at", "created_at"] {
            change = change.name(attribute);
            match item.remove(attribute) {
                Some(value) => {
                    change = change.value(attribute, value);
                    if attribute != "created_at" {
                        set.push(format!("#{attribute} = :{attribute}"));
                    }
                }
                None => remove.push(format!("#{attribute}")),
            }
        }
        change.update = format!("SET {}", set.join(", "));
        if !remove.is_empty() {
            change.update += &format!(" REMOVE {}", remove.join(", "));
        }
        let input = UpdateItemInput::builder()
            .table_name(self.table(Table::Users))
            .key("user_id", string(user_id))
            .update_expression(&change.update)
            .set_expression_attribute_names(change.names())
            .set_expression_attribute_values(change.values())
            .return_values(ReturnValue::AllNew)
            .build()
            .map_err(Error::internal)?;
        let answer = self.call::<UpdateItem>(input).await?;
        from_item(answer.attributes.unwrap_or_default())
    }
}
