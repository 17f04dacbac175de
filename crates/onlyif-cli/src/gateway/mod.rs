//! API Gateway's part (an HTTP API): from a request to an event, from a function's answer to a
//! response. What it answers by itself has API Gateway's bodies, not the API's.
//!
//! - [`route`]: which route is taken
//! - [`authorizer`]: who calls
//! - [`event`](mod@event): the request as a function gets it
//! - `invoke`: the function is run
//! - [`answer`]: its answer as a response

pub mod answer;
pub mod authorizer;
mod body;
pub mod event;
#[cfg(test)]
mod event_tests;
mod host;
mod invoke;
pub mod route;

use std::net::IpAddr;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use http::request::Parts;
use http::{HeaderValue, Request, StatusCode, header};
use hyper::body::{Body, Bytes};
use lambda_http::Context;
use onlyif_dynamodb::Table;
use onlyif_http::App;
use onlyif_http::observe::REQUEST;
use time::OffsetDateTime;
use tokio::sync::watch;
use tracing::Instrument;
use tracing::instrument::WithSubscriber;
use uuid::Uuid;

use self::answer::{Answer, of_function, own};
use self::event::{Circumstances, decoded_path};
pub(crate) use self::host::is_ours;
pub(crate) use self::invoke::invoke;
use crate::function::Function;
use crate::template::Api;

/// The most bytes that Lambda takes as an event, and the most that it takes as an answer.
/// <https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html>
pub(crate) const PAYLOAD_LIMIT: usize = 6 * 1024 * 1024;

/// An API: its routes, and the functions behind them.
pub struct Gateway {
    api: Api,
    app: RwLock<Arc<App<Table>>>,
    port: u16,
    remote: bool,
    running: watch::Sender<()>,
}

impl Gateway {
    /// An API on this port; `remote` says that it is meant to be reached by other names than the
    /// machine's own.
    pub fn new(api: Api, app: App<Table>, port: u16, remote: bool) -> Self {
        Gateway {
            api,
            app: RwLock::new(Arc::new(app)),
            port,
            remote,
            running: watch::Sender::new(()),
        }
    }

    /// What the functions work with.
    pub fn app(&self) -> Arc<App<Table>> {
        Arc::clone(&self.app.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// From the next request on, the functions work with this.
    pub fn replace_app(&self, app: App<Table>) {
        *self.app.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(app);
    }

    /// Waits until no function runs: one goes on after its client has left, as on Lambda.
    pub async fn idle(&self) {
        self.running.closed().await;
    }

    /// Answers a request.
    pub async fn respond<B>(&self, request: Request<B>, from: IpAddr) -> Answer
    where
        B: Body<Data = Bytes> + Unpin,
    {
        let begun = Instant::now();
        let request_id = Uuid::now_v7().to_string();
        let (parts, body) = request.into_parts();
        let mut answer = match self.pass_on(&parts, body, &request_id, from).await {
            Ok(answer) => answer,
            Err(refusal) => {
                refusal.log(&parts, &request_id, begun);
                own(refusal.status)
            }
        };
        if let Ok(id) = HeaderValue::from_str(&request_id) {
            answer.headers_mut().insert("apigw-requestid", id);
        }
        answer
    }

    async fn pass_on<B>(
        &self,
        parts: &Parts,
        body: B,
        request_id: &str,
        from: IpAddr,
    ) -> Result<Answer, Refusal>
    where
        B: Body<Data = Bytes> + Unpin,
    {
        let body = body::read(body).await?;
        let path = decoded_path(parts.uri.path()).ok_or_else(|| {
            Refusal::new(
                StatusCode::BAD_REQUEST,
                "API Gateway cannot decode the path",
            )
        })?;
        if !host::is_ours(parts, self.remote) {
            return Err(Refusal::new(
                StatusCode::FORBIDDEN,
                "the Host is not this API's",
            ));
        }
        let chosen = self
            .api
            .routes
            .choose(parts.method.as_str(), &path)
            .ok_or_else(|| {
                Refusal::new(StatusCode::NOT_FOUND, "the template has no route for it")
            })?;
        let authorizer = match chosen.route.authorized {
            true => Some(
                authorizer::authorize(parts.headers.get(header::AUTHORIZATION)).ok_or_else(
                    || {
                        Refusal::new(
                            StatusCode::UNAUTHORIZED,
                            "the authorizer cannot read the token",
                        )
                    },
                )?,
            ),
            false => None,
        };
        let here = Circumstances {
            request_id: request_id.to_owned(),
            at: OffsetDateTime::now_utc(),
            source_ip: from.to_string(),
            domain: host::domain(parts),
            port: self.port,
            trace: trace(request_id),
        };
        let event = event::event(parts, &path, &body, &chosen, authorizer, &here);
        if event.len() > PAYLOAD_LIMIT {
            return Err(Refusal::new(
                StatusCode::PAYLOAD_TOO_LARGE,
                "Lambda takes no event over 6 MB",
            ));
        }
        let text = self
            .run(chosen.route.function, event, here.request_id, here.trace)
            .await?;
        of_function(&text).ok_or_else(|| {
            Refusal::new(
                StatusCode::INTERNAL_SERVER_ERROR,
                "the function's answer is none",
            )
        })
    }

    /// Runs a function that no route leads to, and gives its answer.
    ///
    /// # Errors
    /// Why Lambda would say that it failed.
    pub(crate) async fn hand_over(
        &self,
        function: Function,
        event: String,
    ) -> Result<String, String> {
        let request_id = Uuid::now_v7().to_string();
        let trace = trace(&request_id);
        let answer = self.run(function, event, request_id, trace).await;
        answer.map_err(|refusal| refusal.gist)
    }

    /// Runs a function. It is a task of its own: it runs on when the client leaves,
    /// and its panic is a 500, as on Lambda.
    async fn run(
        &self,
        function: Function,
        event: String,
        request_id: String,
        trace: String,
    ) -> Result<String, Refusal> {
        let failed = |gist: &str| Refusal::new(StatusCode::INTERNAL_SERVER_ERROR, gist);
        let timeout = self.api.timeout(function);
        let now = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        let mut context = Context::default();
        context.deadline = (now + timeout).as_millis().try_into().unwrap_or(u64::MAX);
        context.request_id = request_id;
        context.xray_trace_id = Some(trace);
        // Whoever listens can tell the functions apart, as in a deployment by their logs and roles.
        let span =
            tracing::debug_span!(target: "onlyif::function", "function", function = ?function);
        let work = invoke(function, self.app(), event, context).instrument(span);
        let running = self.running.subscribe();
        let task = tokio::spawn(
            async move {
                let answer = tokio::time::timeout(timeout, work).await;
                drop(running);
                answer
            }
            .with_current_subscriber(),
        );
        match task.await {
            Err(_) => Err(failed("the function panicked")),
            Ok(Err(_)) => Err(failed("the function's time was up")),
            Ok(Ok(Err(sentence))) => Err(failed(&sentence)),
            Ok(Ok(Ok(text))) if text.len() > PAYLOAD_LIMIT => {
                Err(failed("Lambda takes no answer over 6 MB"))
            }
            Ok(Ok(Ok(text))) => Ok(text),
        }
    }
}

/// A request that no function answers.
#[derive(Debug, PartialEq, Eq)]
struct Refusal {
    status: StatusCode,
    /// For the log.
    gist: String,
}

impl Refusal {
    fn new(status: StatusCode, gist: &str) -> Self {
        Refusal {
            status,
            gist: gist.to_owned(),
        }
    }

    /// The line that a function would have logged.
    fn log(&self, request: &Parts, request_id: &str, begun: Instant) {
        tracing::info!(
            target: REQUEST,
            method = request.method.as_str(),
            path = request.uri.path(),
            status = self.status.as_u16(),
            gist = self.gist,
            ms = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX),
            request_id,
        );
    }
}

/// AWS X-Ray's header for a request: the parts are the digits of its id.
fn trace(request_id: &str) -> String {
    let digits: String = request_id.chars().filter(char::is_ascii_hexdigit).collect();
    let (time, rest) = digits.split_at(digits.len().min(8));
    format!("Root=1-{time}-{rest}")
}
