//! A record of the stream, as Lambda writes it into an event.
//!
//! <https://docs.aws.amazon.com/lambda/latest/dg/with-ddb.html>

use serde_json::{Map, Value, json};

/// A record.
pub(super) struct Record {
    /// Its sequence number.
    pub(super) number: String,
    /// What it says.
    pub(super) content: Value,
    /// The same as it stands in an event.
    pub(super) text: String,
}

impl Record {
    /// The record that the stream with this address gave out.
    pub(super) fn new(mut content: Value, arn: &str) -> Self {
        content["eventSourceARN"] = arn.into();
        for name in ["OldImage", "NewImage"] {
            if let Some(Value::Object(attributes)) = content["dynamodb"].get_mut(name) {
                attributes.values_mut().for_each(name_kind);
            }
        }
        let number = content["dynamodb"]["SequenceNumber"].as_str();
        Record {
            number: number.unwrap_or_default().to_owned(),
            text: content.to_string(),
            content,
        }
    }
}

/// AWS's DynamoDB Local leaves out the kind of an empty map.
fn name_kind(attribute: &mut Value) {
    let Value::Object(kinds) = attribute else {
        return;
    };
    if kinds.is_empty() {
        *attribute = json!({ "M": Map::new() });
        return;
    }
    match kinds.get_mut("M") {
        Some(Value::Object(members)) => members.values_mut().for_each(name_kind),
        _ => {
            if let Some(Value::Array(elements)) = kinds.get_mut("L") {
                elements.iter_mut().for_each(name_kind);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_passed_on_as_it_is_and_an_empty_map_is_a_map() {
        let record = |empty: Value| {
            json!({
                "eventName": "MODIFY",
                "dynamodb": {
                    "Keys": { "pk": { "S": "a" } },
                    "OldImage": { "m": empty, "s": { "S": "" } },
                    "NewImage": { "l": { "L": [{ "M": { "m": empty } }, { "N": "1.50" }] } },
                    "SequenceNumber": "7",
                },
            })
        };
        let told = Record::new(record(json!({})), "arn");
        let mut expected = record(json!({ "M": {} }));
        expected["eventSourceARN"] = json!("arn");
        assert_eq!(told.content, expected);
        assert_eq!(told.text, expected.to_string());
        assert_eq!(told.number, "7");
    }
}
