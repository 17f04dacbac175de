//! `GET /v1`, `/openapi.json`, `/problems`, `/problems/{code}`, and every path that is no route.

use std::path::Path;

use hyper::Method;
use onlyif::problem::Code;
use serde_json::json;

use crate::harness::Api;

const TYPES: [&str; 14] = [
    "accounts",
    "blobs",
    "boards",
    "diaries",
    "documents",
    "drawings",
    "faxes",
    "galleries",
    "letters",
    "orders",
    "products",
    "readings",
    "secrets",
    "stickers",
];

#[tokio::test]
async fn the_root_lists_every_type_with_its_address() {
    let api = Api::start().await;
    let root = api.alice().get("/v1").await.is(200);
    for name in TYPES {
        assert!(
            root.text.contains(&format!("/v1/{name}\"")),
            "{name}: {root:?}"
        );
    }
    assert!(root.text.contains("/openapi.json"), "{root:?}");
    assert_eq!(root.header("content-type"), Some("application/json"));
}

#[tokio::test]
async fn openapi_has_every_path_every_method_and_every_status() {
    let api = Api::start().await;
    let document = api.alice().get("/openapi.json").await.is(200);
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1"));
    let paths = &document["paths"];
    for name in TYPES {
        for (path, methods) in [
            (format!("/v1/{name}"), vec!["get", "post"]),
            (
                format!("/v1/{name}/{{id}}"),
                vec!["get", "put", "patch", "delete"],
            ),
        ] {
            for method in methods {
                let responses = &paths[&path][method]["responses"];
                assert!(responses.is_object(), "{method} {path}");
                assert!(
                    responses.get("404").is_some() || method == "post" || path.len() < 14,
                    "{method} {path}"
                );
            }
        }
        let put = &paths[format!("/v1/{name}/{{id}}")]["put"]["responses"];
        for status in [
            "200", "201", "400", "404", "409", "410", "413", "415", "422", "428", "503",
        ] {
            assert!(put.get(status).is_some(), "{status} of PUT {name}");
        }
    }
    for (name, transition) in [
        ("orders", "pay"),
        ("orders", "ship"),
        ("orders", "deliver"),
        ("orders", "cancel"),
        ("products", "reserve"),
        ("products", "release"),
        ("accounts", "rename"),
    ] {
        let path = format!("/v1/{name}/{{id}}/transitions/{transition}");
        let responses = &paths[&path]["post"]["responses"];
        for status in ["200", "404", "409", "410", "503"] {
            assert!(responses.get(status).is_some(), "{status} of {path}");
        }
    }
    assert!(paths["/v1/orders/{id}/transitions"]["get"].is_object());
}

#[tokio::test]
async fn each_kind_of_problem_has_a_page_for_people_and_for_programs() {
    let api = Api::start().await;
    let catalogue = api
        .nobody()
        .get("/problems")
        .header("accept", "application/json")
        .await
        .is(200);
    for code in Code::ALL.map(Code::name) {
        assert!(catalogue.text.contains(code), "{code}: {catalogue:?}");
        let path = format!("/problems/{code}");
        let page = api
            .nobody()
            .get(&path)
            .header("accept", "text/html,*/*;q=0.8")
            .await
            .is(200);
        assert!(
            page.header("content-type")
                .unwrap()
                .starts_with("text/html")
        );
        assert!(
            page.text.contains(code) && page.text.contains("<html"),
            "{page:?}"
        );
        let entry = api
            .nobody()
            .get(&path)
            .header("accept", "application/json")
            .await
            .is(200);
        assert_eq!(entry["code"], code);
        assert!(
            page.text.contains(entry["title"].as_str().unwrap()),
            "{page:?}"
        );
        assert!(entry["status"].as_u64().is_some_and(|status| status >= 400));
    }
    let page = api
        .nobody()
        .get("/problems")
        .header("accept", "text/html")
        .await
        .is(200);
    assert!(page.text.contains("/problems/stale-version"));
    api.nobody()
        .get("/problems/nonsense")
        .await
        .refused(404, "not-found");
}

#[tokio::test]
async fn the_address_in_a_problems_type_is_its_page() {
    let api = Api::start().await;
    // API Gateway serves no host but its own; and what the client says of itself is no address.
    let call = api.alice().get("/v1/orders/o-1");
    let elsewhere = call
        .clone()
        .header("host", "evil.example")
        .by_the_gateway()
        .await;
    assert_eq!(elsewhere, (403, r#"{"message":"Forbidden"}"#.to_owned()));
    let refused = call
        .header("x-forwarded-host", "evil.example")
        .header("forwarded", "host=evil.example")
        .await
        .refused(404, "not-found");
    let kind = refused["type"].as_str().unwrap();
    assert!(!kind.contains("evil"), "{kind}");
    let path = kind
        .strip_prefix(&api.url)
        .unwrap_or_else(|| panic!("elsewhere: {kind}"));
    let page = api
        .nobody()
        .get(path)
        .header("accept", "application/json")
        .await
        .is(200);
    assert_eq!(page["title"], refused["title"]);
}

#[tokio::test]
async fn another_method_is_told_which_ones_there_are() {
    let api = Api::start().await;
    for (path, allowed) in [
        ("/v1", "GET, HEAD"),
        ("/openapi.json", "GET, HEAD"),
        ("/problems", "GET, HEAD"),
        ("/problems/gone", "GET, HEAD"),
        ("/v1/orders", "GET, HEAD, POST"),
        ("/v1/orders/o-1", "GET, HEAD, PUT, PATCH, DELETE"),
        ("/v1/orders/o-1/transitions", "GET, HEAD"),
        ("/v1/orders/o-1/history", "GET, HEAD"),
        ("/v1/orders/o-1/transitions/pay", "POST"),
        ("/v1/transactions", "POST"),
    ] {
        let sorted = |text: &str| {
            let mut methods: Vec<_> = text
                .split(", ")
                .filter(|m| *m != "OPTIONS")
                .map(str::to_owned)
                .collect();
            methods.sort();
            methods
        };
        let mut methods = vec![Method::TRACE, Method::from_bytes(b"BREW").unwrap()];
        for method in [
            Method::GET,
            Method::POST,
            Method::PUT,
            Method::PATCH,
            Method::DELETE,
        ] {
            if !allowed.split(", ").any(|name| name == method.as_str()) {
                methods.push(method);
            }
        }
        for method in methods {
            let refused = api
                .alice()
                .call(method, path, ())
                .await
                .refused(405, "method-not-allowed");
            assert_eq!(
                sorted(refused.header("allow").unwrap()),
                sorted(allowed),
                "{path}"
            );
        }
        let options = api.nobody().call(Method::OPTIONS, path, ()).await.is(204);
        assert_eq!(
            sorted(options.header("allow").unwrap()),
            sorted(allowed),
            "{path}"
        );
        let patches = options.header("accept-patch");
        assert_eq!(patches.is_some(), allowed.contains("PATCH"), "{path}");
        if let Some(patches) = patches {
            assert!(
                patches.contains("application/merge-patch+json"),
                "{patches}"
            );
            assert!(patches.contains("application/json-patch+json"), "{patches}");
        }
    }
}

#[tokio::test]
async fn any_other_path_is_not_found() {
    let api = Api::start().await;
    for path in [
        "/",
        "/v2",
        "/v1/",
        "/v1/nothings",
        "/v1/orders/",
        "/v1/orders/o-1/",
        "/v1/orders/o-1/history/x",
        "/favicon.ico",
        "/v1/orders/o-1/transitions/pay/x",
    ] {
        for method in [Method::GET, Method::POST, Method::DELETE] {
            let reply = api.alice().call(method, path, ()).await;
            reply.refused(404, "not-found");
        }
    }
}

#[tokio::test]
async fn description_needs_no_caller_and_takes_no_query() {
    let api = Api::start().await;
    let nameless = api.claims(&json!({"scope": ""}));
    for path in ["/v1", "/openapi.json", "/problems", "/problems/gone"] {
        nameless.get(path).await.is(200);
        let refused = api
            .nobody()
            .get(&format!("{path}?x=1"))
            .await
            .refused(400, "malformed-request");
        assert_eq!(refused.places(), ["x"]);
    }
}

#[tokio::test]
async fn the_examples_are_served_as_they_are() {
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../resources");
    let api = Api::of(&examples).await;
    let document = api.alice().get("/openapi.json").await.is(200);
    for name in [
        "accounts",
        "bookings",
        "documents",
        "features",
        "machines",
        "orders",
        "products",
    ] {
        assert!(
            document["paths"][format!("/v1/{name}")].is_object(),
            "{name}"
        );
        assert!(
            api.alice()
                .get(&format!("/v1/{name}"))
                .await
                .is(200)
                .ids()
                .is_empty()
        );
    }
}
