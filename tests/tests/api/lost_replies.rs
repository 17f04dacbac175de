//! Replies that get lost, and writes that are delivered twice or late: over a thousand writes of
//! each kind under each fault, not one false conflict and not one double effect.

use serde_json::json;
use tokio::task::JoinSet;

use crate::harness::{Actor, Api, Backend, Fault, Proxy, Reply};

/// Writes of each kind (create, update, reserve, delete) under each fault. A named store is asked for
/// fewer: AWS's own emulator takes long for each.
fn writes_of_each_kind() -> usize {
    match Backend::named() {
        None => 1_000,
        Some(_) => 200,
    }
}

const CLIENTS: usize = 8;
/// Two clients share a product.
const PRODUCTS: usize = CLIENTS / 2;
const STOCK: usize = 100_000;

/// How often a client writes each kind.
fn rounds() -> usize {
    writes_of_each_kind().div_ceil(CLIENTS)
}

/// What one client has done; every call of it succeeds, or the test fails.
async fn work(client: Actor, n: usize) {
    let mine = format!("/v1/accounts/own-{n}");
    let shared = format!("/v1/products/shared-{}/transitions/reserve", n % PRODUCTS);
    let mut last = client
        .create(&mine, account(&format!("own-{n}")))
        .await
        .is(201);
    for round in 0..rounds() {
        let passing = format!("passing-{n}-{}", round % 3);
        let path = match round % 2 {
            0 => format!("/v1/accounts/{passing}"),
            _ => format!("/v1/documents/{passing}"),
        };
        let document = match round % 2 {
            0 => account(&passing),
            _ => json!({"title": passing}),
        };
        // The same id lives again and again: a late write of a former life must not touch a later one.
        let created = client.create(&path, document).await.is(201);
        assert_eq!(
            (&created["version"], created.header("idempotent-replayed")),
            (&json!(1), None)
        );

        let changed = match round % 3 {
            0 => client
                .patch(&mine, json!({"age": round + 1}))
                .if_match(&last.tag())
                .await
                .is(200),
            1 => {
                let mut account = account(&format!("own-{n}"));
                account["age"] = json!(round + 1);
                client
                    .put(&mine, account)
                    .if_match(&last.tag())
                    .await
                    .is(200)
            }
            // A unique value moves: a transaction.
            _ => client
                .patch(
                    &mine,
                    json!({"age": round + 1, "name": format!("own-{n}-{round}")}),
                )
                .if_match(&last.tag())
                .await
                .is(200),
        };
        assert_eq!(
            version(&changed),
            version(&last) + 1,
            "one write is one version"
        );
        last = changed;

        client.post(&shared, json!({"quantity": 1})).await.is(200);
        client.delete(&path).if_match(&created.tag()).await.is(204);
    }
}

fn account(name: &str) -> serde_json::Value {
    json!({"email": format!("{name}@example.org"), "name": name})
}

fn version(reply: &Reply) -> u64 {
    reply["version"].as_u64().unwrap()
}

async fn every_write_is_made_once(fault: Fault) {
    let proxy = Proxy::before(Backend::start().await).await;
    let api = Api::on(&proxy.url).await;
    for n in 0..PRODUCTS {
        let product = json!({"name": "n", "stock": STOCK});
        api.alice()
            .create(&format!("/v1/products/shared-{n}"), product)
            .await
            .is(201);
    }
    proxy.set(fault);
    let mut working = JoinSet::new();
    for n in 0..CLIENTS {
        working.spawn(work(api.bearer(&format!("client-{n}")), n));
    }
    working.join_all().await;
    assert!(
        proxy.faults() >= 4 * writes_of_each_kind(),
        "{} lies are too few",
        proxy.faults()
    );
    proxy.set(Fault::None);
    proxy.deliver_late().await;

    let reader = api.alice();
    for n in 0..PRODUCTS {
        let product = reader
            .get(&format!("/v1/products/shared-{n}"))
            .await
            .is(200);
        let sold = rounds() * CLIENTS / PRODUCTS;
        assert_eq!(
            product["stock"],
            STOCK - sold,
            "{fault:?}: each was taken once"
        );
        assert_eq!(version(&product), sold as u64 + 1);
    }
    for n in 0..CLIENTS {
        let account = reader.get(&format!("/v1/accounts/own-{n}")).await.is(200);
        assert_eq!(
            (version(&account), &account["age"]),
            (rounds() as u64 + 1, &json!(rounds()))
        );
        for passing in 0..3 {
            for name in ["accounts", "documents"] {
                let gone = reader
                    .get(&format!("/v1/{name}/passing-{n}-{passing}"))
                    .await
                    .refused(410, "gone");
                assert_eq!(gone.conflict("gone")["version"], 2);
            }
            let email = format!("/v1/accounts?email=passing-{n}-{passing}@example.org");
            assert!(
                reader.get(&email).await.is(200).ids().is_empty(),
                "its value is free again"
            );
        }
    }
    assert_eq!(
        reader
            .get("/v1/accounts?limit=100")
            .await
            .is(200)
            .ids()
            .len(),
        CLIENTS
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reply_that_is_lost() {
    every_write_is_made_once(Fault::DropReply).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_success_that_is_answered_as_an_error() {
    every_write_is_made_once(Fault::Answer500).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_that_arrives_twice() {
    every_write_is_made_once(Fault::Twice).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_that_arrives_again_after_later_writes() {
    every_write_is_made_once(Fault::Late).await;
}
