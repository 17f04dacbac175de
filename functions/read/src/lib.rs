//! The read function: `GET` and `HEAD` of `/v1/{type}`, `/v1/{type}/{id}`,
//! `/v1/{type}/{id}/transitions` and `/v1/{type}/{id}/history`.

use lambda_http::{Body, Request, Response};
use onlyif::history::Archive;
use onlyif::store::Store;
use onlyif_http::exchange::Exchange;
use onlyif_http::{App, history, read};

/// Answers one request. The route's key says which of the four it is.
pub async fn handle<S: Store + Archive>(app: &App<S>, request: Request) -> Response<Body> {
    let exchange = Exchange::begin(app, &request);
    let route = exchange
        .context()
        .and_then(|context| context.route_key.as_deref());
    match route.map(|route| route.rsplit('/').next().unwrap_or_default()) {
        Some("transitions") => read::transitions(app, &exchange).await,
        Some("history") => history::page(app, &exchange).await,
        Some("{id}") => read::one(app, &exchange).await,
        _ => read::many(app, &exchange).await,
    }
}
