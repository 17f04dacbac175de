//! Events: a request as API Gateway hands it to a function (HTTP API, payload format 2.0).
//!
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html>

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::header::{self, HeaderMap, HeaderName};
use http::request::Parts;
use percent_encoding::percent_decode_str;
use serde_json::{Map, Value, json};
use time::OffsetDateTime;
use time::macros::format_description;

use super::authorizer::Authorizer;
use super::route::Chosen;

/// The account, and the API's id: nothing local depends on them.
const ACCOUNT: &str = "000000000000";
const API: &str = "local";

/// What only the gateway knows of a request.
#[derive(Clone, Debug)]
pub struct Circumstances {
    /// The request's id, in the event and in the answer's `apigw-requestid`.
    pub request_id: String,
    /// When it came.
    pub at: OffsetDateTime,
    /// Whence it came.
    pub source_ip: String,
    /// The name that the API is known by.
    pub domain: String,
    /// The port that the API listens on.
    pub port: u16,
    /// AWS X-Ray's header.
    pub trace: String,
}

/// The decoded path as API Gateway sees it; `None` where it answers 400: an escape that is none,
/// or one that is no UTF-8. A decoded question mark ends the path, as it does there.
pub fn decoded_path(raw: &str) -> Option<String> {
    if !raw.starts_with('/') {
        return None;
    }
    let bytes = raw.as_bytes();
    let sound = bytes
        .iter()
        .enumerate()
        .filter(|(_, byte)| **byte == b'%')
        .all(|(at, _)| {
            bytes
                .get(at + 1..at + 3)
                .is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit))
        });
    let path = percent_decode_str(raw)
        .decode_utf8()
        .ok()
        .filter(|_| sound)?;
    Some(path.split('?').next().unwrap_or_default().to_owned())
}

/// The event's JSON.
pub fn event(
    request: &Parts,
    path: &str,
    body: &[u8],
    chosen: &Chosen<'_>,
    authorizer: Option<Authorizer>,
    here: &Circumstances,
) -> String {
    let mut event = Map::new();
    let mut put = |name: &str, value: Value| event.insert(name.to_owned(), value);
    let query = request.uri.query().unwrap_or_default();
    put("version", json!("2.0"));
    put("routeKey", json!(chosen.route.key));
    put("rawPath", json!(path));
    put("rawQueryString", json!(query));
    let cookies = cookies(&request.headers);
    if !cookies.is_empty() {
        put("cookies", json!(cookies));
    }
    put(
        "headers",
        Value::Object(headers(&request.headers, body.len(), here)),
    );
    if !query.is_empty() {
        put(
            "queryStringParameters",
            Value::Object(query_parameters(query)),
        );
    }
    put(
        "requestContext",
        context(request, path, chosen, authorizer, here),
    );
    if !chosen.parameters.is_empty() {
        let parameters: Map<String, Value> = chosen
            .parameters
            .iter()
            .map(|(name, value)| ((*name).to_owned(), json!(value)))
            .collect();
        put("pathParameters", Value::Object(parameters));
    }
    let text = is_text(&request.headers)
        .then(|| str::from_utf8(body).ok())
        .flatten();
    match text {
        _ if body.is_empty() => put("isBase64Encoded", json!(false)),
        Some(text) => {
            put("body", json!(text));
            put("isBase64Encoded", json!(false))
        }
        None => {
            put("body", json!(STANDARD.encode(body)));
            put("isBase64Encoded", json!(true))
        }
    };
    Value::Object(event).to_string()
}

/// Whether API Gateway hands a body of this type over as text. It is so, as measured against AWS,
/// of `text/*` and of three types of `application/`; everything else is encoded in base64,
/// `application/merge-patch+json`, form data and a body without a type among it. (A text that is
/// no UTF-8 is encoded here too, so that the function sees what was sent.)
fn is_text(headers: &HeaderMap) -> bool {
    let Some(value) = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
    else {
        return false;
    };
    let media_type = value
        .split(';')
        .next()
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase();
    media_type.starts_with("text/")
        || matches!(
            media_type.as_str(),
            "application/json" | "application/javascript" | "application/xml"
        )
}

/// Names in lower case, repeated values joined by commas; what belongs to the connection stays
/// behind, and the gateway adds its own.
fn headers(sent: &HeaderMap, length: usize, here: &Circumstances) -> Map<String, Value> {
    const OF_THE_CONNECTION: [HeaderName; 8] = [
        header::CONNECTION,
        header::TRANSFER_ENCODING,
        header::TE,
        header::TRAILER,
        header::UPGRADE,
        header::EXPECT,
        header::PROXY_AUTHENTICATE,
        header::PROXY_AUTHORIZATION,
    ];
    let mut headers = Map::new();
    for name in sent.keys() {
        if OF_THE_CONNECTION.contains(name) || name == header::COOKIE || name == "keep-alive" {
            continue;
        }
        headers.insert(name.as_str().to_owned(), json!(joined(sent, name, ",")));
    }
    let forwarded = match headers.get("x-forwarded-for").and_then(Value::as_str) {
        Some(before) => format!("{before}, {}", here.source_ip),
        None => here.source_ip.clone(),
    };
    headers.entry("host").or_insert_with(|| json!(here.domain));
    headers.insert("content-length".to_owned(), json!(length.to_string()));
    headers.insert("x-amzn-trace-id".to_owned(), json!(here.trace));
    headers.insert("x-forwarded-for".to_owned(), json!(forwarded));
    headers.insert("x-forwarded-port".to_owned(), json!(here.port.to_string()));
    headers.insert("x-forwarded-proto".to_owned(), json!("http"));
    headers
}

fn joined(headers: &HeaderMap, name: &HeaderName, separator: &str) -> String {
    let values: Vec<_> = headers
        .get_all(name)
        .iter()
        .map(|value| String::from_utf8_lossy(value.as_bytes()))
        .collect();
    values.join(separator)
}

fn cookies(headers: &HeaderMap) -> Vec<String> {
    joined(headers, &header::COOKIE, ";")
        .split(';')
        .map(|cookie| cookie.trim().to_owned())
        .filter(|cookie| !cookie.is_empty())
        .collect()
}

/// Decoded, repeated values joined by commas.
fn query_parameters(query: &str) -> Map<String, Value> {
    let decode = |text: &str| {
        let text = text.replace('+', " ");
        percent_decode_str(&text).decode_utf8_lossy().into_owned()
    };
    let mut parameters: Map<String, Value> = Map::new();
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let value = decode(value);
        parameters
            .entry(decode(name))
            .and_modify(|earlier| {
                *earlier = json!(format!("{},{value}", earlier.as_str().unwrap_or_default()))
            })
            .or_insert_with(|| json!(value));
    }
    parameters
}

fn context(
    request: &Parts,
    path: &str,
    chosen: &Chosen<'_>,
    authorizer: Option<Authorizer>,
    here: &Circumstances,
) -> Value {
    let clock =
        format_description!("[day]/[month repr:short]/[year]:[hour]:[minute]:[second] +0000");
    let user_agent = request
        .headers
        .get(header::USER_AGENT)
        .map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
        .unwrap_or_default();
    let mut context = json!({
        "accountId": ACCOUNT,
        "apiId": API,
        "domainName": here.domain,
        "domainPrefix": here.domain.split('.').next(),
        "http": {
            "method": request.method.as_str(),
            "path": path,
            "protocol": format!("{:?}", request.version),
            "sourceIp": here.source_ip,
            "userAgent": user_agent,
        },
        "requestId": here.request_id,
        "routeKey": chosen.route.key,
        "stage": "$default",
        "time": here.at.format(&clock).unwrap_or_default(),
        "timeEpoch": (here.at.unix_timestamp_nanos() / 1_000_000) as i64,
    });
    if let Some(authorizer) = authorizer {
        context["authorizer"] = authorizer;
    }
    context
}
