//! What the old schema says of the values at one place: all that is stored there satisfies it.

use serde_json::{Map, Value, json};

use crate::declaration::Schema;
use crate::declaration::schema::{Part, Shape, Types, gather, member};
use crate::document::pointer::Pointer;

use super::same::judging;

/// Keywords by which a schema may say more of a place than it says plainly.
const VAGUE: [&str; 5] = ["anyOf", "oneOf", "not", "if", "dependentSchemas"];

/// Keywords of which a stored value satisfies at least one schema.
const BRANCHES: [&str; 2] = ["anyOf", "oneOf"];

/// What is known of the values at one place.
#[derive(Clone)]
pub(super) struct Known<'o> {
    shape: Shape<'o>,
    /// Nothing can stand there.
    nothing: bool,
    /// More is said than is known here: what is refused may never have been allowed.
    pub(super) vague: bool,
    /// The branches that have been chosen from already.
    chosen: Vec<Pointer>,
}

impl<'o> Known<'o> {
    /// Of whole documents.
    pub(super) fn of_documents(root: &'o Value) -> Self {
        let mut known = Known {
            shape: Shape {
                root,
                parts: Vec::new(),
            },
            nothing: false,
            vague: false,
            chosen: Vec::new(),
        };
        known.add(root, Pointer::root());
        known
    }

    /// Of a value within, of which nothing is known yet.
    fn within(&self) -> Self {
        Known {
            shape: Shape {
                root: self.shape.root,
                parts: Vec::new(),
            },
            nothing: false,
            vague: self.vague,
            chosen: Vec::new(),
        }
    }

    fn add(&mut self, schema: &'o Value, at: Pointer) {
        self.nothing |= *schema == Value::Bool(false);
        gather(schema, at, self.shape.root, &mut self.shape.parts);
        let vague = |part: &Part<'_>| VAGUE.iter().any(|name| part.schema.contains_key(*name));
        self.vague |= self.shape.parts.iter().any(vague);
    }

    pub(super) fn parts(&self) -> &[Part<'o>] {
        &self.shape.parts
    }

    /// Where the schemas stand that say it, in order.
    pub(super) fn places(&self) -> Vec<Pointer> {
        let mut places: Vec<Pointer> = self.parts().iter().map(|part| part.at.clone()).collect();
        places.sort();
        places
    }

    /// Whether nothing at all is said.
    pub(super) fn is_silent(&self) -> bool {
        self.parts()
            .iter()
            .all(|part| judging(part.schema).count() == 0)
    }

    /// Whether nothing can stand there.
    pub(super) fn is_nothing(&self) -> bool {
        self.nothing || self.types().is_nothing()
    }

    pub(super) fn types(&self) -> Types {
        self.shape.types()
    }

    pub(super) fn requires(&self, name: &str) -> bool {
        self.shape.requires(name)
    }

    /// How many members are required.
    pub(super) fn required(&self) -> usize {
        let lists = self.keyword("required").filter_map(Value::as_array);
        let names: std::collections::BTreeSet<&str> =
            lists.flatten().filter_map(Value::as_str).collect();
        names.len()
    }

    /// What a keyword says, of each schema that has it.
    pub(super) fn keyword(&self, name: &str) -> impl Iterator<Item = &'o Value> + use<'o> {
        let name = name.to_owned();
        let parts = self.shape.parts.clone().into_iter();
        parts.filter_map(move |part| part.schema.get(&name))
    }

    /// All that can stand there, where these are a few values.
    pub(super) fn values(&self) -> Option<Vec<Value>> {
        let constants = self.keyword("const").map(|value| vec![value.clone()]);
        let lists = self
            .keyword("enum")
            .filter_map(|list| list.as_array().cloned());
        let few = Types::NULL.or(Types::BOOLEAN);
        let plain = || json!([null, false, true]).as_array().cloned();
        let mut values = constants
            .chain(lists)
            .next()
            .or_else(|| self.types().within(few).then(plain).flatten())?;
        let judge = member(&self.shape)?;
        values.retain(|value| judge.accepts(value));
        Some(values)
    }

    /// The members that are declared.
    pub(super) fn names(&self) -> impl Iterator<Item = &'o str> + use<'o> {
        self.shape.names()
    }

    /// The patterns of the names that are declared by one.
    pub(super) fn patterns(&self) -> Vec<&'o str> {
        let tables = self
            .keyword("patternProperties")
            .filter_map(Value::as_object);
        let mut patterns: Vec<&str> = tables.flat_map(Map::keys).map(String::as_str).collect();
        patterns.sort_unstable();
        patterns.dedup();
        patterns
    }

    /// Of the member of this name.
    pub(super) fn member(&self, name: &str) -> Self {
        let mut known = self.within();
        for part in self.parts() {
            let mut listed = false;
            if let Some(schema) = part.schema.get("properties").and_then(|it| it.get(name)) {
                known.add(schema, part.at.child("properties").child(name));
                listed = true;
            }
            let patterns = part
                .schema
                .get("patternProperties")
                .and_then(Value::as_object);
            for (pattern, schema) in patterns.into_iter().flatten() {
                if matches(pattern, name) {
                    let at = part.at.child("patternProperties").child(pattern);
                    known.add(schema, at);
                    listed = true;
                }
            }
            if let Some(schema) = part.schema.get("additionalProperties").filter(|_| !listed) {
                known.add(schema, part.at.child("additionalProperties"));
            }
        }
        known
    }

    /// Of each member whose name matches a pattern, which stands in the schema as it is.
    pub(super) fn matching(&self, pattern: &str) -> Self {
        let mut known = self.within();
        for part in self.parts() {
            let table = part.schema.get("patternProperties");
            if let Some(schema) = table.and_then(|it| it.get(pattern)) {
                known.add(schema, part.at.child("patternProperties").child(pattern));
            }
        }
        known
    }

    /// Of each member that is declared neither by its name nor by a pattern.
    pub(super) fn others(&self) -> Self {
        let mut known = self.within();
        for part in self.parts() {
            if let Some(schema) = part.schema.get("additionalProperties") {
                known.add(schema, part.at.child("additionalProperties"));
            }
        }
        known
    }

    /// The most elements that have a schema of their own.
    pub(super) fn prefix(&self) -> usize {
        let lists = self.keyword("prefixItems").filter_map(Value::as_array);
        lists.map(Vec::len).max().unwrap_or_default()
    }

    /// Of the element with this number, and of all after it where none of them has a schema of its own.
    pub(super) fn element(&self, number: usize) -> Self {
        let mut known = self.within();
        let most = self.keyword("maxItems").filter_map(Value::as_u64).min();
        known.nothing |= most.is_some_and(|most| most <= number as u64);
        for part in self.parts() {
            let prefix = part.schema.get("prefixItems").and_then(Value::as_array);
            let length = prefix.map_or(0, Vec::len);
            if let Some(schema) = prefix.and_then(|it| it.get(number)) {
                let at = part.at.child("prefixItems").child(&number.to_string());
                known.add(schema, at);
            } else if let Some(schema) = part.schema.get("items").filter(|_| number >= length) {
                known.add(schema, part.at.child("items"));
            }
        }
        known
    }

    /// The same by cases: a stored value is one of them. None where the schema makes no more cases.
    pub(super) fn cases(&self) -> Vec<Known<'o>> {
        for part in self.parts() {
            for keyword in BRANCHES {
                let at = part.at.child(keyword);
                let branches = part.schema.get(keyword).and_then(Value::as_array);
                let Some(branches) = branches.filter(|_| !self.chosen.contains(&at)) else {
                    continue;
                };
                let case = |(number, schema): (usize, &'o Value)| {
                    let mut case = self.clone();
                    case.chosen.push(at.clone());
                    case.add(schema, at.child(&number.to_string()));
                    case
                };
                return branches.iter().enumerate().map(case).collect();
            }
        }
        Vec::new()
    }
}

/// Whether a name has a match of the pattern.
pub(super) fn matches(pattern: &str, name: &str) -> bool {
    Schema::compile(json!({ "pattern": pattern }))
        .is_ok_and(|schema| schema.accepts(&Value::from(name)))
}
