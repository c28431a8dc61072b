//! One of each problem document that the shop answers, as the one mapping from errors to HTTP writes it.

use lambda_http::http::StatusCode;
use schemars::{Schema, SchemaGenerator};

use crate::error::{Error, Shortage};
use crate::http::{Problem, problem, status_and_code};
use crate::ids::ProductId;
use crate::money::Money;

/// A problem document, and when it is answered.
pub struct ProblemExample {
    /// Its status.
    pub status: StatusCode,
    /// Its code.
    pub code: &'static str,
    /// When it is answered, in Markdown.
    pub when: &'static str,
    /// Such a document, as JSON.
    pub document: String,
}

/// The schema of problem documents.
pub fn problem_schema(generator: &mut SchemaGenerator) -> Schema {
    generator.subschema_for::<Problem<'_>>()
}

/// One of each problem, by status.
pub fn problem_examples() -> Vec<ProblemExample> {
    let example = |(error, when): (Error, &'static str)| {
        let (status, code) = status_and_code(&error);
        let response = problem(&error, "c6af9ac6-7b61-11e6-9a41-93e8deadbeef");
        let document = String::from_utf8_lossy(response.body().as_ref()).into_owned();
        ProblemExample { status, code, when, document }
    };
    let mut examples: Vec<_> = errors().into_iter().map(example).collect();
    examples.sort_by_key(|example| example.status);
    examples
}

fn errors() -> Vec<(Error, &'static str)> {
    // The demo catalogue's print, of which there are three.
    let print = ProductId::derived("print");
    let shortage = Shortage::new(print, "Signed Print, Harbor at Dawn", None, 5, 3);
    let price = Error::PriceChanged { expected: Money::from_cents(149_99), actual: Money::from_cents(159_99) };
    let minimum = "This coupon needs an order of at least 100.00; this one is 12.50";
    let shipped = "An order that is shipped cannot become cancelled; ask the shop";
    vec![
        (Error::InvalidJson("it is empty".to_owned()), "The body is not JSON."),
        (Error::InvalidCursor, "The cursor is not one that this list gave out."),
        (
            Error::InvalidParameter("limit: must be a whole number from 1 to 100".to_owned()),
            "A query parameter or a header is not what it must be.",
        ),
        (Error::CartEmpty, "There is nothing in the cart."),
        (
            Error::InvalidSignature("The signature is more than five minutes old"),
            "The event is not signed by Stripe, or not just now.",
        ),
        (Error::Forbidden, "The caller's role does not allow it, or the request names another user."),
        (Error::UserNotFound, "Nobody registered the user; `PUT /users/me` does."),
        (Error::ProductNotFound, "There is no such product, or it is archived."),
        (Error::CartItemNotFound, "The cart has no such item."),
        (Error::OrderNotFound, "There is no such order, or it is none of the caller's business."),
        (Error::CouponNotFound, "There is no such coupon, or it is another's."),
        (Error::RuleNotFound, "There is no such rule."),
        (
            Error::InsufficientStock(vec![shortage]),
            "Less is left than was asked for; `errors` lists every line that falls short.",
        ),
        (price, "The order costs something else than `expected_total`; `errors` says what."),
        (Error::InvalidTransition(shipped.to_owned()), "The order cannot take this step from where it is."),
        (Error::CouponAlreadyRedeemed, "The coupon paid for another order."),
        (Error::Conflict, "Others changed the same things first, time after time. Nothing was changed: try again."),
        (Error::PayloadTooLarge, "The body is larger than 64 KiB."),
        (
            Error::field(
                "quantity",
                "must be a whole number of at least 1; to take an item out of the cart, use DELETE",
            ),
            "Fields do not hold what they must, or are not of this request; `errors` names them.",
        ),
        (Error::SizeRequired("S, M, L, XL".to_owned()), "The product comes in sizes, and none is named."),
        (Error::SizeNotAllowed, "The product has no sizes, and one is named."),
        (
            Error::QuantityLimit { max: 999 },
            "More of the product than one order may have, or than one user may hold in the cart and in unpaid orders.",
        ),
        (Error::CartFull("it has 30 lines, the most a cart can have".to_owned()), "The cart has no room for it."),
        (Error::CouponNotApplicable(minimum.to_owned()), "The coupon expired, was revoked, or wants a larger order."),
        (Error::AddressRequired, "Neither the request nor the profile says where to deliver."),
        (Error::IdempotencyKeyReused, "The key came with another request before."),
        (Error::internal("hidden"), "A fault on the server's side."),
        (Error::unavailable("hidden"), "The shop is short of capacity: try again after `Retry-After` seconds."),
    ]
}
