//! The store itself.

use std::collections::HashMap;
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, SystemTime};

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::http::HttpResponse;
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::types::{AttributeValue, KeysAndAttributes};
use onlyif::item::{Item, Key, Partition};
use onlyif::plan::{Plan, Write};
use onlyif::store::{Failure, Page, Store, Written};
use onlyif::timestamp::Timestamp;
use tokio::time::timeout;

use crate::asked::Asked;
use crate::attributes as name;
use crate::client::Settings;
use crate::item::{self, Attributes, Foreign};
use crate::keys;
use crate::placeholders::Placeholders;
use crate::refusal::{self, Refusal, Setback};
use crate::request::{Actions, Request};
use crate::retry::{Backoff, Deadline, SHORTEST_ATTEMPT, TO_CONNECT};

/// As many items as one `BatchGetItem` takes.
const BATCH: usize = 100;

/// What a store that is throttled or away tells its client: to come back in a second.
pub(crate) const UNAVAILABLE: Failure = Failure::Unavailable {
    retry_after_ms: 1000,
};

/// A DynamoDB table. Cheap to clone: clones share their connections.
#[derive(Clone, Debug)]
pub struct Table {
    pub(crate) client: Client,
    pub(crate) name: String,
    pub(crate) deadline: Deadline,
    /// The requests of this invocation so far.
    attempts: Arc<AtomicU32>,
}

impl Table {
    /// The table of these settings. Nothing is sent yet.
    ///
    /// # Errors
    ///
    /// What is wrong with the settings, in a sentence for a person.
    pub fn connect(settings: &Settings) -> Result<Self, String> {
        Ok(Table {
            client: settings.client()?,
            name: settings.table.clone(),
            deadline: Deadline::default(),
            attempts: Arc::default(),
        })
    }

    /// The client that its requests are sent by.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// Makes the first connection, which the first request then need not wait for. That it
    /// cannot be made is for that request to find out.
    pub async fn warm_up(&self) {
        let Some(limit) = self.deadline.of_operation().attempt() else {
            return;
        };
        let nothing = HashMap::from([
            (name::PARTITION_KEY.to_owned(), text("-")),
            (name::SORT_KEY.to_owned(), text("-")),
        ]);
        let request = self.client.get_item().table_name(&self.name);
        // Any answer will do, and so will none.
        let _ = self
            .attempt(
                limit,
                Asked::of_table(&"GetItem"),
                request.set_key(Some(nothing)).send(),
            )
            .await;
    }

    /// Sends a request once, and counts it. `None`: it was not answered in time.
    async fn attempt<T>(
        &self,
        limit: Duration,
        asked: Asked<'_>,
        request: impl Future<Output = T>,
    ) -> Option<T> {
        asked.tell();
        self.attempts.fetch_add(1, Ordering::Relaxed);
        timeout(limit, request).await.ok()
    }

    /// Asks, and asks again, within the deadline: for what may be asked any number of times.
    pub(crate) async fn ask<T, E, F>(
        &self,
        deadline: Deadline,
        asked: Asked<'_>,
        request: impl Fn() -> F + Send,
    ) -> Result<T, Failure>
    where
        F: Future<Output = Result<T, SdkError<E, HttpResponse>>> + Send,
        E: std::error::Error + ProvideErrorMetadata + 'static,
    {
        let mut backoff = Backoff::default();
        let mut failure = Failure::OutOfTime;
        while let Some(limit) = deadline.attempt() {
            failure = match self.attempt(limit, asked, request()).await {
                Some(Ok(answer)) => return Ok(answer),
                Some(Err(error)) => match refusal::setback(&error) {
                    Setback::Invalid | Setback::Defect => return Err(Failure::Defect),
                    _ => UNAVAILABLE,
                },
                None => Failure::OutOfTime,
            };
            if !backoff.wait(deadline).await {
                break;
            }
        }
        Err(failure)
    }

    async fn read_one(&self, deadline: Deadline, key: &Key) -> Result<Option<Item>, Failure> {
        let output = self
            .ask(deadline, Asked::of_table(&"GetItem"), || {
                self.client
                    .get_item()
                    .table_name(&self.name)
                    .set_key(Some(item::key(key)))
                    .consistent_read(true)
                    .send()
            })
            .await?;
        self.understand(key, output.item.as_ref())
    }

    /// What is at these keys, by partition key; what is not there is left out.
    async fn read_several(
        &self,
        deadline: Deadline,
        keys: &[Key],
    ) -> Result<HashMap<String, Attributes>, Failure> {
        let named = keys.iter().map(|key| (keys::partition_key(key), key));
        let distinct: HashMap<_, _> = named.collect();
        let mut pending: Vec<Attributes> = distinct.into_values().map(item::key).collect();
        let mut found = HashMap::new();
        let mut backoff = Backoff::default();
        while !pending.is_empty() {
            let batch: Vec<_> = pending.drain(..pending.len().min(BATCH)).collect();
            let asked = Asked::of_table(&"BatchGetItem");
            let output = self
                .ask(deadline, asked, || self.get_batch(batch.clone()))
                .await?;
            let items = output.responses.into_iter().flatten();
            for attributes in items.flat_map(|(_, items)| items) {
                if let Some(AttributeValue::S(key)) = attributes.get(name::PARTITION_KEY) {
                    found.insert(key.clone(), attributes);
                }
            }
            // What DynamoDB left out, for its own limits, is asked for again.
            let left_out = output.unprocessed_keys.into_iter().flatten();
            let left_out: Vec<_> = left_out.flat_map(|(_, keys)| keys.keys).collect();
            let wait = !left_out.is_empty();
            pending.extend(left_out);
            if wait && !backoff.wait(deadline).await {
                return Err(UNAVAILABLE);
            }
        }
        Ok(found)
    }

    async fn get_batch(
        &self,
        keys: Vec<Attributes>,
    ) -> Result<
        aws_sdk_dynamodb::operation::batch_get_item::BatchGetItemOutput,
        SdkError<aws_sdk_dynamodb::operation::batch_get_item::BatchGetItemError, HttpResponse>,
    > {
        let keys = KeysAndAttributes::builder()
            .set_keys(Some(keys))
            .consistent_read(true)
            .build()?;
        self.client
            .batch_get_item()
            .request_items(&self.name, keys)
            .send()
            .await
    }

    /// The item that the attributes are. One that is none of ours is a defect, told in the log.
    fn understand(
        &self,
        key: &Key,
        attributes: Option<&Attributes>,
    ) -> Result<Option<Item>, Failure> {
        let item = attributes.map(|attributes| item::decode(key, attributes));
        item.transpose()
            .map_err(|foreign| self.defect(key, &foreign))
    }

    pub(crate) fn defect(&self, place: &impl std::fmt::Debug, foreign: &Foreign) -> Failure {
        tracing::error!(
            table = self.name,
            ?place,
            reason = foreign.0,
            "an item of the table cannot be read"
        );
        Failure::Defect
    }

    /// What a plan that was written leaves to be told.
    fn done(&self, plan: &Plan, image: Option<&Attributes>) -> Written {
        let Some((write, image)) = plan.writes.first().zip(image) else {
            return Written::Done(None);
        };
        match self.understand(&write.key, Some(image)) {
            Ok(item) => Written::Done(item),
            // It is written, and there is no telling what: whoever looks meets the defect again.
            Err(_) => Written::Unknown,
        }
    }

    /// What a refused plan leaves to be told: whose conditions did not hold, and of what.
    fn refused(&self, plan: &Plan, refused: Vec<(usize, Option<Attributes>)>) -> Written {
        let mut items = Vec::new();
        for (place, attributes) in refused {
            let Some(Write { key, .. }) = plan.writes.get(place) else {
                tracing::error!(
                    place,
                    "the store refused a write that the plan does not have"
                );
                return Written::Failed(Failure::Defect);
            };
            match self.understand(key, attributes.as_ref()) {
                Ok(item) => items.push((key.clone(), item)),
                Err(failure) => return Written::Failed(failure),
            }
        }
        Written::Refused(items)
    }
}

impl Store for Table {
    fn within(&self, budget: Duration) -> Self {
        Table {
            deadline: Deadline::within(budget),
            attempts: Arc::default(),
            ..self.clone()
        }
    }

    fn attempts(&self) -> u32 {
        self.attempts.load(Ordering::Relaxed)
    }

    fn now(&self) -> Timestamp {
        SystemTime::now().into()
    }

    async fn read(&self, keys: &[Key]) -> Result<Vec<(Key, Option<Item>)>, Failure> {
        let deadline = self.deadline.of_operation();
        if let [key] = keys {
            let item = self.read_one(deadline, key).await?;
            return Ok(vec![(key.clone(), item)]);
        }
        let found = self.read_several(deadline, keys).await?;
        keys.iter()
            .map(|key| {
                let item = self.understand(key, found.get(&keys::partition_key(key)))?;
                Ok((key.clone(), item))
            })
            .collect()
    }

    async fn write(&self, plan: &Plan) -> Written {
        let deadline = self.deadline.of_operation();
        let mut backoff = Backoff::default();
        let mut outcome = Written::Failed(Failure::OutOfTime);
        let mut in_progress = false;
        let actions = Actions(plan);
        let asked = Asked::of_table(&actions);
        while let Some(limit) = deadline.attempt() {
            let Ok(request) = Request::new(&self.name, plan) else {
                tracing::error!("a condition's pointer has too many tokens of digits");
                return Written::Failed(Failure::Defect);
            };
            let setback = match self.attempt(limit, asked, request.send(&self.client)).await {
                Some(Ok(image)) => return self.done(plan, image.as_ref()),
                Some(Err(Refusal::Conditions(refused))) => {
                    return self.refused(plan, refused);
                }
                Some(Err(Refusal::Setback(setback))) => setback,
                None => Setback::Unanswered,
            };
            in_progress |= setback == Setback::InProgress;
            outcome = given_up(setback, in_progress);
            match time_to_send_again(setback) {
                Some(time) if backoff.wait_for(deadline, time).await => {}
                _ => break,
            }
        }
        outcome
    }

    async fn list(
        &self,
        partition: &Partition,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Page, Failure> {
        let mut placeholders = Placeholders::default();
        let within = placeholders.path(&name::top(name::INDEX_PARTITION_KEY));
        let key = placeholders.value(&text(&keys::index_key(partition)));
        let mut condition = format!("{within} = {key}");
        if let Some(after) = after {
            let id = placeholders.path(&name::top(name::INDEX_SORT_KEY));
            let after = placeholders.value(&text(after));
            condition = format!("{condition} AND {id} > {after}");
        }
        let limit = i32::try_from(limit.max(1)).unwrap_or(i32::MAX);
        let output = self
            .ask(
                self.deadline.of_operation(),
                Asked::of_index(&"Query"),
                || {
                    self.client
                        .query()
                        .table_name(&self.name)
                        .index_name(name::INDEX)
                        .key_condition_expression(&condition)
                        .set_expression_attribute_names(placeholders.attribute_names())
                        .set_expression_attribute_values(placeholders.attribute_values())
                        .limit(limit)
                        .send()
                },
            )
            .await?;
        let mut page = Page::default();
        for attributes in output.items() {
            let listed = item::decode_listed(attributes);
            page.resources
                .push(listed.map_err(|foreign| self.defect(partition, &foreign))?);
        }
        let last = output.last_evaluated_key().filter(|key| !key.is_empty());
        page.more = last.is_some();
        page.resume = match last.and_then(|key| key.get(name::INDEX_SORT_KEY)) {
            Some(AttributeValue::S(id)) => Some(id.clone()),
            _ => None,
        };
        Ok(page)
    }
}

/// The time that has to be left for a write that met with this to be sent again here. One that nobody
/// can say anything of is not: the engine looks first. The same transaction is, for DynamoDB knows it by
/// its token.
fn time_to_send_again(setback: Setback) -> Option<Duration> {
    match setback {
        Setback::NotSent => Some(TO_CONNECT),
        Setback::Throttled | Setback::Conflict | Setback::InProgress => Some(SHORTEST_ATTEMPT),
        Setback::Unanswered | Setback::Invalid | Setback::Defect => None,
    }
}

/// What became of a write that met with this last, and is not sent again. Where the transaction
/// was once said to be in progress, none of the rest says that it was not carried out.
fn given_up(setback: Setback, in_progress: bool) -> Written {
    match setback {
        _ if in_progress => Written::Unknown,
        Setback::Unanswered | Setback::InProgress => Written::Unknown,
        Setback::Conflict => Written::Contended,
        Setback::NotSent | Setback::Throttled => Written::Failed(UNAVAILABLE),
        Setback::Invalid => Written::TooMuch,
        Setback::Defect => Written::Failed(Failure::Defect),
    }
}

pub(crate) fn text(text: &str) -> AttributeValue {
    AttributeValue::S(text.to_owned())
}
