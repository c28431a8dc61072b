//! What invokes functions besides requests: queues and schedules.

pub mod queue;
pub mod schedule;
