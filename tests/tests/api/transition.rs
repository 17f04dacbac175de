//! `POST /v1/{type}/{id}/transitions/{transition}`

use serde_json::{Value, json};

use crate::harness::{Api, Call, Reply};

const PAYMENT: &str = r#"{"payment":"card","amount":1}"#;

async fn order(api: &Api, lines: Value) -> Reply {
    api.alice()
        .create("/v1/orders/o-1", json!({"customer": "c", "lines": lines}))
        .await
        .is(201)
}

fn transition(api: &Api, name: &str) -> Call {
    let path = format!("/v1/orders/o-1/transitions/{name}");
    match name {
        "pay" => api.bob().post(&path, ("application/json", PAYMENT)),
        _ => api.bob().post(&path, ()),
    }
}

#[tokio::test]
async fn a_lifecycle_is_walked_from_its_first_state_to_its_last() {
    let api = Api::start().await;
    let mut last = order(&api, json!(["a"])).await;
    for (name, state) in [
        ("pay", "paid"),
        ("ship", "shipped"),
        ("deliver", "delivered"),
    ] {
        let next = transition(&api, name).await.is(200);
        assert_eq!(
            (&next["state"], &next["updatedBy"]),
            (&json!(state), &json!("bob"))
        );
        assert_eq!(
            next["version"].as_u64().unwrap(),
            last["version"].as_u64().unwrap() + 1
        );
        assert_ne!(next.tag(), last.tag());
        assert!(next.header("last-modified").is_some());
        assert_eq!(api.alice().get("/v1/orders/o-1").await.text, next.text);
        last = next;
    }
    assert_eq!(last["payment"], "card");
    assert_eq!(
        last["paidAt"].as_str().unwrap().len(),
        "2026-11-23T10:00:00.000Z".len()
    );
}

#[tokio::test]
async fn a_wrong_state_says_what_is_allowed_and_which_way_leads_there() {
    let api = Api::start().await;
    let created = order(&api, json!(["a"])).await;
    let refused = transition(&api, "deliver")
        .await
        .refused(409, "invalid-transition");
    assert_eq!(
        refused["conflicts"],
        json!([{
            "code": "invalid-transition",
            "transition": "deliver",
            "state": "pending",
            "from": ["shipped"],
            "since": created["createdAt"],
            "by": "alice",
            "allowed": ["pay", "cancel"],
            "path": ["pay", "ship"],
        }])
    );
    assert_eq!(refused["current"], created.body);
    assert_eq!(refused.tag(), created.tag());
    let step = &refused["resolutions"][0];
    assert_eq!(step["href"], "/v1/orders/o-1/transitions/pay");
    assert_eq!(
        step["input"]["required"],
        json!(["payment", "amount"]),
        "its schema, to be filled in"
    );
    assert!(step.get("body").is_none());
}

#[tokio::test]
async fn following_the_first_step_again_and_again_leads_to_the_transition() {
    let api = Api::start().await;
    order(&api, json!(["a"])).await;
    let mut steps = Vec::new();
    let delivered = loop {
        let reply = transition(&api, "deliver").await;
        if reply.status == 200 {
            break reply;
        }
        let refused = reply.refused(409, "invalid-transition");
        let step = &refused["resolutions"][0];
        let input: Value = serde_json::from_str(PAYMENT).unwrap();
        let done = match step.get("input") {
            Some(_) => api.bob().follow_with(step, Some(&input)).await.is(200),
            None => api.bob().follow(step).await.is(200),
        };
        steps.push(done["state"].as_str().unwrap().to_owned());
        assert!(steps.len() < 5, "in circles: {steps:?}");
    };
    assert_eq!(steps, ["paid", "shipped"]);
    assert_eq!(delivered["state"], "delivered");
}

#[tokio::test]
async fn where_no_way_leads_none_is_told() {
    let api = Api::start().await;
    order(&api, json!(["a"])).await;
    let cancelled = transition(&api, "cancel").await.is(200);
    for name in ["pay", "ship", "deliver", "cancel"] {
        let refused = transition(&api, name)
            .await
            .refused(409, "invalid-transition");
        let conflict = refused.conflict("invalid-transition");
        assert_eq!(
            (&conflict["state"], &conflict["allowed"]),
            (&json!("cancelled"), &json!([]))
        );
        assert_eq!(
            (&conflict["since"], &conflict["by"]),
            (&cancelled["updatedAt"], &json!("bob"))
        );
        assert!(conflict.get("path").is_none(), "{refused:?}");
        assert!(refused.rels().is_empty());
    }
}

#[tokio::test]
async fn since_and_by_are_those_of_the_state_and_not_of_a_later_edit() {
    let api = Api::start().await;
    order(&api, json!(["a"])).await;
    let paid = transition(&api, "pay").await.is(200);
    api.carol()
        .patch("/v1/orders/o-1", json!({"note": "n"}))
        .if_match(&paid.tag())
        .await
        .is(200);
    let refused = transition(&api, "pay")
        .await
        .refused(409, "invalid-transition");
    let conflict = refused.conflict("invalid-transition");
    assert_eq!(
        (&conflict["since"], &conflict["by"]),
        (&paid["updatedAt"], &json!("bob"))
    );
}

#[tokio::test]
async fn a_condition_that_does_not_hold_is_told_with_what_is_there() {
    let api = Api::start().await;
    let created = order(&api, json!([])).await;
    let refused = transition(&api, "pay")
        .await
        .refused(409, "condition-not-met");
    assert_eq!(
        refused["conflicts"],
        json!([{
            "code": "condition-not-met",
            "pointer": "/lines",
            "requires": {"sizeAtLeast": 1},
            "actual": [],
            "message": "An empty order cannot be paid",
        }])
    );
    assert_eq!(refused["current"], created.body);
    assert!(
        refused["detail"]
            .as_str()
            .unwrap()
            .contains("An empty order cannot be paid")
    );
}

#[tokio::test]
async fn every_conflict_is_told_and_not_just_the_first() {
    let api = Api::start().await;
    order(&api, json!([])).await;
    transition(&api, "cancel").await.is(200);
    let refused = transition(&api, "pay")
        .if_match("1-other")
        .await
        .refused(409, "stale-version");
    assert_eq!(
        refused.conflicts(),
        ["stale-version", "invalid-transition", "condition-not-met"]
    );
}

#[tokio::test]
async fn an_input_that_does_not_fit_is_told_in_every_place() {
    let api = Api::start().await;
    let created = order(&api, json!(["a"])).await;
    let pay = |input: Value| api.bob().post("/v1/orders/o-1/transitions/pay", input);
    for (input, places) in [
        (
            json!({"payment": "", "amount": 0, "tip": 1}),
            vec!["/amount", "/payment", "/tip"],
        ),
        (
            json!({"payment": 1, "amount": 1.5}),
            vec!["/amount", "/payment"],
        ),
    ] {
        assert_eq!(
            pay(input).await.refused(422, "invalid-resource").places(),
            places
        );
    }
    assert_eq!(
        pay(json!({})).await.refused(422, "invalid-resource")["errors"]
            .as_array()
            .unwrap()
            .len(),
        2
    );
    api.bob()
        .post("/v1/orders/o-1/transitions/pay", ())
        .await
        .refused(422, "invalid-resource");
    assert_eq!(api.alice().get("/v1/orders/o-1").await.text, created.text);
}

#[tokio::test]
async fn taking_more_than_is_there_is_a_conflict() {
    let api = Api::start().await;
    api.alice()
        .create("/v1/products/p-1", json!({"name": "n", "stock": 3}))
        .await
        .is(201);
    let take = |quantity: Value| {
        api.bob().post(
            "/v1/products/p-1/transitions/reserve",
            json!({"quantity": quantity}),
        )
    };
    assert_eq!(take(json!(1)).await.is(200)["stock"], 2);
    let refused = take(json!(3)).await.refused(409, "condition-not-met");
    let conflict = refused.conflict("condition-not-met");
    assert_eq!(conflict["pointer"], "/stock");
    assert_eq!(
        (&conflict["requires"], &conflict["actual"]),
        (&json!({"atLeast": 3}), &json!(2))
    );
    assert_eq!(take(json!(2)).await.is(200)["stock"], 0);
    take(json!(1)).await.refused(409, "condition-not-met");

    let put_back = api.bob().post(
        "/v1/products/p-1/transitions/release",
        json!({"quantity": 1_000_001}),
    );
    let refused = put_back.await.refused(409, "condition-not-met");
    assert_eq!(refused.conflict("condition-not-met")["actual"], 0);
    take(json!("1")).await.refused(422, "invalid-resource");
    take(json!(-1)).await.refused(422, "invalid-resource");
    assert_eq!(api.alice().get("/v1/products/p-1").await["version"], 3);
}

#[tokio::test]
async fn a_precondition_is_honoured() {
    let api = Api::start().await;
    let created = order(&api, json!(["a"])).await;
    let refused = transition(&api, "pay")
        .if_match("1-other")
        .await
        .refused(409, "stale-version");
    assert_eq!(refused["current"], created.body);
    transition(&api, "pay")
        .header("if-match", "W/\"x\"")
        .await
        .refused(409, "stale-version");
    let old = "Thu, 01 Jan 2015 00:00:00 GMT";
    transition(&api, "pay")
        .header("if-unmodified-since", old)
        .await
        .refused(409, "stale-version");
    let paid = transition(&api, "pay")
        .if_match(&created.tag())
        .await
        .is(200);
    transition(&api, "ship")
        .if_match(&created.tag())
        .await
        .refused(409, "stale-version");
    transition(&api, "ship")
        .header("if-match", &format!("\"x\", \"{}\"", paid.tag()))
        .await
        .is(200);
    transition(&api, "deliver").if_any().await.is(200);
}

#[tokio::test]
async fn a_stale_transition_resolves_to_the_same_transition_under_the_current_tag() {
    let api = Api::start().await;
    let created = order(&api, json!(["a"])).await;
    api.carol()
        .patch("/v1/orders/o-1", json!({"note": "n"}))
        .if_match(&created.tag())
        .await
        .is(200);
    let refused = transition(&api, "pay")
        .if_match(&created.tag())
        .await
        .refused(409, "stale-version");
    let paid = api
        .bob()
        .follow(refused.resolution("overwrite"))
        .await
        .is(200);
    assert_eq!(
        (&paid["state"], &paid["note"]),
        (&json!("paid"), &json!("n"))
    );
}

#[tokio::test]
async fn what_is_not_there_has_no_transitions() {
    let api = Api::start().await;
    transition(&api, "pay").await.refused(404, "not-found");
    let created = order(&api, json!(["a"])).await;
    transition(&api, "fly").await.refused(404, "not-found");
    api.bob()
        .post("/v1/orders/a%20b/transitions/cancel", ())
        .await
        .refused(404, "not-found");
    api.alice()
        .delete("/v1/orders/o-1")
        .if_match(&created.tag())
        .await
        .is(204);
    let gone = transition(&api, "pay").await.refused(410, "gone");
    assert_eq!(gone.conflict("gone")["deletedBy"], "alice");
}

#[tokio::test]
async fn a_transition_moves_a_unique_value() {
    let api = Api::start().await;
    api.alice()
        .create("/v1/accounts/a-1", json!({"email": "a@x", "name": "a"}))
        .await
        .is(201);
    api.alice()
        .create("/v1/accounts/a-2", json!({"email": "b@x", "name": "b"}))
        .await
        .is(201);
    let rename = |name: &str| {
        api.bob()
            .post("/v1/accounts/a-1/transitions/rename", json!({"name": name}))
    };
    let refused = rename("b").await.refused(409, "duplicate");
    assert_eq!(refused.conflict("duplicate")["holder"], "/v1/accounts/a-2");
    assert_eq!(rename("c").await.is(200)["name"], "c");
    api.alice()
        .post("/v1/accounts", json!({"email": "c@x", "name": "c"}))
        .await
        .refused(409, "duplicate");
    api.alice()
        .post("/v1/accounts", json!({"email": "d@x", "name": "a"}))
        .await
        .is(201);
}

#[tokio::test]
async fn what_a_transition_names_must_be_there_though_it_may_go() {
    let api = Api::start().await;
    let alice = api.alice();
    for letter in ["l-1", "l-2", "l-3"] {
        let subject = json!({ "subject": letter });
        let create = alice.create(&format!("/v1/letters/{letter}"), subject);
        create.await.is(201);
    }
    let sticker = alice.create("/v1/stickers/s", json!({"letter": "l-1"}));
    sticker.await.is(201);
    let see = |letter: &str| {
        let input = json!({ "letter": letter });
        alice.post("/v1/stickers/s/transitions/see", input)
    };
    let end = |letter: &str| alice.delete(&format!("/v1/letters/{letter}")).if_any();
    end("l-3").await.is(204);
    let refused = see("l-3").await.refused(409, "missing-reference");
    let target = &refused.conflict("missing-reference")["target"];
    assert_eq!(target["href"], "/v1/letters/l-3");
    assert_eq!(see("l-2").await.is(200)["seenOn"], "l-2");
    end("l-2").await.is(204);
    // What it says of a letter that has gone stands.
    assert_eq!(alice.get("/v1/stickers/s").await.is(200)["seenOn"], "l-2");
}
