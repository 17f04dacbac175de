//! Histories: which version of a resource changed what, and who made it.
//!
//! An entry is a function of one write's two images, and its place a function of the incarnation and
//! the version that the write made. So the images may come in any order, and any number of times.

use std::future::Future;

use serde_json::Value;

use crate::declaration::{Declarations, HISTORY_S};
use crate::document::patch::{Difference, Step};
use crate::document::pointer::Pointer;
use crate::document::{Document, MAX_DOCUMENT_BYTES, MAX_NAME_BYTES};
use crate::item::{Item, Key, Resource, Tombstone};
use crate::store::Failure;
use crate::timestamp::Timestamp;

/// One write, as the table tells of it afterwards.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// What was written.
    pub key: Key,
    /// How it was before; `None` where there was nothing.
    pub old: Option<Item>,
    /// How it is since; `None` where there is nothing any more.
    pub new: Option<Item>,
}

/// Whose history: one life of a resource, from its creation to its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Life {
    /// The resource's key.
    pub key: Key,
    /// When it was created.
    pub created_at: Timestamp,
    /// See [`Tag`](crate::tag::Tag).
    pub incarnation: String,
}

/// What one version changed.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// The version that the change made.
    pub version: u64,
    /// Who made it.
    pub by: String,
    /// When.
    pub at: Timestamp,
    /// What it was: see [`Operation::name`](crate::command::Operation::name).
    pub operation: String,
    /// What it changed.
    pub changes: Changes,
    /// From this second on (since the epoch) the entry is no more; the table drops it later.
    pub expires_at_s: i64,
}

/// What became of a document. The state counts as a member of it, `state`, as clients see it.
#[derive(Clone, Debug, PartialEq)]
pub enum Changes {
    /// All of it: where there was none, and where to name each member would take more than to say it
    /// anew.
    Whole(Document),
    /// These members; none where the resource has ended.
    Members(Difference),
}

impl Changes {
    /// The operations of a JSON Patch (RFC 6902) that make the new document of the old one. The whole
    /// is an `add` at the root, which needs nothing to be there (§4.1).
    pub fn steps(&self) -> Vec<Step> {
        match self {
            Changes::Whole(document) => {
                vec![Step::Add(Pointer::root(), Value::Object(document.clone()))]
            }
            Changes::Members(difference) => difference.steps(),
        }
    }

    fn between(old: &Resource, new: &Resource) -> Self {
        let new = described(new);
        let difference = Difference::between(&described(old), &new);
        if fits(&difference) {
            Changes::Members(difference)
        } else {
            Changes::Whole(new)
        }
    }
}

impl Life {
    /// That of this resource, which is there.
    pub fn of(key: Key, resource: &Resource) -> Self {
        Life {
            key,
            created_at: resource.created_at,
            incarnation: resource.incarnation.clone(),
        }
    }

    /// That which left this tombstone.
    pub fn before(key: Key, tombstone: &Tombstone) -> Self {
        Life {
            key,
            created_at: tombstone.created_at,
            incarnation: tombstone.incarnation.clone(),
        }
    }
}

/// What is to be kept of a write, and in whose history; `None` where it made no version of a
/// resource: a lease or a counter moved, a unique value was taken, a tombstone has expired.
pub fn entry(event: &Event, declarations: &Declarations) -> Option<(Life, Entry)> {
    let Key::Resource { type_name, .. } = &event.key else {
        return None;
    };
    // A type that is not declared may be one that will be: this function may be older than that which
    // made the resource.
    let kept_s = declarations
        .get(type_name)
        .map_or(HISTORY_S, |declaration| declaration.history_s);
    let expires_at_s = |at: Timestamp| at.seconds().saturating_add(kept_s);
    let key = event.key.clone();
    let before = event.old.as_ref().and_then(version);
    let after = event.new.as_ref().and_then(version);
    if before == after {
        return None;
    }
    match (&event.old, event.new.as_ref()?) {
        (old, Item::Resource(new)) => {
            let changes = match old {
                Some(Item::Resource(old)) if old.incarnation == new.incarnation => {
                    Changes::between(old, new)
                }
                _ => Changes::Whole(described(new)),
            };
            let entry = Entry {
                version: new.version,
                by: new.updated_by.clone(),
                at: new.updated_at,
                operation: new.operation.clone(),
                changes,
                expires_at_s: expires_at_s(new.updated_at),
            };
            Some((Life::of(key, new), entry))
        }
        (_, Item::Tombstone(end)) => {
            let entry = Entry {
                version: end.version,
                by: end.deleted_by.clone(),
                at: end.deleted_at,
                operation: crate::command::Operation::Delete.name().to_owned(),
                changes: Changes::Members(Difference::default()),
                expires_at_s: expires_at_s(end.deleted_at),
            };
            Some((Life::before(key, end), entry))
        }
        (_, Item::Claim(_) | Item::Record(_)) => None,
    }
}

fn version(item: &Item) -> Option<(&str, u64)> {
    match item {
        Item::Resource(resource) => Some((&resource.incarnation, resource.version)),
        Item::Tombstone(tombstone) => Some((&tombstone.incarnation, tombstone.version)),
        Item::Claim(_) | Item::Record(_) => None,
    }
}

/// The document, with the state as its first member.
fn described(resource: &Resource) -> Document {
    let state = resource.state.iter();
    let state = state.map(|state| ("state".to_owned(), Value::from(state.as_str())));
    let own = resource.document.iter();
    let own = own.map(|(name, value)| (name.clone(), value.clone()));
    state.chain(own).collect()
}

/// Whether an entry can hold the difference: no name is longer, and all of it no larger, than what a
/// document may be.
fn fits(difference: &Difference) -> bool {
    let mut bytes = 0;
    let written = difference.replaced.iter().chain(&difference.added);
    let written = written.map(|(pointer, value)| (pointer, crate::document::value_weight(value)));
    let removed = difference.removed.iter().map(|pointer| (pointer, 0));
    for (pointer, weight) in written.chain(removed) {
        let name = pointer.to_string().len();
        bytes += 1 + name + weight;
        if name > MAX_NAME_BYTES || bytes > MAX_DOCUMENT_BYTES {
            return false;
        }
    }
    true
}

/// A page of a history, newest first.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Entries {
    /// The entries.
    pub entries: Vec<Entry>,
    /// Whether older ones may follow the last one.
    pub more: bool,
}

/// Where histories are kept.
pub trait Archive: Clone + Send + Sync {
    /// Keeps an entry. One of its version that is there already stays as it is.
    fn keep(&self, life: &Life, entry: &Entry) -> impl Future<Output = Result<(), Failure>> + Send;

    /// Up to `limit` entries of versions before `before`, newest first, expired ones too; a page may
    /// be shorter, and only `more` says whether it was the last.
    fn entries(
        &self,
        life: &Life,
        before: Option<u64>,
        limit: usize,
    ) -> impl Future<Output = Result<Entries, Failure>> + Send;
}
