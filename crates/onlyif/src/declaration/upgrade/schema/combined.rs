//! Schemas that are made of others.

use serde_json::{Map, Value};

use super::known::Known;
use super::{Asked, LOOK, Walk};
use crate::declaration::schema::target;
use crate::declaration::upgrade::Weight;

impl<'a> Walk<'a> {
    pub(super) fn combined(
        &mut self,
        known: &Known<'a>,
        asked: &Asked<'a>,
        name: &str,
        value: &'a Value,
    ) {
        match (name, value) {
            ("$ref", Value::String(reference)) => {
                if let Some((at, schema)) = target(reference, self.roots.new) {
                    let place = asked.place.clone();
                    self.compare(known, &Asked { schema, at, place });
                }
            }
            ("allOf", Value::Array(all)) => {
                for (number, schema) in all.iter().enumerate() {
                    let asked = asked.beside(schema, &[name, &number.to_string()]);
                    self.compare(known, &asked);
                }
            }
            ("anyOf", Value::Array(any)) => {
                let mut any = any.iter().enumerate();
                let holds = any.any(|(number, schema)| {
                    let asked = asked.beside(schema, &[name, &number.to_string()]);
                    self.holds(known, &asked)
                });
                if !holds {
                    self.undecided(asked, name);
                }
            }
            ("dependentSchemas", Value::Object(schemas)) => {
                for (member, schema) in schemas {
                    let within = asked.beside(schema, &[name, member]);
                    let never = known.member(member).is_nothing();
                    if !never
                        && !self.was_said(known, &[name, member], schema)
                        && !self.holds(known, &within)
                    {
                        self.undecided(asked, name);
                    }
                }
            }
            ("oneOf" | "not", schema) if !self.was_said(known, &[name], schema) => {
                self.undecided(asked, name);
            }
            _ => {}
        }
    }

    pub(super) fn conditional(
        &mut self,
        known: &Known<'a>,
        asked: &Asked<'a>,
        members: &'a Map<String, Value>,
    ) {
        let mut holds = true;
        for name in ["then", "else"] {
            if let Some(schema) = members.get(name) {
                holds = holds && self.holds(known, &asked.beside(schema, &[name]));
            }
        }
        if !holds {
            self.together(known, asked, members, &["if", "then", "else"]);
        }
    }

    /// Keywords that say something together only, the first of which stands there.
    pub(super) fn together(
        &mut self,
        known: &Known<'a>,
        asked: &Asked<'a>,
        members: &'a Map<String, Value>,
        names: &[&'static str],
    ) {
        let same = |old: &'a Map<String, Value>| {
            names
                .iter()
                .all(|name| match (old.get(*name), members.get(*name)) {
                    (Some(old), Some(new)) => self.roots.same(old, new),
                    (old, new) => old.is_none() && new.is_none(),
                })
        };
        if !known.parts().iter().any(|part| same(part.schema)) {
            self.undecided(asked, names.first().copied().unwrap_or_default());
        }
    }

    /// What nothing else describes depends on all that stands beside it.
    pub(super) fn unevaluated(&mut self, asked: &Asked<'a>, name: &str, value: &Value) {
        if *value != Value::Bool(true) {
            self.undecided(asked, name);
        }
    }

    /// Whether the old schema says this too, at the same keyword of the same place.
    fn was_said(&self, known: &Known<'a>, way: &[&str], new: &'a Value) -> bool {
        let said = |schema: &'a Map<String, Value>| {
            let (first, rest) = way.split_first()?;
            rest.iter()
                .try_fold(schema.get(*first)?, |value, step| value.get(*step))
        };
        let mut old = known.parts().iter().filter_map(|part| said(part.schema));
        old.any(|old| match (old, new) {
            (Value::Array(old), Value::Array(new)) => {
                let mut pairs = old.iter().zip(new);
                old.len() == new.len() && pairs.all(|(old, new)| self.roots.same(old, new))
            }
            (old, new) => self.roots.same(old, new),
        })
    }

    fn undecided(&mut self, asked: &Asked<'a>, name: &str) {
        let message = format!(
            "found another `{name}` for {}: whether all that is stored satisfies it cannot be decided from the declarations",
            asked.of()
        );
        self.say(asked, &[name], Weight::MayBreak, message, LOOK);
    }
}
