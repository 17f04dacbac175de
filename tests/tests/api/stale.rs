//! What a stale update is told: everything that changed since, and which requests would resolve it.

use onlyif_cli::serve::{Options, StaleStatus};
use serde_json::json;

use crate::harness::{Api, Reply};

/// An order at version 3: bob changed the city, then carol the note.
pub(crate) async fn changed_twice(api: &Api) -> (Reply, Reply, Reply) {
    let order = json!({
        "customer": "c", "address": {"street": "s", "city": "c"}, "note": "n", "lines": ["a"]
    });
    let first = api.alice().create("/v1/orders/o-1", order).await.is(201);
    let patch = json!({"address": {"city": "Bern"}});
    let second = api
        .bob()
        .patch("/v1/orders/o-1", patch)
        .if_match(&first.tag())
        .await
        .is(200);
    let patch = json!({"note": "ring twice"});
    let third = api
        .carol()
        .patch("/v1/orders/o-1", patch)
        .if_match(&second.tag())
        .await
        .is(200);
    (first, second, third)
}

#[tokio::test]
async fn every_field_that_changed_is_told_with_who_changed_it_and_when() {
    let api = Api::start().await;
    let (first, second, third) = changed_twice(&api).await;
    let patch = json!({"address": {"street": "Gasse 1"}, "note": "mine"});
    let refused = api
        .alice()
        .patch("/v1/orders/o-1", patch.clone())
        .if_match(&first.tag())
        .await;
    let refused = refused.refused(409, "stale-version");
    assert_eq!(
        refused["conflicts"],
        json!([{
            "code": "stale-version",
            "yours": first.tag(),
            "current": third.tag(),
            "changedBy": "carol",
            "changedAt": third["updatedAt"],
            "mergeable": false,
            "fields": [
                {
                    "pointer": "/address/city", "changedBy": "bob", "changedAt": second["updatedAt"],
                    "version": 2, "current": "Bern", "overlaps": false,
                },
                {
                    "pointer": "/note", "changedBy": "carol", "changedAt": third["updatedAt"],
                    "version": 3, "current": "ring twice", "yours": "mine", "overlaps": true,
                },
            ],
        }])
    );
    assert_eq!(
        (&refused["current"], refused.tag()),
        (&third.body, third.tag())
    );
    let detail = refused["detail"].as_str().unwrap();
    for told in [
        "orders/o-1",
        &third.tag(),
        &first.tag(),
        "bob",
        "/address/city",
        "carol",
        "/note",
    ] {
        assert!(detail.contains(told), "{told}: {detail}");
    }
    assert_eq!(refused.rels(), ["overwrite", "discard"]);

    assert_eq!(
        api.alice()
            .follow(refused.resolution("discard"))
            .await
            .is(200)
            .text,
        third.text
    );
    let overwrite = refused.resolution("overwrite");
    assert_eq!(
        (&overwrite["method"], &overwrite["body"]),
        (&json!("PATCH"), &patch)
    );
    let written = api.alice().follow(overwrite).await.is(200);
    assert_eq!(written["version"], 4);
    assert_eq!(
        (&written["note"], &written["address"]["city"]),
        (&json!("mine"), &json!("Bern"))
    );
    // The tag in a resolution is the current one and never a star: followed again, it is stale.
    api.alice()
        .follow(overwrite)
        .await
        .refused(409, "stale-version");
}

#[tokio::test]
async fn what_does_not_overlap_can_be_merged_by_following_the_resolution() {
    let merge = json!({"address": {"street": "Gasse 1"}});
    let steps = json!([{"op": "replace", "path": "/address/street", "value": "Gasse 1"}]);
    for (media_type, patch) in [
        ("application/json", merge),
        ("application/json-patch+json", steps),
    ] {
        let api = Api::start().await;
        let (first, _, third) = changed_twice(&api).await;
        let street = "Gasse 1";
        let call = api
            .alice()
            .patch("/v1/orders/o-1", (media_type, patch.to_string()));
        let refused = call
            .if_match(&first.tag())
            .await
            .refused(409, "stale-version");
        assert_eq!(refused.conflict("stale-version")["mergeable"], true);
        assert_eq!(refused.rels(), ["merge", "overwrite", "discard"]);
        let merged = api
            .alice()
            .follow(refused.resolution("merge"))
            .await
            .is(200);
        assert_eq!(merged["address"], json!({"street": street, "city": "Bern"}));
        assert_eq!(merged["note"], third["note"]);
        api.alice()
            .follow(refused.resolution("overwrite"))
            .await
            .refused(409, "stale-version");
    }
}

#[tokio::test]
async fn a_put_from_an_old_version_overlaps_whatever_it_would_take_back() {
    let api = Api::start().await;
    let (first, _, third) = changed_twice(&api).await;
    let mut sent = first.body.clone();
    sent["address"]["street"] = json!("Gasse 1");
    let refused = api
        .alice()
        .put("/v1/orders/o-1", sent)
        .prefer("conflict=merge")
        .await;
    let refused = refused.refused(409, "stale-version");
    let fields = refused.conflict("stale-version")["fields"]
        .as_array()
        .unwrap();
    let told: Vec<_> = fields
        .iter()
        .map(|f| (&f["pointer"], &f["yours"], &f["overlaps"]))
        .collect();
    let yes = json!(true);
    assert_eq!(
        told,
        [
            (&json!("/address/city"), &json!("c"), &yes),
            (&json!("/note"), &json!("n"), &yes)
        ]
    );
    let overwrite = refused.resolution("overwrite");
    let expected = json!({
        "customer": "c", "address": {"street": "Gasse 1", "city": "c"}, "note": "n", "lines": ["a"]
    });
    assert_eq!(
        overwrite["body"], expected,
        "the same request without reserved members"
    );
    assert!(overwrite["headers"].to_string().contains(&third.tag()));
    let written = api.alice().follow(overwrite).await.is(200);
    assert_eq!(
        (&written["note"], &written["address"]["city"]),
        (&json!("n"), &json!("c"))
    );
}

#[tokio::test]
async fn a_tag_that_names_no_version_merges_with_nothing() {
    let api = Api::start().await;
    let (_, _, third) = changed_twice(&api).await;
    let incarnation = &third.tag()[2..];
    for tag in [
        "7-00000000".to_owned(),
        "other".to_owned(),
        format!("9-{incarnation}"),
        format!("0-{incarnation}"),
    ] {
        let call = api
            .alice()
            .patch("/v1/orders/o-1", json!({"customer": "d"}))
            .if_match(&tag);
        let refused = call
            .prefer("conflict=merge")
            .await
            .refused(409, "stale-version");
        let conflict = refused.conflict("stale-version");
        assert_eq!(
            (&conflict["mergeable"], &conflict["yours"]),
            (&json!(false), &json!(tag))
        );
        assert!(conflict.get("fields").is_none());
        assert_eq!(refused.rels(), ["overwrite", "discard"]);
    }
}

#[tokio::test]
async fn what_transitions_changed_is_among_the_fields() {
    let api = Api::start().await;
    let first = api
        .alice()
        .create("/v1/orders/o-1", json!({"customer": "c", "lines": ["a"]}))
        .await
        .is(201);
    let input = json!({"payment": "card", "amount": 1});
    let paid = api
        .bob()
        .post("/v1/orders/o-1/transitions/pay", input)
        .await
        .is(200);
    let refused = api
        .alice()
        .patch("/v1/orders/o-1", json!({"note": "n"}))
        .if_match(&first.tag())
        .await;
    let refused = refused.refused(409, "stale-version");
    let fields = refused.conflict("stale-version")["fields"]
        .as_array()
        .unwrap();
    let told: Vec<_> = fields
        .iter()
        .map(|field| (&field["pointer"], &field["current"]))
        .collect();
    assert_eq!(
        told,
        [
            (&json!("/paidAt"), &paid["paidAt"]),
            (&json!("/payment"), &json!("card")),
            (&json!("/state"), &json!("paid")),
        ]
    );
    assert_eq!(refused.conflict("stale-version")["mergeable"], true);
    let merged = api
        .alice()
        .follow(refused.resolution("merge"))
        .await
        .is(200);
    assert_eq!(
        (&merged["note"], &merged["state"]),
        (&json!("n"), &json!("paid"))
    );
}

#[tokio::test]
async fn a_deployment_may_say_412_where_rfc_9110_does() {
    let api = Api::with(Options {
        stale_status: StaleStatus::PreconditionFailed,
        ..Options::default()
    })
    .await;
    let first = api
        .alice()
        .create("/v1/documents/d-1", json!({"title": "t"}))
        .await
        .is(201);
    let second = api
        .bob()
        .patch("/v1/documents/d-1", json!({"body": "b"}))
        .if_match(&first.tag())
        .await
        .is(200);

    // The type says merge; under 412 only the request itself may ask for it.
    let patch = api
        .alice()
        .patch("/v1/documents/d-1", json!({"title": "u"}))
        .if_match(&first.tag());
    let refused = patch.clone().await.refused(412, "stale-version");
    assert_eq!(refused.conflict("stale-version")["mergeable"], true);
    assert_eq!(
        (&refused["current"], refused.rels()),
        (&second.body, vec!["merge", "overwrite", "discard"])
    );
    patch.prefer("conflict=merge").await.is(200);
    let create = api.bob().create("/v1/documents/d-1", json!({"title": "t"}));
    create.await.refused(412, "already-exists");
    api.bob()
        .delete("/v1/documents/d-1")
        .if_match(&first.tag())
        .await
        .refused(412, "stale-version");

    // Every other conflict stays what it is.
    let ada = json!({"email": "a@x", "name": "a"});
    api.alice().post("/v1/accounts", ada.clone()).await.is(201);
    api.alice()
        .post("/v1/accounts", ada)
        .await
        .refused(409, "duplicate");
    let document = api.alice().get("/openapi.json").await.is(200);
    let put = &document["paths"]["/v1/documents/{id}"]["put"]["responses"];
    assert!(put.get("412").is_some(), "the description says so too");
    let page = api
        .alice()
        .get("/problems/stale-version")
        .header("accept", "application/json")
        .await;
    assert_eq!(page["status"], 412);
}
