//! The queues of the template, by every name that they go by.

use std::io;
use std::path::Path;
use std::sync::Arc;

use crate::disk::Folder;
use crate::queue::{DeadLetters, Queue};
use crate::template;

/// Every queue.
pub struct Queues(Vec<Named>);

struct Named {
    logical_id: String,
    queue: Arc<Queue>,
}

impl Queues {
    /// The queues, each after the one that takes its dead letters, with what was left in them.
    ///
    /// # Errors
    /// What was left in them cannot be read.
    pub fn open(queues: Vec<template::Queue>, data_dir: Option<&Path>) -> io::Result<Queues> {
        let mut opened = Queues(Vec::new());
        for template::Queue { logical_id, name, arn, url, visibility_timeout, redrive } in queues {
            let dead_letters = redrive.and_then(|redrive| {
                let queue = opened.by_arn(&redrive.dead_letter_target_arn)?.clone();
                Some(DeadLetters { queue, max_receive_count: redrive.max_receive_count })
            });
            let folder = Folder::open(data_dir, &format!("queues/{name}"))?;
            let queue = Arc::new(Queue::open((name, arn, url), visibility_timeout, dead_letters, folder)?);
            opened.0.push(Named { logical_id, queue });
        }
        Ok(opened)
    }

    /// Every queue.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<Queue>> {
        self.0.iter().map(|named| &named.queue)
    }

    /// The queue with this resource name.
    pub fn by_arn(&self, arn: &str) -> Option<&Arc<Queue>> {
        self.iter().find(|queue| queue.arn == arn)
    }

    /// The queue with this name or, as `sam local` passes it, this logical id.
    pub fn by_name(&self, name: &str) -> Option<&Arc<Queue>> {
        self.0.iter().find(|named| named.queue.name == name || named.logical_id == name).map(|named| &named.queue)
    }

    /// The queue whose dead letters go into the one with this resource name.
    pub fn by_dead_letter_arn(&self, arn: &str) -> Option<&Arc<Queue>> {
        let feeds = |queue: &&Arc<Queue>| queue.dead_letters.as_ref().is_some_and(|dead| dead.queue.arn == arn);
        self.iter().find(feeds)
    }

    /// The queue with this URL, of which only the last segment counts.
    pub fn by_url(&self, url: &str) -> Option<&Arc<Queue>> {
        self.by_name(url.rsplit('/').next().unwrap_or_default())
    }
}
