//! What the table's stream tells of a write, as Lambda hands it to a function.
//!
//! <https://docs.aws.amazon.com/lambda/latest/dg/with-ddb.html>

use aws_sdk_dynamodb::types::AttributeValue;
use onlyif::history::Event;
use onlyif::item::{Item, Key};
use serde_json::{Map, Value};

use crate::attributes as name;
use crate::item::{self, Attributes};
use crate::keys;

/// The write of a resource that a record tells of; `None` where it tells of something else: a unique
/// value, an entry of a history, what somebody else keeps in the table.
///
/// # Errors
/// What is wrong with the record, for the log.
pub fn event(record: &Value) -> Result<Option<Event>, String> {
    let told = &record["dynamodb"];
    let keys = image(told, "Keys")?.unwrap_or_default();
    let text = |name| match keys.get(name) {
        Some(AttributeValue::S(text)) => Some(text.as_str()),
        _ => None,
    };
    if text(name::SORT_KEY) != Some(keys::SORT) {
        return Ok(None);
    }
    let Some(key) = text(name::PARTITION_KEY).and_then(keys::resource) else {
        return Ok(None);
    };
    let item = |name| {
        let attributes = image(told, name)?;
        let read = |attributes: &Attributes| understand(&key, attributes, name);
        attributes.as_ref().map(read).transpose()
    };
    Ok(Some(Event {
        old: item("OldImage")?,
        new: item("NewImage")?,
        key,
    }))
}

fn understand(key: &Key, attributes: &Attributes, name: &str) -> Result<Item, String> {
    item::decode(key, attributes).map_err(|foreign| format!("{name}: {}", foreign.0))
}

/// One of a record's maps of attributes, if it is there.
fn image(told: &Value, name: &str) -> Result<Option<Attributes>, String> {
    match told.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Object(members)) => attributes(members).map(Some),
        Some(_) => Err(format!("{name} is no map of attributes")),
    }
}

fn attributes(members: &Map<String, Value>) -> Result<Attributes, String> {
    let member = |(name, value): (&String, &Value)| Ok((name.clone(), attribute(value)?));
    members.iter().map(member).collect()
}

/// An attribute as the API writes it in JSON: an object whose one member names the kind.
fn attribute(value: &Value) -> Result<AttributeValue, String> {
    let kinds = value.as_object().filter(|kinds| kinds.len() == 1);
    let (kind, value) = kinds
        .and_then(|kinds| kinds.iter().next())
        .ok_or_else(|| format!("an attribute is no object of one kind: {value}"))?;
    Ok(match (kind.as_str(), value) {
        ("S", Value::String(text)) => AttributeValue::S(text.clone()),
        ("N", Value::String(text)) => AttributeValue::N(text.clone()),
        ("BOOL", Value::Bool(truth)) => AttributeValue::Bool(*truth),
        ("NULL", Value::Bool(_)) => AttributeValue::Null(true),
        ("M", Value::Object(members)) => AttributeValue::M(attributes(members)?),
        ("L", Value::Array(elements)) => {
            AttributeValue::L(elements.iter().map(attribute).collect::<Result<_, _>>()?)
        }
        _ => {
            return Err(format!(
                "an attribute is of a kind that is none of ours: {kind}"
            ));
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn record(keys: Value, new: Value) -> Value {
        json!({ "eventName": "INSERT", "dynamodb": { "Keys": keys, "NewImage": new } })
    }

    #[test]
    fn what_is_no_resources_is_nobodys_business() {
        for (pk, sk) in [
            ("-#orders!email#00ff", "#"),
            ("-~alice#key", "#"),
            (
                "-#orders#o-1",
                "v#2026-11-23T10:00:00.000Z#9f2c1a7e#00000000000000000001",
            ),
            ("somebody else's", "#"),
        ] {
            let keys = json!({ "pk": { "S": pk }, "sk": { "S": sk } });
            let record = record(keys, json!({ "any": { "SS": ["thing"] } }));
            assert_eq!(event(&record), Ok(None), "{pk} {sk}");
        }
        for record in [json!(null), json!({}), json!({ "dynamodb": {} }), json!([])] {
            assert_eq!(event(&record), Ok(None), "{record}");
        }
    }

    #[test]
    fn a_record_that_cannot_be_read_says_why() {
        let keys = json!({ "pk": { "S": "-#orders#o-1" }, "sk": { "S": "#" } });
        for (image, expected) in [
            (json!({}), "NewImage: document is missing"),
            (json!([]), "NewImage is no map"),
            (json!({ "a": { "B": "AA==" } }), "none of ours: B"),
            (json!({ "a": { "N": 1 } }), "none of ours: N"),
            (json!({ "a": { "S": "x", "N": "1" } }), "one kind"),
            (json!({ "a": "x" }), "one kind"),
        ] {
            let sentence = event(&record(keys.clone(), image)).unwrap_err();
            assert!(sentence.contains(expected), "{sentence}");
        }
        let gone =
            json!({ "dynamodb": { "Keys": keys, "OldImage": { "deletedAt": { "S": "?" } } } });
        assert!(event(&gone).unwrap_err().starts_with("OldImage: "));
    }
}
