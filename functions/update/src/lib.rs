//! The update function: `PUT` and `PATCH` of `/v1/{type}/{id}`. A `PUT` with `If-None-Match: *` creates: one method and path
//! belong to one function.

use lambda_http::http::Method;
use lambda_http::{Body, Request, Response};
use onlyif::run::run;
use onlyif::store::Store;
use onlyif_http::exchange::Exchange;
use onlyif_http::{App, answer, write};

/// Answers one request.
pub async fn handle<S: Store>(app: &App<S>, request: Request) -> Response<Body> {
    let exchange = Exchange::begin(app, &request);
    let command = match *exchange.method() {
        Method::PATCH => write::patch(&exchange),
        _ => write::put(&exchange),
    };
    let command = match command {
        Ok(command) => command,
        Err(problem) => return answer::refused(&exchange, &problem),
    };
    let answer = run(&app.declarations, &command, &exchange.store(app)).await;
    answer::write(&exchange, &command, &answer)
}
