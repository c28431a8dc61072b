use serde_json::json;
use shared::catalog::requests::UpdateProduct;
use shared::error::Error;
use tests::product::Product;
use tests::shop::Shop;
use tests::wire::Wire;

use super::{ROUNDS, at_once, count};

#[tokio::test(flavor = "multi_thread")]
async fn eight_under_one_key_list_one_product() {
    let shop = Shop::open().await;
    let admin = shop.admin().await;
    let shirt = json!({"name": "Shirt", "price": 5, "sizes": ["S", "M"], "stock": {"S": 3}, "stock_shards": 3});
    for round in 0..ROUNDS {
        let key = format!("shirt-{round}");
        let answers = at_once((0..8).map(|_| admin.post("/products", &shirt).key(&key))).await;
        assert_eq!(count(&answers, 201), 8, "{answers:?}");
        assert_eq!(answers.iter().filter(|answer| answer.header("idempotent-replayed").is_none()).count(), 1);
        assert!(answers.iter().all(|answer| answer.text == answers[0].text));
    }
    assert_eq!(shop.snapshot().await.products.len(), usize::try_from(ROUNDS).expect("few"));
    shop.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_of_different_fields_all_stay() {
    let shop = Shop::open().await;
    let admin = shop.admin().await;
    let mug = shop.product("Mug").list().await;
    for round in 1..=ROUNDS {
        let name = format!("Mug {round}");
        let price = format!("{round}.00");
        let image = format!("https://example.com/{round}.jpg");
        let changes = [
            json!({"name": name}),
            json!({"price": price}),
            json!({"image_url": image}),
            json!({"max_per_order": round}),
        ];
        for answer in at_once(changes.iter().map(|change| admin.patch(&mug.path(), change))).await {
            answer.is(200);
        }
        let shown = shop.get(&mug.path()).await.is(200);
        assert_eq!((&shown["name"], &shown["price"]), (&json!(name), &json!(price)));
        assert_eq!((&shown["image_url"], &shown["max_per_order"]), (&json!(image), &json!(round)));
    }
    shop.finish().await;
}

/// Changes a product while `rival` acts between the read and the write.
async fn update_while(
    shop: &Shop,
    product: &Product,
    change: serde_json::Value,
    rival: impl Future<Output = ()>,
) -> Result<serde_json::Value, Error> {
    let (wire, wired) = Wire::to(shop).await;
    let update: UpdateProduct = serde_json::from_value(change).expect("a change");
    let pause = wire.pauses("TransactWriteItems");
    let meanwhile = pause.during(rival);
    let updated = wired.store.update_product(product.id, None, &update, shop.clock.now());
    let (updated, ()) = tokio::join!(updated, meanwhile);
    Ok(serde_json::to_value(updated?).expect("a product"))
}

#[tokio::test]
async fn a_change_keeps_what_was_changed_since_it_was_read() {
    let shop = Shop::open().await;
    let mug = shop.product("Mug").price("10.00").list().await;
    let rival = shop.reprice(&mug, "12.00");
    update_while(&shop, &mug, json!({"name": "Cup"}), rival).await.expect("the change is made");
    let shown = shop.get(&mug.path()).await.is(200);
    assert_eq!((&shown["name"], &shown["price"]), (&json!("Cup"), &json!("12.00")));
    shop.finish().await;
}

#[tokio::test]
async fn a_change_does_not_bring_back_what_was_withdrawn_since_it_was_read() {
    let shop = Shop::open().await;
    let mug = shop.product("Mug").list().await;
    let refused = update_while(&shop, &mug, json!({"name": "Cup"}), shop.archive(&mug)).await;
    assert!(matches!(refused, Err(Error::ProductNotFound)), "{refused:?}");
    let product = &shop.snapshot().await.products[0];
    assert_eq!((&product["name"], &product["status"]), (&json!("Mug"), &json!("archived")));
    shop.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_is_done_at_once_a_withdrawn_product_stays_withdrawn() {
    let shop = Shop::open().await;
    let (admin, ada) = (shop.admin().await, shop.shopper("ada").await);
    for round in 0..ROUNDS {
        let mug = shop.product(&format!("Mug {round}")).stock(9).shards(2).list().await;
        let adjustment = json!({"product_id": mug.id, "delta": 1, "reason": "found"});
        let rivals = [
            admin.delete(&mug.path()),
            admin.patch(&mug.path(), &json!({"price": "1.00"})),
            ada.adds(&mug, 2),
            admin.post("/inventory/adjustments", &adjustment),
            admin.delete(&mug.path()),
        ];
        let answers = at_once(rivals).await;
        answers[0].is_empty();
        answers[4].is_empty();
        assert!(answers.iter().all(|answer| [200, 201, 204, 404].contains(&answer.status)), "{answers:?}");
        shop.get(&mug.path()).await.is_refused(404, "product_not_found");
        ada.delete("/cart-items").await.is_empty();
    }
    shop.finish().await;
}
