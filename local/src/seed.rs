//! The demo data: a catalogue, the people who use it, and a rule that rewards them.

use std::time::Duration;

use serde_json::json;
use shared::catalog::{DEFAULT_LOW_STOCK_THRESHOLD, NewProduct, Product, ProductStatus};
use shared::error::Error;
use shared::ids::{NotAnId, RuleId, UserId};
use shared::money::Money;
use shared::reward::Rule;
use shared::reward::requests::CreateRule;
use shared::shop::Shop;
use shared::user::ProfileUpdate;
use uuid::Uuid;

use crate::users::{Account, SignUpError, UserPool};

/// Why the demo data is not all there.
#[derive(Debug, thiserror::Error)]
pub enum SeedError {
    /// A demo user could not sign up.
    #[error(transparent)]
    SignUp(#[from] SignUpError),
    /// The store did not take something.
    #[error(transparent)]
    Store(#[from] Error),
    /// Something below is not what the shop takes.
    #[error(transparent)]
    Data(#[from] serde_json::Error),
    /// An id below is none.
    #[error(transparent)]
    Id(#[from] NotAnId),
}

struct DemoProduct {
    name: &'static str,
    description: &'static str,
    cents: i64,
    stock: Stock,
}

enum Stock {
    Units(u32),
    Sizes(&'static [(&'static str, u32)]),
}

struct DemoUser {
    user_id: Uuid,
    email: &'static str,
    name: &'static str,
    group: Option<&'static str>,
    city: Option<(&'static str, &'static str, &'static str)>,
}

const PLENTY: u32 = 10_000;

const SELLER: Uuid = demo_user(3);

/// The ids of users and products are always the same, because `events/` names them.
const fn demo_user(number: u128) -> Uuid {
    Uuid::from_u128(0x3f0c_1a52_6f0e_4c55_9a39_0a1d_5c2b_7e00 + number)
}

/// Who is there. The first shows in the line to try.
const USERS: [DemoUser; 4] = [
    DemoUser {
        user_id: demo_user(1),
        email: "ada@example.com",
        name: "Ada Moreno",
        group: None,
        city: Some(("12 Harbor Street", "Portland", "97205")),
    },
    DemoUser {
        user_id: demo_user(2),
        email: "grace@example.com",
        name: "Grace Okafor",
        group: None,
        city: Some(("480 Larkspur Lane", "Madison", "53703")),
    },
    DemoUser { user_id: SELLER, email: "seller@example.com", name: "Sofia Lind", group: Some("seller"), city: None },
    DemoUser {
        user_id: demo_user(4),
        email: "admin@example.com",
        name: "Amir Haddad",
        group: Some("admin"),
        city: None,
    },
];

/// What is for sale, in the order of the catalogue.
const PRODUCTS: [DemoProduct; 12] = [
    DemoProduct {
        name: "Walnut Desk Lamp",
        description: "A turned walnut base and a linen shade, with a dimmer in the cord.",
        cents: 14_999,
        stock: Stock::Units(PLENTY),
    },
    DemoProduct {
        name: "Field Notebook",
        description: "Pocket-sized, 96 pages of dotted paper, stitched so that it opens flat.",
        cents: 1_250,
        stock: Stock::Units(PLENTY),
    },
    DemoProduct {
        name: "Organic Cotton T-Shirt",
        description: "Midweight jersey that keeps its shape. Cut straight, dyed in small batches.",
        cents: 2_800,
        stock: Stock::Sizes(&[("S", PLENTY), ("M", PLENTY), ("L", PLENTY), ("XL", PLENTY)]),
    },
    DemoProduct {
        name: "Pour-Over Coffee Set",
        description: "Stoneware dripper, glass server and forty filters. Serves three.",
        cents: 4_900,
        stock: Stock::Units(PLENTY),
    },
    DemoProduct {
        name: "Signed Print, Harbor at Dawn",
        description: "Archival pigment print, 40 by 50 cm, from a numbered edition of fifty.",
        cents: 22_000,
        stock: Stock::Units(3),
    },
    DemoProduct {
        name: "Enamel Camping Mug",
        description: "Holds 350 ml. Survives the campfire, the dishwasher and the drop between them.",
        cents: 1_600,
        stock: Stock::Units(PLENTY),
    },
    DemoProduct {
        name: "Merino Wool Socks",
        description: "Two pairs, knitted without a seam at the toe.",
        cents: 2_450,
        stock: Stock::Units(PLENTY),
    },
    DemoProduct {
        name: "Mechanical Keyboard",
        description: "Seventy-five keys, hot-swappable switches, an aluminium case and no lights.",
        cents: 18_900,
        stock: Stock::Units(PLENTY),
    },
    DemoProduct {
        name: "Canvas Weekender Bag",
        description: "Waxed canvas and bridle leather. Fits under the seat in front.",
        cents: 13_500,
        stock: Stock::Units(PLENTY),
    },
    DemoProduct {
        name: "Cast-Iron Skillet, 26 cm",
        description: "Seasoned three times, ground smooth, ready for the first egg.",
        cents: 5_900,
        stock: Stock::Units(PLENTY),
    },
    DemoProduct {
        name: "Portable Record Player",
        description: "Plays 33, 45 and 78, on mains or batteries. The next batch comes in spring.",
        cents: 17_500,
        stock: Stock::Units(0),
    },
    DemoProduct {
        name: "Beeswax Candle",
        description: "Burns for forty hours and smells of honey.",
        cents: 990,
        stock: Stock::Units(PLENTY),
    },
];

/// Puts the demo data in, unless it was put in before.
///
/// # Errors
/// [`SeedError`].
pub async fn plant(shop: &Shop, users: &UserPool) -> Result<(), SeedError> {
    // The users come last, so whoever finds the last of them finds everything.
    if users.accounts().iter().any(|account| account.user_id == USERS[USERS.len() - 1].user_id) {
        return Ok(());
    }
    for (position, demo) in (0..).zip(&PRODUCTS) {
        match shop.store.create_product(&new_product(shop, position, demo)?, None).await {
            Ok(_) | Err(Error::Conflict) => {}
            Err(error) => return Err(error.into()),
        }
    }
    match shop.store.create_rule(&rule(shop)?, None).await {
        Ok(_) | Err(Error::Conflict) => {}
        Err(error) => return Err(error.into()),
    }
    for demo in &USERS {
        sign_up(shop, users, demo).await?;
    }
    Ok(())
}

fn new_product(shop: &Shop, position: u64, demo: &DemoProduct) -> Result<NewProduct, SeedError> {
    // The catalogue shows the newest first.
    let listed_at = shop.clock.now() - Duration::from_secs(position);
    let (sizes, opening_stock) = match demo.stock {
        Stock::Units(units) => (Vec::new(), vec![(None, units)]),
        Stock::Sizes(sizes) => (
            sizes.iter().map(|(size, _)| (*size).to_owned()).collect(),
            sizes.iter().map(|(size, units)| (Some((*size).to_owned()), *units)).collect(),
        ),
    };
    let product = Product {
        product_id: format!("7d9e4b10-2c3f-4a61-8b5d-1f2e3a4b5c{:02}", position + 1).parse()?,
        name: demo.name.to_owned(),
        description: demo.description.to_owned(),
        price: Money::from_cents(demo.cents),
        currency: shop.config.currency.clone(),
        image_url: None,
        seller_id: Some(user_id(SELLER)?),
        has_sizes: !sizes.is_empty(),
        sizes,
        max_per_order: None,
        low_stock_threshold: DEFAULT_LOW_STOCK_THRESHOLD,
        status: ProductStatus::Active,
        stock_shards: 1,
        created_at: listed_at,
        updated_at: listed_at,
    };
    Ok(NewProduct { product, opening_stock })
}

fn rule(shop: &Shop) -> Result<Rule, SeedError> {
    let request: CreateRule = serde_json::from_value(json!({
        "name": "Spend 100.00, get 10 % off the next order",
        "condition": {"kind": "min_order_total", "amount": "100.00"},
        "coupon": {"kind": "percent", "value": "10", "valid_days": 30},
    }))?;
    Ok(request.into_rule(RuleId::derived("spend 100.00, get 10 %"), shop.clock.now())?)
}

async fn sign_up(shop: &Shop, users: &UserPool, demo: &DemoUser) -> Result<(), SeedError> {
    let account = Account {
        user_id: demo.user_id,
        email: demo.email.to_owned(),
        name: demo.name.to_owned(),
        groups: demo.group.iter().map(|group| (*group).to_owned()).collect(),
    };
    users.sign_up(account, true).await?;
    if let Some((line1, city, postal_code)) = demo.city {
        let update: ProfileUpdate = serde_json::from_value(json!({
            "email": demo.email,
            "name": demo.name,
            "phone": "+1 555 0100",
            "address": {"line1": line1, "city": city, "postal_code": postal_code, "country": "US"},
        }))?;
        shop.store.put_profile(user_id(demo.user_id)?, update, shop.clock.now()).await?;
    }
    Ok(())
}

fn user_id(id: Uuid) -> Result<UserId, NotAnId> {
    id.to_string().parse()
}
