//! Counting a SKU with many shards: one buyer does, and puts up a notice for the others.

use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;

use super::Store;
use super::call::Failure;
use super::keys::{Key, string, to_item};
use super::looking::{Stock, Uncounted};
use super::transaction::Expression;
use crate::inventory::notices::{BOARDS, COUNTING_TAKES, Notice};
use crate::inventory::{Sku, StockId};
use crate::time::Timestamp;

impl Store {
    /// Looks at all shards of a SKU, unless somebody else does just now: then waits, and looks at the buyer's board
    /// again, and at a few more shards.
    ///
    /// # Errors
    /// [`Failure::Contended`] if others counted until time was up.
    pub(super) async fn count_or_wait(
        &self,
        stock: &mut Stock,
        uncounted: &Uncounted,
        now: Timestamp,
        pauses: &mut impl Iterator<Item = Duration>,
    ) -> Result<(), Failure> {
        let Uncounted { sku, board: (id, board) } = uncounted;
        if !board.is_counted(now) && self.begin_to_count(id, now).await? {
            return self.look_at_all(stock, sku).await;
        }
        tokio::time::sleep(pauses.next().ok_or(Failure::Contended)?).await;
        self.look_further(stock, id).await
    }

    /// Writes on a board that somebody counts; answers whether nobody else does.
    async fn begin_to_count(&self, board: &StockId, now: Timestamp) -> Result<bool, Failure> {
        let nobody_counts =
            "attribute_exists(#stock_id) AND (attribute_not_exists(#counted_until) OR #counted_until <= :now)";
        let expression = Expression::update("SET #counted_until = :until", nobody_counts)
            .name("stock_id")
            .name("counted_until")
            .value("now", string(now))
            .value("until", string(now + COUNTING_TAKES));
        let mut transaction = self.transaction();
        transaction.update(&Key::stock(board), &expression)?;
        match transaction.commit().await {
            Ok(()) => Ok(true),
            Err(Failure::Stale) => Ok(false),
            Err(failure) => Err(failure),
        }
    }

    /// Puts up a notice on all boards of a SKU, unless there is a newer one. Where that fails, somebody else will count.
    pub(super) async fn put_up(&self, sku: &Sku, notice: Notice) {
        if let Err(failure) = self.put_up_on_all(sku, notice).await {
            tracing::debug!(?failure, %sku, "a notice could not be put up");
        }
    }

    async fn put_up_on_all(&self, sku: &Sku, notice: Notice) -> Result<(), Failure> {
        let is_newer = "attribute_exists(#stock_id) AND (attribute_not_exists(#short) OR #short.#at < :at)";
        let expression = Expression::update("SET #short = :short", is_newer)
            .name("stock_id")
            .name("short")
            .name("at")
            .value("at", string(notice.at))
            .value("short", AttributeValue::M(to_item(&notice)?));
        let mut transaction = self.transaction();
        for shard in 0..BOARDS {
            transaction.update(&Key::stock(&StockId { sku: sku.clone(), shard }), &expression)?;
        }
        transaction.commit().await
    }
}
