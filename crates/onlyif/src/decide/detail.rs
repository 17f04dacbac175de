//! A problem's `detail`: its conflicts in one or two sentences for a person.

use crate::command::Command;
use crate::problem::{ChangedField, Conflict, Fault, Origin};

/// Fields that a sentence names; the rest are counted.
const NAMED_FIELDS: usize = 5;

/// The first conflict in words, and how many others there are.
pub(super) fn of_conflicts(command: &Command, conflicts: &[Conflict]) -> String {
    let Some(first) = conflicts.first() else {
        return String::new();
    };
    let mut detail = of_conflict(&command.type_name, &command.id, first);
    match conflicts.len() - 1 {
        0 => {}
        1 => detail.push_str(" One more conflict stands in `conflicts`."),
        more => detail.push_str(&format!(" {more} more conflicts stand in `conflicts`.")),
    }
    detail
}

fn of_conflict(type_name: &str, id: &str, conflict: &Conflict) -> String {
    let name = format!("{type_name}/{id}");
    match conflict {
        Conflict::Gone {
            deleted_by: Some(actor),
            deleted_at: Some(at),
            ..
        } => format!("{name} was deleted by {actor} at {at}."),
        Conflict::Gone { .. } => format!("{name} was deleted."),
        Conflict::StaleVersion {
            yours,
            current,
            fields,
            ..
        } => {
            let mut detail = match (current, yours) {
                (Some(current), Some(yours)) => {
                    format!("{name} is at {current}; you sent {yours}.")
                }
                (Some(current), None) => {
                    format!("{name} is at {current}, which is not what you based this on.")
                }
                (None, _) => format!("{name} has changed since the version that you sent."),
            };
            if let Some(fields) = fields {
                detail.push_str(&of_fields(fields));
            }
            detail
        }
        Conflict::AlreadyExists => format!("{name} is there already."),
        Conflict::Duplicate { fields, holder, .. } => {
            let values: Vec<String> = fields
                .iter()
                .map(|(pointer, value)| format!("{pointer} {}", brief(value)))
                .collect();
            let values = values.join(" with ");
            match holder {
                Some(id) => format!("{values} is taken by {type_name}/{id}."),
                None => format!("{values} is taken."),
            }
        }
        Conflict::InvalidTransition {
            transition,
            state,
            from,
            allowed,
            ..
        } => {
            let from = from.join(" or ");
            let now = match state {
                Some(state) => format!("; {name} is {state}"),
                None => String::new(),
            };
            let legal = match allowed.as_deref() {
                None => String::new(),
                Some([]) => " Nothing is legal now.".to_owned(),
                Some(allowed) => format!(" Legal now: {}.", allowed.join(", ")),
            };
            format!("{transition} starts from {from}{now}.{legal}")
        }
        Conflict::NotAllowedInState {
            operation,
            state,
            allowed_in,
        } => {
            let now = state.as_ref().map(|state| format!(" while it is {state}"));
            let now = now.unwrap_or_else(|| " in its state".to_owned());
            let rule = match allowed_in.as_slice() {
                [] => "no state allows it".to_owned(),
                states => format!("only while it is {}", states.join(" or ")),
            };
            format!("{name} takes no {operation}{now}: {rule}.")
        }
        Conflict::ConditionNotMet {
            pointer,
            requires,
            actual,
            message,
        } => {
            let rule = match actual {
                Some(actual) => format!(
                    "{pointer} is {}, and must be {}",
                    brief(actual),
                    brief(requires)
                ),
                None => format!("{pointer} must be {}", brief(requires)),
            };
            match message {
                Some(message) => format!("{}: {rule}.", message.trim_end_matches('.')),
                None => format!("{rule}."),
            }
        }
        Conflict::Leased {
            holder,
            until,
            yours,
        } => {
            let runs = match (holder, until) {
                (Some(holder), Some(until)) => {
                    Some(format!("{name} is leased by {holder} until {until}."))
                }
                (None, Some(until)) => Some(format!("{name} is leased until {until}.")),
                (_, None) => None,
            };
            let over = yours
                .map(|token| format!("{token} is not the token of the newest lease of {name}."));
            let told: Vec<String> = over.into_iter().chain(runs).collect();
            told.join(" ")
        }
        Conflict::MissingReference { pointer, target } => match target {
            Some(Origin {
                type_name,
                id: Some(id),
            }) => format!("{pointer} names {type_name}/{id}, and there is none."),
            _ => format!("{pointer} names something that is not there."),
        },
        Conflict::HasDependents { dependents } => {
            let counts = dependents.iter().flatten();
            let counts: Vec<String> = counts
                .map(|(type_name, count)| format!("{count} of {type_name}"))
                .collect();
            let who = match counts.as_slice() {
                [] => "other resources".to_owned(),
                counts => counts.join(" and "),
            };
            format!("{name} cannot be deleted while {who} refer to it.")
        }
        Conflict::Elsewhere { resource, conflict } => match &resource.id {
            Some(id) => {
                let told = of_conflict(&resource.type_name, id, conflict);
                let name = format!("{}/{id}", resource.type_name);
                if told.contains(&name) {
                    told
                } else {
                    format!("{name}: {told}")
                }
            }
            None => format!("One of {} stands against it.", resource.type_name),
        },
        Conflict::InOperation {
            operation,
            resource,
            conflict,
        } => {
            let id = resource.id.as_deref().unwrap_or_default();
            let told = of_conflict(&resource.type_name, id, conflict);
            format!("Operation {operation}: {told}")
        }
        Conflict::Contention => {
            format!("Others were writing {name} each time this was tried. Nothing is written.")
        }
    }
}

fn of_fields(fields: &[ChangedField]) -> String {
    if fields.is_empty() {
        return String::new();
    }
    let changes = fields.iter().take(NAMED_FIELDS);
    let mut parts: Vec<String> = changes
        .map(|field| format!("{} changed {}", field.changed_by, field.pointer))
        .collect();
    if let Some(more) = fields
        .len()
        .checked_sub(NAMED_FIELDS)
        .filter(|more| *more > 0)
    {
        parts.push(format!("{more} more fields changed"));
    }
    format!(" {}.", parts.join("; "))
}

/// Characters of a value that a sentence shows.
const BRIEF: usize = 60;

fn brief(value: &serde_json::Value) -> String {
    let text = value.to_string();
    match text.char_indices().nth(BRIEF) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

/// The first fault in words, and how many others there are.
pub(super) fn of_faults(faults: &[Fault]) -> String {
    let Some(first) = faults.first() else {
        return String::new();
    };
    let more = match faults.len() {
        1 => String::new(),
        2 => " One more error stands in `errors`.".to_owned(),
        count => format!(" {} more errors stand in `errors`.", count - 1),
    };
    format!("{}: {}{more}", first.at, first.detail)
}
