//! `GET /users/me`.

use serde_json::json;
use tests::shop::Shop;

#[tokio::test]
async fn who_signed_up_has_a_profile() {
    let shop = Shop::open().await;
    let ada = shop.newcomer("ada").await;
    let profile = ada.get("/users/me").await.is(200);
    assert_eq!(
        profile,
        json!({
            "user_id": ada.id, "email": "ada@example.com", "name": "ada", "phone": null, "address": null,
            "created_at": profile["created_at"], "updated_at": profile["created_at"],
        })
    );
    shop.finish().await;
}

#[tokio::test]
async fn whom_nobody_registered_is_not_found() {
    let shop = Shop::open().await;
    let stranger = shop.stranger("eve").await;
    stranger.get("/users/me").await.is_refused(404, "user_not_found");
    shop.finish().await;
}
