//! Values that no two resources of a type may share: what is compared, and under which name it is
//! claimed.

use serde_json::Value;
use sha2::{Digest, Sha256};
use unicode_normalization::UnicodeNormalization;

use super::number;
use crate::declaration::Normalize;

/// The values as they are compared: strings in NFC after the declared steps, numbers by value.
/// `None`, no constraint, where one is `null` or no scalar. (A field that is missing has no value
/// to give: the constraint does not hold there either.)
pub fn normalise(values: &[&Value], steps: &[Normalize]) -> Option<Vec<Value>> {
    values
        .iter()
        .map(|value| match value {
            Value::String(text) => Some(Value::String(string(text, steps))),
            Value::Number(number) => number::canonical_number(number).map(Value::Number),
            Value::Bool(_) => Some((*value).clone()),
            Value::Null | Value::Array(_) | Value::Object(_) => None,
        })
        .collect()
}

fn string(text: &str, steps: &[Normalize]) -> String {
    let composed: String = text.nfc().collect();
    let stepped = steps.iter().fold(composed, |text, step| match step {
        Normalize::Trim => text.trim().to_owned(),
        Normalize::Lowercase => text.to_lowercase(),
    });
    // Lower case can leave a sequence that composes further.
    stepped.nfc().collect()
}

/// The name under which normalised values are claimed: SHA-256, in lower-case hexadecimal, of a text
/// in which each value's kind and length stand before it, so that no two lists have the same.
pub fn digest(values: &[Value]) -> String {
    let mut hasher = Sha256::new();
    for value in values {
        let (kind, text) = match value {
            Value::String(text) => ('s', text.clone()),
            Value::Number(number) => ('n', number.as_str().to_owned()),
            other => ('j', other.to_string()),
        };
        hasher.update(format!("{kind}{}:{text}", text.len()));
    }
    hasher
        .finalize()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}
