//! The mails that follow an order.

use askama::Template;

use super::{Letterhead, Mail};
use crate::config::Config;
use crate::error::Error;
use crate::order::{Notice, Order, OrderLine, OrderStatus, PaymentMethod, PaymentStatus};
use crate::user::Address;

#[derive(Template)]
#[template(path = "order.html")]
struct OrderHtml<'a> {
    subject: &'a str,
    shop: &'a Letterhead<'a>,
    news: &'a News,
    order: &'a Order,
    lines: &'a [Line],
}

#[derive(Template)]
#[template(path = "order.txt")]
struct OrderText<'a> {
    shop: &'a Letterhead<'a>,
    news: &'a News,
    order: &'a Order,
    lines: &'a [Line],
}

/// What sets one mail about an order apart from another.
struct News {
    headline: &'static str,
    /// Each a paragraph.
    says: Vec<String>,
    tracking: Option<String>,
    /// Where it goes, line by line, for who will receive it.
    address: Vec<String>,
}

struct Line {
    name: String,
    variation: String,
    quantity: u32,
    unit_price: String,
    total: String,
}

/// The mail that tells a buyer the news about their order.
///
/// It never names a coupon: a mail with a code in it is one that grants it.
///
/// # Errors
/// [`Error::Internal`] if a template cannot be rendered.
pub fn order_mail(notice: Notice, order: &Order, config: &Config) -> Result<Mail, Error> {
    let name = order.contact.name.as_ref().map(|name| name.as_str());
    let shop = Letterhead::new(config, name);
    let news = News::of(notice, order);
    let line = |item: &OrderLine| Line {
        name: item.name.clone(),
        variation: variation(item),
        quantity: item.quantity,
        unit_price: item.unit_price.to_string(),
        total: item.line_total.to_string(),
    };
    let lines: Vec<_> = order.items.iter().map(line).collect();
    let subject = format!("{} ({})", subject(notice, shop.shop_name), short_id(order));
    let (order, lines) = (order, lines.as_slice());
    Ok(Mail {
        html: OrderHtml { subject: &subject, shop: &shop, news: &news, order, lines }
            .render()
            .map_err(Error::internal)?,
        text: OrderText { shop: &shop, news: &news, order, lines }.render().map_err(Error::internal)?,
        subject,
        headers: Vec::new(),
    })
}

/// The beginning of its id is enough to tell a buyer's orders apart.
fn short_id(order: &Order) -> String {
    order.summary.order_id.to_string().chars().take(8).collect()
}

fn subject(notice: Notice, shop_name: &str) -> String {
    match notice {
        Notice::Placed => format!("Your order at {shop_name}"),
        Notice::PaymentFailed => format!("Your payment at {shop_name} did not go through"),
        Notice::Shipped => format!("Your order from {shop_name} is on its way"),
        Notice::Cancelled => format!("Your order at {shop_name} was cancelled"),
    }
}

impl News {
    fn of(notice: Notice, order: &Order) -> News {
        let summary = &order.summary;
        let total = format!("{} {}", summary.total_price, summary.currency);
        let says = match notice {
            Notice::Placed => {
                let paid = match (summary.payment.method, summary.payment.status) {
                    (PaymentMethod::OnDelivery, _) => format!("You pay {total} when it is delivered."),
                    (PaymentMethod::Online, _) => format!("Your payment of {total} has arrived."),
                };
                vec!["Thank you for your order. We will tell you as soon as it is on its way.".to_owned(), paid]
            }
            Notice::PaymentFailed => {
                let in_time = match cancelled_because(order) {
                    Some("payment_timeout") => "The payment for your order did not reach us in time.",
                    _ => "The payment for your order was refused.",
                };
                vec![
                    format!("{in_time} We have cancelled the order, and you owe nothing."),
                    "If you still want these items, please order them again while they are in stock.".to_owned(),
                ]
            }
            Notice::Shipped => {
                let mut says = vec!["Good news: your order has been shipped.".to_owned()];
                if summary.payment.method == PaymentMethod::OnDelivery {
                    says.push(format!("Please have {total} ready when it arrives."));
                }
                says
            }
            Notice::Cancelled => {
                let mut says = vec!["Your order was cancelled.".to_owned()];
                says.extend(cancelled_because(order).map(|reason| format!("Reason: {reason}")));
                says.push(match summary.payment.status {
                    PaymentStatus::RefundRequired => {
                        format!("You have paid {total}. We will send the money back to you.")
                    }
                    _ => "You owe nothing.".to_owned(),
                });
                says
            }
        };
        News {
            headline: match notice {
                Notice::Placed => "We have your order",
                Notice::PaymentFailed => "Your payment did not go through",
                Notice::Shipped => "Your order is on its way",
                Notice::Cancelled => "Your order was cancelled",
            },
            says,
            tracking: summary.tracking.clone().filter(|_| notice == Notice::Shipped),
            address: match notice {
                Notice::Placed | Notice::Shipped => address_lines(&order.address),
                Notice::PaymentFailed | Notice::Cancelled => Vec::new(),
            },
        }
    }
}

/// What was chosen of a product: `size M, color: red`.
fn variation(item: &OrderLine) -> String {
    let size = item.size.iter().map(|size| format!("size {size}"));
    let properties = item.product_properties.iter().map(|(name, value)| format!("{name}: {value}"));
    size.chain(properties).collect::<Vec<_>>().join(", ")
}

fn address_lines(address: &Address) -> Vec<String> {
    let mut lines = vec![address.line1.to_string()];
    lines.extend(address.line2.as_ref().map(|line2| line2.to_string()));
    let region = address.region.as_ref().map(|region| format!("{region} ")).unwrap_or_default();
    lines.push(format!("{}, {region}{}", address.city, address.postal_code));
    lines.push(address.country.to_string());
    lines
}

/// The reason that was given when the order was last cancelled.
fn cancelled_because(order: &Order) -> Option<&str> {
    let change = order.status_history.iter().rev().find(|change| change.status == OrderStatus::Cancelled)?;
    change.reason.as_deref()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::order::StatusChange;
    use crate::order::tests::order;

    #[test]
    fn who_pays_on_delivery_is_told_what_to_have_ready() {
        let said = |method| {
            let mut order = order(OrderStatus::Shipped);
            order.summary.payment.method = method;
            News::of(Notice::Shipped, &order).says
        };
        let ready = "Please have 25.00 USD ready when it arrives.".to_owned();
        assert!(said(PaymentMethod::OnDelivery).contains(&ready));
        assert_eq!(said(PaymentMethod::Online), ["Good news: your order has been shipped."]);
    }

    #[test]
    fn who_paid_too_late_is_told_so() {
        let said = |reason: Option<&str>| {
            let mut order = order(OrderStatus::Cancelled);
            let at = order.summary.created_at;
            let reason = reason.map(str::to_owned);
            order.status_history.push(StatusChange { status: OrderStatus::Cancelled, at, by: None, reason });
            News::of(Notice::PaymentFailed, &order).says.remove(0)
        };
        assert!(said(Some("payment_timeout")).starts_with("The payment for your order did not reach us in time."));
        assert!(said(Some("payment_failed")).starts_with("The payment for your order was refused."));
        assert!(said(None).starts_with("The payment for your order was refused."));
    }

    #[test]
    fn subjects_say_what_has_happened_and_ids_which_order_it_is() {
        let order = order(OrderStatus::Placed);
        assert_eq!(short_id(&order), order.summary.order_id.to_string()[..8]);
        let subjects = [Notice::Placed, Notice::PaymentFailed, Notice::Shipped, Notice::Cancelled]
            .map(|n| subject(n, "Cartwright"));
        let expected = [
            "Your order at Cartwright",
            "Your payment at Cartwright did not go through",
            "Your order from Cartwright is on its way",
            "Your order at Cartwright was cancelled",
        ];
        assert_eq!(subjects, expected);
    }

    #[test]
    fn a_line_names_what_was_chosen() {
        let mut item = order(OrderStatus::Placed).items.remove(0);
        assert_eq!(variation(&item), "");
        item.size = Some("M".to_owned());
        item.product_properties = serde_json::from_value(serde_json::json!({"color": "red"})).unwrap();
        assert_eq!(variation(&item), "size M, color: red");
    }
}
