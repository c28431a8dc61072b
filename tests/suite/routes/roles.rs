//! Every route, called by everyone: nobody (who has no token), a shopper, a seller and an admin.
//!
//! A row of the table is a route and what it is about; a route that is about several things has a row
//! for each. A role's cells say what it is answered about its own thing, another's, and one that there
//! is not; where there is but one cell, it is for all three. 401 is API Gateway's own answer, 403 is
//! `forbidden`, and the last column is the code of a 404.
//!
//! What somebody's own is:
//! - product: what they sell. A shopper's is of when they still were a seller: it counts for nothing.
//! - user: they themselves, named in the path, the query or the body; their cart is not empty.
//! - item: a line of their cart. Another's line is in no cart but that one.
//! - coupon: one that an order of theirs earned.
//! - rule: any. Rules are the shop's, so that another's is like one's own.
//! - order: for a seller what somebody bought of them, for all others what they bought of somebody. What
//!   a seller bought is in a test of its own.
//!
//! Nobody owns nothing, so their own is another's.

mod cast;

use tests::api::Answer;
use tests::shop::Shop;

use self::cast::Cast;

const TABLE: &str = "
    route                                | about   | nobody      | shopper     | seller      | admin       | 404
    GET    /                             | nothing | 200         | 200         | 200         | 200         |
    GET    /products                     | nothing | 200         | 200         | 200         | 200         |
    GET    /products/{product_id}        | product | 200 200 404 | 200 200 404 | 200 200 404 | 200 200 404 | product_not_found
    POST   /products                     | user    | 401         | 403         | 201 403 403 | 201 201 404 | user_not_found
    PATCH  /products/{product_id}        | product | 401         | 403         | 200 403 404 | 200 200 404 | product_not_found
    DELETE /products/{product_id}        | product | 401         | 403         | 204 403 404 | 204 204 404 | product_not_found
    PUT    /products/{product_id}/shards | product | 401         | 403         | 403         | 200 200 404 | product_not_found
    GET    /inventory                    | nothing | 401         | 403         | 200         | 200         |
    POST   /inventory/adjustments        | product | 401         | 403         | 200 403 404 | 200 200 404 | product_not_found
    GET    /users/me                     | nothing | 401         | 200         | 200         | 200         |
    PUT    /users/me                     | nothing | 401         | 200         | 200         | 200         |
    POST   /cart-items                   | product | 401         | 201 201 404 | 201 201 404 | 201 201 404 | product_not_found
    POST   /cart-items                   | user    | 401         | 201 403 403 | 201 403 403 | 201 201 404 | user_not_found
    GET    /cart-items                   | user    | 401         | 200 403 403 | 200 403 403 | 200 200 404 | user_not_found
    PATCH  /cart-items/{item_id}         | item    | 401         | 200 404 404 | 200 404 404 | 200 404 404 | cart_item_not_found
    PATCH  /cart-items/{item_id}         | user    | 401         | 200 403 403 | 200 403 403 | 200 200 404 | user_not_found
    DELETE /cart-items/{item_id}         | item    | 401         | 204         | 204         | 204         |
    DELETE /cart-items/{item_id}         | user    | 401         | 204 403 403 | 204 403 403 | 204 204 404 | user_not_found
    DELETE /cart-items                   | user    | 401         | 204 403 403 | 204 403 403 | 204 204 404 | user_not_found
    POST   /orders/checkout              | user    | 401         | 201 403 403 | 201 403 403 | 201 201 404 | user_not_found
    POST   /orders                       | product | 401         | 201 201 404 | 201 201 404 | 201 201 404 | product_not_found
    POST   /orders                       | user    | 401         | 201 403 403 | 201 403 403 | 201 201 404 | user_not_found
    GET    /orders                       | nothing | 401         | 403         | 403         | 200         |
    GET    /seller/orders                | nothing | 401         | 403         | 200         | 403         |
    GET    /orders/user/{user_id}        | user    | 401         | 200 403 403 | 200 403 403 | 200 200 404 | user_not_found
    GET    /orders/user/{user_id}/stats  | user    | 401         | 200 403 403 | 200 403 403 | 200 200 404 | user_not_found
    GET    /orders/{order_id}            | order   | 401         | 200 404 404 | 200 404 404 | 200 200 404 | order_not_found
    PATCH  /orders/{order_id}            | order   | 401         | 403         | 200 404 404 | 200 200 404 | order_not_found
    PATCH  /orders/{order_id}/cancel     | order   | 401         | 200 404 404 | 200 404 404 | 200 200 404 | order_not_found
    DELETE /orders/{order_id}            | order   | 401         | 403         | 403         | 204 204 404 | order_not_found
    POST   /orders/{order_id}/payment    | order   | 401         | 403         | 403         | 200 200 404 | order_not_found
    GET    /coupons                      | nothing | 401         | 200         | 200         | 200         |
    GET    /coupons/{code}               | coupon  | 401         | 200 404 404 | 200 404 404 | 200 404 404 | coupon_not_found
    POST   /reward-rules                 | nothing | 401         | 403         | 403         | 201         |
    GET    /reward-rules                 | nothing | 401         | 403         | 403         | 200         |
    GET    /reward-rules/{rule_id}       | rule    | 401         | 403         | 403         | 200 200 404 | rule_not_found
    PATCH  /reward-rules/{rule_id}       | rule    | 401         | 403         | 403         | 200 200 404 | rule_not_found
    DELETE /reward-rules/{rule_id}       | rule    | 401         | 403         | 403         | 204 204 404 | rule_not_found
    POST   /payments/webhook             | order   | 200         | 200         | 200         | 200         |
    POST   /api/cart                     | user    | 401         | 201 403 403 | 201 403 403 | 201 201 404 | user_not_found
    GET    /api/cart                     | user    | 401         | 200 403 403 | 200 403 403 | 200 200 404 | user_not_found
    DELETE /api/cart/{item_id}           | user    | 401         | 204 403 403 | 204 403 403 | 204 204 404 | user_not_found
    POST   /api/checkout                 | user    | 401         | 201 403 403 | 201 403 403 | 201 201 404 | user_not_found
";

const ROLES: [&str; 4] = ["nobody", "shopper", "seller", "admin"];

/// Whose the thing is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Whose {
    Own,
    Anothers,
    Unknown,
}

const WHOSE: [Whose; 3] = [Whose::Own, Whose::Anothers, Whose::Unknown];

/// A row of the table.
pub(crate) struct Row {
    pub(crate) method: &'static str,
    pub(crate) path: &'static str,
    /// What it is about.
    about: &'static str,
    /// The answers, by [`ROLES`] and [`WHOSE`].
    cells: [[&'static str; 3]; 4],
    not_found: &'static str,
}

/// The rows of the table.
pub(crate) fn rows() -> impl Iterator<Item = Row> {
    TABLE.trim().lines().skip(1).map(Row::read)
}

impl Row {
    fn read(line: &'static str) -> Row {
        let columns: Vec<_> = line.split('|').map(str::trim).collect();
        let [route, about, nobody, shopper, seller, admin, not_found] = columns[..] else { panic!("{line}") };
        let (method, path) = route.split_once(' ').expect("a method and a path");
        let cells = [nobody, shopper, seller, admin].map(|cells| match cells.split(' ').collect::<Vec<_>>()[..] {
            [all] => [all; 3],
            [own, anothers, unknown] => [own, anothers, unknown],
            _ => panic!("{line}"),
        });
        Row { method, path: path.trim(), about, cells, not_found }
    }

    /// The status and code that a cell stands for.
    fn expected(&self, cell: &str) -> String {
        match cell {
            "403" => "403 forbidden".to_owned(),
            "404" => format!("404 {}", self.not_found),
            status => status.to_owned(),
        }
    }
}

/// The status of an answer and, of a problem document, the code.
pub(super) fn outcome(answer: &Answer) -> String {
    match answer.status {
        200..300 => answer.status.to_string(),
        401 => {
            answer.is_from_the_gateway(401, "Unauthorized");
            "401".to_owned()
        }
        status => {
            let problem: serde_json::Value = serde_json::from_str(&answer.text).expect("a problem document");
            format!("{status} {}", problem["code"].as_str().unwrap_or("without a code"))
        }
    }
}

#[tokio::test]
async fn everyone_is_answered_as_the_table_says() {
    let cast = Cast::of(Shop::open().await).await;
    let mut wrong = Vec::new();
    for row in rows() {
        for (role, cells) in row.cells.iter().enumerate() {
            for (whose, cell) in WHOSE.into_iter().zip(cells) {
                let answer = cast.call(&row, role, whose).await.await;
                let (expected, outcome) = (row.expected(cell), outcome(&answer));
                if outcome != expected {
                    let Row { method, path, about, .. } = row;
                    let cell = format!("{method} {path}, {about}: {}, {whose:?}", ROLES[role]);
                    wrong.push(format!("{cell}: {outcome} instead of {expected}\n    {}\n", answer.text));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{} cells are wrong:\n{}", wrong.len(), wrong.concat());
    cast.shop.finish().await;
}

/// Whoever may do nothing at a route learns nothing there: not whether an id is one, nor what the route
/// would read.
#[tokio::test]
async fn a_role_is_checked_before_anything_is_read() {
    let cast = Cast::of(Shop::open().await).await;
    let mut refused = 0;
    for row in rows() {
        for (role, _) in row.cells.iter().enumerate().filter(|(_, cells)| **cells == ["403"; 3]) {
            let ids = ["{product_id}", "{order_id}", "{rule_id}"];
            let path = ids.iter().fold(row.path.to_owned(), |path, id| path.replace(id, "7"));
            let path = format!("{path}?limit=0&cursor=x&status=x&from=x");
            let caller = cast.callers[role].as_ref().expect("nobody is never forbidden anything");
            caller.call(row.method, &path).raw("{").key("two words").await.is_refused(403, "forbidden");
            refused += 1;
        }
    }
    assert_eq!(refused, 26, "the table has as many cells of nothing but 403");
    cast.shop.finish().await;
}

#[tokio::test]
async fn a_seller_who_buys_is_a_buyer_and_moves_no_order_of_another_sellers() {
    let shop = Shop::open().await;
    let (sofia, tom) = (shop.seller("sofia").await, shop.seller("tom").await);
    let lamp = shop.product("Lamp").sold_by(&tom).list().await;
    let body = serde_json::json!({"product_id": lamp.id, "quantity": 1, "address": cast::address()});
    let bought = sofia.post("/orders", &body).await.is(201);
    let path = format!("/orders/{}", bought["order_id"].as_str().unwrap());
    assert_eq!(sofia.get(&path).await.is(200), bought);
    sofia.patch(&path, &serde_json::json!({"status": "processing"})).await.is_refused(403, "forbidden");
    assert_eq!(sofia.get("/seller/orders").await.is(200)["items"], serde_json::json!([]));
    assert_eq!(sofia.get(&format!("/orders/user/{}/stats", sofia.id)).await.is(200)["total_orders"], 1);
    sofia.call("PATCH", &format!("{path}/cancel")).await.is(200);
    shop.finish().await;
}
