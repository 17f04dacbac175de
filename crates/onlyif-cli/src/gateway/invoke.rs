//! Calling a function the way Lambda's runtime calls it: with an event's text, through the
//! functions' own entry, answering with a text.

use std::future::Future;
use std::sync::Arc;

use lambda_http::{Body, Context, Request, Response};
use onlyif_dynamodb::Table;
use onlyif_http::App;
use onlyif_http::entry;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::function::Function;

/// Runs the function on an event, and returns what it hands back to Lambda.
///
/// # Errors
/// A sentence for the log, where Lambda would report that the function failed.
pub(crate) async fn invoke(
    function: Function,
    app: Arc<App<Table>>,
    event: String,
    context: Context,
) -> Result<String, String> {
    let app = &*app;
    match function {
        Function::Create => http(|it| onlyif_create::handle(app, it), &event, context).await,
        Function::Read => http(|it| onlyif_read::handle(app, it), &event, context).await,
        Function::Update => http(|it| onlyif_update::handle(app, it), &event, context).await,
        Function::Transition => {
            http(|it| onlyif_transition::handle(app, it), &event, context).await
        }
        Function::Transact => http(|it| onlyif_transact::handle(app, it), &event, context).await,
        Function::Delete => http(|it| onlyif_delete::handle(app, it), &event, context).await,
        Function::Lease => http(|it| onlyif_lease::handle(app, it), &event, context).await,
        Function::Describe => http(|it| onlyif_describe::handle(app, it), &event, context).await,
        Function::History => {
            let event = read(&event)?;
            written(&onlyif_history::handle(app, event, &context).await)
        }
    }
}

/// Runs a function that API Gateway calls.
async fn http<F>(
    handler: impl FnOnce(Request) -> F,
    event: &str,
    context: Context,
) -> Result<String, String>
where
    F: Future<Output = Response<Body>>,
{
    written(&entry::invoke(handler, read(event)?, context).await)
}

fn read<E: DeserializeOwned>(event: &str) -> Result<E, String> {
    serde_json::from_str(event)
        .map_err(|error| format!("the function could not read its event: {error}"))
}

fn written(reply: &impl Serialize) -> Result<String, String> {
    serde_json::to_string(reply)
        .map_err(|error| format!("the function's answer could not be written: {error}"))
}
