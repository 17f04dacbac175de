//! `/v1/transactions`: several operations, all of which happen or none.

use serde_json::{Value, json};

use super::collection::{OF_A_BODY, OF_A_WRITE};
use super::headers::parameter;
use super::operation::{Answer, JSON, Operation};
use super::resource::OF_A_CHANGE;
use crate::problem::Code;

/// The tag of the route.
pub(super) const TAG: &str = "transactions";

const DESCRIPTION: &str = "1 to 100 operations, any mix of creates, updates, transitions and deletes of any types, each as if it were sent alone, with preconditions and scopes of its own: all of them happen, or none does. Two operations on one resource are refused. Every operation is examined: each error and conflict carries `operation`, its index, and the earliest stage of the checks at which one is refused gives the status. At most 100 items are written at once, unique values, what is referred to, what happens along and the key counted, and 4 MB: more is 413, with nothing written.";

/// The headers of the whole answer.
const ANSWERED: &[(&str, &str)] = &[
    ("Preference-Applied", "PreferenceApplied"),
    ("Idempotent-Replayed", "IdempotentReplayed"),
];

/// `POST /v1/transactions`
pub(super) fn transact() -> Operation {
    let mut problems = [&OF_A_BODY[..], &OF_A_WRITE[..], &OF_A_CHANGE[..]].concat();
    problems.extend([
        Code::MethodNotAllowed,
        Code::PreconditionRequired,
        Code::AlreadyExists,
        Code::Duplicate,
        Code::InvalidTransition,
        Code::NotAllowedInState,
        Code::ConditionNotMet,
        Code::Leased,
        Code::MissingReference,
        Code::HasDependents,
    ]);
    Operation {
        id: "transact".to_owned(),
        tag: TAG.to_owned(),
        summary: "Do several things, or none of them".to_owned(),
        description: DESCRIPTION.to_owned(),
        scopes: Some(Vec::new()),
        parameters: ["PreferDelete", "IdempotencyKey"].map(parameter).to_vec(),
        body: vec![(JSON, body())],
        answers: vec![Answer {
            status: "200",
            description: "All of it has happened. Each result is what the operation alone would have been answered.",
            headers: ANSWERED,
            content: vec![(JSON, results())],
            links: Vec::new(),
        }],
        problems,
    }
}

fn body() -> Value {
    json!({
        "type": "object",
        "required": ["operations"],
        "additionalProperties": false,
        "properties": {
            "operations": {
                "type": "array",
                "minItems": 1,
                "maxItems": 100,
                "items": {
                    "type": "object",
                    "required": ["method", "path"],
                    "additionalProperties": false,
                    "properties": {
                        "method": { "enum": ["POST", "PUT", "PATCH", "DELETE"] },
                        "path": { "type": "string", "pattern": "^/", "description": "The path of the operation, such as `/v1/orders/o-1`." },
                        "headers": {
                            "type": "object",
                            "additionalProperties": { "type": "string" },
                            "description": "Its headers, such as `If-Match`. Without `Content-Type` the body is JSON. `Idempotency-Key` and `Prefer: dry-run` are the whole request's.",
                        },
                        "body": { "description": "Its body, as JSON." },
                    },
                },
            },
        },
    })
}

fn results() -> Value {
    json!({
        "type": "object",
        "required": ["results"],
        "properties": {
            "results": {
                "type": "array",
                "items": {
                    "type": "object",
                    "required": ["status", "headers"],
                    "properties": {
                        "status": { "type": "integer" },
                        "headers": { "type": "object", "additionalProperties": { "type": "string" } },
                        "body": {},
                    },
                },
            },
        },
    })
}
