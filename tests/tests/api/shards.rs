//! Lists over several partitions of the index.

use std::fs;

use onlyif_cli::serve::Options;
use serde_json::json;

use crate::harness::{Actor, Api, Backend, table};

/// Creates a reading, and checks it if that is asked for.
async fn record(actor: &Actor, id: &str, checked: bool) {
    let path = format!("/v1/readings/{id}");
    actor.create(&path, json!({"value": 1})).await.is(201);
    if checked {
        check(actor, id).await;
    }
}

async fn check(actor: &Actor, id: &str) {
    let path = format!("/v1/readings/{id}/transitions/check");
    actor.post(&path, ()).await.is(200);
}

/// Forty readings, `r-00`, `r-02` and so on to `r-78`; every third is checked.
async fn forty(actor: &Actor) -> Vec<String> {
    let mut ids = Vec::new();
    for n in 0..40 {
        let id = format!("r-{:02}", 2 * n);
        record(actor, &id, n % 3 == 0).await;
        ids.push(id);
    }
    ids
}

/// The ids of all pages from this address on, and what is done between two of them.
async fn walk(actor: &Actor, path: &str, mut between: impl AsyncFnMut(usize)) -> Vec<Vec<String>> {
    let mut pages: Vec<Vec<String>> = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = actor.get(&format!("{path}{cursor}")).await.is(200);
        pages.push(page.ids());
        let Some(next) = page.body.get("next") else {
            return pages;
        };
        cursor = format!("&cursor={}", next.as_str().unwrap());
        assert!(pages.len() < 100, "no end");
        between(pages.len()).await;
    }
}

async fn calmly(_: usize) {}

#[tokio::test]
async fn all_shards_and_states_are_one_list_in_order() {
    let api = Api::start().await;
    let all = forty(&api.alice()).await;
    for limit in [1, 7, 39, 40, 41, 100] {
        let path = format!("/v1/readings?limit={limit}");
        let pages = walk(&api.alice(), &path, calmly).await;
        assert!(pages.iter().all(|page| page.len() <= limit), "{limit}");
        assert_eq!(pages.concat(), all, "{limit}");
    }
    for (state, checked) in [("checked", true), ("raw", false)] {
        let of_state = all
            .iter()
            .enumerate()
            .filter(|(n, _)| (n % 3 == 0) == checked);
        let expected: Vec<_> = of_state.map(|(_, id)| id.clone()).collect();
        let path = format!("/v1/readings?limit=4&state={state}");
        assert_eq!(walk(&api.alice(), &path, calmly).await.concat(), expected);
    }
}

#[tokio::test]
async fn a_walk_goes_on_where_it_was_while_others_write() {
    let api = Api::start().await;
    let alice = api.alice();
    let all = forty(&alice).await;
    let bob = api.bob();
    // Between two pages one is created behind the cursor and one far before it, one that was shown
    // is deleted, and one that was not moves to another state.
    let pages = walk(&alice, "/v1/readings?limit=5", async |page| {
        if page > 7 {
            return;
        }
        record(&bob, &format!("r-{:02}", 2 * page - 1), false).await;
        record(&bob, &format!("r-{:02}", 10 * page + 9), true).await;
        let shown = format!("/v1/readings/{}", all[page]);
        bob.delete(&shown).if_any().await.is(204);
        check(&bob, &all[39 - page - (page - 1) / 2]).await;
    })
    .await;
    let walked = pages.concat();
    assert!(
        walked.is_sorted_by(|a, b| a < b),
        "in order, each once: {walked:?}"
    );
    let still = api
        .alice()
        .get("/v1/readings?limit=100")
        .await
        .is(200)
        .ids();
    for id in all.iter().filter(|id| still.contains(id)) {
        assert!(
            walked.contains(id),
            "{id} was there all the time: {walked:?}"
        );
    }
    for page in 1..=7 {
        let behind = format!("r-{:02}", 2 * page - 1);
        assert!(!walked.contains(&behind), "{behind}: {walked:?}");
        let ahead = format!("r-{:02}", 10 * page + 9);
        assert!(walked.contains(&ahead), "{ahead}: {walked:?}");
    }
}

/// The readings, over so many shards, in this store.
async fn readings(shards: u32, store: &Backend, table: &str) -> Api {
    let folder = tempfile::tempdir().unwrap();
    let text = include_str!("../../resources/readings.yaml");
    let text = text.replace("shards: 8", &format!("shards: {shards}"));
    fs::write(folder.path().join("readings.yaml"), text).unwrap();
    Api::with(Options {
        resources: folder.path().to_owned(),
        store: Some(store.url.clone()),
        table: table.to_owned(),
        ..Options::default()
    })
    .await
}

#[tokio::test]
async fn more_shards_lose_nothing_and_fewer_hide_what_is_in_those_left_out() {
    let store = Backend::start().await;
    let table = table();
    let ids: Vec<String> = (0..12).map(|n| format!("r-{n:02}")).collect();
    let listed = async |api: &Api| api.alice().get("/v1/readings").await.is(200).ids();

    let one = readings(1, &store, &table).await;
    for id in &ids {
        record(&one.alice(), id, false).await;
    }
    assert_eq!(listed(&one).await, ids);

    let eight = readings(8, &store, &table).await;
    assert_eq!(listed(&eight).await, ids);
    let alice = eight.alice();
    // A change that leaves the state alone leaves it where it is listed; another moves it.
    let changed = json!({"value": 2});
    alice
        .patch("/v1/readings/r-01", changed)
        .if_any()
        .await
        .is(200);
    check(&alice, "r-02").await;
    alice.delete("/v1/readings/r-03").if_any().await.is(204);
    record(&alice, "r-03", false).await;
    assert_eq!(listed(&eight).await, ids);
    assert_eq!(
        listed(&one).await.len(),
        10,
        "those that have moved are elsewhere"
    );

    // r-02 is in shard 7, r-03 in shard 4; the others have never moved.
    let five = readings(5, &store, &table).await;
    let without: Vec<_> = ids.iter().filter(|id| *id != "r-02").cloned().collect();
    assert_eq!(listed(&five).await, without);
    five.alice().get("/v1/readings/r-02").await.is(200);
    assert_eq!(listed(&eight).await, ids);
}
