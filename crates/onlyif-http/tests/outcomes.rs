//! The event of a request says how it ended, and which function answered it.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use lambda_http::{Context, lambda_runtime};
use onlyif::declaration::{Declarations, SourceFile};
use onlyif::item::{Item, Key, Partition};
use onlyif::plan::Plan;
use onlyif::store::{Failure, Page, Store, Written};
use onlyif::timestamp::Timestamp;
use onlyif_http::exchange::Exchange;
use onlyif_http::observe::{FAILED, REQUEST};
use onlyif_http::{App, Auth, Settings, StaleStatus, entry, read};
use serde_json::json;
use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::layer::{Context as LayerContext, Layer};
use tracing_subscriber::prelude::*;

/// A store that holds nothing, or cannot be reached.
#[derive(Clone)]
struct Shelf {
    away: bool,
}

impl Store for Shelf {
    fn within(&self, _: Duration) -> Self {
        self.clone()
    }

    fn now(&self) -> Timestamp {
        Timestamp::from_millis(0)
    }

    async fn read(&self, keys: &[Key]) -> Result<Vec<(Key, Option<Item>)>, Failure> {
        match self.away {
            true => Err(Failure::Unavailable {
                retry_after_ms: 1000,
            }),
            false => Ok(keys.iter().map(|key| (key.clone(), None)).collect()),
        }
    }

    async fn write(&self, _: &Plan) -> Written {
        Written::Unknown
    }

    async fn list(&self, _: &Partition, _: Option<&str>, _: usize) -> Result<Page, Failure> {
        Ok(Page::default())
    }
}

/// The fields of the last event of a request.
#[derive(Clone, Default)]
struct Said(Arc<Mutex<BTreeMap<String, String>>>);

struct Fields<'a>(&'a mut BTreeMap<String, String>);

impl Visit for Fields<'_> {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.insert(field.name().to_owned(), value.to_owned());
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.record_str(field, &format!("{value:?}"));
    }
}

impl<S: Subscriber> Layer<S> for Said {
    fn on_event(&self, event: &Event<'_>, _: LayerContext<'_, S>) {
        if event.metadata().target() == REQUEST {
            event.record(&mut Fields(&mut self.0.lock().unwrap()));
        }
    }
}

async fn said(away: bool, type_name: &str) -> BTreeMap<String, String> {
    let said = Said::default();
    let _here = tracing::subscriber::set_default(tracing_subscriber::registry().with(said.clone()));
    let file = SourceFile {
        name: "lamps.yaml".into(),
        text: "type: lamps\nschema: { type: object }".into(),
    };
    let app = App {
        declarations: Arc::new(Declarations::parse(&[file]).unwrap()),
        store: Shelf { away },
        settings: Settings {
            stale_status: StaleStatus::Conflict,
            auth: Auth::None,
            base_url: None,
        },
    };
    let event = json!({
        "rawPath": format!("/v1/{type_name}/l"),
        "pathParameters": { "type": type_name, "id": "l" },
        "requestContext": { "http": { "method": "GET" }, "requestId": "r-1" },
    });
    let mut context = Context::default();
    context.request_id = "i-1".to_owned();
    context.env_config = Arc::new(lambda_runtime::Config {
        version: "7".to_owned(),
        ..lambda_runtime::Config::default()
    });
    let request = entry::request(serde_json::from_value(event).unwrap(), context);
    read::one(&app, &Exchange::begin(&app, &request)).await;
    said.0.lock().unwrap().clone()
}

#[tokio::test]
async fn what_the_service_cannot_answer_is_a_failure_and_what_is_not_there_a_refusal() {
    for (away, outcome, code, retry) in [
        (true, FAILED, "unavailable", "now"),
        (false, "refused", "not-found", "never"),
    ] {
        let said = said(away, "lamps").await;
        let told = ["outcome", "code", "retry"].map(|name| said[name].as_str());
        assert_eq!(told, [outcome, code, retry]);
    }
}

#[tokio::test]
async fn a_request_names_its_invocation_and_the_version_that_answered_it() {
    let said = said(false, "lamps").await;
    let told = ["request_id", "invocation", "function_version"].map(|name| said[name].as_str());
    assert_eq!(told, ["r-1", "i-1", "7"]);
}

#[tokio::test]
async fn a_type_that_is_not_declared_is_a_word_in_the_path_alone() {
    assert_eq!(said(false, "lamps").await["type"], "lamps");
    let said = said(false, "whatever").await;
    assert_eq!(said.get("type"), None);
    assert_eq!(said["path"], "/v1/whatever/l");
}
