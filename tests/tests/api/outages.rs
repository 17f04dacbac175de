//! A store that cannot be reached, hangs or has too much to do: said, and never in its own words.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::harness::{Api, Backend, Call, Fault, Proxy};

/// What an invocation may take at most.
const DEADLINE: Duration = Duration::from_secs(15);

async fn start() -> (Api, Proxy) {
    let proxy = Proxy::before(Backend::start().await).await;
    let api = Api::on(&proxy.url).await;
    api.alice()
        .create("/v1/products/p-1", json!({"name": "n", "stock": 5}))
        .await
        .is(201);
    (api, proxy)
}

fn calls(api: &Api) -> Vec<(&'static str, Call)> {
    let alice = api.alice();
    vec![
        (
            "create",
            alice.create("/v1/products/p-2", json!({"name": "n", "stock": 1})),
        ),
        (
            "post",
            alice.post("/v1/accounts", json!({"email": "a@x", "name": "a"})),
        ),
        ("read", alice.get("/v1/products/p-1")),
        ("list", alice.get("/v1/orders")),
        ("by unique field", alice.get("/v1/accounts?email=a@x")),
        (
            "update",
            alice
                .patch("/v1/products/p-1", json!({"name": "m"}))
                .if_any(),
        ),
        (
            "transition",
            alice.post(
                "/v1/products/p-1/transitions/reserve",
                json!({"quantity": 1}),
            ),
        ),
        ("delete", alice.delete("/v1/products/p-1").if_any()),
    ]
}

#[tokio::test]
async fn a_store_that_cannot_be_reached_is_unavailable_for_now() {
    for fault in [Fault::Unreachable, Fault::Throttle] {
        let (api, proxy) = start().await;
        proxy.set(fault);
        let mut running = tokio::task::JoinSet::new();
        for (name, call) in calls(&api) {
            running.spawn(async move {
                let began = Instant::now();
                (name, call.await, began.elapsed())
            });
        }
        for (name, reply, took) in running.join_all().await {
            let writes = !matches!(name, "read" | "list" | "by unique field");
            // A connection that closes after a write was sent leaves it open whether it was made.
            if fault == Fault::Unreachable && writes && reply.status == 504 {
                reply.refused(504, "outcome-unknown");
            } else {
                let reply = reply.refused(503, "unavailable");
                let wait: u64 = reply.header("retry-after").unwrap().parse().unwrap();
                assert!((1..=60).contains(&wait), "{name}");
            }
            assert!(took < DEADLINE, "{name}: {took:?}");
        }
        proxy.set(Fault::None);
        let read = api.alice().get("/v1/products/p-1").await.is(200);
        assert_eq!(read["version"], 1, "nothing was done");
    }
}

/// What the service is not allowed is its own defect: the caller learns that nothing is written, and
/// not why.
#[tokio::test]
async fn a_store_that_the_service_may_not_use_is_a_defect_of_the_service() {
    let (api, proxy) = start().await;
    proxy.set(Fault::Deny);
    for (name, call) in calls(&api) {
        let reply = call.await.refused(500, "internal");
        for word in ["AccessDenied", "arn:", "DynamoDB"] {
            assert!(!reply.text.contains(word), "{name}: {reply:?}");
        }
    }
    proxy.set(Fault::None);
    let read = api.alice().get("/v1/products/p-1").await.is(200);
    assert_eq!(read["version"], 1, "nothing was done");
}

#[tokio::test]
async fn a_store_that_hangs_is_answered_for_before_the_deadline() {
    let (api, proxy) = start().await;
    proxy.set(Fault::Hang);
    let mut running = tokio::task::JoinSet::new();
    for (name, call) in calls(&api) {
        running.spawn(async move {
            let began = Instant::now();
            (name, call.await, began.elapsed())
        });
    }
    for (name, reply, took) in running.join_all().await {
        assert!(took < DEADLINE, "{name}: {took:?}");
        match name {
            // These begin by reading, or only read: nothing can have been written.
            "read" | "list" | "by unique field" | "update" => {
                drop(reply.refused(503, "unavailable"))
            }
            _ => {
                let reply = reply.refused(504, "outcome-unknown");
                assert!(reply.header("retry-after").is_some(), "{reply:?}");
            }
        }
    }
}

#[tokio::test]
async fn throttled_once_is_not_even_told() {
    let (api, proxy) = start().await;
    for (name, call) in calls(&api) {
        proxy.set(Fault::ThrottleOnce);
        let reply = call.await;
        assert!(reply.status < 300, "{name}: {reply:?}");
    }
}
