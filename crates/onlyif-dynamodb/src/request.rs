//! A plan as one request: a conditional write of one item, or one transaction.

use std::collections::BTreeSet;
use std::fmt::{self, Display};

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::BuildError;
use aws_sdk_dynamodb::types::{
    AttributeValue, ConditionCheck, Delete, Put, ReturnValue, ReturnValuesOnConditionCheckFailure,
    TransactWriteItem, Update,
};
use onlyif::item::Key;
use onlyif::plan::{Effect, Plan, Write};
use sha2::{Digest, Sha256};

use crate::condition::{self, TooManyReadings};
use crate::item::{self, Attributes};
use crate::placeholders::Placeholders;
use crate::refusal::{self, Refusal, Setback};
use crate::update;

/// What a refused write tells about: the item as it was.
const OLD_IMAGE: ReturnValuesOnConditionCheckFailure = ReturnValuesOnConditionCheckFailure::AllOld;

/// A plan, ready to be sent once. What is made of the same plan again is the same request.
pub(crate) struct Request<'a> {
    table: &'a str,
    writes: Vec<ItemWrite<'a>>,
    /// The answer is to hold the item as the write left it.
    image: bool,
}

/// One item's write in DynamoDB's terms.
struct ItemWrite<'a> {
    key: &'a Key,
    action: Action,
    condition: Option<String>,
    placeholders: Placeholders,
}

enum Action {
    Put(Attributes),
    Update(Option<String>),
    Delete,
    Check,
}

/// The actions that a plan asks for, each once, separated by spaces: a transaction asks for those of
/// its parts.
/// <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis-iam.html>
pub(crate) struct Actions<'a>(pub(crate) &'a Plan);

impl Display for Actions<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let writes = self.0.writes.iter();
        let actions: BTreeSet<_> = writes.map(|write| action(&write.effect)).collect();
        f.write_str(&actions.into_iter().collect::<Vec<_>>().join(" "))
    }
}

fn action(effect: &Effect) -> &'static str {
    match effect {
        Effect::Put(..) => "PutItem",
        Effect::Update(_) => "UpdateItem",
        Effect::Delete => "DeleteItem",
        Effect::Check => "ConditionCheckItem",
    }
}

impl<'a> Request<'a> {
    /// What the plan asks of the table of this name.
    pub(crate) fn new(table: &'a str, plan: &'a Plan) -> Result<Self, TooManyReadings> {
        let writes = plan.writes.iter().map(ItemWrite::new);
        Ok(Request {
            table,
            writes: writes.collect::<Result<_, _>>()?,
            image: plan.needs_image(),
        })
    }

    /// Sends it. `Ok` is the item as the write left it, where the plan needs to see that.
    pub(crate) async fn send(mut self, client: &Client) -> Result<Option<Attributes>, Refusal> {
        if self.writes.len() > 1 {
            return self.transact(client).await;
        }
        match self.writes.pop() {
            Some(write) => write.send(client, self.table, self.image).await,
            None => Ok(None),
        }
    }

    async fn transact(self, client: &Client) -> Result<Option<Attributes>, Refusal> {
        let token = self.token();
        let writes = self.writes.into_iter();
        let items = writes.map(|write| write.transacted(self.table));
        let items = items
            .collect::<Result<Vec<_>, _>>()
            .map_err(refusal::unbuilt)?;
        client
            .transact_write_items()
            .set_transact_items(Some(items))
            .client_request_token(token)
            .send()
            .await
            .map(|_| None)
            .map_err(refusal::of_transaction)
    }

    /// The ClientRequestToken: a function of all that is asked. The stamps in it name the request
    /// of the client, so that what is sent again is the same transaction, and the same change
    /// asked for by another request is another one.
    fn token(&self) -> String {
        let mut hash = Sha256::new();
        feed(&mut hash, self.table);
        for write in &self.writes {
            write.feed(&mut hash);
        }
        let digest = hash.finalize();
        let digits = digest.iter().map(|byte| format!("{byte:02x}"));
        digits.take(16).collect()
    }
}

impl<'a> ItemWrite<'a> {
    fn new(write: &'a Write) -> Result<Self, TooManyReadings> {
        let mut placeholders = Placeholders::default();
        let condition = condition::expression(&write.condition, &mut placeholders)?;
        let action = match &write.effect {
            Effect::Put(item, listed_in) => {
                Action::Put(item::encode(&write.key, item, listed_in.as_ref()))
            }
            Effect::Update(assignments) => {
                Action::Update(update::expression(assignments, &mut placeholders))
            }
            Effect::Delete => Action::Delete,
            Effect::Check => Action::Check,
        };
        Ok(ItemWrite {
            key: &write.key,
            action,
            condition,
            placeholders,
        })
    }

    async fn send(
        self,
        client: &Client,
        table: &str,
        image: bool,
    ) -> Result<Option<Attributes>, Refusal> {
        let condition = self.condition;
        let names = self.placeholders.attribute_names();
        let values = self.placeholders.attribute_values();
        match self.action {
            Action::Put(item) => client
                .put_item()
                .table_name(table)
                .set_item(Some(item))
                .set_condition_expression(condition)
                .set_expression_attribute_names(names)
                .set_expression_attribute_values(values)
                .return_values_on_condition_check_failure(OLD_IMAGE)
                .send()
                .await
                .map(|_| None)
                .map_err(refusal::of_put),
            Action::Update(expression) => client
                .update_item()
                .table_name(table)
                .set_key(Some(item::key(self.key)))
                .set_update_expression(expression)
                .set_condition_expression(condition)
                .set_expression_attribute_names(names)
                .set_expression_attribute_values(values)
                .return_values(if image {
                    ReturnValue::AllNew
                } else {
                    ReturnValue::None
                })
                .return_values_on_condition_check_failure(OLD_IMAGE)
                .send()
                .await
                .map(|output| output.attributes)
                .map_err(refusal::of_update),
            Action::Delete => client
                .delete_item()
                .table_name(table)
                .set_key(Some(item::key(self.key)))
                .set_condition_expression(condition)
                .set_expression_attribute_names(names)
                .set_expression_attribute_values(values)
                .return_values_on_condition_check_failure(OLD_IMAGE)
                .send()
                .await
                .map(|_| None)
                .map_err(refusal::of_delete),
            // A check alone writes nothing: no plan is that.
            Action::Check => Err(Refusal::Setback(Setback::Defect)),
        }
    }

    /// The same, as a part of a transaction.
    fn transacted(self, table: &str) -> Result<TransactWriteItem, BuildError> {
        let condition = self.condition;
        let names = self.placeholders.attribute_names();
        let values = self.placeholders.attribute_values();
        let item = TransactWriteItem::builder();
        Ok(match self.action {
            Action::Put(attributes) => item.put(
                Put::builder()
                    .table_name(table)
                    .set_item(Some(attributes))
                    .set_condition_expression(condition)
                    .set_expression_attribute_names(names)
                    .set_expression_attribute_values(values)
                    .return_values_on_condition_check_failure(OLD_IMAGE)
                    .build()?,
            ),
            Action::Update(expression) => item.update(
                Update::builder()
                    .table_name(table)
                    .set_key(Some(item::key(self.key)))
                    .set_update_expression(expression)
                    .set_condition_expression(condition)
                    .set_expression_attribute_names(names)
                    .set_expression_attribute_values(values)
                    .return_values_on_condition_check_failure(OLD_IMAGE)
                    .build()?,
            ),
            Action::Delete => item.delete(
                Delete::builder()
                    .table_name(table)
                    .set_key(Some(item::key(self.key)))
                    .set_condition_expression(condition)
                    .set_expression_attribute_names(names)
                    .set_expression_attribute_values(values)
                    .return_values_on_condition_check_failure(OLD_IMAGE)
                    .build()?,
            ),
            Action::Check => item.condition_check(
                ConditionCheck::builder()
                    .table_name(table)
                    .set_key(Some(item::key(self.key)))
                    .set_condition_expression(condition)
                    .set_expression_attribute_names(names)
                    .set_expression_attribute_values(values)
                    .return_values_on_condition_check_failure(OLD_IMAGE)
                    .build()?,
            ),
        }
        .build())
    }

    fn feed(&self, hash: &mut Sha256) {
        match &self.action {
            Action::Put(attributes) => {
                feed(hash, "put");
                feed_members(hash, attributes);
            }
            Action::Update(expression) => {
                feed(hash, "update");
                feed_members(hash, &item::key(self.key));
                feed(hash, expression.as_deref().unwrap_or_default());
            }
            Action::Delete => {
                feed(hash, "delete");
                feed_members(hash, &item::key(self.key));
            }
            Action::Check => {
                feed(hash, "check");
                feed_members(hash, &item::key(self.key));
            }
        }
        feed(hash, self.condition.as_deref().unwrap_or_default());
        feed_count(hash, self.placeholders.names().len());
        for name in self.placeholders.names() {
            feed(hash, name);
        }
        feed_count(hash, self.placeholders.values().len());
        for value in self.placeholders.values() {
            feed_value(hash, value);
        }
    }
}

/// Every text is preceded by its length, so that no two sequences of texts hash as one.
fn feed(hash: &mut Sha256, text: &str) {
    feed_count(hash, text.len());
    hash.update(text.as_bytes());
}

fn feed_count(hash: &mut Sha256, count: usize) {
    hash.update((count as u64).to_be_bytes());
}

/// A map has no order of its own: it is hashed in the order of its names.
fn feed_members(hash: &mut Sha256, members: &Attributes) {
    let mut ordered: Vec<_> = members.iter().collect();
    ordered.sort_unstable_by_key(|(name, _)| *name);
    feed_count(hash, ordered.len());
    for (name, value) in ordered {
        feed(hash, name);
        feed_value(hash, value);
    }
}

fn feed_value(hash: &mut Sha256, value: &AttributeValue) {
    match value {
        AttributeValue::Bool(truth) => feed(hash, if *truth { "true" } else { "false" }),
        AttributeValue::N(text) => {
            feed(hash, "N");
            feed(hash, text);
        }
        AttributeValue::S(text) => {
            feed(hash, "S");
            feed(hash, text);
        }
        AttributeValue::L(elements) => {
            feed(hash, "L");
            feed_count(hash, elements.len());
            for element in elements {
                feed_value(hash, element);
            }
        }
        AttributeValue::M(members) => {
            feed(hash, "M");
            feed_members(hash, members);
        }
        // Nothing else is ever written but null.
        _ => feed(hash, "null"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use onlyif::answer::DoneKind;
    use onlyif::item::{Attribute, Operand};
    use onlyif::plan::{Act, Assignment, Condition, Planned};
    use serde_json::{Value, json};

    fn update(id: &str, condition: Condition, value: Value) -> Write {
        let attribute = Attribute::Document("/a".parse().expect("a pointer"));
        Write {
            key: Key::Resource {
                tenant: "-".into(),
                type_name: "things".into(),
                id: id.into(),
            },
            condition,
            effect: Effect::Update(vec![Assignment::Set(attribute, Operand::Value(value))]),
        }
    }

    fn token(table: &str, writes: Vec<Write>) -> String {
        let plan = Plan {
            acts: vec![Act {
                key: update("a", Condition::All(Vec::new()), Value::Null).key,
                along: false,
                kind: DoneKind::Deleted,
                merged: false,
                replayed: false,
                outcome: Planned::Deleted,
                stamp: String::new(),
            }],
            writes,
        };
        Request::new(table, &plan).expect("few readings").token()
    }

    #[test]
    fn a_token_is_a_function_of_what_is_asked() {
        let always = || Condition::All(Vec::new());
        let first = || {
            let value = json!({"x": [1, null, true], "y": "s"});
            token("t", vec![update("a", always(), value)])
        };
        assert_eq!(first(), first());
        assert_eq!(first().len(), 32);

        let tokens = [
            first(),
            // The order of members is no difference, and everything else is.
            token(
                "u",
                vec![update(
                    "a",
                    always(),
                    json!({"x": [1, null, true], "y": "s"}),
                )],
            ),
            token(
                "t",
                vec![update(
                    "b",
                    always(),
                    json!({"x": [1, null, true], "y": "s"}),
                )],
            ),
            token(
                "t",
                vec![update(
                    "a",
                    Condition::absent(),
                    json!({"x": [1, null, true], "y": "s"}),
                )],
            ),
            token(
                "t",
                vec![update(
                    "a",
                    always(),
                    json!({"x": [1, null, false], "y": "s"}),
                )],
            ),
            token(
                "t",
                vec![update(
                    "a",
                    always(),
                    json!({"x": [1, null, "true"], "y": "s"}),
                )],
            ),
            token(
                "t",
                vec![update(
                    "a",
                    always(),
                    json!({"x": ["1", null, true], "y": "s"}),
                )],
            ),
            token(
                "t",
                vec![update(
                    "a",
                    always(),
                    json!({"x": [[1], null, true], "y": "s"}),
                )],
            ),
            token(
                "t",
                vec![update("a", always(), json!({"x": [1, true], "y": "s"}))],
            ),
            token("t", vec![update("a", always(), json!(null))]),
            token("t", vec![]),
        ];
        for (place, token) in tokens.iter().enumerate() {
            assert_eq!(tokens.iter().position(|t| t == token), Some(place));
        }
        let reordered = json!({"y": "s", "x": [1, null, true]});
        assert_eq!(
            token("t", vec![update("a", always(), reordered)]),
            tokens[0]
        );
    }
}
