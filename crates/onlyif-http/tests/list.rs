//! A list asks every partition once, and not all of them at the same moment.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use lambda_http::Context;
use onlyif::declaration::{Declarations, SourceFile};
use onlyif::item::{Item, Key, Partition};
use onlyif::plan::Plan;
use onlyif::store::{Failure, Page, Store, Written};
use onlyif::timestamp::Timestamp;
use onlyif_http::exchange::Exchange;
use onlyif_http::{App, Auth, Settings, StaleStatus, entry, read};
use serde_json::json;

/// Holds nothing, and counts who asks.
#[derive(Clone, Default)]
struct Counting(Arc<Mutex<Counts>>);

#[derive(Default)]
struct Counts {
    asked: Vec<Partition>,
    now: usize,
    most: usize,
}

impl Store for Counting {
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
        Written::Unknown
    }

    async fn list(&self, of: &Partition, _: Option<&str>, _: usize) -> Result<Page, Failure> {
        {
            let mut counts = self.0.lock().unwrap();
            counts.asked.push(of.clone());
            counts.now += 1;
            counts.most = counts.most.max(counts.now);
        }
        tokio::task::yield_now().await;
        self.0.lock().unwrap().now -= 1;
        Ok(Page::default())
    }
}

#[tokio::test]
async fn every_partition_is_asked_once_and_sixteen_at_a_time() {
    for (shards, partitions, most) in [(1, 2, 2), (8, 16, 16), (64, 128, 16)] {
        let file = SourceFile {
            name: "lamps.yaml".into(),
            text: format!(
                "type: lamps\nschema: {{ type: object }}\nstates: {{ initial: off }}\n\
                 transitions: {{ switch-on: {{ from: off, to: on }} }}\nlist: {{ shards: {shards} }}\n"
            ),
        };
        let store = Counting::default();
        let app = App {
            declarations: Arc::new(Declarations::parse(&[file]).unwrap()),
            store: store.clone(),
            settings: Settings {
                stale_status: StaleStatus::Conflict,
                auth: Auth::None,
                base_url: None,
            },
        };
        let event = json!({
            "rawPath": "/v1/lamps",
            "pathParameters": { "type": "lamps" },
            "requestContext": { "http": { "method": "GET" } },
        });
        let request = entry::request(serde_json::from_value(event).unwrap(), Context::default());
        let answer = read::many(&app, &Exchange::begin(&app, &request)).await;
        assert_eq!(answer.status(), 200);
        let counts = store.0.lock().unwrap();
        let distinct: BTreeSet<_> = counts.asked.iter().collect();
        assert_eq!(
            (counts.asked.len(), distinct.len(), counts.most),
            (partitions, partitions, most),
            "{shards} shards"
        );
    }
}
