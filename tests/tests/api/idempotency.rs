//! `Idempotency-Key`, and `Prefer: dry-run`, on every kind of write.

use hyper::Method;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::harness::{Api, Call, Reply};

fn keyed(call: Call, key: &str) -> Call {
    call.header("idempotency-key", key)
}

fn replayed(reply: &Reply) -> bool {
    reply.header("idempotent-replayed") == Some("true")
}

/// All that a replay repeats.
fn told(reply: &Reply) -> (u16, String, Vec<Option<String>>) {
    let names = [
        "etag",
        "location",
        "last-modified",
        "content-type",
        "cache-control",
        "vary",
    ];
    let headers = names.map(|name| reply.header(name).map(str::to_owned));
    (reply.status, reply.text.clone(), headers.to_vec())
}

#[tokio::test]
async fn a_create_that_is_sent_twice_with_one_key_makes_one() {
    let api = Api::start().await;
    let product = json!({"name": "n", "stock": 1});
    let post = |key: &str| keyed(api.alice().post("/v1/products", product.clone()), key);
    let first = post("k-1").await.is(201);
    assert!(!replayed(&first));
    for key in ["k-1", "\"k-1\""] {
        let again = post(key).await.is(201);
        assert!(replayed(&again));
        assert_eq!(told(&again), told(&first));
    }
    let listed = api.alice().get("/v1/products").await.is(200);
    assert_eq!(listed.ids().len(), 1);
    let other = post("k-2").await.is(201);
    assert!(!replayed(&other) && other.location() != first.location());

    // By value: neither the order of members nor the form of a number makes another request.
    let text = r#"{"stock": 1.0, "name": "n"}"#;
    let same = api.alice().post("/v1/products", ("application/json", text));
    assert!(replayed(&keyed(same, "k-1").await.is(201)));
}

#[tokio::test]
async fn a_key_that_named_another_request_is_refused_and_changes_nothing() {
    let api = Api::start().await;
    let alice = api.alice();
    let product = json!({"name": "n", "stock": 1});
    let create = keyed(alice.create("/v1/products/p-1", product.clone()), "k");
    let tag = create.await.is(201).tag();
    let path = "/v1/products/p-1";
    for other in [
        alice.create("/v1/products/p-2", product.clone()),
        alice.create(path, json!({"name": "m", "stock": 1})),
        alice.create(path, json!({"name": 7})),
        alice.post("/v1/products", product.clone()),
        alice.patch(path, json!({"name": "m"})).if_any(),
        alice.patch(path, json!({"name": "m"})),
        alice.delete(path).if_any(),
        alice.post(
            "/v1/products/p-1/transitions/reserve",
            json!({"quantity": 1}),
        ),
        alice.post(
            "/v1/products/p-9/transitions/reserve",
            json!({"quantity": 1}),
        ),
    ] {
        let refused = keyed(other, "k")
            .await
            .refused(422, "idempotency-key-reused");
        assert_eq!(refused.places(), ["Idempotency-Key"]);
        assert_eq!(refused.body["retry"], "never");
    }
    assert_eq!(alice.get(path).await.tag(), tag);
    // A key is its caller's own.
    let bobs = api.bob().create("/v1/products/p-2", product);
    assert!(!replayed(&keyed(bobs, "k").await.is(201)));
}

#[tokio::test]
async fn every_kind_of_write_is_done_once_and_its_repeats_are_answered_as_the_first_was() {
    let api = Api::start().await;
    let alice = api.alice();
    let path = "/v1/products/p-1";
    let product = json!({"name": "n", "stock": 10});
    let tag = alice.create(path, product.clone()).await.is(201).tag();
    let steps = json!([{"op": "replace", "path": "/stock", "value": 7}]);
    let steps = ("application/json-patch+json", steps.to_string());
    let reserve = "/v1/products/p-1/transitions/reserve";
    let calls = [
        alice
            .put(path, json!({"name": "m", "stock": 9}))
            .if_match(&tag),
        alice.patch(path, json!({"stock": 8})).if_any(),
        // Nothing changes, and that is what the repeat is told.
        alice.patch(path, json!({"stock": 8})).if_any(),
        alice.call(Method::PATCH, path, steps).if_any(),
        alice.post(reserve, json!({"quantity": 2})),
        alice
            .post(reserve, json!({"quantity": 2}))
            .prefer("return=minimal"),
        alice.delete(path).if_any(),
    ];
    let mut firsts = Vec::new();
    for (place, call) in calls.iter().enumerate() {
        let first = keyed(call.clone(), &format!("k-{place}")).await;
        assert!(
            (200..300).contains(&first.status) && !replayed(&first),
            "{first:?}"
        );
        firsts.push(first);
    }
    let stock: Vec<&Value> = firsts.iter().map(|first| &first.body["stock"]).collect();
    assert_eq!(
        stock[..5],
        [&json!(9), &json!(8), &json!(8), &json!(7), &json!(5)]
    );
    // The resource has gone on, ended, and begun anew: its repeats know nothing of that.
    alice.create(path, product).await.is(201);
    for (place, (call, first)) in calls.iter().zip(&firsts).enumerate() {
        let again = keyed(call.clone(), &format!("k-{place}")).await;
        assert!(replayed(&again), "{again:?}");
        assert_eq!(told(&again), told(first));
    }
    assert_eq!(api.alice().get(path).await.body["stock"], 10);
}

#[tokio::test]
async fn a_refused_request_leaves_its_key_free() {
    let api = Api::start().await;
    let alice = api.alice();
    alice
        .create("/v1/products/p-1", json!({"name": "n", "stock": 1}))
        .await
        .is(201);
    let reserve = |quantity: u32| {
        let path = "/v1/products/p-1/transitions/reserve";
        keyed(alice.post(path, json!({"quantity": quantity})), "k")
    };
    reserve(2).await.refused(409, "condition-not-met");
    let reserved = reserve(1).await.is(200);
    assert!(!replayed(&reserved));
    reserve(2).await.refused(422, "idempotency-key-reused");
}

#[tokio::test]
async fn a_key_that_is_none_is_named_with_all_else_that_is_wrong() {
    let api = Api::start().await;
    let longest = "x".repeat(255);
    let product = json!({"name": "n", "stock": 1});
    for key in ["", "\"\"", "a b", "a\"b", &format!("{longest}x")] {
        let post = api.alice().post("/v1/products?a=b", product.clone());
        let refused = keyed(post, key).await.refused(400, "malformed-request");
        assert_eq!(refused.places(), ["Idempotency-Key", "a"], "{key}");
    }
    keyed(api.alice().post("/v1/products", product), &longest)
        .await
        .is(201);
    // Nothing is done once that changes nothing.
    keyed(api.alice().get("/v1/products"), "a b").await.is(200);
}

#[tokio::test]
async fn of_many_that_send_one_key_at_once_one_does_it_and_all_are_told_so() {
    let api = Api::start().await;
    api.alice()
        .create("/v1/products/p-1", json!({"name": "n", "stock": 100}))
        .await
        .is(201);
    let reserve = || {
        let path = "/v1/products/p-1/transitions/reserve";
        keyed(api.alice().post(path, json!({"quantity": 1})), "k").send()
    };
    let mut calls = JoinSet::new();
    (0..16).for_each(|_| drop(calls.spawn(reserve())));
    let replies = calls.join_all().await.into_iter();
    let replies: Vec<Reply> = replies
        .map(|reply| reply.expect("an answer").is(200))
        .collect();
    assert_eq!(replies.iter().filter(|reply| !replayed(reply)).count(), 1);
    for reply in &replies {
        assert_eq!(told(reply), told(&replies[0]));
    }
    assert_eq!(api.alice().get("/v1/products/p-1").await.body["stock"], 99);
}

#[tokio::test]
async fn a_dry_run_answers_as_the_write_would_and_writes_nothing() {
    let api = Api::start().await;
    let alice = api.alice();
    let path = "/v1/products/p-1";
    let tag = alice
        .create(path, json!({"name": "n", "stock": 5}))
        .await
        .is(201)
        .tag();
    let reserve = "/v1/products/p-1/transitions/reserve";
    let dry = |call: Call| call.prefer("dry-run");
    for (call, status) in [
        (
            alice.post("/v1/products", json!({"name": "m", "stock": 1})),
            201,
        ),
        (
            alice.create("/v1/products/p-2", json!({"name": "m", "stock": 1})),
            201,
        ),
        (alice.patch(path, json!({"stock": 4})).if_match(&tag), 200),
        (alice.post(reserve, json!({"quantity": 5})), 200),
        (alice.delete(path).if_match(&tag), 204),
        (keyed(alice.delete(path).if_match(&tag), "k"), 204),
        (alice.delete(path).if_match("9-x"), 409),
        (alice.create(path, json!({"name": "m", "stock": 1})), 409),
        (alice.post(reserve, json!({"quantity": 6})), 409),
        (alice.patch(path, json!({"stock": -1})).if_match(&tag), 422),
        (alice.patch(path, json!({"stock": 4})), 428),
    ] {
        let told = dry(call).await.is(status);
        assert_eq!(told.header("preference-applied"), Some("dry-run"));
        assert_eq!(told.header("location").is_some(), status == 201);
    }
    let seen = dry(alice.post(reserve, json!({"quantity": 5})))
        .await
        .is(200);
    assert_eq!(
        (&seen.body["stock"], &seen.body["version"]),
        (&json!(0), &json!(2))
    );
    let minimal = alice.patch(path, json!({"stock": 4})).if_match(&tag);
    let minimal = minimal.prefer("dry-run, return=minimal").await.is(204);
    assert_eq!(
        minimal.header("preference-applied"),
        Some("dry-run, return=minimal")
    );
    assert_eq!(alice.get(path).await.tag(), tag);
    assert_eq!(alice.get("/v1/products").await.ids(), ["p-1"]);
    // What a dry run was told is not recorded.
    assert!(!replayed(
        &keyed(alice.delete(path).if_match(&tag), "k").await.is(204)
    ));
}
