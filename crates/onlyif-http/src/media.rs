//! Media types: what a body may be, and what a client accepts.

use lambda_http::http::HeaderMap;
use lambda_http::http::header::{ACCEPT, CONTENT_ENCODING, CONTENT_TYPE};
use onlyif::problem::{Code, Problem};

use crate::exchange::Exchange;

/// RFC 8259
pub const JSON: &str = "application/json";
/// RFC 7396
pub const MERGE_PATCH: &str = "application/merge-patch+json";
/// RFC 6902
pub const JSON_PATCH: &str = "application/json-patch+json";
/// RFC 9457
pub const PROBLEM: &str = "application/problem+json";

/// The media types of a `PATCH`, for `Accept-Patch` (RFC 5789 §3.1).
pub const PATCHES: [&str; 3] = [MERGE_PATCH, JSON_PATCH, JSON];

/// The body's media type, without parameters and in lower case, if it is one of those `taken`. Only
/// a body needs one: without, it is the first of them.
///
/// # Errors
/// `unsupported-media-type` for another one, for none, for another charset than UTF-8, and for any
/// content coding.
pub fn of_body(
    exchange: &Exchange<'_>,
    body: &[u8],
    taken: &[&'static str],
) -> Result<&'static str, Problem> {
    match (body, taken) {
        ([], [first, ..]) => Ok(first),
        _ => of_content(exchange.request.headers(), taken),
    }
}

/// The same of a body that is known to be there.
pub(crate) fn of_content(
    headers: &HeaderMap,
    taken: &[&'static str],
) -> Result<&'static str, Problem> {
    let refuse = |detail: String| Err(Problem::new(Code::UnsupportedMediaType, detail));
    let expected = taken.join(" or ");
    if headers.contains_key(CONTENT_ENCODING) {
        return refuse("Send the body without Content-Encoding.".to_owned());
    }
    let Some(value) = headers.get(CONTENT_TYPE) else {
        return refuse(format!("Say what the body is: Content-Type: {expected}."));
    };
    let text = value.to_str().unwrap_or_default();
    let mut parts = text.split(';');
    let found = parts.next().unwrap_or_default().trim().to_ascii_lowercase();
    let Some(media) = taken.iter().find(|media| **media == found) else {
        return refuse(format!(
            "Content-Type is \"{text}\"; this takes {expected}."
        ));
    };
    for parameter in parts {
        let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
        let value = value.trim().trim_matches('"');
        if name.trim().eq_ignore_ascii_case("charset") && !value.eq_ignore_ascii_case("utf-8") {
            return refuse(format!(
                "The charset is \"{value}\"; JSON is sent in UTF-8."
            ));
        }
    }
    Ok(media)
}

/// Lets through who accepts JSON (RFC 9110 §12.5.1); without `Accept` that is everybody.
///
/// # Errors
/// `not-acceptable`.
pub fn accept_json(headers: &HeaderMap) -> Result<(), Problem> {
    if quality(headers, JSON) > 0 {
        return Ok(());
    }
    let detail = "This answers in application/json; accept it, or leave Accept out.";
    Err(Problem::new(Code::NotAcceptable, detail))
}

/// How much a client wants this media type, in thousandths: 0 is not at all. The most specific
/// range that matches counts.
pub fn quality(headers: &HeaderMap, media: &str) -> u32 {
    let values: Vec<&str> = headers
        .get_all(ACCEPT)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .collect();
    if values.iter().all(|value| value.trim().is_empty()) {
        return 1000;
    }
    let kind = media.split('/').next().unwrap_or_default();
    let mut best = (0, 0);
    for range in values.iter().flat_map(|value| value.split(',')) {
        let mut parts = range.split(';');
        let name = parts.next().unwrap_or_default().trim().to_ascii_lowercase();
        let specificity = match name.as_str() {
            name if name == media => 3,
            name if name.strip_suffix("/*") == Some(kind) => 2,
            "*/*" => 1,
            _ => continue,
        };
        let weight = parts
            .filter_map(|parameter| parameter.split_once('='))
            .find(|(name, _)| name.trim().eq_ignore_ascii_case("q"))
            .map_or(1000, |(_, value)| thousandths(value.trim()));
        if specificity > best.0 {
            best = (specificity, weight);
        }
    }
    best.1
}

/// A weight of RFC 9110 §12.4.2; what is none counts as 1.
fn thousandths(text: &str) -> u32 {
    match text.split_once('.').unwrap_or((text, "")) {
        ("0", digits) if digits.len() <= 3 => format!("{digits:0<3}").parse().unwrap_or(1000),
        _ => 1000,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs
            .iter()
            .map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()))
            .collect()
    }

    #[test]
    fn bodies_say_that_they_are_json_in_utf_8_and_not_encoded() {
        let table: [(&[(&str, &str)], bool); 9] = [
            (&[("content-type", "application/json")], true),
            (&[("content-type", "Application/JSON; charset=UTF-8")], true),
            (
                &[(
                    "content-type",
                    "application/json; charset=\"utf-8\"; profile=x",
                )],
                true,
            ),
            (
                &[("content-type", "application/json; charset=latin1")],
                false,
            ),
            (&[("content-type", "text/plain")], false),
            (&[("content-type", "application/jsonp")], false),
            (&[("content-type", "")], false),
            (&[], false),
            (
                &[
                    ("content-type", "application/json"),
                    ("content-encoding", "gzip"),
                ],
                false,
            ),
        ];
        for (pairs, taken) in table {
            assert_eq!(
                of_content(&headers(pairs), &[JSON]).is_ok(),
                taken,
                "{pairs:?}"
            );
        }
    }

    #[test]
    fn the_most_specific_range_counts() {
        let table = [
            ("application/json", 1000),
            ("*/*", 1000),
            ("application/*;q=0.5", 500),
            ("text/html", 0),
            ("text/html, */*;q=0.1", 100),
            ("application/json;q=0, */*", 0),
            ("application/json; q=0.001", 1),
            ("", 1000),
        ];
        for (accept, expected) in table {
            assert_eq!(
                quality(&headers(&[("accept", accept)]), JSON),
                expected,
                "{accept}"
            );
        }
        assert_eq!(quality(&HeaderMap::new(), JSON), 1000);
    }
}
