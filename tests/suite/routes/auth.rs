//! Tokens, and routes that there are not. The routes come from template.yaml, so a new one is held to
//! this too, and one that no test here knows how to call fails.

use local::template::{Deployment, Template};
use serde_json::json;
use shared::ids::UserId;
use tests::api::Call;
use tests::shop::Shop;

/// Every route of template.yaml: method, path, and whether it is public.
pub(crate) fn routes() -> Vec<(&'static str, String, bool)> {
    let deployment = Deployment {
        stack_name: "tests".to_owned(),
        region: "us-east-1".to_owned(),
        account_id: "000000000000".to_owned(),
        endpoint: "http://localhost".to_owned(),
    };
    let template = Template::parse(include_str!("../../../template.yaml"), &deployment).expect("a template");
    let routes = template.functions.into_values().flat_map(|function| function.routes);
    routes.map(|route| (method(&route.method), route.path.clone(), route.is_public())).collect()
}

fn method(name: &str) -> &'static str {
    let methods = ["GET", "POST", "PUT", "PATCH", "DELETE"];
    methods.into_iter().find(|method| *method == name).unwrap_or_else(|| panic!("a method of no test: {name}"))
}

/// A call of a route without a token, with some id for each parameter.
fn call(shop: &Shop, method: &'static str, path: &str) -> Call {
    let fill = |segment: &str| if segment.starts_with('{') { UserId::random().to_string() } else { segment.to_owned() };
    shop.api.call(method, &path.split('/').map(fill).collect::<Vec<_>>().join("/"))
}

#[tokio::test]
async fn these_routes_are_public_and_no_other() {
    let mut public: Vec<String> =
        routes().into_iter().filter(|route| route.2).map(|(method, path, _)| format!("{method} {path}")).collect();
    public.sort();
    assert_eq!(public, ["GET /", "GET /products", "GET /products/{product_id}", "POST /payments/webhook"]);
}

#[tokio::test]
async fn every_other_route_asks_for_a_good_token() {
    let shop = Shop::open().await;
    let expired = shop.sign_up("late", json!({"expires_in": -60})).await.token;
    let good = shop.newcomer("ada").await.token;
    let (head, signature) = good.rsplit_once('.').unwrap();
    let tampered = format!("{head}.{}", signature.chars().rev().collect::<String>());
    let elsewhere = Shop::open().await;
    let foreign = elsewhere.newcomer("ada").await.token;
    elsewhere.finish().await;
    let unsigned = format!("{head}.");
    for (method, path, _) in routes().into_iter().filter(|route| !route.2) {
        let call = || call(&shop, method, &path);
        call().await.is_from_the_gateway(401, "Unauthorized");
        for bad in [expired.as_str(), &tampered, &foreign, &unsigned, "", "x", "a.b.c"] {
            call().token(bad).await.is_from_the_gateway(401, "Unauthorized");
        }
        call().header("authorization", &format!("Basic {good}")).await.is_from_the_gateway(401, "Unauthorized");
        let allowed = call().token(&good).await;
        assert_ne!(allowed.status, 401, "{method} {path}");
    }
    shop.finish().await;
}

#[tokio::test]
async fn a_token_is_good_until_it_expires() {
    let shop = Shop::open().await;
    let ada = shop.sign_up("ada", json!({"expires_in": 600})).await;
    ada.get("/users/me").await.is(200);
    shop.pass(601);
    ada.get("/users/me").await.is_from_the_gateway(401, "Unauthorized");
    shop.finish().await;
}

#[tokio::test]
async fn a_public_route_takes_any_token_or_none() {
    let shop = Shop::open().await;
    shop.get("/products").token("x").await.is(200);
    shop.get("/products").await.is(200);
    shop.finish().await;
}

#[tokio::test]
async fn a_route_that_there_is_not_is_not_found_whoever_asks() {
    let shop = Shop::open().await;
    let ada = shop.newcomer("ada").await;
    for (method, path) in [
        ("GET", "/nothing"),
        ("DELETE", "/orders"),
        ("GET", "/payments/webhook"),
        ("GET", "/seller"),
        ("GET", "/products/"),
        ("POST", "/"),
        ("PUT", "/products"),
        ("GET", "/users/you"),
        ("PATCH", "/cart-items"),
        ("GET", "/api/checkout"),
        ("POST", "/api/cart/7"),
        ("GET", "/Products"),
        ("DELETE", "/orders/user/7"),
    ] {
        shop.api.call(method, path).await.is_from_the_gateway(404, "Not Found");
        ada.call(method, path).await.is_from_the_gateway(404, "Not Found");
    }
    shop.finish().await;
}

#[tokio::test]
async fn a_subject_that_is_no_user_id_may_do_nothing() {
    let shop = Shop::open().await;
    let mut event: serde_json::Value = serde_json::from_str(include_str!("../../../events/get-cart.json")).unwrap();
    event["requestContext"]["authorizer"]["jwt"]["claims"]["sub"] = json!("auth0|7");
    assert_eq!(shop.invoke("get-cart", event.clone()).await["statusCode"], 403);
    event["requestContext"].as_object_mut().unwrap().remove("authorizer");
    assert_eq!(shop.invoke("get-cart", event).await["statusCode"], 401);
    shop.finish().await;
}

#[tokio::test]
async fn groups_are_read_in_either_form() {
    let shop = Shop::open().await;
    let ada = shop.newcomer("ada").await;
    for (groups, status) in [
        (json!("[admin seller]"), 200),
        (json!(["admin"]), 200),
        (json!("admin,seller"), 200),
        (json!("[seller]"), 403),
        (json!("[administrators]"), 403),
        (json!([]), 403),
        (json!("[]"), 403),
    ] {
        let mut event: serde_json::Value = serde_json::from_str(include_str!("../../../events/get-cart.json")).unwrap();
        event["requestContext"]["authorizer"]["jwt"]["claims"]["cognito:groups"] = groups.clone();
        event["rawQueryString"] = json!(format!("user_id={}", ada.id));
        event["queryStringParameters"] = json!({"user_id": ada.id});
        assert_eq!(shop.invoke("get-cart", event).await["statusCode"], status, "{groups}");
    }
    shop.finish().await;
}
