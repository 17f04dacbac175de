//! `DELETE /v1/{type}/{id}`

use serde_json::json;

use crate::harness::Api;

#[tokio::test]
async fn a_deleted_resource_is_gone_for_everyone_and_every_method() {
    let api = Api::start().await;
    let document = json!({"name": "n", "stock": 1});
    let created = api
        .alice()
        .create("/v1/products/p-1", document.clone())
        .await
        .is(201);
    let deleted = api
        .bob()
        .delete("/v1/products/p-1")
        .if_match(&created.tag())
        .await
        .is(204);
    assert_eq!(deleted.header("etag"), None);
    for call in [
        api.alice().get("/v1/products/p-1"),
        api.alice()
            .put("/v1/products/p-1", document.clone())
            .if_match(&created.tag()),
        api.alice()
            .patch("/v1/products/p-1", json!({"stock": 2}))
            .if_any(),
        api.alice()
            .delete("/v1/products/p-1")
            .if_match(&created.tag()),
        api.alice().post(
            "/v1/products/p-1/transitions/reserve",
            json!({"quantity": 1}),
        ),
    ] {
        let gone = call.await.refused(410, "gone");
        let conflict = gone.conflict("gone");
        assert_eq!(
            (&conflict["deletedBy"], &conflict["version"]),
            (&json!("bob"), &json!(2))
        );
        assert!(conflict["deletedAt"].is_string());
    }
    api.alice()
        .delete("/v1/products/p-2")
        .if_any()
        .await
        .refused(404, "not-found");
}

#[tokio::test]
async fn only_the_version_that_was_seen_is_deleted() {
    let api = Api::start().await;
    let created = api
        .alice()
        .create("/v1/products/p-1", json!({"name": "n", "stock": 1}))
        .await
        .is(201);
    let changed = api
        .bob()
        .patch("/v1/products/p-1", json!({"stock": 2}))
        .if_match(&created.tag())
        .await
        .is(200);
    let refused = api
        .alice()
        .delete("/v1/products/p-1")
        .if_match(&created.tag())
        .await;
    let refused = refused.refused(409, "stale-version");
    let conflict = refused.conflict("stale-version");
    assert_eq!(
        (&conflict["yours"], &conflict["current"]),
        (&json!(created.tag()), &json!(changed.tag()))
    );
    assert_eq!(
        (&conflict["changedBy"], &conflict["fields"][0]["pointer"]),
        (&json!("bob"), &json!("/stock"))
    );
    assert_eq!(refused.rels(), ["overwrite", "discard"]);
    assert_eq!(
        api.alice()
            .follow(refused.resolution("discard"))
            .await
            .is(200)
            .text,
        changed.text
    );
    api.alice()
        .follow(refused.resolution("overwrite"))
        .await
        .is(204);
    api.alice()
        .get("/v1/products/p-1")
        .await
        .refused(410, "gone");
}

#[tokio::test]
async fn a_state_may_forbid_it() {
    let api = Api::start().await;
    api.alice()
        .create("/v1/accounts/a-1", json!({"email": "a@x", "name": "a"}))
        .await
        .is(201);
    let suspended = api
        .alice()
        .post("/v1/accounts/a-1/transitions/suspend", ())
        .await
        .is(200);
    let refused = api
        .bob()
        .delete("/v1/accounts/a-1")
        .if_match(&suspended.tag())
        .await;
    let refused = refused.refused(409, "not-allowed-in-state");
    assert_eq!(
        refused["conflicts"],
        json!([{
            "code": "not-allowed-in-state",
            "operation": "delete",
            "state": "suspended",
            "allowedIn": ["active"],
        }])
    );
    let refused = api
        .bob()
        .delete("/v1/accounts/a-1")
        .if_match("1-other")
        .await
        .refused(409, "stale-version");
    assert_eq!(
        refused.conflicts(),
        ["stale-version", "not-allowed-in-state"]
    );
    assert_eq!(
        refused.rels(),
        ["discard"],
        "no overwrite where the state forbids it"
    );
    api.alice()
        .post("/v1/accounts/a-1/transitions/activate", ())
        .await
        .is(200);
    api.bob().delete("/v1/accounts/a-1").if_any().await.is(204);
}

#[tokio::test]
async fn unique_values_are_free_again() {
    let api = Api::start().await;
    let ada = json!({"email": "ada@x", "name": "ada"});
    let created = api.alice().post("/v1/accounts", ada.clone()).await.is(201);
    api.bob()
        .post("/v1/accounts", ada.clone())
        .await
        .refused(409, "duplicate");
    api.alice()
        .delete(&created.location())
        .if_match(&created.tag())
        .await
        .is(204);
    api.bob().post("/v1/accounts", ada).await.is(201);
}

#[tokio::test]
async fn another_life_of_an_id_never_answers_to_a_tag_of_the_former() {
    let api = Api::start().await;
    let document = json!({"customer": "c", "lines": []});
    let first = api
        .alice()
        .create("/v1/orders/o-1", document.clone())
        .await
        .is(201);
    api.alice()
        .delete("/v1/orders/o-1")
        .if_match(&first.tag())
        .await
        .is(204);
    let second = api
        .bob()
        .create("/v1/orders/o-1", document.clone())
        .await
        .is(201);
    assert_eq!(
        (&second["version"], &second["createdBy"]),
        (&json!(1), &json!("bob"))
    );
    assert_eq!(second.header("idempotent-replayed"), None);
    assert_ne!(second.tag(), first.tag());

    let header = format!("\"{}\"", first.tag());
    api.alice()
        .get("/v1/orders/o-1")
        .header("if-none-match", &header)
        .await
        .is(200);
    for call in [
        api.alice().put("/v1/orders/o-1", document),
        api.alice()
            .patch("/v1/orders/o-1", json!({"note": "n"}))
            .prefer("conflict=merge"),
        api.alice().delete("/v1/orders/o-1"),
        api.alice().post("/v1/orders/o-1/transitions/cancel", ()),
    ] {
        let refused = call
            .if_match(&first.tag())
            .await
            .refused(409, "stale-version");
        let conflict = refused.conflict("stale-version");
        assert_eq!(conflict["mergeable"], false);
        assert!(
            conflict.get("fields").is_none(),
            "what changed between two lives is unknowable"
        );
    }
    assert_eq!(api.alice().get("/v1/orders/o-1").await.text, second.text);
}
