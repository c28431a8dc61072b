//! Changing one item.

use aws_sdk_dynamodb::operation::update_item::{UpdateItem, UpdateItemInput};
use aws_sdk_dynamodb::types::ReturnValue;

use super::Store;
use super::call::Failure;
use super::keys::{Item, Key};
use super::transaction::Expression;
use crate::error::Error;

impl Store {
    /// Changes an item in place; answers what it is then.
    ///
    /// # Errors
    /// [`Failure::Stale`] if the condition does not hold.
    pub(super) async fn update_item(&self, key: &Key, expression: &Expression) -> Result<Item, Failure> {
        let input = UpdateItemInput::builder()
            .table_name(self.table(key.table))
            .set_key(Some(key.item()))
            .update_expression(&expression.update)
            .condition_expression(&expression.condition)
            .set_expression_attribute_names(expression.names())
            .set_expression_attribute_values(expression.values())
            .return_values(ReturnValue::AllNew)
            .build()
            .map_err(Error::internal)?;
        Ok(self.call::<UpdateItem>(input).await?.attributes.unwrap_or_default())
    }
}
