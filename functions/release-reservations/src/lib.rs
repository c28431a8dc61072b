//! Every minute: ends the holds whose time is over, so that no cart keeps stock for ever.

use serde_json::Value;
use shared::error::Error;
use shared::shop::Shop;
use shared::store::ReleaseReport;

/// Sweeps once and answers what that came to.
///
/// # Errors
/// A cart that could not be released fails the invocation after the sweep, so that somebody notices.
pub async fn handle(shop: Shop, _: Value) -> Result<ReleaseReport, Error> {
    let report = shop.store.release_expired(shop.clock.now()).await?;
    if report.carts_failed > 0 {
        return Err(Error::internal(format!("some holds could not be ended: {report:?}")));
    }
    tracing::info!(?report, "swept");
    Ok(report)
}
