//! Schemas of the conflicts.

use serde_json::{Value, json};

use super::reserved::part;
use crate::problem::Code;

/// Whether a problem of this kind may come with the resource as it is now, and its tag.
pub(super) fn of_resource(code: Code) -> bool {
    matches!(
        code,
        Code::Forbidden
            | Code::StaleVersion
            | Code::AlreadyExists
            | Code::Duplicate
            | Code::InvalidTransition
            | Code::NotAllowedInState
            | Code::ConditionNotMet
            | Code::Leased
            | Code::MissingReference
            | Code::HasDependents
            | Code::PreconditionRequired
    )
}

/// Every kind of conflict with its schema, in the catalogue's order.
pub(super) fn all() -> Vec<(Code, Value)> {
    vec![
        (Code::Gone, gone()),
        (Code::StaleVersion, stale_version()),
        (
            Code::AlreadyExists,
            conflict(Code::AlreadyExists, &[], json!({})),
        ),
        (Code::Duplicate, duplicate()),
        (Code::InvalidTransition, invalid_transition()),
        (Code::NotAllowedInState, not_allowed_in_state()),
        (Code::ConditionNotMet, condition_not_met()),
        (Code::Leased, leased()),
        (Code::MissingReference, missing_reference()),
        (Code::HasDependents, has_dependents()),
        (Code::Contention, conflict(Code::Contention, &[], json!({}))),
    ]
}

fn conflict(code: Code, required: &[&str], members: Value) -> Value {
    let mut properties = json!({ "code": { "const": code.name() }, "resource": part("Origin"), "operation": { "type": "integer", "description": "In a transaction: the index of its operation." } });
    if let (Value::Object(properties), Value::Object(members)) = (&mut properties, members) {
        properties.extend(members);
    }
    let mut names = vec!["code"];
    names.extend(required);
    json!({ "type": "object", "required": names, "properties": properties })
}

fn names(description: &str) -> Value {
    json!({ "type": "array", "items": { "type": "string" }, "description": description })
}

fn gone() -> Value {
    conflict(
        Code::Gone,
        &[],
        json!({
            "deletedBy": part("Actor"),
            "deletedAt": part("Instant"),
            "version": part("Version"),
        }),
    )
}

fn stale_version() -> Value {
    conflict(
        Code::StaleVersion,
        &[],
        json!({
            "yours": { "type": "string", "description": "The tag, or the date, that the request named." },
            "current": part("EntityTag"),
            "changedBy": part("Actor"),
            "changedAt": part("Instant"),
            "mergeable": {
                "type": "boolean",
                "description": "Nothing of yours overlaps what changed, and both together satisfy the schema and the state.",
            },
            "fields": {
                "type": "array",
                "items": part("ChangedField"),
                "description": "Every field that changed since your version. Absent where that is no longer known.",
            },
        }),
    )
}

/// One field that changed since the caller's version.
pub(super) fn changed_field() -> Value {
    json!({
        "type": "object",
        "required": ["pointer", "changedBy", "changedAt", "version", "overlaps"],
        "properties": {
            "pointer": { "type": "string", "description": "The field: a JSON Pointer (RFC 6901)." },
            "changedBy": part("Actor"),
            "changedAt": part("Instant"),
            "version": part("Version"),
            "current": { "description": "What is there now. Absent where it was removed." },
            "yours": { "description": "What the request would leave there. Absent where it does not touch the field, or removes it." },
            "overlaps": { "type": "boolean", "description": "The request touches it too, and would leave something else there." },
        },
    })
}

fn duplicate() -> Value {
    conflict(
        Code::Duplicate,
        &["constraint", "fields"],
        json!({
            "constraint": { "type": "string", "description": "The name of the constraint." },
            "fields": {
                "type": "array",
                "items": {
                    "type": "object",
                    "required": ["pointer"],
                    "properties": {
                        "pointer": { "type": "string" },
                        "value": { "description": "The value that the request asks for." },
                    },
                },
            },
            "holder": { "type": "string", "format": "uri-reference", "description": "The resource that holds the values, where it may be told." },
        }),
    )
}

fn invalid_transition() -> Value {
    conflict(
        Code::InvalidTransition,
        &["transition", "from"],
        json!({
            "transition": { "type": "string" },
            "state": { "type": "string", "description": "The state now." },
            "from": names("The states that the transition starts from."),
            "since": part("Instant"),
            "by": part("Actor"),
            "allowed": names("The transitions that are legal now, for this caller."),
            "path": names("The shortest sequence of transitions after which this one is legal. Absent where there is none."),
        }),
    )
}

fn not_allowed_in_state() -> Value {
    conflict(
        Code::NotAllowedInState,
        &["operation", "allowedIn"],
        json!({
            "operation": {
                "anyOf": [{ "enum": ["update", "delete"] }, { "type": "integer" }],
                "description": "What was asked for. In a transaction: the index of its operation, which says what that was.",
            },
            "state": { "type": "string", "description": "The state now." },
            "allowedIn": names("The states in which it is allowed."),
        }),
    )
}

/// The resource that a conflict is in, where that is another one than the request's.
pub(super) fn origin() -> Value {
    json!({
        "type": "object",
        "description": "Another resource than the request's.",
        "required": ["type"],
        "properties": {
            "type": { "type": "string" },
            "id": { "type": "string", "description": "What a reference names may be no id that a resource could have." },
            "href": { "type": "string", "format": "uri-reference", "description": "Absent where no resource could have the id." },
        },
    })
}

fn leased() -> Value {
    conflict(
        Code::Leased,
        &[],
        json!({
            "holder": part("Actor"),
            "until": part("Instant"),
            "yours": { "type": "integer", "description": "The `Lease-Token` that the request named, where that is not the newest: then waiting is of no use. Without it, the lease of `holder` is in the way `until` it ends." },
        }),
    )
}

fn missing_reference() -> Value {
    conflict(
        Code::MissingReference,
        &["pointer"],
        json!({
            "pointer": { "type": "string", "description": "Where it is named." },
            "target": part("Origin"),
        }),
    )
}

fn has_dependents() -> Value {
    let dependent = json!({
        "type": "object",
        "required": ["type", "count"],
        "properties": {
            "type": { "type": "string", "description": "The type of what refers to it." },
            "count": { "type": "integer", "minimum": 1, "description": "How many of that type do." },
        },
    });
    let description = "What refers to it, of the types that you may read.";
    conflict(
        Code::HasDependents,
        &[],
        json!({ "dependents": { "type": "array", "description": description, "items": dependent } }),
    )
}

fn condition_not_met() -> Value {
    conflict(
        Code::ConditionNotMet,
        &["pointer", "requires"],
        json!({
            "pointer": { "type": "string", "description": "The field that was looked at." },
            "requires": { "description": "What is required of it, as the declaration writes it." },
            "actual": { "description": "What is there. Absent where there is nothing." },
            "message": { "type": "string", "description": "The declaration's own words." },
        }),
    )
}
