//! Changes of orders, from their table's stream: tells each buyer the news.
//!
//! A record may come twice, late, or after others that were set aside. So it only says which news
//! there may be: what the mail says, and whether it is sent at all, is decided by the order as it is when
//! the mail is claimed.

use std::collections::BTreeMap;

use aws_lambda_events::event::dynamodb::{Event, EventRecord};
use aws_lambda_events::event::streams::{DynamoDbBatchItemFailure, DynamoDbEventResponse};
use futures_util::future::join_all;
use shared::error::Error;
use shared::ids::OrderId;
use shared::mail::order_mail;
use shared::shop::Shop;
use shared::store::{MailClaim, OrderNews};
use shared::trace::{about_order, belongs_to};
use tracing::Instrument as _;

/// Sends the mails of a batch; answers the records from which on it must come again.
///
/// # Errors
/// None of its own: what fails is in the answer.
pub async fn handle(shop: Shop, event: Event) -> Result<DynamoDbEventResponse, Error> {
    let mut response = DynamoDbEventResponse::default();
    let mut failed = |record: &EventRecord, error: &Error| {
        let sequence_number = record.change.sequence_number.clone().unwrap_or_default();
        tracing::error!(sequence_number, error = error.report(), "the mail about an order could not be sent");
        let mut failure = DynamoDbBatchItemFailure::default();
        failure.item_identifier = Some(sequence_number);
        response.batch_item_failures.push(failure);
    };
    // Orders side by side, but the news about one in the order in which they happened.
    let mut by_order: BTreeMap<OrderId, Vec<(&EventRecord, OrderNews)>> = BTreeMap::new();
    for record in &event.records {
        match OrderNews::read(record.change.old_image.clone(), record.change.new_image.clone()) {
            Ok(Some(news)) => by_order.entry(news.order_id).or_default().push((record, news)),
            Ok(None) => {}
            Err(error) => failed(record, &error),
        }
    }
    let told = join_all(by_order.values().map(|of_one| tell_in_order(&shop, of_one))).await;
    for (record, error) in told.into_iter().filter_map(Result::err) {
        failed(record, &error);
    }
    Ok(response)
}

/// Tells the news about one order, up to the first that fails.
async fn tell_in_order<'a>(
    shop: &Shop,
    of_one: &[(&'a EventRecord, OrderNews)],
) -> Result<(), (&'a EventRecord, Error)> {
    for (record, news) in of_one {
        let told = tell(shop, news).instrument(about_order(news.order_id));
        told.await.map_err(|error| (*record, error))?;
    }
    Ok(())
}

async fn tell(shop: &Shop, news: &OrderNews) -> Result<(), Error> {
    belongs_to(news.trace_id.as_deref());
    let (claimed, order) = match shop.store.claim_order_mail(news, shop.clock.now()).await? {
        MailClaim::Granted(claimed, order) => (claimed, order),
        MailClaim::NotNeeded => return Ok(()),
        // Most likely an earlier try of this record that died: it comes again until the claim has lapsed.
        MailClaim::Busy => return Err(Error::unavailable("somebody else is sending this mail")),
    };
    let mail = order_mail(news.notice, &order, &shop.config)?;
    if let Some(address) = &order.contact.email {
        shop.deliver(&claimed, address, mail).await?;
        tracing::info!(notice = %news.notice, "a mail about an order was dealt with");
    }
    Ok(())
}
