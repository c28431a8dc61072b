//! What a history begins with, and the steps that it is made of.

use std::fmt;

use shared::cart::{Properties, Variation};
use shared::ids::{ItemId, ProductId};

/// How long a cart holds its stock after it was last changed, and at most; in milliseconds.
pub(super) const HOLD: u64 = 1_800_000;
pub(super) const LONGEST_HOLD: u64 = 4 * HOLD;

/// How long an order waits for its payment. The round that cancels those that wait longer is never later than so.
pub(super) const PAYMENT: u64 = 900_000;
pub(super) const LATEST_ROUND: u64 = 900_000;

/// For how long a coupon is good, and a key of a cart's kept.
pub(super) const DAY: u64 = 86_400_000;

/// Who was refused and found no hold that was over was the last to look for so long.
pub(super) const LOOK_AGAIN: u64 = 1_000;

/// How many units of a SKU one user may hold, and how many of their orders may wait for their payment.
pub(super) const MOST_HELD: u32 = 6;
pub(super) const MOST_UNPAID: usize = 2;

/// How many shoppers there are.
pub(super) const USERS: usize = 3;

/// The product that earns a coupon.
pub(super) const PRIZE: usize = 2;

/// The sizes that each product comes in.
const SIZES: [&[Option<&str>]; 3] = [&[None], &[Some("S"), Some("M")], &[None]];

/// What the shop opens with.
#[derive(Debug, Clone)]
pub(super) struct Setup {
    pub(super) products: [Product; 3],
    /// What the coupon takes off that the prize earns.
    pub(super) off: Off,
    /// What people are after: the fewer things, the more they get in each other's way.
    pub(super) wanted: Vec<Thing>,
}

#[derive(Debug, Clone)]
pub(super) struct Product {
    pub(super) price: u64,
    pub(super) limit: Option<u32>,
    pub(super) shards: u16,
    /// The units of its sizes.
    pub(super) stock: [u32; 2],
}

#[derive(Debug, Clone, Copy)]
pub(super) enum Off {
    Percent(u64),
    Fixed(u64),
}

/// A product in a size.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Sku {
    pub(super) product: usize,
    pub(super) size: Option<&'static str>,
}

/// What a line is of.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Thing {
    pub(super) sku: Sku,
    pub(super) red: bool,
}

/// What somebody does. People, products, orders and coupons are numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Step {
    Add {
        user: usize,
        thing: Thing,
        quantity: u32,
        key: Option<u8>,
    },
    Change {
        user: usize,
        thing: Thing,
        quantity: u32,
    },
    Remove {
        user: usize,
        thing: Thing,
    },
    Clear {
        user: usize,
    },
    CheckOut {
        user: usize,
        terms: Terms,
        key: Option<u8>,
    },
    Order {
        user: usize,
        thing: Thing,
        quantity: u32,
        terms: Terms,
        key: Option<u8>,
    },
    Cancel {
        order: usize,
        by_staff: bool,
    },
    Move {
        order: usize,
        to: &'static str,
    },
    Settle {
        order: usize,
        succeeded: bool,
        by_hand: bool,
    },
    Delete {
        order: usize,
    },
    Adjust {
        sku: Sku,
        to: Target,
        key: Option<u8>,
    },
    /// A product has another price or limit.
    Update {
        product: usize,
        price: Option<u64>,
        limit: Option<Option<u32>>,
    },
    Archive {
        product: usize,
    },
    /// Somebody keeps a line by giving it this quantity again and again, each time just before its hold is over. It is
    /// taken in parts.
    Linger {
        user: usize,
        thing: Thing,
        quantity: u32,
        times: usize,
    },
    /// Time passes. If unpaid orders are too late then, the round comes by that cancels them.
    Pass {
        ms: u64,
    },
    /// `release-reservations` runs.
    Sweep,
    /// `expire-unpaid-orders` runs.
    Expire,
}

/// How something is ordered.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Terms {
    pub(super) online: bool,
    /// Whether each line becomes an order of its own.
    pub(super) split: bool,
    pub(super) coupon: Option<usize>,
    /// What the total is thought to be.
    pub(super) expected: Option<u64>,
}

/// What an adjustment aims at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Target {
    Delta(i32),
    Available(u32),
}

impl Setup {
    /// How many units of a SKU there are at first.
    pub(super) fn stock(&self, sku: Sku) -> u32 {
        self.products[sku.product].stock[usize::from(sku.size == Some("M"))]
    }
}

impl Sku {
    /// All there are.
    pub(super) fn all() -> impl Iterator<Item = Sku> {
        let of_product = |product: usize| SIZES[product].iter().map(move |size| Sku { product, size: *size });
        (0..SIZES.len()).flat_map(of_product)
    }

    /// The same in every history: what depends on the order of ids comes out alike.
    pub(super) fn product_id(self) -> ProductId {
        ProductId::derived(["a mug", "a shirt", "a prize"][self.product])
    }
}

impl Thing {
    /// All there are.
    pub(super) fn all() -> impl Iterator<Item = Thing> {
        Sku::all().flat_map(|sku| [false, true].map(|red| Thing { sku, red }))
    }

    /// The id of a line of it.
    pub(super) fn item_id(self) -> ItemId {
        let properties: Properties = serde_json::from_value(self.properties()).expect("properties");
        let size = self.sku.size.map(str::to_owned);
        Variation { product_id: self.sku.product_id(), size, properties }.item_id()
    }

    pub(super) fn properties(self) -> serde_json::Value {
        if self.red { serde_json::json!({"color": "red"}) } else { serde_json::json!({}) }
    }
}

/// A key of somebody's, and the route that it is used on.
pub(super) type Key = (&'static str, usize, u8);

impl Step {
    pub(super) fn key(&self) -> Option<Key> {
        match *self {
            Step::Add { user, key, .. } => Some(("add", user, key?)),
            Step::CheckOut { user, key, .. } => Some(("checkout", user, key?)),
            Step::Order { user, key, .. } => Some(("order", user, key?)),
            Step::Adjust { key, .. } => Some(("adjust", 0, key?)),
            _ => None,
        }
    }

    /// What it is taken in.
    pub(super) fn parts(&self) -> Vec<Step> {
        let Step::Linger { user, thing, quantity, times } = *self else { return vec![self.clone()] };
        std::iter::repeat_n([Step::Change { user, thing, quantity }, Step::Pass { ms: HOLD - 1 }], times)
            .flatten()
            .collect()
    }

    /// Its name, for the count of what happened.
    pub(super) fn name(&self) -> String {
        let name = format!("{self:?}");
        name.split([' ', '{']).next().unwrap_or_default().to_owned()
    }

    /// Whose step it is, if it is a shopper's.
    pub(super) fn user(&self) -> Option<usize> {
        match *self {
            Step::Add { user, .. }
            | Step::Change { user, .. }
            | Step::Remove { user, .. }
            | Step::Clear { user }
            | Step::CheckOut { user, .. }
            | Step::Order { user, .. } => Some(user),
            _ => None,
        }
    }
}

impl fmt::Debug for Sku {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.product, self.size.unwrap_or_default())
    }
}

impl fmt::Debug for Thing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}{}", self.sku, if self.red { " red" } else { "" })
    }
}
