//! The name of every attribute and index of the table, each written once.
//!
//! `infra/storage.yaml` declares the table with the public ones.

use onlyif::document::pointer::{Pointer, index};
use onlyif::item::{Attribute, ClockPart};

/// The table's partition key.
pub const PARTITION_KEY: &str = "pk";
/// The table's sort key.
pub const SORT_KEY: &str = "sk";
/// The second (since the epoch) from which the table may drop the item: the TTL attribute.
pub const EXPIRES: &str = "expires";
/// The index that lists resources by state.
pub const INDEX: &str = "by-state";
/// The index's partition key; absent in all that is not listed.
pub const INDEX_PARTITION_KEY: &str = "listedIn";
/// The index's sort key: a resource's id.
pub const INDEX_SORT_KEY: &str = "id";

pub(crate) const DOCUMENT: &str = "document";
pub(crate) const STATE: &str = "state";
pub(crate) const VERSION: &str = "version";
pub(crate) const INCARNATION: &str = "incarnation";
pub(crate) const CREATED_AT: &str = "createdAt";
pub(crate) const CREATED_BY: &str = "createdBy";
pub(crate) const UPDATED_AT: &str = "updatedAt";
pub(crate) const UPDATED_BY: &str = "updatedBy";
pub(crate) const OPERATION: &str = "operation";
pub(crate) const PREVIOUS_AT: &str = "previousAt";
pub(crate) const DELETED_AT: &str = "deletedAt";
pub(crate) const DELETED_BY: &str = "deletedBy";
pub(crate) const FLOOR: &str = "floor";
/// Who made what an entry of a history tells.
pub(crate) const BY: &str = "by";
/// When.
pub(crate) const AT: &str = "at";
/// What was not there before, by pointer.
pub(crate) const ADDED: &str = "added";
/// What was there before, by pointer.
pub(crate) const REPLACED: &str = "replaced";
/// The pointers of what is gone.
pub(crate) const REMOVED: &str = "removed";
/// What the names of the counters of dependents begin with; the dependents' type follows.
pub(crate) const DEPENDENTS: &str = "refs.";
/// The resources that count the resource among their dependents, as `type/id`.
pub(crate) const COUNTED: &str = "counted";
pub(crate) const LEASE_TOKEN: &str = "leaseToken";
/// The newest lease, or the one that an operation took. It is set as a whole: its parts' names are
/// the engine's.
pub(crate) const LEASE: &str = "lease";
pub(crate) const OWNER: &str = "owner";
pub(crate) const FINGERPRINT: &str = "fingerprint";
pub(crate) const REQUEST_ID: &str = "requestId";
pub(crate) const DONE: &str = "done";
pub(crate) const KIND: &str = "kind";
pub(crate) const REPLAYED: &str = "replayed";
pub(crate) const MERGED: &str = "merged";
pub(crate) const RESOURCE: &str = "resource";
pub(crate) const RESOURCE_ID: &str = "resourceId";

/// The stamps, newest first. Every update writes all of them: short names keep items small.
pub(crate) const STAMPS: [&str; 8] = ["w1", "w2", "w3", "w4", "w5", "w6", "w7", "w8"];

/// The name of one of the three clock maps. Their entries are named by pointers.
pub(crate) fn clock_map(part: ClockPart) -> &'static str {
    match part {
        ClockPart::Version => "cv",
        ClockPart::Actor => "ca",
        ClockPart::At => "ct",
    }
}

/// The name of the counter of dependents of this type.
pub(crate) fn dependents(type_name: &str) -> String {
    format!("{DEPENDENTS}{type_name}")
}

/// One step of a document path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// A member of a map, or an attribute of the item.
    Name(String),
    /// An element of a list.
    Index(usize),
}

/// A document path: where a value is within an item.
pub(crate) type Path = Vec<Step>;

/// The path of a top-level attribute.
pub(crate) fn top(name: &str) -> Path {
    vec![Step::Name(name.to_owned())]
}

/// A pointer's tokens that could name an array's element make this many paths possible at most.
const MAX_PATHS: usize = 16;

/// Where an attribute is, if every token of a pointer names a member.
pub(crate) fn path(attribute: &Attribute) -> Path {
    let name = match attribute {
        Attribute::Key => PARTITION_KEY,
        Attribute::Document(pointer) => {
            let tokens = pointer.tokens().iter().cloned().map(Step::Name);
            return top(DOCUMENT).into_iter().chain(tokens).collect();
        }
        Attribute::State => STATE,
        Attribute::Version => VERSION,
        Attribute::Incarnation => INCARNATION,
        Attribute::CreatedAt => CREATED_AT,
        Attribute::CreatedBy => CREATED_BY,
        Attribute::UpdatedAt => UPDATED_AT,
        Attribute::UpdatedBy => UPDATED_BY,
        Attribute::Operation => OPERATION,
        Attribute::PreviousAt => PREVIOUS_AT,
        Attribute::DeletedAt => DELETED_AT,
        Attribute::DeletedBy => DELETED_BY,
        Attribute::Clock(part, pointer) => {
            return vec![
                Step::Name(clock_map(*part).to_owned()),
                Step::Name(clock_name(pointer)),
            ];
        }
        Attribute::Clocks(part) => clock_map(*part),
        Attribute::Floor => FLOOR,
        Attribute::Stamp(place) => STAMPS[place % STAMPS.len()],
        Attribute::Dependents(type_name) => return top(&dependents(type_name)),
        Attribute::Counted => COUNTED,
        Attribute::LeaseToken => LEASE_TOKEN,
        Attribute::Lease => LEASE,
        Attribute::LeasePart(part) => {
            let part = part.name().to_owned();
            return vec![Step::Name(LEASE.to_owned()), Step::Name(part)];
        }
        Attribute::Owner => OWNER,
        Attribute::Expires => EXPIRES,
        Attribute::ListedIn => INDEX_PARTITION_KEY,
    };
    top(name)
}

/// Everywhere an attribute can be: a token of digits names a member of an object or an element of
/// an array, and only the item knows which. At most one of the paths exists in any item. `None`
/// where there would be too many.
pub(crate) fn paths(attribute: &Attribute) -> Option<Vec<Path>> {
    let mut paths = vec![Path::new()];
    for step in path(attribute) {
        let element = match (&step, attribute) {
            (Step::Name(token), Attribute::Document(_)) => index(token).map(Step::Index),
            _ => None,
        };
        let longer = |path: &Path, step: &Step| {
            let mut path = path.clone();
            path.push(step.clone());
            path
        };
        paths = paths
            .iter()
            .flat_map(|path| {
                std::iter::once(&step)
                    .chain(element.as_ref())
                    .map(move |step| longer(path, step))
            })
            .collect();
        if paths.len() > MAX_PATHS {
            return None;
        }
    }
    Some(paths)
}

/// The name of a field's entry in the clock maps.
pub(crate) fn clock_name(pointer: &Pointer) -> String {
    pointer.to_string()
}
