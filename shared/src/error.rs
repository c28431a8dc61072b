//! What can go wrong, in the shop's own terms. `http` alone turns it into a response.

use schemars::JsonSchema;
use serde::Serialize;

use crate::ids::{ItemId, ProductId};
use crate::inventory::Sku;
use crate::money::Money;

/// Any cause that is logged and never shown to a client.
pub type Cause = Box<dyn std::error::Error + Send + Sync>;

/// Why a request was refused or could not be served.
///
/// The text of a variant is written for the person who made the request; a `Cause` is for the log.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The body is not JSON.
    #[error("The body is not valid JSON: {0}")]
    InvalidJson(String),
    /// A list cursor that this API did not hand out for this list.
    #[error("The cursor is not one that this list gave out; start again without it")]
    InvalidCursor,
    /// A query parameter or header that cannot be read.
    #[error("{0}")]
    InvalidParameter(String),
    /// There is nothing to check out.
    #[error("The cart is empty; add an item first")]
    CartEmpty,
    /// What claims to come from the payment provider is not signed by it; says what is wrong.
    #[error("{0}")]
    InvalidSignature(&'static str),

    /// The request carries no verified identity. API Gateway answers this before a function runs.
    #[error("Unauthorized")]
    Unauthorized,
    /// The caller may not do this, or not for that user.
    #[error("You may not do this")]
    Forbidden,

    /// Nobody registered this user id.
    #[error("No such user is registered")]
    UserNotFound,
    /// No active product has this id.
    #[error("No such product is for sale")]
    ProductNotFound,
    /// The cart has no such line.
    #[error("The cart has no such item")]
    CartItemNotFound,
    /// No order of the caller's has this id.
    #[error("No such order")]
    OrderNotFound,
    /// No coupon of the caller's has this code.
    #[error("No such coupon")]
    CouponNotFound,
    /// No reward rule has this id.
    #[error("No such reward rule")]
    RuleNotFound,

    /// Less is left than was asked for; every line that falls short.
    #[error("{}", summary(.0))]
    InsufficientStock(Vec<Shortage>),
    /// The total is not the one the client expected.
    #[error("The total is now {actual}, not {expected}; show it to the buyer and try again with it")]
    PriceChanged {
        /// What the client expected to pay.
        expected: Money,
        /// What the order would cost now.
        actual: Money,
    },
    /// The order cannot take this step; says which it can.
    #[error("{0}")]
    InvalidTransition(String),
    /// The coupon paid for another order.
    #[error("This coupon has been used already")]
    CouponAlreadyRedeemed,
    /// Other requests changed the same things first, time after time.
    #[error("Other requests changed the same things at the same moment; nothing was changed, try again")]
    Conflict,

    /// A body over the limit.
    #[error("The body is larger than 64 KiB")]
    PayloadTooLarge,

    /// Fields that do not hold what they must.
    #[error("{}", first_message(.0))]
    ValidationFailed(Vec<FieldError>),
    /// The product comes in sizes and none was named.
    #[error("This product comes in sizes; name one of: {0}")]
    SizeRequired(String),
    /// The product has no sizes and one was named.
    #[error("This product has no sizes; leave \"size\" out")]
    SizeNotAllowed,
    /// More of a product than one order may hold.
    #[error("At most {max} of this product may be ordered at once")]
    QuantityLimit {
        /// The most that one order may hold.
        max: u32,
    },
    /// More than one user may hold at once; says what the limit is.
    #[error("{0}")]
    HoldLimit(String),
    /// No room for another line.
    #[error("The cart is full: {0}")]
    CartFull(String),
    /// The coupon is the caller's but cannot be used on this order.
    #[error("{0}")]
    CouponNotApplicable(String),
    /// Neither the request nor the profile says where to deliver.
    #[error("No delivery address: send \"address\", or save one in the profile")]
    AddressRequired,
    /// The key was used for another request.
    #[error("This Idempotency-Key was used for a different request; use a new key")]
    IdempotencyKeyReused,

    /// A dependency is short of capacity or out of reach after every retry.
    #[error("The shop is busy; try again in a moment")]
    Unavailable(#[source] Cause),
    /// A fault of ours.
    #[error("Something went wrong on our side")]
    Internal(#[source] Cause),
}

/// One field of a request that does not hold what it must.
#[derive(Debug, Clone, PartialEq, Eq, JsonSchema, Serialize)]
pub struct FieldError {
    /// The path of the field, `address.city`.
    pub field: String,
    /// What is wrong with it and what would be right.
    pub message: String,
}

/// One line for which less is left than it needs.
#[derive(Debug, Clone, PartialEq, Eq, JsonSchema, Serialize)]
pub struct Shortage {
    /// The cart line, if the request came from a cart.
    pub item_id: Option<ItemId>,
    /// The product.
    pub product_id: ProductId,
    /// The product's name.
    pub name: String,
    /// The size, for a product with sizes.
    pub size: Option<String>,
    /// The quantity the line was to have.
    pub requested: u32,
    /// The most it could have, what it holds included.
    pub available: u32,
    /// The same for a person.
    pub message: String,
}

impl Shortage {
    /// Says how much of `name` is left, for a line that was to have `requested`.
    pub fn new(product_id: ProductId, name: &str, size: Option<&str>, requested: u32, available: u32) -> Shortage {
        let (name, size, message) = (name.to_owned(), size.map(str::to_owned), String::new());
        Shortage { item_id: None, product_id, name, size, requested, available, message }.with_available(available)
    }

    /// The same shortage, where so many are left.
    fn with_available(self, available: u32) -> Shortage {
        let Shortage { name, requested, .. } = &self;
        let label = self.size.as_ref().map_or_else(|| name.clone(), |size| format!("{name} ({size})"));
        let message = match available {
            0 => format!("{label}: Out of stock"),
            1 => format!("{label}: Only 1 item available, but {requested} requested"),
            _ => format!("{label}: Only {available} items available, but {requested} requested"),
        };
        Shortage { available, message, ..self }
    }

    /// What is short.
    pub fn sku(&self) -> Sku {
        Sku { product_id: self.product_id, size: self.size.clone() }
    }

    /// How many units all that was planned wants, if the plan was made of `read` available ones.
    pub fn wanted(&self, read: u32) -> u32 {
        read + self.requested.saturating_sub(self.available)
    }

    /// The same shortage, where there are `there_is` units instead of those that were `read`.
    pub fn given(&self, read: u32, there_is: u32) -> Shortage {
        self.clone().with_available((self.available + there_is).saturating_sub(read))
    }

    /// The same shortage, of a line in a cart.
    pub fn of_line(self, item_id: ItemId) -> Shortage {
        Shortage { item_id: Some(item_id), ..self }
    }
}

impl Error {
    /// One field that does not hold what it must.
    pub fn field(field: impl Into<String>, message: impl Into<String>) -> Error {
        Error::ValidationFailed(vec![FieldError { field: field.into(), message: message.into() }])
    }

    /// The error with its causes, for the log.
    pub fn report(&self) -> String {
        use std::error::Error as _;

        let mut text = self.to_string();
        let mut cause = self.source();
        while let Some(inner) = cause {
            text.push_str(": ");
            text.push_str(&inner.to_string());
            cause = inner.source();
        }
        text
    }

    /// A fault of ours, with its cause for the log.
    pub fn internal(cause: impl Into<Cause>) -> Error {
        Error::Internal(cause.into())
    }

    /// A dependency out of reach, with its cause for the log.
    pub fn unavailable(cause: impl Into<Cause>) -> Error {
        Error::Unavailable(cause.into())
    }
}

fn summary(shortages: &[Shortage]) -> String {
    shortages.iter().map(|shortage| shortage.message.as_str()).collect::<Vec<_>>().join("; ")
}

fn first_message(errors: &[FieldError]) -> String {
    errors
        .first()
        .map_or_else(|| "The request is not valid".to_owned(), |error| format!("{}: {}", error.field, error.message))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shortage_says_how_much_is_left_of_what() {
        let short = |size, available| Shortage::new(ProductId::derived("mug"), "Mug", size, 3, available);
        assert_eq!(short(None, 0).message, "Mug: Out of stock");
        assert_eq!(short(Some("M"), 1).message, "Mug (M): Only 1 item available, but 3 requested");
        let less = short(None, 0).with_available(2).of_line(ItemId::derived("line"));
        assert_eq!(less.message, "Mug: Only 2 items available, but 3 requested");
        assert_eq!((less.available, less.item_id), (2, Some(ItemId::derived("line"))));
    }

    #[test]
    fn every_line_that_falls_short_is_named() {
        let short = |name| Shortage::new(ProductId::derived(name), name, None, 2, 0);
        let error = Error::InsufficientStock(vec![short("Mug"), short("Pen")]);
        assert_eq!(error.to_string(), "Mug: Out of stock; Pen: Out of stock");
    }
}
