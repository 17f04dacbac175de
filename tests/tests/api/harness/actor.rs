//! Actors: who calls the API.

use std::convert::Infallible;
use std::future::{Future, IntoFuture, Ready, ready};
use std::iter;
use std::net::{Ipv4Addr, SocketAddr};
use std::pin::Pin;
use std::task::{self, Poll};

use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::http::response::Parts;
use hyper::{Method, Request};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::connect::dns::Name;
use hyper_util::rt::TokioExecutor;
use serde_json::Value;
use tower_service::Service;

use super::Reply;

/// Someone who calls the API. Clones share their connections.
#[derive(Clone)]
pub(crate) struct Actor {
    base: String,
    token: Option<String>,
    client: Client<HttpConnector<Loopback>, Full<Bytes>>,
}

impl Actor {
    /// Who calls the server at `base` with this bearer token, or with none.
    pub(crate) fn new(base: &str, token: Option<String>) -> Self {
        Actor {
            base: base.to_owned(),
            token,
            client: Client::builder(TokioExecutor::new())
                .build(HttpConnector::new_with_resolver(Loopback)),
        }
    }

    pub(crate) fn get(&self, path: &str) -> Call {
        self.call(Method::GET, path, ())
    }

    pub(crate) fn head(&self, path: &str) -> Call {
        self.call(Method::HEAD, path, ())
    }

    pub(crate) fn post(&self, path: &str, content: impl Content) -> Call {
        self.call(Method::POST, path, content)
    }

    pub(crate) fn put(&self, path: &str, content: impl Content) -> Call {
        self.call(Method::PUT, path, content)
    }

    /// Plain JSON is a merge patch.
    pub(crate) fn patch(&self, path: &str, content: impl Content) -> Call {
        self.call(Method::PATCH, path, content)
    }

    /// A JSON Patch (RFC 6902).
    pub(crate) fn json_patch(&self, path: &str, steps: Value) -> Call {
        self.patch(path, ("application/json-patch+json", steps.to_string()))
    }

    pub(crate) fn delete(&self, path: &str) -> Call {
        self.call(Method::DELETE, path, ())
    }

    /// `PUT` that creates.
    pub(crate) fn create(&self, path: &str, document: Value) -> Call {
        self.put(path, document).header("if-none-match", "*")
    }

    pub(crate) fn call(&self, method: Method, path: &str, content: impl Content) -> Call {
        let (media_type, body) = content.into_parts();
        let mut call = Call {
            actor: self.clone(),
            method,
            path: path.to_owned(),
            headers: Vec::new(),
            body,
        };
        if let Some(token) = &self.token {
            call = call.header("authorization", &format!("Bearer {token}"));
        }
        match media_type {
            Some(media_type) => call.header("content-type", media_type),
            None => call,
        }
    }

    /// Sends what a resolution says, to the letter.
    pub(crate) async fn follow(&self, resolution: &Value) -> Reply {
        assert!(
            resolution.get("input").is_none(),
            "this resolution waits for an input: {resolution}"
        );
        self.follow_with(resolution, resolution.get("body")).await
    }

    /// Sends what a resolution says, with the input that it asks for.
    pub(crate) async fn follow_with(&self, resolution: &Value, body: Option<&Value>) -> Reply {
        let text = |name: &str| resolution[name].as_str().expect(name);
        assert!(!text("rel").is_empty() && !text("title").is_empty());
        let method = Method::from_bytes(text("method").as_bytes()).expect("a method");
        let path = text("href").trim_start_matches(&self.base);
        let mut call = self.call(method, path, ());
        call.body = body.map_or_else(Bytes::new, |body| body.to_string().into());
        for (name, value) in resolution["headers"].as_object().into_iter().flatten() {
            call = call.header(name, value.as_str().expect("a header's value"));
        }
        if body.is_some() && !call.has("content-type") {
            call = call.header("content-type", "application/json");
        }
        call.await
    }
}

/// Every name that a test calls is this machine's, as names under `localhost` are (RFC 6761), though
/// not every system knows it.
#[derive(Clone)]
struct Loopback;

impl Service<Name> for Loopback {
    type Response = iter::Once<SocketAddr>;
    type Error = Infallible;
    type Future = Ready<Result<Self::Response, Self::Error>>;

    fn poll_ready(&mut self, _: &mut task::Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Name) -> Self::Future {
        ready(Ok(iter::once(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))))
    }
}

/// A body and its media type.
pub(crate) trait Content {
    fn into_parts(self) -> (Option<&'static str>, Bytes);
}

impl Content for () {
    fn into_parts(self) -> (Option<&'static str>, Bytes) {
        (None, Bytes::new())
    }
}

impl Content for Value {
    fn into_parts(self) -> (Option<&'static str>, Bytes) {
        (Some("application/json"), self.to_string().into())
    }
}

impl<B: Into<Bytes>> Content for (&'static str, B) {
    fn into_parts(self) -> (Option<&'static str>, Bytes) {
        (Some(self.0), self.1.into())
    }
}

/// A request; awaiting it sends it.
#[must_use = "a call is sent when it is awaited"]
#[derive(Clone)]
pub(crate) struct Call {
    actor: Actor,
    method: Method,
    path: String,
    headers: Vec<(String, String)>,
    body: Bytes,
}

impl Call {
    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// `If-Match` with this one tag.
    pub(crate) fn if_match(self, tag: &str) -> Self {
        self.header("if-match", &format!("\"{tag}\""))
    }

    /// `If-Match: *`.
    pub(crate) fn if_any(self) -> Self {
        self.header("if-match", "*")
    }

    pub(crate) fn prefer(self, preference: &str) -> Self {
        self.header("prefer", preference)
    }

    pub(crate) fn method(&self) -> &str {
        self.method.as_str()
    }

    /// The path, without its query.
    pub(crate) fn path(&self) -> &str {
        self.path.split('?').next().unwrap_or_default()
    }

    fn has(&self, name: &str) -> bool {
        self.headers
            .iter()
            .any(|(header, _)| header.eq_ignore_ascii_case(name))
    }

    /// The answer, or how the connection failed.
    pub(crate) async fn send(self) -> Result<Reply, String> {
        let request = format!("{} {}", self.method, self.path);
        let keyed = self.has("idempotency-key");
        let (head, body) = self.exchange().await?;
        Ok(Reply::new(request, keyed, head, body))
    }

    /// The status and the body of an answer that API Gateway makes by itself.
    pub(crate) async fn by_the_gateway(self) -> (u16, String) {
        let (head, body) = self.exchange().await.expect("an answer");
        (
            head.status.as_u16(),
            String::from_utf8(body.to_vec()).expect("a text"),
        )
    }

    async fn exchange(self) -> Result<(Parts, Bytes), String> {
        let mut request = Request::builder()
            .method(&self.method)
            .uri(format!("{}{}", self.actor.base, self.path));
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        let request = request.body(Full::new(self.body)).expect("a request");
        let answer = self
            .actor
            .client
            .request(request)
            .await
            .map_err(|e| format!("{e:?}"))?;
        let (head, body) = answer.into_parts();
        let body = body
            .collect()
            .await
            .map_err(|e| format!("{e:?}"))?
            .to_bytes();
        Ok((head, body))
    }
}

impl IntoFuture for Call {
    type Output = Reply;
    type IntoFuture = Pin<Box<dyn Future<Output = Reply> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async { self.send().await.expect("an answer") })
    }
}
