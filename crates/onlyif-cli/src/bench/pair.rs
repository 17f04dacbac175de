//! Two things that are measured beside one another, in turn.

use std::future::Future;
use std::time::Duration;

/// What is compared, all for one order at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum What {
    /// A create and a `PutItem` of the item that it writes, where the store is as far as DynamoDB.
    Create,
    /// The same where the store is in this process.
    CreateNear,
    /// A create whose unique value is taken and one whose is not.
    Duplicate,
    /// A transition that the state does not allow and one that it does.
    Transition,
    /// An update of another version than the stored one and one of that.
    Update,
    /// A delete of another version than the stored one and one of that.
    Delete,
    /// Creates by the local server and conditional `PutItem`s, by several clients at the same time.
    Throughput,
}

impl What {
    /// All of them, in the order of a table.
    pub const ALL: [What; 7] = [
        What::Create,
        What::CreateNear,
        What::Duplicate,
        What::Transition,
        What::Update,
        What::Delete,
        What::Throughput,
    ];
}

/// How long one thing took, and what it is measured by.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pair {
    /// What is compared.
    pub what: What,
    /// What this project does.
    pub ours: Duration,
    /// What that is measured by.
    pub other: Duration,
}

/// Both, this one or the other one first.
pub(super) async fn in_turn(
    first: bool,
    this: impl Future<Output = Result<Duration, String>>,
    other: impl Future<Output = Result<Duration, String>>,
) -> Result<(Duration, Duration), String> {
    if first {
        let this = this.await?;
        return Ok((this, other.await?));
    }
    let other = other.await?;
    Ok((this.await?, other))
}
