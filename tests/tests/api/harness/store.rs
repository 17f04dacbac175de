//! The stores behind the servers.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use tokio::net::TcpListener;

/// A DynamoDB endpoint to put something in front of: the one that `ONLYIF_TEST_STORE` names, or an
/// embedded one of this test's own.
pub(crate) struct Backend {
    pub(crate) url: String,
}

impl Backend {
    pub(crate) async fn start() -> Self {
        if let Some(url) = Self::named() {
            return Backend { url };
        }
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let database = dynoxide::Database::memory().expect("a store in memory");
        tokio::spawn(dynoxide::server::serve_on(listener, database));
        Backend { url }
    }

    /// What the environment asks to be tested against.
    pub(crate) fn named() -> Option<String> {
        std::env::var("ONLYIF_TEST_STORE")
            .ok()
            .filter(|url| !url.is_empty())
    }
}

/// A table's name that no other test server has, in this run or an earlier one.
pub(crate) fn table() -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .expect("after 1970");
    let next = NEXT.fetch_add(1, Ordering::Relaxed);
    format!(
        "onlyif-test-{}-{}-{next}",
        since.as_micros(),
        std::process::id()
    )
}
