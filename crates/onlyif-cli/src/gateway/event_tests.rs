//! What API Gateway makes of a request, by tables.

use http::Request;
use serde_json::{Value, json};
use time::macros::datetime;

use super::event::{Circumstances, decoded_path, event};
use super::route::{Route, Routes};
use crate::function::Function;

fn circumstances() -> Circumstances {
    Circumstances {
        request_id: "r-1".to_owned(),
        at: datetime!(2026-11-23 10:05:07.250 UTC),
        source_ip: "127.0.0.1".to_owned(),
        domain: "127.0.0.1".to_owned(),
        port: 3000,
        trace: "Root=1-0-0".to_owned(),
    }
}

fn made(key: &str, request: Request<&[u8]>, authorizer: Option<Value>) -> Value {
    let routes = Routes::new(vec![Route {
        key: key.to_owned(),
        function: Function::Read,
        authorized: true,
    }])
    .unwrap();
    let (parts, body) = request.into_parts();
    let path = decoded_path(parts.uri.path()).unwrap();
    let chosen = routes.choose(parts.method.as_str(), &path).unwrap();
    let text = event(&parts, &path, body, &chosen, authorizer, &circumstances());
    serde_json::from_str(&text).unwrap()
}

#[test]
fn an_event_is_what_api_gateway_writes() {
    let request = Request::patch("/v1/orders/caf%C3%A9?limit=2&a+b=c%20d&limit=3&flag")
        .header("Host", "127.0.0.1:3000")
        .header("Content-Type", "application/json; charset=utf-8")
        .header("If-Match", "\"1-a\"")
        .header("If-Match", "\"2-b\"")
        .header("Cookie", "a=1; b=2")
        .header("Cookie", "c=3")
        .header("User-Agent", "curl/8.9")
        .header("Connection", "keep-alive")
        .header("X-Forwarded-For", "10.0.0.1")
        .header("X-Forwarded-Proto", "https")
        .body(br#"{"a":1}"# as &[u8])
        .unwrap();
    let authorizer = json!({ "jwt": { "claims": { "sub": "alice" }, "scopes": null } });
    let expected = json!({
        "version": "2.0",
        "routeKey": "PATCH /v1/{type}/{id}",
        "rawPath": "/v1/orders/café",
        "rawQueryString": "limit=2&a+b=c%20d&limit=3&flag",
        "cookies": ["a=1", "b=2", "c=3"],
        "headers": {
            "host": "127.0.0.1:3000",
            "content-type": "application/json; charset=utf-8",
            "if-match": "\"1-a\",\"2-b\"",
            "user-agent": "curl/8.9",
            "x-forwarded-for": "10.0.0.1, 127.0.0.1",
            "x-forwarded-proto": "http",
            "x-forwarded-port": "3000",
            "x-amzn-trace-id": "Root=1-0-0",
            "content-length": "7",
        },
        "queryStringParameters": { "limit": "2,3", "a b": "c d", "flag": "" },
        "requestContext": {
            "accountId": "000000000000",
            "apiId": "local",
            "domainName": "127.0.0.1",
            "domainPrefix": "127",
            "http": {
                "method": "PATCH",
                "path": "/v1/orders/café",
                "protocol": "HTTP/1.1",
                "sourceIp": "127.0.0.1",
                "userAgent": "curl/8.9",
            },
            "requestId": "r-1",
            "routeKey": "PATCH /v1/{type}/{id}",
            "stage": "$default",
            "time": "23/Nov/2026:10:05:07 +0000",
            "timeEpoch": 1_795_428_307_250_i64,
            "authorizer": authorizer,
        },
        "pathParameters": { "type": "orders", "id": "café" },
        "body": "{\"a\":1}",
        "isBase64Encoded": false,
    });
    assert_eq!(
        made("PATCH /v1/{type}/{id}", request, Some(authorizer)),
        expected
    );
}

#[test]
fn what_a_request_does_not_have_is_not_in_its_event() {
    let request = Request::get("/v1").body(&[] as &[u8]).unwrap();
    let event = made("GET /v1", request, None);
    for absent in ["cookies", "queryStringParameters", "pathParameters", "body"] {
        assert_eq!(event.get(absent), None, "{absent}");
    }
    assert_eq!(event["requestContext"].get("authorizer"), None);
    assert_eq!(event["rawQueryString"], "");
    assert_eq!(event["isBase64Encoded"], false);
    assert_eq!(event["headers"]["content-length"], "0");
}

#[test]
fn a_body_is_text_or_base64_by_its_type() {
    let cases: &[(Option<&str>, &[u8], &str, bool)] = &[
        (Some("application/json"), b"{}", "{}", false),
        (Some("APPLICATION/JSON ; charset=utf-8"), b"{}", "{}", false),
        (Some("text/plain"), "é".as_bytes(), "é", false),
        (Some("application/xml"), b"<a/>", "<a/>", false),
        (Some("application/javascript"), b"1", "1", false),
        (Some("application/merge-patch+json"), b"{}", "e30=", true),
        (Some("application/json-patch+json"), b"[]", "W10=", true),
        (Some("application/problem+json"), b"{}", "e30=", true),
        (
            Some("application/x-www-form-urlencoded"),
            b"a=1",
            "YT0x",
            true,
        ),
        (Some("application/octet-stream"), b"{}", "e30=", true),
        (None, b"{}", "e30=", true),
        (Some("application/json"), &[0xff, 0x7b], "/3s=", true),
    ];
    for (content_type, body, expected, base64) in cases {
        let mut request = Request::post("/v1/orders");
        if let Some(content_type) = content_type {
            request = request.header("content-type", *content_type);
        }
        let event = made("POST /v1/{type}", request.body(*body).unwrap(), None);
        assert_eq!(event["body"], *expected, "{content_type:?}");
        assert_eq!(event["isBase64Encoded"], *base64, "{content_type:?}");
    }
}

#[test]
fn a_path_is_decoded_once_and_before_it_is_matched() {
    let cases = [
        ("/v1/orders/a%2Fb", Some("/v1/orders/a/b")),
        ("/v1/orders/a%252Fb", Some("/v1/orders/a%2Fb")),
        ("/v1/orders/a+b", Some("/v1/orders/a+b")),
        ("/v1/orders/a%20b", Some("/v1/orders/a b")),
        ("/v1/orders/a%3Fb", Some("/v1/orders/a")),
        ("/v1/orders/..", Some("/v1/orders/..")),
        ("/v1/orders/%00", Some("/v1/orders/\0")),
        ("/v1/orders/%ff", None),
        ("/v1/orders/%zz", None),
        ("/v1/orders/%4", None),
        ("*", None),
        ("", None),
    ];
    for (raw, path) in cases {
        assert_eq!(decoded_path(raw).as_deref(), path, "{raw}");
    }
}
