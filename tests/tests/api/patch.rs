//! `PATCH /v1/{type}/{id}`

use serde_json::{Value, json};

use crate::harness::{Api, Reply};

async fn document(api: &Api) -> Reply {
    let document = json!({
        "title": "t", "body": "b", "address": {"street": "s", "city": "c"}, "tags": ["a", "b"], "x/y": 1
    });
    api.alice()
        .create("/v1/documents/d-1", document)
        .await
        .is(201)
}

/// The document's own members, without the reserved ones.
fn own(reply: &Reply) -> Value {
    let own = reply.body.as_object().unwrap().clone().into_iter().skip(7);
    Value::Object(own.collect())
}

#[tokio::test]
async fn a_merge_patch_changes_what_it_names() {
    let expected =
        json!({"title": "T", "address": {"street": "s", "zip": "z"}, "tags": ["c"], "x/y": 1});
    let patch =
        json!({"title": "T", "body": null, "address": {"city": null, "zip": "z"}, "tags": ["c"]});
    for media_type in [
        "application/merge-patch+json",
        "application/json",
        "application/merge-patch+json; charset=utf-8",
    ] {
        let api = Api::start().await;
        let created = document(&api).await;
        let call = api
            .bob()
            .patch("/v1/documents/d-1", (media_type, patch.to_string()));
        let changed = call.if_match(&created.tag()).await.is(200);
        assert_eq!(own(&changed), expected, "{media_type}");
        assert_eq!(
            (&changed["version"], &changed["updatedBy"]),
            (&json!(2), &json!("bob"))
        );
        assert_eq!(
            api.alice().get("/v1/documents/d-1").await.text,
            changed.text
        );
    }
}

#[tokio::test]
async fn a_json_patch_takes_every_operation() {
    let api = Api::start().await;
    let created = document(&api).await;
    let steps = json!([
        {"op": "test", "path": "/version", "value": 1},
        {"op": "test", "path": "/tags/1", "value": "b"},
        {"op": "add", "path": "/tags/-", "value": "c"},
        {"op": "add", "path": "/tags/0", "value": "z"},
        {"op": "replace", "path": "/title", "value": "T"},
        {"op": "move", "from": "/body", "path": "/text"},
        {"op": "copy", "from": "/address/city", "path": "/city"},
        {"op": "remove", "path": "/address"},
        {"op": "replace", "path": "/x~1y", "value": 2},
        {"op": "test", "path": "/text", "value": "b"},
    ]);
    let changed = api
        .bob()
        .json_patch("/v1/documents/d-1", steps)
        .if_match(&created.tag())
        .await
        .is(200);
    let expected =
        json!({"title": "T", "tags": ["z", "a", "b", "c"], "city": "c", "text": "b", "x/y": 2});
    assert_eq!(own(&changed), expected);
}

#[tokio::test]
async fn a_test_that_fails_is_a_condition_that_is_not_met() {
    let api = Api::start().await;
    let created = document(&api).await;
    for (path, value, actual) in [
        ("/title", json!("other"), json!("t")),
        ("/tags", json!(["b", "a"]), json!(["a", "b"])),
        ("/version", json!(2), json!(1)),
    ] {
        let steps = json!([
            {"op": "replace", "path": "/body", "value": "B"},
            {"op": "test", "path": path, "value": value},
        ]);
        let refused = api
            .bob()
            .json_patch("/v1/documents/d-1", steps)
            .if_match(&created.tag())
            .await;
        let refused = refused.refused(409, "condition-not-met");
        let conflict = refused.conflict("condition-not-met");
        assert_eq!(
            (&conflict["pointer"], &conflict["actual"]),
            (&json!(path), &actual)
        );
        assert_eq!(conflict["requires"], json!({"is": value}));
        assert_eq!(refused["current"], created.body);
    }
    assert_eq!(
        api.alice().get("/v1/documents/d-1").await.text,
        created.text
    );
}

#[tokio::test]
async fn a_path_that_is_not_there_is_named() {
    let api = Api::start().await;
    let created = document(&api).await;
    for step in [
        json!({"op": "remove", "path": "/nothing"}),
        json!({"op": "replace", "path": "/nothing", "value": 1}),
        json!({"op": "add", "path": "/nothing/deep", "value": 1}),
        json!({"op": "add", "path": "/tags/3", "value": "c"}),
        json!({"op": "move", "from": "/nothing", "path": "/a"}),
        json!({"op": "copy", "from": "/tags/2", "path": "/a"}),
        json!({"op": "replace", "path": "/title/x", "value": 1}),
    ] {
        let call = api
            .bob()
            .json_patch("/v1/documents/d-1", json!([step.clone()]));
        let refused = call
            .if_match(&created.tag())
            .await
            .refused(422, "invalid-resource");
        assert_eq!(refused.places().len(), 1, "{step}: {refused:?}");
    }
    assert_eq!(
        api.alice().get("/v1/documents/d-1").await.text,
        created.text
    );
}

#[tokio::test]
async fn what_is_no_patch_is_malformed() {
    let api = Api::start().await;
    let created = document(&api).await;
    for (media_type, body) in [
        ("application/json-patch+json", json!({"op": "add"})),
        ("application/json-patch+json", json!(["add"])),
        (
            "application/json-patch+json",
            json!([{"op": "add", "path": "/a"}]),
        ),
        (
            "application/json-patch+json",
            json!([{"op": "increment", "path": "/a", "value": 1}]),
        ),
        (
            "application/json-patch+json",
            json!([{"op": "remove", "path": "a"}]),
        ),
        (
            "application/json-patch+json",
            json!([{"op": "remove", "path": "/a~2"}]),
        ),
        (
            "application/json-patch+json",
            json!([{"op": "move", "path": "/a"}]),
        ),
        ("application/merge-patch+json", json!([1])),
        ("application/merge-patch+json", json!(null)),
        ("application/json", json!("text")),
    ] {
        let call = api
            .bob()
            .patch("/v1/documents/d-1", (media_type, body.to_string()));
        let refused = call
            .if_match(&created.tag())
            .await
            .refused(400, "malformed-request");
        assert_eq!(refused.places().len(), 1, "{body}: {refused:?}");
    }
    let twice = json!([{"op": "increment", "path": "/a"}, {"op": "remove", "path": "a"}]);
    let refused = api
        .bob()
        .json_patch("/v1/documents/d-1", twice)
        .if_match(&created.tag())
        .await
        .is(400);
    assert!(
        refused.places().len() >= 2,
        "every fault is named: {refused:?}"
    );
    assert_eq!(
        api.alice().get("/v1/documents/d-1").await.text,
        created.text
    );
}

#[tokio::test]
async fn a_patch_that_changes_nothing_writes_nothing() {
    let api = Api::start().await;
    let created = document(&api).await;
    for call in [
        api.bob().patch("/v1/documents/d-1", json!({})),
        api.bob()
            .patch("/v1/documents/d-1", json!({"title": "t", "nothing": null})),
        api.bob().json_patch("/v1/documents/d-1", json!([])),
        api.bob().json_patch(
            "/v1/documents/d-1",
            json!([{"op": "replace", "path": "/title", "value": "t"}]),
        ),
        api.bob().json_patch(
            "/v1/documents/d-1",
            json!([{"op": "add", "path": "/a", "value": 1}, {"op": "remove", "path": "/a"}]),
        ),
    ] {
        let same = call.if_match(&created.tag()).await.is(200);
        assert_eq!((same.tag(), &same.text), (created.tag(), &created.text));
    }
    let read = api.alice().get("/v1/documents/d-1").await;
    assert_eq!(read.text, created.text);
}

#[tokio::test]
async fn a_patched_document_still_satisfies_its_schema() {
    let api = Api::start().await;
    let created = document(&api).await;
    let refused = api
        .bob()
        .patch(
            "/v1/documents/d-1",
            json!({"title": "", "tags": [1, "x", 2]}),
        )
        .if_match(&created.tag())
        .await
        .refused(422, "invalid-resource");
    assert_eq!(refused.places(), ["/tags/0", "/tags/2", "/title"]);
    let refused = api
        .bob()
        .patch("/v1/documents/d-1", json!({"title": null}))
        .if_match(&created.tag())
        .await;
    refused.refused(422, "invalid-resource");
    assert_eq!(
        api.alice().get("/v1/documents/d-1").await.text,
        created.text
    );
}

#[tokio::test]
async fn a_state_that_forbids_updates_says_which_allow_them() {
    let api = Api::start().await;
    api.alice()
        .create("/v1/orders/o-1", json!({"customer": "c", "lines": ["a"]}))
        .await
        .is(201);
    let cancelled = api
        .alice()
        .post("/v1/orders/o-1/transitions/cancel", ())
        .await
        .is(200);
    for call in [
        api.bob().patch("/v1/orders/o-1", json!({"note": "n"})),
        api.bob()
            .put("/v1/orders/o-1", json!({"customer": "d", "lines": []})),
    ] {
        let refused = call
            .if_match(&cancelled.tag())
            .await
            .refused(409, "not-allowed-in-state");
        assert_eq!(
            refused["conflicts"],
            json!([{
                "code": "not-allowed-in-state",
                "operation": "update",
                "state": "cancelled",
                "allowedIn": ["pending", "paid"],
            }])
        );
        assert_eq!(refused["current"], cancelled.body);
    }
}
