//! What functions may do: what template.yaml allows them, and nothing that they do not do.

mod used;

use aws_sdk_dynamodb::error::ProvideErrorMetadata;
use aws_sdk_dynamodb::operation::get_item::{GetItem, GetItemInput};
use aws_sdk_dynamodb::types::AttributeValue;
use aws_sdk_sqs::operation::send_message_batch::{SendMessageBatch, SendMessageBatchInput};
use aws_sdk_sqs::types::SendMessageBatchRequestEntry;
use local::options::Options;
use serde_json::{Value, json};
use shared::aws::{Aws, Wire};
use shared::config::Config;
use shared::mail::{Mail, Mailer, Sent};
use shared::text::Email;
use tests::log::{heard, listen};
use tests::shop::Shop;

/// A shop whose template allows `function` something of no use in place of its first `action`.
async fn shop_without(function: &str, action: &str) -> Shop {
    let change = |options: Options| {
        let start = options.template.find(&format!("\n  {function}:\n")).expect("the function");
        let (before, section) = options.template.split_at(start);
        let place = section.find(action).expect("the action");
        let (allowed, after) = (&section[..place], &section[place + action.len()..]);
        assert!(!allowed.contains("\n\n"), "{function} may not do {action} anyway");
        let template = format!("{before}{allowed}dynamodb:DescribeTable{after}");
        Options { template: template.into(), ..options }
    };
    Shop::open_with(change).await
}

/// The shop's AWS, called with an access key of this id.
fn aws_for(key_id: &str, shop: &Shop) -> Aws {
    shop.aws(key_id, Wire::new(false))
}

/// Ends a test in which functions were refused these actions.
async fn finish_after(shop: Shop, refused: &[&str]) {
    let denials = shop.cloud().iam().denials();
    assert_eq!(denials.iter().map(|denial| denial.action.as_str()).collect::<Vec<_>>(), refused);
    assert_eq!(shop.audit().await, []);
    shop.close().await;
}

/// The log's only line with this message.
fn logged(message: &str) -> Value {
    let mut lines = heard().into_iter().filter(|line| line["message"] == message);
    let line = lines.next().expect("a line");
    assert_eq!(lines.next(), None);
    line
}

#[tokio::test]
async fn a_function_that_lacks_a_permission_fails_and_the_log_says_which() {
    let shop = shop_without("GetProfile", "dynamodb:GetItem").await;
    let ada = shop.newcomer("ada").await;
    listen();
    ada.get("/users/me").await.is_refused(500, "internal");
    let line = logged("the request failed");
    let table = format!("arn:aws:dynamodb:us-east-1:000000000000:table/{}", shop.table("users"));
    let expected = format!(
        "/{0}-get-profile is not authorized to perform: dynamodb:GetItem on resource: {table} \
         because no identity-based policy allows the dynamodb:GetItem action",
        shop.table("").trim_end_matches('-')
    );
    assert!(line["error"].as_str().expect("an error").contains(&expected), "{line}\n{expected}");
    finish_after(shop, &["dynamodb:GetItem"]).await;
}

/// A transaction is refused as a whole for the one part of it that is not allowed.
#[tokio::test]
async fn a_transaction_needs_what_each_of_its_parts_needs() {
    let shop = shop_without("ClearCart", "dynamodb:UpdateItem").await;
    let (ada, mug) = (shop.shopper("ada").await, shop.product("Mug").list().await);
    ada.adds(&mug, 2).await.is(201);
    ada.delete("/cart-items").await.is_refused(500, "internal");
    assert_eq!((ada.cart().await["total_quantity"].clone(), shop.stock_of(&mug).await), (json!(2), 98));
    finish_after(shop, &["dynamodb:UpdateItem"]).await;
}

#[tokio::test]
async fn an_order_that_its_function_may_not_announce_is_placed_all_the_same() {
    let shop = shop_without("Checkout", "sqs:SendMessage").await;
    let (ada, mug) = (shop.shopper("ada").await, shop.product("Mug").list().await);
    listen();
    ada.buys(&mug, 1).await;
    let error = logged("placed orders could not be announced")["error"].as_str().expect("an error").to_owned();
    assert!(error.contains("is not authorized to perform: sqs:sendmessage on resource: arn:aws:sqs:"), "{error}");
    shop.pass(5 * 60);
    assert_eq!(shop.fire("requeue-rewards").await["orders_requeued"], 1);
    finish_after(shop, &["sqs:SendMessage"]).await;
}

/// As a function's binary has under cargo-lambda, if its key says which function it is.
#[tokio::test]
async fn a_key_with_a_functions_name_may_do_what_the_function_may_and_any_other_everything() {
    let shop = Shop::open().await;
    let queue_url = format!("{}/000000000000/OrderEventsQueue", shop.cloud().aws_url());
    let keys = [("get-order", true, false), ("checkout", true, true), ("health", false, false), ("ada", true, true)];
    for (key_id, may_read, may_send) in keys {
        let (dynamodb, sqs) = (aws_for(key_id, &shop).dynamodb(), aws_for(key_id, &shop).sqs());
        let key = AttributeValue::S("none".to_owned());
        let get = GetItemInput::builder().table_name(shop.table("orders")).key("order_id", key).build();
        let get = dynamodb.request::<GetItem>(get.expect("a request")).expect("a request");
        let read = dynamodb.send(&get).await;
        let refused = read.err().map(|error| {
            let status = error.raw_response().map(|answer| answer.status().as_u16());
            (status, error.code().unwrap_or_default().to_owned())
        });
        let denied = (!may_read).then(|| (Some(400), "AccessDeniedException".to_owned()));
        assert_eq!(refused, denied, "{key_id}");
        let message = SendMessageBatchRequestEntry::builder().id("0").message_body("{}").build();
        let batch = SendMessageBatchInput::builder().queue_url(&queue_url).entries(message.expect("a message"));
        let batch = sqs.request::<SendMessageBatch>(batch.build().expect("a request")).expect("a request");
        let sent = sqs.send(&batch).await;
        let refused = sent.err().map(|error| error.raw_response().map(|answer| answer.status().as_u16()));
        assert_eq!(refused, (!may_send).then_some(Some(403)), "{key_id}");
    }
    shop.close().await;
}

/// As template.yaml's condition has it.
#[tokio::test]
async fn mails_go_out_from_the_shops_address_only() {
    let shop = Shop::open().await;
    let email = Email::new("ada@example.com").expect("an address");
    let mail = || Mail { subject: "Hi".to_owned(), html: "Hi".to_owned(), text: "Hi".to_owned(), headers: Vec::new() };
    let config = shop.cloud().shop().config.as_ref();
    let mine = Config { mail_sender: "me@example.com".to_owned(), ..config.clone() };
    for (key_id, config, sent) in [
        ("send-order-mail", config, true),
        ("send-order-mail", &mine, false),
        ("checkout", config, false),
        ("local", &mine, true),
    ] {
        let mailer = Mailer::new(&aws_for(key_id, &shop), config);
        match mailer.send(&email, mail()).await {
            Ok(answer) => assert_eq!((answer, sent), (Sent::Accepted, true), "{key_id}"),
            Err(error) => {
                assert!(!sent, "{key_id}");
                let error = error.report();
                assert!(error.contains("SES answered AccessDeniedException: User `arn:aws:sts:"), "{error}");
                assert!(error.contains("is not authorized to perform `ses:SendEmail' on resource"), "{error}");
            }
        }
    }
    shop.close().await;
}
