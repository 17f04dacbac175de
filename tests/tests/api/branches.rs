//! A push follows the commit that is there, or is none.

use std::collections::BTreeMap;

use serde_json::json;
use tokio::task::JoinSet;

use crate::harness::{Api, Call};

const CLIENTS: usize = 16;

/// The name of the nth commit.
fn commit(n: usize) -> String {
    format!("{n:040x}")
}

async fn branch(api: &Api, id: &str) {
    let branch = json!({"repository": "engine", "name": id, "head": commit(1)});
    let path = format!("/v1/branches/{id}");
    api.carol().create(&path, branch).await.is(201);
}

fn push(api: &Api, who: &str, parent: &str, head: &str) -> Call {
    let input = json!({"parent": parent, "head": head});
    let path = "/v1/branches/main/transitions/push";
    api.bearer(who).post(path, input)
}

#[tokio::test]
async fn a_push_from_an_old_head_is_told_the_head_and_follows_it_once_rebased() {
    let api = Api::of_examples().await;
    branch(&api, "main").await;
    push(&api, "alice", &commit(1), &commit(2)).await.is(200);
    let refused = push(&api, "bob", &commit(1), &commit(3))
        .await
        .refused(409, "condition-not-met");
    assert_eq!(
        refused["conflicts"],
        json!([{
            "code": "condition-not-met",
            "pointer": "/head",
            "requires": {"is": commit(1)},
            "actual": commit(2),
            "message": "This is not a fast-forward; rebase onto the head that is there.",
        }])
    );
    assert_eq!(refused["current"]["pushedBy"], "alice");
    // What bob needs for the rebase stands in the refusal: he reads nothing more.
    let head = refused.conflict("condition-not-met")["actual"].clone();
    let pushed = push(&api, "bob", head.as_str().unwrap(), &commit(4)).await;
    let pushed = pushed.is(200);
    assert_eq!(
        (&pushed["head"], &pushed["pushedBy"]),
        (&json!(commit(4)), &json!("bob"))
    );
    // No edit moves the head past the check.
    let edit = api
        .bob()
        .patch("/v1/branches/main", json!({"head": commit(3)}));
    let refused = edit.if_any().await.refused(409, "not-allowed-in-state");
    assert_eq!(
        refused.conflict("not-allowed-in-state")["allowedIn"],
        json!([])
    );
}

#[tokio::test]
async fn dropping_commits_is_for_who_may_and_not_on_a_protected_branch() {
    let api = Api::of_examples().await;
    branch(&api, "main").await;
    push(&api, "alice", &commit(1), &commit(2)).await.is(200);
    let scoped = |scopes: &str| api.claims(&json!({"sub": "bob", "scope": scopes}));
    let path = "/v1/branches/main/transitions/force-push";
    let force = |scopes: &str| scoped(scopes).post(path, json!({"head": commit(3)}));
    force("branches.read branches.push")
        .await
        .refused(403, "forbidden");
    let seen = api.bob().get("/v1/branches/main").await.is(200).tag();
    push(&api, "alice", &commit(2), &commit(4)).await.is(200);
    // Who names what was seen drops nothing else.
    let may = "branches.read branches.force";
    let refused = force(may)
        .if_match(&seen)
        .await
        .refused(409, "stale-version");
    let fields = &refused.conflict("stale-version")["fields"];
    let head = fields.as_array().unwrap().iter();
    let head = head
        .clone()
        .find(|field| field["pointer"] == "/head")
        .unwrap();
    assert_eq!(
        (&head["changedBy"], &head["current"]),
        (&json!("alice"), &json!(commit(4)))
    );
    assert_eq!(force(may).await.is(200)["head"], commit(3));

    let protect = api
        .carol()
        .post("/v1/branches/main/transitions/protect", ());
    protect.await.is(200);
    let refused = force(may).await.refused(409, "invalid-transition");
    let conflict = refused.conflict("invalid-transition");
    assert_eq!(
        (&conflict["state"], &conflict["by"]),
        (&json!("protected"), &json!("carol"))
    );
    api.carol()
        .delete("/v1/branches/main")
        .if_any()
        .await
        .refused(409, "not-allowed-in-state");
    push(&api, "alice", &commit(3), &commit(5)).await.is(200);
}

#[tokio::test]
async fn a_name_is_one_branchs_in_its_repository() {
    let api = Api::of_examples().await;
    branch(&api, "main").await;
    let named = |repository: &str, name: &str| {
        let branch = json!({"repository": repository, "name": name, "head": commit(1)});
        api.bob().post("/v1/branches", branch)
    };
    let refused = named("engine", "main").await.refused(409, "duplicate");
    let conflict = refused.conflict("duplicate");
    assert_eq!(conflict["constraint"], "name-in-repository");
    assert_eq!(conflict["holder"], "/v1/branches/main");
    named("site", "main").await.is(201);
    named("engine", "Main").await.is(201);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_who_push_at_once_each_follows_another_and_no_commit_is_lost() {
    let api = Api::of_examples().await;
    branch(&api, "main").await;
    let mut clients = JoinSet::new();
    for n in 0..CLIENTS {
        let who = format!("client-{n}");
        let client = api.bearer(&who);
        clients.spawn(async move {
            let (mut parent, mut rebased) = (commit(1), 0);
            loop {
                let head = commit(100 * (n + 1) + rebased);
                let input = json!({"parent": parent, "head": head});
                let push = client.post("/v1/branches/main/transitions/push", input);
                let reply = push.await;
                if reply.status == 200 {
                    assert_eq!(reply["head"], head.as_str());
                    return (parent, head);
                }
                let refused = reply.refused(409, "condition-not-met");
                let actual = &refused.conflict("condition-not-met")["actual"];
                let actual = actual.as_str().unwrap();
                assert_ne!(actual, parent, "refused, and by nobody");
                (parent, rebased) = (actual.to_owned(), rebased + 1);
            }
        });
    }
    let pushed = clients.join_all().await;
    let follows: BTreeMap<String, String> = pushed.into_iter().collect();
    assert_eq!(follows.len(), CLIENTS, "no two follow one commit");
    let (mut head, mut length) = (commit(1), 0);
    while let Some(next) = follows.get(&head) {
        (head, length) = (next.clone(), length + 1);
    }
    assert_eq!(length, CLIENTS);
    let main = api.carol().get("/v1/branches/main").await.is(200);
    assert_eq!(main["head"], head.as_str());
}
