//! The coupons table: what a user has, redeeming, and mailing.

use serde::{Deserialize, Serialize};

use super::Store;
use super::call::Failure;
use super::keys::{Key, Table, from_item, string};
use super::mailing::{MailClaim, Mailing};
use super::query::Query;
use super::transaction::{Expression, Transaction};
use crate::cart::Cart;
use crate::coupon::view::CouponPreview;
use crate::coupon::{Coupon, CouponStatus};
use crate::error::Error;
use crate::ids::{OrderId, UserId};
use crate::paging::{Cursors, Page, PageRequest};
use crate::time::Timestamp;

/// Where a page of a user's coupons ended.
#[derive(Serialize, Deserialize)]
struct Position(Timestamp, String);

impl Store {
    /// A page of a user's coupons, newest first.
    ///
    /// # Errors
    /// [`Error::InvalidCursor`].
    pub async fn coupons_of(
        &self,
        user_id: UserId,
        page: &PageRequest,
        cursors: &Cursors<'_>,
    ) -> Result<Page<Coupon>, Error> {
        let start = page.cursor.as_deref().map(|cursor| cursors.open(cursor)).transpose()?;
        let start = start.map(|Position(created_at, code)| {
            let mut key = Key::coupon(&code).item();
            key.insert("user_id".to_owned(), string(user_id));
            key.insert("created_at".to_owned(), string(created_at));
            key
        });
        let (coupons, _): (Vec<Coupon>, _) = self.query(&of_user(user_id, Some(page.limit + 1)), start).await?;
        Page::cut(coupons, page.limit, cursors, |last| Position(last.created_at, last.code.clone()))
    }

    /// Every coupon of a user, as the index has them.
    pub(super) async fn all_coupons_of(&self, user_id: UserId) -> Result<Vec<Coupon>, Failure> {
        self.query_all(&of_user(user_id, None)).await
    }

    /// A coupon of `user_id` against their present cart. Another's coupon takes the same read as one that
    /// does not exist, and is answered like it: nobody learns which codes there are.
    ///
    /// # Errors
    /// [`Error::CouponNotFound`].
    pub async fn preview_coupon(&self, user_id: UserId, code: &str, now: Timestamp) -> Result<CouponPreview, Error> {
        let key = Key::coupon(&code.to_ascii_uppercase());
        let mut found = self.get_all([Key::cart(user_id), key]).await?;
        let coupon: Option<Coupon> = found.one(Table::Coupons)?;
        let coupon = coupon.filter(|coupon| coupon.user_id == user_id).ok_or(Error::CouponNotFound)?;
        let cart = found.one(Table::Carts)?.unwrap_or_else(|| Cart::empty(user_id));
        let subtotal = if cart.lines.is_empty() { None } else { Some(self.view_of(&cart, now).await?.subtotal) };
        Ok(CouponPreview::new(coupon, subtotal, now))
    }

    /// Claims the mail of a coupon, for a minute, unless the coupon was revoked.
    ///
    /// # Errors
    /// Only those of the store itself.
    pub async fn claim_mail(&self, code: &str, now: Timestamp) -> Result<MailClaim<Coupon>, Error> {
        let statuses = &["active", "redeemed"];
        let mailing = Mailing { key: Key::coupon(code), prefix: "", statuses, with: None, without: None };
        self.claim(mailing, now).await?.about(from_item)
    }
}

fn of_user(user_id: UserId, limit: Option<usize>) -> Query {
    let which = Expression::when("#user_id = :user_id").name("user_id").value("user_id", string(user_id));
    Query { table: Table::Coupons, index: "by_user", which, filter: None, newest_first: true, limit }
}

impl Transaction<'_> {
    /// Redeems a coupon if it is still active, the user's, and not expired.
    pub(super) fn redeem(
        &mut self,
        code: &str,
        user_id: UserId,
        order_id: OrderId,
        now: Timestamp,
    ) -> Result<(), Error> {
        let redeem = Expression::update(
            "SET #status = :redeemed, #redeemed_order_id = :order_id",
            "#status = :active AND #user_id = :user_id AND #expires_at > :now",
        )
        .name("status")
        .name("redeemed_order_id")
        .name("user_id")
        .name("expires_at")
        .value("redeemed", string(CouponStatus::Redeemed))
        .value("active", string(CouponStatus::Active))
        .value("order_id", string(order_id))
        .value("user_id", string(user_id))
        .value("now", string(now));
        self.update(&Key::coupon(code), &redeem)
    }

    /// Redeems a coupon again that payment gave back when it cancelled the order, if nobody used it since.
    /// Whether it expired meanwhile does not matter: the buyer paid the price with it.
    pub(super) fn redeem_again(&mut self, code: &str, user_id: UserId, order_id: OrderId) -> Result<(), Error> {
        let redeem = Expression::update(
            "SET #status = :redeemed, #redeemed_order_id = :order_id",
            "#status = :active AND #user_id = :user_id",
        )
        .name("status")
        .name("redeemed_order_id")
        .name("user_id")
        .value("redeemed", string(CouponStatus::Redeemed))
        .value("active", string(CouponStatus::Active))
        .value("order_id", string(order_id))
        .value("user_id", string(user_id));
        self.update(&Key::coupon(code), &redeem)
    }

    /// Takes a coupon off the checkout beginning with `order_id`, which redeemed it, and leaves it with
    /// this status.
    pub(super) fn give_back(&mut self, code: &str, order_id: OrderId, status: CouponStatus) -> Result<(), Error> {
        let give_back = Expression::update(
            "SET #status = :status REMOVE #redeemed_order_id",
            "#status = :redeemed AND #redeemed_order_id = :order_id",
        )
        .name("status")
        .name("redeemed_order_id")
        .value("status", string(status))
        .value("redeemed", string(CouponStatus::Redeemed))
        .value("order_id", string(order_id));
        self.update(&Key::coupon(code), &give_back)
    }

    /// Withdraws a coupon that has not been used.
    pub(super) fn revoke(&mut self, code: &str) -> Result<(), Error> {
        let revoke = Expression::update("SET #status = :revoked", "#status = :active")
            .name("status")
            .value("revoked", string(CouponStatus::Revoked))
            .value("active", string(CouponStatus::Active));
        self.update(&Key::coupon(code), &revoke)
    }

    /// Expects that a coupon has the status that was read, and is redeemed for the same order.
    pub(super) fn expect_coupon(&mut self, coupon: &Coupon) -> Result<(), Error> {
        let mut expected = Expression::when("#status = :status").name("status").value("status", string(coupon.status));
        if let Some(order_id) = coupon.redeemed_order_id {
            expected.condition += " AND #redeemed_order_id = :order_id";
            expected = expected.name("redeemed_order_id").value("order_id", string(order_id));
        }
        self.check(&Key::coupon(&coupon.code), &expected)
    }
}
