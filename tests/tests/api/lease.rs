//! `PUT`, `GET`, `HEAD` and `DELETE` of `/v1/{type}/{id}/lease`, and what a lease is to others.

use std::collections::BTreeSet;
use std::time::SystemTime;

use hyper::Method;
use onlyif::timestamp::Timestamp;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::harness::{Actor, Api, Backend, Call, Fault, Proxy, Reply, rivals};

const DRAWING: &str = "/v1/drawings/d";
const LEASE: &str = "/v1/drawings/d/lease";

fn now() -> Timestamp {
    SystemTime::now().into()
}

/// A server with a drawing that alice has made.
async fn start() -> (Api, Actor, Actor) {
    let api = Api::start().await;
    let (alice, bob) = (api.alice(), api.bob());
    draw(&alice).await;
    (api, alice, bob)
}

async fn draw(actor: &Actor) {
    let drawing = json!({"title": "a", "strokes": 0});
    actor.create(DRAWING, drawing).await.is(201);
}

fn take(actor: &Actor, time: &str) -> Call {
    actor.put(LEASE, json!({ "for": time }))
}

trait WithToken {
    fn token(self, token: u64) -> Self;
}

impl WithToken for Call {
    fn token(self, token: u64) -> Self {
        self.header("lease-token", &token.to_string())
    }
}

fn token(lease: &Reply) -> u64 {
    lease["token"].as_u64().expect("a token")
}

fn until(value: &Value) -> Timestamp {
    let text = value["until"].as_str().expect("a time");
    let until = Timestamp::parse(text).expect("a time");
    assert_eq!(until.to_string(), text);
    until
}

/// A refusal because of the lease of this actor; says until when.
#[track_caller]
fn leased_by(reply: Reply, holder: &str) -> Timestamp {
    let reply = reply.refused(409, "leased");
    let conflict = reply.conflict("leased");
    assert_eq!(conflict["holder"], holder, "{reply:?}");
    assert_eq!(conflict.get("yours"), None);
    let seconds: i64 = reply.header("retry-after").unwrap().parse().unwrap();
    let until = until(conflict);
    // Within what the request took.
    let left_ms = until.millis() - now().millis();
    assert!(
        (left_ms..=left_ms + 20_000).contains(&(seconds * 1000)) || seconds == 1,
        "{reply:?}"
    );
    until
}

/// A refusal because this token is not the newest.
#[track_caller]
fn is_over(reply: &Reply, token: u64) {
    assert_eq!(
        (reply.status, &reply["code"]),
        (409, &json!("leased")),
        "{reply:?}"
    );
    assert_eq!(reply.conflict("leased")["yours"], token);
    assert!(!reply.rels().contains(&"retry"), "{reply:?}");
}

#[tokio::test]
async fn a_lease_is_taken_shown_extended_and_released() {
    let (_api, alice, bob) = start().await;
    let before = alice.get(DRAWING).await.is(200);
    for call in [alice.get(LEASE), bob.delete(LEASE)] {
        let reply = call.await.refused(404, "not-found");
        assert_eq!(reply["detail"], "There is no lease of drawings/d.");
    }
    let sent = now();
    let lease = take(&alice, "60s").await.is(200);
    assert_eq!(lease.members(), ["holder", "until", "token"]);
    assert_eq!((&lease["holder"], token(&lease)), (&json!("alice"), 1));
    let for_ms = until(&lease.body).millis() - 60_000;
    assert!((sent.millis()..=now().millis()).contains(&for_ms));
    assert_eq!(lease.header("cache-control"), Some("no-store"));
    assert_eq!(lease.header("etag"), None);

    let shown = bob.get(LEASE).await.is(200);
    assert_eq!(shown.body, lease.body);
    assert_eq!(shown.header("cache-control"), Some("no-store"));
    let head = bob.head(LEASE).await.is(200);
    assert!(head.text.is_empty());

    let extended = take(&alice, "2m").token(1).await.is(200);
    assert_eq!(token(&extended), 1);
    assert!(until(&extended.body) > until(&lease.body));
    // What others write between two extensions is nothing: the lease is the same.
    leased_by(bob.delete(LEASE).await, "alice");
    let released = alice.delete(LEASE).token(1).await.is(204);
    assert_eq!(released.header("etag"), None);
    alice.get(LEASE).await.is(404);

    // None of that was a change of the drawing.
    let after = alice.get(DRAWING).await.is(200);
    assert_eq!((after.tag(), &after.body), (before.tag(), &before.body));
    assert_eq!(
        after.header("last-modified"),
        before.header("last-modified")
    );
}

#[tokio::test]
async fn the_history_tells_of_no_lease() {
    let (api, alice, _) = start().await;
    take(&alice, "60s").await.is(200);
    let stroke = "/v1/drawings/d/transitions/stroke";
    alice.post(stroke, ()).await.is(200);
    take(&alice, "60s").token(1).await.is(200);
    alice.delete(LEASE).await.is(204);
    api.catch_up().await;
    let history = alice.get("/v1/drawings/d/history").await.is(200);
    let operations: Vec<_> = history["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| (&entry["version"], &entry["operation"]))
        .collect();
    assert_eq!(
        operations,
        [(&json!(2), &json!("stroke")), (&json!(1), &json!("create"))]
    );
}

#[tokio::test]
async fn begun_anew_the_older_token_is_refused_from_then_on() {
    let (_api, alice, _) = start().await;
    take(&alice, "60s").await.is(200);
    let patch = |token| {
        let call = alice.patch(DRAWING, json!({"title": format!("by {token}")}));
        call.if_any().token(token)
    };
    patch(1).await.is(200);
    // A second window of hers, which knows no token.
    assert_eq!(token(&take(&alice, "60s").await.is(200)), 2);
    for call in [
        patch(1),
        take(&alice, "60s").token(1),
        alice.delete(LEASE).token(1),
        alice.post("/v1/drawings/d/transitions/stroke", ()).token(1),
        alice.delete(DRAWING).if_any().token(1),
    ] {
        let reply = call.await;
        is_over(&reply, 1);
        assert_eq!(reply.conflict("leased")["holder"], "alice");
    }
    patch(2).await.is(200);
    // Its end does not make an older one newer.
    alice.delete(LEASE).await.is(204);
    let reply = patch(1).await;
    is_over(&reply, 1);
    let conflict = reply.conflict("leased").as_object().unwrap();
    let members: Vec<&String> = conflict.keys().collect();
    assert_eq!(members, ["code", "yours"]);
    assert!(reply.header("retry-after").is_some());
    patch(2).await.is(200);
}

#[tokio::test]
async fn while_it_runs_every_write_of_another_is_refused_and_writes_nothing() {
    let (api, alice, bob) = start().await;
    let gallery = json!({"drawing": "d"});
    alice.create("/v1/galleries/g", gallery).await.is(201);
    let lease = take(&alice, "60s").await.is(200);
    let before = api.everything(&["drawings", "galleries"]).await;
    let tag = alice.get(DRAWING).await.is(200).tag();
    let transition =
        |actor: &Actor, name: &str| actor.post(&format!("{DRAWING}/transitions/{name}"), ());
    let writes = |actor: &Actor| {
        vec![
            actor.put(DRAWING, json!({"title": "b"})).if_any(),
            actor.patch(DRAWING, json!({"title": "b"})).if_match(&tag),
            actor
                .json_patch(
                    DRAWING,
                    json!([{"op": "replace", "path": "/title", "value": "b"}]),
                )
                .if_any(),
            transition(actor, "stroke"),
            transition(actor, "stroke").token(1),
            transition(actor, "frame"),
            transition(actor, "sign").header("idempotency-key", "k"),
            actor.delete(DRAWING).if_any(),
            take(actor, "60s"),
            take(actor, "60s").token(1),
            actor.delete(LEASE),
        ]
    };
    for call in writes(&bob) {
        for call in [call.clone(), call.prefer("dry-run")] {
            let reply = call.await;
            assert_eq!(reply.rels(), ["retry"]);
            assert_eq!(reply["retry"], "now");
            assert_eq!(leased_by(reply, "alice"), until(&lease.body));
        }
    }
    // Along with another one's transition, and among others in a transaction.
    let visit = bob.post("/v1/galleries/g/transitions/visit", ()).await;
    let conflict = visit.conflict("leased");
    assert_eq!(conflict["resource"]["href"], DRAWING);
    assert_eq!(visit.rels(), ["retry"]);
    let operations = json!({"operations": [
        {"method": "PATCH", "path": "/v1/galleries/g", "headers": {"If-Match": "*"}, "body": {"drawing": "e"}},
        {"method": "POST", "path": format!("{DRAWING}/transitions/stroke"), "headers": {"Lease-Token": "1"}},
    ]});
    let reply = bob.post("/v1/transactions", operations.clone()).await;
    assert_eq!(reply.conflict("leased")["operation"], 1);
    assert_eq!(leased_by(reply, "alice"), until(&lease.body));
    assert_eq!(api.everything(&["drawings", "galleries"]).await, before);

    for call in writes(&alice) {
        call.prefer("dry-run").await;
    }
    assert_eq!(api.everything(&["drawings", "galleries"]).await, before);
    alice
        .post("/v1/galleries/g/transitions/visit", ())
        .await
        .is(200);
    alice.post("/v1/transactions", operations).await.is(200);
    assert_eq!(alice.get(DRAWING).await.is(200)["strokes"], 2);
}

#[tokio::test]
async fn the_same_request_works_when_the_lease_has_ended_to_the_millisecond() {
    let (_api, alice, bob) = start().await;
    let lease = take(&alice, "1s").await.is(200);
    let ends = until(&lease.body);
    let call = bob.patch(DRAWING, json!({"title": "b"})).if_any();
    let mut retry = leased_by(call.clone().await, "alice");
    assert_eq!(retry, ends);
    let resolution = call.await.resolution("retry").clone();
    assert_eq!(resolution["headers"]["If-Match"], "*");
    // Asked again and again, it is refused before that moment and never after it.
    let reply = loop {
        let sent = now();
        let reply = bob.follow(&resolution).await;
        if reply.status == 200 {
            break reply;
        }
        assert!(sent < ends, "refused at {sent}, and it ended at {ends}");
        retry = leased_by(reply, "alice");
        assert_eq!(retry, ends);
    };
    assert!(now() >= ends);
    assert_eq!(
        (&reply["title"], &reply["updatedBy"]),
        (&json!("b"), &json!("bob"))
    );
    // It is none any more, for anybody; its token is still the newest.
    alice.get(LEASE).await.is(404);
    alice.delete(LEASE).await.is(404);
    let patch = alice.patch(DRAWING, json!({"title": "c"})).if_any();
    patch.clone().token(1).await.is(200);
    let taken_over = take(&bob, "60s").await.is(200);
    assert_eq!(
        (token(&taken_over), &taken_over["holder"]),
        (2, &json!("bob"))
    );
    is_over(&patch.clone().token(1).await, 1);
    leased_by(patch.await, "bob");
}

#[tokio::test]
async fn tokens_grow_over_deletes_too() {
    let (_api, alice, bob) = start().await;
    for expected in [1, 2, 3] {
        assert_eq!(token(&take(&alice, "60s").await.is(200)), expected);
        alice.delete(DRAWING).if_any().await.is(204);
        for call in [take(&bob, "1s"), bob.get(LEASE), bob.delete(LEASE)] {
            call.await.refused(410, "gone");
        }
        draw(&bob).await;
        bob.get(LEASE).await.is(404);
        // The lease of the last life keeps nobody from anything in the next.
        bob.patch(DRAWING, json!({"title": "b"}))
            .if_any()
            .await
            .is(200);
    }
}

#[tokio::test]
async fn a_lease_stands_beside_what_else_is_in_the_way() {
    let (_api, alice, bob) = start().await;
    take(&alice, "60s").await.is(200);
    alice
        .patch(DRAWING, json!({"title": "b"}))
        .if_any()
        .await
        .is(200);
    alice
        .post("/v1/drawings/d/transitions/sign", ())
        .await
        .is(200);
    let tag = alice.get(DRAWING).await.is(200).tag();
    let stale = tag.replacen('3', "1", 1);
    let reply = bob
        .patch(DRAWING, json!({"strokes": 5}))
        .if_match(&stale)
        .await;
    let reply = reply.refused(409, "stale-version");
    assert_eq!(reply.conflicts(), ["stale-version", "leased"]);
    assert_eq!(reply.conflict("stale-version")["mergeable"], true);
    // Neither would be taken now.
    assert_eq!(reply.rels(), ["discard"]);
    assert_eq!(reply.header("retry-after"), None);
    let stroke = bob.post("/v1/drawings/d/transitions/stroke", ()).await;
    let stroke = stroke.refused(409, "invalid-transition");
    assert_eq!(stroke.conflicts(), ["invalid-transition", "leased"]);
    assert_eq!(stroke.conflict("invalid-transition")["allowed"], json!([]));
}

/// What is written in the place of a request relies on the lease that the request relied on.
#[tokio::test]
async fn a_token_stands_with_what_it_is_named_for() {
    let (_api, alice, _) = start().await;
    take(&alice, "60s").await.is(200);
    let change = json!({"title": "b"});
    alice.patch(DRAWING, change.clone()).if_any().await.is(200);
    let old = alice.get(DRAWING).await.is(200).tag().replacen('2', "1", 1);
    let stale = alice.patch(DRAWING, json!({"title": "c"})).if_match(&old);
    let refused = stale.token(1).await.refused(409, "stale-version");
    let overwrite = refused.resolution("overwrite");
    assert_eq!(overwrite["headers"]["Lease-Token"], "1");
    alice.follow(overwrite).await.is(200);
    // Beside all operations it would guard none of them.
    let delete = json!({"method": "DELETE", "path": DRAWING, "headers": {"If-Match": "*"}});
    let all = alice.post("/v1/transactions", json!({ "operations": [delete] }));
    let refused = all.token(1).await.refused(400, "malformed-request");
    assert_eq!(refused.places(), ["Lease-Token"]);
}

#[tokio::test]
async fn nothing_is_legal_for_others_while_it_runs() {
    let (_api, alice, bob) = start().await;
    take(&alice, "60s").await.is(200);
    let legal = |actor: &Actor| {
        let call = actor.get("/v1/drawings/d/transitions");
        async { call.await.is(200)["transitions"].as_array().unwrap().len() }
    };
    assert_eq!((legal(&alice).await, legal(&bob).await), (3, 0));
    alice.delete(LEASE).await.is(204);
    assert_eq!(legal(&bob).await, 3);
}

#[tokio::test]
async fn who_may_update_may_lease_and_who_may_not_read_is_told_little() {
    let api = Api::start().await;
    let scoped = |sub: &str, scope: &str| api.claims(&json!({"sub": sub, "scope": scope}));
    let (writer, other) = (scoped("w", "secrets.write"), scoped("o", "secrets.write"));
    let reader = scoped("r", "secrets.read");
    let (path, lease) = ("/v1/secrets/s", "/v1/secrets/s/lease");
    writer
        .create(path, json!({"name": "n", "count": 3}))
        .await
        .is(201);
    let wanted = json!({"for": "60s"});
    for call in [reader.put(lease, wanted.clone()), reader.delete(lease)] {
        call.await.refused(403, "forbidden");
    }
    let own = writer.put(lease, wanted.clone()).await.is(200);
    assert_eq!(own["holder"], "w");
    // Reading it is reading the resource.
    writer.get(lease).await.refused(404, "not-found");
    assert_eq!(reader.get(lease).await.is(200).body, own.body);
    for call in [
        other.put(lease, wanted),
        other.post("/v1/secrets/s/transitions/take", ()),
        other.patch(path, json!({"name": "m"})).if_any(),
    ] {
        let reply = call.await.refused(409, "leased");
        let conflict = reply.conflict("leased");
        assert_eq!(
            (conflict.get("holder"), &conflict["until"]),
            (None, &own["until"])
        );
        assert_eq!(
            (reply.header("etag"), reply.body.get("current")),
            (None, None)
        );
        assert!(!reply.text.contains("\"w\""), "{reply:?}");
        assert_eq!(reply.rels(), ["retry"]);
    }

    let (alice, bob) = (api.alice(), api.bob());
    alice
        .create("/v1/boards/b", json!({"title": "t"}))
        .await
        .is(201);
    let lease = "/v1/boards/b/lease";
    for call in [bob.put(lease, json!({"for": "1s"})), bob.delete(lease)] {
        call.await.refused(403, "forbidden");
    }
    alice.put(lease, json!({"for": "1m"})).await.is(200);
    assert_eq!(bob.get(lease).await.is(200)["holder"], "alice");
    // Nor does another's tenant know of it.
    let stranger = api.claims(&json!({"sub": "alice", "tenant": "other", "scope": "*"}));
    stranger.get(lease).await.refused(404, "not-found");
}

#[tokio::test]
async fn what_cannot_be_leased_or_asked_for_is_told_so() {
    let (_api, alice, _) = start().await;
    alice.create("/v1/blobs/b", json!({})).await.is(201);
    for method in [Method::PUT, Method::GET, Method::DELETE] {
        let content = ("application/json", r#"{"for": "1s"}"#);
        let reply = alice.call(method, "/v1/blobs/b/lease", content).await;
        let reply = reply.refused(404, "not-found");
        let detail = "There are no leases of blobs: their declaration has no `lease`.";
        assert_eq!(reply["detail"], detail);
    }
    for (path, method, status) in [
        ("/v1/drawings/none/lease", Method::PUT, 404),
        ("/v1/nothing/d/lease", Method::PUT, 404),
        ("/v1/drawings/a%20b/lease", Method::GET, 404),
        (LEASE, Method::POST, 405),
        (LEASE, Method::PATCH, 405),
        ("/v1/blobs/b/lease", Method::POST, 404),
    ] {
        let content = ("application/json", r#"{"for": "1s"}"#);
        let reply = alice.call(method, path, content).await.is(status);
        if status == 405 {
            assert_eq!(
                reply.header("allow"),
                Some("GET, HEAD, PUT, DELETE, OPTIONS")
            );
        }
    }
    let options = alice.call(Method::OPTIONS, LEASE, ()).await.is(204);
    assert_eq!(
        options.header("allow"),
        Some("GET, HEAD, PUT, DELETE, OPTIONS")
    );

    for (body, status, place) in [
        (json!({"for": "901s"}), 422, "/for"),
        (json!({"for": "16m"}), 422, "/for"),
        (json!({"for": 60}), 422, "/for"),
        (json!({"for": "0s"}), 422, "/for"),
        (json!({}), 422, "/for"),
        (json!({"for": "1s", "by": "bob"}), 422, "/by"),
        (json!(["60s"]), 400, ""),
    ] {
        let reply = alice.put(LEASE, body).await.is(status);
        assert_eq!(reply.places(), [place], "{reply:?}");
    }
    let text = ("text/plain", "60s");
    alice
        .put(LEASE, text)
        .await
        .refused(415, "unsupported-media-type");
    alice.put(LEASE, ()).await.refused(400, "malformed-request");
    let broken = ("application/json", "{\"for\"");
    alice
        .put(LEASE, broken)
        .await
        .refused(400, "malformed-request");
    for (name, value) in [
        ("lease-token", "x"),
        ("lease-token", "0"),
        ("if-match", "*"),
        ("if-none-match", "*"),
        ("if-unmodified-since", "Mon, 23 Nov 2026 10:00:00 GMT"),
        ("idempotency-key", ""),
    ] {
        for call in [take(&alice, "1s"), alice.delete(LEASE)] {
            let reply = call.header(name, value).await;
            reply.refused(400, "malformed-request");
        }
    }
    let queried = alice.put("/v1/drawings/d/lease?for=1s", json!({"for": "1s"}));
    assert_eq!(queried.await.is(400).places(), ["for"]);
    alice.get(LEASE).await.is(404);

    // A token is a lease's, and there is none of what is new, or cannot be leased.
    for call in [
        alice.post("/v1/drawings", json!({"title": "t"})),
        alice.create("/v1/drawings/e", json!({"title": "t"})),
        alice.patch("/v1/blobs/b", json!({"text": "t"})).if_any(),
        alice
            .patch(DRAWING, json!({"title": "t"}))
            .if_any()
            .header("lease-token", "1"),
    ] {
        let reply = call.token(1).await.refused(400, "malformed-request");
        assert_eq!(reply.places(), ["Lease-Token"], "{reply:?}");
    }
    // A lease in a transaction would be one that nobody is told the token of.
    let operation = json!({"method": "PUT", "path": LEASE, "body": {"for": "1s"}});
    let all = alice.post("/v1/transactions", json!({"operations": [operation]}));
    all.await.refused(405, "method-not-allowed");
}

#[tokio::test]
async fn under_a_key_a_lease_is_taken_once() {
    let (_api, alice, bob) = start().await;
    let keyed = |call: Call, key: &str| call.header("idempotency-key", key);
    let dry = take(&alice, "60s").prefer("dry-run").await.is(200);
    assert_eq!(
        (token(&dry), dry.header("preference-applied")),
        (1, Some("dry-run"))
    );
    alice.get(LEASE).await.is(404);

    let first = keyed(take(&alice, "60s"), "k").await.is(200);
    assert_eq!(first.header("idempotent-replayed"), None);
    let again = keyed(take(&alice, "60s"), "k").await.is(200);
    assert_eq!(again.header("idempotent-replayed"), Some("true"));
    assert_eq!(again.body, first.body);
    let other = keyed(take(&alice, "61s"), "k").await;
    other.refused(422, "idempotency-key-reused");
    // Another's key is another key, and a refusal is not kept.
    leased_by(keyed(take(&bob, "60s"), "k").await, "alice");

    keyed(alice.delete(LEASE), "r").await.is(204);
    let again = keyed(alice.delete(LEASE), "r").await.is(204);
    assert_eq!(again.header("idempotent-replayed"), Some("true"));
    let taken = keyed(take(&bob, "60s"), "k").await.is(200);
    assert_eq!((token(&taken), &taken["holder"]), (2, &json!("bob")));
}

/// As many as compete for one lease.
const TAKERS: usize = 16;

/// Takes the lease whenever nobody has it, writes under its token, and releases it, so many times.
/// Returns the tokens that it had.
async fn work(client: Actor, times: usize) -> Vec<u64> {
    let mut tokens = Vec::new();
    while tokens.len() < times {
        let reply = take(&client, "60s").await;
        if reply.status == 409 {
            reply.refused(409, "leased");
            continue;
        }
        let token = token(&reply.is(200));
        // Read, and written without a precondition on what was read: the lease is all that guards it.
        let seen = client.get(DRAWING).await.is(200);
        let strokes = seen["strokes"].as_u64().unwrap() + 1;
        let patch = client.patch(DRAWING, json!({ "strokes": strokes }));
        patch.if_any().token(token).await.is(200);
        client.delete(LEASE).token(token).await.is(204);
        tokens.push(token);
    }
    tokens
}

async fn compete(api: &Api, takers: usize, times: usize) {
    draw(&api.alice()).await;
    let mut all = JoinSet::new();
    for n in 0..takers {
        all.spawn(work(api.bearer(&format!("client-{n}")), times));
    }
    let tokens = all.join_all().await;
    let leases = takers * times;
    assert!(tokens.iter().all(|own| own.is_sorted()));
    let unique: BTreeSet<u64> = tokens.into_iter().flatten().collect();
    assert_eq!(unique.len(), leases, "no token twice");
    let drawing = api.alice().get(DRAWING).await.is(200);
    assert_eq!(drawing["strokes"], leases, "one holder at a time");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_takers_one_has_the_lease_at_a_time() {
    let api = Api::start().await;
    draw(&api.alice()).await;
    let mut takers = JoinSet::new();
    for n in 0..TAKERS {
        let client = api.bearer(&format!("client-{n}"));
        takers.spawn(async move { take(&client, "60s").await });
    }
    let replies = takers.join_all().await;
    let (taken, refused): (Vec<_>, Vec<_>) = replies.iter().partition(|reply| reply.status == 200);
    assert_eq!((taken.len(), refused.len()), (1, TAKERS - 1));
    let holder = taken[0]["holder"].as_str().unwrap();
    for reply in refused {
        leased_by(reply.clone(), holder);
    }
    api.alice()
        .delete(DRAWING)
        .if_any()
        .await
        .refused(409, "leased");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn under_its_lease_each_of_many_clients_writes_alone() {
    compete(&Api::start().await, rivals(8), 3).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn and_so_it_does_whatever_becomes_of_its_replies() {
    for fault in [
        Fault::DropReply,
        Fault::Answer500,
        Fault::Twice,
        Fault::Late,
    ] {
        let proxy = Proxy::before(Backend::start().await).await;
        let api = Api::on(&proxy.url).await;
        proxy.set(fault);
        compete(&api, rivals(4), 3).await;
    }
}
