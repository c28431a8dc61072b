//! The catalogue, the stock, and people.

use serde_json::json;
use shared::ids::UserId;

use super::{Act, Case, Shop, case};
use crate::events::event;

pub(super) fn cases() -> Vec<Case> {
    vec![
        case!("health", "makes no call", 200, |shop| { shop.get("/") }),
        case!("list-products", "a page of two", 200, |shop| {
            shop.product("Pen").list().await;
            shop.product("Mug").shards(2).list().await;
            shop.product("Shirt").sizes(&[("S", 3), ("M", 4)]).list().await;
            shop.get("/products?limit=2")
        }),
        case!("get-product", "in two sizes", 200, |shop| {
            let shirt = shop.product("Shirt").sizes(&[("S", 3), ("M", 4)]).list().await;
            shop.get(&shirt.path())
        }),
        case!("create-product", "in two sizes", 201, |shop| {
            let shirt = json!({"name": "Shirt", "price": "10", "sizes": ["S", "M"], "stock": {"S": 3, "M": 4}});
            shop.admin().await.post("/products", &shirt).key("k")
        }),
        case!("update-product", "its price", 200, |shop| {
            let mug = shop.product("Mug").list().await;
            shop.admin().await.patch(&mug.path(), &json!({"price": "11.00"}))
        }),
        case!("archive-product", "in two sizes", 204, |shop| {
            let shirt = shop.product("Shirt").sizes(&[("S", 3), ("M", 4)]).list().await;
            shop.admin().await.delete(&shirt.path())
        }),
        case!("list-inventory", "all of a seller's", 200, |shop| {
            let seller = shop.seller("sofia").await;
            shop.product("Mug").sold_by(&seller).shards(2).list().await;
            seller.get("/inventory")
        }),
        case!("list-inventory", "what runs low of a seller's", 200, |shop| {
            let seller = shop.seller("sofia").await;
            shop.product("Mug").sold_by(&seller).stock(3).list().await;
            seller.get("/inventory?status=limited_stock")
        }),
        case!("adjust-inventory", "by so many", 200, |shop| {
            let mug = shop.product("Mug").shards(2).list().await;
            let broken = json!({"product_id": mug.id, "delta": -3, "reason": "broken"});
            shop.admin().await.post("/inventory/adjustments", &broken).key("k")
        }),
        case!("adjust-inventory", "to so many", 200, |shop| {
            let mug = shop.product("Mug").shards(2).list().await;
            let counted = json!({"product_id": mug.id, "set_available": 40, "reason": "stocktake"});
            shop.admin().await.post("/inventory/adjustments", &counted).key("k")
        }),
        case!("reshard-product", "from two shards to three", 200, |shop| {
            let mug = shop.product("Mug").stock(9).shards(2).list().await;
            shop.admin().await.put(&format!("{}/shards", mug.path()), &json!({"stock_shards": 3}))
        }),
        case!("register-user", "someone new", 200, |shop| {
            let mut event = event("register-user");
            event["request"]["userAttributes"]["sub"] = json!(UserId::random());
            shop.settle().await;
            Act::Invocation("register-user", event)
        }),
        case!("get-profile", "with an address", 200, |shop| { shop.shopper("ada").await.get("/users/me") }),
        case!("put-profile", "the first", 200, |shop| {
            shop.stranger("ada").await.put("/users/me", &json!({"name": "Ada"}))
        }),
        case!("put-profile", "another name", 200, |shop| {
            shop.shopper("ada").await.put("/users/me", &json!({"name": "Ada L."}))
        }),
    ]
}
