//! The describe function.
use lambda_http::{Body, Request, Response};
use onlyif::problem::{Code, Problem};
use onlyif::store::Store;
use onlyif_http::exchange::Exchange;
use onlyif_http::{App, answer};

/// Answers one request.
pub async fn handle<S: Store>(app: &App<S>, request: Request) -> Response<Body> {
    let exchange = Exchange::begin(app, &request);
    answer::refused(
        &exchange,
        &Problem::new(Code::NotFound, "There is nothing here."),
    )
}
