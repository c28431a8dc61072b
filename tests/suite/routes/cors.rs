//! What browsers may do from other origins: anything, as the template has it.

use tests::shop::Shop;

#[tokio::test]
async fn a_browser_may_ask_before_it_calls() {
    let shop = Shop::open().await;
    let preflight = shop.api.call("OPTIONS", "/cart-items").header("origin", "https://shop.example.com");
    let preflight = preflight.header("access-control-request-method", "POST");
    let asked = preflight.header("access-control-request-headers", "authorization,idempotency-key").await;
    asked.is_empty();
    assert_eq!(asked.header("access-control-allow-origin"), Some("*"));
    for (header, values) in [
        ("access-control-allow-methods", vec!["GET", "POST", "PUT", "PATCH", "DELETE"]),
        ("access-control-allow-headers", vec!["authorization", "content-type", "idempotency-key"]),
    ] {
        let allowed = asked.header(header).unwrap_or_default().to_owned();
        assert!(values.iter().all(|value| allowed.contains(value)), "{header}: {allowed}");
    }
    shop.finish().await;
}

#[tokio::test]
async fn an_answer_can_be_read_from_another_origin_refused_or_not() {
    let shop = Shop::open().await;
    for (path, status) in [("/products", 200), ("/cart-items", 401), ("/products/7", 404)] {
        let answer = shop.get(path).header("origin", "https://shop.example.com").await;
        assert_eq!((answer.status, answer.header("access-control-allow-origin")), (status, Some("*")), "{path}");
        let exposed = answer.header("access-control-expose-headers").unwrap_or_default();
        assert!(exposed.contains("idempotent-replayed") && exposed.contains("retry-after"), "{exposed}");
    }
    assert_eq!(shop.get("/products").await.header("access-control-allow-origin"), None, "no other origin, no header");
    shop.finish().await;
}
