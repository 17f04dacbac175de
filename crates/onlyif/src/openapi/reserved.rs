//! The members that every resource has beside its document's own.

use serde_json::{Map, Value, json};

use crate::declaration::Declaration;

/// The schemas that the reserved members of every type share.
pub(super) fn components() -> Vec<(&'static str, Value)> {
    vec![
        (
            "Id",
            json!({
                "type": "string",
                "pattern": "^[A-Za-z0-9._~-]{1,128}$",
                "description": "Chosen by the client on `PUT`, else a UUIDv7. Neither `.` nor `..`.",
                "examples": ["0199d0c8-8f4e-7c3a-9b1e-5a4d3c2b1a09"],
            }),
        ),
        (
            "EntityTag",
            json!({
                "type": "string",
                "description": "The entity tag of this version, without the quotes that it has in the `ETag` header. Opaque: compare it, send it back, take nothing from it.",
                "examples": ["3-9f2c1a7e"],
            }),
        ),
        (
            "Version",
            json!({
                "type": "integer",
                "minimum": 1,
                "description": "Counts from 1. A resource that was deleted and created again starts anew.",
            }),
        ),
        (
            "Instant",
            json!({
                "type": "string",
                "format": "date-time",
                "description": "RFC 3339 in UTC, with milliseconds.",
                "examples": ["2026-11-23T10:05:00.000Z"],
            }),
        ),
        (
            "Actor",
            json!({
                "type": "string",
                "description": "Who did it: the `sub` of the caller's token.",
                "examples": ["alice"],
            }),
        ),
        (
            "Resource",
            json!({
                "type": "object",
                "description": "A resource of any type: the reserved members, and its document's own.",
                "required": ["id", "etag", "version", "createdAt", "createdBy", "updatedAt", "updatedBy"],
                "properties": {
                    "id": part("Id"),
                    "etag": part("EntityTag"),
                    "version": part("Version"),
                    "state": { "type": "string", "description": "On types with states only." },
                    "createdAt": part("Instant"),
                    "createdBy": part("Actor"),
                    "updatedAt": part("Instant"),
                    "updatedBy": part("Actor"),
                },
            }),
        ),
    ]
}

/// A reference to a component's schema.
pub(super) fn part(name: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{name}") })
}

/// The reserved members of this type, in the order in which a representation has them.
pub(super) fn members(declaration: &Declaration) -> Map<String, Value> {
    let read_only = |name: &str, description: &str| {
        json!({
            "$ref": format!("#/components/schemas/{name}"),
            "readOnly": true,
            "description": description,
        })
    };
    let mut members = Map::new();
    let mut add = |name: &str, schema| members.insert(name.to_owned(), schema);
    add(
        "id",
        read_only("Id", "Its id: the last segment of its path."),
    );
    add(
        "etag",
        json!({
            "$ref": "#/components/schemas/EntityTag",
            "description": "The entity tag of this version. In a request's body it is a precondition, as good as `If-Match`.",
        }),
    );
    add(
        "version",
        read_only("Version", "Counts its changes, from 1."),
    );
    if let Some(states) = &declaration.states {
        add(
            "state",
            json!({
                "type": "string",
                "enum": states.all,
                "readOnly": true,
                "description": "Where it is in its lifecycle. Only transitions change it.",
            }),
        );
    }
    add("createdAt", read_only("Instant", "When it was created."));
    add("createdBy", read_only("Actor", "Who created it."));
    add("updatedAt", read_only("Instant", "When it last changed."));
    add("updatedBy", read_only("Actor", "Who last changed it."));
    members
}
