//! What DynamoDB charges for: every answer says how many units it cost, indexes included, and they are added
//! up for the invocation.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::interceptors::{
    AfterDeserializationInterceptorContextRef, BeforeSerializationInterceptorContextMut,
};
use aws_sdk_dynamodb::config::{Builder, ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_dynamodb::error::BoxError;
use aws_sdk_dynamodb::operation::{
    batch_get_item, get_item, put_item, query, scan, transact_get_items, transact_write_items, update_item,
};
use aws_sdk_dynamodb::types::{ConsumedCapacity, ReturnConsumedCapacity};
use aws_smithy_runtime_api::client::interceptors::context::{Input, Output};
use aws_smithy_runtime_api::client::interceptors::dyn_dispatch_hint;
use aws_types::SdkConfig;

use crate::metrics::{self, Metric};

/// A client that counts what its calls cost. Made from another one's settings, it would take as long once more.
pub(crate) fn metered(aws: &SdkConfig) -> Client {
    Client::from_conf(Builder::from(aws).interceptor(Metered).build())
}

/// Asks every operation for what it costs, and counts what it answers.
#[derive(Debug)]
struct Metered;

#[dyn_dispatch_hint]
impl Intercept for Metered {
    fn name(&self) -> &'static str {
        "Metered"
    }

    fn modify_before_serialization(
        &self,
        context: &mut BeforeSerializationInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        ask(context.input_mut());
        Ok(())
    }

    fn read_after_deserialization(
        &self,
        context: &AfterDeserializationInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        if let Ok(output) = context.output_or_error() {
            note(output);
        }
        Ok(())
    }
}

macro_rules! operations {
    ($($metric:ident: $input:ty => $output:ty,)*) => {
        fn ask(input: &mut Input) {
            $(if let Some(input) = input.downcast_mut::<$input>() {
                input.return_consumed_capacity = Some(ReturnConsumedCapacity::Total);
                return;
            })*
        }

        fn note(output: &Output) {
            $(if let Some(output) = output.downcast_ref::<$output>() {
                return metrics::add(Metric::$metric, units(output.consumed_capacity()));
            })*
        }
    };
}

operations! {
    ConsumedReadUnits: get_item::GetItemInput => get_item::GetItemOutput,
    ConsumedReadUnits: batch_get_item::BatchGetItemInput => batch_get_item::BatchGetItemOutput,
    ConsumedReadUnits: transact_get_items::TransactGetItemsInput => transact_get_items::TransactGetItemsOutput,
    ConsumedReadUnits: query::QueryInput => query::QueryOutput,
    ConsumedReadUnits: scan::ScanInput => scan::ScanOutput,
    ConsumedWriteUnits: put_item::PutItemInput => put_item::PutItemOutput,
    ConsumedWriteUnits: update_item::UpdateItemInput => update_item::UpdateItemOutput,
    ConsumedWriteUnits: transact_write_items::TransactWriteItemsInput => transact_write_items::TransactWriteItemsOutput,
}

/// The units of one table, or of several.
fn units<'a>(consumed: impl IntoIterator<Item = &'a ConsumedCapacity>) -> f64 {
    consumed.into_iter().filter_map(|consumed| consumed.capacity_units()).sum()
}
