//! Odd things in queries, paths and headers.

use serde_json::{Value, json};
use shared::ids::OrderId;
use tests::shop::Shop;

use crate::routes::auth;
use crate::routes::roles::outcome;

/// As a client writes it in an address, separated by blanks.
const ODD: &str = "
    x % %00 %0A %20 %FF %2F a%2Fb ..%2F.. %3C%3E %7B%22a%22:1%7D %F0%9F%99%82 %C0%AF null NaN -1 1.5 1e300
    99999999999999999999 '-- a,b 3fa85f6457174562b3fc2c963f66afa6 3fa85f64-5717-4562-b3fc-2c963f66afa6%00
";

fn odd() -> impl Iterator<Item = String> {
    let long = ["9".repeat(10_000), "%F0%9F%99%82".repeat(800)];
    ODD.split_whitespace().map(str::to_owned).chain(long)
}

/// Every list, and what its query takes.
const QUERIES: [(&str, &[&str]); 8] = [
    ("/products", &["limit", "cursor"]),
    ("/inventory", &["limit", "cursor", "status"]),
    ("/orders", &["limit", "cursor", "status", "from", "to"]),
    ("/seller/orders", &["limit", "cursor", "status"]),
    ("/orders/user/{user_id}", &["limit", "cursor", "status"]),
    ("/cart-items", &["user_id"]),
    ("/coupons", &["limit", "cursor"]),
    ("/reward-rules", &["limit", "cursor"]),
];

/// What a parameter refuses besides odd things, and what it takes.
fn known(path: &str, parameter: &str) -> (&'static [&'static str], &'static [&'static str]) {
    match (path, parameter) {
        (_, "limit") => (&["", "0", "101", "%2B1%2B", "1,2"], &["1", "100"]),
        (_, "cursor") => (&["", "AAAA", "e30", "bm8gY3Vyc29y"], &[]),
        ("/inventory", _) => (&["", "in_stock", "LIMITED_STOCK"], &["limited_stock", "out_of_stock"]),
        (_, "status") => (&["", "Placed", "placed%20", "paid"], &["placed", "under_paying", "cancelled"]),
        (_, "from" | "to") => (
            &[
                "",
                "2026-02-30",
                "20261120",
                "99999-01-01",
                "2026-11-20T25:00:00Z",
                "2026-11-20T06:21",
                "-2026-01-01",
                "9999-12-31T23:59:59-23:59",
                "0000-01-01T00:00:00%2B23:59",
            ],
            &["9999-12-31", "9999-12-31T23:59:59.123456789Z"],
        ),
        _ => (&["", "7"], &[]),
    }
}

#[tokio::test]
async fn queries() {
    let shop = Shop::open().await;
    let boss = shop.sign_up("boss", json!({"groups": ["admin", "seller"]})).await;
    let mug = shop.product("Mug").sold_by(&boss).list().await;
    let body = json!({"product_id": mug.id, "quantity": 1, "address": super::scene::address()});
    boss.post("/orders", &body).await.is(201);
    let mut wrong = Vec::new();
    for (path, parameters) in QUERIES {
        for parameter in parameters {
            let (refused, taken) = known(path, parameter);
            let code = if *parameter == "cursor" { "400 invalid_cursor" } else { "400 invalid_parameter" };
            let refused = odd().chain(refused.iter().map(|value| (*value).to_owned())).map(|value| (value, code));
            for (value, expected) in refused.chain(taken.iter().map(|value| ((*value).to_owned(), "200"))) {
                let path = path.replace("{user_id}", &boss.id.to_string());
                let outcome = outcome(&boss.get(&format!("{path}?{parameter}={value}")).await);
                if outcome != expected {
                    wrong.push(format!("{path}?{parameter}={value:.60}: {outcome} instead of {expected}\n"));
                }
            }
        }
        boss.get(&format!("{}?&&=&x=%00&limit=1&limit=2", path.replace("{user_id}", &boss.id.to_string())))
            .await
            .is(200);
    }
    assert!(wrong.is_empty(), "{}", wrong.concat());
    // Without an end, such a list would go through every day since.
    for ages_ago in ["0000-01-01", "1969-12-31T23:59:59Z"] {
        boss.get(&format!("/orders?to={ages_ago}")).await.is(200);
        boss.get(&format!("/orders?from={ages_ago}&to=2026-01-02")).await.is(200);
    }
    boss.get("/orders?from=2026-11-21&to=2026-11-20").await.is_refused(400, "invalid_parameter");
    shop.finish().await;
}

#[tokio::test]
async fn ids_in_paths() {
    let shop = Shop::open().await;
    let admin = shop.admin().await;
    let mut wrong = Vec::new();
    for (method, path, _) in auth::routes() {
        let Some((_, parameter)) = path.split_once('{') else { continue };
        let (parameter, _) = parameter.split_once('}').expect("an end");
        let (code, body) = match (parameter, method) {
            ("product_id", _) => ("404 product_not_found", json!({})),
            ("item_id", _) => ("404 cart_item_not_found", json!({"quantity": 1})),
            ("order_id", "POST") => ("404 order_not_found", json!({"outcome": "succeeded"})),
            ("order_id", _) => ("404 order_not_found", json!({})),
            ("user_id", _) => ("404 user_not_found", json!({})),
            ("code", _) => ("404 coupon_not_found", json!({})),
            ("rule_id", _) => ("404 rule_not_found", json!({})),
            _ => panic!("a parameter of no test: {parameter}"),
        };
        for id in odd() {
            let path = path.replace(&format!("{{{parameter}}}"), &id);
            let outcome = outcome(&admin.call(method, &path).json(&body).await);
            if outcome != code {
                wrong.push(format!("{method} {path:.80}: {outcome} instead of {code}\n"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.concat());
    shop.finish().await;
}

/// API Gateway decodes the path, and hands on the query as it came.
#[tokio::test]
async fn addresses_that_are_none() {
    let shop = Shop::open().await;
    let event = |file: &str, path: &str, query: &str| {
        let mut event: Value = serde_json::from_str(file).expect("an event");
        event["rawPath"] = json!(path);
        event["requestContext"]["http"]["path"] = json!(path);
        event["rawQueryString"] = json!(query);
        event["pathParameters"] = json!({"product_id": path.trim_start_matches("/products/")});
        event
    };
    for odd in ["a b", "ä", "🙂", "a?b", "a#b", "%", "<>", "a\\b", "\"", "\u{0}", "\n", "//x", "[", "{}", "|^`", "é%"]
    {
        let product = event(include_str!("../../../../events/get-product.json"), &format!("/products/{odd}"), "");
        assert_eq!(shop.invoke("get-product", product).await["statusCode"], 404, "{odd}");
        let list = event(include_str!("../../../../events/list-products.json"), "/products", &format!("limit={odd}"));
        assert_eq!(shop.invoke("list-products", list).await["statusCode"], 400, "{odd}");
    }
    shop.finish().await;
}

#[tokio::test]
async fn headers() {
    let shop = Shop::open().await;
    let admin = shop.admin().await;
    for (method, path, _) in auth::routes() {
        let fill =
            |segment: &str| if segment.starts_with('{') { OrderId::random().to_string() } else { segment.to_owned() };
        let path = path.split('/').map(fill).collect::<Vec<_>>().join("/");
        for (name, value) in [
            ("idempotency-key", ""),
            ("idempotency-key", "two words"),
            ("idempotency-key", "naïve"),
            ("idempotency-key", &"k".repeat(8_000)),
            ("stripe-signature", "t=1,v1=é"),
            ("content-type", "x/y; charset=\"\\"),
            ("content-type", "application/x-www-form-urlencoded"),
            ("accept", "nothing at all"),
            ("x-forwarded-for", "é, é"),
            ("cookie", "=;=;é"),
        ] {
            let call = admin.call(method, &path).json(&json!({}));
            let answer = call.header(name, value).await;
            assert!(answer.status < 500, "{method} {path}, {name}: {value:.60}: {}", answer.text);
        }
    }
    shop.finish().await;
}
