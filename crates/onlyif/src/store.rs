//! What the loop needs of a store.

use std::future::Future;
use std::time::Duration;

use crate::item::{Item, Key, Partition, Resource};
use crate::plan::Plan;
use crate::timestamp::Timestamp;

/// A table of items with conditional writes.
pub trait Store: Clone + Send + Sync + 'static {
    /// The same store, for one invocation that has so much time left.
    #[must_use]
    fn within(&self, budget: Duration) -> Self;

    /// How many requests were sent since [`Store::within`], by this store and its clones: each one
    /// that was sent again counts again. A store that does not count says 0.
    fn attempts(&self) -> u32 {
        0
    }

    /// The time now, for the stamps of writes that are planned again.
    fn now(&self) -> Timestamp;

    /// Reads the items at these keys, strongly consistent, in one request; `None` where there is none.
    fn read(
        &self,
        keys: &[Key],
    ) -> impl Future<Output = Result<Vec<(Key, Option<Item>)>, Failure>> + Send;

    /// Does all the writes of the plan, or none.
    fn write(&self, plan: &Plan) -> impl Future<Output = Written> + Send;

    /// Up to `limit` resources of one index partition with ids after `after`, ordered by id,
    /// eventually consistent. `more` says that others follow; a page may be shorter than `limit`.
    fn list(
        &self,
        partition: &Partition,
        after: Option<&str>,
        limit: usize,
    ) -> impl Future<Output = Result<Page, Failure>> + Send;
}

/// A page of one index partition.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Page {
    /// Ids and their resources, ordered by id.
    pub resources: Vec<(String, Resource)>,
    /// Whether others may follow the last one.
    pub more: bool,
    /// Where the next page begins (exclusive), when `more`: the last id looked at.
    pub resume: Option<String>,
}

/// What became of a plan.
#[derive(Clone, Debug, PartialEq)]
pub enum Written {
    /// All of it is written. For a plan with one update whose outcome is to be read from the
    /// image, the item after the write.
    Done(Option<Item>),
    /// Nothing is written: these items' conditions did not hold. Each comes as it was.
    Refused(Vec<(Key, Option<Item>)>),
    /// Nothing is written: other writers were in the way each time.
    Contended,
    /// Nothing is written: the store cannot hold what the update would have made (an item grown
    /// too large, a number of more than 38 digits).
    TooMuch,
    /// Nobody can say whether it is written.
    Unknown,
    /// Nothing is written: the store could not be reached or did not take the request.
    Failed(Failure),
}

/// Why the store could not do what was asked, when that says nothing of the data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// Throttled or unreachable: the same request may work in so many milliseconds.
    Unavailable {
        /// How long to wait before trying again, in milliseconds.
        retry_after_ms: u64,
    },
    /// Not answered within the deadline.
    OutOfTime,
    /// The store refused the request as such: a defect of ours or of the deployment, told in the log.
    Defect,
}
