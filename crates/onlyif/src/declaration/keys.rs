//! The keys of the format: one table that the parser reads by and the editors' schema is made of,
//! so that the two cannot drift apart.

use serde_json::{Value, json};

use super::forms;

/// Whether a key must stand, or may.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Need {
    Required,
    Optional,
}

/// A key of one of the format's maps.
pub(super) struct Key {
    pub(super) name: &'static str,
    pub(super) need: Need,
    /// For who reads it in an editor.
    pub(super) meaning: &'static str,
    /// The JSON Schema of its value.
    pub(super) form: fn() -> Value,
}

const fn required(name: &'static str, meaning: &'static str, form: fn() -> Value) -> Key {
    Key {
        name,
        need: Need::Required,
        meaning,
        form,
    }
}

const fn optional(name: &'static str, meaning: &'static str, form: fn() -> Value) -> Key {
    Key {
        name,
        need: Need::Optional,
        meaning,
        form,
    }
}

/// A declaration.
pub(super) const DECLARATION: &[Key] = &[
    required(
        "type",
        "The name of the type, plural, as it stands in paths: /v1/orders. The file is named after it.",
        forms::type_name,
    ),
    optional(
        "description",
        "What a resource of the type is, in a sentence or two. It is shown in the API's documentation.",
        forms::text,
    ),
    required(
        "schema",
        "What the documents of the type look like: JSON Schema 2020-12 of an object, with `$ref`s into itself only. \
         `readOnly: true` marks the members that only transitions set.",
        forms::document_schema,
    ),
    optional(
        "unique",
        "Values that no two resources of the type may share, within a tenant.",
        || forms::list_of("unique"),
    ),
    optional(
        "states",
        "The lifecycle. A state is declared by being named here or in a transition.",
        || forms::named("states"),
    ),
    optional(
        "create",
        "What else happens on create: conditions of the new document, changes of it, and transitions of other \
         resources that happen along.",
        || forms::named("create"),
    ),
    optional(
        "transitions",
        "What can happen to a resource, by name: POST /v1/TYPE/ID/transitions/NAME. On a type without states these \
         are actions, without `from` and `to`.",
        forms::transitions,
    ),
    optional(
        "references",
        "Fields that name other resources: these must be there when the field is written.",
        || forms::list_of("reference"),
    ),
    optional(
        "lease",
        "A resource of the type can be leased: for a while nobody but the lease's holder may write it.",
        || forms::named("lease"),
    ),
    optional(
        "stale",
        "What happens to an update whose view is out of date: `refuse` it (the default), or `merge` it where nothing \
         that it touches has changed meanwhile.",
        || json!({ "enum": ["refuse", "merge"], "default": "refuse" }),
    ),
    optional(
        "access",
        "Who may do what: scopes for each operation, or `owner`. Left out: any caller may.",
        || forms::named("access"),
    ),
    optional("keep", "How long things are kept.", || forms::named("keep")),
    optional("list", "How the lists of the type are kept.", || {
        forms::named("list")
    }),
    optional(
        "deprecated",
        "The type is on its way out: every answer about it says so, and so does its documentation.",
        || forms::named("deprecated"),
    ),
];

/// One element of `unique`.
pub(super) const UNIQUE: &[Key] = &[
    required(
        "fields",
        "The fields that are unique together: pointers of strings, numbers or booleans. Where one is missing or null, \
         the constraint does not hold.",
        forms::unique_fields,
    ),
    optional(
        "name",
        "The name of the constraint in a `duplicate` conflict. By default the field names joined with `-`.",
        forms::constraint_name,
    ),
    optional(
        "normalize",
        "What is done to strings before they are compared, in this order. Unicode's NFC always comes first.",
        || json!({ "type": "array", "minItems": 1, "uniqueItems": true, "items": { "enum": ["trim", "lowercase"] } }),
    ),
    optional(
        "disclose",
        "What a conflict tells about who holds the value: its `holder`'s address (the default), or `nothing`.",
        || json!({ "enum": ["holder", "nothing"], "default": "holder" }),
    ),
    optional(
        "when",
        "The constraint holds only while these clauses do, all of them. They look at the stored resource alone: what \
         enters the condition takes the value in the same write, what leaves it frees the value.",
        || forms::list_of("clause"),
    ),
];

/// `states`.
pub(super) const STATES: &[Key] = &[
    required("initial", "The state of a new resource.", forms::state),
    optional("final", "The states without a way out.", forms::states),
    optional(
        "update",
        "The states in which PUT and PATCH are allowed. By default all.",
        forms::states,
    ),
    optional(
        "delete",
        "The states in which DELETE is allowed. By default all.",
        forms::states,
    ),
];

/// One of the `transitions`.
pub(super) const TRANSITION: &[Key] = &[
    optional(
        "from",
        "The state or states that it starts from. Required on a type with states.",
        forms::from,
    ),
    optional(
        "to",
        "The state that it ends in. Left out: the state stays.",
        forms::state,
    ),
    optional(
        "input",
        "What the request's body looks like: JSON Schema 2020-12 of an object. Left out: it takes none.",
        forms::input_schema,
    ),
    optional(
        "onlyIf",
        "What must hold of the stored resource at the moment of the write. Checked and written as one.",
        || json!({ "type": "array", "minItems": 1, "items": { "$ref": "#/$defs/clause" } }),
    ),
    optional(
        "set",
        "Values to write, by the pointers of their members.",
        || {
            json!({
                "type": "object", "minProperties": 1, "propertyNames": { "$ref": "#/$defs/pointer" },
                "additionalProperties": { "$ref": "#/$defs/value" }
            })
        },
    ),
    optional(
        "add",
        "Numbers to add, by the pointers of the numbers they are added to, without reading them first. The schema's \
         `minimum` and `maximum` there become conditions.",
        || {
            json!({
                "type": "object", "minProperties": 1, "propertyNames": { "$ref": "#/$defs/pointer" },
                "additionalProperties": { "$ref": "#/$defs/amount" }
            })
        },
    ),
    optional(
        "remove",
        "Members to remove.",
        || json!({ "type": "array", "minItems": 1, "uniqueItems": true, "items": { "$ref": "#/$defs/pointer" } }),
    ),
    optional(
        "access",
        "Scopes, any of which is enough, or `owner`: only who created the resource. Left out: as `access.transition` says.",
        forms::right,
    ),
    optional(
        "also",
        "Transitions of other resources that happen along: all of it is written, or nothing.",
        || forms::list_of("also"),
    ),
];

/// `create`: the keys of a transition, without a way between states and without an input of its own.
pub(super) const CREATE: &[Key] = &[
    optional(
        "onlyIf",
        "What must hold of the new document.",
        || json!({ "type": "array", "minItems": 1, "items": { "$ref": "#/$defs/clause" } }),
    ),
    optional(
        "set",
        "Values to write into the new document, by the pointers of their members.",
        || {
            json!({
                "type": "object", "minProperties": 1, "propertyNames": { "$ref": "#/$defs/pointer" },
                "additionalProperties": { "$ref": "#/$defs/value" }
            })
        },
    ),
    optional(
        "also",
        "Transitions of other resources that happen along: all of it is written, or nothing.",
        || forms::list_of("also"),
    ),
];

/// One element of `also`.
pub(super) const ALSO: &[Key] = &[
    optional(
        "each",
        "The array of the document for each element of which it happens. Left out: once.",
        forms::pointer,
    ),
    required("type", "The type of the other resource.", forms::type_name),
    required(
        "id",
        "The id of the other resource: `{ item: /product }` is that of the element of `each`. Where there is none, \
         nothing happens along.",
        forms::value,
    ),
    required(
        "transition",
        "The transition of the other resource. It has no `also` of its own.",
        || json!({ "type": "string", "pattern": "^[a-z][a-z0-9-]{0,62}$" }),
    ),
    optional(
        "input",
        "The transition's input, by the names of its members.",
        || json!({ "type": "object", "additionalProperties": { "$ref": "#/$defs/value" } }),
    ),
];

/// One element of `references`.
pub(super) const REFERENCES: &[Key] = &[
    required(
        "field",
        "The field that holds the other resource's id: the pointer of a string. Where it is missing or null, nothing is \
         referred to.",
        forms::pointer,
    ),
    required("type", "The type of the other resource.", forms::type_name),
    optional(
        "onDelete",
        "What the reference does to a delete of the other resource: `restrict` refuses it while anything refers to it \
         (the default); `ignore` lets it happen.",
        || json!({ "enum": ["restrict", "ignore"], "default": "restrict" }),
    ),
];

/// `access`.
pub(super) const ACCESS: &[Key] = &[
    optional(
        "read",
        "Reading, listing, and being told of others' changes. `owner`: what others created is not there for a caller.",
        forms::right,
    ),
    optional(
        "create",
        "POST, and PUT with If-None-Match: *.",
        forms::scopes,
    ),
    optional("update", "PUT and PATCH.", forms::right),
    optional("delete", "DELETE.", forms::right),
    optional(
        "transition",
        "Transitions that have no `access` of their own.",
        forms::right,
    ),
];

/// `keep`.
pub(super) const KEEP: &[Key] = &[
    optional(
        "tombstone",
        "How long a deleted resource answers 410 with its story: a whole number of d, h, m or s. By default 30d.",
        forms::duration,
    ),
    optional(
        "history",
        "How long it is kept what each version changed, and who made it: a whole number of d, h, m or s. By default 90d.",
        forms::duration,
    ),
    optional(
        "idempotency",
        "How long a repeat under an `Idempotency-Key` is answered as the first was: a whole number of d, h, m or s. \
         By default 24h.",
        forms::duration,
    ),
];

/// `lease`.
pub(super) const LEASE: &[Key] = &[required(
    "max",
    "The longest time of one lease, from 1s to 24h: a whole number of h, m or s. Its holder can extend it as often as \
     need be.",
    forms::time,
)];

/// `list`.
pub(super) const LIST: &[Key] = &[optional(
    "shards",
    "Over how many partitions of the index the resources of one state are spread, for types that are written faster \
     than one partition takes (1,000 writes a second). A list asks each of them. By default 1. Raise it at any time; \
     lowered, it hides what is in the partitions left out.",
    forms::shards,
)];

/// `deprecated`.
pub(super) const DEPRECATED: &[Key] = &[
    required(
        "since",
        "The day from which on nobody should begin to use it (UTC): the `Deprecation` header of RFC 9745.",
        forms::date,
    ),
    optional(
        "sunset",
        "The day from which on it may be gone (UTC), not before `since`: the `Sunset` header of RFC 8594.",
        forms::date,
    ),
    optional(
        "see",
        "The address of a page about it: what to use instead, and how to get there. It is linked from every answer.",
        forms::address,
    ),
];

/// A clause: a field and one test of it, or `any`, or `not`. But for `isNot` and `exists: false`, no
/// test holds of a field that is not there.
pub(super) const CLAUSE: &[Key] = &[
    optional(
        "field",
        "The pointer of the field that is tested: a member that the schema declares, or one of /state, /version, \
         /createdAt, /createdBy, /updatedAt, /updatedBy.",
        forms::pointer,
    ),
    optional(
        "any",
        "At least one of these clauses holds.",
        || json!({ "type": "array", "minItems": 1, "items": { "$ref": "#/$defs/clause" } }),
    ),
    optional(
        "not",
        "This clause does not hold.",
        || json!({ "$ref": "#/$defs/clause" }),
    ),
    optional(
        "message",
        "What a caller is told for whom the clause does not hold; in `when`, what the documentation says of it.",
        forms::text,
    ),
    optional("is", "Equal, by value.", forms::value),
    optional("isNot", "Not equal, or not there.", forms::value),
    optional(
        "in",
        "Equal to one of these.",
        || json!({ "type": "array", "minItems": 1, "maxItems": 100, "items": { "$ref": "#/$defs/value" } }),
    ),
    optional(
        "atLeast",
        "At least so much; numbers or strings.",
        forms::ordered,
    ),
    optional(
        "atMost",
        "At most so much; numbers or strings.",
        forms::ordered,
    ),
    optional(
        "moreThan",
        "More than that; numbers or strings.",
        forms::ordered,
    ),
    optional(
        "lessThan",
        "Less than that; numbers or strings.",
        forms::ordered,
    ),
    optional(
        "exists",
        "Whether it is there; null is there.",
        || json!({ "type": "boolean" }),
    ),
    optional(
        "contains",
        "A string that contains this text, or an array with an element equal to this value.",
        forms::value,
    ),
    optional(
        "startsWith",
        "A string that starts with this text.",
        forms::string_value,
    ),
    optional(
        "sizeAtLeast",
        "An array, an object or a string with at least so many elements, members or bytes of UTF-8.",
        forms::size,
    ),
    optional(
        "sizeAtMost",
        "An array, an object or a string with at most so many elements, members or bytes of UTF-8.",
        forms::size,
    ),
];

/// Where a value can come from, if it is no literal.
pub(super) const SOURCES: &[Key] = &[
    optional(
        "field",
        "The value of this field of the stored resource.",
        forms::pointer,
    ),
    optional(
        "input",
        "The value of this member of the transition's input, which requires it.",
        forms::pointer,
    ),
    optional("actor", "Who calls.", || json!({ "const": "id" })),
    optional(
        "now",
        "The time of the request, as an RFC 3339 date-time.",
        || json!({ "const": true }),
    ),
    optional(
        "item",
        "In `also`: the value of this member of the element of `each`; `\"\"` is the element itself.",
        || json!({ "type": "string", "pattern": "^(/.*)?$" }),
    ),
];

/// An amount to add that is no literal.
pub(super) const AMOUNT: &[Key] = &[
    required(
        "input",
        "The number in this member of the transition's input, which requires it.",
        forms::pointer,
    ),
    optional(
        "negate",
        "Subtract it.",
        || json!({ "type": "boolean", "default": false }),
    ),
];

/// The keys of a clause that are tests of its field.
pub(super) fn tests() -> impl Iterator<Item = &'static Key> + Clone {
    CLAUSE
        .iter()
        .filter(|key| !matches!(key.name, "field" | "any" | "not" | "message"))
}

/// The key of this name.
pub(super) fn find(table: &'static [Key], name: &str) -> Option<&'static Key> {
    table.iter().find(|key| key.name == name)
}

/// The names that may stand.
pub(super) fn names(table: &'static [Key]) -> impl Iterator<Item = &'static str> + Clone {
    table.iter().map(|key| key.name)
}
