//! The event of a request says how often the store was asked for it.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::io;
use std::sync::atomic::{AtomicU32, Ordering};
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
use serde_json::{Value, json};

/// Holds nothing, and has to be asked three times for that.
#[derive(Clone, Default)]
struct Busy(Arc<AtomicU32>);

impl Store for Busy {
    fn within(&self, _: Duration) -> Self {
        Busy::default()
    }

    fn attempts(&self) -> u32 {
        self.0.load(Ordering::Relaxed)
    }

    fn now(&self) -> Timestamp {
        Timestamp::from_millis(0)
    }

    async fn read(&self, keys: &[Key]) -> Result<Vec<(Key, Option<Item>)>, Failure> {
        self.0.fetch_add(3, Ordering::Relaxed);
        Ok(keys.iter().map(|key| (key.clone(), None)).collect())
    }

    async fn write(&self, _: &Plan) -> Written {
        Written::Unknown
    }

    async fn list(&self, _: &Partition, _: Option<&str>, _: usize) -> Result<Page, Failure> {
        Err(Failure::Defect)
    }
}

/// What is logged.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    /// The events of requests, in order.
    fn requests(&self) -> Vec<Value> {
        let text = String::from_utf8(self.0.lock().unwrap().clone()).unwrap();
        let events = text.lines().map(|line| serde_json::from_str(line).unwrap());
        events
            .filter(|event: &Value| event["target"] == "onlyif::request")
            .collect()
    }
}

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn a_request_tells_how_often_the_store_was_asked_for_it_alone() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .json()
        .flatten_event(true)
        .with_writer(move || writer.clone())
        .finish();
    let _logging = tracing::subscriber::set_default(subscriber);
    let file = SourceFile {
        name: "lamps.yaml".into(),
        text: "type: lamps\nschema: { type: object }".into(),
    };
    let app = App {
        declarations: Arc::new(Declarations::parse(&[file]).unwrap()),
        store: Busy::default(),
        settings: Settings {
            stale_status: StaleStatus::Conflict,
            auth: Auth::None,
            base_url: None,
        },
    };
    for id in ["l", "l", "no id at all"] {
        let event = json!({
            "rawPath": format!("/v1/lamps/{id}"),
            "pathParameters": { "type": "lamps", "id": id },
            "requestContext": { "http": { "method": "GET" }, "requestId": "r-1" },
        });
        let request = entry::request(serde_json::from_value(event).unwrap(), Context::default());
        read::one(&app, &Exchange::begin(&app, &request)).await;
    }
    let told: Vec<Value> = log
        .requests()
        .into_iter()
        .map(|event| event["attempts"].clone())
        .collect();
    assert_eq!(told, [3, 3, 0]);
}
