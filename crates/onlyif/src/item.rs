//! What the table holds: resources, the tombstones they leave, and the values they claim.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::answer::Done;
use crate::document::Document;
use crate::document::pointer::Pointer;
use crate::tag::Tag;
use crate::timestamp::Timestamp;

/// The name of one item. Each begins with the tenant, so that tenants never meet.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Key {
    /// A resource, or the tombstone that it left.
    Resource {
        /// `-` for a caller without a tenant.
        tenant: String,
        /// The declared type.
        type_name: String,
        /// The resource's id.
        id: String,
    },
    /// What a request with an idempotency key has done.
    Record {
        /// `-` for a caller without a tenant.
        tenant: String,
        /// Who sent it: a key is its caller's own.
        actor: String,
        /// The key, without quotes.
        key: String,
    },
    /// A unique value that a resource claims.
    Unique {
        /// `-` for a caller without a tenant.
        tenant: String,
        /// The declared type.
        type_name: String,
        /// The constraint's name.
        constraint: String,
        /// SHA-256 of the normalised values, in hexadecimal.
        digest: String,
    },
}

impl Key {
    /// The id of the resource, where it is the key of one.
    pub fn id(&self) -> Option<&str> {
        match self {
            Key::Resource { id, .. } => Some(id),
            Key::Record { .. } | Key::Unique { .. } => None,
        }
    }

    /// The name of the resource, where it is the key of one.
    pub fn name(&self) -> Option<Name> {
        match self {
            Key::Resource { type_name, id, .. } => Some(Name {
                type_name: type_name.clone(),
                id: id.clone(),
            }),
            Key::Record { .. } | Key::Unique { .. } => None,
        }
    }

    /// The type that it is of; none of a record.
    pub fn type_name(&self) -> Option<&str> {
        match self {
            Key::Resource { type_name, .. } | Key::Unique { type_name, .. } => Some(type_name),
            Key::Record { .. } => None,
        }
    }

    /// Whose it is: `-` for a caller without a tenant.
    pub fn tenant(&self) -> &str {
        match self {
            Key::Resource { tenant, .. }
            | Key::Record { tenant, .. }
            | Key::Unique { tenant, .. } => tenant,
        }
    }
}

/// One image of an item that exists.
#[derive(Clone, Debug, PartialEq)]
pub enum Item {
    /// A live resource. Whoever shows or keeps it shares it, and who changes it changes a copy.
    Resource(Arc<Resource>),
    /// What a deleted resource leaves behind, until it expires.
    Tombstone(Box<Tombstone>),
    /// A claimed unique value.
    Claim(Claim),
    /// What a request with an idempotency key has done.
    Record(Box<Record>),
}

impl From<Resource> for Item {
    fn from(resource: Resource) -> Self {
        Item::Resource(Arc::new(resource))
    }
}

impl From<Tombstone> for Item {
    fn from(tombstone: Tombstone) -> Self {
        Item::Tombstone(Box::new(tombstone))
    }
}

/// A live resource.
#[derive(Clone, Debug, PartialEq)]
pub struct Resource {
    /// The client's own members.
    pub document: Document,
    /// Counts from 1 in each incarnation.
    pub version: u64,
    /// Drawn at creation; see [`Tag`].
    pub incarnation: String,
    /// The lifecycle's state; only on types with states.
    pub state: Option<String>,
    /// When this incarnation was created, and by whom.
    pub created_at: Timestamp,
    /// The actor that created this incarnation.
    pub created_by: String,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// The actor that last changed it.
    pub updated_by: String,
    /// What that change was: see [`Operation::name`](crate::command::Operation::name).
    pub operation: String,
    /// When it changed before that: at version 1 when what had its id before was deleted, if anything
    /// is known of that.
    pub previous_at: Option<Timestamp>,
    /// Which field changed last when, and by whom.
    pub clocks: Clocks,
    /// The stamps of the last eight writes.
    pub stamps: Stamps,
    /// How many resources of which type refer to it, so that it is not deleted meanwhile.
    pub dependents: BTreeMap<String, u64>,
    /// The resources that count it among their dependents.
    pub counted: BTreeSet<Name>,
    /// The token of the newest lease; 0 where there has been none. It only grows, over deletes too.
    pub lease_token: u64,
    /// The newest lease, unless it was released. It may have ended: see
    /// [`lease::running`](crate::lease::running).
    pub lease: Option<Box<Lease>>,
}

/// The name of another resource of the same tenant.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Name {
    /// The declared type.
    pub type_name: String,
    /// The resource's id.
    pub id: String,
}

impl Name {
    /// Its key, for this tenant.
    pub fn key(&self, tenant: &str) -> Key {
        Key::Resource {
            tenant: tenant.to_owned(),
            type_name: self.type_name.clone(),
            id: self.id.clone(),
        }
    }
}

/// As it is kept: `type/id`.
impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.type_name, self.id)
    }
}

/// From what [`Display`](fmt::Display) writes.
impl FromStr for Name {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (type_name, id) = text.split_once('/').ok_or(())?;
        Ok(Name {
            type_name: type_name.to_owned(),
            id: id.to_owned(),
        })
    }
}

/// A lease: until it ends nobody but its holder writes the resource. It moves neither the version
/// nor anything that goes with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lease {
    /// The actor that holds it.
    pub holder: String,
    /// From this moment on it is none.
    pub until: Timestamp,
    /// Its number: that of every later lease of the resource is greater.
    pub token: u64,
    /// The id of the request that took it, or extended it last: so its author knows it, and what
    /// was planned before it never happens behind it.
    pub request_id: String,
}

impl Resource {
    /// The entity tag of this version.
    pub fn tag(&self) -> Tag {
        Tag {
            version: self.version,
            incarnation: self.incarnation.clone(),
        }
    }
}

/// Field clocks: for each changed field the version, actor and time of its last change. A field
/// without one has not changed since the floor version.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Clocks {
    /// By pointer; `/state` is a field.
    pub fields: BTreeMap<Pointer, Clock>,
    /// Clocks up to this version may have been forgotten: an older base cannot be merged.
    pub floor: u64,
}

/// The last change of one field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Clock {
    /// The version that the change made.
    pub version: u64,
    /// Who made it.
    pub actor: String,
    /// When.
    pub at: Timestamp,
}

/// The marks of the last eight writes, newest first. A write whose stamp is among them has been
/// applied; a place that no write has reached yet is empty, and sorts before every stamp.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stamps(pub [String; 8]);

/// What a deleted resource leaves behind: no late write can raise it, no old tag can match it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tombstone {
    /// The version that the delete made.
    pub version: u64,
    /// The incarnation that ended.
    pub incarnation: String,
    /// When that incarnation was created.
    pub created_at: Timestamp,
    /// Who had created it: where only who created a resource may read it, nobody else learns of its
    /// end. `None` where that was not kept.
    pub created_by: Option<String>,
    /// When it was deleted.
    pub deleted_at: Timestamp,
    /// Who deleted it.
    pub deleted_by: String,
    /// The stamps of the last eight writes, the delete's among them.
    pub stamps: Stamps,
    /// See [`Resource`]; the next incarnation goes on from it.
    pub lease_token: u64,
    /// From this second on (since the epoch) it no longer answers; the table drops it later.
    pub expires_at_s: i64,
}

/// A claimed unique value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// The id of the resource that holds it.
    pub owner: String,
}

/// What a request with an idempotency key has done: its repeats are answered so.
#[derive(Clone, Debug, PartialEq)]
pub struct Record {
    /// What tells the request from others: see [`Idempotency`](crate::command::Idempotency).
    pub fingerprint: String,
    /// The id of the request that made it.
    pub request_id: String,
    /// From this second on (since the epoch) it no longer answers; the table drops it later.
    pub expires_at_s: i64,
    /// What has happened: of several operations each. A resource is without its clocks and stamps; it
    /// is left out where it would make the record too large, and a repeat shows the one that is there
    /// then.
    pub done: Vec<Done>,
}

/// The place of one value within an item, for conditions and assignments.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Attribute {
    /// The item itself: present in every item that exists.
    Key,
    /// A member of the document; the root pointer is the document as a whole.
    Document(Pointer),
    /// See [`Resource`].
    State,
    /// See [`Resource`].
    Version,
    /// See [`Resource`].
    Incarnation,
    /// See [`Resource`].
    CreatedAt,
    /// See [`Resource`].
    CreatedBy,
    /// See [`Resource`].
    UpdatedAt,
    /// See [`Resource`].
    UpdatedBy,
    /// See [`Resource`].
    Operation,
    /// See [`Resource`].
    PreviousAt,
    /// See [`Tombstone`]; absent in a live resource.
    DeletedAt,
    /// See [`Tombstone`].
    DeletedBy,
    /// One field's part of the three clock maps.
    Clock(ClockPart, Pointer),
    /// One of the three clock maps as a whole.
    Clocks(ClockPart),
    /// See [`Clocks`].
    Floor,
    /// One of the eight stamps, by its place, 0 to 7; 0 is the newest.
    Stamp(usize),
    /// How many resources of this type refer to the resource; absent where none ever did.
    Dependents(String),
    /// See [`Resource`]; absent where nothing ever did.
    Counted,
    /// See [`Resource`]; absent where there has been no lease.
    LeaseToken,
    /// See [`Resource`]; absent where it was released.
    Lease,
    /// One part of the lease.
    LeasePart(LeasePart),
    /// See [`Claim`].
    Owner,
    /// The second (since the epoch) from which the table may drop the item.
    Expires,
    /// The partition of the index that lists resources; absent in a tombstone. Its value is a
    /// [`Partition`], which the store writes as a key.
    ListedIn,
}

/// Which of the three clock maps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ClockPart {
    /// Pointer → version.
    Version,
    /// Pointer → actor.
    Actor,
    /// Pointer → time.
    At,
}

/// Whether a resource can have this id.
pub fn is_possible_id(id: &str) -> bool {
    let allowed = |b: u8| b.is_ascii_alphanumeric() || b"._~-".contains(&b);
    (1..=128).contains(&id.len()) && id.bytes().all(allowed) && id != "." && id != ".."
}

/// Which part of a [`Lease`]; its token is beside it, for it outlives it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum LeasePart {
    /// Who holds it.
    Holder,
    /// When it ends, in milliseconds since the epoch.
    Until,
    /// The request that took or extended it.
    RequestId,
}

impl LeasePart {
    /// Its name within the lease.
    pub fn name(self) -> &'static str {
        match self {
            LeasePart::Holder => "by",
            LeasePart::Until => "until",
            LeasePart::RequestId => "requestId",
        }
    }
}

/// One partition of the index that lists the resources of a type, ordered by id.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Partition {
    /// `-` for a caller without a tenant.
    pub tenant: String,
    /// The declared type.
    pub type_name: String,
    /// The state; `None` for types without states.
    pub state: Option<String>,
    /// See [`shard`].
    pub shard: u8,
}

/// The shard of so many, from 0 on, in which the resource of this id is listed: always the same one,
/// by the first eight bytes of the id's SHA-256.
pub fn shard(id: &str, shards: u8) -> u8 {
    let digest = Sha256::digest(id);
    let number = digest
        .iter()
        .take(8)
        .fold(0, |number: u64, byte| (number << 8) | u64::from(*byte));
    u8::try_from(number % u64::from(shards.max(1))).unwrap_or_default()
}

/// A value as it stands in a condition or an assignment.
#[derive(Clone, Debug, PartialEq)]
pub enum Operand {
    /// A JSON value, numbers with all their digits.
    Value(Value),
    /// What the item holds there when the write happens.
    Attribute(Attribute),
    /// An index partition; see [`Attribute::ListedIn`].
    Partition(Partition),
}

#[cfg(test)]
mod tests {
    use super::{is_possible_id, shard};

    #[test]
    fn ids_are_made_of_unreserved_characters() {
        for id in ["a", "A-z.0_9~", "...", ".a", &"x".repeat(128)] {
            assert!(is_possible_id(id), "{id}");
        }
        let long = "x".repeat(129);
        for id in ["", ".", "..", "a/b", "a b", "ä", "a%20", "a\0", &long] {
            assert!(!is_possible_id(id), "{id}");
        }
    }

    #[test]
    fn an_id_has_one_shard_for_ever_and_ids_spread_over_all() {
        // Were any of these to change, what is stored would be looked for in another place.
        for (id, of_8, of_64) in [("o-1", 2, 2), ("a", 2, 10), ("é", 3, 19)] {
            assert_eq!((shard(id, 8), shard(id, 64)), (of_8, of_64), "{id}");
        }
        for shards in [1, 2, 7, 64] {
            let mut counts = vec![0; shards.into()];
            for n in 0..6400 {
                counts[usize::from(shard(&format!("o-{n}"), shards))] += 1;
            }
            let fair = 6400 / usize::from(shards);
            let even = counts
                .iter()
                .all(|count| (fair / 2..=fair * 2).contains(count));
            assert!(even, "{shards}: {counts:?}");
        }
    }
}
