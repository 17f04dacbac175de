//! Who calls: actors, scopes, tenants, and what those who may not read are not told.

use serde_json::{Value, json};

use crate::harness::{Actor, Api};

fn with_scope(api: &Api, sub: &str, scope: &str) -> Actor {
    api.claims(&json!({"sub": sub, "scope": scope}))
}

#[tokio::test]
async fn the_local_server_takes_anyones_word_for_who_they_are() {
    let api = Api::start().await;
    let everyone = [
        (api.nobody(), "local"),
        (api.bearer("alice"), "alice"),
        (api.claims(&json!({"sub": "dora"})), "dora"),
    ];
    for (actor, name) in everyone {
        let created = actor
            .post("/v1/products", json!({"name": "n", "stock": 1}))
            .await
            .is(201);
        assert_eq!(created["createdBy"], name);
    }
    api.claims(&json!({"tenant": "t"}))
        .get("/v1/products")
        .await
        .refused(401, "unauthenticated");
}

#[tokio::test]
async fn without_the_scope_nothing_is_done_and_nothing_is_shown() {
    let api = Api::start().await;
    let path = "/v1/secrets/s-1";
    let created = api
        .alice()
        .create(path, json!({"name": "n", "count": 1}))
        .await
        .is(201);
    let tag = created.tag();
    let stranger = with_scope(&api, "mallory", "orders.read");
    stranger.get(path).await.refused(404, "not-found");
    stranger.get("/v1/secrets").await.refused(403, "forbidden");
    stranger
        .post("/v1/secrets", json!({"name": "m"}))
        .await
        .refused(403, "forbidden");
    stranger
        .create("/v1/secrets/s-2", json!({"name": "m"}))
        .await
        .refused(403, "forbidden");
    for path in [path, "/v1/secrets/never"] {
        stranger
            .put(path, json!({"name": "m"}))
            .if_match(&tag)
            .await
            .refused(403, "forbidden");
        stranger
            .patch(path, json!({"name": "m"}))
            .if_match(&tag)
            .await
            .refused(403, "forbidden");
        stranger
            .delete(path)
            .if_match(&tag)
            .await
            .refused(403, "forbidden");
        stranger
            .post(&format!("{path}/transitions/take"), ())
            .await
            .refused(403, "forbidden");
    }
    stranger
        .get("/v1/secrets/never")
        .await
        .refused(404, "not-found");
    assert_eq!(api.alice().get(path).await.text, created.text);
}

#[tokio::test]
async fn what_is_not_there_and_what_may_not_be_read_look_alike() {
    let api = Api::start().await;
    api.alice()
        .create("/v1/secrets/s-1", json!({"name": "n"}))
        .await
        .is(201);
    api.alice()
        .create("/v1/secrets/s-2", json!({"name": "m"}))
        .await
        .is(201);
    api.alice().delete("/v1/secrets/s-2").if_any().await.is(204);
    let stranger = with_scope(&api, "mallory", "secrets.write");
    let mut told = Vec::new();
    for id in ["s-1", "s-2", "s-3"] {
        let refused = stranger
            .get(&format!("/v1/secrets/{id}"))
            .await
            .refused(404, "not-found");
        told.push(refused["detail"].as_str().unwrap().replace(id, "ID"));
    }
    told.dedup();
    assert_eq!(told.len(), 1, "{told:?}");
}

#[tokio::test]
async fn any_one_of_the_scopes_is_enough_and_lists_of_them_are_read() {
    let api = Api::start().await;
    api.alice()
        .create("/v1/secrets/s-1", json!({"name": "n"}))
        .await
        .is(201);
    for scope in [
        json!("secrets.read"),
        json!("openid secrets.read"),
        json!(["openid", "secrets.read"]),
        json!(["secrets.read"]),
        json!("[openid secrets.read]"),
    ] {
        api.claims(&json!({"sub": "carol", "scope": scope}))
            .get("/v1/secrets/s-1")
            .await
            .is(200);
    }
    for scope in [
        json!("secrets"),
        json!("secrets.reader"),
        json!(""),
        json!([]),
        Value::Null,
    ] {
        api.claims(&json!({"sub": "carol", "scope": scope}))
            .get("/v1/secrets/s-1")
            .await
            .is(404);
    }
}

#[tokio::test]
async fn who_may_write_but_not_read_is_told_that_it_is_done_and_no_more() {
    let api = Api::start().await;
    let writer = with_scope(&api, "wanda", "secrets.write secrets.delete");
    let path = "/v1/secrets/s-1";
    for (call, status) in [
        (
            writer.create(path, json!({"name": "n", "value": "v", "count": 2})),
            201,
        ),
        (
            writer.create(path, json!({"name": "n", "value": "v", "count": 2})),
            201,
        ),
        (writer.patch(path, json!({"value": "w"})).if_any(), 204),
        (
            writer
                .put(path, json!({"name": "n", "value": "x", "count": 2}))
                .if_any(),
            204,
        ),
        (writer.post(&format!("{path}/transitions/take"), ()), 204),
        (writer.delete(path).if_any(), 204),
    ] {
        let reply = call.await.is(status);
        assert_eq!((reply.text.as_str(), reply.header("etag")), ("", None));
        if status == 201 {
            assert_eq!(reply.location(), path);
        }
    }
}

#[tokio::test]
async fn a_conflict_hides_what_the_caller_may_not_read() {
    let api = Api::start().await;
    let document = json!({"name": "hidden-name", "value": "hidden-value", "count": 0});
    let created = api
        .alice()
        .create("/v1/secrets/s-1", document)
        .await
        .is(201);
    let tag = created.tag();
    let writer = with_scope(&api, "wanda", "secrets.write secrets.delete");
    let path = "/v1/secrets/s-1";
    for (call, code) in [
        (writer.create(path, json!({"name": "n"})), "already-exists"),
        (
            writer.post("/v1/secrets", json!({"name": "hidden-name"})),
            "duplicate",
        ),
        (
            writer.put(path, json!({"name": "n"})).if_match("1-other"),
            "stale-version",
        ),
        (
            writer.patch(path, json!({"count": 1})).if_match("1-other"),
            "stale-version",
        ),
        (writer.delete(path).if_match("1-other"), "stale-version"),
        (
            writer.post(&format!("{path}/transitions/take"), ()),
            "condition-not-met",
        ),
    ] {
        let refused = call.await.refused(409, code);
        assert_eq!(refused.header("etag"), None);
        assert!(refused.body.get("current").is_none(), "{refused:?}");
        let conflict = refused.conflict(code);
        for member in ["current", "changedBy", "holder", "actual"] {
            assert!(conflict.get(member).is_none(), "{member}: {refused:?}");
        }
        assert!(
            conflict.get("fields").is_none_or(|_| code == "duplicate"),
            "{refused:?}"
        );
        for hidden in ["alice", &tag, "hidden-value", "s-1\",\"holder"] {
            assert!(!refused.text.contains(hidden), "{hidden}: {refused:?}");
        }
        assert!(!refused.rels().contains(&"read-holder"));
        for resolution in refused["resolutions"].as_array().into_iter().flatten() {
            assert_ne!(resolution["method"], "GET", "{refused:?}");
        }
    }
    api.alice().delete(path).if_match(&tag).await.is(204);
    let gone = writer.delete(path).if_any().await;
    assert!(!gone.text.contains("alice"), "{gone:?}");
}

#[tokio::test]
async fn two_tenants_never_meet() {
    let api = Api::start().await;
    let of =
        |tenant: &str, sub: &str| api.claims(&json!({"sub": sub, "tenant": tenant, "scope": ""}));
    let (red, blue, shared) = (of("red", "alice"), of("blue", "alice"), api.bearer("alice"));
    let document = json!({"email": "a@x", "name": "a"});
    let mut tags = Vec::new();
    for actor in [&red, &blue, &shared] {
        let created = actor
            .create("/v1/accounts/a-1", document.clone())
            .await
            .is(201);
        assert_eq!(created.header("idempotent-replayed"), None);
        tags.push(created.tag());
    }
    red.delete("/v1/accounts/a-1")
        .if_match(&tags[0])
        .await
        .is(204);
    red.get("/v1/accounts/a-1").await.refused(410, "gone");
    assert_eq!(blue.get("/v1/accounts/a-1").await.is(200).tag(), tags[1]);
    assert_eq!(shared.get("/v1/accounts/a-1").await.is(200).tag(), tags[2]);
    assert!(
        red.get("/v1/accounts?email=a@x")
            .await
            .is(200)
            .ids()
            .is_empty()
    );
    assert_eq!(
        blue.get("/v1/accounts?email=a@x").await.is(200).ids(),
        ["a-1"]
    );
    assert!(red.get("/v1/accounts").await.is(200).ids().is_empty());
    blue.create("/v1/accounts/a-2", json!({"email": "b@x", "name": "b"}))
        .await
        .is(201);
    shared
        .get("/v1/accounts/a-2")
        .await
        .refused(404, "not-found");
    // No name of a tenant reaches into another's.
    for tenant in ["blue#accounts", "-", "b", "blue#"] {
        let ids = of(tenant, "x").get("/v1/accounts").await.is(200).ids();
        assert!(ids.is_empty() || tenant == "-", "{tenant}: {ids:?}");
    }
}
