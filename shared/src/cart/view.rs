//! The cart as its user sees it: priced for now, with what is left of each thing.

use schemars::JsonSchema;
use serde::Serialize;

use super::{Cart, Line, Properties};
use crate::catalog::{Product, StockStatus};
use crate::ids::{CartId, ItemId, ProductId, UserId};
use crate::inventory::{self, Level};
use crate::money::Money;
use crate::time::Timestamp;

/// A cart as its user sees it.
#[derive(Debug, Clone, JsonSchema, Serialize)]
#[schemars(rename = "Cart")]
pub struct CartView {
    /// Names this filling of the cart; null while it is empty.
    cart_id: Option<CartId>,
    /// Whose it is.
    user_id: UserId,
    /// Its lines, in the order they were added.
    items: Vec<LineView>,
    /// How many lines.
    item_count: usize,
    /// How many units, over all lines.
    total_quantity: u32,
    /// What its lines cost together.
    pub subtotal: Money,
    /// The currency, ISO 4217.
    currency: String,
    /// Until when its stock is held; null if none is.
    reserved_until: Option<Timestamp>,
}

/// A line as its user sees it.
#[derive(Debug, Clone, JsonSchema, Serialize)]
#[schemars(rename = "CartLine")]
pub struct LineView {
    /// Its id: the same for the same product, size and properties.
    item_id: ItemId,
    /// The product.
    product_id: ProductId,
    /// What it is called.
    name: String,
    /// Its size; null for a product without sizes.
    size: Option<String>,
    /// What the buyer chose.
    product_properties: Properties,
    /// Size and properties as text, `size=M;color=red`.
    variation_key: String,
    /// How many.
    quantity: u32,
    /// What one costs: the price it is held at, or today's.
    unit_price: Money,
    /// What they cost together.
    line_total: Money,
    /// Whether its stock is held.
    is_stock_reserved: bool,
    /// When it was added.
    added_at: Timestamp,
    /// What is left of it.
    stock: LineStock,
}

/// What is left of what a line is of.
#[derive(Debug, Clone, JsonSchema, Serialize)]
struct LineStock {
    /// How well stocked it is.
    status: StockStatus,
    /// How many units nobody holds.
    available: u32,
    /// Up to how many units the line may grow: what is available and what it holds, within `max_per_order`.
    max_quantity: u32,
}

impl CartView {
    /// The cart at `now`, its lines in the order they were added.
    pub fn new(cart: &Cart, products: &[Product], levels: &[Level], currency: &str, now: Timestamp) -> CartView {
        let mut lines: Vec<_> = cart.lines.iter().collect();
        lines.sort_by_key(|(item_id, line)| (line.added_at, **item_id));
        let view = |(item_id, line): (&ItemId, &Line)| {
            let product = products.iter().find(|product| product.product_id == line.variation.product_id);
            LineView::new(cart, *item_id, line, product, levels, now)
        };
        let items: Vec<LineView> = lines.into_iter().map(view).collect();
        CartView {
            cart_id: cart.cart_id,
            user_id: cart.user_id,
            item_count: items.len(),
            total_quantity: items.iter().map(|line| line.quantity).sum(),
            subtotal: items.iter().map(|line| line.line_total).sum(),
            items,
            currency: currency.to_owned(),
            reserved_until: cart.reserved_until.filter(|until| *until > now),
        }
    }
}

impl LineView {
    /// The line at `now`. A held line shows the price it is held at, another one today's.
    pub fn new(
        cart: &Cart,
        item_id: ItemId,
        line: &Line,
        product: Option<&Product>,
        levels: &[Level],
        now: Timestamp,
    ) -> LineView {
        let is_stock_reserved = cart.holds(line, now);
        let for_sale = product.filter(|product| product.is_active());
        let available = for_sale.map_or(0, |_| inventory::available(levels, &line.sku()));
        let unit_price = for_sale.filter(|_| !is_stock_reserved).map_or(line.unit_price, |product| product.price);
        let stock = LineStock {
            status: for_sale.map_or(StockStatus::OutOfStock, |product| product.stock_status(available)),
            available,
            max_quantity: for_sale.map_or(0, |product| {
                let others = cart.units_of(product.product_id, item_id);
                let allowed = product.quantity_limit().saturating_sub(others);
                allowed.min(available + line.allocation.total())
            }),
        };
        LineView {
            item_id,
            product_id: line.variation.product_id,
            name: line.name.clone(),
            size: line.variation.size.clone(),
            product_properties: line.variation.properties.clone(),
            variation_key: line.variation.key(),
            quantity: line.quantity,
            unit_price,
            line_total: unit_price * line.quantity,
            is_stock_reserved,
            added_at: line.added_at,
            stock,
        }
    }
}
