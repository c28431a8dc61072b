//! DynamoDB's operations, and what it charges for each: every answer says how many units it cost, indexes included,
//! and they are added up for the invocation.

use aws_sdk_dynamodb::operation::batch_get_item::{BatchGetItem, BatchGetItemInput, BatchGetItemOutput};
use aws_sdk_dynamodb::operation::get_item::{GetItem, GetItemInput, GetItemOutput};
use aws_sdk_dynamodb::operation::put_item::{PutItem, PutItemInput, PutItemOutput};
use aws_sdk_dynamodb::operation::query::{Query, QueryInput, QueryOutput};
use aws_sdk_dynamodb::operation::scan::{Scan, ScanInput, ScanOutput};
use aws_sdk_dynamodb::operation::transact_get_items::{
    TransactGetItems, TransactGetItemsInput, TransactGetItemsOutput,
};
use aws_sdk_dynamodb::operation::transact_write_items::{
    TransactWriteItems, TransactWriteItemsInput, TransactWriteItemsOutput,
};
use aws_sdk_dynamodb::operation::update_item::{UpdateItem, UpdateItemInput, UpdateItemOutput};
use aws_sdk_dynamodb::types::{ConsumedCapacity, ReturnConsumedCapacity};

use crate::aws::{Operation, operations};
use crate::metrics::{self, Metric};

operations! { aws_sdk_dynamodb:
    batch_get_item: BatchGetItem, BatchGetItemInput => BatchGetItemOutput, BatchGetItemError;
    get_item: GetItem, GetItemInput => GetItemOutput, GetItemError;
    put_item: PutItem, PutItemInput => PutItemOutput, PutItemError;
    query: Query, QueryInput => QueryOutput, QueryError;
    scan: Scan, ScanInput => ScanOutput, ScanError;
    transact_get_items: TransactGetItems, TransactGetItemsInput => TransactGetItemsOutput, TransactGetItemsError;
    transact_write_items: TransactWriteItems, TransactWriteItemsInput => TransactWriteItemsOutput,
        TransactWriteItemsError;
    update_item: UpdateItem, UpdateItemInput => UpdateItemOutput, UpdateItemError;
}

/// An operation that DynamoDB charges for.
pub(super) trait Charged: Operation {
    /// Asks what it will cost.
    fn ask(input: &mut Self::Input);

    /// Counts what it cost.
    fn note(output: &Self::Output);
}

macro_rules! charged {
    ($($operation:ident: $input:ident => $output:ident in $metric:ident;)*) => {$(impl Charged for $operation {
        fn ask(input: &mut $input) {
            input.return_consumed_capacity = Some(ReturnConsumedCapacity::Total);
        }

        fn note(output: &$output) {
            metrics::add(Metric::$metric, units(output.consumed_capacity()));
        }
    })*};
}

charged! {
    BatchGetItem: BatchGetItemInput => BatchGetItemOutput in ConsumedReadUnits;
    GetItem: GetItemInput => GetItemOutput in ConsumedReadUnits;
    PutItem: PutItemInput => PutItemOutput in ConsumedWriteUnits;
    Query: QueryInput => QueryOutput in ConsumedReadUnits;
    Scan: ScanInput => ScanOutput in ConsumedReadUnits;
    TransactGetItems: TransactGetItemsInput => TransactGetItemsOutput in ConsumedReadUnits;
    TransactWriteItems: TransactWriteItemsInput => TransactWriteItemsOutput in ConsumedWriteUnits;
    UpdateItem: UpdateItemInput => UpdateItemOutput in ConsumedWriteUnits;
}

/// The units of one table, or of several.
fn units<'a>(consumed: impl IntoIterator<Item = &'a ConsumedCapacity>) -> f64 {
    consumed.into_iter().filter_map(|consumed| consumed.capacity_units()).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_several_tables_charge_is_added_up() {
        let charged = |units| ConsumedCapacity::builder().set_capacity_units(units).build();
        assert_eq!(units(&[charged(Some(1.5)), charged(None), charged(Some(2.0))]), 3.5);
        assert_eq!(units(&[]), 0.0);
    }
}
