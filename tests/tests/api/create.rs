//! `POST /v1/{type}`

use serde_json::json;

use crate::harness::Api;

#[tokio::test]
async fn a_created_resource_is_answered_with_its_address_its_tag_and_its_members_in_order() {
    let api = Api::start().await;
    let sent = json!({"lines": ["a"], "address": {"city": "Bern", "street": "Gasse 1"}, "customer": "c-1"});
    let created = api.alice().post("/v1/orders", sent).await.is(201);

    let id = created["id"].as_str().unwrap();
    assert_eq!((id.len(), &id[14..15]), (36, "7"), "a UUIDv7: {id}");
    assert_eq!(created.location(), format!("/v1/orders/{id}"));
    assert!(created.tag().starts_with("1-"));
    assert_eq!(created["etag"], created.tag());
    let last_modified =
        httpdate::parse_http_date(created.header("last-modified").unwrap()).unwrap();
    assert!(last_modified.elapsed().unwrap().as_secs() < 60);
    assert_eq!(created.header("content-type"), Some("application/json"));

    let reserved = [
        "id",
        "etag",
        "version",
        "state",
        "createdAt",
        "createdBy",
        "updatedAt",
        "updatedBy",
    ];
    assert_eq!(
        created.members(),
        [&reserved[..], &["customer", "address", "lines"]].concat()
    );
    let address: Vec<_> = created["address"].as_object().unwrap().keys().collect();
    assert_eq!(
        address,
        ["street", "city"],
        "members of members keep the schema's order too"
    );
    assert_eq!(
        (&created["version"], &created["state"]),
        (&json!(1), &json!("pending"))
    );
    assert_eq!(
        (&created["createdBy"], &created["updatedBy"]),
        (&json!("alice"), &json!("alice"))
    );
    assert_eq!(created["createdAt"], created["updatedAt"]);

    let read = api.bob().get(&created.location()).await.is(200);
    assert_eq!(read.text, created.text, "one tag is one sequence of bytes");
    assert_eq!(read.tag(), created.tag());
}

#[tokio::test]
async fn members_that_the_schema_does_not_name_come_last_and_by_name() {
    let api = Api::start().await;
    let sent = json!({"z": 1, "body": "b", "a": {"y": 1, "x": 2}, "title": "t"});
    let created = api.alice().post("/v1/documents", sent).await.is(201);
    assert_eq!(created.members()[7..], ["title", "body", "a", "z"]);
    assert!(created.text.contains(r#""a":{"x":2,"y":1}"#), "{created:?}");
    assert!(
        created.body.get("state").is_none(),
        "only types with states have one"
    );
}

#[tokio::test]
async fn every_member_that_is_not_the_clients_to_choose_is_named() {
    let api = Api::start().await;
    let members = [
        "id",
        "etag",
        "version",
        "state",
        "createdAt",
        "createdBy",
        "updatedAt",
        "updatedBy",
        "payment",
    ];
    for member in members {
        let mut sent = json!({"customer": "c-1", "lines": []});
        sent[member] = json!("x");
        let refused = api
            .alice()
            .post("/v1/orders", sent)
            .await
            .refused(422, "invalid-resource");
        assert_eq!(refused.places(), [format!("/{member}")]);
    }
    let sent = json!({"customer": "c-1", "lines": [], "id": "o-1", "state": "paid", "version": 1});
    let refused = api
        .alice()
        .post("/v1/orders", sent)
        .await
        .refused(422, "invalid-resource");
    assert_eq!(refused.places(), ["/id", "/state", "/version"]);
    assert_eq!(
        api.alice().get("/v1/orders").await.is(200).text,
        r#"{"items":[]}"#
    );
}

#[tokio::test]
async fn every_violation_of_the_schema_is_named_with_its_keyword() {
    let api = Api::start().await;
    let sent = json!({"customer": 7, "address": {"city": 1}, "lines": ["a", 2, 3], "other": true});
    let refused = api
        .alice()
        .post("/v1/orders", sent)
        .await
        .refused(422, "invalid-resource");
    assert_eq!(
        refused.places(),
        [
            "/address/city",
            "/customer",
            "/lines/1",
            "/lines/2",
            "/other"
        ]
    );
    let refused = api
        .alice()
        .post("/v1/orders", json!({}))
        .await
        .refused(422, "invalid-resource");
    assert_eq!(
        refused["errors"].as_array().unwrap().len(),
        2,
        "{refused:?}"
    );
    for error in refused["errors"].as_array().unwrap() {
        assert_eq!(error["keyword"], "required");
    }
}

#[tokio::test]
async fn a_taken_unique_value_names_its_holder_and_how_to_read_it() {
    let api = Api::start().await;
    let ada = json!({"email": "ada@example.org", "name": "ada"});
    let holder = api.alice().post("/v1/accounts", ada).await.is(201);

    let sent = json!({"email": " Ada@Example.ORG ", "name": "lovelace"});
    let refused = api
        .bob()
        .post("/v1/accounts", sent)
        .await
        .refused(409, "duplicate");
    assert_eq!(
        refused["conflicts"],
        json!([{
            "code": "duplicate",
            "constraint": "email",
            "fields": [{"pointer": "/email", "value": " Ada@Example.ORG "}],
            "holder": holder.location(),
        }])
    );
    assert_eq!(refused.rels(), ["read-holder"]);
    let read = api
        .bob()
        .follow(refused.resolution("read-holder"))
        .await
        .is(200);
    assert_eq!(read.text, holder.text);
}

#[tokio::test]
async fn every_taken_value_is_a_conflict_of_its_own() {
    let api = Api::start().await;
    for (email, name) in [("a@x", "a"), ("b@x", "b")] {
        api.alice()
            .post("/v1/accounts", json!({"email": email, "name": name}))
            .await
            .is(201);
    }
    let sent = json!({"email": "a@x", "name": "b"});
    let refused = api
        .bob()
        .post("/v1/accounts", sent)
        .await
        .refused(409, "duplicate");
    assert_eq!(refused.conflicts(), ["duplicate", "duplicate"]);
    assert_ne!(
        refused["conflicts"][0]["holder"],
        refused["conflicts"][1]["holder"]
    );
    api.bob()
        .post("/v1/accounts", json!({"email": "c@x", "name": "c"}))
        .await
        .is(201);
}

#[tokio::test]
async fn a_compound_value_is_taken_only_as_a_whole_and_not_while_a_part_is_missing() {
    let api = Api::start().await;
    let order = |customer: &str, reference: Option<&str>| {
        let mut order = json!({"customer": customer, "lines": []});
        if let Some(reference) = reference {
            order["reference"] = json!(reference);
        }
        api.alice().post("/v1/orders", order)
    };
    for (customer, reference, status) in [
        ("c-1", Some("r-1"), 201),
        ("c-1", Some("r-2"), 201),
        ("c-2", Some("r-1"), 201),
        ("c-1", Some("r-1"), 409),
        ("c-1", None, 201),
        ("c-1", None, 201),
    ] {
        order(customer, reference).await.is(status);
    }
}

#[tokio::test]
async fn a_constraint_that_discloses_nothing_names_no_holder() {
    let api = Api::start().await;
    api.alice()
        .post("/v1/secrets", json!({"name": "a", "value": "v"}))
        .await
        .is(201);
    let sent = json!({"name": "b", "value": "v"});
    let refused = api
        .bob()
        .post("/v1/secrets", sent)
        .await
        .refused(409, "duplicate");
    assert_eq!(
        refused["conflicts"],
        json!([{
            "code": "duplicate",
            "constraint": "value-once",
            "fields": [{"pointer": "/value", "value": "v"}],
        }])
    );
    assert!(refused.rels().is_empty());
}

#[tokio::test]
async fn a_minimal_return_has_the_headers_alone() {
    let api = Api::start().await;
    let created = api
        .alice()
        .post("/v1/products", json!({"name": "n", "stock": 1}))
        .prefer("return=minimal")
        .await
        .is(201);
    assert_eq!(created.text, "");
    assert_eq!(created.header("preference-applied"), Some("return=minimal"));
    let read = api.alice().get(&created.location()).await.is(200);
    assert_eq!(read.tag(), created.tag());
    assert_eq!(
        read.header("last-modified"),
        created.header("last-modified")
    );
}

#[tokio::test]
async fn a_precondition_on_a_post_is_malformed() {
    let api = Api::start().await;
    for (header, value) in [
        ("if-match", "*"),
        ("if-match", "\"1-a\""),
        ("if-none-match", "*"),
        ("if-none-match", "\"1-a\""),
    ] {
        let call = api
            .alice()
            .post("/v1/products", json!({"name": "n", "stock": 1}));
        let refused = call
            .header(header, value)
            .await
            .refused(400, "malformed-request");
        assert!(
            refused.places()[0].eq_ignore_ascii_case(header),
            "{refused:?}"
        );
    }
    assert_eq!(api.alice().get("/v1/products").await.ids().len(), 0);
}
