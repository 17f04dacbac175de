//! The stores behind the servers.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use onlyif_cli::store::embedded::Embedded;

use super::deployed::Deployed;

/// A DynamoDB endpoint to put something in front of: the one that `ONLYIF_TEST_STORE` names, or an
/// embedded one of this test's own, which ends with this.
pub(crate) struct Backend {
    pub(crate) url: String,
    _own: Option<Embedded>,
}

impl Backend {
    pub(crate) async fn start() -> Self {
        if let Some(url) = Self::named() {
            return Backend { url, _own: None };
        }
        let own = Embedded::start(None).expect("a store in memory");
        Backend {
            url: own.url.clone(),
            _own: Some(own),
        }
    }

    /// What the environment asks to be tested against.
    pub(crate) fn named() -> Option<String> {
        std::env::var("ONLYIF_TEST_STORE")
            .ok()
            .filter(|url| !url.is_empty())
    }
}

/// How many may want one thing at once in transactions: all of them, or a few where a store or a
/// deployed API is named. AWS's own emulator lets hardly one of many transactions on the same items
/// through at a time; the one that runs functions starts a process for each call.
pub(crate) fn rivals(all: usize) -> usize {
    match Backend::named().is_some() || Deployed::named().is_some() {
        false => all,
        true => all.min(6),
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
