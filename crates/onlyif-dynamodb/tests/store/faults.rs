//! A store that hangs, closes connections, or leaves out what it was asked for.

use std::time::Duration;

use onlyif::store::{Failure, Store, Written};
use onlyif_dynamodb::{Settings, Table};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::time::timeout;

use crate::answers::{AMPLE, unavailable};
use crate::samples::{claim, key, partition, single, unique_key};
use crate::server::Reply::{Answer, Close, Hang};
use crate::server::{Server, done, error};

#[tokio::test]
async fn a_store_that_hangs_is_given_up() {
    let server = Server::start(vec![Hang]).await;
    let table = || server.table.within(Duration::from_millis(600));
    assert_eq!(table().write(&single()).await, Written::Unknown);
    assert_eq!(table().read(&[key("r")]).await, Err(Failure::OutOfTime));
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
    // Each is an invocation of its own, and counts for itself.
    let (writing, reading) = (table.within(AMPLE), table.within(AMPLE));
    let written = writing.write(&single()).await;
    assert_eq!(written, Written::Failed(unavailable()));
    assert_eq!(reading.read(&[key("r")]).await, Err(unavailable()));
    assert_eq!((writing.attempts(), reading.attempts()), (8, 8));
}

#[tokio::test]
async fn where_nobody_answers_to_a_connection_nothing_is_written() {
    let socket = TcpSocket::new_v4().expect("a socket");
    let anywhere = "127.0.0.1:0".parse().expect("an address");
    socket.bind(anywhere).expect("a free port");
    let listener = socket.listen(1).expect("to listen");
    let address = listener.local_addr().expect("its address");
    // Nobody is let in: once the queue is full, whoever comes is not even answered.
    let mut queue = Vec::new();
    let full = loop {
        match timeout(Duration::from_millis(300), TcpStream::connect(address)).await {
            Ok(waiting) => queue.push(waiting.expect("a place in the queue")),
            Err(full) => break full,
        }
    };
    assert!(queue.len() < 10, "{full}");
    let settings = Settings::emulated("things", format!("http://{address}"));
    let table = Table::connect(&settings).expect("a client");
    // The first try ends after the second that a connection has. The next one would have less.
    let table = table.within(Duration::from_secs(3));
    let written = table.write(&single()).await;
    assert_eq!(written, Written::Failed(unavailable()));
    assert_eq!(table.attempts(), 1);
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
async fn warming_up_makes_the_connection_and_ignores_the_answer() {
    for reply in [error(400, "AccessDeniedException"), Close] {
        let server = Server::start(vec![reply]).await;
        server.table.warm_up().await;
        assert_eq!(server.asked().len(), 1);
    }
}
