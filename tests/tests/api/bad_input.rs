//! Bad input of every kind: the right problem, every error named, and nothing changed.

use serde_json::{Value, json};

use crate::harness::{Api, Call};

const TYPES: [&str; 4] = ["blobs", "orders", "products", "documents"];

/// A call, and the problem that it is.
type Case = (&'static str, Call, u16, &'static str, Option<&'static str>);

/// Sends every one of them, and compares what is stored before and after.
async fn all_refused_and_nothing_changed(api: &Api, cases: Vec<Case>) {
    let before = api.everything(&TYPES).await;
    for (name, call, status, code, place) in cases {
        let reply = call.send().await.unwrap_or_else(|e| panic!("{name}: {e}"));
        assert_eq!(
            (reply.status, reply["code"].as_str()),
            (status, Some(code)),
            "{name}: {reply:?}"
        );
        if let Some(place) = place {
            assert!(reply.places().contains(&place), "{name}: {reply:?}");
        }
        assert_eq!(
            api.everything(&TYPES).await,
            before,
            "{name} changed something"
        );
    }
}

async fn filled() -> Api {
    let api = Api::start().await;
    api.alice()
        .create("/v1/blobs/b-1", json!({"text": "t", "count": 1}))
        .await
        .is(201);
    api.alice()
        .create("/v1/orders/o-1", json!({"customer": "c", "lines": ["a"]}))
        .await
        .is(201);
    api
}

fn nested(levels: usize) -> String {
    format!("{}1{}", r#"{"a":"#.repeat(levels), "}".repeat(levels))
}

#[tokio::test]
async fn a_body_that_is_no_json_object_is_malformed() {
    let api = filled().await;
    let mut cases = Vec::new();
    for (name, body, place) in [
        ("no body", "", None),
        ("white space", "  ", None),
        ("broken", r#"{"text": "#, None),
        ("a trailing comma", r#"{"text": "t",}"#, None),
        ("single quotes", "{'text': 't'}", None),
        ("two documents", "{} {}", None),
        ("a bare word", "{\"text\": yes}", None),
        ("NaN", r#"{"count": NaN}"#, None),
        ("a leading zero", r#"{"count": 01}"#, None),
        ("a control character", "{\"text\": \"a\nb\"}", None),
        ("a lone surrogate", r#"{"text": "\ud800"}"#, None),
        ("a lone low surrogate", r#"{"text": "x\udc00y"}"#, None),
        ("a lone surrogate as a name", r#"{"\ud800": 1}"#, None),
        (
            "a name twice",
            r#"{"text": "a", "text": "b"}"#,
            Some("/text"),
        ),
        (
            "a name twice, differently written",
            r#"{"text": "a", "t\u0065xt": "b"}"#,
            Some("/text"),
        ),
        (
            "a deep name twice",
            r#"{"more": {"a/b": 1, "a/b": 1}}"#,
            Some("/more/a~1b"),
        ),
        ("an array", "[1]", None),
        ("a string", "\"text\"", None),
        ("null", "null", None),
        ("a byte order mark", "\u{feff}{}", None),
    ] {
        let json = ("application/json", body);
        cases.push((
            name,
            api.bob().post("/v1/blobs", json),
            400,
            "malformed-request",
            place,
        ));
        cases.push((
            name,
            api.bob().put("/v1/blobs/b-1", json).if_any(),
            400,
            "malformed-request",
            place,
        ));
        cases.push((
            name,
            api.bob().patch("/v1/blobs/b-1", json).if_any(),
            400,
            "malformed-request",
            place,
        ));
        if !body.trim().is_empty() {
            let call = api.bob().post("/v1/blobs/b-1/transitions/write", json);
            let array = matches!(name, "an array" | "a string" | "null");
            let (status, code) = if array {
                (422, "invalid-resource")
            } else {
                (400, "malformed-request")
            };
            cases.push((name, call, status, code, place));
        }
    }
    let latin = ("application/json", b"{\"text\": \"caf\xe9\"}".to_vec());
    cases.push((
        "latin-1",
        api.bob().post("/v1/blobs", latin),
        400,
        "malformed-request",
        None,
    ));
    all_refused_and_nothing_changed(&api, cases).await;
}

#[tokio::test]
async fn every_duplicate_name_is_told() {
    let api = Api::start().await;
    let body = r#"{"a": 1, "a": 2, "b": {"c": 1, "c": 2}, "d": [{"e": 1, "e": 1}]}"#;
    let refused = api
        .bob()
        .post("/v1/blobs", ("application/json", body))
        .await;
    assert_eq!(
        refused.refused(400, "malformed-request").places(),
        ["/a", "/b/c", "/d/0/e"]
    );
}

#[tokio::test]
async fn what_cannot_be_held_is_named_and_never_rounded() {
    let api = filled().await;
    let nines = "9".repeat(39);
    let numbers = [
        "1e400",
        "-1e400",
        "1e126",
        "1e-131",
        &nines,
        "0.000000000000000000000000000000000000000000123456789012345678901234567890123456789",
    ];
    let mut cases = Vec::new();
    for number in numbers {
        let body = format!(r#"{{"more": [{number}]}}"#);
        let json = ("application/json", body.clone());
        cases.push((
            "a number",
            api.bob().post("/v1/blobs", json.clone()),
            422,
            "invalid-resource",
            Some("/more/0"),
        ));
        cases.push((
            "a number",
            api.bob().patch("/v1/blobs/b-1", json).if_any(),
            422,
            "invalid-resource",
            Some("/more/0"),
        ));
    }
    for levels in [33, 200, 100_000] {
        let json = ("application/json", nested(levels));
        cases.push((
            "nesting",
            api.bob().post("/v1/blobs", json.clone()),
            422,
            "invalid-resource",
            None,
        ));
        cases.push((
            "nesting",
            api.bob().put("/v1/blobs/b-1", json).if_any(),
            422,
            "invalid-resource",
            None,
        ));
    }
    let empty = ("application/json", r#"{"": 1, "a": {"": 1}}"#);
    cases.push((
        "an empty name",
        api.bob().post("/v1/blobs", empty),
        422,
        "invalid-resource",
        Some("/"),
    ));
    cases.push((
        "an empty name",
        api.bob().post("/v1/blobs", empty),
        422,
        "invalid-resource",
        Some("/a/"),
    ));
    all_refused_and_nothing_changed(&api, cases).await;
}

#[tokio::test]
async fn a_media_type_that_is_not_read_is_refused_with_those_that_are() {
    let api = filled().await;
    for (media_type, extra) in [
        (None, None),
        (Some("text/plain"), None),
        (Some("application/x-www-form-urlencoded"), None),
        (Some("application/merge-patch+json"), None),
        (Some("application/json; charset=latin1"), None),
        (Some("application/json; charset=utf-16"), None),
        (Some("json"), None),
        (Some("application/json"), Some(("content-encoding", "gzip"))),
        (
            Some("application/json"),
            Some(("content-encoding", "identity")),
        ),
    ] {
        let body = json!({"text": "t"}).to_string();
        let mut call = match media_type {
            Some(media_type) => api.bob().post("/v1/blobs", (media_type, body)),
            None => api.bob().post("/v1/blobs", Untyped(body)),
        };
        if let Some((name, value)) = extra {
            call = call.header(name, value);
        }
        call.await.refused(415, "unsupported-media-type");
    }
    for media_type in [
        "text/json",
        "application/xml",
        "application/json-patch+json; charset=latin1",
    ] {
        let refused = api
            .bob()
            .patch("/v1/blobs/b-1", (media_type, "{}"))
            .if_any()
            .await;
        let refused = refused.refused(415, "unsupported-media-type");
        assert!(
            refused
                .header("accept-patch")
                .unwrap()
                .contains("application/merge-patch+json"),
            "{refused:?}"
        );
    }
    assert_eq!(api.alice().get("/v1/blobs").await.ids(), ["b-1"]);
    for media_type in [
        "application/json",
        "APPLICATION/JSON",
        "application/json; charset=UTF-8",
        "application/json;charset=\"utf-8\"; q=1",
    ] {
        api.bob()
            .post("/v1/blobs", (media_type, "{}"))
            .await
            .is(201);
    }
}

/// A body without `Content-Type`.
struct Untyped(String);

impl crate::harness::Content for Untyped {
    fn into_parts(self) -> (Option<&'static str>, hyper::body::Bytes) {
        (None, self.0.into())
    }
}

#[tokio::test]
async fn addresses_that_lead_nowhere_change_nothing() {
    let api = filled().await;
    let document = json!({"text": "t"});
    let call = |path: &str| api.bob().put(path, document.clone());
    let cases: Vec<Case> = vec![
        (
            "an unknown type",
            call("/v1/nothings/n-1").if_any(),
            404,
            "not-found",
            None,
        ),
        (
            "an unknown type",
            api.bob().post("/v1/nothings", document.clone()),
            404,
            "not-found",
            None,
        ),
        (
            "a slash in an id",
            call("/v1/blobs/a%2Fb").header("if-none-match", "*"),
            404,
            "not-found",
            None,
        ),
        (
            "a slash in an id",
            call("/v1/blobs/a/b").header("if-none-match", "*"),
            404,
            "not-found",
            None,
        ),
        (
            "a slash in an id",
            call("/v1/blobs/a%2Fb").if_any(),
            404,
            "not-found",
            None,
        ),
        (
            "an unknown transition",
            api.bob().post("/v1/blobs/b-1/transitions/fly", json!({})),
            404,
            "not-found",
            None,
        ),
        (
            "a capital",
            api.bob().post("/v1/Blobs", document.clone()),
            404,
            "not-found",
            None,
        ),
        (
            "a hash in an id",
            call("/v1/blobs/a%23b").header("if-none-match", "*"),
            400,
            "malformed-request",
            None,
        ),
    ];
    all_refused_and_nothing_changed(&api, cases).await;
    // An address with a broken escape reaches no function.
    let broken = call("/v1/blobs/a%2").header("if-none-match", "*");
    let refused = broken.by_the_gateway().await;
    assert_eq!(refused, (400, r#"{"message":"Bad Request"}"#.to_owned()));
}

#[tokio::test]
async fn a_query_that_no_route_takes_is_named_on_every_route() {
    let api = filled().await;
    let document = || json!({"text": "t"});
    let cases: Vec<Case> = vec![
        (
            "create",
            api.bob().post("/v1/blobs?dry=1", document()),
            400,
            "malformed-request",
            Some("dry"),
        ),
        (
            "read",
            api.bob().get("/v1/blobs/b-1?dry=1"),
            400,
            "malformed-request",
            Some("dry"),
        ),
        (
            "list",
            api.bob().get("/v1/blobs?dry=1"),
            400,
            "malformed-request",
            Some("dry"),
        ),
        (
            "put",
            api.bob().put("/v1/blobs/b-1?dry=1", document()).if_any(),
            400,
            "malformed-request",
            Some("dry"),
        ),
        (
            "patch",
            api.bob().patch("/v1/blobs/b-1?dry=1", document()).if_any(),
            400,
            "malformed-request",
            Some("dry"),
        ),
        (
            "delete",
            api.bob().delete("/v1/blobs/b-1?dry=1").if_any(),
            400,
            "malformed-request",
            Some("dry"),
        ),
        (
            "transition",
            api.bob()
                .post("/v1/orders/o-1/transitions/cancel?dry=1", ()),
            400,
            "malformed-request",
            Some("dry"),
        ),
        (
            "legal transitions",
            api.bob().get("/v1/orders/o-1/transitions?dry=1"),
            400,
            "malformed-request",
            Some("dry"),
        ),
    ];
    all_refused_and_nothing_changed(&api, cases).await;
    let refused = api
        .bob()
        .post("/v1/blobs?a=1&b=2", document())
        .await
        .is(400);
    assert_eq!(refused.places(), ["a", "b"]);
}

#[tokio::test]
async fn every_fault_of_the_readable_kind_is_named_at_once() {
    let api = filled().await;
    let call = api.bob().put(
        "/v1/blobs/b-1?dry=1",
        ("application/json", r#"{"a": 1, "a": 2}"#),
    );
    let refused = call
        .header("if-match", "bad")
        .await
        .refused(400, "malformed-request");
    assert_eq!(refused.places(), ["/a", "If-Match", "dry"]);
}

#[tokio::test]
async fn a_prefer_that_means_nothing_here_is_ignored() {
    let api = Api::start().await;
    for prefer in [
        "respond-async",
        "return=everything",
        "conflict=maybe",
        "handling=strict",
        "",
        "return=representation",
    ] {
        let created: Value = api
            .bob()
            .post("/v1/blobs", json!({}))
            .prefer(prefer)
            .await
            .is(201)
            .body;
        assert!(created["id"].is_string(), "{prefer}");
    }
}
