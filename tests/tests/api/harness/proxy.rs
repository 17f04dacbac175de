//! A proxy between the server and its store: it counts, and it lies as networks do.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::http::request::Parts;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioIo};
use serde_json::Value;
use tokio::net::TcpListener;

use super::Backend;

/// What the proxy does to a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Nothing.
    None,
    /// A write is made and its reply lost: the connection is closed.
    DropReply,
    /// The same of every tenth write that is made.
    DropTenth,
    /// A write is made and answered with a 500.
    Answer500,
    /// A write is delivered twice; the second delivery's answer is passed on.
    Twice,
    /// A write is made and answered, and delivered again after later writes.
    Late,
    /// Nothing reaches the store: the connection is closed.
    Unreachable,
    /// Nothing reaches the store, and no answer comes.
    Hang,
    /// No write reaches the store, and no answer to it comes.
    HangWrites,
    /// Nothing reaches the store; too many requests, it says.
    Throttle,
    /// The same, once; then nothing.
    ThrottleOnce,
    /// Nothing reaches the store; the service may not ask it, it says.
    Deny,
}

/// A proxy in front of a store.
#[derive(Clone)]
pub(crate) struct Proxy {
    pub(crate) url: String,
    state: Arc<State>,
}

struct State {
    backend: Backend,
    client: Client<HttpConnector, Full<Bytes>>,
    fault: Mutex<Fault>,
    /// The operations asked for, in order.
    seen: Mutex<Vec<String>>,
    /// How many writes were made while the reply to every tenth was to be lost.
    made: Mutex<usize>,
    /// How many requests were lied about.
    faults: Mutex<usize>,
    /// Writes that are to be delivered again.
    late: Mutex<VecDeque<(Parts, Bytes)>>,
    /// What the requests have cost, where that is asked.
    units: Mutex<Option<Units>>,
}

/// What DynamoDB charges for.
/// <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/on-demand-capacity-mode.html>
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Units {
    pub(crate) read: f64,
    pub(crate) written: f64,
}

impl Proxy {
    pub(crate) async fn before(backend: Backend) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let state = Arc::new(State {
            backend,
            client: Client::builder(TokioExecutor::new()).build_http(),
            fault: Mutex::new(Fault::None),
            seen: Mutex::default(),
            made: Mutex::default(),
            faults: Mutex::default(),
            late: Mutex::default(),
            units: Mutex::default(),
        });
        tokio::spawn(accept(listener, Arc::clone(&state)));
        Proxy { url, state }
    }

    /// From now on.
    pub(crate) fn set(&self, fault: Fault) {
        *self.state.fault.lock().unwrap() = fault;
    }

    /// The operations that the store was asked for since this was last called.
    pub(crate) fn taken(&self) -> Vec<String> {
        std::mem::take(&mut self.state.seen.lock().unwrap())
    }

    /// What the requests since the last call have cost, as the store says: from the first call on, it is
    /// asked.
    pub(crate) fn units(&self) -> Units {
        let mut units = self.state.units.lock().unwrap();
        units.replace(Units::default()).unwrap_or_default()
    }

    /// How many requests were lied about.
    pub(crate) fn faults(&self) -> usize {
        *self.state.faults.lock().unwrap()
    }

    /// Delivers again what is still to be delivered again.
    pub(crate) async fn deliver_late(&self) {
        while self.state.deliver_oldest().await {}
    }
}

async fn accept(listener: TcpListener, state: Arc<State>) {
    while let Ok((stream, _)) = listener.accept().await {
        let state = Arc::clone(&state);
        let service = service_fn(move |request| {
            let state = Arc::clone(&state);
            async move {
                state
                    .answer(request)
                    .await
                    .ok_or("the connection is closed")
            }
        });
        tokio::spawn(async move {
            let http = hyper::server::conn::http1::Builder::new();
            // An error is a connection that a fault closed: that is what it is for.
            let _ = http.serve_connection(TokioIo::new(stream), service).await;
        });
    }
}

/// `None` closes the connection.
type Answer = Option<Response<Full<Bytes>>>;

impl State {
    async fn answer(&self, request: Request<Incoming>) -> Answer {
        let (head, body) = request.into_parts();
        let body = body.collect().await.ok()?.to_bytes();
        let target = head
            .headers
            .get("x-amz-target")
            .map(|target| target.to_str().unwrap());
        let operation = target
            .and_then(|target| target.split('.').next_back())
            .unwrap_or_default();
        self.seen.lock().unwrap().push(operation.to_owned());
        let writes = ["PutItem", "UpdateItem", "DeleteItem", "TransactWriteItems"];
        let fault = *self.fault.lock().unwrap();
        match fault {
            Fault::None if self.units.lock().unwrap().is_some() => {
                self.measured(&head, &body, writes.contains(&operation))
                    .await
            }
            Fault::None => self.forward(&head, &body).await,
            Fault::Unreachable => None,
            Fault::Hang => std::future::pending().await,
            Fault::Throttle => Some(throttled()),
            Fault::Deny => Some(refusal(400, "AccessDeniedException")),
            Fault::ThrottleOnce => {
                *self.fault.lock().unwrap() = Fault::None;
                Some(throttled())
            }
            _ if !writes.contains(&operation) => self.forward(&head, &body).await,
            Fault::HangWrites => std::future::pending().await,
            Fault::Late => self.forward_and_keep(head, body).await,
            Fault::Twice => {
                self.forward(&head, &body).await?;
                *self.faults.lock().unwrap() += 1;
                self.forward(&head, &body).await
            }
            Fault::DropReply | Fault::DropTenth | Fault::Answer500 => {
                let answer = self.forward(&head, &body).await?;
                if answer.status() != StatusCode::OK
                    || (fault == Fault::DropTenth && !self.count_made().is_multiple_of(10))
                {
                    return Some(answer);
                }
                *self.faults.lock().unwrap() += 1;
                (fault == Fault::Answer500).then(internal)
            }
        }
    }

    /// Counts a write that was made; how many there are now.
    fn count_made(&self) -> usize {
        let mut made = self.made.lock().unwrap();
        *made += 1;
        *made
    }

    /// Passes the request on, and counts what the store says that it cost.
    async fn measured(&self, head: &Parts, body: &Bytes, write: bool) -> Answer {
        let mut asked: Value = serde_json::from_slice(body).ok()?;
        asked["ReturnConsumedCapacity"] = "TOTAL".into();
        let mut head = head.clone();
        head.headers.remove("content-length");
        let answer = self.forward(&head, &asked.to_string().into()).await?;
        let (head, body) = answer.into_parts();
        let body = body.collect().await.ok()?.to_bytes();
        let told: Value = serde_json::from_slice(&body).ok()?;
        let consumed = match &told["ConsumedCapacity"] {
            Value::Array(tables) => tables.clone(),
            one => vec![one.clone()],
        };
        let consumed: f64 = consumed
            .iter()
            .filter_map(|table| table["CapacityUnits"].as_f64())
            .sum();
        if let Some(units) = self.units.lock().unwrap().as_mut() {
            match write {
                true => units.written += consumed,
                false => units.read += consumed,
            }
        }
        Some(Response::from_parts(head, Full::new(body)))
    }

    async fn forward_and_keep(&self, head: Parts, body: Bytes) -> Answer {
        let answer = self.forward(&head, &body).await?;
        if answer.status() == StatusCode::OK {
            let held = {
                let mut late = self.late.lock().unwrap();
                late.push_back((head, body));
                late.len()
            };
            let mut faults = 0;
            // Up to a hundred later writes: fewer and more than an item keeps stamps of.
            let depth = {
                let mut total = self.faults.lock().unwrap();
                *total += 1;
                *total * 7 % 100
            };
            while held - faults > depth && self.deliver_oldest().await {
                faults += 1;
            }
        }
        Some(answer)
    }

    async fn deliver_oldest(&self) -> bool {
        let Some((head, body)) = self.late.lock().unwrap().pop_front() else {
            return false;
        };
        self.forward(&head, &body).await;
        true
    }

    async fn forward(&self, head: &Parts, body: &Bytes) -> Answer {
        let mut request = Request::builder()
            .method(&head.method)
            .uri(format!("{}{}", self.backend.url, head.uri));
        request.headers_mut()?.clone_from(&head.headers);
        let request = request.body(Full::new(body.clone())).ok()?;
        let (head, body) = self.client.request(request).await.ok()?.into_parts();
        Some(Response::from_parts(
            head,
            Full::new(body.collect().await.ok()?.to_bytes()),
        ))
    }
}

fn refusal(status: u16, kind: &str) -> Response<Full<Bytes>> {
    let body = format!(
        r#"{{"__type":"com.amazonaws.dynamodb.v20120810#{kind}","message":"arn:aws:dynamodb says no"}}"#
    );
    Response::builder()
        .status(status)
        .header("content-type", "application/x-amz-json-1.0")
        .body(Full::new(body.into()))
        .expect("a response")
}

fn throttled() -> Response<Full<Bytes>> {
    refusal(400, "ProvisionedThroughputExceededException")
}

fn internal() -> Response<Full<Bytes>> {
    refusal(500, "InternalServerError")
}
