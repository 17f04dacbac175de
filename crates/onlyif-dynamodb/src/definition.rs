//! What the table is made of, for a local server that makes it.

use aws_sdk_dynamodb::config::http::HttpResponse;
use aws_sdk_dynamodb::error::{BuildError, SdkError};
use aws_sdk_dynamodb::operation::create_table::CreateTableError;
use aws_sdk_dynamodb::operation::update_table::UpdateTableError;
use aws_sdk_dynamodb::operation::update_time_to_live::UpdateTimeToLiveError;
use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, GlobalSecondaryIndex, KeySchemaElement, KeyType, Projection,
    ProjectionType, ScalarAttributeType, StreamSpecification, StreamViewType, TableDescription,
    TableStatus, TimeToLiveSpecification,
};
use onlyif::store::Failure;

use crate::asked::Asked;
use crate::retry::{Backoff, Deadline};
use crate::table::Table;

/// A table as `infra/storage.yaml` declares it. Every key attribute is a string, it is paid for on
/// demand, and every index projects all attributes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Definition {
    /// The partition key's attribute.
    pub partition_key: String,
    /// The sort key's attribute.
    pub sort_key: String,
    /// The global secondary indexes.
    pub indexes: Vec<Index>,
    /// The TTL attribute, if items expire.
    pub expires: Option<String>,
    /// Whether a stream tells of each write, with the item as it was before and as it is since.
    pub stream: bool,
}

/// A global secondary index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Index {
    /// Its name.
    pub name: String,
    /// The partition key's attribute.
    pub partition_key: String,
    /// The sort key's attribute.
    pub sort_key: String,
}

impl Definition {
    /// The attributes that are keys of anything, each once.
    fn key_attributes(&self) -> Result<Vec<AttributeDefinition>, BuildError> {
        let indexed = self
            .indexes
            .iter()
            .flat_map(|index| [&index.partition_key, &index.sort_key]);
        let mut names: Vec<&String> = [&self.partition_key, &self.sort_key]
            .into_iter()
            .chain(indexed)
            .collect();
        names.sort_unstable();
        names.dedup();
        let string = |name: &String| {
            AttributeDefinition::builder()
                .attribute_name(name)
                .attribute_type(ScalarAttributeType::S)
                .build()
        };
        names.into_iter().map(string).collect()
    }

    /// The stream; `None` where there is none.
    fn stream(&self) -> Result<Option<StreamSpecification>, BuildError> {
        let specification = StreamSpecification::builder()
            .stream_enabled(true)
            .stream_view_type(StreamViewType::NewAndOldImages)
            .build()?;
        Ok(self.stream.then_some(specification))
    }

    /// The indexes; `None` where there are none, as DynamoDB wants it.
    fn global_indexes(&self) -> Result<Option<Vec<GlobalSecondaryIndex>>, BuildError> {
        let everything = Projection::builder()
            .projection_type(ProjectionType::All)
            .build();
        let built = self.indexes.iter().map(|index| {
            GlobalSecondaryIndex::builder()
                .index_name(&index.name)
                .set_key_schema(Some(key(&index.partition_key, &index.sort_key)?))
                .projection(everything.clone())
                .build()
        });
        let indexes = built.collect::<Result<Vec<_>, _>>()?;
        Ok((!indexes.is_empty()).then_some(indexes))
    }
}

/// A key of two attributes.
fn key(partition_key: &str, sort_key: &str) -> Result<Vec<KeySchemaElement>, BuildError> {
    [(partition_key, KeyType::Hash), (sort_key, KeyType::Range)]
        .into_iter()
        .map(|(name, role)| {
            KeySchemaElement::builder()
                .attribute_name(name)
                .key_type(role)
                .build()
        })
        .collect()
}

impl Table {
    /// Makes the table, if there is none of its name, and waits until it can be used: for a local
    /// server. A deployment's table is made by its template.
    ///
    /// # Errors
    ///
    /// The store cannot be reached, or will not make such a table; the log says why.
    pub async fn create_if_missing(&self, definition: &Definition) -> Result<(), Failure> {
        let deadline = self.deadline.of_operation();
        let create = Asked::of_table(&"CreateTable");
        self.ask(deadline, create, || self.create(definition))
            .await?;
        self.active(deadline).await?;
        if definition.stream && self.stream_arn().await?.is_none() {
            let update = Asked::of_table(&"UpdateTable");
            self.ask(deadline, update, || self.enable_stream(definition))
                .await?;
            self.active(deadline).await?;
        }
        match &definition.expires {
            Some(attribute) => self.expire_by(deadline, attribute).await,
            None => Ok(()),
        }
    }

    /// Makes the table; that it is there already is as good.
    async fn create(
        &self,
        definition: &Definition,
    ) -> Result<(), SdkError<CreateTableError, HttpResponse>> {
        let created = self
            .client
            .create_table()
            .table_name(&self.name)
            .set_attribute_definitions(Some(definition.key_attributes()?))
            .set_key_schema(Some(key(&definition.partition_key, &definition.sort_key)?))
            .set_global_secondary_indexes(definition.global_indexes()?)
            .billing_mode(BillingMode::PayPerRequest)
            .set_stream_specification(definition.stream()?)
            .send()
            .await;
        match created {
            Err(SdkError::ServiceError(error)) if error.err().is_resource_in_use_exception() => {
                Ok(())
            }
            created => created.map(|_| ()),
        }
    }

    /// The address of the table's stream, if it has one.
    ///
    /// # Errors
    ///
    /// The store cannot be reached; the log says why.
    pub async fn stream_arn(&self) -> Result<Option<String>, Failure> {
        let table = self.describe(self.deadline.of_operation()).await?;
        let enabled = table
            .as_ref()
            .and_then(|table| table.stream_specification())
            .is_some_and(StreamSpecification::stream_enabled);
        Ok(table
            .filter(|_| enabled)
            .and_then(|table| table.latest_stream_arn))
    }

    /// Waits until the table can be used.
    async fn active(&self, deadline: Deadline) -> Result<(), Failure> {
        let mut backoff = Backoff::default();
        loop {
            let table = self.describe(deadline).await?;
            if table.and_then(|table| table.table_status) == Some(TableStatus::Active) {
                return Ok(());
            }
            if !backoff.wait(deadline).await {
                return Err(Failure::OutOfTime);
            }
        }
    }

    async fn describe(&self, deadline: Deadline) -> Result<Option<TableDescription>, Failure> {
        let request = || self.client.describe_table().table_name(&self.name).send();
        let asked = Asked::of_table(&"DescribeTable");
        Ok(self.ask(deadline, asked, request).await?.table)
    }

    async fn enable_stream(
        &self,
        definition: &Definition,
    ) -> Result<(), SdkError<UpdateTableError, HttpResponse>> {
        self.client
            .update_table()
            .table_name(&self.name)
            .set_stream_specification(definition.stream()?)
            .send()
            .await
            .map(|_| ())
    }

    async fn expire_by(&self, deadline: Deadline, attribute: &str) -> Result<(), Failure> {
        let request = || {
            let request = self.client.describe_time_to_live();
            request.table_name(&self.name).send()
        };
        let asked = Asked::of_table(&"DescribeTimeToLive");
        let known = self.ask(deadline, asked, request).await?;
        let known = known.time_to_live_description;
        if known.is_some_and(|known| known.attribute_name.as_deref() == Some(attribute)) {
            return Ok(());
        }
        let asked = Asked::of_table(&"UpdateTimeToLive");
        self.ask(deadline, asked, || self.enable_expiry(attribute))
            .await
    }

    async fn enable_expiry(
        &self,
        attribute: &str,
    ) -> Result<(), SdkError<UpdateTimeToLiveError, HttpResponse>> {
        let specification = TimeToLiveSpecification::builder()
            .attribute_name(attribute)
            .enabled(true)
            .build()?;
        self.client
            .update_time_to_live()
            .table_name(&self.name)
            .time_to_live_specification(specification)
            .send()
            .await
            .map(|_| ())
    }
}
