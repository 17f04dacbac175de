//! Of features that exclude each other at most one is on.

use serde_json::json;
use tokio::task::JoinSet;

use crate::harness::{Api, Call, rivals};

const CLIENTS: usize = 16;

/// Features of one group, all off.
async fn group(api: &Api, ids: &[String]) {
    for id in ids {
        let feature = json!({"description": "d", "group": "checkout"});
        let path = format!("/v1/features/{id}");
        api.alice().create(&path, feature).await.is(201);
    }
}

fn switch(api: &Api, who: &str, id: &str, how: &str) -> Call {
    let path = format!("/v1/features/{id}/transitions/{how}");
    api.bearer(who).post(&path, ())
}

async fn on(api: &Api) -> Vec<String> {
    let list = api.carol().get("/v1/features?state=on&limit=100").await;
    list.is(200).ids()
}

#[tokio::test]
async fn two_features_that_exclude_each_other_are_never_both_on() {
    let api = Api::of_examples().await;
    group(&api, &["steps".to_owned(), "one-page".to_owned()]).await;
    switch(&api, "alice", "steps", "enable").await.is(200);
    let refused = switch(&api, "bob", "one-page", "enable")
        .await
        .refused(409, "duplicate");
    let conflict = refused.conflict("duplicate");
    assert_eq!(conflict["constraint"], "one-of-group");
    assert_eq!(conflict["holder"], "/v1/features/steps");
    assert_eq!(refused["current"]["state"], "off");
    // What bob is shown tells him whom to ask; then there is room.
    let holder = api.bob().follow(refused.resolution("read-holder")).await;
    assert_eq!(holder.is(200)["enabledBy"], "alice");
    switch(&api, "alice", "steps", "disable").await.is(200);
    switch(&api, "bob", "one-page", "enable").await.is(200);
    assert_eq!(on(&api).await, ["one-page"]);
    switch(&api, "alice", "steps", "enable")
        .await
        .refused(409, "duplicate");
    // A feature without a group excludes none.
    for id in ["dark", "large"] {
        let path = format!("/v1/features/{id}");
        let feature = json!({"description": "d"});
        api.alice().create(&path, feature).await.is(201);
        switch(&api, "alice", id, "enable").await.is(200);
    }
}

#[tokio::test]
async fn a_feature_that_is_on_cannot_move_into_a_group_of_which_another_is_on() {
    let api = Api::of_examples().await;
    group(&api, &["steps".to_owned(), "one-page".to_owned()]).await;
    let regroup = |id: &str, group: &str| {
        let path = format!("/v1/features/{id}");
        api.alice().patch(&path, json!({"group": group})).if_any()
    };
    regroup("one-page", "other").await.is(200);
    for id in ["steps", "one-page"] {
        switch(&api, "alice", id, "enable").await.is(200);
    }
    let refused = regroup("one-page", "checkout").await;
    let refused = refused.refused(409, "duplicate");
    let holder = &refused.conflict("duplicate")["holder"];
    assert_eq!(holder, "/v1/features/steps");
    // While it is off it may: it takes nothing.
    switch(&api, "alice", "one-page", "disable").await.is(200);
    regroup("one-page", "checkout").await.is(200);
    switch(&api, "alice", "one-page", "enable")
        .await
        .refused(409, "duplicate");
    assert_eq!(on(&api).await, ["steps"]);
    // Out of the group again, it frees nothing of the other's.
    regroup("steps", "elsewhere").await.is(200);
    switch(&api, "alice", "one-page", "enable").await.is(200);
    assert_eq!(on(&api).await, ["one-page", "steps"]);
}

#[tokio::test]
async fn who_may_not_read_learns_nothing_of_the_one_that_is_on() {
    let api = Api::of_examples().await;
    group(&api, &["steps".to_owned(), "one-page".to_owned()]).await;
    switch(&api, "alice", "steps", "enable").await.is(200);
    let blind = api.claims(&json!({"sub": "mallory", "scope": "features.switch"}));
    let refused = blind
        .post("/v1/features/one-page/transitions/enable", ())
        .await
        .refused(409, "duplicate");
    assert!(refused.conflict("duplicate").get("holder").is_none());
    assert!(refused.rels().is_empty());
    assert!(!refused.text.contains("steps"), "{}", refused.text);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_that_are_enabled_at_once_one_is_on_and_all_others_are_told_which() {
    let api = Api::of_examples().await;
    let ids: Vec<String> = (0..rivals(CLIENTS)).map(|n| format!("f-{n:02}")).collect();
    group(&api, &ids).await;
    for _ in 0..3 {
        let mut enables = JoinSet::new();
        for (n, id) in ids.iter().enumerate() {
            let enable = switch(&api, &format!("client-{n}"), id, "enable");
            enables.spawn(async move { enable.await });
        }
        let (won, lost): (Vec<_>, Vec<_>) = enables
            .join_all()
            .await
            .into_iter()
            .partition(|reply| reply.status == 200);
        assert_eq!((won.len(), lost.len()), (1, rivals(CLIENTS) - 1));
        let winner = won[0]["id"].as_str().unwrap();
        for reply in lost {
            let refused = reply.refused(409, "duplicate");
            let holder = &refused.conflict("duplicate")["holder"];
            assert_eq!(*holder, format!("/v1/features/{winner}"));
        }
        assert_eq!(on(&api).await, [winner]);
        switch(&api, "alice", winner, "disable").await.is(200);
    }
}
