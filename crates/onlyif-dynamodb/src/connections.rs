//! Connections that are not older than the store lets them become.
//!
//! Lambda freezes a process between two invocations, for minutes or hours. A connection that the
//! store has closed meanwhile looks open until something is sent, and what was sent then is in
//! doubt. The pool of the HTTP client cannot tell: its clock may stand still in a freeze. So the
//! pool as a whole is given up by the time of day.
//! <https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html>

use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use aws_sdk_dynamodb::config::{ConfigBag, RuntimeComponents, SharedHttpClient};
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::connector_metadata::ConnectorMetadata;
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponentsBuilder;

/// How long a connection may be idle and still be used. DynamoDB closes one that was idle for about
/// a minute.
pub(crate) const IDLE: Duration = Duration::from_secs(50);

/// An HTTP client whose connections are given up together once none was used for [`IDLE`].
pub(crate) struct Connections<F> {
    /// Makes a client that has no connection yet.
    make: F,
    pool: Mutex<Pool>,
}

struct Pool {
    client: SharedHttpClient,
    used: Option<SystemTime>,
}

impl<F: Fn() -> SharedHttpClient + Send + Sync> Connections<F> {
    /// The client whose connections are those of the clients that this makes.
    pub(crate) fn made_by(make: F) -> SharedHttpClient
    where
        F: 'static,
    {
        let client = make();
        let pool = Mutex::new(Pool { client, used: None });
        SharedHttpClient::new(Connections { make, pool })
    }

    /// The client whose connections may be used now. Requests that are on their way keep theirs.
    fn client(&self, now: impl FnOnce() -> SystemTime) -> SharedHttpClient {
        let mut pool = self.pool.lock().unwrap_or_else(PoisonError::into_inner);
        // Read once nobody else can have used it later. A clock that was set back says nothing.
        let now = now();
        let idle = pool.used.map(|used| now.duration_since(used));
        if idle.is_some_and(|idle| !idle.is_ok_and(|idle| idle < IDLE)) {
            tracing::debug!("the connections are too old to be used again");
            pool.client = (self.make)();
        }
        pool.used = Some(now);
        pool.client.clone()
    }

    fn current(&self) -> SharedHttpClient {
        let pool = self.pool.lock().unwrap_or_else(PoisonError::into_inner);
        pool.client.clone()
    }
}

impl<F: Fn() -> SharedHttpClient + Send + Sync + 'static> HttpClient for Connections<F> {
    /// Called for each request that is sent.
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        let clock = components.time_source().unwrap_or_default();
        let client = self.client(|| clock.now());
        client.http_connector(settings, components)
    }

    fn validate_base_client_config(
        &self,
        components: &RuntimeComponentsBuilder,
        settings: &ConfigBag,
    ) -> Result<(), BoxError> {
        let client = self.current();
        HttpClient::validate_base_client_config(&client, components, settings)
    }

    fn validate_final_config(
        &self,
        components: &RuntimeComponents,
        settings: &ConfigBag,
    ) -> Result<(), BoxError> {
        let client = self.current();
        HttpClient::validate_final_config(&client, components, settings)
    }

    fn connector_metadata(&self) -> Option<ConnectorMetadata> {
        self.current().connector_metadata()
    }
}

impl<F> fmt::Debug for Connections<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connections").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use aws_sdk_dynamodb::Client;
    use aws_smithy_async::time::TimeSource;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::{TcpListener, TcpStream};
    use tokio::task::JoinSet;

    use super::*;
    use crate::Settings;

    /// The time of day, which goes on while the process is frozen: nothing else notices.
    #[derive(Clone, Debug)]
    struct Clock(Arc<Mutex<SystemTime>>);

    impl Clock {
        fn at(seconds: u64) -> Self {
            let time = SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
            Clock(Arc::new(Mutex::new(time)))
        }

        fn freeze(&self, milliseconds: u64) {
            *self.0.lock().unwrap() += Duration::from_millis(milliseconds);
        }

        fn set_back(&self, seconds: u64) {
            *self.0.lock().unwrap() -= Duration::from_secs(seconds);
        }
    }

    impl TimeSource for Clock {
        fn now(&self) -> SystemTime {
            *self.0.lock().unwrap()
        }
    }

    /// A server that takes everything, and counts who connects.
    struct Server {
        client: Client,
        clock: Clock,
        connected: Arc<AtomicUsize>,
    }

    impl Server {
        async fn start() -> Self {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let address = listener.local_addr().unwrap();
            let connected = Arc::new(AtomicUsize::new(0));
            let count = connected.clone();
            tokio::spawn(async move {
                while let Ok((stream, _)) = listener.accept().await {
                    count.fetch_add(1, Ordering::SeqCst);
                    tokio::spawn(answer(stream));
                }
            });
            let clock = Clock::at(1_800_000_000);
            let settings = Settings::emulated("things", format!("http://{address}"));
            let config = settings.client().unwrap().config().to_builder();
            let client = Client::from_conf(config.time_source(clock.clone()).build());
            Server {
                client,
                clock,
                connected,
            }
        }

        async fn ask(&self) {
            self.client.list_tables().send().await.expect("an answer");
        }

        fn connected(&self) -> usize {
            self.connected.load(Ordering::SeqCst)
        }
    }

    async fn answer(mut stream: TcpStream) -> std::io::Result<()> {
        loop {
            let mut seen = Vec::new();
            // A request of a list without any conditions ends with its braces.
            while !seen.ends_with(b"{}") {
                seen.push(stream.read_u8().await?);
            }
            let reply = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}";
            stream.write_all(reply).await?;
        }
    }

    #[tokio::test]
    async fn a_connection_that_was_idle_for_too_long_is_not_used_again() {
        let server = Server::start().await;
        let mut expected = 0;
        for (frozen_ms, anew) in [
            (0, true),
            (0, false),
            (1_000, false),
            (49_999, false),
            (49_999, false),
            (50_000, true),
            (0, false),
            (86_400_000, true),
            (0, false),
        ] {
            server.clock.freeze(frozen_ms);
            server.ask().await;
            expected += usize::from(anew);
            assert_eq!(server.connected(), expected, "after {frozen_ms} ms");
        }
    }

    #[tokio::test]
    async fn a_clock_that_was_set_back_vouches_for_no_connection() {
        let server = Server::start().await;
        server.ask().await;
        server.clock.set_back(3600);
        server.ask().await;
        assert_eq!(server.connected(), 2);
        server.ask().await;
        assert_eq!(server.connected(), 2);
    }

    #[test]
    fn of_all_who_ask_after_a_freeze_the_first_alone_makes_a_pool() {
        let made = AtomicUsize::new(0);
        let make = || {
            made.fetch_add(1, Ordering::SeqCst);
            aws_smithy_http_client::Builder::new().build_http()
        };
        let pool = Mutex::new(Pool {
            client: make(),
            used: None,
        });
        let connections = Connections { make: &make, pool };
        let clock = Clock::at(1_800_000_000);
        for (frozen_ms, expected) in [(0, 1), (49_999, 1), (60_000, 2), (0, 2), (0, 2)] {
            clock.freeze(frozen_ms);
            connections.client(|| clock.now());
            assert_eq!(made.load(Ordering::SeqCst), expected);
        }
    }

    #[tokio::test]
    async fn clones_of_a_client_share_their_connections_also_after_a_freeze() {
        let server = Arc::new(Server::start().await);
        server.ask().await;
        server.clock.freeze(60_000);
        let mut asking = JoinSet::new();
        for _ in 0..4 {
            let server = server.clone();
            asking.spawn(async move { server.ask().await });
        }
        asking.join_all().await;
        let connected = server.connected();
        assert!((2..=5).contains(&connected), "{connected}");
        server.client.clone().list_tables().send().await.unwrap();
        assert_eq!(server.connected(), connected);
    }
}
