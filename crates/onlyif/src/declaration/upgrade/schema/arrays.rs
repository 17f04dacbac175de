//! Elements.

use serde_json::{Map, Value};

use super::known::Known;
use super::{Asked, MOVE, Walk};
use crate::declaration::upgrade::Weight;

impl<'a> Walk<'a> {
    pub(super) fn first_elements(
        &mut self,
        known: &Known<'a>,
        asked: &Asked<'a>,
        value: &'a Value,
    ) {
        for (number, schema) in value.as_array().into_iter().flatten().enumerate() {
            let text = number.to_string();
            let asked = asked.inside(schema, &["prefixItems", &text], &text);
            self.compare(&known.element(number), &asked);
        }
    }

    /// What the elements hold that have no schema of their own.
    pub(super) fn elements(
        &mut self,
        known: &Known<'a>,
        asked: &Asked<'a>,
        members: &'a Map<String, Value>,
        value: &'a Value,
    ) {
        let prefix = members.get("prefixItems").and_then(Value::as_array);
        let own = prefix.map_or(0, Vec::len);
        for number in own..known.prefix() {
            let asked = asked.inside(value, &["items"], &number.to_string());
            self.compare(&known.element(number), &asked);
        }
        let asked = asked.inside(value, &["items"], "*");
        self.compare(&known.element(own.max(known.prefix())), &asked);
    }

    pub(super) fn distinct(&mut self, known: &Known<'a>, asked: &Asked<'a>, value: &Value) {
        let yes = Value::Bool(true);
        let distinct = known.keyword("uniqueItems").any(|old| *old == yes);
        if *value != yes || distinct || known.element(1).is_nothing() {
            return;
        }
        let message = format!(
            "found that no element of {} stands twice, expected that it may, as before",
            asked.of()
        );
        self.say(asked, &["uniqueItems"], Weight::Breaks, message, MOVE);
    }
}
