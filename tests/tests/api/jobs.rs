//! A job is ordered once, started once, and ended by whoever has it.

use serde_json::json;
use tokio::task::JoinSet;

use crate::harness::{Api, Call};

const CLIENTS: usize = 16;

fn order(api: &Api, dataset: &str) -> Call {
    let job = json!({"model": "small-3", "dataset": dataset, "epochs": 3});
    let order = api.alice().post("/v1/jobs", job);
    order.header("idempotency-key", "tune-2026-11")
}

async fn queued(api: &Api) {
    let job = json!({"model": "small-3", "dataset": "mails"});
    api.alice().create("/v1/jobs/j", job).await.is(201);
}

fn go(api: &Api, who: &str, how: &str) -> Call {
    let path = format!("/v1/jobs/j/transitions/{how}");
    match how {
        "succeed" => api
            .bearer(who)
            .post(&path, json!({"result": format!("by-{who}")})),
        _ => api.bearer(who).post(&path, ()),
    }
}

#[tokio::test]
async fn a_job_that_is_ordered_twice_with_one_key_is_one_and_another_needs_another_key() {
    let api = Api::of_examples().await;
    let ordered = order(&api, "mails").await.is(201);
    assert_eq!(ordered.header("idempotent-replayed"), None);
    let path = ordered.location();
    // A worker is faster than the client that has not heard yet.
    let start = api.bob().post(&format!("{path}/transitions/start"), ());
    start.await.is(200);
    let again = order(&api, "mails").await.is(201);
    assert_eq!(again.header("idempotent-replayed"), Some("true"));
    assert_eq!((again.location(), &again.text), (path, &ordered.text));

    let refused = order(&api, "contracts").await;
    refused.refused(422, "idempotency-key-reused");
    let jobs = api.carol().get("/v1/jobs").await.is(200);
    assert_eq!(jobs.ids(), [ordered["id"].as_str().unwrap()]);
}

#[tokio::test]
async fn a_job_that_is_started_twice_says_who_has_it_and_since_when() {
    let api = Api::of_examples().await;
    queued(&api).await;
    let started = go(&api, "worker-1", "start").await.is(200);
    let refused = go(&api, "worker-2", "start").await;
    let refused = refused.refused(409, "invalid-transition");
    assert_eq!(
        refused["conflicts"],
        json!([{
            "code": "invalid-transition",
            "transition": "start",
            "state": "running",
            "from": ["queued"],
            "since": started["startedAt"],
            "by": "worker-1",
            "allowed": ["requeue", "cancel"],
            "path": ["requeue"],
        }])
    );
    // The one that has it is not told that it may end it and then refused.
    let refused = go(&api, "worker-1", "start").await;
    let refused = refused.refused(409, "invalid-transition");
    let allowed = &refused.conflict("invalid-transition")["allowed"];
    assert_eq!(allowed, &json!(["succeed", "fail", "requeue", "cancel"]));
}

#[tokio::test]
async fn a_worker_that_comes_back_from_the_dead_does_not_end_what_another_has() {
    let api = Api::of_examples().await;
    queued(&api).await;
    go(&api, "worker-1", "start").await.is(200);
    let free = go(&api, "ops", "requeue").await.is(200);
    assert!(free.body.get("worker").is_none());
    go(&api, "worker-2", "start").await.is(200);
    let refused = go(&api, "worker-1", "succeed").await;
    let refused = refused.refused(409, "condition-not-met");
    assert_eq!(
        refused["conflicts"],
        json!([{
            "code": "condition-not-met",
            "pointer": "/worker",
            "requires": {"is": "worker-1"},
            "actual": "worker-2",
            "message": "Another worker has this job.",
        }])
    );
    let done = go(&api, "worker-2", "succeed").await.is(200);
    assert_eq!(done["result"], "by-worker-2");
    go(&api, "worker-2", "succeed")
        .await
        .refused(409, "invalid-transition");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_that_start_a_job_at_once_one_does_and_the_others_are_told_who() {
    let api = Api::of_examples().await;
    queued(&api).await;
    let mut workers = JoinSet::new();
    for n in 0..CLIENTS {
        let start = go(&api, &format!("worker-{n}"), "start");
        workers.spawn(async move { start.await });
    }
    let (won, lost): (Vec<_>, Vec<_>) = workers
        .join_all()
        .await
        .into_iter()
        .partition(|reply| reply.status == 200);
    assert_eq!((won.len(), lost.len()), (1, CLIENTS - 1));
    for reply in lost {
        let refused = reply.refused(409, "invalid-transition");
        let conflict = refused.conflict("invalid-transition");
        assert_eq!(conflict["by"], won[0]["worker"]);
        assert_eq!(conflict["since"], won[0]["startedAt"]);
    }
}
