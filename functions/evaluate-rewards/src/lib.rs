//! Placed orders, from the queue: grants each the coupons it earns, and mails them.
//!
//! A message may come twice, late, or side by side with its duplicate. Which coupons an order earns is
//! settled once, in one transaction; each coupon is mailed by whoever claims it; the order stays
//! pending until all that is done.

use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent, SqsMessage};
use futures_util::future::join_all;
use shared::error::Error;
use shared::ids::OrderId;
use shared::mail::reward_mail;
use shared::order::{Order, OrderStatus};
use shared::reward::{History, MAX_COUPONS_OF_AN_ORDER, Rule};
use shared::shop::Shop;
use shared::sqs::OrderEvent;
use shared::store::MailClaim;
use shared::trace::{about_order, belongs_to};
use tracing::Instrument as _;

/// Evaluates a batch; answers the messages that must come again.
///
/// # Errors
/// The rules cannot be read; then the whole batch comes again.
pub async fn handle(shop: Shop, event: SqsEvent) -> Result<SqsBatchResponse, Error> {
    let rules = shop.store.recent_rules(shop.clock.now()).await?;
    let evaluated = join_all(event.records.iter().map(|message| evaluate_message(&shop, &rules, message))).await;
    let mut response = SqsBatchResponse::default();
    for (message, result) in event.records.iter().zip(evaluated) {
        if result.is_err() {
            response.add_failure(message.message_id.clone().unwrap_or_default());
        }
    }
    Ok(response)
}

async fn evaluate_message(shop: &Shop, rules: &[Rule], message: &SqsMessage) -> Result<(), Error> {
    let why_not = |error: &Error| {
        let (message_id, delivery) = (&message.message_id, message.attributes.get("ApproximateReceiveCount"));
        tracing::error!(message_id, delivery, error = error.report(), "a message could not be evaluated");
    };
    let body = message.body.as_deref().unwrap_or_default();
    let OrderEvent::Placed { order_id, .. } =
        serde_json::from_str(body).map_err(Error::internal).inspect_err(why_not)?;
    let evaluated = async { evaluate(shop, rules, order_id).await.inspect_err(why_not) };
    evaluated.instrument(about_order(order_id)).await
}

async fn evaluate(shop: &Shop, rules: &[Rule], order_id: OrderId) -> Result<(), Error> {
    let record = match shop.store.order(order_id).await {
        Err(Error::OrderNotFound) => {
            tracing::warn!("a message about an order that does not exist");
            return Ok(());
        }
        found => found?,
    };
    belongs_to(record.trace_id.as_deref());
    if record.rewards_pending.is_none() {
        return Ok(());
    }
    let codes = match record.earned_coupons {
        Some(codes) => codes,
        None => grant(shop, rules, &record.order).await?,
    };
    if mail(shop, &record.order, &codes).await? {
        shop.store.finish_rewards(order_id).await?;
    }
    Ok(())
}

/// Settles what the order earns and answers the codes.
async fn grant(shop: &Shop, rules: &[Rule], order: &Order) -> Result<Vec<String>, Error> {
    let now = shop.clock.now();
    if order.summary.status == OrderStatus::Cancelled {
        return Ok(Vec::new());
    }
    let live: Vec<&Rule> = rules.iter().filter(|rule| rule.is_live(now)).collect();
    let history = if live.iter().any(|rule| rule.condition.looks_back()) {
        History::before(&order.summary, &shop.store.all_orders_of(order.summary.user_id).await?)
    } else {
        History::default()
    };
    let earned = live.into_iter().filter(|rule| rule.is_earned_by(order, &history, now));
    let earned: Vec<&Rule> = earned.take(MAX_COUPONS_OF_AN_ORDER).collect();
    if earned.is_empty() {
        return Ok(Vec::new());
    }
    let codes = shop.store.grant_coupons(order, &history, &earned, &shop.config.signing_secret, now).await?;
    tracing::info!(coupons = codes.len(), "coupons were granted");
    Ok(codes)
}

/// Mails the coupons that were not mailed yet; answers whether all of them are by now, or never will be.
async fn mail(shop: &Shop, order: &Order, codes: &[String]) -> Result<bool, Error> {
    let Some(address) = &order.contact.email else { return Ok(true) };
    let name = order.contact.name.as_ref().map(|name| name.as_str());
    let mut all_mailed = true;
    for code in codes {
        match shop.store.claim_mail(code, shop.clock.now()).await? {
            MailClaim::Granted(claimed, coupon) => {
                shop.deliver(&claimed, address, reward_mail(&coupon, name, &shop.config)?).await?;
            }
            MailClaim::NotNeeded => {}
            MailClaim::Busy => all_mailed = false,
        }
    }
    Ok(all_mailed)
}
