//! Members.

use serde_json::{Map, Value};

use super::known::{Known, matches};
use super::{Asked, LOOK, REMOVE, REPLACE, WRITE, Walk};
use crate::declaration::schema::standing;
use crate::declaration::upgrade::Weight;

/// What to do where a name gets a meaning that any value could stand under before.
const NAME: &str = "Look for it in what is stored, or take another name. Where clients never sent it, nothing is to be done.";

impl<'a> Walk<'a> {
    pub(super) fn required(&mut self, known: &Known<'a>, asked: &Asked<'a>, value: &Value) {
        let names = value.as_array().into_iter().flatten();
        for (number, name) in names.enumerate() {
            let name = name.as_str().unwrap_or_default();
            if known.requires(name) {
                continue;
            }
            let place = asked.place.child(name);
            let message = format!(
                "found {place} among the required members, expected it to be optional, as before"
            );
            let way = ["required", &number.to_string()];
            self.say(asked, &way, Weight::Breaks, message, WRITE);
        }
    }

    pub(super) fn dependent_required(
        &mut self,
        known: &Known<'a>,
        asked: &Asked<'a>,
        value: &'a Value,
    ) {
        for (member, names) in value.as_object().into_iter().flatten() {
            if known.member(member).is_nothing() {
                continue;
            }
            let required = |name: &Value| {
                let by_member = |old: &Value| {
                    let names = old.get(member).and_then(Value::as_array);
                    names.is_some_and(|names| names.contains(name))
                };
                name.as_str().is_some_and(|name| known.requires(name))
                    || known.keyword("dependentRequired").any(by_member)
            };
            let names = names.as_array().into_iter().flatten();
            for name in names.filter(|name| !required(name)) {
                let name = name.as_str().unwrap_or_default();
                let message = format!(
                    "found {} required where {} is there, expected it to be optional, as before",
                    asked.place.child(name),
                    asked.place.child(member)
                );
                let way = ["dependentRequired", member];
                self.say(asked, &way, Weight::Breaks, message, WRITE);
            }
        }
    }

    pub(super) fn properties(&mut self, known: &Known<'a>, asked: &Asked<'a>, value: &'a Value) {
        for (name, schema) in value.as_object().into_iter().flatten() {
            let member = known.member(name);
            let asked = asked.inside(schema, &["properties", name], name);
            if !member.is_silent() {
                self.compare(&member, &asked);
            } else if !self.holds(&member, &asked) {
                let message = format!(
                    "found {} declared, where anything could stand before",
                    asked.place
                );
                self.say(&asked, &[], Weight::MayBreak, message, NAME);
            }
        }
    }

    /// A stored member whose name matches a new pattern was declared by its name, by patterns, or was
    /// one among the others: the new schema is asked of each. Whether some name matches two patterns
    /// is not decided here.
    pub(super) fn patterns(&mut self, known: &Known<'a>, asked: &Asked<'a>, value: &'a Value) {
        let patterns = known.patterns();
        for (pattern, schema) in value.as_object().into_iter().flatten() {
            let way = ["patternProperties", pattern];
            let inside = asked.inside(schema, &way, "*");
            if patterns.contains(&pattern.as_str()) {
                self.compare(&known.matching(pattern), &inside);
                continue;
            }
            for name in known.names().filter(|name| matches(pattern, name)) {
                self.compare(&known.member(name), &asked.inside(schema, &way, name));
            }
            let by_pattern = patterns.iter().map(|pattern| known.matching(pattern));
            let mut unnamed = by_pattern.chain([known.others()]);
            if !unnamed.all(|known| self.holds(&known, &inside)) {
                let message = format!(
                    "found a schema for the members of {} whose names match `{pattern}`, which was not asked for before",
                    asked.of()
                );
                self.say(asked, &way, Weight::MayBreak, message, LOOK);
            }
        }
    }

    /// What the members must hold that the schema itself does not name.
    pub(super) fn others(
        &mut self,
        known: &Known<'a>,
        asked: &Asked<'a>,
        members: &'a Map<String, Value>,
        value: &'a Value,
    ) {
        let declared = |keyword: &str| members.get(keyword).and_then(Value::as_object);
        let named = declared("properties");
        let patterns = declared("patternProperties");
        let has = |table: Option<&Map<String, Value>>, name: &str| {
            table.is_some_and(|table| table.contains_key(name))
        };
        let matched = |name: &str| {
            let mut patterns = patterns.into_iter().flat_map(Map::keys);
            patterns.any(|pattern| matches(pattern, name))
        };
        for name in known.names() {
            if !has(named, name) && !matched(name) {
                let asked = asked.inside(value, &["additionalProperties"], name);
                self.undeclared(&known.member(name), &asked);
            }
        }
        for pattern in known.patterns() {
            if !has(patterns, pattern) {
                let asked = asked.inside(value, &["additionalProperties"], "*");
                self.undeclared(&known.matching(pattern), &asked);
            }
        }
        let others = known.others();
        let inside = asked.inside(value, &["additionalProperties"], "*");
        if *value == Value::Bool(false) && !others.is_nothing() {
            let message = format!(
                "found that {} can have no other members than the declared ones, expected that it can, as before",
                asked.of()
            );
            self.say(
                asked,
                &["additionalProperties"],
                Weight::Breaks,
                message,
                REMOVE,
            );
        } else {
            self.compare(&others, &inside);
        }
    }

    /// A member that was declared, and is one among the others now.
    fn undeclared(&mut self, known: &Known<'a>, asked: &Asked<'a>) {
        if *asked.schema != Value::Bool(false) {
            return self.compare(known, asked);
        }
        if known.is_nothing() {
            return;
        }
        let message = format!(
            "found no {} and no other members allowed, expected that it is declared, as before",
            asked.place
        );
        self.say(asked, &[], Weight::Breaks, message, REMOVE);
    }

    pub(super) fn names(&mut self, known: &Known<'a>, asked: &Asked<'a>, value: &'a Value) {
        let mut old = known.keyword("propertyNames");
        if old.any(|old| self.roots.same(old, value)) {
            return;
        }
        let judge = standing(self.roots.new, &asked.at.child("propertyNames"));
        let closed = known.patterns().is_empty() && known.others().is_nothing();
        let Some(judge) = judge.filter(|_| closed) else {
            let message = format!(
                "found another schema for the names of the members of {}: whether all that are stored have such names cannot be decided from the declarations",
                asked.of()
            );
            return self.say(asked, &["propertyNames"], Weight::MayBreak, message, LOOK);
        };
        for name in known.names() {
            let refused = !judge.accepts(&Value::from(name));
            if refused && !known.member(name).is_nothing() {
                let place = asked.place.child(name);
                let message = format!("found that no member is called as {place} any more");
                self.say(asked, &["propertyNames"], Weight::Breaks, message, REPLACE);
            }
        }
    }
}
