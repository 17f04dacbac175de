//! Calling a function the way Lambda's runtime calls it: with an event's text, through the
//! functions' own entry, answering with a text.

use std::sync::Arc;

use lambda_http::{Context, Request};
use onlyif_dynamodb::Table;
use onlyif_http::App;
use onlyif_http::entry::{self, Event};

use crate::function::Function;

/// Runs the function on an event, and returns what it hands back to Lambda.
///
/// # Errors
/// A sentence for the log, where Lambda would report that the function failed.
pub(super) async fn invoke(
    function: Function,
    app: Arc<App<Table>>,
    event: String,
    context: Context,
) -> Result<String, String> {
    let event: Event = serde_json::from_str(&event)
        .map_err(|error| format!("the function could not read its event: {error}"))?;
    let app = &*app;
    let handler = async |request: Request| match function {
        Function::Create => onlyif_create::handle(app, request).await,
        Function::Read => onlyif_read::handle(app, request).await,
        Function::Update => onlyif_update::handle(app, request).await,
        Function::Transition => onlyif_transition::handle(app, request).await,
        Function::Delete => onlyif_delete::handle(app, request).await,
        Function::Describe => onlyif_describe::handle(app, request).await,
    };
    let reply = entry::invoke(handler, event, context).await;
    serde_json::to_string(&reply)
        .map_err(|error| format!("the function's answer could not be written: {error}"))
}
