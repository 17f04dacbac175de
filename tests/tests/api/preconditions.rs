//! What a write is based on: `If-Match`, `If-Unmodified-Since`, the body's own `etag`, or nothing.

use serde_json::{Value, json};

use crate::harness::{Api, Call, Reply};

async fn product(api: &Api) -> Reply {
    api.alice()
        .create("/v1/products/p-1", json!({"name": "n", "stock": 1}))
        .await
        .is(201)
}

/// The three routes that take no change without a precondition.
fn writes(api: &Api) -> [Call; 3] {
    [
        api.bob()
            .put("/v1/products/p-1", json!({"name": "m", "stock": 2})),
        api.bob().patch("/v1/products/p-1", json!({"name": "m"})),
        api.bob().delete("/v1/products/p-1"),
    ]
}

#[tokio::test]
async fn a_change_without_one_is_told_which_header_and_where_the_tag_is() {
    let api = Api::start().await;
    let created = product(&api).await;
    for call in writes(&api) {
        let refused = call.await.refused(428, "precondition-required");
        assert!(refused.text.contains("If-Match"), "{refused:?}");
        let link = refused.header("link").unwrap_or_default().to_owned()
            + &refused["resolutions"].to_string();
        assert!(
            link.contains("/v1/products/p-1"),
            "a link to the GET: {refused:?}"
        );
    }
    assert_eq!(api.alice().get("/v1/products/p-1").await.text, created.text);
}

#[tokio::test]
async fn every_form_of_if_match_is_read() {
    let api = Api::start().await;
    for write in 0..3 {
        for (form, status) in [
            ("\"TAG\"", 200),
            ("\"other\", \"TAG\"", 200),
            ("\"other\"  ,\t\"TAG\",", 200),
            ("W/\"TAG\", \"TAG\"", 200),
            ("*", 200),
            ("W/\"TAG\"", 409),
            ("\"other\"", 409),
            ("\"\"", 409),
            ("\"2-ffffffff\"", 409),
            ("\"other\", W/\"TAG\"", 409),
            ("TAG", 400),
            ("'TAG'", 400),
            ("\"TAG", 400),
            ("\"TAG\" \"other\"", 400),
            ("*, \"TAG\"", 400),
            ("\"TAG\", *", 400),
            ("w/\"TAG\"", 400),
            ("", 400),
        ] {
            let _ = api.alice().delete("/v1/products/p-1").if_any().await;
            let created = product(&api).await;
            let value = form.replace("TAG", &created.tag());
            let reply = writes(&api)[write].clone().header("if-match", &value).await;
            let expected = if write == 2 && status == 200 {
                204
            } else {
                status
            };
            let reply = reply.is(expected);
            match status {
                400 => assert_eq!(reply.places()[0].to_lowercase(), "if-match", "{form}"),
                409 => {
                    reply.refused(409, "stale-version");
                    assert_eq!(api.alice().get("/v1/products/p-1").await.text, created.text);
                }
                _ => {}
            }
        }
    }
}

#[tokio::test]
async fn if_match_in_several_lines_is_one_list() {
    let api = Api::start().await;
    let created = product(&api).await;
    let call = api.bob().patch("/v1/products/p-1", json!({"name": "m"}));
    call.header("if-match", "\"other\"")
        .if_match(&created.tag())
        .await
        .is(200);
}

#[tokio::test]
async fn an_etag_in_the_body_is_as_good_as_the_header() {
    let api = Api::start().await;
    let created = product(&api).await;
    let with_etag = |etag: &str| json!({"etag": etag, "name": etag});
    let tag = created.tag();
    let patch = |body: Value| api.bob().patch("/v1/products/p-1", body);

    patch(with_etag("1-other"))
        .await
        .refused(409, "stale-version");
    let refused = patch(with_etag("1-other"))
        .if_match(&tag)
        .await
        .refused(400, "malformed-request");
    assert_eq!(refused.places(), ["/etag"]);
    let refused = patch(with_etag(&tag)).if_match("1-other").await;
    refused.refused(400, "malformed-request");
    let changed = patch(with_etag(&tag)).await.is(200);
    let changed = patch(with_etag(&changed.tag()))
        .if_match(&changed.tag())
        .await
        .is(200);
    let list = format!("\"other\", \"{}\"", changed.tag());
    patch(with_etag(&changed.tag()))
        .header("if-match", &list)
        .await
        .is(200);
    for no_tag in [json!(7), json!(null)] {
        let refused = patch(json!({"etag": no_tag, "name": "x"})).if_any().await;
        assert!(
            refused.status == 200 || refused.status == 422,
            "{refused:?}"
        );
    }
}

#[tokio::test]
async fn under_a_star_what_a_write_changes_by_itself_is_ignored() {
    let api = Api::start().await;
    let created = product(&api).await;
    let mut old = created.body.clone();
    api.alice()
        .post(
            "/v1/products/p-1/transitions/release",
            json!({"quantity": 1}),
        )
        .await
        .is(200);
    old["name"] = json!("m");
    let changed = api
        .bob()
        .put("/v1/products/p-1", old.clone())
        .if_any()
        .await
        .is(200);
    assert_eq!(
        (&changed["name"], &changed["version"]),
        (&json!("m"), &json!(3))
    );

    for (member, value) in [
        ("id", json!("p-2")),
        ("createdBy", json!("bob")),
        ("createdAt", json!("2020-01-01T00:00:00.000Z")),
    ] {
        let mut sent = old.clone();
        sent[member] = value;
        let refused = api
            .bob()
            .put("/v1/products/p-1", sent)
            .if_any()
            .await
            .refused(422, "invalid-resource");
        assert_eq!(refused.places(), [format!("/{member}")]);
    }
}

#[tokio::test]
async fn reserved_members_must_equal_what_is_stored() {
    let api = Api::start().await;
    let created = api
        .alice()
        .create("/v1/orders/o-1", json!({"customer": "c", "lines": ["a"]}))
        .await
        .is(201);
    let mut same = created.body.clone();
    same["note"] = json!("n");
    for (member, value) in [
        ("id", json!("o-2")),
        ("version", json!(2)),
        ("state", json!("paid")),
        ("createdAt", json!("2020-01-01T00:00:00.000Z")),
        ("createdBy", json!("bob")),
        ("updatedAt", json!("2020-01-01T00:00:00.000Z")),
        ("updatedBy", json!("bob")),
        ("payment", json!("card")),
    ] {
        let mut sent = same.clone();
        sent[member] = value.clone();
        for call in [
            api.bob().put("/v1/orders/o-1", sent),
            api.bob()
                .patch("/v1/orders/o-1", json!({member: value, "note": "n"})),
            api.bob().json_patch(
                "/v1/orders/o-1",
                json!([{"op": "add", "path": format!("/{member}"), "value": value}]),
            ),
        ] {
            let refused = call
                .if_match(&created.tag())
                .await
                .refused(422, "invalid-resource");
            assert_eq!(refused.places(), [format!("/{member}")]);
            if member == "state" {
                for name in ["pay", "cancel"] {
                    assert!(
                        refused["errors"][0]["detail"]
                            .as_str()
                            .unwrap()
                            .contains(name),
                        "{refused:?}"
                    );
                }
            }
        }
    }
    let sent = json!({"customer": "c", "lines": [], "version": 7, "state": "x", "createdBy": "y"});
    let refused = api
        .bob()
        .put("/v1/orders/o-1", sent)
        .if_match(&created.tag())
        .await
        .is(422);
    assert_eq!(refused.places(), ["/createdBy", "/state", "/version"]);
    api.bob()
        .put("/v1/orders/o-1", same)
        .if_match(&created.tag())
        .await
        .is(200);
}

#[tokio::test]
async fn a_date_is_no_match_for_two_writes_within_its_second() {
    let api = Api::start().await;
    let created = product(&api).await;
    let date = created.header("last-modified").unwrap();
    let patch = |name: &str| api.bob().patch("/v1/products/p-1", json!({"name": name}));

    let early = patch("m")
        .header("if-unmodified-since", "Thu, 01 Jan 2015 00:00:00 GMT")
        .await;
    let conflict = early.refused(409, "stale-version");
    // A date is no tag.
    assert_eq!(conflict.conflict("stale-version")["yours"], Value::Null);
    patch("m").header("if-unmodified-since", date).await.is(200);
    // Written again within that second, or later: either way this date cannot tell the versions apart.
    patch("o")
        .header("if-unmodified-since", date)
        .await
        .refused(409, "stale-version");
    patch("o")
        .header("if-unmodified-since", "Fri, 31 Dec 2100 23:59:59 GMT")
        .await
        .is(200);
    api.bob()
        .delete("/v1/products/p-1")
        .header("if-unmodified-since", date)
        .await
        .refused(409, "stale-version");
}

#[tokio::test]
async fn a_date_counts_only_where_there_is_no_tag_and_it_is_a_date() {
    let api = Api::start().await;
    let created = product(&api).await;
    let old = "Thu, 01 Jan 2015 00:00:00 GMT";
    let patch = |name: &str| api.bob().patch("/v1/products/p-1", json!({"name": name}));
    let changed = patch("m")
        .header("if-unmodified-since", old)
        .if_match(&created.tag())
        .await
        .is(200);
    patch("o")
        .header("if-unmodified-since", "2100-01-01")
        .await
        .refused(428, "precondition-required");
    patch("o")
        .header("if-unmodified-since", "2100-01-01")
        .if_match(&changed.tag())
        .await
        .is(200);
}

#[tokio::test]
async fn if_none_match_is_for_creating_and_for_reading() {
    let api = Api::start().await;
    let created = product(&api).await;
    for call in [
        api.bob()
            .put("/v1/products/p-1", json!({"name": "m", "stock": 1}))
            .header("if-none-match", "\"x\""),
        api.bob()
            .patch("/v1/products/p-1", json!({"name": "m"}))
            .header("if-none-match", "*"),
        api.bob()
            .delete("/v1/products/p-1")
            .header("if-none-match", "*"),
        api.bob()
            .post(
                "/v1/products/p-1/transitions/release",
                json!({"quantity": 1}),
            )
            .header("if-none-match", "*"),
        api.bob()
            .create("/v1/products/p-2", json!({"name": "m", "stock": 1}))
            .if_any(),
        api.bob()
            .create("/v1/products/p-2", json!({"name": "m", "stock": 1}))
            .if_match("1-a"),
    ] {
        call.await.refused(400, "malformed-request");
    }
    assert_eq!(
        api.alice().get("/v1/products").await.is(200)["items"],
        json!([created.body])
    );
}

#[tokio::test]
async fn the_first_stage_that_refuses_answers() {
    let api = Api::start().await;
    let created = product(&api).await;
    let put = |path: &str, body: Value| api.bob().put(path, body);
    let bad = json!({"name": 1});
    put("/v1/nothings/p-1", bad.clone())
        .header("if-match", "bad")
        .await
        .refused(404, "not-found");
    let wrong_type = api
        .bob()
        .put("/v1/products/p-1", ("text/plain", "x"))
        .header("if-match", "bad");
    wrong_type.await.refused(415, "unsupported-media-type");
    put("/v1/products/p-2", bad.clone())
        .header("if-match", "bad")
        .await
        .refused(400, "malformed-request");
    put("/v1/products/p-2", bad.clone())
        .await
        .refused(404, "not-found");
    put("/v1/products/p-1", bad.clone())
        .await
        .refused(428, "precondition-required");
    put("/v1/products/p-1", bad.clone())
        .if_match("1-other")
        .await
        .refused(409, "stale-version");
    put("/v1/products/p-1", bad)
        .if_match(&created.tag())
        .await
        .refused(422, "invalid-resource");
}

#[tokio::test]
async fn a_minimal_return_has_the_headers_alone() {
    let api = Api::start().await;
    let created = product(&api).await;
    let changed = api
        .bob()
        .patch("/v1/products/p-1", json!({"name": "m"}))
        .if_match(&created.tag());
    let changed = changed.prefer("return=minimal").await.is(204);
    assert_eq!(changed.header("preference-applied"), Some("return=minimal"));
    assert!(changed.tag().starts_with("2-") && changed.header("last-modified").is_some());
    assert_eq!(changed.header("cache-control"), Some("private, no-cache"));
    assert_eq!(
        changed.header("vary"),
        Some("Authorization, Accept, Prefer")
    );
    let taken = api.bob().post(
        "/v1/products/p-1/transitions/release",
        json!({"quantity": 1}),
    );
    let taken = taken
        .prefer("respond-async, return=\"minimal\"")
        .await
        .is(204);
    assert_eq!(taken.header("preference-applied"), Some("return=minimal"));
    assert_eq!(api.alice().get("/v1/products/p-1").await.tag(), taken.tag());
    let same = api
        .bob()
        .patch("/v1/products/p-1", json!({"name": "m"}))
        .if_match(&taken.tag());
    assert_eq!(
        same.prefer("return=minimal").await.is(204).tag(),
        taken.tag()
    );
}
