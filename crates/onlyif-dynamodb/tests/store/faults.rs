//! A server that fails in every way: what the store makes of it, and how often it asks.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use onlyif::item::Item;
use onlyif::plan::{Condition, Effect, Plan};
use onlyif::store::{Failure, Store, Written};
use onlyif_dynamodb::{Settings, Table};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::samples::{self, always, claim, key, partition, plan, putting, unique_key, write};

/// What the server does with a request.
#[derive(Clone, Debug)]
enum Reply {
    /// A status and a body.
    Answer(u16, String),
    /// Nothing, for ever.
    Hang,
    /// The connection is closed without an answer.
    Close,
    /// Half of an answer, then the connection is closed.
    Half,
}

use Reply::{Answer, Close, Half, Hang};

fn error(status: u16, code: &str) -> Reply {
    Answer(
        status,
        format!(r#"{{"__type": "com.amazonaws.dynamodb.v20120810#{code}", "message": "m"}}"#),
    )
}

fn cancelled(reasons: &[&str]) -> Reply {
    let reasons: Vec<_> = reasons
        .iter()
        .map(|code| format!(r#"{{"Code": "{code}", "Message": "m"}}"#))
        .collect();
    Answer(
        400,
        format!(
            r#"{{"__type": "com.amazonaws.dynamodb.v20120810#TransactionCanceledException",
                "Message": "m", "CancellationReasons": [{}]}}"#,
            reasons.join(",")
        ),
    )
}

fn done() -> Reply {
    Answer(200, "{}".into())
}

/// A server with a script: its last reply is given again and again.
struct Server {
    table: Table,
    /// The bodies of the requests so far.
    asked: Arc<Mutex<Vec<String>>>,
}

impl Server {
    async fn start(script: Vec<Reply>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("its address");
        let asked = Arc::new(Mutex::new(Vec::new()));
        let script = Arc::new(script);
        let log = asked.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, script.clone(), log.clone()));
            }
        });
        let settings = Settings::emulated("things", format!("http://{address}"));
        let table = Table::connect(&settings).expect("a client");
        Server { table, asked }
    }

    fn asked(&self) -> Vec<String> {
        self.asked.lock().expect("no panic").clone()
    }
}

async fn serve(mut stream: TcpStream, script: Arc<Vec<Reply>>, log: Arc<Mutex<Vec<String>>>) {
    while let Some(body) = receive(&mut stream).await {
        let reply = {
            let mut log = log.lock().expect("no panic");
            log.push(body);
            script[(log.len() - 1).min(script.len() - 1)].clone()
        };
        let sent = match reply {
            Answer(status, body) => {
                let length = body.len();
                let head = format!("HTTP/1.1 {status} x\r\ncontent-length: {length}\r\n\r\n");
                stream.write_all((head + &body).as_bytes()).await
            }
            Hang => std::future::pending().await,
            Close => return,
            Half => {
                let half = b"HTTP/1.1 200 x\r\ncontent-length: 100\r\n\r\n{\"Attr";
                let _ = stream.write_all(half).await;
                return;
            }
        };
        if sent.is_err() {
            return;
        }
    }
}

/// The body of the next request on this connection.
async fn receive(stream: &mut TcpStream) -> Option<String> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.ok()?);
    }
    let head = String::from_utf8(head).ok()?.to_lowercase();
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length:"))?;
    let mut body = vec![0; length.trim().parse().ok()?];
    stream.read_exact(&mut body).await.ok()?;
    String::from_utf8(body).ok()
}

fn single() -> Plan {
    let new = putting(Item::Resource(samples::resource()), None);
    plan(vec![write(&key("r"), Condition::absent(), new)])
}

fn double() -> Plan {
    plan(vec![
        write(&unique_key("a"), always(), putting(claim("r"), None)),
        write(&unique_key("b"), always(), Effect::Delete),
    ])
}

fn unavailable() -> Failure {
    Failure::Unavailable {
        retry_after_ms: 1000,
    }
}

/// Longer than any wait of a test that does not run out of time.
const AMPLE: Duration = Duration::from_secs(30);

#[tokio::test]
async fn a_write_ends_as_the_answers_say_and_is_sent_as_often_as_is_safe() {
    let throttled = || error(400, "ProvisionedThroughputExceededException");
    let conflict = || error(400, "TransactionConflictException");
    let failed = |failure| Written::Failed(failure);
    for (script, written, times) in [
        (vec![done()], Written::Done(None), 1),
        (vec![throttled(), done()], Written::Done(None), 2),
        (
            vec![error(400, "ThrottlingException"), done()],
            Written::Done(None),
            2,
        ),
        (
            vec![error(400, "RequestLimitExceeded"), done()],
            Written::Done(None),
            2,
        ),
        (vec![throttled()], failed(unavailable()), 8),
        (vec![conflict(), conflict(), done()], Written::Done(None), 3),
        (
            vec![error(400, "ReplicatedWriteConflictException"), done()],
            Written::Done(None),
            2,
        ),
        (vec![conflict()], Written::Contended, 8),
        (vec![throttled(), Close, done()], Written::Unknown, 2),
        (
            vec![error(500, "InternalServerError"), done()],
            Written::Unknown,
            1,
        ),
        (
            vec![Answer(503, "busy".into()), done()],
            Written::Unknown,
            1,
        ),
        (vec![Close, done()], Written::Unknown, 1),
        (vec![Half, done()], Written::Unknown, 1),
        (
            vec![Answer(200, "<html>".into()), done()],
            Written::Unknown,
            1,
        ),
        (vec![error(400, "ValidationException")], Written::TooMuch, 1),
        (
            vec![error(400, "AccessDeniedException")],
            failed(Failure::Defect),
            1,
        ),
        (
            vec![error(400, "ResourceNotFoundException")],
            failed(Failure::Defect),
            1,
        ),
        (
            vec![error(400, "ItemCollectionSizeLimitExceededException")],
            failed(Failure::Defect),
            1,
        ),
        (
            vec![Answer(400, "no JSON".into())],
            failed(Failure::Defect),
            1,
        ),
    ] {
        let server = Server::start(script.clone()).await;
        let table = server.table.within(AMPLE);
        let got = table.write(&single()).await;
        assert_eq!((got, server.asked().len()), (written, times), "{script:?}");
        assert_eq!(usize::try_from(table.attempts()), Ok(times), "{script:?}");
    }
}

#[tokio::test]
async fn a_transaction_ends_as_its_reasons_say() {
    let failed = |failure| Written::Failed(failure);
    let in_progress = || error(400, "TransactionInProgressException");
    let key = |digest| unique_key(digest);
    for (script, written, times) in [
        (vec![done()], Written::Done(None), 1),
        (
            vec![cancelled(&[
                "TransactionConflict",
                "ConditionalCheckFailed",
            ])],
            Written::Refused(vec![(key("b"), None)]),
            1,
        ),
        (
            vec![cancelled(&["ConditionalCheckFailed", "ThrottlingError"])],
            Written::Refused(vec![(key("a"), None)]),
            1,
        ),
        (
            vec![cancelled(&["TransactionConflict", "None"]), done()],
            Written::Done(None),
            2,
        ),
        (
            vec![cancelled(&["None", "TransactionConflict"])],
            Written::Contended,
            8,
        ),
        (
            vec![cancelled(&["TransactionConflict", "ThrottlingError"])],
            failed(unavailable()),
            8,
        ),
        (
            vec![
                cancelled(&["None", "ProvisionedThroughputExceeded"]),
                done(),
            ],
            Written::Done(None),
            2,
        ),
        (
            vec![cancelled(&["ValidationError", "TransactionConflict"])],
            Written::TooMuch,
            1,
        ),
        (
            vec![cancelled(&["None", "ItemCollectionSizeLimitExceeded"])],
            failed(Failure::Defect),
            1,
        ),
        // A condition was refused at a place that the plan does not have.
        (
            vec![cancelled(&["None", "None", "ConditionalCheckFailed"])],
            failed(Failure::Defect),
            1,
        ),
        (
            vec![in_progress(), in_progress(), done()],
            Written::Done(None),
            3,
        ),
        (vec![in_progress()], Written::Unknown, 8),
        (
            vec![in_progress(), error(400, "ThrottlingException")],
            Written::Unknown,
            8,
        ),
        (
            vec![in_progress(), error(400, "AccessDeniedException")],
            Written::Unknown,
            2,
        ),
        (
            vec![error(400, "IdempotentParameterMismatchException")],
            failed(Failure::Defect),
            1,
        ),
        (vec![Close, done()], Written::Unknown, 1),
    ] {
        let server = Server::start(script.clone()).await;
        let table = server.table.within(AMPLE);
        let got = table.write(&double()).await;
        assert_eq!((got, server.asked().len()), (written, times), "{script:?}");
        assert_eq!(usize::try_from(table.attempts()), Ok(times), "{script:?}");
    }
}

#[tokio::test]
async fn what_is_sent_again_is_the_same_request() {
    let script = vec![
        error(400, "TransactionInProgressException"),
        cancelled(&["TransactionConflict", "None"]),
        done(),
    ];
    let server = Server::start(script).await;
    server.table.write(&double()).await;
    let asked = server.asked();
    let token = |body: &str| {
        let request: serde_json::Value = serde_json::from_str(body).expect("JSON");
        request["ClientRequestToken"]
            .as_str()
            .expect("a token")
            .to_owned()
    };
    let tokens: Vec<_> = asked.iter().map(|body| token(body)).collect();
    assert_eq!(tokens, [tokens[0].as_str(); 3]);
    assert!(tokens[0].len() == 32 && tokens[0].bytes().all(|b| b.is_ascii_hexdigit()));

    let other = Server::start(vec![done()]).await;
    let mut plan = double();
    plan.writes[1].effect = putting(claim("other"), None);
    other.table.write(&plan).await;
    assert_ne!(token(&other.asked()[0]), tokens[0]);
}

#[tokio::test]
async fn a_store_that_hangs_is_answered_within_the_budget() {
    let budget = Duration::from_millis(600);
    // How late a busy machine may wake us.
    let late = Duration::from_millis(200);
    let server = Server::start(vec![Hang]).await;
    let table = || server.table.within(budget);
    let start = Instant::now();
    assert_eq!(table().write(&single()).await, Written::Unknown);
    assert!(start.elapsed() < budget / 2 + late, "{:?}", start.elapsed());

    let start = Instant::now();
    assert_eq!(table().read(&[key("r")]).await, Err(Failure::OutOfTime));
    assert!(start.elapsed() < budget + late, "{:?}", start.elapsed());
    let several = [key("r"), key("s")];
    assert_eq!(table().read(&several).await, Err(Failure::OutOfTime));
    let listed = table().list(&partition(None), None, 1).await;
    assert_eq!(listed, Err(Failure::OutOfTime));
}

#[tokio::test]
async fn after_a_write_that_hangs_there_is_time_to_look() {
    let server = Server::start(vec![Hang, Answer(200, "{}".into())]).await;
    let table = server.table.within(Duration::from_secs(1));
    assert_eq!(table.write(&single()).await, Written::Unknown);
    assert_eq!(table.read(&[key("r")]).await, Ok(vec![(key("r"), None)]));
}

#[tokio::test]
async fn without_time_nothing_is_sent() {
    let server = Server::start(vec![done()]).await;
    let table = server.table.within(Duration::ZERO);
    let out_of_time = Failure::OutOfTime;
    assert_eq!(table.write(&single()).await, Written::Failed(out_of_time));
    assert_eq!(table.read(&[key("r")]).await, Err(out_of_time));
    assert_eq!(
        table.list(&partition(None), None, 1).await,
        Err(out_of_time)
    );
    assert_eq!(server.asked(), [""; 0]);
}

#[tokio::test]
async fn where_nobody_listens_nothing_is_written() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("its address");
    drop(listener);
    let settings = Settings::emulated("things", format!("http://{address}"));
    let table = Table::connect(&settings).expect("a client");
    // Each is an invocation of its own: the first may use up its time with waiting.
    let table = || table.within(Duration::from_millis(500));
    let unavailable = unavailable();
    assert_eq!(table().write(&single()).await, Written::Failed(unavailable));
    assert_eq!(table().read(&[key("r")]).await, Err(unavailable));
}

#[tokio::test]
async fn a_read_asks_until_it_is_answered() {
    let found = || Answer(200, "{}".into());
    for (script, read, times) in [
        (vec![found()], Ok(()), 1),
        (vec![error(500, "InternalServerError"), found()], Ok(()), 2),
        (
            vec![Close, Half, Answer(200, "<html>".into()), found()],
            Ok(()),
            4,
        ),
        (vec![error(400, "ThrottlingException"), found()], Ok(()), 2),
        (
            vec![error(400, "ThrottlingException")],
            Err(unavailable()),
            8,
        ),
        (vec![Answer(503, "busy".into())], Err(unavailable()), 8),
        (
            vec![error(400, "AccessDeniedException")],
            Err(Failure::Defect),
            1,
        ),
        (
            vec![error(400, "ValidationException")],
            Err(Failure::Defect),
            1,
        ),
        (
            vec![Answer(200, r#"{"Item": {"pk": {"S": "x"}}}"#.into())],
            Err(Failure::Defect),
            1,
        ),
    ] {
        let server = Server::start(script.clone()).await;
        let got = server.table.within(AMPLE).read(&[key("r")]).await;
        assert_eq!(
            (got.map(|_| ()), server.asked().len()),
            (read, times),
            "{script:?}"
        );
    }
}

#[tokio::test]
async fn items_that_a_batch_leaves_out_are_asked_for_again() {
    let item = |digest: &str| {
        format!(
            r##"{{"pk": {{"S": "-#things!name#{digest}"}}, "sk": {{"S": "#"}}, "owner": {{"S": "r"}}}}"##
        )
    };
    let left_out = r##"{"Keys": [{"pk": {"S": "-#things!name#b"}, "sk": {"S": "#"}}]}"##;
    let part = |digest, left_out: &str| {
        let item = item(digest);
        Answer(
            200,
            format!(
                r#"{{"Responses": {{"things": [{item}]}}, "UnprocessedKeys": {{{left_out}}}}}"#
            ),
        )
    };
    let first = part("a", &format!(r#""things": {left_out}"#));
    let server = Server::start(vec![first, part("b", "")]).await;
    let keys = [unique_key("a"), unique_key("b")];

    let read = server.table.within(AMPLE).read(&keys).await;

    let expected = keys.map(|key| (key, Some(claim("r"))));
    assert_eq!(read, Ok(expected.to_vec()));
    let asked = server.asked();
    assert_eq!(asked.len(), 2);
    assert!(!asked[1].contains("name#a"), "{}", asked[1]);
    assert!(
        asked[1].contains(r#""ConsistentRead":true"#),
        "{}",
        asked[1]
    );
}

#[tokio::test]
async fn a_batch_that_is_never_whole_is_unavailable() {
    let never = Answer(
        200,
        r##"{"Responses": {}, "UnprocessedKeys": {"things": {"Keys":
            [{"pk": {"S": "-#things!name#b"}, "sk": {"S": "#"}}]}}}"##
            .into(),
    );
    let server = Server::start(vec![never]).await;
    let keys = [unique_key("a"), unique_key("b")];
    let read = server.table.within(AMPLE).read(&keys).await;
    assert_eq!(read, Err(unavailable()));
    assert_eq!(server.asked().len(), 8);
}

#[tokio::test]
async fn an_image_that_is_none_of_ours_is_a_defect() {
    let image = r#"{"pk": {"S": "x"}, "sk": {"S": "y"}}"#;
    let refused = Answer(
        400,
        format!(r#"{{"__type": "x#ConditionalCheckFailedException", "Item": {image}}}"#),
    );
    let server = Server::start(vec![refused]).await;
    let written = server.table.write(&single()).await;
    assert_eq!(written, Written::Failed(Failure::Defect));
}

#[tokio::test]
async fn warming_up_makes_the_connection_and_ignores_the_answer() {
    for reply in [error(400, "AccessDeniedException"), Close] {
        let server = Server::start(vec![reply]).await;
        server.table.warm_up().await;
        assert_eq!(server.asked().len(), 1);
    }
}
