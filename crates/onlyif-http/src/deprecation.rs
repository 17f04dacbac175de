//! Deprecations: every answer about a type that is on its way out says so.

use lambda_http::http::HeaderName;
use lambda_http::http::header::{HeaderValue, LINK};
use lambda_http::{Body, Response};
use onlyif::declaration::Deprecation;

use crate::answer::{header, http_date};
use crate::exchange::Exchange;

/// Adds `Deprecation` (RFC 9745 §2), `Sunset` (RFC 8594 §3) and the links to what is to be known
/// about them, if the request was about a deprecated type.
pub(crate) fn announce(exchange: &Exchange<'_>, response: &mut Response<Body>) {
    let Some(deprecation) = about(exchange) else {
        return;
    };
    let Deprecation { since, sunset, see } = deprecation;
    let name = HeaderName::from_static("deprecation");
    header(response, name, &format!("@{}", since.seconds()));
    let mut rels = vec!["deprecation"];
    if let Some(sunset) = sunset {
        header(
            response,
            HeaderName::from_static("sunset"),
            &http_date(*sunset),
        );
        rels.push("sunset");
    }
    for rel in rels {
        let link = see.as_ref().map(|see| format!("<{see}>; rel=\"{rel}\""));
        if let Some(link) = link.and_then(|link| HeaderValue::try_from(link).ok()) {
            // Beside the link to the next page, which stays.
            response.headers_mut().append(LINK, link);
        }
    }
}

/// What is to be said of the type in the request's path. Of a request that no other function took
/// the path alone is known.
fn about<'a>(exchange: &Exchange<'a>) -> Option<&'a Deprecation> {
    let in_path = || {
        let rest = exchange.path().strip_prefix("/v1/")?;
        rest.split('/').next().map(str::to_owned)
    };
    let name = exchange.parameter("type").or_else(in_path)?;
    exchange.declarations.get(&name)?.deprecated.as_ref()
}
