//! Cold starts: what each function's `main` does before its first event.

use std::future::Future;
use std::sync::Arc;

use lambda_http::lambda_runtime;
use lambda_http::{Body, Error, LambdaEvent, Request, Response};
use tracing_subscriber::filter::LevelFilter;

use crate::entry::{self, Event};

/// Logs as Lambda reads it: one JSON object a line. `LOG_LEVEL` is the least level (default INFO).
pub fn log(level: Option<&str>) {
    let level = level
        .and_then(|level| level.parse().ok())
        .unwrap_or(LevelFilter::INFO);
    tracing_subscriber::fmt()
        .json()
        .flatten_event(true)
        .with_current_span(false)
        .with_span_list(false)
        .with_max_level(level)
        .with_ansi(false)
        .init();
}

/// Answers events with this handler, as long as Lambda sends any.
///
/// # Errors
/// Lambda's runtime interface cannot be reached.
pub async fn run<A, H, F>(app: A, handler: H) -> Result<(), Error>
where
    A: Send + Sync + 'static,
    H: Fn(Arc<A>, Request) -> F + Copy + Send + Sync + 'static,
    F: Future<Output = Response<Body>> + Send,
{
    let app = Arc::new(app);
    let service = lambda_runtime::service_fn(move |event: LambdaEvent<Event>| {
        let app = Arc::clone(&app);
        async move {
            let LambdaEvent { payload, context } = event;
            Ok::<_, Error>(entry::invoke(|request| handler(app, request), payload, context).await)
        }
    });
    lambda_runtime::run(service).await
}
