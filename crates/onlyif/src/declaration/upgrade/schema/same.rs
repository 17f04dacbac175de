//! Whether two schemas say the same, word for word: notes for people, which judge nothing, aside.

use serde_json::{Map, Value};

use crate::declaration::schema::{Holds, NOTES, holds, target};

/// What refuses no value either: what a text holds is not looked at, and the old name of `$defs`.
const UNJUDGED: [&str; 4] = [
    "definitions",
    "contentEncoding",
    "contentMediaType",
    "contentSchema",
];

/// The schemas that references lead into.
pub(super) struct Roots<'a> {
    pub(super) old: &'a Value,
    pub(super) new: &'a Value,
}

impl<'a> Roots<'a> {
    /// Whether these two, one of each, say the same.
    pub(super) fn same(&self, old: &'a Value, new: &'a Value) -> bool {
        self.are(old, new, &mut Vec::new())
    }

    /// The same of maps of keywords.
    pub(super) fn same_keywords(
        &self,
        old: &'a Map<String, Value>,
        new: &'a Map<String, Value>,
    ) -> bool {
        self.all(old, new, &mut Vec::new())
    }

    /// `followed` are the references of which it is asked already.
    fn are(&self, old: &'a Value, new: &'a Value, followed: &mut Vec<(&'a str, &'a str)>) -> bool {
        match (old, new) {
            (Value::Object(old), Value::Object(new)) => self.all(old, new, followed),
            (old, new) => old == new,
        }
    }

    fn all(
        &self,
        old: &'a Map<String, Value>,
        new: &'a Map<String, Value>,
        followed: &mut Vec<(&'a str, &'a str)>,
    ) -> bool {
        judging(old).count() == judging(new).count()
            && judging(old).all(|(name, old)| {
                new.get(name)
                    .is_some_and(|new| self.says(name, old, new, followed))
            })
    }

    fn says(
        &self,
        keyword: &str,
        old: &'a Value,
        new: &'a Value,
        followed: &mut Vec<(&'a str, &'a str)>,
    ) -> bool {
        match (holds(keyword), old, new) {
            (Some(Holds::Schema), old, new) => self.are(old, new, followed),
            (Some(Holds::Schemas), Value::Array(old), Value::Array(new)) => {
                let mut pairs = old.iter().zip(new);
                old.len() == new.len() && pairs.all(|(old, new)| self.are(old, new, followed))
            }
            (Some(Holds::Named), Value::Object(old), Value::Object(new)) => {
                let mut members = old.iter();
                old.len() == new.len()
                    && members.all(|(name, old)| {
                        new.get(name)
                            .is_some_and(|new| self.are(old, new, followed))
                    })
            }
            (_, Value::String(from), Value::String(to)) if keyword == "$ref" => {
                if followed.contains(&(from, to)) {
                    return true;
                }
                followed.push((from, to));
                match (target(from, self.old), target(to, self.new)) {
                    (Some((_, old)), Some((_, new))) => self.are(old, new, followed),
                    _ => false,
                }
            }
            (_, old, new) => old == new,
        }
    }
}

/// The keywords that can refuse a value.
pub(super) fn judging(schema: &Map<String, Value>) -> impl Iterator<Item = (&String, &Value)> {
    let notes =
        |name: &str| NOTES.contains(&name) || UNJUDGED.contains(&name) || name.starts_with("x-");
    schema.iter().filter(move |(name, _)| !notes(name))
}
