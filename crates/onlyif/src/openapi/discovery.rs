//! The routes that describe the API itself: its types, this document, the problems.

use serde_json::{Map, Value, json};

use super::headers::parameter;
use super::operation::{Answer, JSON, Operation, options};
use super::problems::Catalogue;
use super::reserved::part;
use crate::problem::Code;

/// The tag of these routes. A type's name is in lower case, so that none has the same.
pub(super) const TAG: &str = "Discovery";

const HEADERS: &[(&str, &str)] = &[
    ("ETag", "ContentTag"),
    ("Cache-Control", "StaticCacheControl"),
    ("Vary", "Vary"),
];

/// The paths of these routes.
pub(super) fn paths(catalogue: &Catalogue<'_>) -> Map<String, Value> {
    let index = route(
        "types",
        "The types, with their transitions and links",
        vec![(JSON, part("Index"))],
    );
    let document = route(
        "openapi",
        "This document",
        vec![(JSON, json!({ "type": "object" }))],
    );
    let problems = route(
        "problems",
        "Every kind of problem",
        vec![(JSON, part("ProblemKinds")), html()],
    );
    let mut problem = route(
        "problem",
        "One kind of problem: what it means, and what to do",
        vec![(JSON, part("ProblemKind")), html()],
    );
    problem.problems.push(Code::NotFound);
    let codes: Vec<&str> = catalogue.0.iter().map(|each| each.code.name()).collect();
    let code = json!({
        "name": "code",
        "in": "path",
        "required": true,
        "description": "The `code` of a problem.",
        "schema": { "type": "string", "enum": codes },
    });
    [
        ("/v1", index, None),
        ("/openapi.json", document, None),
        ("/problems", problems, None),
        ("/problems/{code}", problem, Some(code)),
    ]
    .into_iter()
    .map(|(path, get, parameter)| {
        let mut item = Map::new();
        let open = parameter.is_some();
        if let Some(parameter) = parameter {
            item.insert("parameters".to_owned(), json!([parameter]));
        }
        item.insert("get".to_owned(), get.to_json(catalogue));
        item.insert("head".to_owned(), get.head().to_json(catalogue));
        let options = options(&get.id, TAG, open, false);
        item.insert("options".to_owned(), options.to_json(catalogue));
        (path.to_owned(), item.into())
    })
    .collect()
}

fn html() -> (&'static str, Value) {
    ("text/html", json!({ "type": "string" }))
}

fn route(id: &str, summary: &str, content: Vec<(&'static str, Value)>) -> Operation {
    Operation {
        id: id.to_owned(),
        tag: TAG.to_owned(),
        summary: summary.to_owned(),
        description: "Needs no caller.".to_owned(),
        scopes: None,
        parameters: vec![parameter("IfNoneMatch")],
        body: Vec::new(),
        answers: vec![
            Answer {
                status: "200",
                description: "What was asked for.",
                headers: HEADERS,
                content,
                links: Vec::new(),
            },
            Answer {
                status: "304",
                description: "It is as it was under one of the tags of `If-None-Match`.",
                headers: HEADERS,
                content: Vec::new(),
                links: Vec::new(),
            },
        ],
        problems: vec![Code::MalformedRequest, Code::NotAcceptable],
    }
}

/// The schemas of what these routes answer.
pub(super) fn schemas(catalogue: &Catalogue<'_>) -> Vec<(String, Value)> {
    let codes: Vec<&str> = catalogue.0.iter().map(|each| each.code.name()).collect();
    let reference = |description: &str| json!({ "type": "string", "format": "uri-reference", "description": description });
    let transition = json!({
        "type": "object",
        "required": ["name", "href"],
        "properties": {
            "name": { "type": "string" },
            "from": { "type": "array", "items": { "type": "string" }, "description": "The states that it starts from. Absent on a type without states." },
            "to": { "type": "string", "description": "The state that it ends in. Absent where the state stays." },
            "input": reference("The schema of the body that it takes. Absent where it takes none."),
            "href": { "type": "string", "description": "Where to `POST` it: a URI template (RFC 6570) with `id`." },
        },
    });
    let deprecated = json!({
        "type": "object",
        "description": "Only on a type that is on its way out.",
        "required": ["since"],
        "properties": {
            "since": { "type": "string", "format": "date", "description": "From this day on nobody should begin to use it." },
            "sunset": { "type": "string", "format": "date", "description": "From this day on it may be gone." },
            "see": { "type": "string", "format": "uri", "description": "What to use instead, and how to get there." },
        },
    });
    let kind = json!({
        "type": "object",
        "required": ["type", "states", "transitions", "href", "item", "schema"],
        "properties": {
            "type": { "type": "string" },
            "description": { "type": "string" },
            "deprecated": deprecated,
            "states": { "type": "array", "items": { "type": "string" }, "description": "Its states, the initial one first. Empty on a type without." },
            "transitions": { "type": "array", "items": transition },
            "href": reference("The list of its resources, and where to `POST` a new one."),
            "item": { "type": "string", "description": "One of its resources: a URI template (RFC 6570) with `id`." },
            "schema": reference("The schema of its resources."),
        },
    });
    let index = json!({
        "type": "object",
        "required": ["types", "openapi", "problems"],
        "properties": {
            "types": { "type": "array", "items": kind },
            "openapi": reference("The OpenAPI document."),
            "problems": reference("The problem catalogue."),
        },
    });
    let problem = json!({
        "type": "object",
        "required": ["code", "type", "title", "status", "retry", "meaning", "remedy", "example"],
        "properties": {
            "code": { "type": "string", "enum": codes },
            "type": { "type": "string", "format": "uri", "description": "The `type` of such a problem: the address of this page." },
            "title": { "type": "string" },
            "status": { "type": "integer" },
            "retry": { "type": "string", "enum": ["now", "after-refresh", "never"] },
            "meaning": { "type": "string", "description": "What it means." },
            "remedy": { "type": "string", "description": "What to do next." },
            "example": part("Problem"),
        },
    });
    let problems = json!({
        "type": "object",
        "required": ["problems"],
        "properties": { "problems": { "type": "array", "items": part("ProblemKind") } },
    });
    vec![
        ("Index".to_owned(), index),
        ("ProblemKind".to_owned(), problem),
        ("ProblemKinds".to_owned(), problems),
    ]
}
