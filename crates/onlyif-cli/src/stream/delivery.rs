//! How records are handed over: in batches, and again where that fails, as Lambda does it.
//!
//! <https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-batchfailurereporting.html>

use std::future::Future;
use std::time::Duration;

use super::record::Record;
use crate::gateway::PAYLOAD_LIMIT;

/// Who is handed a batch.
pub(super) trait Receiver: Sync {
    /// The place of the first record of the batch that failed; `None`: all is done.
    ///
    /// # Errors
    /// Why the batch failed as a whole.
    fn take(&self, batch: &[Record]) -> impl Future<Output = Result<Option<usize>, String>> + Send;
}

/// In which batches, and how often.
pub(super) struct Delivery {
    /// The most records of one batch.
    pub(super) batch_size: usize,
    /// How often a record that failed is handed over again.
    pub(super) retries: u32,
    /// How long to wait before that.
    pub(super) pause: Duration,
}

impl Delivery {
    /// Hands over the records. A batch that fails as a whole is cut in two, until the record that is to
    /// blame is alone. Gives the numbers of those that were passed over in the end.
    pub(super) async fn hand_over(
        &self,
        records: &[Record],
        receiver: &impl Receiver,
    ) -> Vec<String> {
        let mut passed_over = Vec::new();
        let mut rest = records;
        let mut size = self.batch_size;
        let mut tries = 0;
        while !rest.is_empty() {
            let batch = batch(rest, size);
            let done = match receiver.take(batch).await {
                Ok(failed) => failed.unwrap_or(batch.len()),
                Err(_) if batch.len() > 1 => {
                    size = batch.len() / 2;
                    continue;
                }
                Err(_) => 0,
            };
            rest = rest.get(done..).unwrap_or_default();
            if done > 0 {
                tries = 0;
            }
            if done == batch.len() {
                size = self.batch_size;
                continue;
            }
            tries += 1;
            if tries <= self.retries {
                tokio::time::sleep(self.pause).await;
            } else if let Some((failed, others)) = rest.split_first() {
                passed_over.push(failed.number.clone());
                rest = others;
                tries = 0;
            }
        }
        passed_over
    }
}

/// As many records as one event holds, and at least one.
fn batch(records: &[Record], size: usize) -> &[Record] {
    let mut left = PAYLOAD_LIMIT - r#"{"Records":[]}"#.len();
    let fit = records.iter().take(size).take_while(|record| {
        let bytes = record.text.len() + 1;
        let fits = bytes <= left;
        left = left.saturating_sub(bytes);
        fits
    });
    let count = fit.count().max(1);
    records.get(..count).unwrap_or(records)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;
    use std::sync::Mutex;

    fn records(count: usize, bytes: usize) -> Vec<Record> {
        let record = |number: usize| Record {
            number: number.to_string(),
            content: Value::Null,
            text: "x".repeat(bytes),
        };
        (0..count).map(record).collect()
    }

    /// Fails as it is told, and notes the batches, as ranges.
    struct Failing<F> {
        fails: F,
        batches: Mutex<Vec<String>>,
    }

    impl<F: Fn(&[&str]) -> Result<Option<usize>, String> + Sync> Receiver for Failing<F> {
        async fn take(&self, batch: &[Record]) -> Result<Option<usize>, String> {
            let numbers: Vec<&str> = batch.iter().map(|record| record.number.as_str()).collect();
            let (first, last) = (numbers.first().unwrap(), numbers.last().unwrap());
            self.batches.lock().unwrap().push(format!("{first}-{last}"));
            (self.fails)(&numbers)
        }
    }

    /// The batches that were handed over, and what was passed over.
    async fn handed_over(
        records: &[Record],
        fails: impl Fn(&[&str]) -> Result<Option<usize>, String> + Sync,
    ) -> (Vec<String>, Vec<String>) {
        let delivery = Delivery {
            batch_size: 8,
            retries: 2,
            pause: Duration::ZERO,
        };
        let batches = Mutex::default();
        let receiver = Failing { fails, batches };
        let passed_over = delivery.hand_over(records, &receiver).await;
        (receiver.batches.into_inner().unwrap(), passed_over)
    }

    fn place(numbers: &[&str], number: &str) -> Option<usize> {
        numbers.iter().position(|other| *other == number)
    }

    #[tokio::test]
    async fn batches_are_as_large_as_they_may_be() {
        let (batches, _) = handed_over(&records(18, 1), |_| Ok(None)).await;
        assert_eq!(batches, ["0-7", "8-15", "16-17"]);
        // Six megabytes are one event at most, and one record is one always.
        let (batches, _) = handed_over(&records(5, PAYLOAD_LIMIT / 2 - 10), |_| Ok(None)).await;
        assert_eq!(batches, ["0-1", "2-3", "4-4"]);
        let (batches, _) = handed_over(&records(2, PAYLOAD_LIMIT), |_| Ok(None)).await;
        assert_eq!(batches, ["0-0", "1-1"]);
        assert_eq!(handed_over(&[], |_| Ok(None)).await.0, [""; 0]);
    }

    #[tokio::test]
    async fn it_goes_on_at_the_record_that_failed_and_passes_it_over_in_the_end() {
        let fails = |numbers: &[&str]| Ok(place(numbers, "3"));
        let (batches, passed_over) = handed_over(&records(10, 1), fails).await;
        assert_eq!(batches, ["0-7", "3-9", "3-9", "4-9"]);
        assert_eq!(passed_over, ["3"]);
    }

    #[tokio::test]
    async fn a_batch_that_fails_as_a_whole_is_cut_until_the_record_is_alone() {
        let fails = |numbers: &[&str]| match place(numbers, "5") {
            Some(_) => Err("a panic".to_owned()),
            None => Ok(None),
        };
        let (batches, passed_over) = handed_over(&records(9, 1), fails).await;
        assert_eq!(
            batches,
            [
                "0-7", "0-3", "4-8", "4-5", "4-4", "5-8", "5-6", "5-5", "5-5", "5-5", "6-6", "7-8"
            ]
        );
        assert_eq!(passed_over, ["5"]);
    }
}
