//! What may be merged: changes that do not overlap, where the type or the request says so.

use serde_json::{Value, json};

use crate::harness::Api;
use crate::stale::changed_twice;

#[tokio::test]
async fn a_put_that_holds_the_others_changes_too_is_merged() {
    let api = Api::start().await;
    let (first, _, _) = changed_twice(&api).await;
    let sent = json!({
        "customer": "d", "address": {"street": "s", "city": "Bern"}, "note": "ring twice", "lines": ["a"]
    });
    let call = api
        .alice()
        .put("/v1/orders/o-1", sent)
        .if_match(&first.tag());
    let merged = call.prefer("conflict=merge").await.is(200);
    assert_eq!(
        (&merged["customer"], &merged["version"]),
        (&json!("d"), &json!(4))
    );
}

#[tokio::test]
async fn the_same_value_left_by_both_is_no_overlap() {
    let api = Api::start().await;
    let (first, _, third) = changed_twice(&api).await;
    let patch = json!({"note": "ring twice", "customer": "d"});
    let call = api
        .alice()
        .patch("/v1/orders/o-1", patch)
        .if_match(&first.tag());
    let merged = call.prefer("conflict=merge").await.is(200);
    assert_eq!(merged["customer"], "d");
    let call = api
        .alice()
        .patch("/v1/orders/o-1", json!({"note": "ring twice"}))
        .if_match(&third.tag());
    let same = call.prefer("conflict=merge").await.is(200);
    assert_eq!(same.tag(), merged.tag(), "nothing is left to write");
}

#[tokio::test]
async fn the_type_or_the_request_asks_for_merging() {
    for (type_name, prefer, status) in [
        ("orders", None, 409),
        ("orders", Some("conflict=refuse"), 409),
        ("orders", Some("conflict=merge"), 200),
        ("orders", Some("return=minimal, conflict=merge"), 204),
        ("documents", None, 200),
        ("documents", Some("conflict=merge"), 200),
        ("documents", Some("conflict=refuse"), 409),
    ] {
        let api = Api::start().await;
        let (path, document, theirs, mine) = match type_name {
            "orders" => (
                "/v1/orders/o-1",
                json!({"customer": "c", "lines": []}),
                json!({"note": "theirs"}),
                json!({"customer": "mine"}),
            ),
            _ => (
                "/v1/documents/d-1",
                json!({"title": "t"}),
                json!({"body": "theirs"}),
                json!({"title": "mine"}),
            ),
        };
        let first = api.alice().create(path, document).await.is(201);
        api.bob()
            .patch(path, theirs)
            .if_match(&first.tag())
            .await
            .is(200);
        let mut call = api.alice().patch(path, mine).if_match(&first.tag());
        if let Some(prefer) = prefer {
            call = call.prefer(prefer);
        }
        let reply = call.await.is(status);
        let now = api.bob().get(path).await.is(200);
        if status == 409 {
            assert_eq!(reply.conflict("stale-version")["mergeable"], true);
            assert_eq!(now["version"], 2);
        } else {
            let applied = reply.header("preference-applied").unwrap();
            assert!(applied.contains("conflict=merge"), "{prefer:?}: {applied}");
            assert_eq!((&now["version"], reply.tag()), (&json!(3), now.tag()));
            assert!(
                now.text.contains("theirs") && now.text.contains("mine"),
                "{now:?}"
            );
        }
    }
}

#[tokio::test]
async fn an_update_that_was_not_stale_was_not_merged() {
    let api = Api::start().await;
    let first = api
        .alice()
        .create("/v1/documents/d-1", json!({"title": "t"}))
        .await
        .is(201);
    let call = api
        .alice()
        .patch("/v1/documents/d-1", json!({"title": "u"}))
        .if_match(&first.tag());
    let changed = call.prefer("conflict=merge").await.is(200);
    assert_eq!(changed["version"], 2);
}

#[tokio::test]
async fn overlaps_are_by_pointer_and_arrays_are_one_field() {
    for (theirs, mine, overlapping) in [
        (
            json!({"address": {"city": "x"}}),
            json!({"address": null}),
            Some("/address/city"),
        ),
        (
            json!({"address": null}),
            json!({"address": {"city": "x"}}),
            Some("/address"),
        ),
        (
            json!({"tags": ["a", "c"]}),
            json!({"tags": ["b", "a"]}),
            Some("/tags"),
        ),
        (
            json!({"body": null}),
            json!({"body": "mine"}),
            Some("/body"),
        ),
        (
            json!({"body": null}),
            json!({"body": null, "title": "u"}),
            None,
        ),
        (
            json!({"address": {"city": "x"}}),
            json!({"address": {"street": "y"}}),
            None,
        ),
        (json!({"more": {}}), json!({"most": {}}), None),
    ] {
        let api = Api::start().await;
        let document = json!({
            "title": "t", "body": "b", "address": {"street": "s", "city": "c"}, "tags": ["a"]
        });
        let first = api
            .alice()
            .create("/v1/documents/d-1", document)
            .await
            .is(201);
        api.bob()
            .patch("/v1/documents/d-1", theirs)
            .if_match(&first.tag())
            .await
            .is(200);
        let reply = api
            .alice()
            .patch("/v1/documents/d-1", mine.clone())
            .if_match(&first.tag())
            .await;
        let Some(pointer) = overlapping else {
            reply.is(200);
            continue;
        };
        let refused = reply.refused(409, "stale-version");
        let conflict = refused.conflict("stale-version");
        assert_eq!(conflict["mergeable"], false, "{mine}");
        let overlaps: Vec<&Value> = conflict["fields"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|field| field["overlaps"] == true)
            .map(|field| &field["pointer"])
            .collect();
        assert_eq!(overlaps, [pointer], "{mine}");
    }
}

#[tokio::test]
async fn two_appends_to_one_array_are_both_kept() {
    let api = Api::start().await;
    let first = api
        .alice()
        .create("/v1/documents/d-1", json!({"title": "t", "tags": ["a"]}))
        .await
        .is(201);
    for (actor, tag) in [(api.alice(), "b"), (api.bob(), "c")] {
        let steps = json!([{"op": "add", "path": "/tags/-", "value": tag}]);
        actor
            .json_patch("/v1/documents/d-1", steps)
            .if_match(&first.tag())
            .await
            .is(200);
    }
    let now = api.alice().get("/v1/documents/d-1").await.is(200);
    assert_eq!(now["tags"], json!(["a", "b", "c"]));
    api.bob()
        .patch("/v1/documents/d-1", json!({"tags": null}))
        .if_match(&now.tag())
        .await
        .is(200);
    let steps = json!([{"op": "add", "path": "/tags/-", "value": "d"}]);
    let late = api
        .alice()
        .json_patch("/v1/documents/d-1", steps)
        .if_match(&first.tag())
        .await;
    assert!(
        late.status == 409 || late.status == 422,
        "the array is no longer there: {late:?}"
    );
}

#[tokio::test]
async fn a_merge_that_would_break_the_schema_is_no_merge() {
    let api = Api::start().await;
    let first = api
        .alice()
        .create("/v1/documents/d-1", json!({"title": "t", "body": "b"}))
        .await
        .is(201);
    // A score requires a body.
    let second = api
        .bob()
        .patch("/v1/documents/d-1", json!({"score": 1}))
        .if_match(&first.tag())
        .await
        .is(200);
    let refused = api
        .alice()
        .patch("/v1/documents/d-1", json!({"body": null}))
        .if_match(&first.tag())
        .await;
    let refused = refused.refused(409, "stale-version");
    let conflict = refused.conflict("stale-version");
    assert_eq!(conflict["mergeable"], false);
    assert_eq!(conflict["fields"][0]["overlaps"], false);
    assert!(!refused.rels().contains(&"merge"));
    assert_eq!(api.bob().get("/v1/documents/d-1").await.text, second.text);
}

#[tokio::test]
async fn a_test_that_fails_after_rebasing_is_a_conflict() {
    let api = Api::start().await;
    let first = api
        .alice()
        .create("/v1/documents/d-1", json!({"title": "t", "body": "b"}))
        .await
        .is(201);
    api.bob()
        .patch("/v1/documents/d-1", json!({"body": "theirs"}))
        .if_match(&first.tag())
        .await
        .is(200);
    let steps = json!([
        {"op": "test", "path": "/body", "value": "b"},
        {"op": "replace", "path": "/title", "value": "u"},
    ]);
    let refused = api
        .alice()
        .json_patch("/v1/documents/d-1", steps)
        .if_match(&first.tag())
        .await
        .is(409);
    assert!(
        refused.conflicts().contains(&"condition-not-met"),
        "{refused:?}"
    );
    assert_eq!(api.bob().get("/v1/documents/d-1").await["title"], "t");
}

#[tokio::test]
async fn a_merge_checks_unique_values_at_the_write() {
    let api = Api::start().await;
    api.alice()
        .create("/v1/accounts/a-1", json!({"email": "a@x", "name": "a"}))
        .await
        .is(201);
    let first = api
        .alice()
        .create("/v1/accounts/a-2", json!({"email": "b@x", "name": "b"}))
        .await
        .is(201);
    api.bob()
        .patch("/v1/accounts/a-2", json!({"age": 7}))
        .if_match(&first.tag())
        .await
        .is(200);
    let call = api
        .alice()
        .patch("/v1/accounts/a-2", json!({"name": "a"}))
        .if_match(&first.tag());
    let refused = call.prefer("conflict=merge").await.is(409);
    assert_eq!(refused.conflict("duplicate")["holder"], "/v1/accounts/a-1");
}
