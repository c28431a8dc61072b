//! Requests that place orders.

use schemars::JsonSchema;
use serde::Deserialize;

use super::{PaymentMethod, Split};
use crate::cart::{Properties, Quantity, Variation};
use crate::ids::{ProductId, UserId};
use crate::money::Money;
use crate::shape::{object, word};
use crate::text::Text;
use crate::user::{Address, ContactInput};

/// A request to check out. Everything may be left out.
#[derive(Debug, Clone, Default, JsonSchema, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CheckoutRequest {
    /// Whose cart; the caller's if left out.
    pub user_id: Option<UserId>,
    /// Whom to reach; the profile's if left out.
    #[serde(default, deserialize_with = "object")]
    pub contact: Option<ContactInput>,
    /// Where it goes; the profile's if left out.
    #[serde(default, deserialize_with = "object")]
    pub address: Option<Address>,
    /// How it is paid; on delivery if left out.
    #[serde(default, deserialize_with = "word")]
    pub payment_method: Option<PaymentMethod>,
    /// A coupon to use.
    pub coupon_code: Option<Text<64>>,
    /// What the buyer was shown; the order is refused if it costs anything else.
    pub expected_total: Option<Money>,
    /// How to divide it; not at all if left out.
    #[serde(default, deserialize_with = "word")]
    pub split: Option<Split>,
}

/// A request to order one product at once, past the cart.
#[derive(Debug, Clone, JsonSchema, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DirectOrder {
    /// What is bought.
    pub product_id: ProductId,
    /// How many.
    pub quantity: Quantity,
    /// In which size, for a product with sizes.
    pub size: Option<Text<50>>,
    /// What the buyer chose.
    pub product_properties: Option<Properties>,
    /// Who buys; the caller if left out.
    pub user_id: Option<UserId>,
    /// Whom to reach; the profile's if left out.
    #[serde(default, deserialize_with = "object")]
    pub contact: Option<ContactInput>,
    /// Where it goes; the profile's if left out.
    #[serde(default, deserialize_with = "object")]
    pub address: Option<Address>,
    /// How it is paid; on delivery if left out.
    #[serde(default, deserialize_with = "word")]
    pub payment_method: Option<PaymentMethod>,
    /// A coupon to use.
    pub coupon_code: Option<Text<64>>,
}

/// What both ways to order have in common: where the order goes, how it is paid, and with what coupon.
#[derive(Debug, Clone, Copy)]
pub struct Terms<'a> {
    /// Whom to reach; the profile's if left out.
    pub contact: Option<&'a ContactInput>,
    /// Where it goes; the profile's if left out.
    pub address: Option<&'a Address>,
    /// How it is paid; on delivery if left out.
    pub payment_method: Option<PaymentMethod>,
    /// A coupon to use.
    pub coupon_code: Option<&'a Text<64>>,
}

impl CheckoutRequest {
    /// Where it goes, how it is paid, and with what coupon.
    pub fn terms(&self) -> Terms<'_> {
        Terms {
            contact: self.contact.as_ref(),
            address: self.address.as_ref(),
            payment_method: self.payment_method,
            coupon_code: self.coupon_code.as_ref(),
        }
    }
}

impl DirectOrder {
    /// Where it goes, how it is paid, and with what coupon.
    pub fn terms(&self) -> Terms<'_> {
        Terms {
            contact: self.contact.as_ref(),
            address: self.address.as_ref(),
            payment_method: self.payment_method,
            coupon_code: self.coupon_code.as_ref(),
        }
    }

    /// What is bought.
    pub fn variation(&self) -> Variation {
        Variation {
            product_id: self.product_id,
            size: self.size.as_ref().map(ToString::to_string),
            properties: self.product_properties.clone().unwrap_or_default(),
        }
    }
}
