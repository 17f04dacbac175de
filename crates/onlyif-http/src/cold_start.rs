//! Cold starts: what each function's `main` does before its first event.

use std::future::Future;
use std::io;
use std::sync::Arc;

use lambda_http::lambda_runtime;
use lambda_http::{Body, Error, LambdaEvent, Request, Response};
use tracing::Subscriber;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::Layer;
use tracing_subscriber::prelude::*;
use tracing_subscriber::registry::LookupSpan;

use crate::entry::{self, Event};
use crate::observe::{Deployment, Lines};

/// What the targets of this project's events begin with.
const OWN: &str = "onlyif";

/// Logs as Lambda reads it: one JSON object a line. Of the environment, `LOG_LEVEL` is the least
/// level (default INFO; libraries log nothing below INFO), `METRICS_NAMESPACE` where metrics are
/// counted (without it there are none), and `RELEASE` what the deployment is called.
pub fn log(variable: impl Fn(&str) -> Option<String>) {
    let level = variable("LOG_LEVEL")
        .and_then(|level| level.parse().ok())
        .unwrap_or(LevelFilter::INFO);
    let found = |name| variable(name).filter(|value| !value.is_empty());
    let deployment = Deployment {
        namespace: found("METRICS_NAMESPACE"),
        release: found("RELEASE"),
    };
    tracing_subscriber::registry()
        .with(lines(deployment, io::stdout))
        .with(from(level))
        .init();
}

/// Lets events through from this level on, and those of libraries from INFO on at the least: below it,
/// the SDK logs its requests to the store whole, with their credentials and documents.
fn from(level: LevelFilter) -> Targets {
    Targets::new()
        .with_default(level.min(LevelFilter::INFO))
        .with_target(OWN, level)
}

/// Writes events as [`log`] does.
pub fn lines<S, W>(deployment: Deployment, to: W) -> impl Layer<S>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    W: for<'a> MakeWriter<'a> + 'static,
{
    tracing_subscriber::fmt::layer()
        .event_format(Lines::new(deployment))
        .with_writer(to)
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

#[cfg(test)]
mod tests {
    use tracing::Level;

    use super::*;

    #[test]
    fn libraries_log_nothing_below_info_whatever_is_asked_for() {
        for (asked, own, libraries) in [
            (LevelFilter::TRACE, LevelFilter::TRACE, LevelFilter::INFO),
            (LevelFilter::DEBUG, LevelFilter::DEBUG, LevelFilter::INFO),
            (LevelFilter::INFO, LevelFilter::INFO, LevelFilter::INFO),
            (LevelFilter::WARN, LevelFilter::WARN, LevelFilter::WARN),
            (LevelFilter::OFF, LevelFilter::OFF, LevelFilter::OFF),
        ] {
            let filter = from(asked);
            for (target, least) in [
                ("onlyif::request", own),
                ("onlyif_dynamodb::retry", own),
                ("aws_smithy_runtime::client::orchestrator", libraries),
                ("hyper_util::client", libraries),
            ] {
                for level in [
                    Level::ERROR,
                    Level::WARN,
                    Level::INFO,
                    Level::DEBUG,
                    Level::TRACE,
                ] {
                    let enabled = filter.would_enable(target, &level);
                    assert_eq!(enabled, level <= least, "{target} {level} of {asked}");
                }
            }
        }
    }
}
