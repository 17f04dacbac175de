//! A store that is slow, silent or busy, in a time that goes by when everybody waits: to the
//! millisecond, on however busy a machine.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::RuntimeComponents;
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_types::body::SdkBody;
use onlyif::answer::DoneKind;
use onlyif::document::Document;
use onlyif::history::{Archive, Changes, Entry, Life};
use onlyif::item::{Claim, Item, Key, Partition};
use onlyif::plan::{Act, Condition, Effect, Plan, Planned, Write};
use onlyif::store::{Failure, Store, Written};
use onlyif::timestamp::Timestamp;
use tokio::time::{Instant, sleep};

use crate::table::UNAVAILABLE;
use crate::{Settings, Table};

/// What becomes of a request.
#[derive(Clone, Copy, Debug)]
enum Fate {
    /// Nothing.
    Hangs,
    /// The connection is closed at once.
    Reset,
    /// An answer, after so many milliseconds.
    After(u64, u16, &'static str),
}

use Fate::{After, Hangs, Reset};

const FOUND: &str = "{}";
const THROTTLED: &str = r#"{"__type": "x#ThrottlingException"}"#;
const IN_PROGRESS: &str = r#"{"__type": "x#TransactionInProgressException"}"#;
const CONFLICT: &str = r#"{"__type": "x#TransactionConflictException"}"#;

/// What becomes of each request; of those after the last, the same as of the last.
#[derive(Clone, Debug)]
struct Network {
    fates: Arc<Vec<Fate>>,
    /// When the requests were sent.
    sent: Arc<Mutex<Vec<Instant>>>,
}

impl Network {
    fn new(fates: &[Fate]) -> Self {
        Network {
            fates: Arc::new(fates.to_vec()),
            sent: Arc::default(),
        }
    }

    fn table(&self) -> Table {
        let settings = Settings::emulated("things", "http://127.0.0.1:1");
        let mut table = Table::connect(&settings).unwrap();
        let config = table.client.config().to_builder();
        table.client = Client::from_conf(config.http_client(self.clone()).build());
        table
    }

    fn sent(&self) -> Vec<Instant> {
        self.sent.lock().unwrap().clone()
    }

    /// How long it was from each request to the next.
    fn gaps(&self) -> Vec<Duration> {
        let sent = self.sent();
        sent.windows(2).map(|pair| pair[1] - pair[0]).collect()
    }
}

impl HttpClient for Network {
    fn http_connector(
        &self,
        _: &HttpConnectorSettings,
        _: &RuntimeComponents,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl HttpConnector for Network {
    fn call(&self, _: HttpRequest) -> HttpConnectorFuture {
        let mut sent = self.sent.lock().unwrap();
        let fate = self.fates[sent.len().min(self.fates.len() - 1)];
        sent.push(Instant::now());
        HttpConnectorFuture::new(async move {
            match fate {
                Hangs => std::future::pending().await,
                Reset => Err(ConnectorError::io("the connection is closed".into())),
                After(ms, status, body) => {
                    sleep(Duration::from_millis(ms)).await;
                    let status = status.try_into().unwrap();
                    Ok(HttpResponse::new(status, SdkBody::from(body)))
                }
            }
        })
    }
}

fn ms(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}

fn key(digest: &str) -> Key {
    Key::Unique {
        tenant: "-".into(),
        type_name: "things".into(),
        constraint: "name".into(),
        digest: digest.into(),
    }
}

/// Takes these unique values: of several, in a transaction.
fn taking(digests: &[&str]) -> Plan {
    let claim = || Item::Claim(Claim { owner: "r".into() });
    let write = |digest: &&str| Write {
        key: key(digest),
        condition: Condition::absent(),
        effect: Effect::Put(claim(), None),
    };
    Plan {
        writes: digests.iter().map(write).collect(),
        acts: vec![Act {
            key: key(digests[0]),
            along: false,
            kind: DoneKind::Created,
            merged: false,
            replayed: false,
            outcome: Planned::Deleted,
            stamp: String::new(),
        }],
    }
}

/// What may be asked any number of times, of each kind.
async fn ask(table: &Table, kind: &str) -> Result<(), Failure> {
    let partition = Partition {
        tenant: "-".into(),
        type_name: "things".into(),
        state: None,
        shard: 0,
    };
    let life = Life {
        key: key("a"),
        created_at: Timestamp::from_millis(0),
        incarnation: "9f2c1a7e".into(),
    };
    let entry = Entry {
        version: 1,
        by: "alice".into(),
        at: Timestamp::from_millis(0),
        operation: "create".into(),
        changes: Changes::Whole(Document::new()),
        expires_at_s: 1,
    };
    match kind {
        "one" => table.read(&[key("a")]).await.map(drop),
        "several" => table.read(&[key("a"), key("b")]).await.map(drop),
        "list" => table.list(&partition, None, 1).await.map(drop),
        "keep" => table.keep(&life, &entry).await,
        _ => table.entries(&life, None, 1).await.map(drop),
    }
}

const KINDS: [&str; 5] = ["one", "several", "list", "keep", "entries"];

/// What invocations may have left: the last too little for anything.
const BUDGETS_MS: [u64; 7] = [60_000, 9_700, 4_000, 1_000, 100, 20, 5];

#[tokio::test(start_paused = true)]
async fn an_answer_is_waited_for_as_long_as_an_attempt_may_take() {
    for (answered_ms, written) in [
        (0, Written::Done(None)),
        (1_999, Written::Done(None)),
        (2_001, Written::Unknown),
    ] {
        let network = Network::new(&[After(answered_ms, 200, FOUND)]);
        let start = Instant::now();
        let got = network.table().write(&taking(&["a"])).await;
        assert_eq!(got, written, "{answered_ms} ms");
        let took = start.elapsed();
        // The timer counts whole milliseconds, and never wakes anybody early.
        assert!(took <= ms(answered_ms.min(2_000) + 1), "{took:?}");
        assert_eq!(network.sent().len(), 1);
    }
    let late = Network::new(&[After(2_001, 200, FOUND), After(1_999, 200, FOUND)]);
    for kind in KINDS {
        late.sent.lock().unwrap().clear();
        assert_eq!(ask(&late.table(), kind).await, Ok(()), "{kind}");
        assert_eq!(late.sent().len(), 2, "{kind}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_write_that_hangs_leaves_as_much_time_to_look_as_it_took() {
    for budget_ms in BUDGETS_MS {
        for digests in [&["a"][..], &["a", "b"]] {
            let network = Network::new(&[Hangs]);
            let table = network.table().within(ms(budget_ms));
            let start = Instant::now();
            let written = table.write(&taking(digests)).await;
            let took = start.elapsed();
            if budget_ms < 20 {
                assert_eq!(written, Written::Failed(Failure::OutOfTime));
                assert_eq!(network.sent(), []);
                continue;
            }
            assert_eq!(written, Written::Unknown, "{budget_ms} ms");
            assert_eq!(network.sent().len(), 1, "{budget_ms} ms");
            let most = ms(2_000).min(ms(budget_ms) / 2) + ms(1);
            assert!(took <= most, "{budget_ms} ms: {took:?}");
            // And then the loop looks.
            assert_eq!(ask(&table, "one").await, Err(Failure::OutOfTime));
            let took = start.elapsed();
            assert!(took <= ms(budget_ms), "{budget_ms} ms: {took:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn what_hangs_is_asked_again_as_long_as_there_is_time() {
    for budget_ms in BUDGETS_MS {
        for kind in KINDS {
            let network = Network::new(&[Hangs]);
            let table = network.table().within(ms(budget_ms));
            let start = Instant::now();
            assert_eq!(ask(&table, kind).await, Err(Failure::OutOfTime), "{kind}");
            let took = start.elapsed();
            assert!(took <= ms(budget_ms), "{kind} {budget_ms} ms: {took:?}");
            let sent = network.sent().len();
            assert_eq!(usize::try_from(table.attempts()), Ok(sent));
            assert!((sent > 0) == (budget_ms >= 20), "{budget_ms} ms: {sent}");
            assert!((sent > 1) == (budget_ms >= 100), "{budget_ms} ms: {sent}");
            for gap in network.gaps() {
                assert!(gap <= ms(2_000 + 1_000 + 1), "{gap:?}");
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn several_operations_have_the_time_of_one_invocation() {
    fastrand::seed(5);
    let network = Network::new(&[Hangs]);
    let table = network.table().within(ms(9_700));
    let start = Instant::now();
    assert_eq!(table.write(&taking(&["a"])).await, Written::Unknown);
    assert_eq!(ask(&table, "several").await, Err(Failure::OutOfTime));
    let took = start.elapsed();
    assert!(ms(9_000) < took && took <= ms(9_700), "{took:?}");
    for kind in KINDS {
        assert_eq!(ask(&table, kind).await, Err(Failure::OutOfTime), "{kind}");
    }
    let took = start.elapsed();
    assert!(took <= ms(9_700), "{took:?}");
}

#[tokio::test(start_paused = true)]
async fn without_an_invocation_an_operation_takes_ten_seconds_at_most() {
    fastrand::seed(5);
    for kind in KINDS {
        let network = Network::new(&[Hangs]);
        let table = network.table();
        let start = Instant::now();
        assert_eq!(ask(&table, kind).await, Err(Failure::OutOfTime), "{kind}");
        let took = start.elapsed();
        assert!(ms(9_000) < took && took <= ms(10_000), "{kind}: {took:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn throttled_once_costs_the_wait_and_nothing_else() {
    fastrand::seed(5);
    let once = |status| Network::new(&[After(0, status, THROTTLED), After(0, 200, FOUND)]);
    let mut waits = Vec::new();
    for _ in 0..200 {
        for status in [400, 429] {
            let network = once(status);
            let start = Instant::now();
            let written = network.table().write(&taking(&["a"])).await;
            assert_eq!(written, Written::Done(None));
            waits.push(start.elapsed());
            // The answer came at once: all the time went by between the two requests.
            assert_eq!(network.gaps(), [start.elapsed()]);
        }
    }
    // Full jitter: anything from nothing to 25 ms, and as often less than half of that as more.
    let [least, most] = [waits.iter().min(), waits.iter().max()].map(|wait| *wait.unwrap());
    assert!(least <= ms(1), "{least:?}");
    assert!((ms(24)..=ms(26)).contains(&most), "{most:?}");
    let short = waits.iter().filter(|wait| **wait < ms(13)).count();
    assert!((160..=240).contains(&short), "{short} of {}", waits.len());
}

#[tokio::test(start_paused = true)]
async fn throttled_for_ever_is_asked_eight_times_each_wait_twice_as_long() {
    fastrand::seed(5);
    let limits = [25, 50, 100, 200, 400, 800, 1_000].map(ms);
    let mut longest = [Duration::ZERO; 7];
    for kind in ["write", "one", "several", "list", "keep", "entries"] {
        for _ in 0..40 {
            let network = Network::new(&[After(0, 400, THROTTLED)]);
            let table = network.table().within(ms(60_000));
            match kind {
                "write" => {
                    let written = table.write(&taking(&["a"])).await;
                    assert_eq!(written, Written::Failed(UNAVAILABLE));
                }
                kind => assert_eq!(ask(&table, kind).await, Err(UNAVAILABLE), "{kind}"),
            }
            assert_eq!(table.attempts(), 8, "{kind}");
            let gaps = network.gaps();
            assert_eq!(gaps.len(), limits.len(), "{kind}");
            for (place, gap) in gaps.into_iter().enumerate() {
                assert!(gap <= limits[place] + ms(1), "{kind} {place}: {gap:?}");
                longest[place] = longest[place].max(gap);
            }
        }
    }
    for (longest, limit) in longest.into_iter().zip(limits) {
        assert!(longest > limit * 9 / 10, "{longest:?} of {limit:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_wait_ends_before_the_time_does() {
    for budget_ms in BUDGETS_MS {
        for (fate, last) in [
            (
                After(10, 400, THROTTLED),
                vec![Written::Failed(UNAVAILABLE), Written::Unknown],
            ),
            (
                After(10, 400, CONFLICT),
                vec![Written::Contended, Written::Unknown],
            ),
            (After(10, 400, IN_PROGRESS), vec![Written::Unknown]),
        ] {
            let network = Network::new(&[fate]);
            let table = network.table().within(ms(budget_ms));
            let start = Instant::now();
            let written = table.write(&taking(&["a", "b"])).await;
            let took = start.elapsed();
            assert!(took <= ms(budget_ms), "{fate:?} {budget_ms} ms: {took:?}");
            if network.sent().is_empty() {
                assert_eq!(written, Written::Failed(Failure::OutOfTime));
            } else {
                assert!(last.contains(&written), "{fate:?}: {written:?}");
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_is_reset_is_no_reason_to_wait_longer() {
    let reset = Network::new(&[Reset, After(0, 200, FOUND)]);
    let start = Instant::now();
    assert_eq!(reset.table().write(&taking(&["a"])).await, Written::Unknown);
    assert_eq!(start.elapsed(), Duration::ZERO);
    assert_eq!(reset.sent().len(), 1);
    assert_eq!(ask(&reset.table(), "one").await, Ok(()));
    assert_eq!(start.elapsed(), Duration::ZERO);

    let reset = Network::new(&[Reset, After(0, 200, FOUND)]);
    let start = Instant::now();
    assert_eq!(ask(&reset.table(), "one").await, Ok(()));
    assert!(start.elapsed() <= ms(26), "{:?}", start.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_store_that_hangs_in_between_has_said_nothing_of_the_write() {
    for (fates, sent) in [
        (&[After(0, 400, THROTTLED), Hangs][..], 2),
        (&[After(0, 400, CONFLICT), Reset], 2),
        (&[After(0, 400, IN_PROGRESS), Hangs], 2),
        (&[After(0, 503, "busy")], 1),
        (&[After(0, 408, "slow")], 1),
    ] {
        let network = Network::new(fates);
        let table = network.table().within(ms(9_700));
        let written = table.write(&taking(&["a", "b"])).await;
        assert_eq!(written, Written::Unknown, "{fates:?}");
        assert_eq!(network.sent().len(), sent, "{fates:?}");
        assert_eq!(usize::try_from(table.attempts()), Ok(sent));
    }
}

#[tokio::test(start_paused = true)]
async fn each_invocation_counts_for_itself_and_clones_of_its_store_with_it() {
    let network = Network::new(&[After(0, 200, FOUND)]);
    let table = network.table();
    let (first, second) = (table.within(ms(100)), table.within(ms(100)));
    assert_eq!(ask(&first, "one").await, Ok(()));
    assert_eq!(ask(&first.clone(), "list").await, Ok(()));
    assert_eq!(second.write(&taking(&["a"])).await, Written::Done(None));
    let counts = [&first, &second, &first.within(ms(100))].map(Table::attempts);
    assert_eq!(counts, [2, 1, 0]);
}
