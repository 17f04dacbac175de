//! The store, asked by the SDK alone.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::http::HttpResponse;
use aws_sdk_dynamodb::error::{DisplayErrorContext, SdkError};
use aws_sdk_dynamodb::types::AttributeValue;
use onlyif_dynamodb::{Table, attributes};
use uuid::Uuid;

/// `PutItem`s, by the SDK alone.
#[derive(Clone)]
pub struct Puts {
    client: Client,
    table: String,
    /// What a create writes.
    item: Item,
}

/// An item, as the SDK takes it.
type Item = HashMap<String, AttributeValue>;

impl Puts {
    /// Those of the client of this store, to the table of this name.
    pub fn to(store: &Table, table: &str) -> Self {
        Puts {
            client: store.client().clone(),
            table: table.to_owned(),
            item: Item::new(),
        }
    }

    /// From now on, what is put is what a create has written: the one item that the table holds.
    ///
    /// # Errors
    /// A sentence: there is none.
    pub async fn learn(&mut self) -> Result<(), String> {
        let request = self.client.scan().table_name(&self.table);
        let stored = request.send().await.map_err(no_store)?;
        let item = stored.items.into_iter().flatten().max_by_key(Item::len);
        self.item = item.ok_or("The store holds no order, though one was created.")?;
        Ok(())
    }

    /// Puts it under another key, where there is none or in any case; how long it took.
    ///
    /// # Errors
    /// A sentence: it was not put.
    pub async fn put(&self, conditional: bool) -> Result<Duration, String> {
        let mut item = self.item.clone();
        let key = AttributeValue::S(format!("bench#{}", Uuid::now_v7()));
        item.insert(attributes::PARTITION_KEY.to_owned(), key);
        let begun = Instant::now();
        let request = self.client.put_item().table_name(&self.table);
        let request = request.set_item(Some(item));
        let request = match conditional {
            true => request
                .condition_expression("attribute_not_exists(#key)")
                .expression_attribute_names("#key", attributes::PARTITION_KEY),
            false => request,
        };
        request.send().await.map_err(no_store)?;
        Ok(begun.elapsed())
    }
}

fn no_store<E>(error: SdkError<E, HttpResponse>) -> String
where
    E: std::error::Error + 'static,
{
    let why = DisplayErrorContext(error);
    format!("The store did not do what it was asked ({why}).")
}
