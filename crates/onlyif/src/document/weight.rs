//! How large the table counts a document.

use serde_json::Value;

use super::Document;

/// How large a document may be, as [`weight`] counts. The table takes items of 400 KB, and an item
/// has clocks and marks beside its document.
pub const MAX_DOCUMENT_BYTES: usize = 300 * 1024;

/// How large a document may be that the record of an idempotency key holds, as [`weight`] counts.
pub const MAX_RECORDED_BYTES: usize = 100 * 1024;

/// The bytes that a document takes in the table: of names and strings their UTF-8, of a number
/// about half its digits, of an object or array 3 and 1 for each element. Nothing else limits a
/// document: its JSON text may be the longer of the two, for its quotes and escapes.
/// <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html>
pub fn weight(document: &Document) -> usize {
    members(document)
}

fn members(document: &Document) -> usize {
    let each = document
        .iter()
        .map(|(name, value)| 1 + name.len() + of(value));
    3 + each.sum::<usize>()
}

/// The same of one value.
pub(crate) fn of(value: &Value) -> usize {
    match value {
        Value::Null | Value::Bool(_) => 1,
        // Two digits a byte, one byte for the exponent and one for the sign, and never more than 21.
        Value::Number(number) => (number.as_str().len() / 2 + 2).min(21),
        Value::String(text) => text.len(),
        Value::Array(elements) => 3 + elements.iter().map(|value| 1 + of(value)).sum::<usize>(),
        Value::Object(document) => members(document),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn documents_weigh_what_the_table_counts() {
        for (document, expected) in [
            (json!({}), 3),
            (json!({"a": null}), 3 + 1 + 1 + 1),
            (json!({"ab": true}), 3 + 1 + 2 + 1),
            (json!({"a": "é\u{0}"}), 3 + 1 + 1 + 3),
            (json!({"a": 7}), 3 + 1 + 1 + 2),
            (json!({"a": -12_345_678}), 3 + 1 + 1 + 6),
            (json!({"a": ["x", "yz"]}), 3 + 1 + 1 + 3 + 2 + 3),
            (json!({"a": {"b": {}}}), 3 + 2 + 3 + 2 + 3),
        ] {
            assert_eq!(
                weight(document.as_object().unwrap()),
                expected,
                "{document}"
            );
        }
        let number = format!("{{\"a\":-0.{}}}", "9".repeat(38));
        let parsed = crate::document::json::parse(number.as_bytes())
            .unwrap()
            .value;
        assert_eq!(weight(parsed.as_object().unwrap()), 5 + 21);
    }
}
