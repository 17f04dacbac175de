//! Lambda's part: the runtime interface, on loopback, for one `bootstrap` at a time.
//!
//! <https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html>

use std::convert::Infallible;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use http::{HeaderValue, Method, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;
use tokio::sync::{Mutex, mpsc};
use tokio::task::JoinHandle;

/// The path of everything that a `bootstrap` asks for.
const RUNTIME: &str = "/2018-06-01/runtime/";

/// How long a `bootstrap` may take until it asks for an event, or answers one.
const PATIENCE: Duration = Duration::from_secs(10);

/// The function's address, which only has to look like one.
const ARN: &str = "arn:aws:lambda:eu-central-1:123456789012:function:bench";

/// What a `bootstrap` did.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Did {
    /// It asked for the next event.
    Asked(Instant),
    /// It answered.
    Answered(Instant, Bytes),
    /// It said that it cannot.
    Failed(String),
}

/// The runtime interface of one `bootstrap`.
pub struct Runtime {
    /// Where it listens, `127.0.0.1:PORT`: what `AWS_LAMBDA_RUNTIME_API` holds.
    pub address: String,
    did: mpsc::UnboundedReceiver<Did>,
    events: mpsc::UnboundedSender<String>,
    serving: JoinHandle<()>,
}

impl Drop for Runtime {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

impl Runtime {
    /// Listens on any free port.
    ///
    /// # Errors
    /// There is none.
    pub async fn listen() -> Result<Self, String> {
        let cannot = |error: std::io::Error| format!("no port can be listened on ({error}).");
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.map_err(cannot)?;
        let address = listener.local_addr().map_err(cannot)?.to_string();
        let (tell, did) = mpsc::unbounded_channel();
        let (events, waiting) = mpsc::unbounded_channel();
        let desk = Arc::new(Desk {
            tell,
            waiting: Mutex::new(waiting),
        });
        Ok(Runtime {
            address,
            did,
            events,
            serving: tokio::spawn(serve(listener, desk)),
        })
    }

    /// When it asked for the next event: all that it does before is done.
    ///
    /// # Errors
    /// It does not ask, or says why it cannot.
    pub async fn asked(&mut self) -> Result<Instant, String> {
        match self.next().await? {
            Did::Asked(at) => Ok(at),
            Did::Failed(why) => Err(format!("it could not start: {why}")),
            Did::Answered(..) => Err("it answered what it was not asked.".to_owned()),
        }
    }

    /// Gives it an event; how long it took to answer, and what.
    ///
    /// # Errors
    /// It does not answer, or says why it cannot.
    pub async fn ask(&mut self, event: String) -> Result<(Duration, Bytes), String> {
        let begun = Instant::now();
        // Whoever serves is there until this ends.
        let _ = self.events.send(event);
        match self.next().await? {
            Did::Answered(at, answer) => Ok((at - begun, answer)),
            Did::Failed(why) => Err(format!("it could not answer: {why}")),
            Did::Asked(_) => Err("it asked for another event before it answered one.".to_owned()),
        }
    }

    async fn next(&mut self) -> Result<Did, String> {
        match tokio::time::timeout(PATIENCE, self.did.recv()).await {
            Ok(Some(did)) => Ok(did),
            _ => Err(format!(
                "it was not heard of for {} seconds: is it a `bootstrap` for this machine?",
                PATIENCE.as_secs()
            )),
        }
    }
}

/// What all connections share.
struct Desk {
    tell: mpsc::UnboundedSender<Did>,
    waiting: Mutex<mpsc::UnboundedReceiver<String>>,
}

async fn serve(listener: TcpListener, desk: Arc<Desk>) {
    while let Ok((stream, _)) = listener.accept().await {
        // Answers are written in one piece: waiting for more only delays them.
        let _ = stream.set_nodelay(true);
        let desk = Arc::clone(&desk);
        let service = service_fn(move |request| {
            let desk = Arc::clone(&desk);
            async move { Ok::<_, Infallible>(desk.respond(request).await) }
        });
        let connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
        // How a connection ends is its client's business.
        tokio::spawn(async move { connection.await.ok() });
    }
}

impl Desk {
    async fn respond(&self, request: Request<Incoming>) -> Response<Full<Bytes>> {
        let at = Instant::now();
        let (parts, body) = request.into_parts();
        let asked = parts.uri.path().strip_prefix(RUNTIME).unwrap_or_default();
        let body = match body.collect().await {
            Ok(body) => body.to_bytes(),
            Err(_) => return empty(StatusCode::BAD_REQUEST),
        };
        if parts.method == Method::GET && asked == "invocation/next" {
            self.tell(Did::Asked(at));
            return match self.waiting.lock().await.recv().await {
                Some(event) => invocation(event),
                None => empty(StatusCode::GONE),
            };
        }
        let did = match asked.rsplit_once('/') {
            Some((_, "response")) => Did::Answered(at, body),
            Some((_, "error")) => Did::Failed(String::from_utf8_lossy(&body).into_owned()),
            _ => return empty(StatusCode::NOT_FOUND),
        };
        self.tell(did);
        empty(StatusCode::ACCEPTED)
    }

    fn tell(&self, did: Did) {
        // Nobody listens once the measure is taken.
        let _ = self.tell.send(did);
    }
}

fn empty(status: StatusCode) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::default());
    *response.status_mut() = status;
    response
}

fn invocation(event: String) -> Response<Full<Bytes>> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    let deadline_ms = (now.unwrap_or_default() + PATIENCE).as_millis();
    let mut response = Response::new(Full::new(Bytes::from(event)));
    let headers = response.headers_mut();
    for (name, value) in [
        (
            "lambda-runtime-aws-request-id",
            "8476a536-e9f4-11e8-9739-2dfe598c3fcd",
        ),
        ("lambda-runtime-invoked-function-arn", ARN),
        (
            "lambda-runtime-trace-id",
            "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Sampled=0",
        ),
        ("content-type", "application/json"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if let Ok(value) = HeaderValue::from_str(&deadline_ms.to_string()) {
        headers.insert("lambda-runtime-deadline-ms", value);
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A `bootstrap` as far as this is concerned.
    async fn bootstrap(address: String, ends: &'static str) -> (String, u16) {
        let client = reqwest::Client::new();
        let at = |path: &str| format!("http://{address}{RUNTIME}{path}");
        let next = client.get(at("invocation/next")).send().await.unwrap();
        let id = next.headers()["lambda-runtime-aws-request-id"].clone();
        assert!(next.headers().contains_key("lambda-runtime-deadline-ms"));
        let event = next.text().await.unwrap();
        let path = format!("invocation/{}/{ends}", id.to_str().unwrap());
        let told = client.post(at(&path)).body("done").send().await.unwrap();
        (event, told.status().as_u16())
    }

    #[tokio::test]
    async fn a_bootstrap_asks_for_an_event_and_answers_it() {
        let begun = Instant::now();
        let mut runtime = Runtime::listen().await.unwrap();
        let started = tokio::spawn(bootstrap(runtime.address.clone(), "response"));
        assert!(runtime.asked().await.unwrap() >= begun);
        let (_, answer) = runtime.ask("{\"n\": 1}".to_owned()).await.unwrap();
        assert_eq!(answer, "done");
        assert_eq!(started.await.unwrap(), ("{\"n\": 1}".to_owned(), 202));
    }

    #[tokio::test]
    async fn one_that_cannot_is_told() {
        let mut runtime = Runtime::listen().await.unwrap();
        let started = tokio::spawn(bootstrap(runtime.address.clone(), "error"));
        runtime.asked().await.unwrap();
        let sentence = runtime.ask("{}".to_owned()).await.unwrap_err();
        assert_eq!(sentence, "it could not answer: done");
        started.await.unwrap();

        let mut runtime = Runtime::listen().await.unwrap();
        let url = format!("http://{}{RUNTIME}init/error", runtime.address);
        reqwest::Client::new()
            .post(url)
            .body("no TABLE")
            .send()
            .await
            .unwrap();
        let sentence = runtime.asked().await.unwrap_err();
        assert_eq!(sentence, "it could not start: no TABLE");
    }
}
