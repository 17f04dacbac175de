//! `/v1/{type}/{id}/transitions`: what may happen to a resource, and making it happen.

use serde_json::{Value, json};

use super::collection::{OF_A_BODY, OF_A_WRITE};
use super::effects;
use super::headers::parameter;
use super::operation::{Answer, JSON, Operation, of_right};
use super::reserved::part;
use super::resource::{OF_A_CHANGE, OF_A_READ, changed};
use super::shapes::{Names, input_name};
use crate::declaration::{Also, Declaration, Transition};
use crate::holding::{self, Move};
use crate::problem::Code;

/// `GET /v1/{type}/{id}/transitions`
pub(super) fn list(declaration: &Declaration) -> Operation {
    Operation {
        id: format!("list-transitions.{}", declaration.name),
        tag: declaration.name.clone(),
        summary: "The transitions that are legal now, for this caller".to_owned(),
        description:
            "Another caller may have other scopes, and a moment later the state may be another."
                .to_owned(),
        scopes: Some(declaration.access.read.scopes().to_vec()),
        parameters: Vec::new(),
        body: Vec::new(),
        answers: vec![Answer {
            status: "200",
            description: "The transitions.",
            headers: &[
                ("ETag", "ContentTag"),
                ("Cache-Control", "CacheControl"),
                ("Vary", "Vary"),
            ],
            content: vec![(JSON, legal(declaration))],
            links: Vec::new(),
        }],
        problems: OF_A_READ.to_vec(),
    }
}

fn legal(declaration: &Declaration) -> Value {
    let names: Vec<&str> = declaration
        .transitions
        .iter()
        .map(|transition| transition.name.as_str())
        .collect();
    let name = match names.as_slice() {
        [] => json!({ "type": "string" }),
        names => json!({ "type": "string", "enum": names }),
    };
    let mut properties = json!({
        "transitions": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["name", "href"],
                "properties": {
                    "name": name,
                    "to": { "type": "string", "description": "The state that it ends in." },
                    "input": { "description": "The JSON Schema of the body that it takes. Absent where it takes none." },
                    "href": { "type": "string", "format": "uri-reference", "description": "Where to `POST` it." },
                },
            },
        },
    });
    let mut required = vec!["transitions"];
    if let Some(states) = &declaration.states {
        properties["state"] = json!({ "type": "string", "enum": states.all });
        required.push("state");
    }
    json!({ "type": "object", "required": required, "properties": properties })
}

/// `POST /v1/{type}/{id}/transitions/{transition}`
pub(super) fn request(declaration: &Declaration, transition: &Transition) -> Operation {
    let names = Names::of(declaration);
    let body = match &transition.input {
        None => Vec::new(),
        Some(_) => vec![(JSON, part(&input_name(declaration, &transition.name)))],
    };
    Operation {
        id: id(declaration, transition),
        tag: declaration.name.clone(),
        summary: summary(transition),
        description: of_right(description(declaration, transition), &transition.access),
        scopes: Some(transition.access.scopes().to_vec()),
        parameters: [
            "IfMatchOptional",
            "IfUnmodifiedSince",
            "Prefer",
            "IdempotencyKey",
        ]
        .map(parameter)
        .to_vec(),
        body,
        answers: changed(&names),
        problems: problems(declaration, transition),
    }
}

fn problems(declaration: &Declaration, transition: &Transition) -> Vec<Code> {
    let mut problems = [&OF_A_BODY[..], &OF_A_WRITE[..], &OF_A_CHANGE[..]].concat();
    if !transition.from.is_empty() {
        problems.push(Code::InvalidTransition);
    }
    let changes = transition.set.len() + transition.add.len() + transition.remove.len();
    if !transition.only_if.is_empty() || changes > 0 {
        problems.push(Code::ConditionNotMet);
    }
    if !moved(declaration, transition, Move::Takes).is_empty() {
        problems.push(Code::Duplicate);
    }
    let mut references = declaration.references.iter();
    if references.any(|reference| transition.writes(&reference.field)) {
        problems.push(Code::MissingReference);
    }
    let along = of_also(&transition.also).iter();
    let more: Vec<Code> = along
        .copied()
        .filter(|code| !problems.contains(code))
        .collect();
    problems.extend(more);
    problems
}

/// What stands against it in other resources.
pub(super) fn of_also(also: &[Also]) -> &'static [Code] {
    match also {
        [] => &[],
        _ => &[
            Code::InvalidTransition,
            Code::ConditionNotMet,
            Code::MissingReference,
        ],
    }
}

/// The id of the operation.
pub(super) fn id(declaration: &Declaration, transition: &Transition) -> String {
    format!("transition.{}.{}", declaration.name, transition.name)
}

/// From where to where it leads.
pub(super) fn summary(transition: &Transition) -> String {
    let name = &transition.name;
    match (&transition.to, transition.from.as_slice()) {
        (_, []) => format!("Do {name}"),
        (Some(to), from) => format!("{name}: from {} to {to}", from.join(" or ")),
        (None, from) => format!("{name}: in {}", from.join(" or ")),
    }
}

fn description(declaration: &Declaration, transition: &Transition) -> String {
    let mut text = "The check and the write are one: of two callers at the same moment, one is told that it came too late.".to_owned();
    for paragraph in effects::of_transition(transition) {
        text.push_str(&format!("\n\n{paragraph}"));
    }
    for (moves, sentence) in [
        (Move::Takes, "It may take a unique value"),
        (Move::Leaves, "It frees the unique value that it may hold"),
    ] {
        let names = moved(declaration, transition, moves);
        if !names.is_empty() {
            text.push_str(&format!("\n\n{sentence}: {}.", names.join(" and ")));
        }
    }
    text
}

/// The constraints of whose values the transition does this.
fn moved(declaration: &Declaration, transition: &Transition, moves: Move) -> Vec<String> {
    declaration
        .unique
        .iter()
        .filter(|unique| holding::moves(unique, transition) == moves)
        .map(|unique| format!("`{}`", unique.name))
        .collect()
}
