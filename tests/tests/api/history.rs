//! `GET /v1/{type}/{id}/history`

use onlyif_cli::serve::{Data, Options, start};
use serde_json::{Value, json};

use crate::harness::{Actor, Api};

const ORDER: &str = "/v1/orders/o-1";
const OF_ORDER: &str = "/v1/orders/o-1/history";

/// An order with some history: created by alice, changed by bob and carol, paid by alice.
async fn paid_order(api: &Api) {
    let order = json!({"customer": "c", "lines": ["a"], "address": {"city": "Bern"}});
    let created = api.alice().create(ORDER, order).await.is(201);
    let patch = json!({"note": "n", "address": {"city": "Basel"}});
    let changed = api.bob().patch(ORDER, patch);
    let changed = changed.if_match(&created.tag()).await.is(200);
    let patch = json!({"lines": ["a", "b"], "address": null});
    let changed = api.carol().patch(ORDER, patch).if_match(&changed.tag());
    changed.await.is(200);
    let payment = json!({"payment": "visa", "amount": 1});
    let pay = format!("{ORDER}/transitions/pay");
    api.alice().post(&pay, payment).await.is(200);
    api.catch_up().await;
}

/// The entries without what is another each time: when it was.
fn entries(history: &Value) -> Vec<Value> {
    let items = history["items"].as_array().expect("items");
    let entry = |item: &Value| {
        let at = item["at"].as_str().expect("a time");
        assert!(at.ends_with('Z') && at.len() == 24, "{at}");
        json!([
            item["version"],
            item["by"],
            item["operation"],
            item["changes"]
        ])
    };
    items.iter().map(entry).collect()
}

async fn versions(actor: &Actor, path: &str) -> Vec<u64> {
    let history = actor.get(path).await.is(200);
    let items = history["items"].as_array().expect("items").iter();
    items
        .map(|item| item["version"].as_u64().expect("a version"))
        .collect()
}

#[tokio::test]
async fn who_changed_what_is_told_newest_first() {
    let api = Api::start().await;
    paid_order(&api).await;
    let order = api.bob().get(ORDER).await.is(200);
    let history = api.bob().get(OF_ORDER).await.is(200);
    assert_eq!(history.members(), ["items"]);
    assert_eq!(history.header("cache-control"), Some("private, no-cache"));
    assert_eq!(
        entries(&history.body),
        [
            json!([4, "alice", "pay", [
                {"op": "replace", "path": "/state", "value": "paid"},
                {"op": "add", "path": "/paidAt", "value": order["paidAt"]},
                {"op": "add", "path": "/payment", "value": "visa"},
            ]]),
            json!([3, "carol", "update", [
                {"op": "replace", "path": "/lines", "value": ["a", "b"]},
                {"op": "remove", "path": "/address"},
            ]]),
            json!([2, "bob", "update", [
                {"op": "replace", "path": "/address/city", "value": "Basel"},
                {"op": "add", "path": "/note", "value": "n"},
            ]]),
            json!([1, "alice", "create", [
                {"op": "add", "path": "", "value":
                    {"state": "pending", "customer": "c", "lines": ["a"], "address": {"city": "Bern"}}},
            ]]),
        ]
    );
    let newest = &history["items"][0];
    assert_eq!(newest["at"], order["updatedAt"]);
    let members: Vec<&String> = newest.as_object().unwrap().keys().collect();
    assert_eq!(members, ["version", "by", "at", "operation", "changes"]);

    let head = api.bob().head(OF_ORDER).await.is(200);
    assert_eq!(head.text, "");
    assert_eq!(head.header("content-type"), history.header("content-type"));
}

#[tokio::test]
async fn what_did_not_happen_has_no_entry() {
    let api = Api::start().await;
    paid_order(&api).await;
    let order = api.bob().get(ORDER).await.is(200);
    // Refused, and changing nothing.
    let stale = api.bob().patch(ORDER, json!({"note": "x"}));
    stale.if_match("1-00000000").await.is(409);
    let same = api.bob().patch(ORDER, json!({"note": "n"}));
    same.if_match(&order.tag()).await.is(200);
    api.catch_up().await;
    assert_eq!(versions(&api.bob(), OF_ORDER).await, [4, 3, 2, 1]);
}

#[tokio::test]
async fn the_story_goes_on_to_its_end_and_begins_anew_with_the_next() {
    let api = Api::start().await;
    paid_order(&api).await;
    let cancel = format!("{ORDER}/transitions/cancel");
    api.bob().post(&cancel, ()).await.is(200);
    api.carol().delete(ORDER).if_any().await.is(204);
    api.catch_up().await;

    // The resource is gone; its history is what one wants to see then.
    api.bob().get(ORDER).await.refused(410, "gone");
    let history = api.bob().get(OF_ORDER).await.is(200);
    assert_eq!(versions(&api.bob(), OF_ORDER).await, [6, 5, 4, 3, 2, 1]);
    assert_eq!(entries(&history.body)[0], json!([6, "carol", "delete", []]));
    let page = api.bob().get(&format!("{OF_ORDER}?limit=2")).await.is(200);
    let cursor = page["next"].as_str().expect("a cursor");

    let order = json!({"customer": "d", "lines": []});
    api.bob().create(ORDER, order.clone()).await.is(201);
    api.catch_up().await;
    let history = api.bob().get(OF_ORDER).await.is(200);
    let mut whole = order;
    whole["state"] = json!("pending");
    assert_eq!(
        entries(&history.body),
        [json!([1, "bob", "create", [{"op": "add", "path": "", "value": whole}]])]
    );
    // A page of the other story does not go on in this one.
    let path = format!("{OF_ORDER}?limit=2&cursor={cursor}");
    let refused = api.bob().get(&path).await;
    assert_eq!(
        refused.refused(400, "malformed-request").places(),
        ["cursor"]
    );
}

#[tokio::test]
async fn a_history_comes_in_pages() {
    let api = Api::start().await;
    paid_order(&api).await;
    let bob = api.bob();
    let first = bob.get(&format!("{OF_ORDER}?limit=3")).await.is(200);
    assert_eq!(entries(&first.body).len(), 3);
    let next = first["next"].as_str().expect("a cursor");
    let link = first.header("link").expect("a link");
    let href = link
        .strip_prefix('<')
        .and_then(|rest| rest.strip_suffix(">; rel=\"next\""));
    let href = href.expect("the next page");
    assert_eq!(href, format!("{OF_ORDER}?limit=3&cursor={next}"));
    assert_eq!(versions(&bob, href).await, [1]);
    let last = bob.get(href).await.is(200);
    assert_eq!(
        (last.members().as_slice(), last.header("link")),
        (&["items"][..], None)
    );

    // The cursor is of this history alone, and of no list.
    bob.create("/v1/orders/o-2", json!({"customer": "e", "lines": []}))
        .await
        .is(201);
    for path in ["/v1/orders/o-2/history", "/v1/orders"] {
        let refused = bob.get(&format!("{path}?cursor={next}")).await;
        assert_eq!(
            refused.refused(400, "malformed-request").places(),
            ["cursor"]
        );
    }
    let list = bob.get("/v1/orders?limit=1").await.is(200);
    let cursor = list["next"].as_str().expect("a cursor");
    let refused = bob.get(&format!("{OF_ORDER}?cursor={cursor}")).await;
    assert_eq!(
        refused.refused(400, "malformed-request").places(),
        ["cursor"]
    );
}

#[tokio::test]
async fn what_a_history_does_not_take_is_told() {
    let api = Api::start().await;
    paid_order(&api).await;
    for (query, places) in [
        ("limit=0", &["limit"][..]),
        ("limit=101", &["limit"]),
        ("limit=2&limit=3", &["limit"]),
        ("state=paid&version=1", &["state", "version"]),
        ("cursor=x", &["cursor"]),
        ("cursor=x&limit=x", &["limit"]),
    ] {
        let refused = api.bob().get(&format!("{OF_ORDER}?{query}")).await;
        assert_eq!(
            refused.refused(400, "malformed-request").places(),
            places,
            "{query}"
        );
    }
    api.bob()
        .get(&format!("{OF_ORDER}?limit=100"))
        .await
        .is(200);
    api.bob()
        .get("/v1/orders/o-3/history")
        .await
        .refused(404, "not-found");
    api.bob()
        .get("/v1/ladders/o-1/history")
        .await
        .refused(404, "not-found");
    let posted = api.bob().post(OF_ORDER, json!({})).await;
    assert_eq!(
        posted.refused(405, "method-not-allowed").header("allow"),
        Some("GET, HEAD, OPTIONS")
    );
}

#[tokio::test]
async fn who_may_not_read_a_resource_may_not_read_its_history() {
    let api = Api::start().await;
    let path = "/v1/secrets/s-1";
    let secret = json!({"name": "n", "value": "v"});
    api.alice().create(path, secret).await.is(201);
    api.catch_up().await;
    let history = format!("{path}/history");
    assert_eq!(versions(&api.alice(), &history).await, [1]);
    let writer = json!({"sub": "mallory", "scope": "secrets.write"});
    let reader = json!({"sub": "mallory", "scope": "secrets.read"});
    for id in ["s-1", "never"] {
        let path = format!("/v1/secrets/{id}/history");
        api.claims(&writer)
            .get(&path)
            .await
            .refused(404, "not-found");
    }
    assert_eq!(versions(&api.claims(&reader), &history).await, [1]);
    // Another tenant has another resource of this name, or none.
    let stranger =
        api.claims(&json!({"sub": "alice", "scope": "secrets.read secrets.write", "tenant": "t"}));
    stranger.get(&history).await.refused(404, "not-found");
    stranger.create(path, json!({"name": "m"})).await.is(201);
    api.catch_up().await;
    let own = stranger.get(&history).await.is(200);
    assert_eq!(
        entries(&own.body),
        [json!([1, "alice", "create", [{"op": "add", "path": "", "value": {"name": "m"}}]])]
    );
}

#[tokio::test]
async fn a_change_shows_when_the_stream_has_told_of_it() {
    let api = Api::start().await;
    let order = json!({"customer": "c", "lines": []});
    api.alice().create(ORDER, order).await.is(201);
    assert!(versions(&api.alice(), OF_ORDER).await.is_empty());
    api.catch_up().await;
    assert_eq!(versions(&api.alice(), OF_ORDER).await, [1]);
    // Told again, it is the same.
    api.catch_up().await;
    assert_eq!(versions(&api.alice(), OF_ORDER).await, [1]);
}

#[tokio::test]
async fn a_page_ends_before_it_is_too_large() {
    let api = Api::start().await;
    let path = "/v1/documents/d-1";
    // As JSON in JSON, which is how it travels, seven bytes a piece.
    let body = |letter: char| format!("{}{letter}", "\u{1}".repeat(290_000));
    let created = api
        .alice()
        .create(path, json!({"title": "t", "body": body('a')}))
        .await;
    let mut tag = created.is(201).tag();
    for letter in ['b', 'c', 'd'] {
        let patch = json!({"body": body(letter)});
        let changed = api.alice().patch(path, patch).if_match(&tag).await.is(200);
        tag = changed.tag();
    }
    api.catch_up().await;
    let mut path = format!("{path}/history");
    let mut told = Vec::new();
    loop {
        let page = api.alice().get(&path).await.is(200);
        assert!(page.text.len() < 5_000_000, "{}", page.text.len());
        told.push(entries(&page.body).len());
        let Some(next) = page["next"].as_str() else {
            break;
        };
        path = format!("/v1/documents/d-1/history?cursor={next}");
    }
    assert_eq!(told, [2, 2]);
}

#[tokio::test]
async fn what_a_killed_server_has_not_written_the_next_one_writes() {
    let folder = tempfile::tempdir().expect("a folder");
    let options = || Options {
        resources: concat!(env!("CARGO_MANIFEST_DIR"), "/resources").into(),
        data: Data::Folder(folder.path().to_owned()),
        ..Options::default()
    };
    let server = start(options()).await.expect("the server starts");
    let alice = Actor::new(&server.url, Some("alice".to_owned()));
    let order = json!({"customer": "c", "lines": []});
    alice.create(ORDER, order).await.is(201);
    server.catch_up().await.expect("the stream is read");
    let patch = alice.patch(ORDER, json!({"note": "n"})).if_any();
    patch.await.is(200);
    server.stop().await;

    let server = start(options()).await.expect("the server starts");
    let alice = Actor::new(&server.url, Some("alice".to_owned()));
    assert_eq!(versions(&alice, OF_ORDER).await, [1]);
    server.catch_up().await.expect("the stream is read");
    assert_eq!(versions(&alice, OF_ORDER).await, [2, 1]);
    server.stop().await;
}
