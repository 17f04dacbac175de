//! Which records a mapping is for: Lambda's filter patterns, as far as the template uses them.
//!
//! <https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventfiltering.html#filtering-syntax>

use serde_json::{Map, Value};

/// What an event must look like.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Pattern {
    /// Each of these members, by what it must look like.
    Members(Vec<(String, Pattern)>),
    /// One of these.
    AnyOf(Vec<Test>),
}

/// What a value must be.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Test {
    /// This text.
    Is(String),
    /// There, as a value that has no members, or not there.
    Exists(bool),
}

impl Pattern {
    /// Reads a pattern.
    ///
    /// # Errors
    /// What of it the local server does not know.
    pub(super) fn read(text: &str) -> Result<Self, String> {
        let value: Value =
            serde_json::from_str(text).map_err(|error| format!("is no JSON: {error}"))?;
        Pattern::of(&value)
    }

    fn of(value: &Value) -> Result<Self, String> {
        match value {
            Value::Object(members) => {
                let member =
                    |(name, value): (&String, &Value)| Ok((name.clone(), Pattern::of(value)?));
                let members = members.iter().map(member);
                Ok(Pattern::Members(members.collect::<Result<_, String>>()?))
            }
            Value::Array(tests) => {
                let tests = tests.iter().map(Test::of);
                Ok(Pattern::AnyOf(tests.collect::<Result<_, _>>()?))
            }
            other => Err(format!("has `{other}` where an object or a list should be")),
        }
    }

    /// Whether an event looks like that; `None`: there is nothing.
    pub(super) fn holds(&self, value: Option<&Value>) -> bool {
        match self {
            Pattern::Members(members) => {
                let own: Option<&Map<String, Value>> = value.and_then(Value::as_object);
                members
                    .iter()
                    .all(|(name, pattern)| pattern.holds(own.and_then(|own| own.get(name))))
            }
            Pattern::AnyOf(tests) => tests.iter().any(|test| test.holds(value)),
        }
    }
}

impl Test {
    fn of(value: &Value) -> Result<Self, String> {
        let unknown = || format!("has the test `{value}`, which the local server does not know");
        match value {
            Value::String(text) => Ok(Test::Is(text.clone())),
            Value::Object(members) if members.len() == 1 => match members.get("exists") {
                Some(Value::Bool(exists)) => Ok(Test::Exists(*exists)),
                _ => Err(unknown()),
            },
            _ => Err(unknown()),
        }
    }

    fn holds(&self, value: Option<&Value>) -> bool {
        match self {
            Test::Is(text) => value.and_then(Value::as_str) == Some(text),
            // Only a leaf is there.
            Test::Exists(exists) => value.is_some_and(|value| !value.is_object()) == *exists,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_pattern_holds_of_what_looks_like_it() {
        let pattern = r##"{"a": {"k": {"S": ["#", "x"]}, "v": {"S": [{"exists": true}]}, "w": {"S": [{"exists": false}]}}}"##;
        let pattern = Pattern::read(pattern).unwrap();
        for (event, holds) in [
            (json!({"a": {"k": {"S": "#"}, "v": {"S": "1"}}}), true),
            (
                json!({"a": {"k": {"S": "x"}, "v": {"S": ""}, "z": 1}, "b": 2}),
                true,
            ),
            (json!({"a": {"k": {"S": "y"}, "v": {"S": "1"}}}), false),
            (json!({"a": {"k": {"N": "#"}, "v": {"S": "1"}}}), false),
            (json!({"a": {"k": {"S": "#"}}}), false),
            (json!({"a": {"k": {"S": "#"}, "v": {"S": {"x": 1}}}}), false),
            (
                json!({"a": {"k": {"S": "#"}, "v": {"S": "1"}, "w": {"S": "1"}}}),
                false,
            ),
            (json!({"b": 1}), false),
            (json!(null), false),
        ] {
            assert_eq!(pattern.holds(Some(&event)), holds, "{event}");
        }
    }

    #[test]
    fn what_is_not_known_of_patterns_is_told() {
        for (text, expected) in [
            ("", "no JSON"),
            ("3", "`3`"),
            (r#"{"a": "b"}"#, r#"`"b"`"#),
            (r#"{"a": [3]}"#, "does not know"),
            (r#"{"a": [{"prefix": "x"}]}"#, r#"`{"prefix":"x"}`"#),
            (r#"{"a": [{"exists": "yes"}]}"#, "does not know"),
        ] {
            let sentence = Pattern::read(text).unwrap_err();
            assert!(sentence.contains(expected), "{sentence}");
        }
    }
}
