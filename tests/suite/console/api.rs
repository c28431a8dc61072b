//! `GET /_local/api` and `GET /_local/openapi.yaml`: the API's description, to read.

use tests::shop::Shop;

use crate::routes::auth;

#[tokio::test]
async fn the_page_shows_every_route_and_explains_every_name() {
    let shop = Shop::open().await;
    let answer = shop.get("/_local/api").await;
    assert_eq!((answer.status, answer.header("content-type")), (200, Some("text/html; charset=utf-8")));
    let page = answer.text;
    for (method, path, _) in auth::routes() {
        let heading = format!("<span class=\"method\">{method}</span> <code class=\"path\">{path}</code>");
        assert!(page.contains(&heading), "{method} {path}");
    }
    let links = page.split("href=\"#").skip(1).map(|link| link.split('"').next().expect("an end"));
    let mut count = 0;
    for link in links {
        assert!(page.contains(&format!("id=\"{link}\"")), "nothing is called {link}");
        count += 1;
    }
    assert!(count > 100, "{count} links");
    // What it is made of is shown, and nothing has to be fetched from elsewhere.
    assert!(page.contains("insufficient_stock") && page.contains("Idempotency-Key") && page.contains("next_cursor"));
    assert!(!page.contains("<script src") && !page.contains("<link rel=\"stylesheet\""));
    shop.finish().await;
}

#[tokio::test]
async fn the_document_is_served_as_it_is_written() {
    let shop = Shop::open().await;
    let answer = shop.get("/_local/openapi.yaml").await;
    assert_eq!((answer.status, answer.header("content-type")), (200, Some("application/yaml")));
    assert_eq!(answer.text, local::openapi::WRITTEN);
    shop.finish().await;
}
