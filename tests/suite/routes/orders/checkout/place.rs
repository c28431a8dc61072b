//! What an order is made of.

use serde_json::{Value, json};
use shared::time::Timestamp;
use tests::shop::Shop;
use tests::user::User;

/// A cart with two lines, 30.98 together.
async fn filled_cart(shop: &Shop, user: &User) {
    let laptop = shop.product("Laptop").price("9.99").stock(5).list().await;
    let shirt = shop.product("Shirt").price("11.00").sizes(&[("M", 4)]).list().await;
    user.adds(&laptop, 2).await.is(201);
    let red = json!({"product_id": shirt.id, "quantity": 1, "size": "M", "product_properties": {"color": "red"}});
    user.post("/cart-items", &red).await.is(201);
}

#[tokio::test]
async fn the_cart_becomes_an_order() {
    let shop = Shop::open().await;
    let ada = shop.shopper("ada").await;
    filled_cart(&shop, &ada).await;
    let cart = ada.cart().await;
    let placed = ada.checks_out(&json!({})).await.is_fresh(201);
    let order = &placed["orders"][0];
    let (order_id, now) = (&placed["order_id"], &order["created_at"]);
    let line = |item: &Value| {
        let copied = ["item_id", "product_id", "name", "size", "product_properties", "variation_key", "unit_price"];
        let mut line: Value = copied.iter().map(|field| ((*field).to_owned(), item[*field].clone())).collect();
        line["quantity"] = item["quantity"].clone();
        line["line_total"] = item["line_total"].clone();
        line["seller_id"] = json!(null);
        line
    };
    let mut items: Vec<Value> = cart["items"].as_array().unwrap().iter().map(line).collect();
    items.sort_by_key(|item| item["item_id"].to_string());
    let mut ordered = order["items"].as_array().unwrap().clone();
    ordered.sort_by_key(|item| item["item_id"].to_string());
    assert_eq!(ordered, items);
    assert_eq!(
        *order,
        json!({
            "order_id": order_id, "user_id": ada.id, "seller_id": null, "status": "placed", "items": order["items"],
            "items_count": 3, "subtotal": "30.98", "discount": "0.00", "total_price": "30.98", "currency": "USD",
            "coupon_code": null,
            "contact": {"name": "ada", "email": "ada@example.com", "phone": "+1 555 0100"},
            "address": {
                "line1": "12 Harbor Street", "line2": null, "city": "Portland", "region": null,
                "postal_code": "97205", "country": "US",
            },
            "payment": {"method": "on_delivery", "status": "not_required", "deadline": null, "reference": null},
            "tracking": null,
            "status_history": [{"status": "placed", "at": now, "by": ada.id, "reason": null}],
            "created_at": now, "updated_at": now,
        })
    );
    assert_eq!(placed["orders"].as_array().unwrap().len(), 1);
    shop.finish().await;
}

#[tokio::test]
async fn the_cart_is_empty_and_its_stock_sold() {
    let shop = Shop::open().await;
    let mug = shop.product("Mug").stock(5).list().await;
    let ada = shop.shopper("ada").await;
    ada.buys(&mug, 2).await;
    let cart = ada.cart().await;
    assert_eq!((&cart["items"], &cart["cart_id"], &cart["reserved_until"]), (&json!([]), &json!(null), &json!(null)));
    assert_eq!(shop.stock_of(&mug).await, 3);
    let stock = &shop.snapshot().await.inventory[0];
    assert_eq!((&stock["available"], &stock["reserved"], &stock["sold"]), (&json!(3), &json!(0), &json!(2)));
    ada.buys(&mug, 3).await;
    shop.finish().await;
}

#[tokio::test]
async fn paid_online_its_stock_stays_reserved_until_the_deadline() {
    let shop = Shop::open().await;
    let mug = shop.product("Mug").stock(5).list().await;
    let ada = shop.shopper("ada").await;
    ada.adds(&mug, 2).await.is(201);
    let order = ada.checks_out(&json!({"payment_method": "online"})).await.is(201)["orders"][0].clone();
    let moment = |value: &Value| serde_json::from_value::<Timestamp>(value.clone()).unwrap().millis();
    assert_eq!(moment(&order["payment"]["deadline"]) - moment(&order["created_at"]), 900_000);
    assert_eq!(
        order["payment"],
        json!({"method": "online", "status": "pending", "deadline": order["payment"]["deadline"], "reference": null})
    );
    assert_eq!(
        (&order["status"], &order["status_history"][0]["status"]),
        (&json!("under_paying"), &json!("under_paying"))
    );
    let stock = &shop.snapshot().await.inventory[0];
    assert_eq!((&stock["available"], &stock["reserved"], &stock["sold"]), (&json!(3), &json!(2), &json!(0)));
    // It is no longer the cart's: the end of the cart's hold leaves it alone.
    shop.pass(1_800);
    assert_eq!(shop.fire("release-reservations").await["units_released"], 0);
    shop.finish().await;
}

#[tokio::test]
async fn contact_and_address_of_the_request_come_first() {
    let shop = Shop::open().await;
    let mug = shop.product("Mug").list().await;
    let ada = shop.shopper("ada").await;
    ada.adds(&mug, 1).await.is(201);
    let address = json!({"line1": "1 Rue X", "line2": "2e", "city": "Paris", "region": "IDF", "postal_code": "75001", "country": "FR"});
    let contact = json!({"name": "Grace", "email": "grace@example.com", "phone": "+33 1 23 45"});
    let request = json!({"contact": contact, "address": address, "payment_method": "on_delivery", "split": "none", "user_id": ada.id});
    let order = ada.checks_out(&request).await.is(201)["orders"][0].clone();
    assert_eq!((&order["contact"], &order["address"]), (&contact, &address));
    shop.finish().await;
}

#[tokio::test]
async fn a_contact_without_an_address_of_its_own_has_the_profiles() {
    let shop = Shop::open().await;
    let mug = shop.product("Mug").list().await;
    let ada = shop.shopper("ada").await;
    ada.adds(&mug, 1).await.is(201);
    let order = ada.checks_out(&json!({"contact": {"name": "Grace"}})).await.is(201)["orders"][0].clone();
    assert_eq!(order["contact"], json!({"name": "Grace", "email": "ada@example.com", "phone": null}));
    assert_eq!(order["address"]["city"], "Portland");
    shop.finish().await;
}

#[tokio::test]
async fn an_order_keeps_what_was_bought_whatever_becomes_of_the_product() {
    let shop = Shop::open().await;
    let mug = shop.product("Mug").price("10.00").list().await;
    let ada = shop.shopper("ada").await;
    let order = ada.buys(&mug, 2).await;
    shop.reprice(&mug, "99.00").await;
    shop.archive(&mug).await;
    ada.put("/users/me", &json!({"name": "Somebody else"})).await.is(200);
    let path = format!("/orders/{}", order["order_id"].as_str().unwrap());
    assert_eq!(ada.get(&path).await.is(200), order);
    shop.finish().await;
}

#[tokio::test]
async fn everything_in_the_request_may_be_left_out_and_so_may_the_request() {
    let shop = Shop::open().await;
    let mug = shop.product("Mug").list().await;
    let ada = shop.shopper("ada").await;
    ada.adds(&mug, 1).await.is(201);
    ada.call("POST", "/orders/checkout").await.is(201);
    ada.adds(&mug, 1).await.is(201);
    let nulls = json!({
        "user_id": null, "contact": null, "address": null, "payment_method": null, "coupon_code": null,
        "expected_total": null, "split": null,
    });
    ada.checks_out(&nulls).await.is(201);
    shop.finish().await;
}

#[tokio::test]
async fn what_costs_nothing_can_be_ordered() {
    let shop = Shop::open().await;
    let flyer = shop.product("Flyer").price("0").list().await;
    let ada = shop.shopper("ada").await;
    assert_eq!(ada.buys(&flyer, 3).await["total_price"], "0.00");
    shop.finish().await;
}

#[tokio::test]
async fn a_total_may_be_larger_than_any_price() {
    let shop = Shop::open().await;
    let yacht = shop.product("Yacht").price("99999999.99").stock(999).list().await;
    let ada = shop.shopper("ada").await;
    ada.adds(&yacht, 999).await.is(201);
    let placed = ada.checks_out(&json!({"expected_total": "99899999990.01"})).await.is(201);
    let order = &placed["orders"][0];
    assert_eq!(order["total_price"], "99899999990.01");
    let path = format!("/orders/{}", order["order_id"].as_str().expect("an id"));
    assert_eq!(ada.get(&path).await.is(200), *order);
    ada.get(&format!("/orders/user/{}", ada.id)).await.is(200);
    shop.finish().await;
}
