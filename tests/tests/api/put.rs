//! `PUT /v1/{type}/{id}`

use serde_json::json;

use crate::harness::Api;

#[tokio::test]
async fn if_none_match_creates_under_the_clients_id() {
    let api = Api::start().await;
    let created = api
        .alice()
        .create("/v1/products/p-1", json!({"name": "n", "stock": 1}))
        .await
        .is(201);
    assert_eq!(created.location(), "/v1/products/p-1");
    assert_eq!(
        (&created["id"], &created["version"]),
        (&json!("p-1"), &json!(1))
    );
    assert!(created.header("last-modified").is_some());
    assert_eq!(created.header("idempotent-replayed"), None);
    assert_eq!(
        api.alice().get("/v1/products/p-1").await.is(200).tag(),
        created.tag()
    );
}

#[tokio::test]
async fn ids_of_every_allowed_character_and_length_are_taken() {
    let api = Api::start().await;
    let long = "x".repeat(128);
    for id in ["a", "A-Z_09.~", "...", "~", &long] {
        let created = api
            .alice()
            .create(
                &format!("/v1/products/{id}"),
                json!({"name": "n", "stock": 1}),
            )
            .await
            .is(201);
        assert_eq!(created["id"], id);
        api.alice().get(&created.location()).await.is(200);
    }
}

#[tokio::test]
async fn an_id_that_could_not_exist_is_malformed_where_it_would_be_created() {
    let api = Api::start().await;
    let long = "x".repeat(129);
    for id in ["a%20b", "%C3%A4", ".", "..", "%2E%2E", "a!", &long] {
        let path = format!("/v1/products/{id}");
        api.alice()
            .create(&path, json!({"name": "n", "stock": 1}))
            .await
            .refused(400, "malformed-request");
        api.alice()
            .put(&path, json!({}))
            .if_any()
            .await
            .refused(404, "not-found");
    }
    assert!(api.alice().get("/v1/products").await.ids().is_empty());
}

#[tokio::test]
async fn the_same_create_by_the_same_caller_is_answered_again() {
    let api = Api::start().await;
    let first = api
        .alice()
        .create("/v1/products/p-1", json!({"name": "n", "stock": 1}))
        .await
        .is(201);
    let again = api
        .alice()
        .create("/v1/products/p-1", json!({"stock": 1.0, "name": "n"}))
        .await
        .is(201);
    assert_eq!(again.header("idempotent-replayed"), Some("true"));
    assert_eq!((again.tag(), &again.text), (first.tag(), &first.text));
    assert_eq!(again.headers.get("location"), first.headers.get("location"));

    for (actor, document) in [
        (api.bob(), json!({"name": "n", "stock": 1})),
        (api.alice(), json!({"name": "n", "stock": 2})),
    ] {
        let refused = actor
            .create("/v1/products/p-1", document)
            .await
            .refused(409, "already-exists");
        assert_eq!(refused.conflicts(), ["already-exists"]);
        assert_eq!(refused.tag(), first.tag());
        assert_eq!(refused["current"]["etag"], first.tag());
    }
    api.bob()
        .post(
            "/v1/products/p-1/transitions/release",
            json!({"quantity": 1}),
        )
        .await
        .is(200);
    let late = api
        .alice()
        .create("/v1/products/p-1", json!({"name": "n", "stock": 1}))
        .await;
    let late = late.refused(409, "already-exists");
    assert_eq!(
        late["current"]["version"], 2,
        "no longer at its first version"
    );
}

#[tokio::test]
async fn a_repeated_create_that_claims_a_unique_value_is_answered_again() {
    let api = Api::start().await;
    let ada = json!({"email": "ada@x", "name": "ada"});
    let first = api
        .alice()
        .create("/v1/accounts/a-1", ada.clone())
        .await
        .is(201);
    let again = api
        .alice()
        .create("/v1/accounts/a-1", ada.clone())
        .await
        .is(201);
    assert_eq!(again.header("idempotent-replayed"), Some("true"));
    assert_eq!(again.text, first.text);
    api.bob()
        .create("/v1/accounts/a-1", ada.clone())
        .await
        .refused(409, "already-exists");
    api.alice()
        .create("/v1/accounts/a-2", ada)
        .await
        .refused(409, "duplicate");
}

#[tokio::test]
async fn a_create_that_meets_both_an_id_and_a_value_names_both() {
    let api = Api::start().await;
    api.alice()
        .create("/v1/accounts/a-1", json!({"email": "a@x", "name": "a"}))
        .await
        .is(201);
    api.alice()
        .create("/v1/accounts/a-2", json!({"email": "b@x", "name": "b"}))
        .await
        .is(201);
    let refused = api
        .bob()
        .create("/v1/accounts/a-1", json!({"email": "b@x", "name": "c"}))
        .await;
    let refused = refused.refused(409, "already-exists");
    assert_eq!(refused.conflicts(), ["already-exists", "duplicate"]);
    assert_eq!(refused.conflict("duplicate")["holder"], "/v1/accounts/a-2");
}

#[tokio::test]
async fn the_bodys_id_may_be_the_paths() {
    let api = Api::start().await;
    api.alice()
        .create(
            "/v1/products/p-1",
            json!({"id": "p-1", "name": "n", "stock": 1}),
        )
        .await
        .is(201);
    let refused = api
        .alice()
        .create(
            "/v1/products/p-2",
            json!({"id": "p-1", "name": "n", "stock": 1}),
        )
        .await;
    assert_eq!(refused.refused(422, "invalid-resource").places(), ["/id"]);
}

#[tokio::test]
async fn a_put_replaces_the_whole_document() {
    let api = Api::start().await;
    let order = json!({"customer": "c-1", "reference": "r", "note": "n", "lines": ["a"]});
    let created = api.alice().create("/v1/orders/o-1", order).await.is(201);
    let changed = api
        .bob()
        .put("/v1/orders/o-1", json!({"customer": "c-2", "lines": []}))
        .if_match(&created.tag())
        .await
        .is(200);
    assert_eq!(
        changed.members()[8..],
        ["customer", "lines"],
        "what a PUT leaves out is gone"
    );
    assert!(changed.tag().starts_with("2-"));
    assert_eq!(
        changed.tag()[2..],
        created.tag()[2..],
        "the incarnation stays"
    );
    assert_eq!(
        (&changed["createdBy"], &changed["updatedBy"]),
        (&json!("alice"), &json!("bob"))
    );
    assert_eq!(changed["createdAt"], created["createdAt"]);
    assert_eq!(api.alice().get("/v1/orders/o-1").await.text, changed.text);
    // The value that was let go is free again.
    api.alice()
        .create(
            "/v1/orders/o-2",
            json!({"customer": "c-1", "reference": "r", "lines": []}),
        )
        .await
        .is(201);
}

#[tokio::test]
async fn what_was_read_can_be_put_back_changed() {
    let api = Api::start().await;
    api.alice()
        .create("/v1/orders/o-1", json!({"customer": "c-1", "lines": ["a"]}))
        .await
        .is(201);
    let input = json!({"payment": "card", "amount": 1});
    let paid = api
        .alice()
        .post("/v1/orders/o-1/transitions/pay", input)
        .await
        .is(200);
    let mut sent = paid.body.clone();
    sent["note"] = json!("ring twice");
    let changed = api.alice().put("/v1/orders/o-1", sent).await.is(200);
    assert_eq!(
        (&changed["note"], &changed["payment"]),
        (&json!("ring twice"), &json!("card"))
    );
    // Members that only transitions set keep their value where a PUT leaves them out.
    let sent = json!({"customer": "c-1", "lines": []});
    let changed = api
        .alice()
        .put("/v1/orders/o-1", sent)
        .if_match(&changed.tag())
        .await
        .is(200);
    assert_eq!(
        (&changed["payment"], &changed["paidAt"]),
        (&json!("card"), &paid["paidAt"])
    );
}

#[tokio::test]
async fn a_put_that_changes_nothing_writes_nothing() {
    let api = Api::start().await;
    let created = api
        .alice()
        .create("/v1/products/p-1", json!({"name": "n", "stock": 1}))
        .await
        .is(201);
    for sent in [
        json!({"name": "n", "stock": 1}),
        json!({"stock": 1.00, "name": "n"}),
        created.body.clone(),
    ] {
        let same = api
            .bob()
            .put("/v1/products/p-1", sent)
            .if_match(&created.tag())
            .await
            .is(200);
        assert_eq!((same.tag(), &same.text), (created.tag(), &created.text));
    }
    assert_eq!(api.alice().get("/v1/products/p-1").await.text, created.text);
}

#[tokio::test]
async fn a_value_that_another_holds_cannot_be_put() {
    let api = Api::start().await;
    api.alice()
        .create("/v1/accounts/a-1", json!({"email": "a@x", "name": "a"}))
        .await
        .is(201);
    let mine = api
        .bob()
        .create("/v1/accounts/a-2", json!({"email": "b@x", "name": "b"}))
        .await
        .is(201);
    let sent = json!({"email": "A@X", "name": "b"});
    let refused = api
        .bob()
        .put("/v1/accounts/a-2", sent)
        .if_match(&mine.tag())
        .await
        .refused(409, "duplicate");
    assert_eq!(refused.conflict("duplicate")["holder"], "/v1/accounts/a-1");
    assert_eq!(refused.rels(), ["read-holder"]);
    assert_eq!(refused.tag(), mine.tag());
    // One's own value, differently written, is no conflict.
    api.bob()
        .put("/v1/accounts/a-2", json!({"email": "B@x ", "name": "b"}))
        .if_match(&mine.tag())
        .await
        .is(200);
    api.alice()
        .post("/v1/accounts", json!({"email": "b@x", "name": "c"}))
        .await
        .refused(409, "duplicate");
}

#[tokio::test]
async fn what_is_not_there_cannot_be_replaced() {
    let api = Api::start().await;
    let document = json!({"name": "n", "stock": 1});
    api.alice()
        .put("/v1/products/p-1", document.clone())
        .if_any()
        .await
        .refused(404, "not-found");
    api.alice()
        .put("/v1/products/p-1", document.clone())
        .if_match("1-a")
        .await
        .refused(404, "not-found");
    api.alice()
        .create("/v1/products/p-1", document.clone())
        .await
        .is(201);
    api.bob().delete("/v1/products/p-1").if_any().await.is(204);
    for sent in [document, json!({})] {
        let gone = api
            .alice()
            .put("/v1/products/p-1", sent)
            .if_any()
            .await
            .refused(410, "gone");
        assert_eq!(gone.conflict("gone")["deletedBy"], "bob");
    }
}
