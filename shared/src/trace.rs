//! What belongs together: the trace that an invocation is part of, from a buyer's request through the queue to
//! the mail, and the ids that its log lines carry.

use std::fmt::Display;
use std::future::Future;

use tracing::Span;
use tracing::field::{Empty, display};

use crate::ids::{OrderId, UserId};

tokio::task_local! {
    static HEADER: Option<String>;
}

/// Does work as part of the trace whose X-Ray header (`Root=1-…;Parent=…;Sampled=…`) this is.
pub(crate) async fn within<F: Future>(header: Option<String>, work: F) -> F::Output {
    HEADER.scope(header, work).await
}

/// The X-Ray header of the trace under way, to be handed on.
pub(crate) fn header() -> Option<String> {
    HEADER.try_with(Clone::clone).unwrap_or_default()
}

/// The id of the trace under way, `1-67891233-abcdef012345678912345678`.
pub(crate) fn id() -> Option<String> {
    header().and_then(|header| root(&header).map(str::to_owned))
}

/// The id in an X-Ray header ("Tracing header", AWS X-Ray Developer Guide).
pub(crate) fn root(header: &str) -> Option<&str> {
    header.split(';').find_map(|part| part.trim().strip_prefix("Root="))
}

/// The span around an invocation, whose fields each of its log lines carries.
pub(crate) fn invocation(request_id: &str, header: Option<&str>) -> Span {
    // At the highest level, so that no setting of the log loses the ids.
    let span = tracing::error_span!("invocation", request_id, trace_id = Empty, user_id = Empty, order_id = Empty);
    if let Some(trace_id) = header.and_then(root) {
        span.record("trace_id", trace_id);
    }
    span
}

/// The span around what one invocation does about one of several orders, as part of the trace that made it.
pub fn about_order(order_id: OrderId) -> Span {
    tracing::error_span!("order", %order_id, trace_id = Empty)
}

/// Names the caller in the log lines from here on.
pub(crate) fn is_for_user(user_id: UserId) {
    Span::current().record("user_id", display(user_id));
}

/// Names the order in the log lines from here on.
pub(crate) fn is_about(order_id: impl Display) {
    Span::current().record("order_id", display(order_id));
}

/// Says in the log lines from here on which trace made the order that they are about.
pub fn belongs_to(trace_id: Option<&str>) {
    if let Some(trace_id) = trace_id {
        Span::current().record("trace_id", trace_id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_id_is_the_root_of_the_header() {
        let header = "Root=1-67891233-abcdef012345678912345678;Parent=53995c3f42cd8ad8;Sampled=1".to_owned();
        let seen = within(Some(header.clone()), async { (id(), super::header()) }).await;
        assert_eq!(seen, (Some("1-67891233-abcdef012345678912345678".to_owned()), Some(header)));
        assert_eq!(within(None, async { id() }).await, None);
        assert_eq!(id(), None, "outside an invocation there is none");
        assert_eq!(root("Parent=1"), None);
    }
}
