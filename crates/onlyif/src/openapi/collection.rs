//! `/v1/{type}`: creating and listing.

use serde_json::{Value, json};

use super::effects;
use super::headers::parameter;
use super::links;
use super::operation::{Answer, JSON, Operation};
use super::reserved::part;
use super::shapes::Names;
use super::transitions::of_also;
use crate::declaration::{Declaration, Right, Transition, Unique, phrase};
use crate::document::pointer::Pointer;
use crate::problem::Code;

/// The headers that a new or changed resource is answered with.
pub(super) const WRITTEN: &[(&str, &str)] = &[
    ("ETag", "ETag"),
    ("Last-Modified", "LastModified"),
    ("Preference-Applied", "PreferenceApplied"),
    ("Idempotent-Replayed", "IdempotentReplayed"),
    ("Cache-Control", "CacheControl"),
    ("Vary", "Vary"),
];

/// The headers of a resource that was created.
const CREATED: &[(&str, &str)] = &[
    ("Location", "Location"),
    ("ETag", "ETag"),
    ("Last-Modified", "LastModified"),
    ("Preference-Applied", "PreferenceApplied"),
    ("Cache-Control", "CacheControl"),
    ("Vary", "Vary"),
    ("Idempotent-Replayed", "IdempotentReplayed"),
];

/// What every request that carries a body may be refused for.
pub(super) const OF_A_BODY: [Code; 5] = [
    Code::MalformedRequest,
    Code::NotAcceptable,
    Code::ContentTooLarge,
    Code::UnsupportedMediaType,
    Code::InvalidResource,
];

/// What every write may end in, whatever is written.
pub(super) const OF_A_WRITE: [Code; 6] = [
    Code::Forbidden,
    Code::Contention,
    Code::IdempotencyKeyReused,
    Code::Internal,
    Code::Unavailable,
    Code::OutcomeUnknown,
];

/// `POST /v1/{type}`
pub(super) fn create(declaration: &Declaration) -> Operation {
    let names = Names::of(declaration);
    let mut problems = [&OF_A_BODY[..], &OF_A_WRITE[..]].concat();
    if !declaration.unique.is_empty() {
        problems.push(Code::Duplicate);
    }
    if !declaration.references.is_empty() {
        problems.push(Code::MissingReference);
    }
    let mut description = "The service chooses the id. `PUT` with `If-None-Match: *` creates under an id of yours, and can be repeated safely.".to_owned();
    if let Some(create) = &declaration.create {
        problems.extend(of_create(create));
        for paragraph in effects::of_create(create) {
            description.push_str(&format!("\n\n{paragraph}"));
        }
    }
    Operation {
        id: format!("create.{}", declaration.name),
        tag: declaration.name.clone(),
        summary: format!("Create one of {}", declaration.name),
        description,
        scopes: Some(declaration.access.create.clone()),
        parameters: ["Prefer", "IdempotencyKey"].map(parameter).to_vec(),
        body: vec![(JSON, part(&names.document))],
        answers: vec![Answer {
            status: "201",
            description: "It is created. No body with `Prefer: return=minimal`, or for a caller who may not read it.",
            headers: CREATED,
            content: vec![(JSON, part(&names.resource))],
            links: links::of_created(declaration, links::IN_THE_BODY),
        }],
        problems,
    }
}

/// What a create may be refused for by what the declaration says of it.
pub(super) fn of_create(create: &Transition) -> Vec<Code> {
    let mut problems = of_also(&create.also).to_vec();
    if !create.only_if.is_empty() && !problems.contains(&Code::ConditionNotMet) {
        problems.push(Code::ConditionNotMet);
    }
    problems
}

/// `GET /v1/{type}`
pub(super) fn list(declaration: &Declaration) -> Operation {
    let mut parameters = vec![parameter("Limit"), parameter("Cursor")];
    if let Some(states) = &declaration.states {
        parameters.push(json!({
            "name": "state",
            "in": "query",
            "description": "Only resources in this state.",
            "schema": { "type": "string", "enum": states.all },
        }));
    }
    parameters.extend(unique_fields(declaration));
    Operation {
        id: format!("list.{}", declaration.name),
        tag: declaration.name.clone(),
        summary: format!("List {}", declaration.name),
        description: list_description(declaration),
        scopes: Some(declaration.access.read.scopes().to_vec()),
        parameters,
        body: Vec::new(),
        answers: vec![Answer {
            status: "200",
            description: "A page of the list.",
            headers: &[
                ("Link", "Link"),
                ("Cache-Control", "CacheControl"),
                ("Vary", "Vary"),
            ],
            content: vec![(JSON, part(&Names::of(declaration).page))],
            links: Vec::new(),
        }],
        problems: vec![
            Code::MalformedRequest,
            Code::Forbidden,
            Code::NotAcceptable,
            Code::Internal,
            Code::Unavailable,
        ],
    }
}

fn list_description(declaration: &Declaration) -> String {
    let mut text = "Ordered by id, and eventually consistent: a resource that changes meanwhile may be missed or come twice. Only a page without `next` ends the list.".to_owned();
    if declaration.access.read == Right::Owner {
        text.push_str(" It holds what the caller created, and nothing else.");
    }
    if !declaration.unique.is_empty() {
        let constraints: Vec<String> = declaration.unique.iter().map(constraint).collect();
        text.push_str(&format!(
            " With all fields of a unique constraint ({}) it is the one resource that holds these values, as it is now.",
            constraints.join("; ")
        ));
    }
    text
}

fn constraint(unique: &Unique) -> String {
    let names: Vec<String> = unique
        .fields
        .iter()
        .map(|field| format!("`{}`", query_name(field)))
        .collect();
    let names = names.join(" with ");
    match unique.when.as_slice() {
        [] => names,
        when => format!("{names}, held only while {}", phrase::all(when)),
    }
}

/// A field's name in a query: its pointer without the first slash.
fn query_name(field: &Pointer) -> String {
    field.to_string().trim_start_matches('/').to_owned()
}

/// The parameters that name the fields of unique constraints, each once.
fn unique_fields(declaration: &Declaration) -> Vec<Value> {
    let mut seen: Vec<&Pointer> = Vec::new();
    let mut parameters = Vec::new();
    for field in declaration.unique.iter().flat_map(|unique| &unique.fields) {
        if seen.contains(&field) {
            continue;
        }
        seen.push(field);
        let constraints: Vec<String> = declaration
            .unique
            .iter()
            .filter(|unique| unique.fields.contains(field))
            .map(|unique| format!("`{}`: {}", unique.name, constraint(unique)))
            .collect();
        let kinds: Vec<String> = declaration
            .kinds(field)
            .into_iter()
            .filter(|kind| kind != "null")
            .collect();
        let schema = match kinds.as_slice() {
            [] => json!({ "type": "string" }),
            [kind] => json!({ "type": kind }),
            kinds => json!({ "type": kinds }),
        };
        parameters.push(json!({
            "name": query_name(field),
            "in": "query",
            "description": format!("Together with all fields of a unique constraint ({}), and without `cursor`.", constraints.join("; ")),
            "schema": schema,
        }));
    }
    parameters
}
