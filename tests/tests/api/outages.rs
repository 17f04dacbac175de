//! A store that cannot be reached, hangs or has too much to do: said, in time, and never in its own
//! words.

use std::collections::BTreeSet;
use std::fs;
use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use lambda_http::Context;
use onlyif_cli::function::Function;
use onlyif_cli::serve::Options;
use onlyif_cli::template;
use onlyif_dynamodb::Table;
use onlyif_http::{App, Auth, Settings, StaleStatus};
use serde_json::{Value, json};
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout};

use crate::harness::{Api, Backend, Call, Fault, Proxy, Reply};

/// How long a function may run here: long enough for every way to wait, and no longer, unless an
/// emulator has to answer meanwhile that may stand still by itself.
fn limit() -> Duration {
    Duration::from_secs(match Backend::named() {
        None => 4,
        Some(_) => 10,
    })
}

/// How long before that everything is answered.
const SPARE: Duration = Duration::from_millis(200);

async fn start() -> (Api, Proxy) {
    let proxy = Proxy::before(Backend::start().await).await;
    let timeout = format!("    Timeout: {}\n", limit().as_secs());
    let api = Api::with(Options {
        store: Some(proxy.url.clone()),
        template: template::TEMPLATE.replace("    Timeout: 10\n", &timeout),
        ..Options::default()
    })
    .await;
    let alice = api.alice();
    for (path, document) in [
        ("/v1/products/p-1", json!({"name": "n", "stock": 5})),
        ("/v1/drawings/d-1", json!({"title": "t", "strokes": 0})),
        ("/v1/accounts/a-1", json!({"email": "a@x", "name": "a"})),
    ] {
        alice.create(path, document).await.is(201);
    }
    let lease = alice.put("/v1/drawings/d-1/lease", json!({"for": "60s"}));
    lease.await.is(200);
    (api, proxy)
}

/// All that there is.
async fn everything(api: &Api) -> Vec<String> {
    api.everything(&["accounts", "drawings", "products"]).await
}

/// What a call asks of the store first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Begins {
    /// It only reads.
    Reads,
    /// It looks before it writes.
    Looks,
    /// It writes.
    Writes,
}

use Begins::{Looks, Reads, Writes};

/// Calls of every kind, which all need the store. In this order each of them succeeds.
fn calls(api: &Api) -> Vec<(Call, Begins)> {
    let alice = api.alice();
    let product = || json!({"name": "n", "stock": 1});
    let keyed = |call: Call, key: &str| call.header("idempotency-key", key);
    let patch = |name| {
        let patch = alice.patch("/v1/products/p-1", json!({"name": name}));
        patch.if_any()
    };
    let reserve = || {
        let path = "/v1/products/p-1/transitions/reserve";
        alice.post(path, json!({"quantity": 1}))
    };
    let transaction = || {
        let operations = json!([
            {"method": "POST", "path": "/v1/products", "body": product()},
            {"method": "PATCH", "path": "/v1/products/p-1", "headers": {"if-match": "*"}, "body": {"stock": 4}},
        ]);
        alice.post("/v1/transactions", json!({"operations": operations}))
    };
    let lease = "/v1/drawings/d-1/lease";
    let mut calls = vec![
        (alice.post("/v1/products", product()), Writes),
        (
            alice.post("/v1/accounts", json!({"email": "b@x", "name": "b"})),
            Writes,
        ),
        (keyed(alice.post("/v1/products", product()), "k-1"), Writes),
        (alice.create("/v1/products/p-2", product()), Writes),
        (
            alice
                .create("/v1/products/p-3", product())
                .prefer("dry-run"),
            Reads,
        ),
        (
            alice
                .put("/v1/products/p-1", json!({"name": "m", "stock": 9}))
                .if_any(),
            Looks,
        ),
        (patch("o"), Looks),
        (keyed(patch("p"), "k-2"), Looks),
        (reserve(), Writes),
        (keyed(reserve(), "k-3"), Looks),
        (transaction(), Looks),
        (keyed(transaction(), "k-4"), Looks),
        (alice.put(lease, json!({"for": "60s"})), Looks),
    ];
    for path in [
        "/v1/products",
        "/v1/drawings?state=open",
        "/v1/accounts?email=a@x",
        "/v1/products/p-1",
        "/v1/drawings/d-1/transitions",
        "/v1/products/p-1/history",
        lease,
    ] {
        calls.push((alice.get(path), Reads));
        calls.push((alice.head(path), Reads));
    }
    calls.extend([
        (alice.delete(lease), Looks),
        (alice.delete("/v1/products/p-1").if_any(), Writes),
        (alice.delete("/v1/accounts/a-1").if_any(), Looks),
    ]);
    calls
}

#[tokio::test]
async fn every_route_that_needs_the_store_is_called_here() {
    let (api, _proxy) = start().await;
    let routes = template::Api::read(template::TEMPLATE).unwrap().routes;
    let needing = routes.iter();
    let needing = needing.filter(|route| route.function != Function::Describe);
    let needing: BTreeSet<&str> = needing.map(|route| route.key.as_str()).collect();
    let calls = calls(&api);
    let called = calls.iter().map(|(call, _)| {
        let chosen = routes.choose(call.method(), call.path());
        chosen.expect("a route").route.key.as_str()
    });
    assert_eq!(called.collect::<BTreeSet<_>>(), needing);
}

/// Does what must be done in time. While the machine stands still, no time goes by: others use it
/// as well.
async fn in_time<T>(work: impl Future<Output = T>) -> T {
    const TICK: Duration = Duration::from_millis(10);
    let began = Instant::now();
    let mut stood_still = Duration::ZERO;
    let mut work = pin!(work);
    loop {
        let tick = Instant::now();
        let done = timeout(TICK, &mut work).await;
        stood_still += tick.elapsed().saturating_sub(2 * TICK);
        if let Ok(done) = done {
            let took = began.elapsed() - stood_still;
            assert!(took <= limit() - SPARE, "{took:?}");
            return done;
        }
    }
}

/// The replies to all calls at once, none of them later than it may be.
async fn replies(api: &Api) -> Vec<(Begins, Reply)> {
    let mut running = JoinSet::new();
    for (call, begins) in calls(api) {
        running.spawn(async move { (begins, in_time(call.into_future()).await) });
    }
    running.join_all().await
}

/// The service cannot answer now, and nothing is written.
fn is_unavailable(reply: Reply) {
    let wait = reply.header("retry-after").expect("Retry-After");
    assert!((1..=60).contains(&wait.parse().unwrap()), "{reply:?}");
    if reply.is_to_head() {
        reply.is(503);
    } else {
        let reply = reply.refused(503, "unavailable");
        assert_eq!(reply["retry"], "now");
    }
}

/// Nobody can say whether it is written.
fn is_unknown(reply: Reply) {
    let reply = reply.refused(504, "outcome-unknown");
    assert!(reply.header("retry-after").is_some(), "{reply:?}");
}

#[tokio::test]
async fn a_store_that_hangs_is_answered_for_before_the_deadline() {
    let (api, proxy) = start().await;
    let before = everything(&api).await;
    proxy.set(Fault::Hang);
    for (begins, reply) in replies(&api).await {
        match begins {
            Reads | Looks => is_unavailable(reply),
            Writes => is_unknown(reply),
        }
    }
    proxy.set(Fault::None);
    assert_eq!(everything(&api).await, before, "nothing was done");
}

#[tokio::test]
async fn a_store_that_answers_no_write_is_answered_for_before_the_deadline() {
    let (api, proxy) = start().await;
    let before = everything(&api).await;
    proxy.set(Fault::HangWrites);
    for (begins, reply) in replies(&api).await {
        match begins {
            Reads => assert!(reply.status < 300, "{reply:?}"),
            Looks | Writes => is_unknown(reply),
        }
    }
    proxy.set(Fault::None);
    assert_eq!(everything(&api).await, before, "nothing was done");
}

/// The stream's records are handed over again, by Lambda: nothing of them is lost.
#[tokio::test]
async fn a_history_that_cannot_be_kept_is_handed_over_again_before_the_deadline() {
    let (_api, proxy) = start().await;
    proxy.set(Fault::Hang);
    let table = onlyif_dynamodb::Settings::emulated("things", &proxy.url);
    let app = App {
        declarations: Arc::new(onlyif_declared::declarations()),
        store: Table::connect(&table).expect("a client"),
        settings: Settings {
            stale_status: StaleStatus::Conflict,
            auth: Auth::Jwt,
            base_url: None,
        },
    };
    let events = concat!(env!("CARGO_MANIFEST_DIR"), "/../events/");
    let records = fs::read_to_string(format!("{events}history-records.json")).unwrap();
    let records: Value = serde_json::from_str(&records).unwrap();
    let one = &records["Records"][0];
    // As many as Lambda may hand over: more than are written at the same time.
    let numbers: Vec<String> = (1..=100).map(|number| format!("{number:021}")).collect();
    let records = numbers.iter().map(|number| {
        let mut record = one.clone();
        record["dynamodb"]["SequenceNumber"] = json!(number);
        record
    });
    let event = json!({ "Records": records.collect::<Vec<_>>() });
    let event = serde_json::from_value(event).unwrap();
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let mut context = Context::default();
    context.deadline = (now + limit()).as_millis().try_into().unwrap();
    let reply = in_time(onlyif_history::handle(&app, event, &context)).await;
    let failed = reply.batch_item_failures.into_iter();
    let failed: Vec<String> = failed.map(|failed| failed.item_identifier).collect();
    assert_eq!(failed, numbers);
}

#[tokio::test]
async fn a_store_that_cannot_be_reached_is_unavailable_for_now() {
    for fault in [Fault::Unreachable, Fault::Throttle] {
        let (api, proxy) = start().await;
        let before = everything(&api).await;
        proxy.set(fault);
        for (begins, reply) in replies(&api).await {
            // A connection that closes after a write was sent leaves it open whether it was made.
            if (fault, begins) == (Fault::Unreachable, Writes) && reply.status == 504 {
                is_unknown(reply);
            } else {
                is_unavailable(reply);
            }
        }
        proxy.set(Fault::None);
        assert_eq!(everything(&api).await, before, "nothing was done");
    }
}

/// What the service is not allowed is its own defect: the caller learns that nothing is written, and
/// not why.
#[tokio::test]
async fn a_store_that_the_service_may_not_use_is_a_defect_of_the_service() {
    let (api, proxy) = start().await;
    let before = everything(&api).await;
    proxy.set(Fault::Deny);
    for (_, reply) in replies(&api).await {
        if reply.is_to_head() {
            reply.is(500);
            continue;
        }
        let reply = reply.refused(500, "internal");
        for word in ["AccessDenied", "arn:", "DynamoDB"] {
            assert!(!reply.text.contains(word), "{reply:?}");
        }
    }
    proxy.set(Fault::None);
    assert_eq!(everything(&api).await, before, "nothing was done");
}

#[tokio::test]
async fn throttled_once_is_not_even_told() {
    let (api, proxy) = start().await;
    for (call, _) in calls(&api) {
        proxy.taken();
        proxy.set(Fault::ThrottleOnce);
        let reply = call.await;
        assert!(reply.status < 300, "{reply:?}");
        let taken = proxy.taken();
        assert!(
            taken.len() > 1 && taken[0] == taken[1],
            "{taken:?}: {reply:?}"
        );
    }
}
