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

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::json;

    use super::*;

    #[test]
    fn values_are_compared_after_the_steps_in_their_order() {
        use Normalize::{Lowercase, Trim};
        for (value, steps, expected) in [
            (
                json!(" A@B.c\u{a0}"),
                &[Trim, Lowercase][..],
                json!("a@b.c"),
            ),
            (json!(" A "), &[Lowercase], json!(" a ")),
            (json!(" A "), &[Trim], json!("A")),
            (json!(" A "), &[], json!(" A ")),
            // A letter and its accent are one character.
            (json!("e\u{301}"), &[], json!("é")),
            (json!("E\u{301}"), &[Lowercase], json!("é")),
            (json!("STRASSE"), &[Lowercase], json!("strasse")),
            (json!("straße"), &[Lowercase], json!("straße")),
            (json!(""), &[Trim], json!("")),
            (json!(true), &[Trim, Lowercase], json!(true)),
            (json!(12), &[Trim], json!(12)),
        ] {
            assert_eq!(
                normalise(&[&value], steps),
                Some(vec![expected]),
                "{value} {steps:?}"
            );
        }
    }

    #[test]
    fn numbers_are_compared_by_value() {
        let number = |text: &str| serde_json::from_str::<Value>(text).unwrap();
        let one = normalise(&[&number("1.50")], &[]).unwrap();
        assert_eq!(
            digest(&one),
            digest(&normalise(&[&number("15e-1")], &[]).unwrap())
        );
    }

    #[test]
    fn a_constraint_does_not_hold_where_a_value_is_null_or_no_scalar() {
        let text = json!("a");
        for other in [json!(null), json!([]), json!(["a"]), json!({})] {
            assert_eq!(normalise(&[&text, &other], &[]), None, "{other}");
        }
    }

    #[test]
    fn different_values_are_claimed_under_different_names() {
        let lists = [
            json!([]),
            json!([""]),
            json!(["", ""]),
            json!(["a"]),
            json!(["a", "b"]),
            json!(["b", "a"]),
            json!(["ab"]),
            json!(["ab", ""]),
            json!(["", "ab"]),
            json!(["a1:b"]),
            json!(["as1:b"]),
            json!(["1"]),
            json!([1]),
            json!(["true"]),
            json!([true]),
            json!([false]),
        ];
        let digests: BTreeSet<String> = lists
            .iter()
            .map(|list| digest(list.as_array().unwrap()))
            .collect();
        assert_eq!(digests.len(), lists.len());
    }

    #[test]
    fn the_name_never_changes() {
        // It is stored: another encoding would forget every claim.
        assert_eq!(
            digest(&[json!("a"), json!(1), json!(true)]),
            "73213006c140d659209d07e77103d28692ab2331a9fc09a7cde47de44682aa36"
        );
    }
}
