//! What the function makes of a batch of records.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use lambda_http::Context;
use onlyif::declaration::{Declarations, SourceFile};
use onlyif::history::{Archive, Entries, Entry, Life};
use onlyif::item::{Item, Key, Partition};
use onlyif::plan::Plan;
use onlyif::store::{Failure, Page, Store, Written};
use onlyif::timestamp::Timestamp;
use onlyif_history::{Event, Reply, handle};
use onlyif_http::{App, Auth, Settings, StaleStatus};
use proptest::prelude::*;
use serde_json::{Value, json};

/// Histories in memory, by life and version.
#[derive(Clone, Default)]
struct Memory {
    kept: Arc<Mutex<BTreeMap<(String, u64), Entry>>>,
    /// Entries of this version are not taken.
    refuses: Option<u64>,
}

impl Archive for Memory {
    async fn keep(&self, life: &Life, entry: &Entry) -> Result<(), Failure> {
        if self.refuses == Some(entry.version) {
            return Err(Failure::OutOfTime);
        }
        let place = (format!("{life:?}"), entry.version);
        let mut kept = self.kept.lock().unwrap();
        kept.entry(place).or_insert_with(|| entry.clone());
        Ok(())
    }

    async fn entries(&self, _: &Life, _: Option<u64>, _: usize) -> Result<Entries, Failure> {
        Err(Failure::Defect)
    }
}

impl Store for Memory {
    fn within(&self, _: Duration) -> Self {
        self.clone()
    }

    fn now(&self) -> Timestamp {
        Timestamp::from_millis(0)
    }

    async fn read(&self, _: &[Key]) -> Result<Vec<(Key, Option<Item>)>, Failure> {
        Err(Failure::Defect)
    }

    async fn write(&self, _: &Plan) -> Written {
        Written::Failed(Failure::Defect)
    }

    async fn list(&self, _: &Partition, _: Option<&str>, _: usize) -> Result<Page, Failure> {
        Err(Failure::Defect)
    }
}

fn app(store: Memory) -> App<Memory> {
    let file = SourceFile {
        name: "notes.yaml".into(),
        text: "type: notes\nschema: { type: object }".into(),
    };
    App {
        declarations: Arc::new(Declarations::parse(&[file]).unwrap()),
        store,
        settings: Settings {
            stale_status: StaleStatus::Conflict,
            auth: Auth::Jwt,
            base_url: None,
        },
    }
}

/// A resource's item, as the stream shows it.
fn image(version: u64, incarnation: &str) -> Value {
    let mut image = json!({
        "pk": { "S": "-#notes#n-1" }, "sk": { "S": "#" }, "id": { "S": "n-1" },
        "document": { "M": { "text": { "S": format!("at {version}") } } },
        "version": { "N": version.to_string() }, "incarnation": { "S": incarnation },
        "createdAt": { "S": "2026-11-23T10:00:00.000Z" }, "createdBy": { "S": "alice" },
        "updatedAt": { "S": format!("2026-11-23T10:0{version}:00.000Z") }, "updatedBy": { "S": "bob" },
        "operation": { "S": "update" }, "floor": { "N": "0" },
        "cv": { "M": {} }, "ca": { "M": {} }, "ct": { "M": {} },
    });
    for place in 1..=8 {
        image[format!("w{place}")] = json!({ "S": "" });
    }
    image
}

fn tombstone(version: u64) -> Value {
    let mut image = image(version, "9f2c1a7e");
    image["deletedAt"] = json!({ "S": "2026-11-23T11:00:00.000Z" });
    image["deletedBy"] = json!({ "S": "carol" });
    image["expires"] = json!({ "N": "1800000000" });
    image
}

fn record(number: u64, old: Option<Value>, new: Option<Value>) -> Value {
    let mut record = json!({
        "eventName": "MODIFY",
        "dynamodb": {
            "Keys": { "pk": { "S": "-#notes#n-1" }, "sk": { "S": "#" } },
            "SequenceNumber": number.to_string(),
        },
    });
    for (name, image) in [("OldImage", old), ("NewImage", new)] {
        if let Some(image) = image {
            record["dynamodb"][name] = image;
        }
    }
    record
}

/// A resource is created, changed twice, leased between, deleted, created again; its tombstone and
/// something of somebody else's come and go.
fn story() -> Vec<Value> {
    let at = |version| Some(image(version, "9f2c1a7e"));
    vec![
        record(1, None, at(1)),
        record(2, at(1), at(2)),
        record(3, at(2), at(2)),
        record(4, at(2), at(3)),
        record(5, at(3), Some(tombstone(4))),
        record(6, Some(tombstone(4)), Some(image(1, "00000001"))),
        record(7, Some(tombstone(4)), None),
        json!({ "dynamodb": { "Keys": { "pk": { "S": "-~bob#key" }, "sk": { "S": "#" } }, "SequenceNumber": "8" } }),
    ]
}

fn kept(store: &Memory, records: &[Value]) -> Reply {
    let event: Event = serde_json::from_value(json!({ "Records": records })).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    runtime.block_on(handle(&app(store.clone()), event, &Context::default()))
}

fn told(store: &Memory) -> Vec<(u64, String)> {
    let kept = store.kept.lock().unwrap();
    let entry = |entry: &Entry| (entry.version, entry.operation.clone());
    kept.values().map(entry).collect()
}

#[test]
fn each_version_becomes_an_entry_and_nothing_else_does() {
    let store = Memory::default();
    assert_eq!(kept(&store, &story()), Reply::default());
    let told = told(&store);
    let told: Vec<_> = told
        .iter()
        .map(|(version, name)| (*version, name.as_str()))
        .collect();
    // The second incarnation's one entry comes first here: its digits are the lower ones.
    assert_eq!(
        told,
        [
            (1, "update"),
            (1, "update"),
            (2, "update"),
            (3, "update"),
            (4, "delete")
        ]
    );
}

#[test]
fn a_record_that_fails_is_named_and_the_others_are_kept() {
    let store = Memory {
        refuses: Some(2),
        ..Memory::default()
    };
    let mut records = story();
    records[4]["dynamodb"]["NewImage"]["version"] = json!({ "S": "four" });
    let reply = kept(&store, &records);
    assert_eq!(
        serde_json::to_value(reply).unwrap(),
        json!({ "batchItemFailures": [{ "itemIdentifier": "2" }, { "itemIdentifier": "5" }] })
    );
    let versions: Vec<u64> = told(&store).iter().map(|(version, _)| *version).collect();
    assert_eq!(versions, [1, 1, 3]);
}

#[test]
fn an_event_without_records_is_done() {
    let event: Event = serde_json::from_str("{}").unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let reply = runtime.block_on(handle(&app(Memory::default()), event, &Context::default()));
    assert_eq!(
        serde_json::to_string(&reply).unwrap(),
        r#"{"batchItemFailures":[]}"#
    );
}

proptest! {
    #[test]
    fn repeats_and_any_order_make_the_same_history(
        batches in prop::collection::vec(prop::collection::vec(0..story().len(), 0..9), 0..4),
        rest in Just((0..story().len()).collect::<Vec<_>>()).prop_shuffle(),
    ) {
        let story = story();
        let (once, often) = (Memory::default(), Memory::default());
        kept(&once, &story);
        for batch in batches.iter().chain([&rest]) {
            let records: Vec<Value> = batch.iter().map(|place| story[*place].clone()).collect();
            prop_assert_eq!(kept(&often, &records), Reply::default());
        }
        prop_assert_eq!(&*once.kept.lock().unwrap(), &*often.kept.lock().unwrap());
    }
}
