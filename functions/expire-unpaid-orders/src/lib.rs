//! Every minute: cancels online orders whose payment did not come in time, and frees their stock.

use serde_json::Value;
use shared::error::Error;
use shared::shop::Shop;
use shared::store::ExpiryReport;

/// Goes through the overdue orders once and answers what that came to.
///
/// # Errors
/// An order that could not be cancelled fails the invocation after the round, so that somebody notices.
pub async fn handle(shop: Shop, _: Value) -> Result<ExpiryReport, Error> {
    let report = shop.store.expire_unpaid(shop.clock.now()).await?;
    if report.orders_failed > 0 {
        return Err(Error::internal(format!("some orders could not be cancelled: {report:?}")));
    }
    tracing::info!(?report, "unpaid orders expired");
    Ok(report)
}
