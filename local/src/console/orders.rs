//! `/_local/orders`: the orders of the shop, and the buttons that take each through its life.

use askama::Template;
use chrono::DateTime;
use serde::Deserialize;
use serde_json::{Value, json};
use shared::error::Error;
use shared::ids::UserId;
use shared::order::{Order, OrderStatus, OrderSummary, PaymentStatus, StatusChange};
use shared::paging::{Cursors, Page, PageRequest};
use shared::store::OrderFilter;
use shared::time::Timestamp;

use super::actions::{self, Action};
use super::{Console, PageError};
use crate::users::Account;

/// How many orders one page shows.
const ORDERS_A_PAGE: usize = 20;

/// How many products there are to choose from.
const PRODUCTS: usize = 100;

#[derive(Template)]
#[template(path = "orders.html")]
pub(super) struct OrdersPage {
    /// What the buttons call the API with.
    token: String,
    operator: Account,
    buyers: Vec<Account>,
    offers: Vec<Offer>,
    payment_deadline: u64,
    since: String,
    orders: Vec<Row>,
    is_newest: bool,
    older: Option<String>,
}

/// An order as the pages show it.
pub(super) struct Row {
    pub(super) order: Order,
    pub(super) buyer: String,
    pub(super) created_at: String,
    payment: String,
    history: Vec<Step>,
    actions: Vec<Action>,
}

/// A status that an order took on.
struct Step {
    status: OrderStatus,
    at: String,
    by: Option<String>,
    reason: Option<String>,
}

/// Something to order: a product, or one size of it.
struct Offer {
    label: String,
    /// The part of an order's request that names it.
    request: Value,
}

/// What is read of a product, as clients get it.
#[derive(Deserialize)]
struct Product {
    product_id: String,
    name: String,
    price: String,
    currency: String,
    stock: Vec<Stock>,
}

#[derive(Deserialize)]
struct Stock {
    size: Option<String>,
    available: u32,
}

impl OrdersPage {
    /// The page that begins where an earlier one ended, or at the newest order.
    pub(super) async fn after(console: &Console, cursor: Option<String>) -> Result<OrdersPage, PageError> {
        let operator = console.operator();
        let is_newest = cursor.is_none();
        let page = console.orders(ORDERS_A_PAGE, cursor).await?;
        Ok(OrdersPage {
            token: console.token(&operator)?,
            operator,
            buyers: console.users.accounts(),
            offers: offers(console).await?,
            payment_deadline: console.shop.config.payment_deadline.as_secs(),
            since: moment(console.since),
            orders: page.items,
            is_newest,
            older: page.next_cursor,
        })
    }
}

impl Console {
    /// A page of orders, newest first.
    pub(super) async fn orders(&self, limit: usize, cursor: Option<String>) -> Result<Page<Row>, Error> {
        let store = &self.shop.store;
        let cursors = Cursors::new(&self.shop.config.signing_secret, "_local/orders");
        let filter = OrderFilter { from: self.since, to: self.shop.clock.now().day().end(), status: None };
        let page = store.orders_by_day(&filter, &PageRequest { limit, cursor }, &cursors).await?;
        let mut items = Vec::new();
        for OrderSummary { order_id, .. } in page.items {
            match store.order(order_id).await {
                Ok(record) => items.push(self.row(record.order, record.cancelled_by_payment)),
                // Deleted since it was listed.
                Err(Error::OrderNotFound) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(Page { items, next_cursor: page.next_cursor })
    }

    fn row(&self, order: Order, cancelled_by_payment: bool) -> Row {
        let contact = &order.contact;
        let name = contact.name.as_ref().map(|name| name.as_str().to_owned());
        let buyer = name.or_else(|| contact.email.as_ref().map(|email| email.as_str().to_owned()));
        let created_at = order.summary.created_at;
        let step = |StatusChange { status, at, by, reason }: &StatusChange| Step {
            status: *status,
            at: moment_beside(created_at, *at),
            by: by.map(|by| self.name(by)),
            reason: reason.clone(),
        };
        Row {
            buyer: buyer.unwrap_or_else(|| self.name(order.summary.user_id)),
            created_at: moment(created_at),
            payment: payment(&order.summary),
            history: order.status_history.iter().map(step).collect(),
            actions: actions::of(&order, cancelled_by_payment),
            order,
        }
    }

    /// What to call a user.
    fn name(&self, user_id: UserId) -> String {
        let accounts = self.users.accounts().into_iter().chain([self.operator()]);
        let mut named = accounts.filter(|account| account.user_id.as_u128() == user_id.as_u128());
        named.next().map_or_else(|| user_id.to_string(), |account| account.name)
    }
}

/// How an order is paid, in the API's own words.
fn payment(order: &OrderSummary) -> String {
    let (method, status) = (word(&order.payment.method), word(&order.payment.status));
    match (order.payment.status, order.payment.deadline) {
        (PaymentStatus::Pending, Some(deadline)) => {
            format!("{method}, {status} until {}", moment_beside(order.created_at, deadline))
        }
        _ => format!("{method}, {status}"),
    }
}

/// `06:21:33`, or with its day if that is not the day of `other`.
fn moment_beside(other: Timestamp, at: Timestamp) -> String {
    let text = moment(at);
    match text.split_once(' ') {
        Some((_, clock)) if at.day() == other.day() => clock.to_owned(),
        _ => text,
    }
}

/// What can be ordered now.
async fn offers(console: &Console) -> Result<Vec<Offer>, PageError> {
    let cursors = Cursors::new(&console.shop.config.signing_secret, "_local/products");
    let page = console.shop.store.listings(&PageRequest { limit: PRODUCTS, cursor: None }, &cursors).await?;
    let products = page.items.into_iter().map(|listing| serde_json::from_value(serde_json::to_value(listing)?));
    Ok(products.collect::<Result<Vec<Product>, _>>()?.into_iter().flat_map(Product::offers).collect())
}

impl Product {
    fn offers(self) -> impl Iterator<Item = Offer> {
        let Product { product_id, name, price, currency, stock } = self;
        stock.into_iter().map(move |Stock { size, available }| {
            let variation = size.as_ref().map_or_else(|| name.clone(), |size| format!("{name} ({size})"));
            let left = match available {
                0 => ", sold out".to_owned(),
                left @ 1..=9 => format!(", {left} left"),
                _ => String::new(),
            };
            let mut request = json!({"product_id": product_id});
            if let Some(size) = size {
                request["size"] = size.into();
            }
            Offer { label: format!("{variation}, {price} {currency}{left}"), request }
        })
    }
}

/// The word that the API uses for something.
fn word(value: &impl serde::Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(Value::String(word)) => word,
        _ => String::new(),
    }
}

/// `2026-11-20 06:21:33`.
fn moment(at: Timestamp) -> String {
    DateTime::from_timestamp_millis(at.millis()).unwrap_or_default().format("%Y-%m-%d %H:%M:%S").to_string()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn each_size_is_an_offer_of_its_own() {
        let product = |stock: Value| {
            let product =
                json!({"product_id": "p", "name": "Shirt", "price": "28.00", "currency": "USD", "stock": stock});
            serde_json::from_value::<Product>(product).unwrap().offers().collect::<Vec<_>>()
        };
        let plain = product(json!([{"size": null, "available": 10}]));
        assert_eq!((plain[0].label.as_str(), &plain[0].request), ("Shirt, 28.00 USD", &json!({"product_id": "p"})));
        let sizes = product(json!([{"size": "S", "available": 9}, {"size": "M", "available": 0}]));
        assert_eq!(sizes[0].label, "Shirt (S), 28.00 USD, 9 left");
        assert_eq!(sizes[1].label, "Shirt (M), 28.00 USD, sold out");
        assert_eq!(sizes[1].request, json!({"product_id": "p", "size": "M"}));
    }

    #[test]
    fn a_moment_has_its_day_only_if_that_is_another_one() {
        let at = Timestamp::from_millis(1_795_155_693_120);
        assert_eq!(moment(at), "2026-11-20 06:21:33");
        assert_eq!(moment_beside(at, at + Duration::from_secs(60)), "06:22:33");
        assert_eq!(moment_beside(at, at + Duration::from_secs(24 * 60 * 60)), "2026-11-21 06:21:33");
    }
}
