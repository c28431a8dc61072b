//! SQS in its JSON protocol: what the shop sends, and what one looks into a queue with.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use shared::time::Timestamp;
use uuid::Uuid;

use super::Refusal;
use crate::queue::{Delivery, Queue};
use crate::queues::Queues;

pub(super) async fn answer(
    operation: &str,
    request: &Value,
    queues: &Queues,
    now: Timestamp,
) -> Result<Value, Refusal> {
    match operation {
        "ListQueues" => Ok(json!({"QueueUrls": queues.iter().map(|queue| &queue.url).collect::<Vec<_>>()})),
        "GetQueueUrl" => {
            let queue = queues.by_name(text(request, "QueueName")?).ok_or_else(no_such_queue)?;
            Ok(json!({"QueueUrl": queue.url}))
        }
        "SendMessage" => send(queue(request, queues)?, request, now),
        "SendMessageBatch" => send_batch(queue(request, queues)?, request, now),
        "ReceiveMessage" => receive(queue(request, queues)?, request, now).await,
        "DeleteMessage" => {
            queue(request, queues)?.delete(text(request, "ReceiptHandle")?)?;
            Ok(json!({}))
        }
        "GetQueueAttributes" => {
            let queue = queue(request, queues)?;
            let depth = queue.depth();
            Ok(json!({"Attributes": {
                "QueueArn": queue.arn,
                "ApproximateNumberOfMessages": depth.visible.to_string(),
                "ApproximateNumberOfMessagesNotVisible": depth.in_flight.to_string(),
                "VisibilityTimeout": queue.visibility_timeout.as_secs().to_string(),
            }}))
        }
        "StartMessageMoveTask" => {
            let source = queues.by_dead_letter_arn(text(request, "SourceArn")?);
            let not_dead =
                || Refusal::new("com.amazonaws.sqs#ResourceNotFoundException", "No queue has it for its dead letters.");
            source.ok_or_else(not_dead)?.redrive()?;
            Ok(json!({"TaskHandle": Uuid::new_v4()}))
        }
        _ => Err(Refusal::new("UnknownOperationException", format!("this cloud's SQS does not answer {operation}"))),
    }
}

/// The attributes that Lambda and `ReceiveMessage` give with a message.
pub(crate) fn attributes(delivery: &Delivery) -> Value {
    let message = &delivery.message;
    let first_received_at = message.first_received_at.unwrap_or(message.sent_at);
    let mut attributes = json!({
        "ApproximateReceiveCount": message.receive_count.to_string(),
        "SentTimestamp": message.sent_at.millis().to_string(),
        "SenderId": "local",
        "ApproximateFirstReceiveTimestamp": first_received_at.millis().to_string(),
    });
    if let Some(header) = &message.trace_header {
        attributes["AWSTraceHeader"] = json!(header);
    }
    attributes
}

/// The digest of a body, which clients check.
pub(crate) fn digest(body: &str) -> String {
    format!("{:x}", md5::compute(body))
}

fn send(queue: &Queue, request: &Value, now: Timestamp) -> Result<Value, Refusal> {
    let body = text(request, "MessageBody")?;
    if request.get("MessageAttributes").is_some_and(|attributes| attributes != &json!({})) {
        return Err(Refusal::new("UnsupportedOperation", "this cloud's messages carry no attributes"));
    }
    let trace_header = request.pointer("/MessageSystemAttributes/AWSTraceHeader/StringValue").and_then(Value::as_str);
    let message = queue.send(body.to_owned(), trace_header.map(str::to_owned), now)?;
    Ok(json!({"MessageId": message.id, "MD5OfMessageBody": digest(body)}))
}

fn send_batch(queue: &Queue, request: &Value, now: Timestamp) -> Result<Value, Refusal> {
    const MAX_ENTRIES: usize = 10;
    let entries = request["Entries"].as_array().map(Vec::as_slice).unwrap_or_default();
    if entries.is_empty() || entries.len() > MAX_ENTRIES {
        return Err(Refusal::new("TooManyEntriesInBatchRequest", "a batch has 1 to 10 entries"));
    }
    let (mut successful, mut failed) = (Vec::new(), Vec::new());
    for entry in entries {
        match send(queue, entry, now) {
            Ok(mut sent) => {
                sent["Id"] = entry["Id"].clone();
                successful.push(sent);
            }
            Err(refusal) => failed.push(json!({
                "Id": entry["Id"],
                "Code": refusal.code,
                "Message": refusal.message,
                "SenderFault": refusal.status.is_client_error(),
            })),
        }
    }
    Ok(json!({"Successful": successful, "Failed": failed}))
}

async fn receive(queue: &Queue, request: &Value, now: Timestamp) -> Result<Value, Refusal> {
    let most = request["MaxNumberOfMessages"].as_u64().and_then(|most| usize::try_from(most).ok()).unwrap_or(1);
    let hidden_for = request["VisibilityTimeout"].as_u64().map_or(queue.visibility_timeout, Duration::from_secs);
    let patience = Duration::from_secs(request["WaitTimeSeconds"].as_u64().unwrap_or(0));
    let deliveries = match tokio::time::timeout(patience, queue.receive(most, hidden_for, || now)).await {
        Ok(deliveries) => deliveries,
        Err(_) => return Ok(json!({})),
    };
    let messages = deliveries.iter().map(|delivery| {
        json!({
            "MessageId": delivery.message.id,
            "ReceiptHandle": delivery.receipt,
            "Body": delivery.message.body,
            "MD5OfBody": digest(&delivery.message.body),
            "Attributes": attributes(delivery),
        })
    });
    Ok(json!({"Messages": messages.collect::<Vec<_>>()}))
}

fn queue<'a>(request: &Value, queues: &'a Queues) -> Result<&'a Arc<Queue>, Refusal> {
    queues.by_url(text(request, "QueueUrl")?).ok_or_else(no_such_queue)
}

fn no_such_queue() -> Refusal {
    Refusal::new("com.amazonaws.sqs#QueueDoesNotExist", "The specified queue does not exist.")
}

fn text<'a>(request: &'a Value, name: &str) -> Result<&'a str, Refusal> {
    let missing = || Refusal::new("MissingParameter", format!("The request must contain the parameter {name}."));
    request[name].as_str().filter(|text| !text.is_empty()).ok_or_else(missing)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::template;

    fn queues() -> Queues {
        let queue = template::Queue {
            logical_id: "OrderEventsQueue".to_owned(),
            name: "local-order-events".to_owned(),
            arn: "arn:aws:sqs:us-east-1:000000000000:local-order-events".to_owned(),
            url: "http://localhost:4566/000000000000/local-order-events".to_owned(),
            visibility_timeout: Duration::from_secs(30),
            redrive: None,
        };
        Queues::open(vec![queue], None).unwrap()
    }

    async fn ask(queues: &Queues, operation: &str, request: Value) -> Result<Value, Refusal> {
        answer(operation, &request, queues, Timestamp::from_millis(0)).await
    }

    #[tokio::test]
    async fn a_message_goes_in_and_comes_out_once() {
        let queues = queues();
        // `sam local` passes the logical id where the URL should be.
        let sent = ask(&queues, "SendMessage", json!({"QueueUrl": "OrderEventsQueue", "MessageBody": "hello"})).await;
        assert_eq!(sent.unwrap()["MD5OfMessageBody"], "5d41402abc4b2a76b9719d911017c592");
        let url = json!({"QueueUrl": "http://anywhere/000000000000/local-order-events"});
        let received = ask(&queues, "ReceiveMessage", url.clone()).await.unwrap();
        assert_eq!(received["Messages"][0]["Body"], "hello");
        assert_eq!(ask(&queues, "ReceiveMessage", url.clone()).await.unwrap(), json!({}));
        let mut receipt = url.clone();
        receipt["ReceiptHandle"] = received["Messages"][0]["ReceiptHandle"].clone();
        ask(&queues, "DeleteMessage", receipt).await.unwrap();
        let attributes = ask(&queues, "GetQueueAttributes", url).await.unwrap();
        assert_eq!(attributes["Attributes"]["ApproximateNumberOfMessagesNotVisible"], "0");
    }

    #[tokio::test]
    async fn a_batch_answers_for_each_entry() {
        let entries = json!([{"Id": "a", "MessageBody": "1"}, {"Id": "b"}]);
        let request = json!({"QueueUrl": "local-order-events", "Entries": entries});
        let answer = ask(&queues(), "SendMessageBatch", request).await.unwrap();
        assert_eq!((&answer["Successful"][0]["Id"], &answer["Failed"][0]["Id"]), (&json!("a"), &json!("b")));
    }

    #[tokio::test]
    async fn what_is_not_there_is_refused_by_name() {
        let refused =
            ask(&queues(), "SendMessage", json!({"QueueUrl": "other", "MessageBody": "x"})).await.unwrap_err();
        assert_eq!(refused.code, "com.amazonaws.sqs#QueueDoesNotExist");
        let refused = ask(&queues(), "TagQueue", json!({})).await.unwrap_err();
        assert_eq!(refused.code, "UnknownOperationException");
    }
}
