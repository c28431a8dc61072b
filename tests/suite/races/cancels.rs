use serde_json::{Value, json};
use tests::product::Product;
use tests::shop::Shop;
use tests::user::User;

use super::{ROUNDS, at_once, count};

/// A shop where every desk earns five off; and Ada, who buys.
async fn generous_shop() -> (Shop, User, Product) {
    let shop = Shop::open().await;
    let desk = shop.product("Desk").price("100.00").list().await;
    let reward = json!({"kind": "fixed", "value": "5", "valid_days": 30});
    shop.rule(json!({"kind": "contains_product", "product_id": desk.id}), reward).await;
    let ada = shop.shopper("ada").await;
    (shop, ada, desk)
}

async fn status_of_coupon(shop: &Shop, code: &Value) -> Value {
    let coupons = shop.snapshot().await.coupons;
    coupons.iter().find(|coupon| coupon["code"] == *code).expect("the coupon")["status"].clone()
}

/// The coupon that an order earned.
async fn earned_by(shop: &Shop, order: &Value) -> Value {
    shop.settle().await;
    let coupons = shop.snapshot().await.coupons;
    coupons.iter().find(|coupon| coupon["order_id"] == order["order_id"]).expect("a coupon")["code"].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_is_shipped_or_cancelled_by_its_buyer_but_not_both() {
    let shop = Shop::open().await;
    let (ada, admin) = (shop.shopper("ada").await, shop.admin().await);
    let mug = shop.product("Mug").stock(50).list().await;
    let mut shipped = 0;
    for _ in 0..ROUNDS {
        let order = ada.orders_directly(&mug, 1).await.is(201);
        admin.moves(&order, "processing").await.is(200);
        let answers = at_once([ada.cancels(&order), admin.moves(&order, "shipped")]).await;
        assert_eq!((count(&answers, 200), count(&answers, 409)), (1, 1), "{answers:?}");
        let after = ada.looks_at(&order).await.is(200);
        let winner = answers.iter().find(|answer| answer.status == 200).expect("a winner");
        assert_eq!(winner.is(200), after);
        assert_eq!(after["status_history"].as_array().expect("a history").len(), 3);
        shipped += u64::from(after["status"] == "shipped");
    }
    assert_eq!(shop.stock_of(&mug).await, 50 - shipped);
    shop.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn however_many_cancel_at_once_its_stock_comes_back_once() {
    let shop = Shop::open().await;
    let (ada, admin) = (shop.shopper("ada").await, shop.admin().await);
    let mug = shop.product("Mug").stock(9).list().await;
    for round in 0..ROUNDS {
        let method = if round % 2 == 0 { "online" } else { "on_delivery" };
        let request = json!({"product_id": mug.id, "quantity": 3, "payment_method": method});
        let order = ada.post("/orders", &request).await.is(201);
        let answers = at_once([&ada, &admin, &ada, &admin].map(|user| user.cancels(&order))).await;
        for answer in &answers {
            assert_eq!(answer.is(200), answers[0].is(200));
        }
        assert_eq!(shop.stock_of(&mug).await, 9);
    }
    shop.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_who_move_an_order_at_once_leave_one_entry_in_its_history() {
    let shop = Shop::open().await;
    let (ada, admin) = (shop.shopper("ada").await, shop.admin().await);
    let mug = shop.product("Mug").list().await;
    for _ in 0..ROUNDS {
        let order = ada.orders_directly(&mug, 1).await.is(201);
        for (length, status) in (2..).zip(["processing", "shipped", "delivered"]) {
            let answers = at_once((0..4).map(|_| admin.moves(&order, status))).await;
            for answer in &answers {
                let history = answer.is(200)["status_history"].clone();
                assert_eq!(history.as_array().expect("a history").len(), length, "{history}");
            }
        }
    }
    shop.finish().await;
}

/// The message about the order is worked off while the order is cancelled.
#[tokio::test(flavor = "multi_thread")]
async fn an_order_that_is_cancelled_while_it_is_rewarded_leaves_no_coupon_to_use() {
    let (shop, ada, desk) = generous_shop().await;
    for _ in 0..ROUNDS {
        let order = ada.orders_directly(&desk, 1).await.is(201);
        ada.cancels(&order).await.is(200);
    }
    shop.settle().await;
    let coupons = shop.snapshot().await.coupons;
    assert!(coupons.iter().all(|coupon| coupon["status"] == "revoked"), "{coupons:?}");
    shop.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn parts_of_a_split_that_are_cancelled_at_once_give_its_coupon_back() {
    let (shop, ada, desk) = generous_shop().await;
    let order = ada.orders_directly(&desk, 1).await.is(201);
    let code = earned_by(&shop, &order).await;
    let products =
        [shop.product("Mug").list().await, shop.product("Pen").list().await, shop.product("Ink").list().await];
    for _ in 0..ROUNDS {
        for product in &products {
            ada.adds(product, 1).await.is(201);
        }
        let request = json!({"coupon_code": code, "split": "per_item"});
        let parts = ada.checks_out(&request).await.is(201)["orders"].clone();
        let parts = parts.as_array().expect("parts");
        let answers = at_once(parts.iter().map(|part| ada.cancels(part))).await;
        assert_eq!(count(&answers, 200), 3, "{answers:?}");
        assert_eq!(status_of_coupon(&shop, &code).await, "active");
    }
    shop.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_order_that_earned_a_coupon_and_the_one_that_used_it_are_cancelled_at_once() {
    let (shop, ada, desk) = generous_shop().await;
    let mug = shop.product("Mug").list().await;
    for _ in 0..ROUNDS {
        let earning = ada.orders_directly(&desk, 1).await.is(201);
        let code = earned_by(&shop, &earning).await;
        let request = json!({"product_id": mug.id, "quantity": 1, "coupon_code": code});
        let using = ada.post("/orders", &request).await.is(201);
        let answers = at_once([ada.cancels(&earning), ada.cancels(&using)]).await;
        assert_eq!(count(&answers, 200), 2, "{answers:?}");
        assert_eq!(status_of_coupon(&shop, &code).await, "revoked");
    }
    shop.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_coupon_is_used_while_the_order_that_earned_it_is_cancelled() {
    let (shop, ada, desk) = generous_shop().await;
    let mug = shop.product("Mug").list().await;
    for _ in 0..ROUNDS {
        let earning = ada.orders_directly(&desk, 1).await.is(201);
        let code = earned_by(&shop, &earning).await;
        ada.adds(&mug, 1).await.is(201);
        let answers = at_once([ada.cancels(&earning), ada.checks_out(&json!({"coupon_code": code}))]).await;
        answers[0].is(200);
        match answers[1].status {
            201 => assert_eq!(status_of_coupon(&shop, &code).await, "redeemed"),
            _ => {
                answers[1].is_refused(422, "coupon_not_applicable");
                assert_eq!(status_of_coupon(&shop, &code).await, "revoked");
                ada.delete("/cart-items").await.is_empty();
            }
        }
    }
    shop.finish().await;
}

/// Whatever is tried with an order at once, it ends as one of them would have ended it.
#[tokio::test(flavor = "multi_thread")]
async fn an_order_is_cancelled_moved_and_deleted_at_once() {
    let shop = Shop::open().await;
    let (ada, admin) = (shop.shopper("ada").await, shop.admin().await);
    let mug = shop.product("Mug").stock(50).list().await;
    let mut standing = 0;
    for _ in 0..ROUNDS {
        let order = ada.orders_directly(&mug, 1).await.is(201);
        let path = format!("/orders/{}", order["order_id"].as_str().expect("an id"));
        let answers = at_once([
            admin.moves(&order, "processing"),
            ada.cancels(&order),
            admin.delete(&path),
            admin.moves(&order, "shipped"),
            admin.delete(&path),
        ])
        .await;
        assert!(answers.iter().all(|answer| [200, 204, 404, 409].contains(&answer.status)), "{answers:?}");
        let left = ada.looks_at(&order).await;
        standing += u64::from(left.status == 200 && left.is(200)["status"] != "cancelled");
    }
    assert_eq!(shop.stock_of(&mug).await, 50 - standing);
    shop.finish().await;
}
