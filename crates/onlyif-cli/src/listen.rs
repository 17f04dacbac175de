//! Connections: HTTP/1.1 in front of the gateway, and of the one thing that the server tells of itself.

use std::convert::Infallible;
use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use http::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::TcpListener;

use crate::conflicts::{self, tally::Tally};
use crate::gateway::Gateway;

/// How long running requests may hold up the end: as long as the functions may run.
const PATIENCE: Duration = Duration::from_secs(10);

/// How long to wait where the system has no socket to give.
const OUT_OF_SOCKETS: Duration = Duration::from_millis(50);

/// Serves until `stopped`, then finishes the running requests.
pub(crate) async fn serve(
    listener: TcpListener,
    gateway: Arc<Gateway>,
    tally: Arc<Tally>,
    stopped: impl Future<Output = ()>,
) {
    let connections = GracefulShutdown::new();
    let mut stopped = pin!(stopped);
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = &mut stopped => break,
        };
        let Ok((stream, peer)) = accepted else {
            tokio::time::sleep(OUT_OF_SOCKETS).await;
            continue;
        };
        // Answers are written in one piece: waiting for more only delays them.
        let _ = stream.set_nodelay(true);
        let (gateway, tally) = (Arc::clone(&gateway), Arc::clone(&tally));
        let service = service_fn(move |request: Request<Incoming>| {
            let (gateway, tally) = (Arc::clone(&gateway), Arc::clone(&tally));
            async move {
                let (parts, body) = request.into_parts();
                if conflicts::asked(&parts, peer.ip()) {
                    return Ok::<_, Infallible>(conflicts::answer(&tally));
                }
                let request = Request::from_parts(parts, body);
                Ok(gateway.respond(request, peer.ip()).await)
            }
        });
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .serve_connection(TokioIo::new(stream), service);
        let connection = connections.watch(connection);
        // How a connection ends is its client's business.
        tokio::spawn(async move { connection.await.ok() });
    }
    drop(listener);
    let finished = async {
        connections.shutdown().await;
        gateway.idle().await;
    };
    if tokio::time::timeout(PATIENCE, finished).await.is_err() {
        tracing::warn!(target: "onlyif::local", "Some requests were still running, and are cut off.");
    }
}
