//! Deprecated types: every answer about one says so, and no other does.

use hyper::Method;
use serde_json::json;

use crate::harness::{Api, Reply};

/// What stands in the headers: `Deprecation`, `Sunset`, and every `Link`.
fn told(reply: &Reply) -> (Option<&str>, Option<&str>, Vec<&str>) {
    let links = reply.headers.get_all("link");
    let links = links
        .iter()
        .flat_map(|link| link.to_str().unwrap().split(", "));
    (
        reply.header("deprecation"),
        reply.header("sunset"),
        links.collect(),
    )
}

const LINKS: [&str; 2] = [
    r#"<https://example.com/mails>; rel="deprecation""#,
    r#"<https://example.com/mails>; rel="sunset""#,
];

#[track_caller]
fn says_so(reply: &Reply) {
    let expected = (
        Some("@1793491200"),
        Some("Sat, 01 May 2027 00:00:00 GMT"),
        LINKS.to_vec(),
    );
    assert_eq!(told(reply), expected, "{reply:?}");
}

#[tokio::test]
async fn every_answer_about_a_deprecated_type_says_so() {
    let api = Api::start().await;
    let alice = api.alice();
    let path = "/v1/faxes/f-1";
    let fax = || json!({"number": "1"});
    let created = alice.create(path, fax()).await.is(201);
    says_so(&created);
    let tag = created.tag();
    let mallory = api.claims(&json!({"sub": "mallory", "scope": "faxes.read"}));
    for (call, status) in [
        (alice.get(path), 200),
        (alice.head(path), 200),
        (alice.get(path).header("if-none-match", "*"), 304),
        (alice.get(path).header("if-match", "\"1-other\""), 409),
        (alice.get("/v1/faxes"), 200),
        (alice.head("/v1/faxes"), 200),
        (alice.get("/v1/faxes?number=1"), 200),
        (alice.get("/v1/faxes?limit=0"), 400),
        (alice.get(&format!("{path}/transitions")), 200),
        (alice.head(&format!("{path}/transitions")), 200),
        (alice.get(&format!("{path}/history")), 200),
        (alice.get("/v1/faxes/f-0"), 404),
        (alice.get("/v1/faxes/a%20b"), 404),
        (alice.post("/v1/faxes", fax()), 409),
        (alice.post("/v1/faxes", json!({"number": 1})), 422),
        (alice.post("/v1/faxes", ("text/plain", "x")), 415),
        (alice.put(path, fax()), 428),
        (alice.patch(path, json!({})).if_match("1-other"), 409),
        (alice.patch(path, json!({})).if_match(&tag), 200),
        (
            alice
                .patch(path, json!({}))
                .if_any()
                .prefer("return=minimal"),
            204,
        ),
        (
            alice
                .patch(path, json!({"number": "2"}))
                .if_any()
                .prefer("dry-run"),
            200,
        ),
        (mallory.delete(path).if_any(), 403),
        (alice.post(&format!("{path}/transitions/lose"), ()), 404),
        (alice.post(&format!("{path}/transitions/send"), ()), 200),
        (alice.post(&format!("{path}/transitions/send"), ()), 409),
        (alice.delete(path).if_any(), 409),
        (alice.call(Method::OPTIONS, path, ()), 204),
        (
            alice.call(Method::OPTIONS, &format!("{path}/transitions/send"), ()),
            204,
        ),
        (alice.call(Method::PATCH, "/v1/faxes", ()), 405),
        (alice.get(&format!("{path}/nothing")), 404),
    ] {
        says_so(&call.await.is(status));
    }
    alice
        .create("/v1/faxes/f-2", json!({"number": "3"}))
        .await
        .is(201);
    says_so(&alice.delete("/v1/faxes/f-2").if_any().await.is(204));
    says_so(&alice.get("/v1/faxes/f-2").await.refused(410, "gone"));
}

#[tokio::test]
async fn a_page_links_the_next_one_beside_the_way_on() {
    let api = Api::start().await;
    for n in 0..3 {
        api.alice()
            .create(
                &format!("/v1/faxes/f-{n}"),
                json!({"number": n.to_string()}),
            )
            .await
            .is(201);
    }
    let page = api.alice().get("/v1/faxes?limit=2").await.is(200);
    let (since, sunset, links) = told(&page);
    assert!(since.is_some() && sunset.is_some());
    let next = page["next"].as_str().unwrap();
    assert!(links[0].contains(next) && links[0].ends_with(r#">; rel="next""#));
    assert_eq!(links[1..], LINKS);
}

#[tokio::test]
async fn answers_about_anything_else_say_nothing_of_it() {
    let api = Api::start().await;
    let alice = api.alice();
    for path in [
        "/v1/orders",
        "/v1/orders/faxes",
        "/v1/nothings/faxes",
        "/faxes",
        "/openapi.json",
        "/problems",
    ] {
        assert_eq!(told(&alice.get(path).await), (None, None, vec![]), "{path}");
    }
    let root = alice.get("/v1").await.is(200);
    assert_eq!(told(&root), (None, None, vec![]));
    for kind in root["types"].as_array().unwrap() {
        let expected = (kind["type"] == "faxes").then(
            || json!({"since": "2026-11-01", "sunset": "2027-05-01", "see": "https://example.com/mails"}),
        );
        assert_eq!(kind.get("deprecated"), expected.as_ref(), "{kind}");
    }
}

#[tokio::test]
async fn each_answer_within_a_transaction_speaks_for_itself() {
    let api = Api::start().await;
    let operations = json!([
        {"method": "POST", "path": "/v1/faxes", "body": {"number": "1"}},
        {"method": "POST", "path": "/v1/products", "body": {"name": "n", "stock": 1}},
    ]);
    let call = api
        .alice()
        .post("/v1/transactions", json!({"operations": operations}));
    let done = call.await.is(200);
    assert_eq!(told(&done), (None, None, vec![]));
    let headers = &done["results"][0]["headers"];
    assert_eq!(headers["deprecation"], "@1793491200");
    assert_eq!(headers["sunset"], "Sat, 01 May 2027 00:00:00 GMT");
    assert_eq!(headers["link"], LINKS.join(", "));
    let headers = &done["results"][1]["headers"];
    assert_eq!(
        (headers.get("deprecation"), headers.get("link")),
        (None, None)
    );
}
