//! What the buyer of an order is told of it as it goes along.

use std::fmt;

use super::OrderStatus;

/// A piece of news about an order. An order has each of them once at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Notice {
    /// It was placed, or paid.
    Placed,
    /// Its payment failed or did not come in time, and so it was cancelled.
    PaymentFailed,
    /// It is on its way.
    Shipped,
    /// Somebody cancelled it.
    Cancelled,
}

impl Notice {
    /// The news when an order comes to `status`, having had the status `before` if it is not new.
    pub fn of(before: Option<OrderStatus>, status: OrderStatus, cancelled_by_payment: bool) -> Option<Notice> {
        match status {
            _ if before == Some(status) => None,
            OrderStatus::Placed => Some(Notice::Placed),
            OrderStatus::Shipped => Some(Notice::Shipped),
            OrderStatus::Cancelled if cancelled_by_payment => Some(Notice::PaymentFailed),
            OrderStatus::Cancelled => Some(Notice::Cancelled),
            OrderStatus::UnderPaying | OrderStatus::Processing | OrderStatus::Delivered => None,
        }
    }

    /// Its name in the log.
    pub fn as_str(self) -> &'static str {
        match self {
            Notice::Placed => "placed",
            Notice::PaymentFailed => "payment_failed",
            Notice::Shipped => "shipped",
            Notice::Cancelled => "cancelled",
        }
    }
}

impl fmt::Display for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_these_changes_are_news() {
        use OrderStatus::{Cancelled, Delivered, Placed, Processing, Shipped, UnderPaying};

        assert_eq!(Notice::of(None, Placed, false), Some(Notice::Placed));
        assert_eq!(Notice::of(Some(UnderPaying), Placed, false), Some(Notice::Placed));
        assert_eq!(Notice::of(Some(Cancelled), Placed, false), Some(Notice::Placed));
        assert_eq!(Notice::of(Some(UnderPaying), Cancelled, true), Some(Notice::PaymentFailed));
        assert_eq!(Notice::of(Some(UnderPaying), Cancelled, false), Some(Notice::Cancelled));
        assert_eq!(Notice::of(Some(Processing), Shipped, false), Some(Notice::Shipped));
        for status in OrderStatus::ALL {
            assert_eq!(Notice::of(Some(status), status, false), None, "{status} as it was");
        }
        for quiet in [UnderPaying, Processing, Delivered] {
            assert_eq!(Notice::of(None, quiet, false), None, "{quiet}");
        }
    }

    #[test]
    fn the_log_names_each_piece_of_news() {
        let news = [Notice::Placed, Notice::PaymentFailed, Notice::Shipped, Notice::Cancelled];
        assert_eq!(news.map(|notice| notice.to_string()), ["placed", "payment_failed", "shipped", "cancelled"]);
    }
}
