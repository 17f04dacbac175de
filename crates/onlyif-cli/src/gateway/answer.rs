//! Answers: what API Gateway makes of a function's answer, and the answers that are its own.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::header::{self, HeaderName, HeaderValue};
use http::{Response, StatusCode};
use http_body_util::Full;
use hyper::body::Bytes;
use serde::Deserialize;
use serde_json::{Map, Value};

/// A response with its body in hand.
pub type Answer = Response<Full<Bytes>>;

/// What a function hands back (payload format 2.0).
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct FromFunction {
    status_code: u16,
    #[serde(default)]
    headers: Map<String, Value>,
    #[serde(default)]
    cookies: Vec<String>,
    #[serde(default)]
    body: Option<String>,
    #[serde(default)]
    is_base64_encoded: bool,
}

/// The response that a function's answer stands for; `None` where API Gateway would answer 500,
/// because it is none.
pub fn of_function(text: &str) -> Option<Answer> {
    let answer: FromFunction = serde_json::from_str(text).ok()?;
    let body = answer.body.unwrap_or_default();
    let body = if answer.is_base64_encoded {
        Bytes::from(STANDARD.decode(body).ok()?)
    } else {
        Bytes::from(body)
    };
    let mut response = Response::new(Full::new(body));
    *response.status_mut() = StatusCode::from_u16(answer.status_code).ok()?;
    let headers = response.headers_mut();
    for (name, value) in answer.headers {
        let name = HeaderName::from_bytes(name.as_bytes()).ok()?;
        let value = match value {
            Value::String(text) => text,
            other => other.to_string(),
        };
        // The length is of what is sent, which is the server's to say.
        if !matches!(
            name,
            header::CONTENT_LENGTH | header::TRANSFER_ENCODING | header::CONNECTION
        ) {
            headers.insert(name, HeaderValue::from_str(&value).ok()?);
        }
    }
    for cookie in answer.cookies {
        headers.append(header::SET_COOKIE, HeaderValue::from_str(&cookie).ok()?);
    }
    Some(response)
}

/// An answer of API Gateway's own: no function has seen the request.
pub fn own(status: StatusCode) -> Answer {
    let message = match status {
        StatusCode::PAYLOAD_TOO_LARGE => "Request Entity Too Large",
        other => other.canonical_reason().unwrap_or_default(),
    };
    let body = serde_json::json!({ "message": message }).to_string();
    let mut response = Response::new(Full::new(Bytes::from(body)));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/json"),
    );
    if status == StatusCode::UNAUTHORIZED {
        headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;
    use http_body_util::BodyExt;

    async fn body(answer: Answer) -> Bytes {
        answer.into_body().collect().await.unwrap().to_bytes()
    }

    #[tokio::test]
    async fn an_answer_keeps_its_status_headers_cookies_and_bytes() {
        let text = r#"{"statusCode":201,"headers":{"etag":"\"1-a\"","content-length":"9","x-n":1},
            "multiValueHeaders":{},"cookies":["a=1","b=2"],"body":"aMOp","isBase64Encoded":true}"#;
        let answer = of_function(text).unwrap();
        assert_eq!(answer.status(), 201);
        assert_eq!(answer.headers()["etag"], "\"1-a\"");
        assert_eq!(answer.headers()["x-n"], "1");
        assert_eq!(answer.headers().get("content-length"), None);
        let cookies: Vec<_> = answer.headers().get_all("set-cookie").iter().collect();
        assert_eq!(cookies, ["a=1", "b=2"]);
        assert_eq!(body(answer).await, "hé");
        let bare = of_function(r#"{"statusCode":204}"#).unwrap();
        assert_eq!((bare.status().as_u16(), body(bare).await.len()), (204, 0));
    }

    #[test]
    fn what_is_no_answer_is_refused() {
        for text in [
            "",
            "null",
            r#"{"body":"x"}"#,
            r#"{"statusCode":99}"#,
            r#"{"statusCode":200,"body":"!","isBase64Encoded":true}"#,
            r#"{"statusCode":200,"headers":{"a b":"c"}}"#,
            r#"{"statusCode":200,"headers":{"a":"c\nd"}}"#,
        ] {
            assert!(of_function(text).is_none(), "{text}");
        }
    }

    #[tokio::test]
    async fn its_own_answers_are_api_gateways() {
        let cases = [
            (StatusCode::BAD_REQUEST, r#"{"message":"Bad Request"}"#),
            (StatusCode::UNAUTHORIZED, r#"{"message":"Unauthorized"}"#),
            (StatusCode::FORBIDDEN, r#"{"message":"Forbidden"}"#),
            (StatusCode::NOT_FOUND, r#"{"message":"Not Found"}"#),
            (
                StatusCode::PAYLOAD_TOO_LARGE,
                r#"{"message":"Request Entity Too Large"}"#,
            ),
            (
                StatusCode::INTERNAL_SERVER_ERROR,
                r#"{"message":"Internal Server Error"}"#,
            ),
        ];
        for (status, expected) in cases {
            let answer = own(status);
            assert_eq!(answer.status(), status);
            assert_eq!(answer.headers()["content-type"], "application/json");
            assert_eq!(
                answer.headers().contains_key("www-authenticate"),
                status == 401
            );
            assert_eq!(body(answer).await, expected);
        }
    }
}
