//! What the API says about itself: its types, its OpenAPI document, the problem catalogue; and the
//! answer to every path and method that no other function serves.
//!
//! # Layout, in reading order
//!
//! - [`Route`]: what a path names, and the methods that it takes
//! - `described`: what is told, built once per deployment, part by part
//! - `index`: the types and their links
//! - `page`: the catalogue, for people

mod described;
mod index;
mod page;
mod route;

use lambda_http::http::header::{
    ALLOW, CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, HeaderName, VARY,
};
use lambda_http::http::{Method, StatusCode};
use lambda_http::{Body, Response};
use onlyif::problem::{Code, Problem};
use serde_json::json;

use crate::answer::{self, header};
use crate::app::App;
use crate::exchange::{Exchange, malformed};
use crate::media;
use crate::observe::Ending;
use crate::precondition;
use crate::problem;
use crate::query;

pub use route::Route;

use described::{Described, Text};

const HTML: &str = "text/html";

/// Answers a request about the API, or one that no other function serves.
pub fn answer<S>(app: &App<S>, exchange: &Exchange<'_>) -> Response<Body> {
    let route = Route::find(exchange);
    let answered = route
        .as_ref()
        .map_err(Clone::clone)
        .and_then(|route| answered(app, exchange, route));
    let refused = match answered {
        Ok(response) => return answer::sent(exchange, response, Ending::Answered),
        Err(refused) => refused,
    };
    let mut response = problem::response(exchange, None, &refused);
    if let (Ok(route), Code::MethodNotAllowed) = (&route, refused.code) {
        allow(&mut response, route);
    }
    answer::sent(exchange, response, Ending::Refused(&refused))
}

fn answered<S>(
    app: &App<S>,
    exchange: &Exchange<'_>,
    route: &Route<'_>,
) -> Result<Response<Body>, Problem> {
    if !route.methods().contains(&exchange.method().as_str()) {
        return Err(route.not_allowed(exchange.method()));
    }
    if exchange.method() != Method::OPTIONS {
        return told(app, exchange, route);
    }
    no_parameters(exchange)?;
    let mut response = Response::new(Body::Empty);
    *response.status_mut() = StatusCode::NO_CONTENT;
    allow(&mut response, route);
    Ok(response)
}

/// The methods that a path takes (RFC 9110 §10.2.1), and its patches (RFC 5789 §3.1).
fn allow(response: &mut Response<Body>, route: &Route<'_>) {
    let methods = route.methods();
    header(response, ALLOW, &methods.join(", "));
    if methods.contains(&"PATCH") {
        let name = HeaderName::from_static("accept-patch");
        header(response, name, &media::PATCHES.join(", "));
    }
}

fn told<S>(
    app: &App<S>,
    exchange: &Exchange<'_>,
    route: &Route<'_>,
) -> Result<Response<Body>, Problem> {
    let html = match route {
        Route::Problems | Route::Problem(_) => prefers_html(exchange)?,
        _ => {
            media::accept_json(exchange.request.headers())?;
            false
        }
    };
    no_parameters(exchange)?;
    let described = Described::of(app, exchange);
    let text = match route {
        Route::Index => described.index(exchange).clone(),
        Route::Document => described.document().clone(),
        Route::Problems if html => page::catalogue(described.entries(), exchange).into(),
        Route::Problems => {
            let entries = described.entries().iter();
            let all: Vec<_> = entries.map(|it| page::json(it, exchange)).collect();
            json!({ "problems": all }).to_string().into()
        }
        Route::Problem(code) => match described.entries().iter().find(|it| it.code == *code) {
            Some(entry) if html => page::entry(entry, exchange).into(),
            Some(entry) => page::json(entry, exchange).to_string().into(),
            None => return Err(not_served(exchange)),
        },
        // Another function answers these: this deployment has a path without its route.
        Route::Transactions
        | Route::List(_)
        | Route::One(_)
        | Route::Transitions(_)
        | Route::History(_)
        | Route::Lease
        | Route::Transition(_) => {
            return Err(not_served(exchange));
        }
    };
    shown(exchange, html, text)
}

fn not_served(exchange: &Exchange<'_>) -> Problem {
    let detail = format!("This deployment does not serve {} here.", exchange.method());
    Problem::new(Code::NotFound, detail)
}

fn no_parameters(exchange: &Exchange<'_>) -> Result<(), Problem> {
    let faults = query::none(exchange);
    if faults.is_empty() {
        Ok(())
    } else {
        Err(malformed(faults))
    }
}

/// Whether the client would rather have HTML than JSON; who wants both alike gets JSON.
fn prefers_html(exchange: &Exchange<'_>) -> Result<bool, Problem> {
    let headers = exchange.request.headers();
    let html = media::quality(headers, HTML);
    let json = media::quality(headers, media::JSON);
    if html == 0 && json == 0 {
        let detail = "This answers in application/json or text/html; accept one of them, or leave \
                      Accept out.";
        return Err(Problem::new(Code::NotAcceptable, detail));
    }
    Ok(html > json)
}

/// An answer that stays the same until the next deployment: kept, and asked for again by its tag.
fn shown(
    exchange: &Exchange<'_>,
    html: bool,
    Text { text, tag }: Text,
) -> Result<Response<Body>, Problem> {
    let known = exchange
        .header("if-none-match")
        .map(|value| precondition::tags("If-None-Match", &value))
        .transpose()
        .map_err(|fault| malformed(vec![fault]))?
        .is_some_and(|tags| tags.matches(&tag));
    let mut response = Response::new(Body::Empty);
    header(&mut response, ETAG, &format!("\"{tag}\""));
    header(&mut response, CACHE_CONTROL, "no-cache");
    header(&mut response, VARY, "Accept");
    if known {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        return Ok(response);
    }
    if html {
        header(&mut response, CONTENT_TYPE, "text/html; charset=utf-8");
        // A page is text and its own style: whatever got into it, nothing runs and nothing is loaded.
        let policy = "default-src 'none'; style-src 'unsafe-inline'";
        header(&mut response, CONTENT_SECURITY_POLICY, policy);
    } else {
        header(&mut response, CONTENT_TYPE, media::JSON);
    }
    *response.body_mut() = Body::from(text);
    Ok(response)
}
