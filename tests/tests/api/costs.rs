//! What calls cost: the units that `docs/costs.md` names are those that the store counts.

use serde_json::{Value, json};

use crate::harness::{Api, Backend, Call, Units};

/// The rows of the table of units: what is called, the units read, the units written.
const COSTS: &str = include_str!("../../../docs/costs.md");

struct Bill {
    told: Vec<(String, Units)>,
    proxy: crate::harness::Proxy,
}

impl Bill {
    /// Makes the call, and keeps what it cost under this name.
    async fn of(&mut self, what: &str, status: u16, call: Call) {
        self.proxy.units();
        let reply = call.await;
        assert_eq!(reply.status, status, "{what}: {reply:?}");
        self.told.push((what.to_owned(), self.proxy.units()));
    }
}

fn order(reference: &str) -> Value {
    json!({
        "customer": "c-alice",
        "reference": reference,
        "currency": "EUR",
        "lines": [{"product": "kettle", "quantity": 1, "price": 39.9}],
        "address": {"street": "Hafengasse 7", "postcode": "20457", "city": "Hamburg", "country": "DE"},
    })
}

#[tokio::test]
async fn the_documented_units_are_those_that_the_store_counts() {
    if Backend::named().is_some() {
        // The embedded store counts as AWS does; what others say is theirs to say.
        return;
    }
    let (api, proxy) = Api::of_examples_behind_a_proxy().await;
    let (alice, bob) = (api.alice(), api.bob());
    let mut bill = Bill {
        told: Vec::new(),
        proxy,
    };
    let kettle = json!({"name": "Kettle", "stock": 100});
    bill.of("create", 201, alice.create("/v1/products/kettle", kettle))
        .await;
    let create = alice.create("/v1/orders/o-1", order("a"));
    bill.of("create, with a unique value", 201, create).await;
    let keyed = alice
        .create("/v1/orders/o-2", order("b"))
        .header("idempotency-key", "k");
    bill.of("create, with a unique value and a key", 201, keyed)
        .await;
    bill.of("read", 200, alice.get("/v1/orders/o-1")).await;
    for id in 3..=10 {
        let path = format!("/v1/orders/o-{id}");
        alice.create(&path, order(&id.to_string())).await.is(201);
    }
    bill.of(
        "list, ten of one state",
        200,
        alice.get("/v1/orders?state=pending&limit=10"),
    )
    .await;
    let tag = alice.get("/v1/orders/o-1").await.is(200).tag();
    let note = |text: &str| json!({ "note": text });
    let update = bob.patch("/v1/orders/o-1", note("b")).if_match(&tag);
    bill.of("update", 200, update).await;
    let stale = alice.patch("/v1/orders/o-1", note("a")).if_match(&tag);
    bill.of("update, refused: `stale-version`", 409, stale)
        .await;
    let payment = json!({"payment": "pay-7Q2K"});
    let pay = || alice.post("/v1/orders/o-1/transitions/pay", payment.clone());
    bill.of("transition", 200, pay()).await;
    let delete = alice.delete("/v1/orders/o-2").if_any();
    bill.of("delete, with a unique value", 204, delete).await;
    bill.proxy.units();
    api.catch_up().await;
    // Eleven creates, an update, a transition and a delete.
    let entries = 14.0;
    let Units { read, written } = bill.proxy.units();
    bill.told.push((
        "history, of each version".to_owned(),
        Units {
            read: read / entries,
            written: written / entries,
        },
    ));
    let rows: Vec<String> = bill
        .told
        .iter()
        .map(|(what, units)| format!("| {what} | {} | {} |", units.read, units.written))
        .collect();
    for row in &rows {
        assert!(
            COSTS.contains(&format!("\n{row}")),
            "docs/costs.md should say\n{}",
            rows.join("\n")
        );
    }
}
