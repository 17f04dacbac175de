//! A declaration that has been checked: everything in it is known to fit together.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::{Arc, OnceLock};

use jsonschema::Validator;
use serde_json::Value;

use super::parse::{self, SourceFile};
use crate::command::{Caller, Stale};
use crate::document::pointer::Pointer;
use crate::timestamp::Timestamp;

/// How long a tombstone answers by default: 30 days.
pub const TOMBSTONE_S: i64 = 30 * 24 * 60 * 60;
/// How long an entry of a history is kept by default: 90 days.
pub const HISTORY_S: i64 = 90 * 24 * 60 * 60;
/// How long a repeat under an idempotency key is answered as the first was where the declaration
/// does not say: a day, in seconds.
pub const IDEMPOTENCY_S: i64 = 24 * 60 * 60;

/// All the types that an API serves, by name.
#[derive(Clone, Debug, Default)]
pub struct Declarations {
    types: BTreeMap<String, Declared>,
}

/// One type of them.
#[derive(Clone, Debug)]
struct Declared {
    /// Where it is read from when it is first asked for; empty where it has been.
    file: SourceFile,
    read: OnceLock<Option<Declaration>>,
}

impl Declared {
    fn declaration(&self) -> Option<&Declaration> {
        self.read.get_or_init(|| parse::again(&self.file)).as_ref()
    }
}

impl Declarations {
    /// These, as they were read.
    pub(super) fn of(types: BTreeMap<String, Declaration>) -> Self {
        let types = types.into_iter().map(|(name, declaration)| {
            let file = SourceFile {
                name: name.clone(),
                text: String::new(),
            };
            let read = OnceLock::from(Some(declaration));
            (name, Declared { file, read })
        });
        Declarations {
            types: types.collect(),
        }
    }

    /// Those that [`Declarations::parse`] had nothing against: each is read again, by itself, when its
    /// type is first asked for. A request is about a few types, and should not wait for all of them.
    ///
    /// Where `parse` was not asked before, what cannot be read shows as a type that is not there, and a
    /// schema that does not compile accepts nothing.
    pub fn checked(files: impl IntoIterator<Item = SourceFile>) -> Self {
        let types = files.into_iter().map(|file| {
            let name = parse::stem(&file.name).to_owned();
            let read = OnceLock::new();
            (name, Declared { file, read })
        });
        Declarations {
            types: types.collect(),
        }
    }

    /// The type of this name.
    pub fn get(&self, type_name: &str) -> Option<&Declaration> {
        self.types.get(type_name)?.declaration()
    }

    /// The types whose resources may stand in the way of a delete of one of this type, by name.
    pub fn dependents(&self, type_name: &str) -> impl Iterator<Item = &Declaration> {
        let restricts = move |declaration: &&Declaration| {
            let mut references = declaration.references.iter();
            references.any(|reference| reference.restrict && reference.type_name == type_name)
        };
        self.iter().filter(restricts)
    }

    /// All of them, each after those whose resources must be there for its own to be created; by name
    /// where that leaves a choice.
    pub fn needed_first(&self) -> Vec<&Declaration> {
        let mut ordered: Vec<&Declaration> = Vec::new();
        let mut met: BTreeSet<&str> = BTreeSet::new();
        // A type, and whether what it needs stands before it already.
        let mut next: Vec<(&Declaration, bool)> = self.iter().map(|it| (it, false)).collect();
        next.reverse();
        while let Some((declaration, ready)) = next.pop() {
            if ready {
                ordered.push(declaration);
            } else if met.insert(&declaration.name) {
                next.push((declaration, true));
                let needs: BTreeSet<&str> = declaration.needs().collect();
                let needs = needs.into_iter().rev().filter_map(|name| self.get(name));
                next.extend(needs.map(|needed| (needed, false)));
            }
        }
        ordered
    }

    /// All of them, by name.
    pub fn iter(&self) -> impl Iterator<Item = &Declaration> {
        self.types.values().filter_map(Declared::declaration)
    }
}

/// One resource type.
#[derive(Clone, Debug)]
pub struct Declaration {
    /// Its name, plural: the segment of its path.
    pub name: String,
    /// What it is, for the documentation.
    pub description: Option<String>,
    /// What its documents satisfy.
    pub schema: Schema,
    /// Which values hold across the type, within a tenant.
    pub unique: Vec<Unique>,
    /// Which fields name other resources.
    pub references: Vec<Reference>,
    /// Its lifecycle, if it has one.
    pub states: Option<States>,
    /// What else happens on create: clauses of the new document, changes of it, and what happens
    /// along. It has neither `from` nor `to`, and its input is the document as sent.
    pub create: Option<Transition>,
    /// Its transitions (or actions, on a type without states), in the order declared.
    pub transitions: Vec<Transition>,
    /// What happens to an update whose view is out of date, unless the request prefers otherwise.
    pub stale: Stale,
    /// Who may do what.
    pub access: Access,
    /// How long a tombstone answers, in seconds.
    pub tombstone_s: i64,
    /// How long an entry of a resource's history is kept, in seconds.
    pub history_s: i64,
    /// How long a repeat under an idempotency key is answered as the first was, in seconds.
    pub idempotency_s: i64,
    /// The longest time of one lease, in seconds; `None` where a resource cannot be leased.
    pub lease_max_s: Option<i64>,
    /// Over how many partitions of the index the resources of one state are spread, 1 to 64.
    pub shards: u8,
    /// That it is on its way out.
    pub deprecated: Option<Deprecation>,
    /// The members that only transitions write, by the schema's `readOnly`.
    pub(crate) read_only: Vec<Pointer>,
    /// The schemas of the members that transitions set.
    pub(crate) members: BTreeMap<Pointer, Schema>,
}

impl Declaration {
    /// The types that its references and what happens along with it name.
    fn needs(&self) -> impl Iterator<Item = &str> {
        let references = self.references.iter();
        let along = self.create.iter().chain(&self.transitions);
        let along = along.flat_map(|transition| &transition.also);
        let along = along.map(|also| also.type_name.as_str());
        references.map(|it| it.type_name.as_str()).chain(along)
    }

    /// The members that only transitions write, by the schema's `readOnly`.
    pub fn read_only(&self) -> &[Pointer] {
        &self.read_only
    }

    /// The types that the schema allows at a pointer; none where it does not say.
    pub fn kinds(&self, pointer: &Pointer) -> Vec<String> {
        let mut schema = &self.schema.source;
        for token in pointer.tokens() {
            match schema
                .get("properties")
                .and_then(|members| members.get(token))
            {
                Some(member) => schema = member,
                None => return Vec::new(),
            }
        }
        match schema.get("type") {
            Some(Value::String(kind)) => vec![kind.clone()],
            Some(Value::Array(kinds)) => kinds
                .iter()
                .filter_map(Value::as_str)
                .map(str::to_owned)
                .collect(),
            _ => Vec::new(),
        }
    }

    /// The schema of a member that a transition sets.
    pub fn member_schema(&self, pointer: &Pointer) -> Option<&Schema> {
        self.members.get(pointer)
    }

    /// The transition of this name.
    pub fn transition(&self, name: &str) -> Option<&Transition> {
        self.transitions
            .iter()
            .find(|transition| transition.name == name)
    }
}

/// A JSON Schema (2020-12) that compiles.
#[derive(Clone)]
pub struct Schema {
    /// As declared.
    pub source: Value,
    pub(super) validator: Arc<OnceLock<Result<Validator, String>>>,
}

impl fmt::Debug for Schema {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Schema").field(&self.source).finish()
    }
}

/// Values that no two resources of the type may share.
#[derive(Clone, Debug, PartialEq)]
pub struct Unique {
    /// Its name; by default the field names joined with `-`.
    pub name: String,
    /// Pointers of scalars. Where one is missing or `null`, the constraint does not hold.
    pub fields: Vec<Pointer>,
    /// What is done to strings before they are compared, in this order; NFC always comes first.
    pub normalize: Vec<Normalize>,
    /// The constraint holds only of resources of which all of these do. They read nothing but the
    /// resource, and no reserved member that every write moves.
    pub when: Vec<Clause>,
    /// Whether a conflict names the holder.
    pub disclose_holder: bool,
}

/// A field that names another resource, which must be there when the field is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference {
    /// The pointer of a string. Where it is missing or `null`, nothing is referred to.
    pub field: Pointer,
    /// The type of the other resource.
    pub type_name: String,
    /// The other resource is not deleted while anything refers to it so.
    pub restrict: bool,
}

/// What is done to a string before it is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Normalize {
    /// White space at both ends is dropped.
    Trim,
    /// Lower case, by Unicode's default mapping.
    Lowercase,
}

/// A lifecycle.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct States {
    /// Every state: the initial one, then in the order that the transitions name them.
    pub all: Vec<String>,
    /// The state of a new resource.
    pub initial: String,
    /// States without a way out.
    pub finals: Vec<String>,
    /// The states in which the document may be changed.
    pub update: Vec<String>,
    /// The states in which the resource may be deleted.
    pub delete: Vec<String>,
}

/// A transition from some states to one; on a type without states, an action.
#[derive(Clone, Debug)]
pub struct Transition {
    /// Its name: the last segment of its path.
    pub name: String,
    /// The states that it starts from; empty on a type without states.
    pub from: Vec<String>,
    /// The state that it ends in; `None`: the state stays.
    pub to: Option<String>,
    /// What it takes; `None`: nothing.
    pub input: Option<Schema>,
    /// What must hold.
    pub only_if: Vec<Clause>,
    /// What is written, by pointer of an object's member.
    pub set: Vec<(Pointer, Source)>,
    /// What is added, by pointer of a number.
    pub add: Vec<(Pointer, Amount)>,
    /// What is removed.
    pub remove: Vec<Pointer>,
    /// Who may request it; where the declaration does not say, the type's `access.transition`.
    pub access: Right,
    /// Whether the outcome can be known to satisfy the schema, and to leave every unique value and
    /// every reference alone, without seeing the document. Otherwise it is read first, and its version pinned.
    pub blind: bool,
    /// What the schema's bounds require of the numbers that are added to, in order of `add`.
    pub bounds: Vec<Bounds>,
    /// Transitions of other resources that commit in the same transaction, or none does.
    pub also: Vec<Also>,
}

impl Transition {
    /// Whether it writes this field, a part of it or the whole that it is in.
    pub fn writes(&self, field: &Pointer) -> bool {
        let set = self.set.iter().map(|(pointer, _)| pointer);
        let add = self.add.iter().map(|(pointer, _)| pointer);
        let mut written = set.chain(add).chain(&self.remove);
        written.any(|pointer| pointer.overlaps(field))
    }
}

/// A transition of another resource that happens along with an operation.
#[derive(Clone, Debug, PartialEq)]
pub struct Also {
    /// The array of the document for each element of which it happens; `None`: once.
    pub each: Option<Pointer>,
    /// The other resource's type.
    pub type_name: String,
    /// Its id. Where there is none, or it is `null`, nothing happens along.
    pub id: Source,
    /// The transition, which has no `also` of its own.
    pub transition: String,
    /// The transition's input, by the names of its members.
    pub input: Vec<(String, Source)>,
}

/// The bounds that the schema sets to a number that a transition adds to.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Bounds {
    /// `minimum`
    pub minimum: Option<serde_json::Number>,
    /// `maximum`
    pub maximum: Option<serde_json::Number>,
    /// `exclusiveMinimum`
    pub exclusive_minimum: Option<serde_json::Number>,
    /// `exclusiveMaximum`
    pub exclusive_maximum: Option<serde_json::Number>,
    /// The schema says `integer`: what is added must be one, or it is decided by validating.
    pub integer: bool,
}

/// A number to add.
#[derive(Clone, Debug, PartialEq)]
pub struct Amount {
    /// A literal number, or a required number of the input.
    pub source: Source,
    /// Subtract it.
    pub negate: bool,
}

/// Where a value comes from.
#[derive(Clone, Debug, PartialEq)]
pub enum Source {
    /// The declaration.
    Literal(Value),
    /// The stored document, or a reserved member of the resource.
    Field(Pointer),
    /// The transition's input, which requires it.
    Input(Pointer),
    /// The element of `each` that it is about.
    Item(Pointer),
    /// The caller's actor.
    Actor,
    /// The time of the request.
    Now,
}

/// A condition on the stored resource.
#[derive(Clone, Debug, PartialEq)]
pub struct Clause {
    /// What is tested.
    pub test: Test,
    /// What to tell a caller for whom it does not hold.
    pub message: Option<String>,
}

/// What a clause tests.
#[derive(Clone, Debug, PartialEq)]
pub enum Test {
    /// One field.
    Field(Pointer, Check),
    /// At least one holds.
    Any(Vec<Clause>),
    /// It does not hold.
    Not(Box<Clause>),
}

/// A test of one field. But for `IsNot` and `Exists(false)`, none holds of a field that is not there.
#[derive(Clone, Debug, PartialEq)]
pub enum Check {
    /// Equal by value.
    Is(Source),
    /// Not equal, or not there.
    IsNot(Source),
    /// Equal to one of them.
    In(Vec<Source>),
    /// `>=`, numbers or strings.
    AtLeast(Source),
    /// `<=`
    AtMost(Source),
    /// `>`
    MoreThan(Source),
    /// `<`
    LessThan(Source),
    /// Whether it is there; `null` is there.
    Exists(bool),
    /// A string that contains it, or an array with an element equal to it.
    Contains(Source),
    /// A string that starts with it.
    StartsWith(Source),
    /// So many elements, members, or UTF-16 code units of a string at least.
    SizeAtLeast(Source),
    /// So many elements, members, or UTF-16 code units of a string at most.
    SizeAtMost(Source),
}

impl Check {
    /// Where its values come from.
    pub fn sources(&self) -> Vec<&Source> {
        match self {
            Check::In(sources) => sources.iter().collect(),
            Check::Exists(_) => Vec::new(),
            Check::Is(source)
            | Check::IsNot(source)
            | Check::AtLeast(source)
            | Check::AtMost(source)
            | Check::MoreThan(source)
            | Check::LessThan(source)
            | Check::Contains(source)
            | Check::StartsWith(source)
            | Check::SizeAtLeast(source)
            | Check::SizeAtMost(source) => vec![source],
        }
    }

    /// The same check of other values; `None` where one of them is none.
    pub fn with(&self, value: impl Fn(&Source) -> Option<Source>) -> Option<Check> {
        Some(match self {
            Check::In(sources) => Check::In(sources.iter().map(value).collect::<Option<_>>()?),
            Check::Exists(exists) => Check::Exists(*exists),
            Check::Is(source) => Check::Is(value(source)?),
            Check::IsNot(source) => Check::IsNot(value(source)?),
            Check::AtLeast(source) => Check::AtLeast(value(source)?),
            Check::AtMost(source) => Check::AtMost(value(source)?),
            Check::MoreThan(source) => Check::MoreThan(value(source)?),
            Check::LessThan(source) => Check::LessThan(value(source)?),
            Check::Contains(source) => Check::Contains(value(source)?),
            Check::StartsWith(source) => Check::StartsWith(value(source)?),
            Check::SizeAtLeast(source) => Check::SizeAtLeast(value(source)?),
            Check::SizeAtMost(source) => Check::SizeAtMost(value(source)?),
        })
    }
}

/// That a type is on its way out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deprecation {
    /// From when on nobody should begin to use it; the first moment of a day (RFC 9745).
    pub since: Timestamp,
    /// From when on it may be gone; the first moment of a day, not before `since` (RFC 8594).
    pub sunset: Option<Timestamp>,
    /// The address of a page about it, fit to stand in a `Link`.
    pub see: Option<String>,
}

/// Who may do what.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Access {
    /// Reading one, listing, and being told about others' changes.
    pub read: Right,
    /// Creating: the scopes, any of which is enough; an empty list: any caller.
    pub create: Vec<String>,
    /// `PUT` and `PATCH`.
    pub update: Right,
    /// Deleting.
    pub delete: Right,
    /// Transitions without an access of their own.
    pub transition: Right,
}

/// Who may do something to a resource.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Right {
    /// Who was granted any of these scopes; an empty list: any caller.
    Scopes(Vec<String>),
    /// Who created it, and nobody else.
    Owner,
}

impl Right {
    /// The scopes, any of which is needed whatever the resource is.
    pub fn scopes(&self) -> &[String] {
        match self {
            Right::Scopes(scopes) => scopes,
            Right::Owner => &[],
        }
    }

    /// Whether the caller may do it to some resource: all that can be said before one is looked at.
    pub fn may_be(&self, caller: &Caller) -> bool {
        caller.scopes.grant(self.scopes())
    }

    /// Whether the caller may do it to the resource that this actor created; where nobody knows who
    /// did, only what does not depend on it is allowed.
    pub fn allows(&self, caller: &Caller, created_by: Option<&str>) -> bool {
        match self {
            Right::Scopes(scopes) => caller.scopes.grant(scopes),
            Right::Owner => created_by == Some(caller.actor.as_str()),
        }
    }
}

/// Any caller.
impl Default for Right {
    fn default() -> Self {
        Right::Scopes(Vec::new())
    }
}
