//! The create function: `POST /v1/{type}`.

use lambda_http::{Body, Request, Response};
use onlyif::run::run;
use onlyif::store::Store;
use onlyif_http::exchange::Exchange;
use onlyif_http::{App, answer, write};

/// Answers one request.
pub async fn handle<S: Store>(app: &App<S>, request: Request) -> Response<Body> {
    let exchange = Exchange::begin(app, &request);
    let command = match write::create(&exchange) {
        Ok(command) => command,
        Err(problem) => return answer::refused(&exchange, &problem),
    };
    let answer = run(&app.declarations, &command, &exchange.store(app)).await;
    answer::write(&exchange, &command, &answer)
}
