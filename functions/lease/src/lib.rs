//! The lease function: `PUT`, `GET`, `HEAD` and `DELETE` of `/v1/{type}/{id}/lease`.

use lambda_http::http::Method;
use lambda_http::{Body, Request, Response};
use onlyif::run::run;
use onlyif::store::Store;
use onlyif_http::exchange::Exchange;
use onlyif_http::{App, answer, lease};

/// Answers one request.
pub async fn handle<S: Store>(app: &App<S>, request: Request) -> Response<Body> {
    let exchange = Exchange::begin(app, &request);
    let command = match *exchange.method() {
        Method::PUT => lease::take(&exchange),
        Method::DELETE => lease::release(&exchange),
        _ => return lease::read(app, &exchange).await,
    };
    let command = match command {
        Ok(command) => command,
        Err(problem) => return answer::refused(&exchange, &problem),
    };
    let answer = run(&app.declarations, &command, &exchange.store(app)).await;
    answer::write(&exchange, &command, &answer)
}
