//! The transact function: `POST /v1/transactions`.

use lambda_http::{Body, Request, Response};
use onlyif::run::run;
use onlyif::store::Store;
use onlyif_http::exchange::Exchange;
use onlyif_http::{App, answer, transact};

/// Answers one request.
pub async fn handle<S: Store>(app: &App<S>, request: Request) -> Response<Body> {
    let exchange = Exchange::begin(app, &request);
    let transaction = match transact::read(&exchange) {
        Ok(transaction) => transaction,
        Err(problem) => return answer::refused(&exchange, &problem),
    };
    let store = exchange.store(app);
    let answer = run(&app.declarations, &transaction.command, &store).await;
    transact::response(&exchange, &transaction, &answer)
}
