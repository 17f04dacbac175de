//! The way in and out: API Gateway's event to a request, a response to what Lambda hands back.
//!
//! `lambda_http` reads these events too, but builds an address of the path, the query and two
//! headers, and panics where they do not make one; and it takes no event with a header that is not
//! ASCII. What a client sends must never end an invocation, so events are read here, to the same
//! request type.

use std::collections::{BTreeMap, HashMap};
use std::future::Future;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use lambda_http::aws_lambda_events::apigw::ApiGatewayV2httpRequestContext;
use lambda_http::http::{HeaderMap, HeaderName, HeaderValue};
use lambda_http::request::RequestContext;
use lambda_http::{Body, Context, Request, RequestExt, Response};
use serde::{Deserialize, Serialize};

use crate::query::Parameters;

/// An HTTP API's event, payload format 2.0.
///
/// <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html>
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Event {
    #[serde(default)]
    raw_path: String,
    #[serde(default)]
    raw_query_string: String,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    path_parameters: Option<HashMap<String, String>>,
    request_context: ApiGatewayV2httpRequestContext,
    body: Option<String>,
    #[serde(default)]
    is_base64_encoded: bool,
}

/// What Lambda hands back to API Gateway.
#[derive(Clone, Debug, Serialize, Deserialize, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct Reply {
    /// The status.
    pub status_code: u16,
    /// The headers, several of one name joined by commas.
    pub headers: BTreeMap<String, String>,
    /// The body, as text: everything that is answered is JSON or HTML.
    pub body: String,
    /// Never: see `body`.
    pub is_base64_encoded: bool,
}

/// Calls a handler with an event, and gives what Lambda is to hand back.
pub async fn invoke<F>(handler: impl FnOnce(Request) -> F, event: Event, context: Context) -> Reply
where
    F: Future<Output = Response<Body>>,
{
    reply(handler(request(event, context)).await)
}

/// The event as a request.
pub fn request(event: Event, context: Context) -> Request {
    let body = match (event.body, event.is_base64_encoded) {
        (None, _) => Body::Empty,
        // What is not base64 is not what API Gateway makes; it is read as nothing.
        (Some(text), true) => Body::Binary(STANDARD.decode(text).unwrap_or_default()),
        (Some(text), false) => Body::Text(text),
    };
    let mut request = Request::new(body);
    *request.method_mut() = event.request_context.http.method.clone();
    *request.headers_mut() = headers(event.headers);
    request
        .extensions_mut()
        .insert(Parameters::read(&event.raw_query_string));
    request
        .with_raw_http_path(&event.raw_path)
        .with_path_parameters(event.path_parameters.unwrap_or_default())
        .with_request_context(RequestContext::ApiGatewayV2(event.request_context))
        .with_lambda_context(context)
}

/// A value that cannot be a header's is kept as one that matches nothing: were it dropped, a
/// request would lose its precondition.
fn headers(texts: BTreeMap<String, String>) -> HeaderMap {
    let header = |(name, text): (String, String)| {
        let name = HeaderName::from_bytes(name.as_bytes()).ok()?;
        let text = text.replace(|c: char| c.is_control() && c != '\t', "\u{fffd}");
        Some((name, HeaderValue::from_bytes(text.as_bytes()).ok()?))
    };
    texts.into_iter().filter_map(header).collect()
}

fn reply(response: Response<Body>) -> Reply {
    let (parts, body) = response.into_parts();
    let mut headers: BTreeMap<String, String> = BTreeMap::new();
    for (name, value) in &parts.headers {
        let value = String::from_utf8_lossy(value.as_bytes());
        headers
            .entry(name.as_str().to_owned())
            .and_modify(|all| {
                all.push_str(", ");
                all.push_str(&value);
            })
            .or_insert_with(|| value.into_owned());
    }
    let body = match body {
        Body::Text(text) => text,
        Body::Binary(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
        _ => String::new(),
    };
    Reply {
        status_code: parts.status.as_u16(),
        headers,
        body,
        is_base64_encoded: false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(event: serde_json::Value) -> Request {
        request(serde_json::from_value(event).unwrap(), Context::default())
    }

    #[test]
    fn nothing_that_a_client_sends_ends_the_invocation() {
        let context = json!({ "http": { "method": "GET" } });
        for (path, query, header) in [
            ("/v1/orders/a b\u{0}<\u{e9}>", "q=<\"> [", "caf\u{e9}"),
            ("", "&&==&%ff&%zz", "\u{0}\n"),
            ("//host:port", &"x".repeat(100_000), "a b"),
        ] {
            let request = read(json!({
                "rawPath": path, "rawQueryString": query, "requestContext": context,
                "headers": { "host": header, "x-forwarded-proto": header, "bad name": "x" },
                "body": "%%%", "isBase64Encoded": true,
            }));
            assert_eq!(request.raw_http_path(), path);
            assert!(request.headers().contains_key("host"));
            assert!(request.body().is_empty());
        }
    }

    #[test]
    fn bodies_come_as_text_or_as_base64() {
        let context = json!({ "http": { "method": "POST" } });
        for (body, encoded, expected) in [
            ("{}", false, &b"{}"[..]),
            ("e30=", true, b"{}"),
            ("/w==", true, b"\xff"),
        ] {
            let event =
                json!({ "requestContext": context, "body": body, "isBase64Encoded": encoded });
            assert_eq!(read(event).body().as_ref(), expected);
        }
    }
}
