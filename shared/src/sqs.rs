//! The order-events queue: what goes on it.

use std::collections::HashMap;

use aws_sdk_sqs::operation::send_message_batch::{SendMessageBatch, SendMessageBatchInput};
use aws_sdk_sqs::types::{
    MessageSystemAttributeNameForSends as SystemAttribute, MessageSystemAttributeValue, SendMessageBatchRequestEntry,
};
use futures_util::future::join_all;
use serde::{Deserialize, Serialize};

use crate::aws::{Aws, Service, operations};
use crate::config::Config;
use crate::error::{Cause, Error};
use crate::ids::{OrderId, UserId};
use crate::money::Money;
use crate::order::Order;
use crate::time::Timestamp;
use crate::trace;

/// The most messages that SQS takes in a batch.
const BATCH: usize = 10;

operations! { aws_sdk_sqs:
    send_message_batch: SendMessageBatch, SendMessageBatchInput => SendMessageBatchOutput, SendMessageBatchError;
}

/// A message on the order-events queue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type")]
pub enum OrderEvent {
    /// An order was placed: its stock is sold, and it may earn rewards.
    #[serde(rename = "order.placed")]
    Placed {
        /// The order.
        order_id: OrderId,
        /// Its buyer.
        user_id: UserId,
        /// What was paid.
        total_price: Money,
        /// How many units.
        items_count: u32,
        /// When.
        occurred_at: Timestamp,
    },
}

impl OrderEvent {
    /// Announces `order`.
    pub fn placed(order: &Order) -> OrderEvent {
        let order = &order.summary;
        OrderEvent::Placed {
            order_id: order.order_id,
            user_id: order.user_id,
            total_price: order.total_price,
            items_count: order.items_count,
            occurred_at: order.created_at,
        }
    }
}

/// The sending end of the queue. Cheap to clone.
#[derive(Debug, Clone)]
pub struct OrderEvents {
    sqs: Service,
    queue_url: String,
}

impl OrderEvents {
    /// The configured queue.
    pub fn new(aws: &Aws, config: &Config) -> OrderEvents {
        OrderEvents { sqs: aws.sqs(), queue_url: config.order_events_queue_url.clone() }
    }

    /// Announces placed orders. A failure is logged and not reported: the orders are placed, and
    /// each stays marked as pending until it was looked at.
    pub async fn announce(&self, orders: &[Order]) {
        let batches = orders.chunks(BATCH).map(|orders| self.send(orders));
        for failure in join_all(batches).await.into_iter().filter_map(Result::err) {
            tracing::error!(error = failure.report(), "placed orders could not be announced");
        }
    }

    /// Announces placed orders, ten at most.
    ///
    /// # Errors
    /// [`Error::Unavailable`] if the queue did not take all of them.
    pub async fn send(&self, orders: &[Order]) -> Result<(), Error> {
        let mut input = SendMessageBatchInput::builder().queue_url(&self.queue_url);
        for (index, order) in orders.iter().enumerate() {
            let body = serde_json::to_string(&OrderEvent::placed(order)).map_err(Error::internal)?;
            let entry = SendMessageBatchRequestEntry::builder()
                .id(index.to_string())
                .message_body(body)
                .set_message_system_attributes(trace_attribute()?);
            input = input.entries(entry.build().map_err(Error::internal)?);
        }
        let input = input.build().map_err(Error::internal)?;
        let request = self.sqs.request::<SendMessageBatch>(input).map_err(Error::internal)?;
        let answer = self.sqs.send(&request).await.map_err(Error::unavailable)?;
        match answer.failed().first() {
            Some(refused) => Err(Error::Unavailable(Cause::from(format!("SQS refused a message: {}", refused.code())))),
            None => Ok(()),
        }
    }
}

/// What makes the message part of the trace under way.
fn trace_attribute() -> Result<Option<HashMap<SystemAttribute, MessageSystemAttributeValue>>, Error> {
    let Some(header) = trace::header() else { return Ok(None) };
    let value = MessageSystemAttributeValue::builder().data_type("String").string_value(header).build();
    Ok(Some(HashMap::from([(SystemAttribute::AwsTraceHeader, value.map_err(Error::internal)?)])))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_message_is_part_of_the_trace_under_way() {
        let header = "Root=1-2-3;Parent=4;Sampled=1".to_owned();
        let attributes = trace::within(Some(header.clone()), async { trace_attribute() }).await.unwrap().unwrap();
        assert_eq!(attributes[&SystemAttribute::AwsTraceHeader].string_value(), Some(header.as_str()));
        assert_eq!(trace_attribute().unwrap(), None, "there is none");
    }
}
