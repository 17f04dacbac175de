//! Schemas, examples and answers of the problems.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::ProblemDoc;
use super::reserved::part;
use crate::problem::Code;

/// The media type of every answer of 400 and above.
const MEDIA_TYPE: &str = "application/problem+json";

/// The problems that this deployment can answer.
pub(super) struct Catalogue<'a>(pub &'a [ProblemDoc]);

impl Catalogue<'_> {
    /// Whether it holds this one.
    pub(super) fn has(&self, code: Code) -> bool {
        self.0.iter().any(|problem| problem.code == code)
    }

    /// The answers with these problems, by their status.
    pub(super) fn responses(&self, codes: &[Code], body: bool) -> BTreeMap<String, Value> {
        let mut by_status: BTreeMap<u16, Vec<&ProblemDoc>> = BTreeMap::new();
        for problem in self.0 {
            if codes.contains(&problem.code) {
                by_status.entry(problem.status).or_default().push(problem);
            }
        }
        by_status
            .into_iter()
            .map(|(status, problems)| {
                let response = match problems.as_slice() {
                    [problem] if body => {
                        json!({ "$ref": format!("#/components/responses/{}", problem.code.name()) })
                    }
                    problems => response(problems, body),
                };
                (status.to_string(), response)
            })
            .collect()
    }

    /// The answers that have one problem only, shared by all routes.
    pub(super) fn shared_responses(&self) -> Map<String, Value> {
        self.0
            .iter()
            .map(|problem| (problem.code.name().to_owned(), response(&[problem], true)))
            .collect()
    }

    /// An example of each problem.
    pub(super) fn examples(&self) -> Map<String, Value> {
        let example = |problem: &ProblemDoc| {
            json!({
                "summary": problem.title,
                "description": problem.description,
                "value": problem.example,
            })
        };
        self.0
            .iter()
            .map(|problem| (problem.code.name().to_owned(), example(problem)))
            .collect()
    }

    /// The schemas of all problems, and of the conflicts in them.
    pub(super) fn schemas(&self) -> Vec<(String, Value)> {
        let mut out = vec![
            ("Problem".to_owned(), self.base()),
            ("Fault".to_owned(), fault()),
            ("Resolution".to_owned(), resolution()),
            ("ChangedField".to_owned(), super::conflicts::changed_field()),
            ("Origin".to_owned(), super::conflicts::origin()),
        ];
        let conflicts: Vec<(Code, Value)> = super::conflicts::all()
            .into_iter()
            .filter(|(code, _)| self.has(*code))
            .collect();
        let names: Vec<Value> = conflicts
            .iter()
            .map(|(code, _)| part(&conflict_name(*code)))
            .collect();
        out.push((
            "Conflict".to_owned(),
            json!({
                "description": "One thing that stands against the request. `code` says which kind.",
                "oneOf": names,
            }),
        ));
        let of_problem = |problem: &ProblemDoc| {
            // Only a conflict's code names a conflict's schema.
            let conflicting = conflicts.iter().any(|(code, _)| *code == problem.code);
            (problem_name(problem.code), schema_of(problem, conflicting))
        };
        let of_problems: Vec<_> = self.0.iter().map(of_problem).collect();
        for (code, schema) in conflicts {
            out.push((conflict_name(code), schema));
        }
        out.extend(of_problems);
        out
    }

    fn base(&self) -> Value {
        let codes: Vec<&str> = self.0.iter().map(|problem| problem.code.name()).collect();
        json!({
            "type": "object",
            "description": "A problem (RFC 9457): why a request was refused, and what would resolve it. Nothing is only in `detail`.",
            "required": ["type", "title", "status", "code", "detail", "instance", "requestId", "retry"],
            "properties": {
                "type": { "type": "string", "format": "uri-reference", "description": "The address of the page about this kind of problem." },
                "title": { "type": "string", "description": "The same for every problem of this kind." },
                "status": { "type": "integer", "minimum": 400, "maximum": 599 },
                "code": { "type": "string", "enum": codes },
                "detail": { "type": "string", "description": "What happened to this request, for a person." },
                "instance": { "type": "string", "format": "uri-reference", "description": "The path of the request." },
                "requestId": { "type": "string", "description": "Names the request in the service's logs." },
                "retry": {
                    "type": "string",
                    "enum": ["now", "after-refresh", "never"],
                    "description": "`now`: the same request may work, after `Retry-After`. `after-refresh`: read first, then decide. `never`: another request is needed.",
                },
                "errors": { "type": "array", "items": part("Fault"), "description": "All that is wrong in the request, each in its place." },
                "conflicts": { "type": "array", "items": part("Conflict"), "description": "All the conflicts that the request meets, not just the first." },
                "current": {
                    "anyOf": [part("Resource")],
                    "description": "The resource as it is now, for a caller who may read it.",
                },
                "resolutions": { "type": "array", "items": part("Resolution"), "description": "Requests that are ready to send. Each is legal now for this caller (`retry`: after `Retry-After`), and does what its title says." },
                "truncated": { "type": "boolean", "description": "Values were left out, because the answer would have been too long." },
            },
        })
    }
}

/// The name of a conflict's schema.
fn conflict_name(code: Code) -> String {
    format!("Conflict.{}", code.name())
}

/// The name of a problem's schema.
pub(super) fn problem_name(code: Code) -> String {
    format!("Problem.{}", code.name())
}

fn schema_of(problem: &ProblemDoc, conflicting: bool) -> Value {
    let mut properties = json!({
        "title": { "const": problem.title },
        "status": { "const": problem.status },
        "code": { "const": problem.code.name() },
    });
    if conflicting {
        properties["conflicts"] = json!({ "contains": part(&conflict_name(problem.code)) });
    }
    json!({
        "description": problem.description,
        "allOf": [part("Problem"), { "properties": properties }],
    })
}

/// The answer that one of these problems is; all have the same status.
fn response(problems: &[&ProblemDoc], body: bool) -> Value {
    let titles: Vec<String> = problems
        .iter()
        .map(|problem| format!("`{}`: {}.", problem.code.name(), problem.title))
        .collect();
    let mut headers = Map::new();
    let mut add = |name: &str, component: &str| {
        let reference = json!({ "$ref": format!("#/components/headers/{component}") });
        headers.insert(name.to_owned(), reference);
    };
    add("Cache-Control", "NoStore");
    let waits =
        |problem: &&ProblemDoc| problem.retry == "now" || problem.code == Code::OutcomeUnknown;
    if problems.iter().any(waits) {
        add("Retry-After", "RetryAfter");
    }
    if problems.iter().any(|problem| is_tried(problem.code)) {
        add("Preference-Applied", "PreferenceApplied");
    }
    for problem in problems {
        match problem.code {
            Code::MethodNotAllowed => {
                add("Allow", "Allow");
                add("Accept-Patch", "AcceptPatch");
            }
            Code::Unauthenticated => add("WWW-Authenticate", "WWWAuthenticate"),
            Code::UnsupportedMediaType => add("Accept-Patch", "AcceptPatch"),
            code if super::conflicts::of_resource(code) => add("ETag", "ETag"),
            _ => {}
        }
    }
    let mut response = json!({ "description": titles.join("\n\n"), "headers": headers });
    if body {
        let schemas: Vec<Value> = problems
            .iter()
            .map(|problem| part(&problem_name(problem.code)))
            .collect();
        let schema = match schemas.as_slice() {
            [schema] => schema.clone(),
            _ => json!({ "oneOf": schemas }),
        };
        let examples: Map<String, Value> = problems
            .iter()
            .map(|problem| {
                let name = problem.code.name();
                let reference = json!({ "$ref": format!("#/components/examples/{name}") });
                (name.to_owned(), reference)
            })
            .collect();
        response["content"] = json!({ MEDIA_TYPE: { "schema": schema, "examples": examples } });
        if problems
            .iter()
            .any(|problem| problem.code == Code::Unauthenticated)
        {
            response["content"]["application/json"] = json!({ "schema": of_the_gateway() });
        }
    }
    response
}

/// Whether a write that was only tried may be refused for it: by then it is known what was asked for.
fn is_tried(code: Code) -> bool {
    !matches!(
        code,
        Code::Unauthenticated
            | Code::MethodNotAllowed
            | Code::NotAcceptable
            | Code::UnsupportedMediaType
    )
}

/// What the gateway in front answers to a token that it does not take.
fn of_the_gateway() -> Value {
    json!({
        "type": "object",
        "description": "The gateway's own answer.",
        "required": ["message"],
        "properties": { "message": { "type": "string" } },
    })
}

fn fault() -> Value {
    json!({
        "type": "object",
        "description": "What is wrong in one place of the request: a `pointer` into the body, a `header` or a `parameter` of the query.",
        "required": ["detail"],
        "properties": {
            "pointer": { "type": "string", "description": "A JSON Pointer (RFC 6901) into the body." },
            "header": { "type": "string" },
            "parameter": { "type": "string" },
            "detail": { "type": "string", "description": "What is wrong, and what is expected." },
            "keyword": { "type": "string", "description": "The JSON Schema keyword that is not satisfied." },
        },
    })
}

fn resolution() -> Value {
    json!({
        "type": "object",
        "description": "A request that is ready to send.",
        "required": ["rel", "title", "method", "href", "headers"],
        "properties": {
            "rel": {
                "type": "string",
                "enum": ["merge", "overwrite", "discard", "read", "read-holder", "transition", "retry"],
                "description": "What it is to the refused request.",
            },
            "title": { "type": "string", "description": "What following it does." },
            "method": { "type": "string" },
            "href": { "type": "string", "format": "uri-reference" },
            "headers": { "type": "object", "additionalProperties": { "type": "string" } },
            "body": { "description": "The body to send." },
            "input": { "description": "In place of `body`: the JSON Schema of what you fill in." },
        },
    })
}
