//! Every field of every body. A section is a route, or one of several bodies that it takes.
//!
//! A field has a kind, which [`super::values`] knows; whether it must be there; and what the route
//! answers where the field holds what it may, but not what is in the body that the others are tried with:
//! 2xx unless the last column says otherwise.
//!
//! - required: refused where it is missing or null.
//! - optional: may be missing or null.
//! - not null: may be missing.
//! - or delta: one of the two is required, and the refusal names the other.

const TABLE: &str = "
POST /cart-items
    product_id                 | id                              | required | 404 product_not_found
    quantity                   | quantity                        | required |
    size                       | text 50                         | optional | 422 size_not_allowed
    product_properties         | properties                      | optional |
    user_id                    | id                              | optional | 403 forbidden
PATCH /cart-items/{item_id}
    quantity                   | quantity                        | required |
    user_id                    | id                              | optional | 403 forbidden
POST /orders/checkout
    user_id                    | id                              | optional | 403 forbidden
    contact                    | object                          | optional |
    contact.name               | text 200                        | required |
    contact.email              | email                           | optional |
    contact.phone              | phone                           | optional |
    address                    | object                          | optional |
    address.line1              | text 200                        | required |
    address.line2              | text 200                        | optional |
    address.city               | text 100                        | required |
    address.region             | text 100                        | optional |
    address.postal_code        | text 20                         | required |
    address.country            | country                         | required |
    payment_method             | words on_delivery online        | optional |
    coupon_code                | text 64                         | optional | 404 coupon_not_found
    expected_total             | amount 9999999999999.99         | optional | 409 price_changed
    split                      | words none per_item per_seller  | optional |
POST /orders
    product_id                 | id                              | required | 404 product_not_found
    quantity                   | quantity                        | required |
    size                       | text 50                         | optional | 422 size_not_allowed
    product_properties         | properties                      | optional |
    user_id                    | id                              | optional | 403 forbidden
    contact                    | object                          | optional |
    contact.name               | text 200                        | required |
    contact.email              | email                           | optional |
    contact.phone              | phone                           | optional |
    address                    | object                          | optional |
    address.line1              | text 200                        | required |
    address.line2              | text 200                        | optional |
    address.city               | text 100                        | required |
    address.region             | text 100                        | optional |
    address.postal_code        | text 20                         | required |
    address.country            | country                         | required |
    payment_method             | words on_delivery online        | optional |
    coupon_code                | text 64                         | optional | 404 coupon_not_found
PATCH /orders/{order_id}
    status                     | words processing                | required |
    tracking                   | text 100                        | optional |
PATCH /orders/{order_id}/cancel
    reason                     | text 200                        | optional |
POST /orders/{order_id}/payment
    outcome                    | words succeeded                 | required |
    reference                  | text 200                        | optional |
PUT /users/me
    email                      | email                           | optional |
    name                       | text 200                        | optional |
    phone                      | phone                           | optional |
    address                    | object                          | optional |
    address.line1              | text 200                        | required |
    address.line2              | text 200                        | optional |
    address.city               | text 100                        | required |
    address.region             | text 100                        | optional |
    address.postal_code        | text 20                         | required |
    address.country            | country                         | required |
POST /products
    name                       | text 200                        | required |
    price                      | amount 99999999.99              | required |
    description                | prose 5000                      | optional |
    image_url                  | url                             | optional |
    sizes                      | sizes                           | optional |
    stock                      | stock                           | optional |
    seller_id                  | id                              | optional | 404 user_not_found
    max_per_order              | whole 1 999                     | optional |
    low_stock_threshold        | whole 0 10000000                | optional |
    stock_shards               | whole 1 99                      | optional |
POST /products, in sizes
    stock.S                    | whole 0 10000000                | not null |
PATCH /products/{product_id}
    name                       | text 200                        | not null |
    price                      | amount 99999999.99              | not null |
    description                | prose 5000                      | optional |
    image_url                  | url                             | optional |
    max_per_order              | whole 1 999                     | optional |
    low_stock_threshold        | whole 0 10000000                | optional |
PUT /products/{product_id}/shards
    stock_shards               | whole 3 3                       | required |
POST /inventory/adjustments
    product_id                 | id                              | required | 404 product_not_found
    size                       | text 50                         | optional | 422 size_not_allowed
    delta                      | delta                           | required |
    reason                     | text 200                        | required |
POST /inventory/adjustments, to a number
    product_id                 | id                              | required | 404 product_not_found
    size                       | text 50                         | optional | 422 size_not_allowed
    set_available              | whole 0 10000000                | or delta |
    reason                     | text 200                        | required |
POST /reward-rules
    name                       | text 200                        | required |
    condition                  | object                          | required |
    condition.kind             | words min_items                 | required |
    condition.count            | whole 1 1000000                 | required |
    coupon                     | object                          | required |
    coupon.kind                | words fixed percent             | required |
    coupon.value               | worth 9999999999999.99          | required |
    coupon.min_order_total     | amount 9999999999999.99         | optional |
    coupon.valid_days          | whole 1 3650                    | required |
    active                     | flag                            | optional |
    starts_at                  | moment                          | optional |
    ends_at                    | moment                          | optional |
    max_coupons                | whole 1 1000000000              | optional |
    once_per_user              | flag                            | optional |
PATCH /reward-rules/{rule_id}
    name                       | text 200                        | not null |
    condition                  | object                          | not null |
    condition.kind             | words every_nth_order           | required |
    condition.n                | whole 1 1000000                 | required |
    coupon                     | object                          | not null |
    coupon.kind                | words fixed percent             | required |
    coupon.value               | worth 9999999999999.99          | required |
    coupon.min_order_total     | amount 9999999999999.99         | optional |
    coupon.valid_days          | whole 1 3650                    | required |
    active                     | flag                            | not null |
    starts_at                  | moment                          | optional |
    ends_at                    | moment                          | optional |
    max_coupons                | whole 1 1000000000              | optional |
    once_per_user              | flag                            | not null |
";

/// A field of a body.
pub(super) struct Field {
    /// Where it is, `address.city`.
    pub(super) path: &'static str,
    pub(super) kind: &'static str,
    /// The field that the refusal names where this one is missing, if that is refused.
    pub(super) if_missing: Option<&'static str>,
    /// The field that it names where this one is null.
    pub(super) if_null: Option<&'static str>,
    /// What the route answers to another value that the field may hold.
    pub(super) gets: &'static str,
}

/// The sections: a method and a path, and sometimes which body.
pub(crate) fn sections() -> impl Iterator<Item = &'static str> {
    TABLE.lines().filter(|line| line.starts_with(char::is_alphabetic))
}

/// The fields of a section.
pub(super) fn of(section: &str) -> Vec<Field> {
    let lines = TABLE.lines().skip_while(|line| *line != section).skip(1);
    lines.take_while(|line| line.starts_with(' ')).map(Field::read).collect()
}

impl Field {
    pub(super) fn read(line: &'static str) -> Field {
        let columns: Vec<_> = line.split('|').map(str::trim).collect();
        let [path, kind, presence, gets] = columns[..] else { panic!("{line}") };
        let (if_missing, if_null) = match presence {
            "required" => (Some(path), Some(path)),
            "optional" => (None, None),
            "not null" => (None, Some(path)),
            "or delta" => (Some("delta"), Some("delta")),
            _ => panic!("{line}"),
        };
        Field { path, kind, if_missing, if_null, gets: if gets.is_empty() { "2xx" } else { gets } }
    }
}
