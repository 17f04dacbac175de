//! Why a transaction was cancelled: a reason for each of its writes, at its place, and they may be
//! of several kinds.

use onlyif::plan::Condition;
use onlyif::store::{Failure, Store, Written};
use tokio::task::JoinSet;

use crate::answers::{AMPLE, unavailable};
use crate::samples::{claim, double, plan, putting, unique_key, write};
use crate::server::Reply::Close;
use crate::server::{Server, cancelled, cancelled_with, done, error};

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
        // The token was of another transaction, or of this one: nobody can say.
        (
            vec![
                in_progress(),
                error(400, "IdempotentParameterMismatchException"),
            ],
            Written::Unknown,
            2,
        ),
        (
            vec![in_progress(), cancelled(&["TransactionConflict", "None"])],
            Written::Unknown,
            8,
        ),
        (
            vec![
                in_progress(),
                cancelled(&["None", "ConditionalCheckFailed"]),
            ],
            Written::Refused(vec![(key("b"), None)]),
            2,
        ),
        (
            vec![cancelled(&["None", "AccessDenied"])],
            failed(Failure::Defect),
            1,
        ),
        (vec![cancelled(&[])], failed(Failure::Defect), 1),
        (vec![Close, done()], Written::Unknown, 1),
    ] {
        let server = Server::start(script.clone()).await;
        let table = server.table.within(AMPLE);
        let got = table.write(&double()).await;
        assert_eq!((got, server.asked().len()), (written, times), "{script:?}");
        assert_eq!(usize::try_from(table.attempts()), Ok(times), "{script:?}");
    }
}

/// What says most of the data counts: a condition, then what can never be, then what can only be
/// waited for.
#[tokio::test]
async fn of_mixed_reasons_the_one_that_says_most_counts_wherever_it_stands() {
    let outcome = |reason| match reason {
        "AccessDenied" => Written::Failed(Failure::Defect),
        "ValidationError" => Written::TooMuch,
        "ThrottlingError" => Written::Failed(unavailable()),
        _ => Written::Contended,
    };
    let ranked = [
        "ConditionalCheckFailed",
        "AccessDenied",
        "ValidationError",
        "ThrottlingError",
        "TransactionConflict",
        "None",
    ];
    let mut running = JoinSet::new();
    for (rank, first) in ranked.into_iter().enumerate() {
        for other in &ranked[rank + 1..] {
            for reasons in [[first, other], [other, first]] {
                let refused = |digest| Written::Refused(vec![(unique_key(digest), None)]);
                let expected = match reasons {
                    ["ConditionalCheckFailed", _] => refused("a"),
                    [_, "ConditionalCheckFailed"] => refused("b"),
                    _ => outcome(first),
                };
                running.spawn(async move {
                    let server = Server::start(vec![cancelled(&reasons)]).await;
                    let written = server.table.within(AMPLE).write(&double()).await;
                    assert_eq!(written, expected, "{reasons:?}");
                });
            }
        }
    }
    running.join_all().await;
}

#[tokio::test]
async fn each_image_belongs_to_the_write_at_its_place() {
    let owned = |digest: &str, owner: &str| {
        let key = format!(r##""pk": {{"S": "-#things!name#{digest}"}}, "sk": {{"S": "#"}}"##);
        format!(r#"{{{key}, "owner": {{"S": "{owner}"}}}}"#)
    };
    let server = Server::start(vec![cancelled_with(&[
        ("None", None),
        ("ConditionalCheckFailed", Some(owned("b", "second"))),
        ("TransactionConflict", None),
        ("ConditionalCheckFailed", None),
        // Of a key that was not there the image may be empty.
        ("ConditionalCheckFailed", Some("{}".to_owned())),
        ("ConditionalCheckFailed", Some(owned("f", "sixth"))),
    ])])
    .await;
    let digests = ["a", "b", "c", "d", "e", "f"];
    let writes = digests.map(|digest| {
        let new = putting(claim("r"), None);
        write(&unique_key(digest), Condition::absent(), new)
    });

    let written = server.table.write(&plan(writes.into())).await;

    let refused = [
        ("b", Some(claim("second"))),
        ("d", None),
        ("e", None),
        ("f", Some(claim("sixth"))),
    ];
    let refused = refused.map(|(digest, item)| (unique_key(digest), item));
    assert_eq!(written, Written::Refused(refused.into()));
}
