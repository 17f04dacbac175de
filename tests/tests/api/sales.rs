//! What is sold is taken from stock with the sale, or there is no sale.

use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::harness::{Api, Call, Reply, rivals};

const CLIENTS: usize = 16;

/// Products with these stocks.
async fn stocked(api: &Api, stocks: &[(&str, u64)]) {
    for (id, stock) in stocks {
        let product = json!({"name": id, "stock": stock});
        let path = format!("/v1/products/{id}");
        api.alice().create(&path, product).await.is(201);
    }
}

/// What is left of a product, and how often it was written.
async fn left(api: &Api, id: &str) -> (u64, u64) {
    let product = api.carol().get(&format!("/v1/products/{id}")).await.is(200);
    let number = |name: &str| product[name].as_u64().unwrap();
    (number("stock"), number("version"))
}

fn lines(of: &[(&str, u64)]) -> Value {
    let line =
        |(product, quantity): &(&str, u64)| json!({"product": product, "quantity": quantity});
    of.iter().map(line).collect()
}

fn sell(api: &Api, till: &str, id: &str, of: &[(&str, u64)]) -> Call {
    let sale = json!({"till": till, "lines": lines(of)});
    api.bearer(till).create(&format!("/v1/sales/{id}"), sale)
}

fn take_back(api: &Api, id: &str) -> Call {
    let path = format!("/v1/sales/{id}/transitions/take-back");
    api.bob().post(&path, json!({"reason": "too loud"}))
}

/// The conflict of a product of which there is not enough.
fn lacks(product: &str, quantity: u64, stock: u64) -> Value {
    json!({
        "code": "condition-not-met",
        "resource": {"type": "products", "id": product, "href": format!("/v1/products/{product}")},
        "pointer": "/stock",
        "requires": {"atLeast": quantity},
        "actual": stock,
    })
}

async fn sales(api: &Api) -> Vec<String> {
    api.carol().get("/v1/sales?limit=100").await.is(200).ids()
}

#[tokio::test]
async fn a_sale_takes_the_stock_of_each_product_and_taking_it_back_gives_it_back() {
    let api = Api::of_examples().await;
    stocked(&api, &[("kettle", 5), ("mug", 9)]).await;
    // Two lines of one product are one write of it.
    let of = [("kettle", 1), ("mug", 4), ("kettle", 2)];
    let sold = sell(&api, "till-1", "s-1", &of).await.is(201);
    assert_eq!(
        (&sold["state"], &sold["version"]),
        (&json!("sold"), &json!(1))
    );
    assert_eq!(left(&api, "kettle").await, (2, 2));
    assert_eq!(left(&api, "mug").await, (5, 2));
    let kettle = api.carol().get("/v1/products/kettle").await;
    assert_eq!(
        kettle["updatedBy"], "till-1",
        "whoever sells changes the stock"
    );

    let back = take_back(&api, "s-1").await.is(200);
    assert_eq!(
        (&back["state"], &back["reason"]),
        (&json!("returned"), &json!("too loud"))
    );
    assert_eq!(left(&api, "kettle").await, (5, 3));
    assert_eq!(left(&api, "mug").await, (9, 3));
    // Nobody is paid twice.
    let refused = take_back(&api, "s-1")
        .await
        .refused(409, "invalid-transition");
    let conflict = refused.conflict("invalid-transition");
    assert_eq!(
        (&conflict["state"], &conflict["by"]),
        (&json!("returned"), &json!("bob"))
    );
    assert_eq!(left(&api, "kettle").await, (5, 3));
    assert_eq!(left(&api, "mug").await, (9, 3));
}

#[tokio::test]
async fn of_three_products_of_which_one_is_out_of_stock_none_is_sold() {
    let api = Api::of_examples().await;
    stocked(&api, &[("kettle", 5), ("lamp", 1), ("mug", 9)]).await;
    let of = [("kettle", 1), ("lamp", 2), ("mug", 4)];
    let refused = sell(&api, "till-1", "s-1", &of)
        .await
        .refused(409, "condition-not-met");
    assert_eq!(refused["conflicts"], json!([lacks("lamp", 2, 1)]));
    assert_eq!(
        refused["detail"],
        "products/lamp: /stock is 1, and must be {\"atLeast\":2}."
    );
    assert!(sales(&api).await.is_empty(), "nothing is created");
    for (product, stock) in [("kettle", 5), ("lamp", 1), ("mug", 9)] {
        assert_eq!(
            left(&api, product).await,
            (stock, 1),
            "{product} is untouched"
        );
    }
    // What is there can be had.
    let of = [("kettle", 1), ("lamp", 1), ("mug", 4)];
    sell(&api, "till-1", "s-1", &of).await.is(201);
    assert_eq!(left(&api, "lamp").await, (0, 2));
}

#[tokio::test]
async fn each_product_that_is_short_and_each_that_is_not_there_is_named() {
    let api = Api::of_examples().await;
    stocked(&api, &[("kettle", 2), ("lamp", 1), ("mug", 9), ("old", 9)]).await;
    api.alice()
        .delete("/v1/products/old")
        .if_any()
        .await
        .is(204);
    // No line of the kettle's is too much, their sum is.
    let of = [
        ("kettle", 2),
        ("teapot", 1),
        ("lamp", 4),
        ("mug", 4),
        ("kettle", 1),
        ("old", 1),
    ];
    let refused = sell(&api, "till-1", "s-1", &of)
        .await
        .refused(409, "condition-not-met");
    let missing = |line: usize, product: &str| {
        json!({
            "code": "missing-reference",
            "pointer": format!("/lines/{line}/product"),
            "target": {"type": "products", "id": product, "href": format!("/v1/products/{product}")},
        })
    };
    let expected = json!([
        lacks("kettle", 3, 2),
        lacks("lamp", 4, 1),
        missing(1, "teapot"),
        missing(5, "old"),
    ]);
    assert_eq!(refused["conflicts"], expected);
    let of = [("mug", 4), ("teapot", 1)];
    let refused = sell(&api, "till-1", "s-1", &of)
        .await
        .refused(409, "missing-reference");
    assert_eq!(refused["conflicts"], json!([missing(1, "teapot")]));
    assert!(sales(&api).await.is_empty());
    assert_eq!(left(&api, "mug").await, (9, 1));
}

#[tokio::test]
async fn who_may_sell_may_take_stock_and_who_may_not_read_learns_of_no_stock() {
    let api = Api::of_examples().await;
    stocked(&api, &[("lamp", 2)]).await;
    let till = api.claims(&json!({"sub": "till-1", "scope": "sales.write"}));
    let sell = |quantity: u64| {
        let sale = json!({"lines": lines(&[("lamp", quantity)])});
        till.post("/v1/sales", sale)
    };
    let reserve = till.post(
        "/v1/products/lamp/transitions/reserve",
        json!({"quantity": 1}),
    );
    reserve.await.refused(403, "forbidden");
    let sold = sell(1).await.is(201);
    assert_eq!(sold.text, "", "who may not read is not shown what was made");
    assert_eq!(left(&api, "lamp").await, (1, 2));
    let refused = sell(2).await.refused(409, "condition-not-met");
    assert_eq!(
        refused["conflicts"],
        json!([{
            "code": "condition-not-met",
            "resource": {"type": "products"},
            "pointer": "/stock",
            "requires": {"atLeast": 2},
        }])
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_who_buy_the_last_item_at_once_one_gets_it() {
    let api = Api::of_examples().await;
    stocked(&api, &[("lamp", 1), ("mug", 100)]).await;
    let mut tills = JoinSet::new();
    for n in 0..rivals(CLIENTS) {
        let of = [("mug", 1), ("lamp", 1)];
        let sale = sell(&api, &format!("till-{n}"), &format!("s-{n}"), &of);
        tills.spawn(async move { sale.await });
    }
    let (won, lost): (Vec<Reply>, Vec<Reply>) = tills
        .join_all()
        .await
        .into_iter()
        .partition(|reply| reply.status == 201);
    assert_eq!((won.len(), lost.len()), (1, rivals(CLIENTS) - 1));
    for reply in lost {
        let refused = reply.refused(409, "condition-not-met");
        assert_eq!(refused["conflicts"], json!([lacks("lamp", 1, 0)]));
    }
    assert_eq!(sales(&api).await, [won[0]["id"].as_str().unwrap()]);
    assert_eq!(left(&api, "lamp").await, (0, 2));
    assert_eq!(left(&api, "mug").await, (99, 2), "theirs alone was taken");
    // The winner thinks better of it: then it is another's.
    let id = won[0]["id"].as_str().unwrap();
    take_back(&api, id).await.is(200);
    sell(&api, "till-x", "next", &[("lamp", 1)]).await.is(201);
    assert_eq!(left(&api, "mug").await, (100, 3));
}

#[tokio::test]
async fn a_product_that_nothing_could_be_named_has_no_address() {
    let api = Api::of_examples().await;
    for product in [".æ", "a/b", "..", "a b"] {
        let refused = sell(&api, "till-1", "s-1", &[(product, 1)])
            .await
            .refused(409, "missing-reference");
        let target = &refused["conflicts"][0]["target"];
        assert_eq!(*target, json!({"type": "products", "id": product}));
    }
}
