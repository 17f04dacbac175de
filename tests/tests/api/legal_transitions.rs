//! `GET /v1/{type}/{id}/transitions`

use serde_json::json;

use crate::harness::Api;

#[tokio::test]
async fn those_legal_now_are_told_with_their_input_and_address() {
    let api = Api::start().await;
    api.alice()
        .create("/v1/orders/o-1", json!({"customer": "c", "lines": ["a"]}))
        .await
        .is(201);
    let legal = api.bob().get("/v1/orders/o-1/transitions").await.is(200);
    assert_eq!(legal["state"], "pending");
    let transitions = legal["transitions"].as_array().unwrap();
    assert_eq!(transitions.len(), 2);
    assert_eq!(
        (&transitions[0]["name"], &transitions[0]["to"]),
        (&json!("pay"), &json!("paid"))
    );
    assert_eq!(transitions[0]["href"], "/v1/orders/o-1/transitions/pay");
    assert_eq!(
        transitions[0]["input"]["required"],
        json!(["payment", "amount"])
    );
    assert_eq!(transitions[1]["name"], "cancel");
    assert!(
        transitions[1]
            .get("input")
            .is_none_or(|input| input.is_null())
    );

    let href = transitions[1]["href"].as_str().unwrap();
    api.bob().post(href, ()).await.is(200);
    let legal = api.bob().get("/v1/orders/o-1/transitions").await.is(200);
    assert_eq!(legal.body, json!({"state": "cancelled", "transitions": []}));
}

#[tokio::test]
async fn a_condition_that_does_not_hold_makes_a_transition_illegal() {
    let api = Api::start().await;
    api.alice()
        .create("/v1/orders/o-1", json!({"customer": "c", "lines": []}))
        .await
        .is(201);
    let legal = api.bob().get("/v1/orders/o-1/transitions").await.is(200);
    let names: Vec<_> = legal["transitions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|t| &t["name"])
        .collect();
    assert_eq!(names, ["cancel"]);
}

#[tokio::test]
async fn a_type_without_states_has_actions() {
    let api = Api::start().await;
    api.alice()
        .create("/v1/products/p-1", json!({"name": "n", "stock": 1}))
        .await
        .is(201);
    let legal = api.bob().get("/v1/products/p-1/transitions").await.is(200);
    let names: Vec<_> = legal["transitions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|t| &t["name"])
        .collect();
    assert_eq!(names, ["reserve", "release"]);
    assert!(legal.body.get("state").is_none_or(|state| state.is_null()));
}

#[tokio::test]
async fn who_may_not_go_is_not_shown_the_way() {
    let api = Api::start().await;
    api.alice()
        .create("/v1/secrets/s-1", json!({"name": "n", "count": 1}))
        .await
        .is(201);
    for (scope, names) in [
        ("secrets.read", vec![]),
        ("secrets.read secrets.write", vec!["take"]),
        ("secrets.read secrets.audit", vec!["audit"]),
    ] {
        let caller = api.claims(&json!({"sub": "carol", "scope": scope}));
        let legal = caller.get("/v1/secrets/s-1/transitions").await.is(200);
        let told: Vec<_> = legal["transitions"]
            .as_array()
            .unwrap()
            .iter()
            .map(|t| &t["name"])
            .collect();
        assert_eq!(told, names, "{scope}");
    }
    let writer = api.claims(&json!({"sub": "carol", "scope": "secrets.write"}));
    writer
        .get("/v1/secrets/s-1/transitions")
        .await
        .refused(404, "not-found");
}
