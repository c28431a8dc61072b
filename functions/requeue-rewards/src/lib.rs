//! Every five minutes: announces placed orders again that nobody has looked at for rewards.

use serde_json::Value;
use shared::error::Error;
use shared::shop::Shop;
use shared::store::RequeueReport;

/// Goes through the pending orders once and answers what that came to.
///
/// # Errors
/// An order that could not be announced fails the invocation after the round, so that somebody notices.
pub async fn handle(shop: Shop, _: Value) -> Result<RequeueReport, Error> {
    let queue = &shop.order_events;
    let report =
        shop.store.requeue_pending(shop.clock.now(), |order| async move { queue.send(&[order]).await }).await?;
    if report.orders_failed > 0 {
        return Err(Error::internal(format!("some orders could not be announced again: {report:?}")));
    }
    tracing::info!(?report, "pending orders announced again");
    Ok(report)
}
