//! Eight people who buy for as long as something else takes.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use serde_json::json;
use tests::product::Product;
use tests::shop::Shop;
use tests::user::User;

/// A shop with people in it, and what they buy: one thing in one stock item, and one in three.
pub(super) struct Sellers {
    people: Vec<User>,
    products: Vec<Product>,
}

pub(super) async fn open(shop: &Shop) -> Sellers {
    let mut people = Vec::new();
    for number in 0..8 {
        people.push(shop.shopper(&format!("shopper{number}")).await);
    }
    let products = vec![
        shop.product("Bun").stock(100_000).list().await,
        shop.product("Tea").stock(100_000).shards(3).list().await,
    ];
    Sellers { people, products }
}

impl Sellers {
    /// Has everybody buy, change their mind and cancel until `work` is done.
    pub(super) async fn sell_during(self, work: impl Future<Output = ()>) {
        let (done, sold) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU32::new(0)));
        let buying: Vec<_> = (self.people.into_iter())
            .map(|person| {
                let (done, sold, products) = (done.clone(), sold.clone(), self.products.clone());
                tokio::spawn(async move {
                    while !done.load(Ordering::Relaxed) {
                        visit(&person, &products).await;
                        sold.fetch_add(1, Ordering::Relaxed);
                    }
                })
            })
            .collect();
        work.await;
        done.store(true, Ordering::Relaxed);
        for person in buying {
            person.await.expect("they go home");
        }
        assert!(sold.load(Ordering::Relaxed) > 0, "somebody bought something");
    }
}

/// One of everything that moves units.
async fn visit(person: &User, products: &[Product]) {
    let (bun, tea) = (&products[0], &products[1]);
    let line = person.adds(bun, 2).await.is(201)["item_id"].clone();
    person.adds(tea, 3).await.is(201);
    person.changes(&line, 1).await.is(200);
    person.checks_out(&json!({})).await.is(201);
    let order = person.orders_online(tea, 1).await;
    person.cancels(&order).await.is(200);
    person.adds(tea, 1).await.is(201);
    person.delete("/cart-items").await.is_empty();
}
