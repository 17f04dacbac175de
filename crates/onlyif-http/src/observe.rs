//! What is logged: one event per request.

use lambda_http::{Body, Response};
use onlyif::problem::{Conflict, Problem};

use crate::exchange::Exchange;

/// Logs the request under the target `onlyif::request`.
///
/// `attempts` is how many requests to the store it took, those that were sent again included: more
/// than the same operation takes at other times says that the store was throttled, hung or
/// contended.
pub(crate) fn request(
    exchange: &Exchange<'_>,
    response: &Response<Body>,
    problem: Option<&Problem>,
) {
    let ms = u64::try_from(exchange.started.elapsed().as_millis()).unwrap_or(u64::MAX);
    tracing::info!(
        target: "onlyif::request",
        method = exchange.method().as_str(),
        path = exchange.path(),
        status = response.status().as_u16(),
        code = problem.map(|problem| problem.code.name()),
        gist = problem.map(gist).filter(|gist| !gist.is_empty()),
        r#type = exchange.parameter("type"),
        id = exchange.parameter("id"),
        operation = operation(exchange),
        actor = exchange.caller().ok().map(|caller| caller.actor),
        attempts = exchange.attempts(),
        ms,
        request_id = exchange.request_id,
    );
}

/// The route's key: what was asked, without any id.
fn operation<'a>(exchange: &Exchange<'a>) -> Option<&'a str> {
    exchange.context()?.route_key.as_deref()
}

/// The conflicts in a few words: who changed what, which value is taken, which state it is in.
fn gist(problem: &Problem) -> String {
    let words: Vec<String> = problem.conflicts.iter().map(of_conflict).collect();
    words.join("; ")
}

fn of_conflict(conflict: &Conflict) -> String {
    match conflict {
        Conflict::Gone { deleted_by, .. } => match deleted_by {
            Some(actor) => format!("deleted by {actor}"),
            None => String::new(),
        },
        Conflict::StaleVersion {
            yours,
            current,
            fields,
            ..
        } => {
            let fields = fields.iter().flatten();
            let fields: Vec<String> = fields
                .map(|field| format!("{} by {}", field.pointer, field.changed_by))
                .collect();
            let tag = |tag: Option<String>| tag.unwrap_or_else(|| "?".to_owned());
            let yours = tag(yours.clone());
            let now = tag(current.as_ref().map(ToString::to_string));
            format!("{yours} is now {now} {}", fields.join(", "))
                .trim_end()
                .to_owned()
        }
        Conflict::AlreadyExists => "the id is taken".to_owned(),
        Conflict::Leased {
            holder,
            until,
            yours,
        } => {
            let holder = holder.as_deref().unwrap_or("?");
            match (yours, until) {
                (Some(token), _) => format!("the lease {token} is over"),
                (None, Some(until)) => format!("leased by {holder} until {until}"),
                (None, None) => String::new(),
            }
        }
        Conflict::MissingReference { pointer, .. } => format!("{pointer} is not there"),
        Conflict::HasDependents { dependents } => {
            let counts = dependents.iter().flatten();
            let counts: Vec<String> = counts
                .map(|(type_name, count)| format!("{count} of {type_name}"))
                .collect();
            match counts.as_slice() {
                [] => "others refer to it".to_owned(),
                counts => format!("{} refer to it", counts.join(" and ")),
            }
        }
        Conflict::InOperation {
            operation,
            conflict,
            ..
        } => format!("{operation}: {}", of_conflict(conflict)),
        Conflict::Elsewhere { resource, conflict } => {
            let id = resource.id.as_deref().unwrap_or("?");
            format!("{}/{id}: {}", resource.type_name, of_conflict(conflict))
        }
        Conflict::Duplicate {
            constraint, holder, ..
        } => match holder {
            Some(id) => format!("{constraint} is taken by {id}"),
            None => format!("{constraint} is taken"),
        },
        Conflict::InvalidTransition {
            transition, state, ..
        } => {
            format!("{transition} from {}", state.as_deref().unwrap_or("?"))
        }
        Conflict::NotAllowedInState {
            operation, state, ..
        } => {
            format!("{operation} while {}", state.as_deref().unwrap_or("?"))
        }
        Conflict::ConditionNotMet {
            pointer, requires, ..
        } => format!("{pointer} {requires}"),
        Conflict::Contention => String::new(),
    }
}
