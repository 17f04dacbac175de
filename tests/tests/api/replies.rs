//! A turn of a conversation has one reply.

use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::harness::{Api, Call, rivals};

const CLIENTS: usize = 16;

fn reply(api: &Api, who: &str, id: &str, turn: u64) -> Call {
    let text = format!("{who} answers");
    let reply = json!({"conversation": "c-1", "turn": turn, "text": text});
    api.bearer(who).create(&format!("/v1/replies/{id}"), reply)
}

fn taken_by(id: &str, turn: u64) -> Value {
    json!([{
        "code": "duplicate",
        "constraint": "one-reply-per-turn",
        "fields": [{"pointer": "/conversation", "value": "c-1"}, {"pointer": "/turn", "value": turn}],
        "holder": format!("/v1/replies/{id}"),
    }])
}

#[tokio::test]
async fn the_second_reply_to_a_turn_is_told_the_first() {
    let api = Api::of_examples().await;
    reply(&api, "worker-1", "r-1", 7).await.is(201);
    let refused = reply(&api, "worker-2", "r-2", 7)
        .await
        .refused(409, "duplicate");
    assert_eq!(refused["conflicts"], taken_by("r-1", 7));
    let stands = api
        .bob()
        .follow(refused.resolution("read-holder"))
        .await
        .is(200);
    assert_eq!(stands["text"], "worker-1 answers");
    // The same message again, to the worker that has answered it: it is told that it has.
    let again = reply(&api, "worker-1", "r-1", 7).await.is(201);
    assert_eq!(again.header("idempotent-replayed"), Some("true"));
    reply(&api, "worker-2", "r-2", 8).await.is(201);
    // What was said is not said otherwise afterwards.
    let edit = api
        .bearer("worker-2")
        .patch("/v1/replies/r-2", json!({"turn": 9}));
    edit.if_any().await.refused(409, "not-allowed-in-state");
}

#[tokio::test]
async fn a_withdrawn_reply_leaves_its_turn_to_another() {
    let api = Api::of_examples().await;
    reply(&api, "worker-1", "r-1", 7).await.is(201);
    let withdraw = || {
        let path = "/v1/replies/r-1/transitions/withdraw";
        api.alice().post(path, json!({"reason": "not true"}))
    };
    withdraw().await.is(200);
    reply(&api, "worker-2", "r-2", 7).await.is(201);
    // Withdrawn twice, it frees nothing of the other's.
    let refused = withdraw().await.refused(409, "invalid-transition");
    assert_eq!(refused.conflict("invalid-transition")["by"], "alice");
    let refused = reply(&api, "worker-3", "r-3", 7)
        .await
        .refused(409, "duplicate");
    assert_eq!(refused["conflicts"], taken_by("r-2", 7));
    let found = api.carol().get("/v1/replies?conversation=c-1&turn=7").await;
    assert_eq!(found.is(200).ids(), ["r-2"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_that_reply_to_one_turn_at_once_one_is_heard() {
    let api = Api::of_examples().await;
    let mut workers = JoinSet::new();
    for n in 0..rivals(CLIENTS) {
        let reply = reply(&api, &format!("worker-{n}"), &format!("r-{n}"), 7);
        workers.spawn(async move { reply.await });
    }
    let (won, lost): (Vec<_>, Vec<_>) = workers
        .join_all()
        .await
        .into_iter()
        .partition(|reply| reply.status == 201);
    assert_eq!((won.len(), lost.len()), (1, rivals(CLIENTS) - 1));
    let id = won[0]["id"].as_str().unwrap();
    for reply in lost {
        let refused = reply.refused(409, "duplicate");
        assert_eq!(refused["conflicts"], taken_by(id, 7));
    }
    assert_eq!(api.carol().get("/v1/replies").await.is(200).ids(), [id]);
}
