//! The table as the place of histories: an entry is an item beside its resource.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::config::http::HttpResponse;
use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::types::AttributeValue;
use onlyif::document::patch::Difference;
use onlyif::document::pointer::Pointer;
use onlyif::history::{Archive, Changes, Entries, Entry, Life};
use onlyif::store::Failure;
use serde_json::Value;

use crate::asked::Asked;
use crate::attributes as name;
use crate::item::{self, Attributes, Decoder, Encoder, Foreign};
use crate::keys;
use crate::placeholders::Placeholders;
use crate::table::{Table, text};

impl Archive for Table {
    async fn keep(&self, life: &Life, entry: &Entry) -> Result<(), Failure> {
        let attributes = encode(life, entry);
        let mut placeholders = Placeholders::default();
        let key = placeholders.path(&name::top(name::PARTITION_KEY));
        let condition = format!("attribute_not_exists({key})");
        let put = || async {
            let request = self.client.put_item().table_name(&self.name);
            let put = request
                .set_item(Some(attributes.clone()))
                .condition_expression(&condition)
                .set_expression_attribute_names(placeholders.attribute_names())
                .send()
                .await;
            match put {
                Err(error) if is_kept_already(&error) => Ok(()),
                put => put.map(|_| ()),
            }
        };
        let asked = Asked::of_table(&"PutItem");
        self.ask(self.deadline.of_operation(), asked, put).await
    }

    async fn entries(
        &self,
        life: &Life,
        before: Option<u64>,
        limit: usize,
    ) -> Result<Entries, Failure> {
        let newest = match before {
            Some(0) => return Ok(Entries::default()),
            Some(before) => before - 1,
            None => u64::MAX,
        };
        let mut placeholders = Placeholders::default();
        let within = placeholders.path(&name::top(name::PARTITION_KEY));
        let partition = placeholders.value(&text(&keys::partition_key(&life.key)));
        let place = placeholders.path(&name::top(name::SORT_KEY));
        let from = placeholders.value(&text(&keys::entry(life, 0)));
        let to = placeholders.value(&text(&keys::entry(life, newest)));
        let condition = format!("{within} = {partition} AND {place} BETWEEN {from} AND {to}");
        let limit = i32::try_from(limit.max(1)).unwrap_or(i32::MAX);
        let output = self
            .ask(
                self.deadline.of_operation(),
                Asked::of_table(&"Query"),
                || {
                    self.client
                        .query()
                        .table_name(&self.name)
                        .key_condition_expression(&condition)
                        .set_expression_attribute_names(placeholders.attribute_names())
                        .set_expression_attribute_values(placeholders.attribute_values())
                        .consistent_read(true)
                        .scan_index_forward(false)
                        .limit(limit)
                        .send()
                },
            )
            .await?;
        let entries = output.items().iter().map(decode);
        let entries = entries.collect::<Result<Vec<_>, _>>();
        Ok(Entries {
            entries: entries.map_err(|foreign| self.defect(life, &foreign))?,
            more: output
                .last_evaluated_key()
                .is_some_and(|key| !key.is_empty()),
        })
    }
}

/// The stream tells of each write at least once: an entry that is there is the same.
fn is_kept_already(error: &SdkError<PutItemError, HttpResponse>) -> bool {
    error
        .as_service_error()
        .is_some_and(PutItemError::is_conditional_check_failed_exception)
}

fn encode(life: &Life, entry: &Entry) -> Attributes {
    let mut into = Encoder(Attributes::new());
    into.text(name::PARTITION_KEY, &keys::partition_key(&life.key));
    into.text(name::SORT_KEY, &keys::entry(life, entry.version));
    into.count(name::VERSION, entry.version);
    into.text(name::BY, &entry.by);
    into.time(name::AT, entry.at);
    into.text(name::OPERATION, &entry.operation);
    into.count(name::EXPIRES, entry.expires_at_s);
    match &entry.changes {
        Changes::Whole(document) => {
            let members = item::encode_members(document);
            into.put(name::DOCUMENT, AttributeValue::M(members));
        }
        Changes::Members(difference) => {
            // A map holds one level more than a list of operations would leave for their values.
            for (name, members) in [
                (name::ADDED, &difference.added),
                (name::REPLACED, &difference.replaced),
            ] {
                let value =
                    |(at, value): (&Pointer, &Value)| (at.to_string(), item::encode_value(value));
                into.put(name, AttributeValue::M(members.iter().map(value).collect()));
            }
            let gone = difference.removed.iter();
            let gone = gone.map(|pointer| text(&pointer.to_string())).collect();
            into.put(name::REMOVED, AttributeValue::L(gone));
        }
    }
    into.0
}

fn decode(attributes: &Attributes) -> Result<Entry, Foreign> {
    let from = Decoder(attributes);
    let changes = if attributes.contains_key(name::DOCUMENT) {
        Changes::Whole(item::decode_members(from.map(name::DOCUMENT)?)?)
    } else {
        Changes::Members(Difference {
            added: members(from.map(name::ADDED)?)?,
            replaced: members(from.map(name::REPLACED)?)?,
            removed: match from.get(name::REMOVED)? {
                AttributeValue::L(pointers) => {
                    pointers.iter().map(gone).collect::<Result<_, _>>()?
                }
                _ => return Err(Foreign(format!("{} is no list", name::REMOVED))),
            },
        })
    };
    Ok(Entry {
        version: from.count(name::VERSION)?,
        by: from.text(name::BY)?,
        at: from.time(name::AT)?,
        operation: from.text(name::OPERATION)?,
        changes,
        expires_at_s: from.count(name::EXPIRES)?,
    })
}

fn members(map: &Attributes) -> Result<BTreeMap<Pointer, Value>, Foreign> {
    let member =
        |(at, value): (&String, &AttributeValue)| Ok((pointer(at)?, item::decode_value(value)?));
    map.iter().map(member).collect()
}

fn gone(attribute: &AttributeValue) -> Result<Pointer, Foreign> {
    match attribute {
        AttributeValue::S(text) => pointer(text),
        _ => Err(Foreign("what is gone is named by no string".to_owned())),
    }
}

fn pointer(text: &str) -> Result<Pointer, Foreign> {
    text.parse()
        .map_err(|_| Foreign(format!("a change's name is no pointer: {text}")))
}
