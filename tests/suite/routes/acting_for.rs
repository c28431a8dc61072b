//! Acting for somebody else. Who may, the table of roles says; here is what comes of it.

use serde_json::json;
use shared::ids::{ItemId, UserId};
use tests::api::Call;
use tests::product::Product;
use tests::shop::Shop;
use tests::user::User;

/// Every route that names a user, in its path, query or body.
const ROUTES: [(&str, &str); 13] = [
    ("POST", "/cart-items"),
    ("GET", "/cart-items"),
    ("PATCH", "/cart-items/{item_id}"),
    ("DELETE", "/cart-items/{item_id}"),
    ("DELETE", "/cart-items"),
    ("POST", "/orders/checkout"),
    ("POST", "/orders"),
    ("GET", "/orders/user/{user_id}"),
    ("GET", "/orders/user/{user_id}/stats"),
    ("POST", "/api/cart"),
    ("GET", "/api/cart"),
    ("DELETE", "/api/cart/{item_id}"),
    ("POST", "/api/checkout"),
];

/// Each of them as `caller` would call it for `user_id`.
fn calls_for(caller: &User, user_id: UserId, product: &Product) -> Vec<Call> {
    let call = |(method, path): (&'static str, &str)| {
        let in_path = path.contains("{user_id}");
        let path = path.replace("{item_id}", &ItemId::random().to_string()).replace("{user_id}", &user_id.to_string());
        match method {
            "POST" if path.ends_with("checkout") => caller.post(&path, &json!({"user_id": user_id})),
            "POST" => caller.post(&path, &json!({"product_id": product.id, "quantity": 1, "user_id": user_id})),
            "PATCH" => caller.patch(&path, &json!({"quantity": 1, "user_id": user_id})),
            _ if in_path => caller.call(method, &path),
            _ => caller.call(method, &format!("{path}?user_id={user_id}")),
        }
    };
    ROUTES.into_iter().map(call).collect()
}

#[tokio::test]
async fn an_admin_fills_changes_and_empties_anothers_cart() {
    let shop = Shop::open().await;
    let mug = shop.product("Mug").list().await;
    let (ada, admin) = (shop.shopper("ada").await, shop.admin().await);
    let body = json!({"product_id": mug.id, "quantity": 1, "user_id": ada.id});
    let line = admin.post("/cart-items", &body).await.is(201);
    let cart = admin.get(&format!("/cart-items?user_id={}", ada.id)).await.is(200);
    assert_eq!(cart, ada.cart().await);
    assert_eq!(cart["items"], json!([line]));
    let item = format!("/cart-items/{}", line["item_id"].as_str().unwrap());
    admin.patch(&item, &json!({"quantity": 3, "user_id": ada.id})).await.is(200);
    assert_eq!(ada.cart().await["total_quantity"], 3);
    admin.delete(&format!("{item}?user_id={}", ada.id)).await.is_empty();
    admin.post("/cart-items", &body).await.is(201);
    admin.delete(&format!("/cart-items?user_id={}", ada.id)).await.is_empty();
    assert_eq!(ada.cart().await["items"], json!([]));
    shop.finish().await;
}

#[tokio::test]
async fn an_admin_checks_out_for_another_and_the_order_is_theirs() {
    let shop = Shop::open().await;
    let mug = shop.product("Mug").list().await;
    let (ada, admin) = (shop.shopper("ada").await, shop.admin().await);
    ada.adds(&mug, 2).await.is(201);
    let placed = admin.checks_out(&json!({"user_id": ada.id})).await.is(201);
    let order = &placed["orders"][0];
    assert_eq!(order["user_id"], json!(ada.id));
    assert_eq!(order["contact"]["email"], json!(ada.email));
    assert_eq!(order["status_history"][0]["by"], json!(admin.id));
    let listed = admin.get(&format!("/orders/user/{}", ada.id)).await.is(200);
    assert_eq!(listed, ada.get(&format!("/orders/user/{}", ada.id)).await.is(200));
    shop.finish().await;
}

#[tokio::test]
async fn an_admin_orders_for_another_and_the_order_is_theirs() {
    let shop = Shop::open().await;
    let mug = shop.product("Mug").list().await;
    let (ada, admin) = (shop.shopper("ada").await, shop.admin().await);
    let body = json!({"product_id": mug.id, "quantity": 1, "user_id": ada.id});
    let order = admin.post("/orders", &body).await.is(201);
    assert_eq!((&order["user_id"], &order["contact"]["email"]), (&json!(ada.id), &json!(ada.email)));
    assert_eq!(order["status_history"][0]["by"], json!(admin.id));
    assert_eq!(ada.get(&format!("/orders/{}", order["order_id"].as_str().unwrap())).await.is(200), order);
    let stats = admin.get(&format!("/orders/user/{}/stats", ada.id)).await.is(200);
    assert_eq!((&stats["total_orders"], &stats["total_spent"]), (&json!(1), &json!("10.00")));
    shop.finish().await;
}

#[tokio::test]
async fn whom_nobody_registered_has_no_cart_and_no_orders() {
    let shop = Shop::open().await;
    let mug = shop.product("Mug").list().await;
    let eve = shop.stranger("eve").await;
    eve.adds(&mug, 1).await.is_refused(404, "user_not_found");
    eve.get("/cart-items").await.is_refused(404, "user_not_found");
    eve.checks_out(&json!({})).await.is_refused(404, "user_not_found");
    for call in calls_for(&eve, eve.id, &mug) {
        call.await.is_refused(404, "user_not_found");
    }
    shop.finish().await;
}
