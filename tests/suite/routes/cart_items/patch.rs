//! `PATCH /cart-items/{item_id}`.

use serde_json::json;
use shared::ids::ItemId;
use tests::shop::Shop;

use crate::routes::refuses_unreadable_bodies;

#[tokio::test]
async fn growing_reserves_the_difference_and_shrinking_gives_it_back() {
    let shop = Shop::open().await;
    let mug = shop.product("Mug").price("2.50").stock(9).list().await;
    let ada = shop.shopper("ada").await;
    let line = ada.adds(&mug, 2).await.is(201);
    for (quantity, left, total) in [(7, 2, "17.50"), (9, 0, "22.50"), (1, 8, "2.50"), (1, 8, "2.50")] {
        let changed = ada.changes(&line["item_id"], quantity).await.is(200);
        assert_eq!((&changed["quantity"], &changed["line_total"]), (&json!(quantity), &json!(total)));
        assert_eq!((&changed["stock"]["available"], &changed["stock"]["max_quantity"]), (&json!(left), &json!(9)));
        assert_eq!(ada.cart().await["items"][0], changed);
    }
    shop.finish().await;
}

#[tokio::test]
async fn a_line_cannot_grow_beyond_what_there_is() {
    let shop = Shop::open().await;
    let mug = shop.product("Mug").stock(3).shards(2).list().await;
    let ada = shop.shopper("ada").await;
    let line = ada.adds(&mug, 2).await.is(201);
    let errors = ada.changes(&line["item_id"], 5).await.is_refused(409, "insufficient_stock");
    assert_eq!(
        errors,
        json!([{
            "item_id": line["item_id"], "product_id": mug.id, "name": "Mug", "size": null, "requested": 5,
            "available": 3, "message": "Mug: Only 3 items available, but 5 requested",
        }])
    );
    assert_eq!(ada.cart().await["items"][0]["quantity"], 2);
    shop.finish().await;
}

#[tokio::test]
async fn limits_hold_for_growing_but_not_for_shrinking() {
    let shop = Shop::open().await;
    let shirt = shop.product("Shirt").sizes(&[("S", 900), ("M", 900)]).max_per_order(4).list().await;
    let ada = shop.shopper("ada").await;
    let small = ada.adds_size(&shirt, "S", 3).await.is(201)["item_id"].clone();
    ada.adds_size(&shirt, "M", 1).await.is(201);
    ada.changes(&small, 4).await.is_refused(422, "quantity_limit");
    ada.changes(&small, 1_000).await.is_refused(422, "quantity_limit");
    ada.changes(&small, u32::MAX).await.is_refused(422, "quantity_limit");
    shop.limit(&shirt, 1).await;
    ada.changes(&small, 2).await.is(200);
    shop.finish().await;
}

#[tokio::test]
async fn a_line_of_a_withdrawn_product_can_shrink_but_not_grow() {
    let shop = Shop::open().await;
    let mug = shop.product("Mug").list().await;
    let ada = shop.shopper("ada").await;
    let item_id = ada.adds(&mug, 3).await.is(201)["item_id"].clone();
    shop.archive(&mug).await;
    ada.changes(&item_id, 4).await.is_invalid("quantity");
    assert_eq!(ada.changes(&item_id, 2).await.is(200)["quantity"], 2);
    shop.finish().await;
}

#[tokio::test]
async fn a_line_that_is_not_there_is_not_found() {
    let shop = Shop::open().await;
    let mug = shop.product("Mug").list().await;
    let (ada, ben) = (shop.shopper("ada").await, shop.shopper("ben").await);
    let hers = ada.adds(&mug, 1).await.is(201)["item_id"].clone();
    for item_id in [json!(ItemId::random()), json!("7"), hers] {
        ben.changes(&item_id, 1).await.is_refused(404, "cart_item_not_found");
    }
    shop.finish().await;
}

#[tokio::test]
async fn quantities_that_are_none_are_refused() {
    let shop = Shop::open().await;
    let mug = shop.product("Mug").list().await;
    let ada = shop.shopper("ada").await;
    let line = ada.adds(&mug, 2).await.is(201);
    let path = format!("/cart-items/{}", line["item_id"].as_str().unwrap());
    for none in [json!(0), json!(-1), json!(1.5), json!("3"), json!(null), json!([]), json!({}), json!(true), json!("")]
    {
        ada.patch(&path, &json!({"quantity": none})).await.is_invalid("quantity");
    }
    ada.patch(&path, &json!({})).await.is_invalid("quantity");
    for field in ["size", "unit_price", "product_properties"] {
        ada.patch(&path, &json!({"quantity": 1, field: "1"})).await.is_invalid(field);
    }
    ada.patch(&path, &json!({"quantity": 1, "user_id": "x"})).await.is_invalid("user_id");
    ada.call("PATCH", &path).raw(r#"{"quantity": 1, "quantity": 2}"#).await.is_invalid("quantity");
    ada.call("PATCH", &path).await.is_refused(400, "invalid_json");
    refuses_unreadable_bodies(&ada.call("PATCH", &path)).await;
    assert_eq!(ada.cart().await["items"], json!([line]));
    shop.finish().await;
}

#[tokio::test]
async fn a_whole_number_may_be_written_with_a_point() {
    let shop = Shop::open().await;
    let mug = shop.product("Mug").list().await;
    let ada = shop.shopper("ada").await;
    let line = ada.adds(&mug, 2).await.is(201);
    let path = format!("/cart-items/{}", line["item_id"].as_str().unwrap());
    let changed = ada.patch(&path, &json!({"quantity": 3.0, "user_id": ada.id})).await.is(200);
    assert_eq!(changed["quantity"], 3);
    shop.finish().await;
}
