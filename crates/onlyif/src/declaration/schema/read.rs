//! Reading a schema from a declaration.

use serde_json::Value;

use super::keywords::{self, Holds};
use super::shape::{MAX_MEMBERS, Shape, Types};
use super::{look, words};
use crate::declaration::Schema;
use crate::declaration::flaw::{Flaws, Mark, hint};
use crate::declaration::reading::expected;
use crate::declaration::yaml::{Kind, Node};
use crate::document::RESERVED;
use crate::document::pointer::Pointer;

/// A schema as far as it could be read: what pointers name can be asked even where it is flawed.
pub(in crate::declaration) struct Draft {
    pub(in crate::declaration) source: Value,
    pub(in crate::declaration) schema: Option<Schema>,
}

impl Draft {
    /// What it says of the document as a whole.
    pub(in crate::declaration) fn shape(&self) -> Shape<'_> {
        Shape::root(&self.source)
    }
}

/// Reads the schema of an object; `what` names it in a sentence.
pub(in crate::declaration) fn read(node: &Node, what: &str, flaws: &mut Flaws) -> Option<Draft> {
    if !matches!(node.kind, Kind::Map(_)) {
        flaws.say(
            node.at,
            expected(node, &format!("{what}: JSON Schema 2020-12 of an object")),
        );
        return None;
    }
    let source = node.json();
    look::through(node, &source, flaws);
    let object = is_object(node, what, flaws);
    if flaws.are_ruled_out() {
        let schema = Some(Schema::known(source.clone()));
        return Some(Draft { source, schema });
    }
    let schema = match Schema::compile(source.clone()) {
        Ok(schema) => Some(schema).filter(|_| object),
        Err(error) => {
            if !diagnose(node, &source, flaws) {
                let at = error.schema_path().as_str().parse().unwrap_or_default();
                flaws.say(
                    node.within(&at).at,
                    format!(
                        "found a schema that cannot be compiled: {} {error}",
                        subject(&at)
                    ),
                );
            }
            None
        }
    };
    Some(Draft { source, schema })
}

/// A resource is an object, and so is a transition's input: members can be added to it later.
fn is_object(node: &Node, what: &str, flaws: &mut Flaws) -> bool {
    match node.member("type") {
        Some(entry) if entry.value.text() == Some("object") => return true,
        Some(entry) if flaws.at(entry.value.at) => {}
        Some(entry) => flaws.say(
            entry.value.at,
            expected(&entry.value, &format!("`object`, the type of {what}")),
        ),
        None => flaws.say(
            node.at,
            format!("found no `type`, expected `type: object` in {what}"),
        ),
    }
    false
}

/// Says why a schema does not compile: everything that the metaschema and the patterns have against
/// it, where nothing is said yet. Whether the reason is known.
fn diagnose(node: &Node, source: &Value, flaws: &mut Flaws) -> bool {
    let mut known = false;
    for error in jsonschema::draft202012::meta::validator().iter_errors(source) {
        known = true;
        for refusal in words::refusals(&error) {
            let place = node.within(&refusal.at);
            if !place.any_place(&|at| flaws.at(at)) {
                let (subject, detail) = (subject(&refusal.at), refusal.detail);
                flaws.say(
                    place.at,
                    format!("found no JSON Schema 2020-12: {subject} {detail}"),
                );
            }
        }
    }
    let before = flaws.count();
    patterns(node, flaws);
    known || flaws.count() > before
}

fn subject(pointer: &Pointer) -> String {
    match pointer.tokens().last() {
        Some(name) => format!("`{name}`"),
        None => "it".to_owned(),
    }
}

/// Every pattern in the schema that is none, or needs backtracking.
fn patterns(node: &Node, flaws: &mut Flaws) {
    for entry in node.entries().into_iter().flatten() {
        let Some(keyword) = keywords::find(&entry.key) else {
            continue;
        };
        match keyword.holds {
            Holds::Schema => patterns(&entry.value, flaws),
            Holds::Schemas => {
                for schema in entry.value.elements().into_iter().flatten() {
                    patterns(schema, flaws);
                }
            }
            Holds::Named => {
                for member in entry.value.entries().into_iter().flatten() {
                    if entry.key == "patternProperties" {
                        pattern(&member.key, member.at, flaws);
                    }
                    patterns(&member.value, flaws);
                }
            }
            Holds::Data => {
                if let Some(text) = entry.value.text().filter(|_| entry.key == "pattern") {
                    pattern(text, entry.value.at, flaws);
                }
            }
        }
    }
}

fn pattern(text: &str, at: Mark, flaws: &mut Flaws) {
    if !flaws.at(at) && Schema::compile(serde_json::json!({ "pattern": text })).is_err() {
        flaws.say(
            at,
            format!("found the pattern `{text}`, expected a regular expression without look-around and back-references"),
        );
    }
}

/// What only the schema of a document must satisfy.
pub(in crate::declaration) fn check_document(node: &Node, draft: &Draft, flaws: &mut Flaws) {
    let shape = draft.shape();
    for name in shape.names().filter(|name| RESERVED.contains(name)) {
        let at = declared_at(node, &shape, name);
        flaws.say(
            at,
            format!("found the member `{name}`, which is reserved: every resource has it; expected another name"),
        );
    }
    match shape.places() {
        Some(plain) => check_read_only(node, &Pointer::root(), &plain, flaws),
        None => flaws.say(
            node.at,
            format!("found more than {MAX_MEMBERS} members, each counted wherever a `$ref` puts it; expected fewer"),
        ),
    }
    for part in &shape.parts {
        let names = part.schema.get("required").and_then(Value::as_array);
        for (number, name) in names.into_iter().flatten().enumerate() {
            let at = part.at.child("required").child(&number.to_string());
            check_required(node.place(&at), name, &shape, flaws);
        }
    }
}

fn check_required(at: Mark, name: &Value, shape: &Shape<'_>, flaws: &mut Flaws) {
    let Some(name) = name.as_str() else {
        return;
    };
    if RESERVED.contains(&name) {
        flaws.say(
            at,
            format!(
                "found `{name}` among the required members, but it is reserved: no document has it"
            ),
        );
        return;
    }
    match shape.member(name) {
        Some(member) if member.read_only() => flaws.say(
            at,
            format!("found `{name}` among the required members, but it is `readOnly`: no create could ever send it"),
        ),
        None if shape.closed() => flaws.say(
            at,
            format!(
                "found `{name}` among the required members, but `properties` does not declare it and no others are allowed{}",
                hint(name, shape.names())
            ),
        ),
        _ => {}
    }
}

/// Members that only transitions write are members of objects: what is `readOnly` elsewhere, within
/// arrays or where a condition holds, could not be kept from clients.
fn check_read_only(node: &Node, at: &Pointer, plain: &[Pointer], flaws: &mut Flaws) {
    for entry in node.entries().into_iter().flatten() {
        let at = at.child(&entry.key);
        match keywords::find(&entry.key).map(|keyword| keyword.holds) {
            Some(Holds::Schema) => check_read_only(&entry.value, &at, plain, flaws),
            Some(Holds::Schemas) => {
                for (number, schema) in entry.value.elements().into_iter().flatten().enumerate() {
                    check_read_only(schema, &at.child(&number.to_string()), plain, flaws);
                }
            }
            Some(Holds::Named) => {
                for member in entry.value.entries().into_iter().flatten() {
                    check_read_only(&member.value, &at.child(&member.key), plain, flaws);
                }
            }
            Some(Holds::Data) => {
                let read_only =
                    entry.key == "readOnly" && matches!(entry.value.kind, Kind::Bool(true));
                if read_only && at.parent().is_none_or(|schema| !plain.contains(&schema)) {
                    flaws.say(
                        entry.at,
                        "found `readOnly` where no transition could set it, expected it on a member of objects: through `properties`, `$ref` and `allOf` only",
                    );
                }
            }
            None => {}
        }
    }
}

fn declared_at(node: &Node, shape: &Shape<'_>, name: &str) -> Mark {
    shape
        .parts
        .iter()
        .find(|part| {
            part.schema
                .get("properties")
                .is_some_and(|all| all.get(name).is_some())
        })
        .map_or(node.at, |part| {
            node.place(&part.at.child("properties").child(name))
        })
}

impl Shape<'_> {
    /// Whether only declared members may stand there.
    fn closed(&self) -> bool {
        self.parts.iter().any(|part| {
            let only_listed = part.schema.get("additionalProperties") == Some(&Value::Bool(false));
            only_listed && !part.schema.contains_key("patternProperties")
        }) && self.types().within(Types::OBJECT)
    }
}
