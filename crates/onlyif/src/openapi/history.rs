//! `/v1/{type}/{id}/history`: what each version changed, and who made it.

use serde_json::{Value, json};

use super::headers::parameter;
use super::operation::{Answer, JSON, Operation, of_right};
use super::reserved::part;
use crate::declaration::{Declaration, in_words};
use crate::problem::Code;

/// The schema of a page, which is the same for all types.
pub(super) const PAGE: &str = "History";

/// `GET /v1/{type}/{id}/history`
pub(super) fn read(declaration: &Declaration) -> Operation {
    Operation {
        id: format!("history.{}", declaration.name),
        tag: declaration.name.clone(),
        summary: format!(
            "What has changed in one of {}, and who changed it",
            declaration.name
        ),
        description: of_right(
            format!(
                "Newest first, and eventually consistent: a change shows a moment after it was made. Entries are kept for {}. Of an id that was created again it is the history since; of one that is deleted, that which ended. Only a page without `next` ends it.",
                in_words(declaration.history_s)
            ),
            &declaration.access.read,
        ),
        scopes: Some(declaration.access.read.scopes().to_vec()),
        parameters: vec![parameter("Limit"), parameter("Cursor")],
        body: Vec::new(),
        answers: vec![Answer {
            status: "200",
            description: "A page of the history.",
            headers: &[
                ("Link", "Link"),
                ("Cache-Control", "CacheControl"),
                ("Vary", "Vary"),
            ],
            content: vec![(JSON, part(PAGE))],
            links: Vec::new(),
        }],
        problems: vec![
            Code::MalformedRequest,
            Code::NotFound,
            Code::NotAcceptable,
            Code::Internal,
            Code::Unavailable,
        ],
    }
}

/// The schema of a page.
pub(super) fn page() -> Value {
    let entry = json!({
        "type": "object",
        "required": ["version", "by", "at", "operation", "changes"],
        "properties": {
            "version": {
                "type": "integer",
                "minimum": 1,
                "description": "The version that the change made. Versions that changed nothing do not exist.",
            },
            "by": { "type": "string", "description": "Who made it." },
            "at": { "type": "string", "format": "date-time", "description": "When." },
            "operation": {
                "type": "string",
                "description": "`create`, `update`, `delete`, or the transition's name.",
            },
            "changes": {
                "allOf": [part("JsonPatch")],
                "description": "What makes this version of the one before: of the document and, as `/state`, the state. The first version is added as a whole (its `path` is empty), and so is one of which most has changed; a delete changes nothing.",
            },
        },
    });
    json!({
        "type": "object",
        "required": ["items"],
        "properties": {
            "items": { "type": "array", "items": entry },
            "next": {
                "type": "string",
                "description": "The `cursor` of the next page. Absent at the end of the history, and only there.",
            },
        },
    })
}
