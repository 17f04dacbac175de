//! What only concurrency shows: no update is lost, no value is taken twice, no stock is oversold.

use std::sync::Arc;

use serde_json::{Value, json};
use tokio::sync::Mutex;
use tokio::task::JoinSet;

use crate::harness::{Actor, Api, Backend, Fault, rivals};

const CLIENTS: usize = 32;
const STOCK: usize = 100;

/// Entries of each client; a named store, which may be an emulator, is asked for fewer.
fn entries() -> usize {
    match Backend::named() {
        None => 100,
        Some(_) => 20,
    }
}

/// As many callers as there are clients, each with connections of its own.
fn clients(api: &Api) -> Vec<Actor> {
    (0..CLIENTS)
        .map(|n| api.bearer(&format!("client-{n}")))
        .collect()
}

/// Adds the client's entries to the document, one by one, each by read, modify and write. A refusal
/// shows what is there now: that is the next read. Whoever has lost waits for its turn before it
/// tries again. Returns the versions that it made, and how often it lost.
async fn add_entries(client: Actor, n: usize, turn: Arc<Mutex<()>>) -> (Vec<u64>, usize) {
    let path = "/v1/blobs/log";
    let mut seen = client.get(path).await.is(200).body;
    let mut versions = Vec::new();
    let mut lost = 0;
    for entry in 0..entries() {
        let mut mine = None;
        loop {
            let text = format!("{}{n}.{entry} ", seen["text"].as_str().unwrap());
            let call = client.put(path, json!({ "text": text }));
            let reply = call.if_match(seen["etag"].as_str().unwrap()).await;
            if reply.status == 200 {
                versions.push(reply["version"].as_u64().unwrap());
                seen = reply.body;
                break;
            }
            seen = reply.refused(409, "stale-version")["current"].clone();
            lost += 1;
            if mine.is_none() {
                mine = Some(Arc::clone(&turn).lock_owned().await);
            }
        }
    }
    (versions, lost)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_update_is_lost_between_32_writers_of_one_document() {
    let api = Api::start().await;
    api.alice()
        .create("/v1/blobs/log", json!({"text": ""}))
        .await
        .is(201);
    let turn = Arc::default();
    let mut writers = JoinSet::new();
    for (n, client) in clients(&api).into_iter().enumerate() {
        writers.spawn(add_entries(client, n, Arc::clone(&turn)));
    }
    let (mut versions, mut lost) = (Vec::new(), 0);
    for (mine, losses) in writers.join_all().await {
        assert!(mine.is_sorted(), "a client's own versions grow");
        versions.extend(mine);
        lost += losses;
    }
    versions.sort_unstable();
    let all = CLIENTS * entries();
    assert_eq!(
        versions,
        (2..all as u64 + 2).collect::<Vec<_>>(),
        "each version was made once"
    );
    assert!(lost > 0, "nobody was in anybody's way: this shows nothing");

    let log = api.alice().get("/v1/blobs/log").await.is(200);
    let mut entries: Vec<_> = log["text"].as_str().unwrap().split_whitespace().collect();
    entries.sort_unstable();
    entries.dedup();
    assert_eq!((entries.len(), &log["version"]), (all, &json!(all + 1)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_of_32_takes_a_unique_value() {
    let api = Api::start().await;
    let rivals = rivals(CLIENTS);
    let mut posts = JoinSet::new();
    for (n, client) in clients(&api).into_iter().take(rivals).enumerate() {
        let account = json!({"email": "ada@example.org", "name": format!("n-{n}")});
        posts.spawn(async move {
            // Whoever did not get its turn sends the same again, as it is told.
            loop {
                let reply = client.post("/v1/accounts", account.clone()).await;
                if reply["code"] != "contention" {
                    break reply;
                }
            }
        });
    }
    let (won, lost): (Vec<_>, Vec<_>) = posts
        .join_all()
        .await
        .into_iter()
        .partition(|reply| reply.status == 201);
    assert_eq!((won.len(), lost.len()), (1, rivals - 1));
    for reply in lost {
        let refused = reply.refused(409, "duplicate");
        assert_eq!(refused.conflict("duplicate")["holder"], won[0].location());
    }
    assert_eq!(
        api.alice().get("/v1/accounts?limit=100").await.ids(),
        [won[0]["id"].as_str().unwrap()]
    );
    // Whoever lost has not taken its other value either.
    for n in 0..rivals {
        let found = api
            .alice()
            .get(&format!("/v1/accounts?name=n-{n}"))
            .await
            .is(200)
            .ids()
            .len();
        assert_eq!(found, usize::from(won[0]["name"] == format!("n-{n}")));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_of_32_creates_an_id() {
    let api = Api::start().await;
    let mut puts = JoinSet::new();
    for client in clients(&api) {
        let product = json!({"name": "n", "stock": 1});
        puts.spawn(async move { client.create("/v1/products/p-1", product).await });
    }
    let mut created = 0;
    for reply in puts.join_all().await {
        match reply.status {
            201 => created += 1,
            _ => drop(reply.refused(409, "already-exists")),
        }
    }
    assert_eq!(created, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stock_of_100_is_sold_100_times() {
    let api = Api::start().await;
    // A named store is asked for less by fewer; more is asked for than there is.
    let buyers_at_once = rivals(CLIENTS);
    let stock = if buyers_at_once < CLIENTS { 20 } else { STOCK };
    api.alice()
        .create("/v1/products/p-1", json!({"name": "n", "stock": stock}))
        .await
        .is(201);
    let mut buyers = JoinSet::new();
    for client in clients(&api).into_iter().take(buyers_at_once) {
        buyers.spawn(async move {
            let mut left: Vec<Option<Value>> = Vec::new();
            for _ in 0..5 {
                let path = "/v1/products/p-1/transitions/reserve";
                let reply = client.post(path, json!({"quantity": 1})).await;
                left.push(match reply.status {
                    200 => Some(reply["stock"].clone()),
                    _ => {
                        let refused = reply.refused(409, "condition-not-met");
                        let conflict = refused.conflict("condition-not-met");
                        assert_eq!(
                            (&conflict["pointer"], &conflict["actual"]),
                            (&json!("/stock"), &json!(0))
                        );
                        None
                    }
                });
            }
            left
        });
    }
    let left: Vec<_> = buyers.join_all().await.into_iter().flatten().collect();
    assert_eq!(left.len(), buyers_at_once * 5);
    let mut left: Vec<_> = left
        .into_iter()
        .flatten()
        .map(|left| left.as_u64().unwrap())
        .collect();
    left.sort_unstable();
    assert_eq!(
        left,
        (0..stock as u64).collect::<Vec<_>>(),
        "each buyer saw a stock of its own"
    );
    let product = api.alice().get("/v1/products/p-1").await.is(200);
    assert_eq!(
        (&product["stock"], &product["version"]),
        (&json!(0), &json!(stock + 1))
    );
}

/// What an order of three products takes, in three products of which there are as many.
const PRODUCTS: [&str; 3] = ["kettle", "lamp", "mug"];

/// Every client places orders for the same three products, one by one, until it has placed so many or
/// is told that they are sold out. Returns the ids that it was told were placed, and how often nobody
/// could say.
async fn place_orders(client: Actor, count: usize) -> (Vec<String>, usize) {
    let lines: Vec<Value> = PRODUCTS
        .iter()
        .map(|product| json!({ "product": product, "quantity": 1 }))
        .collect();
    let (mut placed, mut unknown) = (Vec::new(), 0);
    while placed.len() + unknown < count {
        let reply = client.post("/v1/sales", json!({ "lines": lines })).await;
        match (reply.status, reply.body["code"].as_str()) {
            (201, _) => placed.push(reply.body["id"].as_str().expect("an id").to_owned()),
            (409, Some("contention")) => {}
            (409, Some("condition-not-met")) => break,
            (504, Some("outcome-unknown")) => unknown += 1,
            _ => panic!("{reply:?}"),
        }
    }
    (placed, unknown)
}

/// The sales that there are, and what is left of each product.
async fn inventory(api: &Api) -> (std::collections::BTreeSet<String>, Vec<i64>) {
    let actor = api.alice();
    let mut path = "/v1/sales?limit=100".to_owned();
    let mut ids = std::collections::BTreeSet::new();
    loop {
        let page = actor.get(&path).await.is(200);
        ids.extend(page.ids());
        match page.body["next"].as_str() {
            Some(next) => path = format!("/v1/sales?limit=100&cursor={next}"),
            None => break,
        }
    }
    let mut left = Vec::new();
    for product in PRODUCTS {
        let product = actor.get(&format!("/v1/products/{product}")).await.is(200);
        left.push(product.body["stock"].as_i64().expect("a number"));
    }
    (ids, left)
}

/// 32 clients place 50 orders each, of which 500 can be served. What was sold and what is left agree
/// exactly. (A named store is asked for the same by fewer.)
async fn stock_and_orders_agree(fault: Fault) {
    let (count, orders, each) = match Backend::named() {
        None => (CLIENTS, 50, 500),
        Some(_) => (4, 20, 50),
    };
    let (api, proxy) = Api::of_examples_behind_a_proxy().await;
    for product in PRODUCTS {
        let path = format!("/v1/products/{product}");
        let document = json!({ "name": product, "stock": each });
        api.alice().create(&path, document).await.is(201);
    }
    proxy.set(fault);
    let mut buyers = JoinSet::new();
    for client in clients(&api).into_iter().take(count) {
        buyers.spawn(place_orders(client, orders));
    }
    let told = buyers.join_all().await;
    proxy.set(Fault::None);
    let (there, left) = inventory(&api).await;
    let placed: Vec<String> = told.iter().flat_map(|(placed, _)| placed.clone()).collect();
    let unknown: usize = told.iter().map(|(_, unknown)| unknown).sum();
    // No order without its stock, and no stock without its order.
    let rest = i64::try_from(each - there.len()).expect("no more than there were");
    assert_eq!(left, [rest; 3]);
    // Whoever was told that an order is placed finds it, once.
    assert_eq!(
        placed
            .iter()
            .collect::<std::collections::BTreeSet<_>>()
            .len(),
        placed.len()
    );
    assert!(placed.iter().all(|id| there.contains(id)));
    assert!(there.len() <= placed.len() + unknown);
    assert_eq!(there.len(), each, "more were asked for than there are");
    if fault != Fault::None {
        let faults = proxy.faults();
        assert!(faults >= each / 10, "{faults} lies are too few");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn stock_and_orders_agree_when_many_order_the_same_products() {
    stock_and_orders_agree(Fault::None).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn stock_and_orders_agree_while_every_tenth_reply_is_lost() {
    stock_and_orders_agree(Fault::DropTenth).await;
}
