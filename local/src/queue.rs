//! A queue as SQS keeps one: at least once, hidden while it is worked on, set aside after too many tries.

use std::collections::{HashMap, VecDeque};
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use shared::time::Timestamp;
use tokio::sync::Notify;
use tokio::time::Instant;
use uuid::Uuid;

use crate::disk::Folder;

/// A message, as it was sent and with what became of it since.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Message {
    /// Names it for as long as it lives.
    pub id: Uuid,
    /// What was sent.
    pub body: String,
    /// The X-Ray header of the trace that it belongs to.
    #[serde(default)]
    pub trace_header: Option<String>,
    /// When it was sent.
    pub sent_at: Timestamp,
    /// How often it was received. Counted anew after a restart.
    #[serde(skip)]
    pub receive_count: u32,
    /// When it was first received, counted likewise.
    #[serde(skip)]
    pub first_received_at: Option<Timestamp>,
}

/// A message on loan: whoever holds the receipt may delete it until it becomes visible again.
#[derive(Debug, Clone)]
pub struct Delivery {
    /// The message.
    pub message: Message,
    /// Names this one delivery of it.
    pub receipt: String,
}

/// How many messages are where.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Depth {
    /// Waiting to be received.
    pub visible: usize,
    /// Received and neither deleted nor visible again.
    pub in_flight: usize,
}

/// Where messages go that were received too often.
pub struct DeadLetters {
    /// The queue that takes them.
    pub queue: Arc<Queue>,
    /// How often is too often.
    pub max_receive_count: u32,
}

/// One queue.
pub struct Queue {
    /// Its name, stack and all.
    pub name: String,
    /// Its Amazon resource name.
    pub arn: String,
    /// What clients call it by.
    pub url: String,
    /// How long a received message stays hidden.
    pub visibility_timeout: Duration,
    /// Where messages go that were received too often; without it, nowhere.
    pub dead_letters: Option<DeadLetters>,
    folder: Folder,
    messages: Mutex<Messages>,
    changed: Notify,
}

struct Messages {
    visible: VecDeque<Message>,
    in_flight: HashMap<String, (Message, Instant)>,
}

impl Queue {
    /// The queue with what its folder holds.
    ///
    /// # Errors
    /// The folder cannot be read.
    pub fn open(
        (name, arn, url): (String, String, String),
        visibility_timeout: Duration,
        dead_letters: Option<DeadLetters>,
        folder: Folder,
    ) -> io::Result<Queue> {
        let mut stored: Vec<Message> = folder.load()?;
        stored.sort_by_key(|message| message.sent_at);
        let messages = Mutex::new(Messages { visible: stored.into(), in_flight: HashMap::new() });
        Ok(Queue { name, arn, url, visibility_timeout, dead_letters, folder, messages, changed: Notify::new() })
    }

    /// Takes a message in. It is safe once this returns.
    ///
    /// # Errors
    /// It could not be written down, and was not taken in.
    pub fn send(&self, body: String, trace_header: Option<String>, now: Timestamp) -> io::Result<Message> {
        let message =
            Message { id: Uuid::new_v4(), body, trace_header, sent_at: now, receive_count: 0, first_received_at: None };
        self.take_in(message.clone())?;
        Ok(message)
    }

    /// Up to `most` messages, hidden for as long as `hidden_for` says. Waits for the first.
    pub async fn receive(&self, most: usize, hidden_for: Duration, now: impl Fn() -> Timestamp) -> Vec<Delivery> {
        loop {
            let deliveries = self.try_receive(most, hidden_for, now());
            if !deliveries.is_empty() {
                return deliveries;
            }
            match self.next_return() {
                Some(at) => tokio::select! {
                    () = self.changed.notified() => {}
                    () = tokio::time::sleep_until(at) => {}
                },
                None => self.changed.notified().await,
            }
        }
    }

    /// The same without waiting.
    pub fn try_receive(&self, most: usize, hidden_for: Duration, now: Timestamp) -> Vec<Delivery> {
        let mut messages = self.current();
        let count = most.min(messages.visible.len());
        let taken: Vec<_> = messages.visible.drain(..count).collect();
        taken
            .into_iter()
            .map(|mut message| {
                message.receive_count += 1;
                message.first_received_at.get_or_insert(now);
                let receipt = Uuid::new_v4().to_string();
                messages.in_flight.insert(receipt.clone(), (message.clone(), Instant::now() + hidden_for));
                Delivery { message, receipt }
            })
            .collect()
    }

    /// Ends a message that was received. One whose receipt is no longer good is left as it is, as SQS does.
    ///
    /// # Errors
    /// The disk refuses to forget it.
    pub fn delete(&self, receipt: &str) -> io::Result<()> {
        let deleted = self.current().in_flight.remove(receipt);
        deleted.map_or(Ok(()), |(message, _)| self.folder.remove(&message.id.to_string()))
    }

    /// Makes a message that was received visible again after `delay`, whatever it was hidden for.
    pub fn return_in(&self, receipt: &str, delay: Duration) {
        if let Some((_, until)) = self.current().in_flight.get_mut(receipt) {
            *until = Instant::now() + delay;
        }
        self.changed.notify_one();
    }

    /// How many messages are where.
    pub fn depth(&self) -> Depth {
        let messages = self.current();
        Depth { visible: messages.visible.len(), in_flight: messages.in_flight.len() }
    }

    /// The bodies of the visible messages, oldest first.
    pub fn bodies(&self) -> Vec<String> {
        self.current().visible.iter().map(|message| message.body.clone()).collect()
    }

    /// Moves its dead letters back into it, to be tried as often as new ones; answers how many there were.
    ///
    /// # Errors
    /// The disk refuses; those that are not moved yet stay dead.
    pub fn redrive(&self) -> io::Result<usize> {
        let Some(DeadLetters { queue: dead, .. }) = &self.dead_letters else { return Ok(0) };
        let mut moved = 0;
        loop {
            let Some(message) = dead.current().visible.front().cloned() else { return Ok(moved) };
            let id = message.id;
            self.take_in(Message { receive_count: 0, first_received_at: None, ..message })?;
            dead.current().visible.retain(|message| message.id != id);
            dead.folder.remove(&id.to_string())?;
            moved += 1;
        }
    }

    fn take_in(&self, message: Message) -> io::Result<()> {
        self.folder.write(&message.id.to_string(), &message)?;
        self.lock().visible.push_back(message);
        self.changed.notify_one();
        Ok(())
    }

    /// When the next message in flight becomes visible again, unless it is deleted first.
    fn next_return(&self) -> Option<Instant> {
        self.lock().in_flight.values().map(|(_, until)| *until).min()
    }

    /// The messages after every one whose time in flight is over came back, or went to the dead letters.
    fn current(&self) -> MutexGuard<'_, Messages> {
        let mut messages = self.lock();
        let now = Instant::now();
        let mut back: Vec<_> =
            messages.in_flight.extract_if(|_, (_, until)| *until <= now).map(|(_, loan)| loan.0).collect();
        back.sort_by_key(|message| message.sent_at);
        for message in back {
            if let Err(message) = self.bury(message) {
                messages.visible.push_back(message);
            }
        }
        messages
    }

    /// Sets a message aside that was received too often; gives any other back.
    fn bury(&self, message: Message) -> Result<(), Message> {
        let Some(dead_letters) = &self.dead_letters else { return Err(message) };
        if message.receive_count < dead_letters.max_receive_count {
            return Err(message);
        }
        let id = message.id.to_string();
        let moved = dead_letters.queue.take_in(message.clone()).and_then(|()| self.folder.remove(&id));
        moved.map_err(|error| {
            tracing::error!(%error, queue = self.name, "a message cannot be moved to the dead letters");
            message
        })
    }

    fn lock(&self) -> MutexGuard<'_, Messages> {
        self.messages.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: fn() -> Timestamp = || Timestamp::from_millis(0);
    const HIDDEN: Duration = Duration::from_secs(30);

    fn queue(name: &str, dead_letters: Option<DeadLetters>) -> Queue {
        let names = (name.to_owned(), format!("arn:{name}"), format!("http://{name}"));
        Queue::open(names, HIDDEN, dead_letters, Folder::open(None, name).unwrap()).unwrap()
    }

    #[tokio::test]
    async fn a_message_is_hidden_until_it_is_deleted_or_its_time_is_up() {
        let queue = queue("orders", None);
        queue.send("one".to_owned(), None, NOW()).unwrap();
        let first = queue.receive(10, HIDDEN, NOW).await.remove(0);
        assert_eq!(queue.depth(), Depth { visible: 0, in_flight: 1 });
        assert!(queue.try_receive(10, HIDDEN, NOW()).is_empty());

        queue.return_in(&first.receipt, Duration::ZERO);
        let second = queue.receive(10, Duration::ZERO, NOW).await.remove(0);
        assert_eq!((second.message.id, second.message.receive_count), (first.message.id, 2));
        let third = queue.receive(10, HIDDEN, NOW).await.remove(0);
        queue.delete(&first.receipt).unwrap();
        assert_eq!(queue.depth().in_flight, 1, "an old receipt deletes nothing");
        queue.delete(&third.receipt).unwrap();
        assert_eq!(queue.depth(), Depth { visible: 0, in_flight: 0 });
    }

    #[tokio::test]
    async fn a_message_received_too_often_is_set_aside() {
        let dead = Arc::new(queue("dead", None));
        let queue = queue("orders", Some(DeadLetters { queue: dead.clone(), max_receive_count: 2 }));
        queue.send("poison".to_owned(), None, NOW()).unwrap();
        for _ in 0..2 {
            assert_eq!(queue.receive(1, Duration::ZERO, NOW).await.len(), 1);
        }
        assert_eq!(queue.depth(), Depth { visible: 0, in_flight: 0 });
        assert_eq!(dead.bodies(), ["poison"]);

        assert_eq!(queue.redrive().unwrap(), 1);
        assert!(dead.bodies().is_empty());
        let again = queue.receive(1, Duration::ZERO, NOW).await.remove(0).message;
        assert_eq!((again.body.as_str(), again.receive_count), ("poison", 1));
    }

    #[test]
    fn messages_survive_a_restart_until_they_are_deleted() {
        let data_dir = std::env::temp_dir().join(Uuid::new_v4().to_string());
        let open = || {
            let names = ("orders".to_owned(), String::new(), String::new());
            Queue::open(names, HIDDEN, None, Folder::open(Some(&data_dir), "orders").unwrap()).unwrap()
        };
        open().send("kept".to_owned(), None, NOW()).unwrap();
        let queue = open();
        let delivery = queue.try_receive(1, HIDDEN, NOW()).remove(0);
        assert_eq!(open().bodies(), ["kept"]);
        queue.delete(&delivery.receipt).unwrap();
        assert!(open().bodies().is_empty());
        std::fs::remove_dir_all(data_dir).unwrap();
    }
}
