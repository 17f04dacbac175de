//! The describe function: `GET` and `HEAD` of `/v1`, `/openapi.json`, `/problems` and
//! `/problems/{code}`; and, as the API's `$default` route, every path and method that no other
//! function serves: 404, 405 with `Allow`, or `OPTIONS`. It needs no caller and reads no table.

use lambda_http::{Body, Request, Response};
use onlyif_http::exchange::Exchange;
use onlyif_http::{App, describe};

/// Answers one request.
pub async fn handle<S>(app: &App<S>, request: Request) -> Response<Body> {
    let exchange = Exchange::begin(app, &request);
    describe::answer(app, &exchange)
}
