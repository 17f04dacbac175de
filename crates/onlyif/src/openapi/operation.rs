//! Operations: one method of one path.

use serde_json::{Map, Value, json};

use super::problems::Catalogue;
use crate::declaration::Right;
use crate::problem::Code;

/// One method of one path.
#[derive(Clone)]
pub(super) struct Operation {
    pub id: String,
    pub tag: String,
    pub summary: String,
    pub description: String,
    /// The scopes, any of which is enough; an empty list: any caller. `None`: no caller is needed.
    pub scopes: Option<Vec<String>>,
    pub parameters: Vec<Value>,
    /// The schemas of the body, by media type; none: no body.
    pub body: Vec<(&'static str, Value)>,
    pub answers: Vec<Answer>,
    pub problems: Vec<Code>,
}

/// An answer when it works.
#[derive(Clone)]
pub(super) struct Answer {
    pub status: &'static str,
    pub description: &'static str,
    /// Its headers' names, each with its component.
    pub headers: &'static [(&'static str, &'static str)],
    /// The schemas of the body, by media type; none: no body.
    pub content: Vec<(&'static str, Value)>,
    /// What can be done next, by the links' names.
    pub links: Vec<(String, Value)>,
}

/// A description of what not every caller may do.
pub(super) fn of_right(description: String, right: &Right) -> String {
    match right {
        Right::Scopes(_) => description,
        Right::Owner => format!("{description} Only who created the resource may."),
    }
}

/// The media type of every body that is not a patch or a problem.
pub(super) const JSON: &str = "application/json";

impl Operation {
    /// The same, by `HEAD`: the same headers, and no body.
    pub(super) fn head(&self) -> Operation {
        let mut head = self.clone();
        head.id = format!("head-{}", self.id);
        head.summary = format!("{}: the headers only", self.summary);
        head.description = "Answers as `GET` does, without the body.".to_owned();
        for answer in &mut head.answers {
            answer.content.clear();
        }
        head
    }

    pub(super) fn to_json(&self, catalogue: &Catalogue<'_>) -> Value {
        let mut out = json!({
            "operationId": self.id,
            "tags": [self.tag],
            "summary": self.summary,
            "description": self.description,
        });
        let mut codes = self.problems.clone();
        match &self.scopes {
            None => out["security"] = json!([]),
            Some(scopes) if catalogue.has(Code::Unauthenticated) => {
                codes.push(Code::Unauthenticated);
                out["security"] = security(scopes);
            }
            Some(_) => {}
        }
        if !self.parameters.is_empty() {
            out["parameters"] = self.parameters.clone().into();
        }
        if !self.body.is_empty() {
            out["requestBody"] = json!({ "required": true, "content": content(&self.body) });
        }
        let with_body = !self.id.starts_with("head-");
        let mut responses = catalogue.responses(&codes, with_body);
        for answer in &self.answers {
            responses.insert(answer.status.to_owned(), answer.to_json());
        }
        out["responses"] = responses.into_iter().collect::<Map<_, _>>().into();
        out
    }
}

impl Answer {
    fn to_json(&self) -> Value {
        let mut out = json!({ "description": self.description });
        if !self.headers.is_empty() {
            let headers: Map<String, Value> = self
                .headers
                .iter()
                .map(|(name, component)| {
                    let reference = format!("#/components/headers/{component}");
                    ((*name).to_owned(), json!({ "$ref": reference }))
                })
                .collect();
            out["headers"] = headers.into();
        }
        if !self.content.is_empty() {
            out["content"] = content(&self.content);
        }
        if !self.links.is_empty() {
            out["links"] = self.links.iter().cloned().collect::<Map<_, _>>().into();
        }
        out
    }
}

fn content(schemas: &[(&'static str, Value)]) -> Value {
    let entry = |(name, schema): &(&str, Value)| ((*name).to_owned(), json!({ "schema": schema }));
    schemas.iter().map(entry).collect::<Map<_, _>>().into()
}

/// Any one of these scopes is enough.
fn security(scopes: &[String]) -> Value {
    if scopes.is_empty() {
        return json!([{ "bearer": [] }]);
    }
    scopes
        .iter()
        .map(|scope| json!({ "bearer": [scope] }))
        .collect()
}

/// `OPTIONS` of a path. `open`: it has parameters, and not every value of them names something.
pub(super) fn options(id: &str, tag: &str, open: bool, patchable: bool) -> Operation {
    let mut problems = vec![Code::MalformedRequest];
    if open {
        problems.push(Code::NotFound);
    }
    Operation {
        id: format!("options-{id}"),
        tag: tag.to_owned(),
        summary: "Which methods this path takes".to_owned(),
        description: "Needs no caller.".to_owned(),
        scopes: None,
        parameters: Vec::new(),
        body: Vec::new(),
        answers: vec![Answer {
            status: "204",
            description: "The methods.",
            headers: if patchable {
                &[("Allow", "Allow"), ("Accept-Patch", "AcceptPatch")]
            } else {
                &[("Allow", "Allow")]
            },
            content: Vec::new(),
            links: Vec::new(),
        }],
        problems,
    }
}
