//! Every day, and by hand: holds what every stock item counts to what carts, orders and adjustments say.

use serde_json::Value;
use shared::error::Error;
use shared::shop::Shop;
use shared::store::AuditReport;

/// Audits once and answers what is wrong. `{"repair": true}` has it put right what can be.
///
/// # Errors
/// See [`shared::store::Store::audit_stock`].
pub async fn handle(shop: Shop, event: Value) -> Result<AuditReport, Error> {
    shop.store.audit_stock(event["repair"] == true).await
}
