//! What a failed request says of the data.
//!
//! Answers are told apart by their types and codes, never by the text of a message.
//! <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Programming.Errors.html> and
//! <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html>
//! list them.

use std::error::Error;

use aws_sdk_dynamodb::config::http::HttpResponse;
use aws_sdk_dynamodb::error::{BuildError, ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::operation::delete_item::DeleteItemError;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::CancellationReason;
use aws_smithy_types::error::display::DisplayErrorContext;

use crate::item::Attributes;

/// Why a write did not happen, or may not have.
#[derive(Debug)]
pub(crate) enum Refusal {
    /// Conditions did not hold: of the writes at these places, with the items as they were.
    Conditions(Vec<(usize, Option<Attributes>)>),
    /// Something else.
    Setback(Setback),
}

/// Why a request was not answered as asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Setback {
    /// No connection could be made: nothing was sent.
    NotSent,
    /// It was sent, and nobody can say what became of it.
    Unanswered,
    /// Not done: more is asked than is granted just now.
    Throttled,
    /// Not done: another write had the item.
    Conflict,
    /// The same transaction is being carried out.
    InProgress,
    /// Not done: what it asks for cannot be held, or cannot be asked.
    Invalid,
    /// Not done, and never will be: a defect of ours or of the deployment.
    Defect,
}

/// What stood against a `PutItem`.
pub(crate) fn of_put(error: SdkError<PutItemError, HttpResponse>) -> Refusal {
    match error.as_service_error() {
        Some(PutItemError::ConditionalCheckFailedException(refused)) => one(&refused.item),
        _ => Refusal::Setback(setback(&error)),
    }
}

/// What stood against an `UpdateItem`.
pub(crate) fn of_update(error: SdkError<UpdateItemError, HttpResponse>) -> Refusal {
    match error.as_service_error() {
        Some(UpdateItemError::ConditionalCheckFailedException(refused)) => one(&refused.item),
        _ => Refusal::Setback(setback(&error)),
    }
}

/// What stood against a `DeleteItem`.
pub(crate) fn of_delete(error: SdkError<DeleteItemError, HttpResponse>) -> Refusal {
    match error.as_service_error() {
        Some(DeleteItemError::ConditionalCheckFailedException(refused)) => one(&refused.item),
        _ => Refusal::Setback(setback(&error)),
    }
}

/// What stood against a `TransactWriteItems`.
pub(crate) fn of_transaction(error: SdkError<TransactWriteItemsError, HttpResponse>) -> Refusal {
    match error.as_service_error() {
        Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) => {
            reasons(cancelled.cancellation_reasons())
        }
        _ => Refusal::Setback(setback(&error)),
    }
}

/// A request that our own client would not build.
pub(crate) fn unbuilt(error: BuildError) -> Refusal {
    tracing::error!(error = %DisplayErrorContext(&error), "the store's request could not be built");
    Refusal::Setback(Setback::Defect)
}

fn one(item: &Option<Attributes>) -> Refusal {
    Refusal::Conditions(vec![(0, image(item))])
}

/// An item that was not there comes as none, or as one without attributes.
fn image(item: &Option<Attributes>) -> Option<Attributes> {
    item.clone().filter(|attributes| !attributes.is_empty())
}

/// The reasons of a cancelled transaction, each at the place of its write. They may be mixed: a
/// condition that did not hold counts before all else, for it is worth explaining; a conflict
/// counts last, for waiting for it is of no use where something else stands in the way.
fn reasons(reasons: &[CancellationReason]) -> Refusal {
    let mut refused = Vec::new();
    let mut setbacks = Vec::new();
    for (place, reason) in reasons.iter().enumerate() {
        match reason.code().unwrap_or("None") {
            "None" => {}
            "ConditionalCheckFailed" => refused.push((place, image(&reason.item))),
            "ValidationError" => setbacks.push((1, Setback::Invalid)),
            "ThrottlingError" | "ProvisionedThroughputExceeded" => {
                setbacks.push((2, Setback::Throttled));
            }
            "TransactionConflict" => setbacks.push((3, Setback::Conflict)),
            code => {
                tracing::error!(
                    code,
                    message = reason.message(),
                    "a transaction was cancelled"
                );
                setbacks.push((0, Setback::Defect));
            }
        }
    }
    if !refused.is_empty() {
        return Refusal::Conditions(refused);
    }
    let first = setbacks.into_iter().min_by_key(|(rank, _)| *rank);
    Refusal::Setback(match first {
        Some((_, Setback::Invalid)) => {
            let messages: Vec<_> = reasons.iter().filter_map(|r| r.message()).collect();
            tracing::warn!(
                ?messages,
                "the store would not hold what a transaction makes"
            );
            Setback::Invalid
        }
        Some((_, setback)) => setback,
        None => Setback::Defect,
    })
}

/// What the failure of a request says, of whichever operation.
pub(crate) fn setback<E>(error: &SdkError<E, HttpResponse>) -> Setback
where
    E: Error + ProvideErrorMetadata + 'static,
{
    let setback = match error {
        SdkError::ConstructionFailure(_) => Setback::Defect,
        SdkError::DispatchFailure(_) if never_connected(error) => Setback::NotSent,
        SdkError::ServiceError(refused) => {
            answered(refused.err().code(), refused.raw().status().as_u16())
        }
        _ => Setback::Unanswered,
    };
    match setback {
        Setback::Defect => {
            tracing::error!(error = %DisplayErrorContext(error), "the store refused a request");
        }
        Setback::Invalid => {
            tracing::warn!(error = %DisplayErrorContext(error), "the store would not take a request");
        }
        setback => {
            tracing::debug!(?setback, error = %DisplayErrorContext(error), "a request failed");
        }
    }
    setback
}

/// Whether the connection was never made, so that nothing can have been sent.
fn never_connected(error: &(dyn Error + 'static)) -> bool {
    std::iter::successors(Some(error), |&error| error.source()).any(|error| {
        error
            .downcast_ref::<hyper_util::client::legacy::Error>()
            .is_some_and(hyper_util::client::legacy::Error::is_connect)
    })
}

/// What an error that the store answered with says. Neither an answer of the 500s nor a success
/// that cannot be read says whether the request was carried out.
fn answered(code: Option<&str>, status: u16) -> Setback {
    match code {
        Some(
            "ProvisionedThroughputExceededException"
            | "ThrottlingException"
            | "RequestLimitExceeded"
            | "LimitExceededException",
        ) => Setback::Throttled,
        Some("TransactionConflictException" | "ReplicatedWriteConflictException") => {
            Setback::Conflict
        }
        Some("TransactionInProgressException") => Setback::InProgress,
        Some("ValidationException") => Setback::Invalid,
        // Too many requests (RFC 6585 §4), of whoever stands before the store.
        _ if status == 429 => Setback::Throttled,
        // Whoever waited for the request says so (RFC 9110 §15.5.9): it may have come all the same.
        _ if status == 408 => Setback::Unanswered,
        _ if (400..500).contains(&status) => Setback::Defect,
        _ => Setback::Unanswered,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_and_statuses_say_what_became_of_a_request() {
        for (code, status, setback) in [
            (Some("ThrottlingException"), 400, Setback::Throttled),
            (Some("RequestLimitExceeded"), 400, Setback::Throttled),
            (Some("LimitExceededException"), 400, Setback::Throttled),
            (
                Some("ProvisionedThroughputExceededException"),
                400,
                Setback::Throttled,
            ),
            (Some("ThrottlingException"), 503, Setback::Throttled),
            (Some("TransactionConflictException"), 400, Setback::Conflict),
            (
                Some("ReplicatedWriteConflictException"),
                400,
                Setback::Conflict,
            ),
            (
                Some("TransactionInProgressException"),
                400,
                Setback::InProgress,
            ),
            (Some("ValidationException"), 400, Setback::Invalid),
            (Some("InternalServerError"), 500, Setback::Unanswered),
            (Some("ServiceUnavailable"), 503, Setback::Unanswered),
            (None, 502, Setback::Unanswered),
            (None, 200, Setback::Unanswered),
            (Some("AccessDeniedException"), 400, Setback::Defect),
            (Some("ResourceNotFoundException"), 400, Setback::Defect),
            (
                Some("ItemCollectionSizeLimitExceededException"),
                400,
                Setback::Defect,
            ),
            (
                Some("IdempotentParameterMismatchException"),
                400,
                Setback::Defect,
            ),
            (Some("SomethingNew"), 400, Setback::Defect),
            (None, 403, Setback::Defect),
            (None, 407, Setback::Defect),
            (None, 408, Setback::Unanswered),
            (Some("RequestTimeoutException"), 408, Setback::Unanswered),
            (None, 409, Setback::Defect),
            (None, 428, Setback::Defect),
            (None, 429, Setback::Throttled),
            (Some("TooManyRequestsException"), 429, Setback::Throttled),
            (None, 430, Setback::Defect),
            (None, 499, Setback::Defect),
            (None, 500, Setback::Unanswered),
        ] {
            assert_eq!(answered(code, status), setback, "{code:?} {status}");
        }
    }

    #[test]
    fn cancellation_reasons_are_read_by_their_places_and_may_be_mixed() {
        let reason = |code: &str| CancellationReason::builder().code(code).build();
        type Read = Result<&'static [usize], Setback>;
        let cases: [(&[&str], Read); 9] = [
            (&["None", "ConditionalCheckFailed"], Ok(&[1])),
            (
                &["ConditionalCheckFailed", "None", "ConditionalCheckFailed"],
                Ok(&[0, 2]),
            ),
            (&["TransactionConflict", "ConditionalCheckFailed"], Ok(&[1])),
            (&["ThrottlingError", "ConditionalCheckFailed"], Ok(&[1])),
            (&["None", "TransactionConflict"], Err(Setback::Conflict)),
            (
                &["TransactionConflict", "ThrottlingError"],
                Err(Setback::Throttled),
            ),
            (
                &["ProvisionedThroughputExceeded", "ValidationError"],
                Err(Setback::Invalid),
            ),
            (
                &["ItemCollectionSizeLimitExceeded", "TransactionConflict"],
                Err(Setback::Defect),
            ),
            (&["None", "None"], Err(Setback::Defect)),
        ];
        for (codes, expected) in cases {
            let given: Vec<_> = codes.iter().map(|code| reason(code)).collect();
            match (reasons(&given), expected) {
                (Refusal::Conditions(refused), Ok(places)) => {
                    let at: Vec<_> = refused.iter().map(|(place, _)| *place).collect();
                    assert_eq!(at, places, "{codes:?}");
                }
                (Refusal::Setback(setback), Err(expected)) => {
                    assert_eq!(setback, expected, "{codes:?}");
                }
                (refusal, expected) => panic!("{codes:?}: {refusal:?} is not {expected:?}"),
            }
        }
    }
}
