//! Whether what satisfies one schema satisfies another: for every keyword of the new one that can
//! refuse a value, a reason in the old one why it refuses nothing that is stored, or a finding.
//!
//! In reading order: the walk through the new schema, `known` (what the old one says of a place),
//! `same` (what needs no reason), and the keywords: `scalars`, `objects`, `arrays`, `combined`.

mod known;
mod same;

mod arrays;
mod combined;
mod objects;
mod scalars;

use serde_json::{Map, Value};

use self::known::Known;
use self::same::Roots;
use super::Weight;
use crate::declaration::schema::{Types, standing};
use crate::document::pointer::Pointer;

/// The most schemas that are compared for one type: cases within cases can double with each step.
const MAX_COMPARED: usize = 20_000;

/// Something that the new schema refuses and the old one allowed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Narrowing {
    /// Where in the new schema.
    pub(super) at: Pointer,
    pub(super) weight: Weight,
    pub(super) message: String,
    pub(super) remedy: &'static str,
}

/// Everything in which the new schema is narrower than the old one; nothing where each document that
/// satisfies the old one satisfies the new one.
pub(super) fn narrowings(old: &Value, new: &Value) -> Vec<Narrowing> {
    let mut walk = Walk {
        roots: Roots { old, new },
        found: Vec::new(),
        within: Vec::new(),
        left: MAX_COMPARED,
    };
    let asked = Asked {
        schema: new,
        at: Pointer::root(),
        place: Pointer::root(),
    };
    walk.compare(&Known::of_documents(old), &asked);
    walk.found
}

/// Whether two schemas say the same, but for notes.
pub(super) fn same(old: &Value, new: &Value) -> bool {
    Roots { old, new }.same(old, new)
}

/// Whether no document that satisfies the schema has anything at the pointer.
pub(super) fn is_never(schema: &Value, pointer: &Pointer) -> bool {
    let mut known = Known::of_documents(schema);
    for token in pointer.tokens() {
        known = known.member(token);
    }
    known.is_nothing()
}

/// A part of the new schema.
#[derive(Clone)]
struct Asked<'n> {
    schema: &'n Value,
    /// Where it stands in the new schema.
    at: Pointer,
    /// Of what in a document; `*` is any element or member.
    place: Pointer,
}

impl<'n> Asked<'n> {
    /// A schema within it of the same value.
    fn beside(&self, schema: &'n Value, way: &[&str]) -> Self {
        let at = way.iter().fold(self.at.clone(), |at, step| at.child(step));
        Asked {
            schema,
            at,
            place: self.place.clone(),
        }
    }

    /// A schema within it of a value within.
    fn inside(&self, schema: &'n Value, way: &[&str], member: &str) -> Self {
        let mut asked = self.beside(schema, way);
        asked.place = self.place.child(member);
        asked
    }

    /// As a sentence names the place.
    fn of(&self) -> String {
        match self.place.is_root() {
            true => "the document".to_owned(),
            false => self.place.to_string(),
        }
    }
}

struct Walk<'a> {
    roots: Roots<'a>,
    found: Vec<Narrowing>,
    /// What is being compared: a schema may hold of something within itself.
    within: Vec<(Pointer, Vec<Pointer>)>,
    left: usize,
}

impl<'a> Walk<'a> {
    /// Says everything that this part of the new schema refuses of what is known to be stored there.
    fn compare(&mut self, known: &Known<'a>, asked: &Asked<'a>) {
        if known.is_nothing() {
            return;
        }
        let members = match asked.schema {
            Value::Object(members) => members,
            Value::Bool(false) => {
                let message = format!("found that nothing is allowed at {} any more", asked.of());
                return self.say(asked, &[], Weight::Breaks, message, REMOVE);
            }
            _ => return,
        };
        let pair = (asked.at.clone(), known.places());
        let mut parts = known.parts().iter();
        let is_same = |schema| self.roots.same_keywords(schema, members);
        if self.within.contains(&pair) || parts.any(|part| is_same(part.schema)) {
            return;
        }
        let Some(left) = self.left.checked_sub(1) else {
            let message = format!(
                "found schemas that are too intricate to compare, at {}",
                asked.of()
            );
            return self.say(asked, &[], Weight::MayBreak, message, LOOK);
        };
        self.left = left;
        self.within.push(pair);
        let before = self.found.len();
        match known.values() {
            Some(values) => self.values(&values, asked),
            None => self.keywords(known, asked, members),
        }
        self.within.pop();
        if self.found.len() > before && self.holds_in_each_case(known, asked) {
            self.found.truncate(before);
        }
        if known.vague {
            let found = self.found.iter_mut().skip(before);
            found.for_each(|finding| finding.weight = Weight::MayBreak);
        }
    }

    /// Whether it refuses nothing of what is known to be stored there.
    fn holds(&mut self, known: &Known<'a>, asked: &Asked<'a>) -> bool {
        let found = std::mem::take(&mut self.found);
        self.compare(known, asked);
        std::mem::replace(&mut self.found, found).is_empty()
    }

    fn holds_in_each_case(&mut self, known: &Known<'a>, asked: &Asked<'a>) -> bool {
        let cases = known.cases();
        !cases.is_empty() && cases.iter().all(|case| self.holds(case, asked))
    }

    /// Where only a few values can be stored, each of them is asked for.
    fn values(&mut self, values: &[Value], asked: &Asked<'a>) {
        let Some(judge) = standing(self.roots.new, &asked.at) else {
            let message = format!(
                "found a schema of {} that cannot be judged by itself",
                asked.of()
            );
            return self.say(asked, &[], Weight::MayBreak, message, LOOK);
        };
        let refused = values.iter().filter(|value| !judge.accepts(value));
        let refused: Vec<String> = refused.map(|value| format!("`{value}`")).collect();
        if !refused.is_empty() {
            let refused = refused.join(", ");
            let message = format!(
                "found that {} cannot be {refused} any more, expected that it can, as before",
                asked.of()
            );
            let way: &[&str] = match asked.schema.get("enum") {
                Some(_) => &["enum"],
                None => &[],
            };
            self.say(asked, way, Weight::Breaks, message, REPLACE);
        }
    }

    fn keywords(&mut self, known: &Known<'a>, asked: &Asked<'a>, members: &'a Map<String, Value>) {
        for (name, value) in members {
            let name = name.as_str();
            if !known.types().meet(judged(name)) {
                continue;
            }
            match name {
                "type" => self.types(known, asked, Types::declared(members)),
                "enum" | "const" => self.listed(asked, name),
                "minimum" | "maximum" | "exclusiveMinimum" | "exclusiveMaximum" => {
                    self.bound(known, asked, name, value);
                }
                "multipleOf" => self.multiple(known, asked, value),
                "minLength" | "maxLength" | "minItems" | "maxItems" | "minProperties"
                | "maxProperties" => self.size(known, asked, name, value),
                "pattern" | "format" => self.form(known, asked, name, value),
                "required" => self.required(known, asked, value),
                "dependentRequired" => self.dependent_required(known, asked, value),
                "properties" => self.properties(known, asked, value),
                "patternProperties" => self.patterns(known, asked, value),
                "additionalProperties" => self.others(known, asked, members, value),
                "propertyNames" => self.names(known, asked, value),
                "prefixItems" => self.first_elements(known, asked, value),
                "items" => self.elements(known, asked, members, value),
                "uniqueItems" => self.distinct(known, asked, value),
                "contains" => self.together(
                    known,
                    asked,
                    members,
                    &["contains", "minContains", "maxContains"],
                ),
                "allOf" | "anyOf" | "oneOf" | "not" | "$ref" | "dependentSchemas" => {
                    self.combined(known, asked, name, value);
                }
                "if" => self.conditional(known, asked, members),
                "unevaluatedProperties" | "unevaluatedItems" => {
                    self.unevaluated(asked, name, value)
                }
                // Notes, and what stands beside `if` and `contains`.
                _ => {}
            }
        }
    }

    fn say(
        &mut self,
        asked: &Asked<'_>,
        way: &[&str],
        weight: Weight,
        message: String,
        remedy: &'static str,
    ) {
        self.found.push(Narrowing {
            at: way.iter().fold(asked.at.clone(), |at, step| at.child(step)),
            weight,
            message,
            remedy,
        });
    }
}

/// The types of the values that a keyword can refuse.
fn judged(keyword: &str) -> Types {
    match keyword {
        "minimum" | "maximum" | "exclusiveMinimum" | "exclusiveMaximum" | "multipleOf" => {
            Types::NUMBER
        }
        "minLength" | "maxLength" | "pattern" | "format" => Types::STRING,
        "minItems" | "maxItems" | "uniqueItems" | "items" | "prefixItems" | "contains"
        | "unevaluatedItems" => Types::ARRAY,
        "minProperties"
        | "maxProperties"
        | "required"
        | "dependentRequired"
        | "properties"
        | "patternProperties"
        | "additionalProperties"
        | "propertyNames"
        | "dependentSchemas"
        | "unevaluatedProperties" => Types::OBJECT,
        _ => Types::ANY,
    }
}

/// What to do where something stored has to go.
const REMOVE: &str = "Remove it from what is stored first, by updates under the old declaration.";
/// What to do where a stored value has to become another.
const REPLACE: &str =
    "Allow both, give what has the old value another one, and narrow the schema after that.";
/// What to do where a stored value is beyond a limit.
const MOVE: &str = "Change what is beyond it first, by updates under the old declaration, and narrow the schema after that.";
/// What to do where something has to be added to what is stored.
const WRITE: &str = "Leave it optional, write it to all that lacks it, and require it after that.";
/// What to do where nobody knows.
const LOOK: &str =
    "Look through what is stored for values that the new schema refuses, and change those first.";
