//! What goes live is what was reviewed, whoever writes meanwhile.

use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::harness::{Api, Call, Reply};

const PATH: &str = "/v1/prompts/p";

async fn written(api: &Api) -> Reply {
    let draft = json!({"text": "Be brief: {question}", "model": "small-3"});
    let prompt = json!({"name": "brief", "draft": draft});
    api.alice().create(PATH, prompt).await.is(201)
}

fn rewrite(api: &Api, who: &str, tag: &str, draft: Value) -> Call {
    let change = json!({"draft": draft});
    api.bearer(who).patch(PATH, change).if_match(tag)
}

fn publish(api: &Api, reviewed: &Value) -> Call {
    let input = json!({"reviewed": reviewed});
    api.carol()
        .post(&format!("{PATH}/transitions/publish"), input)
}

#[tokio::test]
async fn a_prompt_that_changed_after_its_review_does_not_go_live() {
    let api = Api::of_examples().await;
    let reviewed = written(&api).await;
    let brief = json!({"text": "Be very brief: {question}"});
    let rewritten = rewrite(&api, "alice", &reviewed.tag(), brief).await.is(200);

    let refused = publish(&api, &reviewed["version"]).await;
    let refused = refused.refused(409, "condition-not-met");
    let unreviewed = json!({
        "code": "condition-not-met",
        "pointer": "/version",
        "requires": {"is": 1},
        "actual": 2,
        "message": "It has changed since it was reviewed.",
    });
    assert_eq!(refused["conflicts"], json!([unreviewed]));
    assert!(refused["current"].get("live").is_none());
    // With the tag that she read, carol is told what she has not seen.
    let publish_read = publish(&api, &reviewed["version"]).if_match(&reviewed.tag());
    let refused = publish_read.await.refused(409, "stale-version");
    assert_eq!(refused.conflicts(), ["stale-version", "condition-not-met"]);
    let fields = refused.conflict("stale-version")["fields"]
        .as_array()
        .unwrap();
    let [field] = fields.as_slice() else {
        panic!("{refused:?}");
    };
    assert_eq!(field["pointer"], "/draft/text");
    assert_eq!(
        (&field["changedBy"], &field["current"]),
        (&json!("alice"), &json!("Be very brief: {question}"))
    );

    let live = publish(&api, &rewritten["version"]).await.is(200);
    assert_eq!(live["live"], rewritten["draft"]);
    assert_eq!(
        (&live["liveVersion"], &live["liveBy"]),
        (&json!(2), &json!("carol"))
    );
}

#[tokio::test]
async fn who_goes_on_writing_changes_nothing_that_is_live() {
    let api = Api::of_examples().await;
    let read = written(&api).await;
    publish(&api, &read["version"]).await.is(200);
    // Bob has not seen that it went live; his text is a draft all the same.
    let text = json!({"text": "Take your time: {question}"});
    let merged = rewrite(&api, "bob", &read.tag(), text.clone())
        .await
        .is(200);
    assert_eq!(merged.header("preference-applied"), Some("conflict=merge"));
    assert_eq!(merged["draft"]["text"], text["text"]);
    assert_eq!(merged["live"], read["draft"]);
    // Alice has not seen his, and writes on the same text.
    let longer = json!({"text": "Be brief, please: {question}"});
    let refused = rewrite(&api, "alice", &read.tag(), longer).await;
    let refused = refused.refused(409, "stale-version");
    assert_eq!(refused.conflict("stale-version")["mergeable"], false);
    // On another field she may; what comes of both waits for a review.
    let cooler = json!({"temperature": 0});
    let merged = rewrite(&api, "alice", &read.tag(), cooler).await.is(200);
    let refused = publish(&api, &json!(3)).await;
    refused.refused(409, "condition-not-met");
    let live = publish(&api, &merged["version"]).await.is(200);
    assert_eq!(live["live"], merged["draft"]);
    // Nothing but a review writes what is live.
    let past = api
        .bob()
        .patch(PATH, json!({"live": {"text": "Mine."}}))
        .if_any();
    let refused = past.await.refused(422, "invalid-resource");
    assert_eq!(refused.places(), ["/live"]);
}

#[tokio::test]
async fn a_draft_of_what_was_retired_meanwhile_is_told_all_that_stands_against_it() {
    let api = Api::of_examples().await;
    let read = written(&api).await;
    publish(&api, &read["version"]).await.is(200);
    api.carol()
        .post(&format!("{PATH}/transitions/retire"), ())
        .await
        .is(200);
    let text = json!({"text": "Too late: {question}"});
    let refused = rewrite(&api, "bob", &read.tag(), text).await;
    let refused = refused.refused(409, "stale-version");
    assert_eq!(
        refused.conflicts(),
        ["stale-version", "not-allowed-in-state"]
    );
    let conflict = refused.conflict("not-allowed-in-state");
    assert_eq!(conflict["state"], "retired");
    assert_eq!(refused.rels(), ["discard"], "no way to write it is offered");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_is_published_while_many_write_was_read_as_a_whole_before() {
    let api = Api::of_examples().await;
    written(&api).await;
    let mut everyone = JoinSet::new();
    for writer in 0..4 {
        let client = api.bearer(&format!("writer-{writer}"));
        everyone.spawn(async move {
            for n in 0..10 {
                let mark = format!("{writer}-{n}");
                let draft = json!({"text": format!("{mark}: {{question}}"), "model": mark});
                let write = client.patch(PATH, json!({"draft": draft})).if_any();
                loop {
                    let reply = write.clone().await;
                    if reply.status == 200 {
                        break;
                    }
                    reply.refused(409, "contention");
                }
            }
            0
        });
    }
    for reviewer in 0..4 {
        let client = api.bearer(&format!("reviewer-{reviewer}"));
        everyone.spawn(async move {
            let mut published = 0;
            for _ in 0..10 {
                let read = client.get(PATH).await.is(200);
                let input = json!({"reviewed": read["version"]});
                let publish = client.post(&format!("{PATH}/transitions/publish"), input);
                let reply = publish.await;
                if reply.status == 200 {
                    assert_eq!(reply["live"], read["draft"], "live, and read by nobody");
                    published += 1;
                    continue;
                }
                if reply["code"] != "contention" {
                    let refused = reply.refused(409, "condition-not-met");
                    let actual = &refused.conflict("condition-not-met")["actual"];
                    assert_ne!(actual, &read["version"], "refused, and by nobody");
                }
            }
            published
        });
    }
    let published: u64 = everyone.join_all().await.into_iter().sum();
    let prompt = api.alice().get(PATH).await.is(200);
    assert_eq!(prompt["version"], 1 + 40 + published);
}
