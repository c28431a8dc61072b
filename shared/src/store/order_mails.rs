//! Mails about orders: what a record of the table's stream calls for, and whether it still does.

use serde::Deserialize;

use super::Store;
use super::keys::{Key, from_item};
use super::mailing::{MailClaim, Mailing};
use super::orders::OrderRecord;
use crate::error::Error;
use crate::ids::OrderId;
use crate::order::{Notice, Order, OrderStatus};
use crate::text::Email;
use crate::time::Timestamp;

/// News about an order, as a record of the orders table's stream brings it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderNews {
    /// The order.
    pub order_id: OrderId,
    /// What is to be told.
    pub notice: Notice,
    /// The trace of the request that made the order.
    pub trace_id: Option<String>,
}

/// What a stream's image of an item says, whether it is an order or what stands in for one.
#[derive(Debug, Default, Deserialize)]
struct Image {
    order_id: Option<OrderId>,
    status: Option<OrderStatus>,
    #[serde(default)]
    cancelled_by_payment: bool,
    contact: Option<ContactImage>,
    deleted_at: Option<Timestamp>,
    trace_id: Option<String>,
}

#[derive(Debug, Deserialize)]
struct ContactImage {
    email: Option<Email>,
}

impl OrderNews {
    /// Reads a record's two images, empty where the item was new or is gone. None where there is
    /// nothing to tell, or nobody to tell it to.
    ///
    /// # Errors
    /// [`Error::Internal`] for an image that is not the store's.
    pub fn read(old: serde_dynamo::Item, new: serde_dynamo::Item) -> Result<Option<OrderNews>, Error> {
        let image = |item| serde_dynamo::from_item::<_, Image>(item).map_err(Error::internal);
        let (old, new) = (image(old)?, image(new)?);
        let (Some(order_id), Some(status), None) = (new.order_id, new.status, new.deleted_at) else {
            return Ok(None);
        };
        if new.contact.and_then(|contact| contact.email).is_none() {
            return Ok(None);
        }
        let notice = Notice::of(old.status, status, new.cancelled_by_payment);
        Ok(notice.map(|notice| OrderNews { order_id, notice, trace_id: new.trace_id }))
    }
}

impl Store {
    /// Claims the mail about an order's news, for a minute, if the order as it is now still bears it
    /// out; answers that order. News of a shipment that was cancelled since is none, and a confirmation
    /// does not follow the news that the order is on its way.
    ///
    /// # Errors
    /// Only those of the store itself.
    pub async fn claim_order_mail(&self, news: &OrderNews, now: Timestamp) -> Result<MailClaim<Order>, Error> {
        self.claim(mailing(news.order_id, news.notice), now)
            .await?
            .about(|item| Ok(from_item::<OrderRecord>(item)?.order))
    }
}

fn mailing(order_id: OrderId, notice: Notice) -> Mailing {
    const BY_PAYMENT: Option<&str> = Some("cancelled_by_payment");
    let (prefix, statuses, with, without): (_, &[_], _, _) = match notice {
        Notice::Placed => {
            ("placed_", &["placed", "processing", "shipped", "delivered"], None, Some("shipped_emailed_at"))
        }
        Notice::PaymentFailed => ("payment_failed_", &["cancelled"], BY_PAYMENT, None),
        Notice::Shipped => ("shipped_", &["shipped", "delivered"], None, None),
        Notice::Cancelled => ("cancelled_", &["cancelled"], None, BY_PAYMENT),
    };
    Mailing { key: Key::order(order_id), prefix, statuses, with, without }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn read(old: Value, new: Value) -> Option<Notice> {
        let item = |image: Value| serde_json::from_value(image).unwrap();
        OrderNews::read(item(old), item(new)).unwrap().map(|news| news.notice)
    }

    fn order(status: &str) -> Value {
        json!({
            "order_id": {"S": "3fa85f64-5717-4562-b3fc-2c963f66afa6"}, "status": {"S": status},
            "contact": {"M": {"email": {"S": "ada@example.com"}, "name": {"NULL": true}}},
        })
    }

    #[test]
    fn what_stands_in_for_an_order_is_no_news() {
        assert_eq!(read(json!({}), order("placed")), Some(Notice::Placed));
        assert_eq!(read(order("processing"), order("shipped")), Some(Notice::Shipped));
        assert_eq!(read(order("placed"), order("placed")), None, "a mark");
        assert_eq!(read(order("placed"), json!({})), None, "expired");
        let mut alias = order("placed");
        alias["status"] = json!({"NULL": true});
        assert_eq!(read(json!({}), alias), None);
        let mut tombstone = order("cancelled");
        tombstone["deleted_at"] = json!({"S": "2026-11-20T06:21:33.123Z"});
        assert_eq!(read(order("placed"), tombstone), None);
        let mut unaddressed = order("placed");
        unaddressed["contact"]["M"]["email"] = json!({"NULL": true});
        assert_eq!(read(json!({}), unaddressed), None);
    }
}
