//! `Idempotency-Key`: a request that may be sent again, and is done once.
//! <https://datatracker.ietf.org/doc/draft-ietf-httpapi-idempotency-key-header/>

use onlyif::command::{Idempotency, Operation};
use onlyif::problem::{Fault, Place};
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::exchange::Exchange;

/// Characters of a key at most.
pub const MAX_KEY: usize = 255;

/// Reads the value of the header: visible characters, in double quotes or bare.
///
/// # Errors
/// What is wrong with it, at that header.
pub fn key(value: &str) -> Result<String, Fault> {
    let value = value.trim();
    let quoted = value
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'));
    let key = quoted.unwrap_or(value);
    let visible = key.bytes().all(|b| b.is_ascii_graphic() && b != b'"');
    if visible && (1..=MAX_KEY).contains(&key.len()) {
        return Ok(key.to_owned());
    }
    Err(Fault {
        at: Place::Header("Idempotency-Key".to_owned()),
        detail: format!(
            "must be 1 to {MAX_KEY} visible ASCII characters, in double quotes or without any"
        ),
        keyword: None,
    })
}

/// The key with what tells this request from others: method, path and body by value. (A write takes
/// no query.)
pub(crate) fn idempotency(
    exchange: &Exchange<'_>,
    key: String,
    operation: &Operation,
) -> Idempotency {
    let mut hash = begun(exchange);
    match operation {
        Operation::Create { body, .. } | Operation::Replace { body } => members(&mut hash, body),
        Operation::Patch { patch } => value(&mut hash, &patch.to_value()),
        Operation::Transition {
            input: Some(input), ..
        } => value(&mut hash, input),
        // That of a lease is told by the text of its time: see `of_value`.
        Operation::Lease { .. }
        | Operation::Transition { input: None, .. }
        | Operation::Release
        | Operation::Delete
        | Operation::Read
        | Operation::All(_) => {}
    }
    ended(key, hash)
}

/// The same of a request with this body.
pub(crate) fn of_value(exchange: &Exchange<'_>, key: String, body: &Value) -> Idempotency {
    let mut hash = begun(exchange);
    value(&mut hash, body);
    ended(key, hash)
}

fn begun(exchange: &Exchange<'_>) -> Sha256 {
    let mut hash = Sha256::new();
    feed(&mut hash, 'm', exchange.method().as_str());
    feed(&mut hash, 'p', exchange.path());
    hash
}

fn ended(key: String, hash: Sha256) -> Idempotency {
    let digest = hash.finalize();
    Idempotency {
        key,
        fingerprint: digest.iter().map(|byte| format!("{byte:02x}")).collect(),
    }
}

/// Kind and length stand before every text, so that no two values are fed as one.
fn feed(hash: &mut Sha256, kind: char, text: &str) {
    hash.update(format!("{kind}{}:", text.len()));
    hash.update(text);
}

/// Numbers have been brought to one form where they were read, and the order of members is none.
fn value(hash: &mut Sha256, value: &Value) {
    match value {
        Value::Null => feed(hash, 'z', ""),
        Value::Bool(truth) => feed(hash, 'b', if *truth { "1" } else { "0" }),
        Value::Number(number) => feed(hash, 'n', number.as_str()),
        Value::String(text) => feed(hash, 's', text),
        Value::Array(elements) => {
            feed(hash, 'a', &elements.len().to_string());
            elements
                .iter()
                .for_each(|element| self::value(hash, element));
        }
        Value::Object(object) => members(hash, object),
    }
}

fn members(hash: &mut Sha256, object: &serde_json::Map<String, Value>) {
    feed(hash, 'o', &object.len().to_string());
    let mut ordered: Vec<_> = object.iter().collect();
    ordered.sort_unstable_by_key(|(name, _)| *name);
    for (name, member) in ordered {
        feed(hash, 's', name);
        value(hash, member);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_the_same_with_quotes_and_without() {
        let longest = "x".repeat(MAX_KEY);
        for (text, expected) in [
            ("a", "a"),
            ("\"a\"", "a"),
            (
                " 8e03978e-40d5-43dd-bc93-6894a57f9324 ",
                "8e03978e-40d5-43dd-bc93-6894a57f9324",
            ),
            ("!#~'", "!#~'"),
            (&longest, &longest),
        ] {
            assert_eq!(key(text).as_deref(), Ok(expected), "{text}");
        }
        let longer = "x".repeat(MAX_KEY + 1);
        for text in [
            "", "\"\"", "\"", "a\"b", "\"a", "a\"", "a b", "é", "a\tb", &longer,
        ] {
            assert!(key(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_body_counts_by_its_value() {
        let digest = |text: &str| {
            let mut hash = Sha256::new();
            let parsed = onlyif::document::json::parse(text.as_bytes()).unwrap();
            value(&mut hash, &parsed.value);
            format!("{:x?}", hash.finalize())
        };
        let same = r#"{"a": 1.50, "b": ["x", {"c": null, "d": true}]}"#;
        assert_eq!(
            digest(same),
            digest(r#"{"b":["x",{"d":true,"c":null}],"a":15e-1}"#)
        );
        for other in [
            r#"{"a": 1.5, "b": ["x", {"c": null, "d": false}]}"#,
            r#"{"a": 1.5, "b": ["x", {"c": "null", "d": true}]}"#,
            r#"{"a": "1.5", "b": ["x", {"c": null, "d": true}]}"#,
            r#"{"a": 1.5, "b": ["x", {"c": null}, {"d": true}]}"#,
            r#"{"a": 1.5, "b": [{"c": null, "d": true}, "x"]}"#,
        ] {
            assert_ne!(digest(same), digest(other), "{other}");
        }
    }
}
