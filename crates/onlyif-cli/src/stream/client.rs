//! The emulators' streams, as far as they are needed: four members of three requests.
//!
//! Deployed, Lambda itself reads the stream, and there is nothing of it to run here. What it hands
//! over are the records as the store writes them; so they are passed on as they are, and not taken
//! apart and put together again by a client.
//!
//! <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_Operations_Amazon_DynamoDB_Streams.html>

use std::time::Duration;

use onlyif_dynamodb::Settings;
use serde_json::{Value, json};

/// The longest that the store may take to answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// Emulators look whether a request is signed, and not by whom or when.
const DATE: &str = "20261123T100000Z";

/// A store's streams.
pub(super) struct Client {
    http: reqwest::Client,
    endpoint: String,
    authorization: String,
}

impl Client {
    /// Those of the store with these settings.
    ///
    /// # Errors
    /// A sentence: there is no such client.
    pub(super) fn new(settings: &Settings) -> Result<Self, String> {
        let http = reqwest::Client::builder()
            .no_proxy()
            .timeout(PATIENCE)
            .build();
        Ok(Client {
            http: http.map_err(|error| format!("The stream cannot be read ({error})."))?,
            endpoint: settings.endpoint.clone().unwrap_or_default(),
            // Some of them keep a store for each key and region.
            authorization: format!(
                "AWS4-HMAC-SHA256 Credential={}/20261123/{}/dynamodb/aws4_request, SignedHeaders=host;x-amz-date, Signature=none",
                settings.credentials.access_key_id, settings.region
            ),
        })
    }

    /// The ids of the shards behind this one, and whether there are more.
    pub(super) async fn shards(
        &self,
        arn: &str,
        after: Option<&str>,
    ) -> Result<(Vec<String>, Option<String>), String> {
        let mut request = json!({ "StreamArn": arn });
        if let Some(after) = after {
            request["ExclusiveStartShardId"] = after.into();
        }
        let answer = self.ask("DescribeStream", &request).await?;
        let stream = &answer["StreamDescription"];
        let shards = stream["Shards"].as_array().into_iter().flatten();
        let ids = shards.filter_map(|shard| text(&shard["ShardId"]));
        Ok((ids.collect(), text(&stream["LastEvaluatedShardId"])))
    }

    /// The place in a shard behind the record of this number, or at its beginning.
    pub(super) async fn iterator(
        &self,
        arn: &str,
        shard: &str,
        last: Option<&str>,
    ) -> Result<String, String> {
        let mut request = json!({ "StreamArn": arn, "ShardId": shard });
        match last {
            Some(number) => {
                request["ShardIteratorType"] = "AFTER_SEQUENCE_NUMBER".into();
                request["SequenceNumber"] = number.into();
            }
            None => request["ShardIteratorType"] = "TRIM_HORIZON".into(),
        }
        let answer = self.ask("GetShardIterator", &request).await?;
        text(&answer["ShardIterator"]).ok_or_else(unreadable)
    }

    /// The records at this place, and the place behind them; none where the shard has ended.
    pub(super) async fn records(
        &self,
        iterator: &str,
    ) -> Result<(Vec<Value>, Option<String>), String> {
        let request = json!({ "ShardIterator": iterator });
        let mut answer = self.ask("GetRecords", &request).await?;
        let records = match answer["Records"].take() {
            Value::Array(records) => records,
            _ => return Err(unreadable()),
        };
        Ok((records, text(&answer["NextShardIterator"])))
    }

    async fn ask(&self, operation: &str, request: &Value) -> Result<Value, String> {
        let target = format!("DynamoDBStreams_20120810.{operation}");
        let asked = self
            .http
            .post(&self.endpoint)
            .header("x-amz-target", target)
            .header("content-type", "application/x-amz-json-1.0")
            .header("authorization", &self.authorization)
            .header("x-amz-date", DATE)
            .body(request.to_string());
        let answer = async { asked.send().await?.error_for_status()?.json().await };
        answer.await.map_err(|error| {
            tracing::debug!(target: "onlyif::local", "{operation}: {error}");
            unreadable()
        })
    }
}

fn text(value: &Value) -> Option<String> {
    value.as_str().map(str::to_owned)
}

fn unreadable() -> String {
    "the stream of the store's table cannot be read.".to_owned()
}
