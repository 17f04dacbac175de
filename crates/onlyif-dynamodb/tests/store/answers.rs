//! What the store's answers mean, and how often it is asked.

use std::time::Duration;

use onlyif::item::{Attribute, Key, Operand};
use onlyif::plan::{Assignment, Comparator, Condition, Effect, Write};
use onlyif::store::{Failure, Store, Written};
use serde_json::Value;

use crate::samples::{claim, double, key, plan, putting, single, write};
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

/// A condition and a change that name several attributes and values.
fn changed(of: &Key) -> Write {
    let state = |text: &str| Operand::Value(text.into());
    let condition = Condition::All(vec![
        Condition::Compare(Attribute::State, Comparator::Equal, state("on")),
        Condition::Compare(
            Attribute::Version,
            Comparator::Equal,
            Operand::Value(3.into()),
        ),
    ]);
    let change = vec![
        Assignment::Set(Attribute::State, state("off")),
        Assignment::Count(Attribute::Version, 1),
        Assignment::Remove(Attribute::PreviousAt),
    ];
    write(of, condition, Effect::Update(change))
}

#[tokio::test]
async fn what_is_sent_again_is_the_same_request() {
    let throttled = || error(400, "ThrottlingException");
    let in_progress = || error(400, "TransactionInProgressException");
    let conflict = || cancelled(&["TransactionConflict", "None", "None"]);
    let mut several = double();
    several.writes.push(changed(&key("r")));
    for (plan, setbacks) in [
        (single(), [throttled(), throttled()]),
        (plan(vec![changed(&key("r"))]), [throttled(), throttled()]),
        (several, [in_progress(), conflict()]),
    ] {
        let server = Server::start(setbacks.into_iter().chain([done()]).collect()).await;
        server.table.write(&plan).await;
        let asked = server.asked();
        let bodies: Vec<Value> = asked.iter().map(|body| read(body)).collect();
        assert_eq!((&bodies[1], &bodies[2]), (&bodies[0], &bodies[0]));
    }
}

#[tokio::test]
async fn a_transaction_is_known_by_all_that_it_asks() {
    let first = Server::start(vec![done()]).await;
    first.table.write(&double()).await;
    let token = |server: &Server| read(&server.asked()[0])["ClientRequestToken"].clone();
    let known = token(&first);
    let digits = known.as_str().expect("a token");
    assert!(digits.len() == 32 && digits.bytes().all(|b| b.is_ascii_hexdigit()));

    let other = Server::start(vec![done()]).await;
    let mut plan = double();
    plan.writes[1].effect = putting(claim("other"), None);
    other.table.write(&plan).await;
    assert_ne!(token(&other), known);
}

fn read(body: &str) -> Value {
    serde_json::from_str(body).expect("JSON")
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
