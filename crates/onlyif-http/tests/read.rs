//! What a read asks for is looked at before the resource is; and what the caller has already is not
//! sent again.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::sync::Arc;
use std::time::Duration;

use lambda_http::{Context, Response};
use onlyif::declaration::{Declarations, SourceFile};
use onlyif::item::{Clocks, Item, Key, Partition, Resource, Stamps};
use onlyif::plan::Plan;
use onlyif::store::{Failure, Page, Store, Written};
use onlyif::timestamp::Timestamp;
use onlyif_http::exchange::Exchange;
use onlyif_http::{App, Auth, Settings, StaleStatus, entry, read};
use serde_json::json;

const LAMPS: &str = "
type: lamps
schema: { type: object }
states: { initial: off }
transitions: { switch-on: { from: off, to: on } }
";

/// One lamp, `l`, that nobody can change.
#[derive(Clone)]
struct Shelf;

impl Store for Shelf {
    fn within(&self, _: Duration) -> Self {
        Shelf
    }

    fn now(&self) -> Timestamp {
        Timestamp::from_millis(0)
    }

    async fn read(&self, keys: &[Key]) -> Result<Vec<(Key, Option<Item>)>, Failure> {
        let item = |key: &Key| match key {
            Key::Resource { id, .. } if id == "l" => Some(Item::from(lamp())),
            _ => None,
        };
        Ok(keys.iter().map(|key| (key.clone(), item(key))).collect())
    }

    async fn write(&self, _: &Plan) -> Written {
        Written::Unknown
    }

    async fn list(&self, _: &Partition, _: Option<&str>, _: usize) -> Result<Page, Failure> {
        Ok(Page::default())
    }
}

fn lamp() -> Resource {
    Resource {
        document: serde_json::Map::new(),
        version: 3,
        incarnation: "9f2c1a7e".into(),
        state: Some("off".into()),
        created_at: Timestamp::from_millis(0),
        created_by: "alice".into(),
        updated_at: Timestamp::from_millis(0),
        updated_by: "alice".into(),
        operation: "update".into(),
        previous_at: None,
        clocks: Clocks::default(),
        stamps: Stamps::default(),
        dependents: std::collections::BTreeMap::new(),
        counted: std::collections::BTreeSet::new(),
        lease_token: 0,
        lease: None,
    }
}

async fn get(path: &str, id: &str, if_none_match: &str) -> Response<lambda_http::Body> {
    let file = SourceFile {
        name: "lamps.yaml".into(),
        text: LAMPS.into(),
    };
    let app = App {
        declarations: Arc::new(Declarations::parse(&[file]).unwrap()),
        store: Shelf,
        settings: Settings {
            stale_status: StaleStatus::Conflict,
            auth: Auth::None,
            base_url: None,
        },
    };
    let mut event = json!({
        "rawPath": path,
        "pathParameters": { "type": "lamps", "id": id },
        "requestContext": { "http": { "method": "GET" }, "requestId": "r-1", "stage": "$default" },
    });
    if !if_none_match.is_empty() {
        event["headers"] = json!({ "if-none-match": if_none_match });
    }
    let request = entry::request(serde_json::from_value(event).unwrap(), Context::default());
    let exchange = Exchange::begin(&app, &request);
    if path.ends_with("/transitions") {
        read::transitions(&app, &exchange).await
    } else {
        read::one(&app, &exchange).await
    }
}

#[tokio::test]
async fn what_the_caller_has_is_not_sent_again() {
    for path in ["/v1/lamps/l", "/v1/lamps/l/transitions"] {
        let whole = get(path, "l", "").await;
        assert_eq!(whole.status(), 200);
        let tag = whole.headers()["etag"].to_str().unwrap();
        for (known, status) in [
            (tag.to_owned(), 304),
            (format!("\"x\", W/{tag}"), 304),
            ("*".to_owned(), 304),
            ("\"x\"".to_owned(), 200),
        ] {
            let answer = get(path, "l", &known).await;
            assert_eq!(answer.status(), status, "{path} {known}");
            assert_eq!(answer.body().is_empty(), status == 304, "{path} {known}");
            assert_eq!(answer.headers()["etag"], tag, "{path} {known}");
        }
    }
}

#[tokio::test]
async fn a_header_that_cannot_be_read_is_told_before_what_is_there() {
    for path in ["/v1/lamps/x", "/v1/lamps/x/transitions"] {
        assert_eq!(get(path, "x", "").await.status(), 404, "{path}");
        assert_eq!(get(path, "x", "\"a\"").await.status(), 404, "{path}");
        assert_eq!(get(path, "x", "a").await.status(), 400, "{path}");
        assert_eq!(get(path, "x", "*, \"a\"").await.status(), 400, "{path}");
    }
}
