//! `GET /v1/{type}/{id}`

use serde_json::json;

use crate::harness::Api;

#[tokio::test]
async fn a_resource_is_read_with_the_headers_that_caches_need() {
    let api = Api::start().await;
    let created = api
        .alice()
        .create("/v1/products/p-1", json!({"name": "n", "stock": 1}))
        .await
        .is(201);
    let read = api.bob().get("/v1/products/p-1").await.is(200);
    assert_eq!(read.text, created.text);
    assert_eq!(read.tag(), created.tag());
    assert_eq!(read.header("content-type"), Some("application/json"));
    assert_eq!(read.header("cache-control"), Some("private, no-cache"));
    assert_eq!(read.header("vary"), Some("Authorization, Accept, Prefer"));
    assert_eq!(
        read.header("last-modified"),
        created.header("last-modified")
    );
}

#[tokio::test]
async fn head_answers_as_get_does_without_the_body() {
    let api = Api::start().await;
    api.alice()
        .create("/v1/products/p-1", json!({"name": "n", "stock": 1}))
        .await
        .is(201);
    for (path, status) in [
        ("/v1/products/p-1", 200),
        ("/v1/products/p-2", 404),
        ("/v1/products", 200),
        ("/v1/products/p-1/transitions", 200),
    ] {
        let head = api.alice().head(path).await.is(status);
        let get = api.alice().get(path).await.is(status);
        assert_eq!(head.text, "");
        for name in [
            "etag",
            "last-modified",
            "content-type",
            "cache-control",
            "vary",
        ] {
            assert_eq!(head.header(name), get.header(name), "{name} of {path}");
        }
    }
}

#[tokio::test]
async fn a_tag_that_still_holds_is_not_modified() {
    let api = Api::start().await;
    let created = api
        .alice()
        .create("/v1/products/p-1", json!({"name": "n", "stock": 1}))
        .await
        .is(201);
    let tag = created.tag();
    for (value, status) in [
        (format!("\"{tag}\""), 304),
        (format!("W/\"{tag}\""), 304),
        (format!("\"other\", W/\"x\" , \"{tag}\""), 304),
        ("*".to_owned(), 304),
        ("\"other\"".to_owned(), 200),
        (format!("\"{tag}x\""), 200),
    ] {
        let reply = api
            .alice()
            .get("/v1/products/p-1")
            .header("if-none-match", &value)
            .await
            .is(status);
        assert_eq!(reply.tag(), tag, "{value}");
        assert_eq!(reply.header("cache-control"), Some("private, no-cache"));
        assert_eq!(reply.header("vary"), Some("Authorization, Accept, Prefer"));
        let head = api
            .alice()
            .head("/v1/products/p-1")
            .header("if-none-match", &value)
            .await;
        assert_eq!(head.status, status);
    }
    api.alice()
        .post(
            "/v1/products/p-1/transitions/release",
            json!({"quantity": 1}),
        )
        .await
        .is(200);
    api.alice()
        .get("/v1/products/p-1")
        .header("if-none-match", &format!("\"{tag}\""))
        .await
        .is(200);
}

#[tokio::test]
async fn if_modified_since_is_ignored() {
    let api = Api::start().await;
    api.alice()
        .create("/v1/products/p-1", json!({"name": "n", "stock": 1}))
        .await
        .is(201);
    for date in ["Fri, 31 Dec 2100 23:59:59 GMT", "yesterday"] {
        api.alice()
            .get("/v1/products/p-1")
            .header("if-modified-since", date)
            .await
            .is(200);
    }
}

#[tokio::test]
async fn what_never_was_or_could_not_be_is_not_found() {
    let api = Api::start().await;
    let long = format!("/v1/products/{}", "x".repeat(129));
    for path in [
        "/v1/products/p-1",
        "/v1/nothings/p-1",
        "/v1/products/a%20b",
        "/v1/products/a%2Fb",
        "/v1/products/%C3%A4",
        "/v1/products/%2E%2E",
        "/v1/products/.",
        "/v1/products/..",
        "/v1/products/p-1/transitions",
        "/v1/nothings/p-1/transitions",
        &long,
    ] {
        api.alice().get(path).await.refused(404, "not-found");
    }
}

#[tokio::test]
async fn what_was_deleted_is_gone_and_says_by_whom() {
    let api = Api::start().await;
    let created = api
        .alice()
        .create("/v1/products/p-1", json!({"name": "n", "stock": 1}))
        .await
        .is(201);
    api.bob()
        .delete("/v1/products/p-1")
        .if_match(&created.tag())
        .await
        .is(204);
    for path in ["/v1/products/p-1", "/v1/products/p-1/transitions"] {
        let gone = api.alice().get(path).await.refused(410, "gone");
        assert_eq!(gone.conflicts(), ["gone"]);
        let conflict = gone.conflict("gone");
        assert_eq!(
            (&conflict["deletedBy"], &conflict["version"]),
            (&json!("bob"), &json!(2))
        );
        assert!(conflict["deletedAt"].as_str().unwrap() >= created["createdAt"].as_str().unwrap());
        assert_eq!(gone.header("etag"), None);
    }
}

#[tokio::test]
async fn only_what_can_be_given_is_accepted() {
    let api = Api::start().await;
    api.alice()
        .create("/v1/products/p-1", json!({"name": "n", "stock": 1}))
        .await
        .is(201);
    for (accept, status) in [
        ("application/json", 200),
        ("application/*", 200),
        ("text/html, */*;q=0.1", 200),
        ("text/html", 406),
    ] {
        api.alice()
            .get("/v1/products/p-1")
            .header("accept", accept)
            .await
            .is(status);
    }
}

#[tokio::test]
async fn a_read_of_what_has_changed_says_what_changed() {
    let api = Api::start().await;
    let created = api
        .alice()
        .create("/v1/products/p-1", json!({"name": "n", "stock": 1}))
        .await
        .is(201);
    let now = api
        .bob()
        .patch("/v1/products/p-1", json!({"name": "m"}))
        .if_match(&created.tag())
        .await
        .is(200);
    let quoted = |tag: &str| format!("\"{tag}\"");
    for (name, value, status) in [
        ("if-match", quoted(&now.tag()), 200),
        ("if-match", format!("\"x\", {}", quoted(&now.tag())), 200),
        ("if-match", "*".to_owned(), 200),
        ("if-match", quoted(&created.tag()), 409),
        ("if-match", format!("W/{}", quoted(&now.tag())), 409),
        ("if-match", "x".to_owned(), 400),
        (
            "if-unmodified-since",
            "Fri, 01 Jan 2100 00:00:00 GMT".to_owned(),
            200,
        ),
        (
            "if-unmodified-since",
            "Sat, 01 Jan 2000 00:00:00 GMT".to_owned(),
            409,
        ),
        ("if-unmodified-since", "soon".to_owned(), 200),
    ] {
        let get = api.alice().get("/v1/products/p-1").header(name, &value);
        let reply = get.await.is(status);
        let head = api.alice().head("/v1/products/p-1").header(name, &value);
        head.await.is(status);
        if status == 409 {
            let reply = reply.refused(409, "stale-version");
            assert_eq!(reply.tag(), now.tag(), "{value}");
            assert_eq!(reply.rels(), ["read"]);
        }
    }
    let stale = api.alice().get("/v1/products/p-1").if_match(&created.tag());
    let stale = stale.await.refused(409, "stale-version");
    let field = &stale.conflict("stale-version")["fields"][0];
    assert_eq!(
        (&field["pointer"], &field["changedBy"]),
        (&json!("/name"), &json!("bob"))
    );
    // Another representation has other tags.
    let legal = api.alice().get("/v1/products/p-1/transitions");
    legal.if_match(&created.tag()).await.is(200);
}
