//! Types, values, numbers, texts and sizes.

use std::cmp::Ordering;

use serde_json::{Number, Value};

use super::known::Known;
use super::{Asked, LOOK, MOVE, REPLACE, Walk};
use crate::declaration::schema::{Types, is_multiple};
use crate::declaration::upgrade::Weight;
use crate::document::number;

impl<'a> Walk<'a> {
    pub(super) fn types(&mut self, known: &Known<'a>, asked: &Asked<'a>, types: Types) {
        let lost = known.types().without(types);
        if lost.is_nothing() {
            return;
        }
        let message = match known.types() == Types::ANY {
            true => format!(
                "found that {} can only be {}, expected that it can be anything, as before",
                asked.of(),
                types.words()
            ),
            false => format!(
                "found that {} cannot be {} any more, expected that it can, as before",
                asked.of(),
                lost.words()
            ),
        };
        self.say(asked, &["type"], Weight::Breaks, message, REPLACE);
    }

    /// A list of values where more than a few could be stored.
    pub(super) fn listed(&mut self, asked: &Asked<'a>, name: &str) {
        let message = format!(
            "found that {} is one of a few values, expected that it can be others too, as before",
            asked.of()
        );
        self.say(asked, &[name], Weight::Breaks, message, REPLACE);
    }

    pub(super) fn bound(
        &mut self,
        known: &Known<'a>,
        asked: &Asked<'a>,
        name: &str,
        value: &Value,
    ) {
        let Some(new) = value.as_number() else { return };
        let (inclusive, exclusive, beyond) = match name {
            "minimum" | "exclusiveMinimum" => ("minimum", "exclusiveMinimum", Ordering::Less),
            _ => ("maximum", "exclusiveMaximum", Ordering::Greater),
        };
        let implies = |old: &Number, old_is_exclusive: bool| {
            let order = number::compare(old, new);
            let strict = name == exclusive && !old_is_exclusive;
            order != beyond && !(strict && order == Ordering::Equal)
        };
        let numbers = |name: &str| known.keyword(name).filter_map(Value::as_number);
        let mut at_most = numbers(inclusive);
        let mut less_than = numbers(exclusive);
        if at_most.any(|old| implies(old, false)) || less_than.any(|old| implies(old, true)) {
            return;
        }
        let old = numbers(inclusive).next().or(numbers(exclusive).next());
        self.narrower(asked, name, value, old.map(ToString::to_string));
    }

    pub(super) fn multiple(&mut self, known: &Known<'a>, asked: &Asked<'a>, value: &Value) {
        let whole = known.types().and(Types::NUMBER).within(Types::INTEGER);
        let mut old = known.keyword("multipleOf");
        let one = Value::from(1);
        if old.any(|old| is_multiple(old, value)) || (whole && is_multiple(&one, value)) {
            return;
        }
        let old = known.keyword("multipleOf").next().map(ToString::to_string);
        self.narrower(asked, "multipleOf", value, old);
    }

    pub(super) fn size(&mut self, known: &Known<'a>, asked: &Asked<'a>, name: &str, value: &Value) {
        let Some(new) = value.as_number() else { return };
        let counted = match name {
            "minProperties" => Some(known.required()),
            "maxProperties" if known.others().is_nothing() && known.patterns().is_empty() => {
                Some(known.names().count())
            }
            "minLength" | "minItems" => Some(0),
            _ => None,
        };
        let counted = counted.map(Number::from);
        let declared = known.keyword(name).filter_map(Value::as_number);
        let beyond = match name.starts_with("min") {
            true => Ordering::Less,
            false => Ordering::Greater,
        };
        let mut sizes = declared.chain(&counted);
        if sizes.any(|old| number::compare(old, new) != beyond) {
            return;
        }
        let old = known.keyword(name).next().map(ToString::to_string);
        self.narrower(asked, name, value, old);
    }

    fn narrower(&mut self, asked: &Asked<'a>, name: &str, value: &Value, old: Option<String>) {
        let expected = match old {
            Some(old) => format!("{old}, as before"),
            None => "none, as before".to_owned(),
        };
        let message = format!(
            "found `{name}: {value}` for {}, expected {expected}",
            asked.of()
        );
        self.say(asked, &[name], Weight::Breaks, message, MOVE);
    }

    /// A pattern or a format. Whether all that matches one matches another is not decided.
    pub(super) fn form(&mut self, known: &Known<'a>, asked: &Asked<'a>, name: &str, value: &Value) {
        if known.keyword(name).any(|old| old == value) {
            return;
        }
        let mut other = known.keyword("pattern").chain(known.keyword("format"));
        let new = value.as_str().unwrap_or_default();
        match other.next().and_then(Value::as_str) {
            Some(old) => {
                let message = format!(
                    "found the {name} `{new}` for {}, where `{old}` was asked for: whether all that is stored has it cannot be decided from the declarations",
                    asked.of()
                );
                self.say(asked, &[name], Weight::MayBreak, message, LOOK);
            }
            None => {
                let message = format!(
                    "found the {name} `{new}` for {}, expected none, as before",
                    asked.of()
                );
                self.say(asked, &[name], Weight::Breaks, message, LOOK);
            }
        }
    }
}
