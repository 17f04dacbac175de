//! What the store's answers mean, and how often it is asked.

use std::time::Duration;

use onlyif::store::{Failure, Store, Written};

use crate::samples::{claim, double, key, putting, single};
use crate::server::Reply::{Answer, Close, Half, Reset};
use crate::server::{Server, cancelled, done, error};

pub(crate) fn unavailable() -> Failure {
    Failure::Unavailable {
        retry_after_ms: 1000,
    }
}

/// Longer than any wait of a test that does not run out of time.
pub(crate) const AMPLE: Duration = Duration::from_secs(30);

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
            vec![Answer(429, "busy".into()), done()],
            Written::Done(None),
            2,
        ),
        (vec![Answer(429, "busy".into())], failed(unavailable()), 8),
        (
            vec![Answer(408, "slow".into()), done()],
            Written::Unknown,
            1,
        ),
        (
            vec![Answer(503, "busy".into()), done()],
            Written::Unknown,
            1,
        ),
        (vec![Close, done()], Written::Unknown, 1),
        (vec![Reset, done()], Written::Unknown, 1),
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
async fn a_read_asks_until_it_is_answered() {
    let found = || Answer(200, "{}".into());
    for (script, read, times) in [
        (vec![found()], Ok(()), 1),
        (vec![error(500, "InternalServerError"), found()], Ok(()), 2),
        (
            vec![Close, Reset, Half, Answer(200, "<html>".into()), found()],
            Ok(()),
            5,
        ),
        (vec![error(400, "ThrottlingException"), found()], Ok(()), 2),
        (
            vec![error(400, "ThrottlingException")],
            Err(unavailable()),
            8,
        ),
        (vec![Answer(503, "busy".into())], Err(unavailable()), 8),
        (vec![Answer(429, "busy".into()), found()], Ok(()), 2),
        (vec![Answer(408, "slow".into()), found()], Ok(()), 2),
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
        let table = server.table.within(AMPLE);
        let got = table.read(&[key("r")]).await;
        assert_eq!(usize::try_from(table.attempts()), Ok(times), "{script:?}");
        assert_eq!(
            (got.map(|_| ()), server.asked().len()),
            (read, times),
            "{script:?}"
        );
    }
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
