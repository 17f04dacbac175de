//! The history function: what the table's stream tells of each write becomes an entry of a history.
//!
//! Lambda hands each record over at least once, and, where a batch is sent again, out of order. An
//! entry's place and content are functions of its record alone, so that neither makes a difference.

use std::time::SystemTime;

use futures_util::future::join_all;
use lambda_http::Context;
use onlyif::history::{self, Archive};
use onlyif::store::{Failure, Store};
use onlyif_dynamodb::stream;
use onlyif_http::App;
use onlyif_http::exchange::budget;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Entries that are written at the same time: enough to hide the way to the table and back.
const AT_ONCE: usize = 16;

/// A batch of the stream's records.
///
/// <https://docs.aws.amazon.com/lambda/latest/dg/with-ddb.html>
#[derive(Clone, Debug, Deserialize)]
pub struct Event {
    /// Each is read by itself: one that cannot be read does not take the others with it.
    #[serde(rename = "Records", default)]
    records: Vec<Value>,
}

/// Which records are to be handed over again. Lambda goes on at the first of them.
///
/// <https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-batchfailurereporting.html>
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Reply {
    /// None: all is done.
    pub batch_item_failures: Vec<Failed>,
}

/// A record that is to be handed over again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Failed {
    /// Its sequence number. Lambda takes an empty one for the whole batch.
    pub item_identifier: String,
}

/// Keeps what a batch of records tells of. What fails does not keep the rest from being kept.
pub async fn handle<S: Store + Archive>(app: &App<S>, event: Event, context: &Context) -> Reply {
    let begun = SystemTime::now().into();
    let archive = app.store.within(budget(Some(context), begun));
    let mut reply = Reply::default();
    for records in event.records.chunks(AT_ONCE) {
        let kept = records.iter().map(|record| keep(app, &archive, record));
        for (record, kept) in records.iter().zip(join_all(kept).await) {
            if let Err(reason) = kept {
                let number = sequence_number(record);
                tracing::error!(target: "onlyif::history", number, reason, "a record of the stream is not kept");
                reply.batch_item_failures.push(Failed {
                    item_identifier: number.to_owned(),
                });
            }
        }
    }
    reply
}

/// Keeps what a record tells of, if that belongs into a history.
async fn keep<S: Archive>(app: &App<S>, archive: &S, record: &Value) -> Result<(), String> {
    let Some(event) = stream::event(record)? else {
        return Ok(());
    };
    let Some((life, entry)) = history::entry(&event, &app.declarations) else {
        return Ok(());
    };
    let kept = archive.keep(&life, &entry).await;
    kept.map_err(|failure| {
        let reason = match failure {
            Failure::Unavailable { .. } => "the table cannot be reached, or takes no more now",
            Failure::OutOfTime => "the table has not answered in time",
            Failure::Defect => "the table does not take its entry",
        };
        reason.to_owned()
    })
}

fn sequence_number(record: &Value) -> &str {
    record["dynamodb"]["SequenceNumber"]
        .as_str()
        .unwrap_or_default()
}
