//! Lambda's part between the table's stream and the history function: an event source mapping, as
//! the template declares it.
//!
//! It begins with the oldest record that the stream holds each time: what a server that was killed
//! had not handed over is handed over by the next, and what comes again makes no difference.
//!
//! - [`mapping`]: what the template says of it
//! - `filter`: which records are handed over
//! - `client`: the stream; `record`: a record as Lambda writes it
//! - `delivery`: in batches, and again where that fails

mod client;
mod delivery;
mod filter;
pub mod mapping;
mod record;

use std::sync::Arc;
use std::time::Duration;

use onlyif_dynamodb::Settings;
use onlyif_history::Reply;
use tokio::sync::{Mutex, oneshot};
use tokio::task::JoinHandle;

use self::client::Client;
use self::delivery::{Delivery, Receiver};
use self::mapping::Mapping;
use self::record::Record;
use crate::gateway::Gateway;

/// How long to wait between two looks at the stream: Lambda looks four times a second.
/// <https://docs.aws.amazon.com/lambda/latest/dg/with-ddb.html>
const PAUSE: Duration = Duration::from_millis(250);

/// The stream of a table, and the function that is to know what it tells.
pub struct Feed {
    client: Client,
    arn: String,
    mapping: Mapping,
    gateway: Arc<Gateway>,
    shards: Mutex<Vec<Shard>>,
}

/// A part of the stream, and how far it has been read.
struct Shard {
    id: String,
    /// Where to go on; `None`: behind `last`, or at the beginning.
    iterator: Option<String>,
    /// The sequence number of the last record that was handed over.
    last: Option<String>,
    /// Nothing will be added any more.
    ended: bool,
}

impl Feed {
    /// Between this stream and the functions behind this gateway. Nothing is read yet.
    ///
    /// # Errors
    /// What is wrong with the settings, in a sentence for a person.
    pub fn new(
        settings: &Settings,
        arn: String,
        mapping: Mapping,
        gateway: Arc<Gateway>,
    ) -> Result<Self, String> {
        Ok(Feed {
            client: Client::new(settings)?,
            arn,
            mapping,
            gateway,
            shards: Mutex::default(),
        })
    }

    /// Hands over what the stream holds by now. When it is done, the function has seen it.
    ///
    /// # Errors
    /// A sentence: the stream cannot be read now. What is left is handed over the next time.
    pub async fn drain(&self) -> Result<(), String> {
        let mut shards = self.shards.lock().await;
        let mut known = !shards.is_empty();
        loop {
            if !known {
                self.discover(&mut shards).await?;
            }
            known = true;
            for shard in shards.iter_mut().filter(|shard| !shard.ended) {
                while self.advance(shard).await? {}
                // Where one ends, others go on.
                known &= !shard.ended;
            }
            if known {
                return Ok(());
            }
        }
    }

    /// Hands over what the stream tells as it comes, until the sender is dropped.
    pub fn follow(self: Arc<Self>, stopped: oneshot::Receiver<()>) -> JoinHandle<()> {
        tokio::spawn(async move {
            tokio::select! {
                _ = stopped => {}
                () = self.keep_up() => {}
            }
        })
    }

    async fn keep_up(&self) {
        let mut behind = false;
        loop {
            match self.drain().await {
                Ok(()) => behind = false,
                Err(sentence) if !behind => {
                    behind = true;
                    tracing::warn!(target: "onlyif::local", "Histories will be late: {sentence}");
                }
                Err(_) => {}
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// Adds the shards that are not known yet.
    async fn discover(&self, known: &mut Vec<Shard>) -> Result<(), String> {
        let mut after = None;
        loop {
            let (ids, more) = self.client.shards(&self.arn, after.as_deref()).await?;
            for id in ids {
                if !known.iter().any(|shard| shard.id == id) {
                    known.push(Shard {
                        id,
                        iterator: None,
                        last: None,
                        ended: false,
                    });
                }
            }
            match more {
                Some(id) => after = Some(id),
                None => return Ok(()),
            }
        }
    }

    /// Hands over the next records of a shard, and says whether there were any.
    async fn advance(&self, shard: &mut Shard) -> Result<bool, String> {
        // An iterator that fails, or that nobody heard of again, is not used a second time.
        let iterator = match shard.iterator.take() {
            Some(iterator) => iterator,
            None => self.iterator(shard).await?,
        };
        let (records, next) = self.client.records(&iterator).await?;
        let records = records.into_iter();
        let records: Vec<Record> = records
            .map(|record| Record::new(record, &self.arn))
            .collect();
        let last = records.last().map(|record| record.number.clone());
        self.hand_over(records).await;
        let any = last.is_some();
        shard.last = last.or(shard.last.take());
        shard.ended = next.is_none();
        shard.iterator = next;
        Ok(any && !shard.ended)
    }

    async fn iterator(&self, shard: &mut Shard) -> Result<String, String> {
        // What lies behind a record that the stream has dropped by now begins with the oldest.
        let last = shard.last.take();
        let id = &shard.id;
        let found = self.client.iterator(&self.arn, id, last.as_deref()).await?;
        shard.last = last;
        Ok(found)
    }

    /// Hands over the records that the mapping is for.
    async fn hand_over(&self, mut records: Vec<Record>) {
        records.retain(|record| self.mapping.is_for(&record.content));
        let delivery = Delivery {
            batch_size: self.mapping.batch_size,
            retries: self.mapping.retries,
            pause: PAUSE,
        };
        for number in delivery.hand_over(&records, self).await {
            tracing::error!(target: "onlyif::local", "A write is missing in its resource's history: the function failed on record {number} of the stream each time.");
        }
    }
}

impl Receiver for Feed {
    async fn take(&self, batch: &[Record]) -> Result<Option<usize>, String> {
        let texts: Vec<&str> = batch.iter().map(|record| record.text.as_str()).collect();
        let event = format!("{{\"Records\":[{}]}}", texts.join(","));
        let answer = self.gateway.hand_over(self.mapping.function, event).await?;
        let reply: Reply = serde_json::from_str(&answer)
            .map_err(|error| format!("the function's answer is none: {error}"))?;
        let failures = reply.batch_item_failures;
        let failed = |record: &Record| {
            failures
                .iter()
                .any(|failure| failure.item_identifier == record.number)
        };
        match batch.iter().position(failed) {
            None if !failures.is_empty() => Err("the function names records that are none".into()),
            place => Ok(place),
        }
    }
}
