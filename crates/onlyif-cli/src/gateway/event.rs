//! Events: a request as API Gateway hands it to a function (HTTP API, payload format 2.0).
//!
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html>

use std::borrow::Cow;
use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::header::{self, HeaderMap, HeaderName};
use http::request::Parts;
use percent_encoding::percent_decode_str;
use serde::Serialize;
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
    let length = body.len();
    let query = request.uri.query().unwrap_or_default();
    let text = is_text(&request.headers)
        .then(|| str::from_utf8(body).ok())
        .flatten();
    let (body, is_base64_encoded) = match text {
        _ if body.is_empty() => (None, false),
        Some(text) => (Some(Cow::from(text)), false),
        None => (Some(Cow::from(STANDARD.encode(body))), true),
    };
    let event = Event {
        version: "2.0",
        route_key: &chosen.route.key,
        raw_path: path,
        raw_query_string: query,
        cookies: cookies(&request.headers),
        headers: headers(&request.headers, length, here),
        query_string_parameters: query_parameters(query),
        request_context: context(request, path, chosen, authorizer, here),
        path_parameters: chosen.parameters.iter().copied().collect(),
        body,
        is_base64_encoded,
    };
    // What is made of texts and numbers alone is always JSON.
    serde_json::to_string(&event).unwrap_or_default()
}

/// The event, as its JSON spells it. What a request does not have is left out.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Event<'a> {
    version: &'static str,
    route_key: &'a str,
    raw_path: &'a str,
    raw_query_string: &'a str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    cookies: Vec<String>,
    headers: BTreeMap<&'a str, Cow<'a, str>>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    query_string_parameters: BTreeMap<String, String>,
    request_context: Context<'a>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    path_parameters: BTreeMap<&'a str, &'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    body: Option<Cow<'a, str>>,
    is_base64_encoded: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Context<'a> {
    account_id: &'static str,
    api_id: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    authorizer: Option<Authorizer>,
    domain_name: &'a str,
    domain_prefix: &'a str,
    http: Http<'a>,
    request_id: &'a str,
    route_key: &'a str,
    stage: &'static str,
    time: String,
    time_epoch: i64,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Http<'a> {
    method: &'a str,
    path: &'a str,
    protocol: String,
    source_ip: &'a str,
    user_agent: Cow<'a, str>,
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
fn headers<'a>(
    sent: &'a HeaderMap,
    length: usize,
    here: &'a Circumstances,
) -> BTreeMap<&'a str, Cow<'a, str>> {
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
    let mut headers = BTreeMap::new();
    for name in sent.keys() {
        if OF_THE_CONNECTION.contains(name) || name == header::COOKIE || name == "keep-alive" {
            continue;
        }
        headers.insert(name.as_str(), joined(sent, name, ","));
    }
    let forwarded = match headers.get("x-forwarded-for") {
        Some(before) => Cow::from(format!("{before}, {}", here.source_ip)),
        None => Cow::from(&here.source_ip),
    };
    headers
        .entry("host")
        .or_insert_with(|| Cow::from(&here.domain));
    headers.insert("content-length", length.to_string().into());
    headers.insert("x-amzn-trace-id", Cow::from(&here.trace));
    headers.insert("x-forwarded-for", forwarded);
    headers.insert("x-forwarded-port", here.port.to_string().into());
    headers.insert("x-forwarded-proto", "http".into());
    headers
}

fn joined<'a>(headers: &'a HeaderMap, name: &HeaderName, separator: &str) -> Cow<'a, str> {
    let mut values = headers
        .get_all(name)
        .iter()
        .map(|value| String::from_utf8_lossy(value.as_bytes()));
    let mut all = values.next().unwrap_or_default();
    for value in values {
        let all = all.to_mut();
        all.push_str(separator);
        all.push_str(&value);
    }
    all
}

fn cookies(headers: &HeaderMap) -> Vec<String> {
    joined(headers, &header::COOKIE, ";")
        .split(';')
        .map(|cookie| cookie.trim().to_owned())
        .filter(|cookie| !cookie.is_empty())
        .collect()
}

/// Decoded, repeated values joined by commas.
fn query_parameters(query: &str) -> BTreeMap<String, String> {
    let decode = |text: &str| {
        let text = text.replace('+', " ");
        percent_decode_str(&text).decode_utf8_lossy().into_owned()
    };
    let mut parameters: BTreeMap<String, String> = BTreeMap::new();
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let value = decode(value);
        parameters
            .entry(decode(name))
            .and_modify(|earlier| {
                earlier.push(',');
                earlier.push_str(&value);
            })
            .or_insert(value);
    }
    parameters
}

fn context<'a>(
    request: &'a Parts,
    path: &'a str,
    chosen: &Chosen<'a>,
    authorizer: Option<Authorizer>,
    here: &'a Circumstances,
) -> Context<'a> {
    let clock =
        format_description!("[day]/[month repr:short]/[year]:[hour]:[minute]:[second] +0000");
    let user_agent = request.headers.get(header::USER_AGENT);
    Context {
        account_id: ACCOUNT,
        api_id: API,
        authorizer,
        domain_name: &here.domain,
        domain_prefix: here.domain.split('.').next().unwrap_or_default(),
        http: Http {
            method: request.method.as_str(),
            path,
            protocol: format!("{:?}", request.version),
            source_ip: &here.source_ip,
            user_agent: user_agent
                .map(|value| String::from_utf8_lossy(value.as_bytes()))
                .unwrap_or_default(),
        },
        request_id: &here.request_id,
        route_key: &chosen.route.key,
        stage: "$default",
        time: here.at.format(&clock).unwrap_or_default(),
        time_epoch: (here.at.unix_timestamp_nanos() / 1_000_000) as i64,
    }
}
