//! `POST /v1/transactions`

use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::harness::{Actor, Api, Call, Reply, rivals};

const PATH: &str = "/v1/transactions";

fn transact(actor: &Actor, operations: Value) -> Call {
    actor.post(PATH, json!({ "operations": operations }))
}

fn statuses(reply: &Reply) -> Vec<u64> {
    let results = reply.body["results"].as_array().expect("results");
    results
        .iter()
        .map(|result| result["status"].as_u64().expect("a status"))
        .collect()
}

async fn stock(api: &Api, id: &str) -> i64 {
    let product = api.alice().get(&format!("/v1/products/{id}")).await.is(200);
    product.body["stock"].as_i64().expect("a number")
}

async fn products(api: &Api, ids: &[(&str, i64)]) {
    for (id, stock) in ids {
        let product = json!({"name": "n", "stock": stock});
        let create = api.alice().create(&format!("/v1/products/{id}"), product);
        create.await.is(201);
    }
}

#[tokio::test]
async fn any_mix_of_operations_is_answered_each_as_if_it_were_alone() {
    let api = Api::start().await;
    products(&api, &[("a", 5), ("b", 5), ("c", 5)]).await;
    let tag = api.alice().get("/v1/products/b").await.tag();
    let operations = json!([
        {"method": "POST", "path": "/v1/products", "body": {"name": "new", "stock": 1}},
        {"method": "PUT", "path": "/v1/products/d", "headers": {"If-None-Match": "*"}, "body": {"name": "d", "stock": 1}},
        {"method": "PATCH", "path": "/v1/products/b", "headers": {"If-Match": format!("\"{tag}\"")}, "body": {"stock": 4}},
        {"method": "POST", "path": "/v1/products/a/transitions/reserve", "body": {"quantity": 2}},
        {"method": "DELETE", "path": "/v1/products/c", "headers": {"if-match": "*"}},
    ]);
    let done = transact(&api.alice(), operations).await.is(200);
    assert_eq!(done.header("content-type"), Some("application/json"));
    assert_eq!(statuses(&done), [201, 201, 200, 200, 204]);
    let results = &done.body["results"];
    let created = results[0]["headers"]["location"]
        .as_str()
        .expect("a location");
    api.alice().get(created).await.is(200);
    let changed = api.alice().get("/v1/products/b").await.is(200);
    assert_eq!(results[2]["body"], changed.body);
    assert_eq!(
        results[2]["headers"]["etag"],
        format!("\"{}\"", changed.tag())
    );
    assert_eq!(results[3]["body"]["stock"], 3);
    assert!(results[4].get("body").is_none());
    api.alice().get("/v1/products/c").await.refused(410, "gone");

    let again = json!([
        {"method": "PATCH", "path": "/v1/products/b", "headers": {"If-Match": "*", "Prefer": "return=minimal"}, "body": {"stock": 1}},
        {"method": "PATCH", "path": "/v1/products/a", "headers": {"If-Match": "*", "Content-Type": "application/json-patch+json"},
         "body": [{"op": "replace", "path": "/stock", "value": 0}]},
    ]);
    let done = transact(&api.alice(), again).await.is(200);
    assert_eq!(statuses(&done), [204, 200]);
    assert_eq!((stock(&api, "a").await, stock(&api, "b").await), (0, 1));
}

#[tokio::test]
async fn where_one_is_refused_none_happens_and_each_refusal_names_its_operation() {
    let api = Api::start().await;
    products(&api, &[("a", 5), ("b", 1)]).await;
    let tag = api.alice().get("/v1/products/a").await.tag();
    let changed = api
        .bob()
        .patch("/v1/products/a", json!({"name": "m"}))
        .if_match(&tag);
    changed.await.is(200);
    let operations = json!([
        {"method": "POST", "path": "/v1/products", "body": {"name": "new", "stock": 1}},
        {"method": "PATCH", "path": "/v1/products/a", "headers": {"If-Match": format!("\"{tag}\"")}, "body": {"name": "x"}},
        {"method": "POST", "path": "/v1/products/b/transitions/reserve", "body": {"quantity": 2}},
        {"method": "PUT", "path": "/v1/products/c", "headers": {"If-None-Match": "*"}, "body": {"name": "c", "stock": -1}},
    ]);
    let refused = transact(&api.alice(), operations)
        .await
        .refused(409, "stale-version");
    let conflicts = refused.body["conflicts"].as_array().expect("conflicts");
    let told: Vec<(&Value, &Value)> = conflicts
        .iter()
        .map(|it| (&it["operation"], &it["code"]))
        .collect();
    assert_eq!(
        told,
        [
            (&json!(1), &json!("stale-version")),
            (&json!(2), &json!("condition-not-met")),
        ]
    );
    assert_eq!(conflicts[0]["fields"][0]["changedBy"], "bob");
    assert_eq!(refused.body["errors"][0]["operation"], 3);
    assert_eq!(refused.body["errors"][0]["pointer"], "/stock");
    assert!(refused.body.get("current").is_none());
    for resolution in refused.body["resolutions"].as_array().expect("resolutions") {
        assert_eq!(resolution["method"], "GET");
        api.alice().follow(resolution).await.is(200);
    }
    assert_eq!(api.alice().get("/v1/products").await.ids(), ["a", "b"]);

    // What no resource need be looked at for comes first, of all operations.
    let operations = json!([
        {"method": "POST", "path": "/v1/nothing", "body": {}},
        {"method": "POST", "path": "/v1/products", "headers": {"Content-Type": "text/plain"}, "body": {}},
        {"method": "GET", "path": "/v1/products/a"},
        {"method": "PATCH", "path": "/v1/products/a", "headers": {"If-Match": "x"}, "body": {}},
    ]);
    let refused = transact(&api.alice(), operations)
        .await
        .refused(404, "not-found");
    let errors = refused.body["errors"].as_array().expect("errors");
    let told: Vec<&Value> = errors.iter().map(|error| &error["operation"]).collect();
    assert_eq!(told, [&json!(0), &json!(1), &json!(2), &json!(3)]);
}

#[tokio::test]
async fn what_is_no_transaction_is_told_place_by_place() {
    let api = Api::start().await;
    let table: [(Value, &[&str]); 7] = [
        (json!([]), &[""]),
        (json!({}), &["/operations"]),
        (json!({"operations": []}), &["/operations"]),
        (
            json!({"operations": [{}], "more": 1}),
            &["/more", "/operations/0/method", "/operations/0/path"],
        ),
        (
            json!({"operations": [7, {"method": "POST", "path": "v1", "headers": {"a b": "x", "c": 1}, "bdy": 1}]}),
            &[
                "/operations/0",
                "/operations/1/bdy",
                "/operations/1/headers/a b",
                "/operations/1/headers/c",
                "/operations/1/path",
            ],
        ),
        (
            json!({"operations": [{"method": "DELETE", "path": "/v1/products/a", "headers": {"Idempotency-Key": "k", "Prefer": "dry-run"}}]}),
            &[
                "/operations/0/headers/idempotency-key",
                "/operations/0/headers/prefer",
            ],
        ),
        (
            json!({"operations": vec![json!({"method": "DELETE", "path": "/v1/products/a"}); 101]}),
            &["/operations"],
        ),
    ];
    for (body, places) in table {
        let refused = api
            .alice()
            .post(PATH, body.clone())
            .await
            .refused(400, "malformed-request");
        assert_eq!(refused.places(), places, "{body}");
    }
    let twice = json!([
        {"method": "DELETE", "path": "/v1/products/a", "headers": {"If-Match": "*"}},
        {"method": "DELETE", "path": "/v1/products/a", "headers": {"If-Match": "*"}},
    ]);
    products(&api, &[("a", 1)]).await;
    let refused = transact(&api.alice(), twice)
        .await
        .refused(422, "invalid-resource");
    assert_eq!(refused.body["errors"][0]["operation"], 1);
    let number = r#"{"operations": [{"method": "POST", "path": "/v1/products", "body": {"name": "n", "stock": 1e400}}]}"#;
    let refused = api
        .alice()
        .post(PATH, ("application/json", number))
        .await
        .refused(422, "invalid-resource");
    assert_eq!(refused.body["errors"].as_array().map(Vec::len), Some(1));
    assert_eq!(refused.body["errors"][0]["pointer"], "/stock");
    api.alice()
        .get("/v1/transactions")
        .await
        .refused(405, "method-not-allowed");
    api.alice()
        .put(PATH, json!({}))
        .await
        .refused(405, "method-not-allowed");
}

#[tokio::test]
async fn a_repeat_under_its_key_is_answered_as_the_first_was() {
    let api = Api::start().await;
    products(&api, &[("a", 5)]).await;
    let operations = json!([
        {"method": "POST", "path": "/v1/products", "body": {"name": "new", "stock": 1}},
        {"method": "POST", "path": "/v1/products/a/transitions/reserve", "body": {"quantity": 2}},
    ]);
    let call = || transact(&api.alice(), operations.clone()).header("idempotency-key", "k");
    let dry = call().prefer("dry-run").await.is(200);
    assert_eq!(statuses(&dry), [201, 200]);
    assert_eq!(dry.header("preference-applied"), Some("dry-run"));
    assert_eq!(stock(&api, "a").await, 5);
    let first = call().await.is(200);
    assert_eq!(first.header("idempotent-replayed"), None);
    let again = call().await.is(200);
    assert_eq!(again.header("idempotent-replayed"), Some("true"));
    for part in [0, 1] {
        assert_eq!(
            again.body["results"][part]["body"],
            first.body["results"][part]["body"]
        );
    }
    assert_eq!(stock(&api, "a").await, 3);
    let other = transact(&api.alice(), json!([operations[0]])).header("idempotency-key", "k");
    other.await.refused(422, "idempotency-key-reused");
}

/// Each moves one piece from one product to the next, in a ring: what there is in all stays.
#[tokio::test]
async fn what_is_moved_by_many_at_once_is_neither_lost_nor_made() {
    let api = Api::start().await;
    let ids = ["a", "b", "c"];
    products(&api, &ids.map(|id| (id, 4))).await;
    let mut movers = JoinSet::new();
    let many = rivals(12);
    for n in 0..many {
        let actor = api.bearer(&format!("mover-{n}"));
        movers.spawn(async move {
            let path = |id: &str, name: &str| format!("/v1/products/{id}/transitions/{name}");
            let operations = json!([
                {"method": "POST", "path": path(ids[n % 3], "reserve"), "body": {"quantity": 1}},
                {"method": "POST", "path": path(ids[(n + 1) % 3], "release"), "body": {"quantity": 1}},
            ]);
            let mut done = 0;
            for _ in 0..8 {
                let reply = transact(&actor, operations.clone()).await;
                match reply.status {
                    200 => done += 1,
                    _ => assert!(["contention", "condition-not-met"].contains(&reply.body["code"].as_str().unwrap_or_default()), "{reply:?}"),
                }
            }
            done
        });
    }
    let done: i32 = movers.join_all().await.into_iter().sum();
    let few = i32::try_from(many / 2).unwrap();
    assert!(done > few, "{done}");
    let mut left = 0;
    for id in ids {
        left += stock(&api, id).await;
    }
    assert_eq!(left, 12);
}
