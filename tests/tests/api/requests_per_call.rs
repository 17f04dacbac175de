//! How many requests to the store a call makes: those of a conflict are never more than those of
//! the first attempt of a success.

use onlyif_cli::serve::Options;
use serde_json::{Value, json};

use crate::harness::{Actor, Api, Backend, Call, EXAMPLES, Proxy, Reply};

/// A server whose requests to its store are counted.
struct Counted {
    api: Api,
    proxy: Proxy,
}

impl Counted {
    async fn start() -> Self {
        Counted::with(Options::default()).await
    }

    async fn with(options: Options) -> Self {
        let proxy = Proxy::before(Backend::start().await).await;
        let options = Options {
            store: Some(proxy.url.clone()),
            ..options
        };
        Counted {
            api: Api::with(options).await,
            proxy,
        }
    }

    /// The reply to this call, which makes exactly these requests.
    #[track_caller]
    fn makes(&self, expected: &'static [&'static str], call: Call) -> impl Future<Output = Reply> {
        let caller = std::panic::Location::caller();
        self.proxy.taken();
        async move {
            let reply = call.await;
            assert_eq!(self.proxy.taken(), expected, "at {caller}: {reply:?}");
            reply
        }
    }
}

fn order() -> Value {
    json!({"customer": "c", "lines": ["a"]})
}

#[tokio::test]
async fn a_create_makes_one() {
    let counted = Counted::start().await;
    let alice = counted.api.alice();
    let product = json!({"name": "n", "stock": 1});
    counted
        .makes(&["PutItem"], alice.post("/v1/products", product.clone()))
        .await
        .is(201);
    let create = alice.create("/v1/products/p-1", product.clone());
    let created = counted.makes(&["PutItem"], create.clone()).await.is(201);
    counted.makes(&["PutItem"], create.clone()).await.is(201);
    let bob = counted.api.bob();
    counted
        .makes(&["PutItem"], bob.create("/v1/products/p-1", product))
        .await
        .refused(409, "already-exists");

    let delete = alice.delete("/v1/products/p-1").if_match(&created.tag());
    delete.await.is(204);
    counted.makes(&["PutItem", "PutItem"], create).await.is(201);
}

#[tokio::test]
async fn a_lease_makes_two_and_a_write_that_minds_it_no_more_than_any_other() {
    let counted = Counted::start().await;
    let (alice, bob) = (counted.api.alice(), counted.api.bob());
    let (path, lease) = ("/v1/drawings/d", "/v1/drawings/d/lease");
    let drawing = json!({"title": "t", "strokes": 0});
    counted
        .makes(&["PutItem"], alice.create(path, drawing))
        .await
        .is(201);
    let take = |actor: &Actor| actor.put(lease, json!({"for": "60s"}));
    let two = &["GetItem", "UpdateItem"];
    counted.makes(two, take(&alice)).await.is(200);
    let extend = take(&alice).header("lease-token", "1");
    counted.makes(two, extend).await.is(200);
    counted.makes(&["GetItem"], alice.get(lease)).await.is(200);
    for call in [
        take(&bob),
        bob.delete(lease),
        take(&alice).header("lease-token", "7"),
    ] {
        counted
            .makes(&["GetItem"], call)
            .await
            .refused(409, "leased");
    }
    let keyed = take(&alice).header("idempotency-key", "k");
    counted
        .makes(&["BatchGetItem", "TransactWriteItems"], keyed)
        .await
        .is(200);

    // The condition is a part of the one write, and so is its explanation.
    let stroke = |actor: &Actor| actor.post("/v1/drawings/d/transitions/stroke", ());
    counted.makes(&["UpdateItem"], stroke(&alice)).await.is(200);
    let delete = bob.delete(path).if_any();
    for call in [stroke(&bob), delete] {
        counted
            .makes(&["UpdateItem"], call)
            .await
            .refused(409, "leased");
    }
    let patch = |actor: &Actor| actor.patch(path, json!({"title": "u"})).if_any();
    counted.makes(two, patch(&alice)).await.is(200);
    counted
        .makes(&["GetItem"], patch(&bob))
        .await
        .refused(409, "leased");
    counted.makes(two, alice.delete(lease)).await.is(204);
    counted.makes(&["UpdateItem"], stroke(&bob)).await.is(200);
}

#[tokio::test]
async fn a_create_with_unique_values_makes_one_transaction() {
    let counted = Counted::start().await;
    let alice = counted.api.alice();
    let ada = json!({"email": "a@x", "name": "a"});
    let create = alice.create("/v1/accounts/a-1", ada.clone());
    counted
        .makes(&["TransactWriteItems"], create.clone())
        .await
        .is(201);
    counted.makes(&["TransactWriteItems"], create).await.is(201);
    counted
        .makes(&["TransactWriteItems"], alice.post("/v1/accounts", ada))
        .await
        .refused(409, "duplicate");
    // Where no value is given, nothing is claimed.
    counted
        .makes(&["PutItem"], alice.post("/v1/orders", order()))
        .await
        .is(201);
}

#[tokio::test]
async fn a_transition_makes_one() {
    let counted = Counted::start().await;
    let alice = counted.api.alice();
    let reserve = alice.post(
        "/v1/products/p-1/transitions/reserve",
        json!({"quantity": 1}),
    );
    counted
        .makes(&["UpdateItem"], reserve.clone())
        .await
        .refused(404, "not-found");
    let product = json!({"name": "n", "stock": 1});
    let created = alice.create("/v1/products/p-1", product).await.is(201);
    let refused = reserve.clone().if_match("1-other");
    counted
        .makes(&["UpdateItem"], refused)
        .await
        .refused(409, "stale-version");
    counted
        .makes(&["UpdateItem"], reserve.clone().if_match(&created.tag()))
        .await
        .is(200);
    counted
        .makes(&["UpdateItem"], reserve.clone())
        .await
        .refused(409, "condition-not-met");
    alice.delete("/v1/products/p-1").if_any().await.is(204);
    counted
        .makes(&["UpdateItem"], reserve)
        .await
        .refused(410, "gone");

    alice.create("/v1/orders/o-1", order()).await.is(201);
    let ship = alice.post("/v1/orders/o-1/transitions/ship", ());
    counted
        .makes(&["UpdateItem"], ship)
        .await
        .refused(409, "invalid-transition");
    let cancel = alice.post("/v1/orders/o-1/transitions/cancel", ());
    counted.makes(&["UpdateItem"], cancel).await.is(200);
    // Whether it is there comes before what is wrong with the input.
    let invalid = alice.post("/v1/orders/o-1/transitions/pay", json!({"payment": 1}));
    counted
        .makes(&["GetItem"], invalid)
        .await
        .refused(422, "invalid-resource");
}

#[tokio::test]
async fn a_transition_that_moves_a_unique_value_reads_first() {
    let counted = Counted::start().await;
    let alice = counted.api.alice();
    alice
        .create("/v1/accounts/a-1", json!({"email": "a@x", "name": "a"}))
        .await
        .is(201);
    alice
        .create("/v1/accounts/a-2", json!({"email": "b@x", "name": "b"}))
        .await
        .is(201);
    let rename =
        |name: &str| alice.post("/v1/accounts/a-1/transitions/rename", json!({"name": name}));
    counted
        .makes(&["GetItem", "TransactWriteItems"], rename("c"))
        .await
        .is(200);
    counted
        .makes(&["GetItem", "TransactWriteItems"], rename("b"))
        .await
        .refused(409, "duplicate");
    let stale = rename("d").if_match("1-other");
    counted
        .makes(&["GetItem"], stale)
        .await
        .refused(409, "stale-version");
    let suspend = alice.post("/v1/accounts/a-1/transitions/suspend", ());
    counted.makes(&["UpdateItem"], suspend).await.is(200);
    counted
        .makes(&["GetItem"], rename("d"))
        .await
        .refused(409, "invalid-transition");
}

#[tokio::test]
async fn what_holds_a_value_for_a_while_makes_two_where_it_takes_or_frees_it() {
    let counted = Counted::with(Options {
        resources: EXAMPLES.into(),
        ..Options::default()
    })
    .await;
    let alice = counted.api.alice();
    let booking = json!({"room": "oak", "slot": "2026-12-01T09:00Z"});
    let create = |id: &str| alice.create(&format!("/v1/bookings/{id}"), booking.clone());
    let then =
        |id: &str, name: &str| alice.post(&format!("/v1/bookings/{id}/transitions/{name}"), ());
    counted
        .makes(&["TransactWriteItems"], create("b-1"))
        .await
        .is(201);
    counted
        .makes(&["TransactWriteItems"], create("b-2"))
        .await
        .refused(409, "duplicate");
    counted
        .makes(&["UpdateItem"], then("b-1", "confirm"))
        .await
        .is(200);
    counted
        .makes(&["GetItem", "TransactWriteItems"], then("b-1", "cancel"))
        .await
        .is(200);
    create("b-2").await.is(201);
    counted
        .makes(&["GetItem", "TransactWriteItems"], then("b-1", "restore"))
        .await
        .refused(409, "duplicate");
    counted
        .makes(&["GetItem"], then("b-1", "cancel"))
        .await
        .refused(409, "invalid-transition");
    // What can be deleted holds nothing: there is nothing to look for.
    let delete = alice.delete("/v1/bookings/b-1").if_any();
    counted.makes(&["UpdateItem"], delete).await.is(204);
    let delete = alice.delete("/v1/bookings/b-2").if_any();
    counted
        .makes(&["UpdateItem"], delete)
        .await
        .refused(409, "not-allowed-in-state");
}

#[tokio::test]
async fn a_read_makes_one() {
    let counted = Counted::start().await;
    let alice = counted.api.alice();
    alice
        .create("/v1/products/p-1", json!({"name": "n", "stock": 1}))
        .await
        .is(201);
    counted
        .makes(&["GetItem"], alice.get("/v1/products/p-1"))
        .await
        .is(200);
    counted
        .makes(&["GetItem"], alice.get("/v1/products/p-1/transitions"))
        .await
        .is(200);
    let unchanged = alice.get("/v1/products/p-1").header("if-none-match", "*");
    counted.makes(&["GetItem"], unchanged).await.is(304);
    counted
        .makes(&["GetItem"], alice.get("/v1/products/p-2"))
        .await
        .is(404);
    counted
        .makes(&[], alice.get("/v1/products/a%20b"))
        .await
        .is(404);
    counted
        .makes(&[], alice.get("/v1/nothings/p-1"))
        .await
        .is(404);
    counted.makes(&[], alice.get("/openapi.json")).await.is(200);
}

#[tokio::test]
async fn an_update_makes_two_and_its_conflicts_one() {
    let counted = Counted::start().await;
    let alice = counted.api.alice();
    let created = alice.create("/v1/orders/o-1", order()).await.is(201);
    let patch = |note: &str| alice.patch("/v1/orders/o-1", json!({"note": note}));
    let changed = counted
        .makes(
            &["GetItem", "UpdateItem"],
            patch("n").if_match(&created.tag()),
        )
        .await
        .is(200);
    counted
        .makes(&["GetItem"], patch("m").if_match(&created.tag()))
        .await
        .refused(409, "stale-version");
    counted
        .makes(&["GetItem"], patch("n").if_match(&changed.tag()))
        .await
        .is(200);
    let invalid = alice
        .patch("/v1/orders/o-1", json!({"customer": 1}))
        .if_match(&changed.tag());
    counted
        .makes(&["GetItem"], invalid)
        .await
        .refused(422, "invalid-resource");
    counted
        .makes(
            &[],
            alice
                .patch("/v1/orders/o-1", ("application/json", "{"))
                .if_any(),
        )
        .await
        .is(400);
    let large = alice
        .put("/v1/orders/o-1", json!({"note": "x".repeat(301 * 1024)}))
        .if_any();
    counted
        .makes(&[], large)
        .await
        .refused(413, "content-too-large");
    let merged = alice
        .patch("/v1/orders/o-1", json!({"customer": "d"}))
        .if_match(&created.tag());
    counted
        .makes(&["GetItem", "UpdateItem"], merged.prefer("conflict=merge"))
        .await
        .is(200);

    let unique = alice
        .patch("/v1/orders/o-1", json!({"reference": "r"}))
        .if_any();
    counted
        .makes(&["GetItem", "TransactWriteItems"], unique)
        .await
        .is(200);
    let created = alice.create("/v1/orders/o-2", order()).await.is(201);
    let taken = alice.patch("/v1/orders/o-2", json!({"customer": "d", "reference": "r"}));
    let taken = taken.if_match(&created.tag());
    counted
        .makes(&["GetItem", "TransactWriteItems"], taken)
        .await
        .refused(409, "duplicate");
}

#[tokio::test]
async fn a_delete_makes_one_or_two_where_it_frees_values() {
    let counted = Counted::start().await;
    let alice = counted.api.alice();
    let created = alice
        .create("/v1/products/p-1", json!({"name": "n", "stock": 1}))
        .await
        .is(201);
    let delete = |path: &str, tag: &str| alice.delete(path).if_match(tag);
    let stale = delete("/v1/products/p-1", "1-other");
    counted
        .makes(&["UpdateItem"], stale)
        .await
        .refused(409, "stale-version");
    counted
        .makes(&["UpdateItem"], delete("/v1/products/p-1", &created.tag()))
        .await
        .is(204);
    counted
        .makes(&["UpdateItem"], delete("/v1/products/p-1", &created.tag()))
        .await
        .is(410);

    let created = alice
        .create("/v1/accounts/a-1", json!({"email": "a@x", "name": "a"}))
        .await
        .is(201);
    let stale = delete("/v1/accounts/a-1", "1-other");
    counted
        .makes(&["GetItem"], stale)
        .await
        .refused(409, "stale-version");
    let delete = delete("/v1/accounts/a-1", &created.tag());
    counted
        .makes(&["GetItem", "TransactWriteItems"], delete)
        .await
        .is(204);
}

/// What a resource refers to is checked, and counted, in the write itself.
#[tokio::test]
async fn a_reference_makes_a_create_one_transaction_and_what_changes_it_two_requests() {
    let counted = Counted::with(Options {
        resources: EXAMPLES.into(),
        ..Options::default()
    })
    .await;
    let alice = counted.api.alice();
    let folder = |id: &str| alice.create(&format!("/v1/folders/{id}"), json!({"name": id}));
    folder("a").await.is(201);
    folder("b").await.is(201);
    let file = |folder: &str| json!({"folder": folder, "name": "f", "text": ""});
    let transaction = &["TransactWriteItems"];
    counted
        .makes(transaction, alice.create("/v1/files/f", file("a")))
        .await
        .is(201);
    counted
        .makes(transaction, alice.post("/v1/files", file("none")))
        .await
        .refused(409, "missing-reference");
    // A delete of what is referred to is refused by its own condition.
    let delete = |path: &str| alice.delete(path).if_any();
    let read = &["GetItem"];
    counted
        .makes(read, delete("/v1/folders/a"))
        .await
        .refused(409, "has-dependents");
    let edit = |change: Value| alice.patch("/v1/files/f", change).if_any();
    counted
        .makes(&["GetItem", "UpdateItem"], edit(json!({"text": "x"})))
        .await
        .is(200);
    let two = &["GetItem", "TransactWriteItems"];
    counted
        .makes(two, edit(json!({"folder": "b"})))
        .await
        .is(200);
    counted
        .makes(two, edit(json!({"folder": "none"})))
        .await
        .refused(409, "missing-reference");
    counted.makes(two, delete("/v1/files/f")).await.is(204);
}

#[tokio::test]
async fn a_list_makes_one_for_each_state() {
    let counted = Counted::start().await;
    let alice = counted.api.alice();
    for n in 0..3 {
        alice
            .create(&format!("/v1/orders/o-{n}"), order())
            .await
            .is(201);
    }
    alice
        .create("/v1/accounts/a-1", json!({"email": "a@x", "name": "a"}))
        .await
        .is(201);
    counted
        .makes(&["Query"], alice.get("/v1/products"))
        .await
        .is(200);
    counted
        .makes(&["Query"; 5], alice.get("/v1/orders"))
        .await
        .is(200);
    counted
        .makes(&["Query"; 5], alice.get("/v1/orders?limit=2"))
        .await
        .is(200);
    counted
        .makes(&["Query"], alice.get("/v1/orders?state=pending"))
        .await
        .is(200);
    // And for each shard of it.
    counted
        .makes(&["Query"; 16], alice.get("/v1/readings"))
        .await
        .is(200);
    counted
        .makes(&["Query"; 8], alice.get("/v1/readings?state=raw&limit=1"))
        .await
        .is(200);
    counted
        .makes(&["GetItem", "GetItem"], alice.get("/v1/accounts?email=a@x"))
        .await
        .is(200);
    counted
        .makes(&["GetItem"], alice.get("/v1/accounts?email=b@x"))
        .await
        .is(200);
    counted
        .makes(&[], alice.get("/v1/accounts?limit=0"))
        .await
        .is(400);
}

#[tokio::test]
async fn a_key_makes_a_create_and_a_delete_one_transaction_and_the_rest_two_requests() {
    let counted = Counted::start().await;
    let alice = counted.api.alice();
    let path = "/v1/products/p-1";
    let keyed = |call: Call, key: &str| call.header("idempotency-key", key);
    let product = json!({"name": "n", "stock": 9});
    let both: &[&str] = &["BatchGetItem", "TransactWriteItems"];
    let one: &[&str] = &["TransactWriteItems"];
    let read: &[&str] = &["BatchGetItem"];
    let reserve = |n: u32| {
        alice.post(
            "/v1/products/p-1/transitions/reserve",
            json!({"quantity": n}),
        )
    };
    let table = [
        (
            keyed(alice.create(path, product.clone()), "a"),
            one,
            one,
            201,
        ),
        (
            keyed(alice.patch(path, json!({"stock": 8})).if_any(), "b"),
            both,
            read,
            200,
        ),
        (keyed(reserve(1), "c"), both, read, 200),
        (keyed(alice.delete(path).if_any(), "d"), one, one, 204),
    ];
    for (call, first, again, status) in table {
        counted.makes(first, call.clone()).await.is(status);
        counted.makes(again, call).await.is(status);
    }
    // Explaining takes none.
    alice.create(path, product.clone()).await.is(201);
    let taken = keyed(counted.api.bob().create(path, product), "e");
    counted
        .makes(one, taken)
        .await
        .refused(409, "already-exists");
    let refused = keyed(reserve(100), "f");
    counted
        .makes(read, refused)
        .await
        .refused(409, "condition-not-met");
    let refused = keyed(alice.delete(path).if_match("9-x"), "g");
    counted
        .makes(one, refused)
        .await
        .refused(409, "stale-version");
}

#[tokio::test]
async fn whose_it_is_is_looked_at_in_the_write_itself() {
    let counted = Counted::start().await;
    let (alice, bob) = (counted.api.alice(), counted.api.bob());
    let board = || json!({"title": "t"});
    let path = "/v1/boards/b";
    let created = alice.create(path, board()).await.is(201);
    let publish = |actor: &Actor| actor.post(&format!("{path}/transitions/publish"), ());
    let one: &[&str] = &["UpdateItem"];
    for (call, status) in [
        (publish(&bob), 403),
        (bob.delete(path).if_any(), 403),
        (bob.delete(path).if_match(&created.tag()), 403),
        (publish(&alice), 200),
        (alice.delete(path).if_any(), 204),
        (publish(&bob), 410),
    ] {
        counted.makes(one, call).await.is(status);
    }
    alice.create(path, board()).await.is(201);
    let update = bob.patch(path, board()).if_any();
    counted.makes(&["GetItem"], update).await.is(403);
}

#[tokio::test]
async fn a_duplicate_that_discloses_nothing_is_the_same_whoever_holds_it() {
    let counted = Counted::start().await;
    let (alice, bob) = (counted.api.alice(), counted.api.bob());
    let letter = |subject: &str, text: &str| json!({"subject": subject, "text": text});
    let own = "/v1/letters/own";
    bob.create(own, letter("s", "t")).await.is(201);
    let mut told: Vec<Vec<String>> = Vec::new();
    for (holder, at) in [(&alice, "/v1/letters/hers"), (&bob, "/v1/letters/his")] {
        holder.create(at, letter("x", "taken")).await.is(201);
        let mut bodies = Vec::new();
        for (call, requests) in [
            (
                bob.post("/v1/letters", letter("y", "taken")),
                &["TransactWriteItems"][..],
            ),
            (
                bob.create("/v1/letters/new", letter("y", "taken")),
                &["TransactWriteItems"],
            ),
            (
                bob.patch(own, json!({"text": "taken"})).if_any(),
                &["GetItem", "TransactWriteItems"],
            ),
            (
                bob.patch(own, json!({"text": "taken"}))
                    .if_any()
                    .prefer("dry-run"),
                &["GetItem", "BatchGetItem"],
            ),
        ] {
            let mut refused = counted.makes(requests, call).await;
            refused = refused.refused(409, "duplicate");
            refused.body["requestId"] = Value::Null;
            bodies.push(format!("{:?} {}", refused.header("etag"), refused.body));
        }
        told.push(bodies);
        holder.delete(at).if_any().await.is(204);
    }
    assert_eq!(told[0], told[1]);
    // A constraint that names its holder is another matter.
    assert!(
        told[0].iter().all(|body| !body.contains("holder")),
        "{told:?}"
    );
}
