//! What is wrong with the books, and how it is put right.

use std::fmt;

use serde::{Serialize, Serializer};

use super::{Counters, StockRecord};
use crate::ids::{ItemId, OrderId, UserId};
use crate::inventory::{Sku, StockId};

/// What kind of thing is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FindingKind {
    /// A stock item reserves more than carts and unpaid orders hold.
    ReservedTooHigh,
    /// It reserves less.
    ReservedTooLow,
    /// It sold more than orders bought.
    SoldTooHigh,
    /// It sold less.
    SoldTooLow,
    /// It has more or less available than is left of what was received.
    AvailableDrift,
    /// It received more or less than it began with and adjustments brought.
    ReceivedDrift,
    /// Carts and orders have more of it than was received.
    Oversold,
    /// A product, a cart or an order speaks of a stock item that is not there.
    StockItemMissing,
    /// A stock item is of no product.
    StockItemOrphaned,
    /// A stock item is archived and its product is not, or the other way round.
    ArchivedMarkDiffers,
    /// A cart's line holds some of its units, and not all.
    LineHeldInPart,
    /// Two checkouts that stand used one coupon.
    CouponUsedTwice,
    /// An item is not what the shop writes.
    Unreadable,
}

/// What something is wrong with.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Subject {
    /// A stock item.
    Stock(StockId),
    /// All stock items of a SKU together.
    Sku(Sku),
    /// A line of a cart.
    Line {
        /// Whose cart it is.
        user_id: UserId,
        /// The line.
        item_id: ItemId,
    },
    /// A coupon, and the orders that used it.
    Coupon {
        /// Its code.
        code: String,
        /// The orders that stand.
        orders: Vec<OrderId>,
    },
    /// An item of a table.
    Item {
        /// The table.
        table: &'static str,
        /// Its key.
        key: String,
    },
}

/// How something is put right. It is written only if everything is still as it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Repair {
    /// Gives a stock item the counters it should have.
    Counters {
        /// The stock item.
        id: StockId,
        /// As it was read.
        read: StockRecord,
        /// What it should count.
        right: Counters,
    },
    /// Marks a stock item as its product is.
    Mark {
        /// The stock item.
        id: StockId,
        /// Whether its product is archived.
        archived: bool,
    },
}

/// Something that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What kind of thing.
    pub kind: FindingKind,
    /// With what: a stock item, a SKU, a line of a cart, a coupon.
    pub subject: Subject,
    /// What is wrong, for a person.
    pub detail: String,
    /// Whether it can be put right without knowing more than the books say.
    #[serde(rename = "repairable", serialize_with = "is_some")]
    pub repair: Option<Repair>,
    /// Whether it has been put right.
    pub repaired: bool,
}

impl Finding {
    /// Something that cannot be put right mechanically.
    pub fn new(kind: FindingKind, subject: Subject, detail: String) -> Finding {
        Finding { kind, subject, detail, repair: None, repaired: false }
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Subject::Stock(id) => write!(f, "stock {id}"),
            Subject::Sku(sku) => write!(f, "sku {sku}"),
            Subject::Line { user_id, item_id } => write!(f, "cart {user_id}, line {item_id}"),
            Subject::Coupon { code, .. } => write!(f, "coupon {code}"),
            Subject::Item { table, key } => write!(f, "{table} {key}"),
        }
    }
}

impl Serialize for Subject {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

fn is_some<T, S: Serializer>(value: &Option<T>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_bool(value.is_some())
}
