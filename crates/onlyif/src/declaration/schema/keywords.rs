//! The keywords of JSON Schema 2020-12: what each holds, for the walk through a schema and for editors.

use serde_json::{Value, json};

/// What says nothing of the value that it stands beside.
pub(in crate::declaration) const NOTES: [&str; 11] = [
    "$defs",
    "$schema",
    "$id",
    "$comment",
    "title",
    "description",
    "default",
    "examples",
    "readOnly",
    "writeOnly",
    "deprecated",
];

/// What stands in a keyword's value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Holds {
    /// A schema.
    Schema,
    /// A list of schemas.
    Schemas,
    /// Schemas by free names.
    Named,
    /// Anything else.
    Data,
}

/// One keyword.
pub(in crate::declaration) struct Keyword {
    pub(in crate::declaration) name: &'static str,
    pub(in crate::declaration) holds: Holds,
    pub(in crate::declaration) meaning: &'static str,
    /// The JSON Schema of its value.
    pub(in crate::declaration) form: fn() -> Value,
}

const fn keyword(
    name: &'static str,
    holds: Holds,
    meaning: &'static str,
    form: fn() -> Value,
) -> Keyword {
    Keyword {
        name,
        holds,
        meaning,
        form,
    }
}

/// All of them, in the order that editors offer them.
pub(in crate::declaration) const KEYWORDS: &[Keyword] = &[
    keyword(
        "type",
        Holds::Data,
        "The type of the value, or a list of types.",
        types,
    ),
    keyword("title", Holds::Data, "A short name for people.", string),
    keyword(
        "description",
        Holds::Data,
        "What it is, for people.",
        string,
    ),
    keyword(
        "properties",
        Holds::Named,
        "The members of an object, by name.",
        named,
    ),
    keyword(
        "required",
        Holds::Data,
        "The members that must be there.",
        strings,
    ),
    keyword(
        "additionalProperties",
        Holds::Schema,
        "What other members may hold; false: there are none.",
        schema,
    ),
    keyword(
        "patternProperties",
        Holds::Named,
        "What members may hold whose names match a pattern.",
        named,
    ),
    keyword(
        "propertyNames",
        Holds::Schema,
        "What the names of members look like.",
        schema,
    ),
    keyword(
        "minProperties",
        Holds::Data,
        "At least so many members.",
        count,
    ),
    keyword(
        "maxProperties",
        Holds::Data,
        "At most so many members.",
        count,
    ),
    keyword(
        "dependentRequired",
        Holds::Data,
        "The members that must be there where another is.",
        || json!({ "type": "object", "additionalProperties": strings() }),
    ),
    keyword(
        "dependentSchemas",
        Holds::Named,
        "What holds of an object that has a member.",
        named,
    ),
    keyword(
        "unevaluatedProperties",
        Holds::Schema,
        "What members may hold that nothing else describes.",
        schema,
    ),
    keyword(
        "items",
        Holds::Schema,
        "What the elements of an array hold.",
        schema,
    ),
    keyword(
        "prefixItems",
        Holds::Schemas,
        "What the first elements of an array hold, each.",
        list,
    ),
    keyword("minItems", Holds::Data, "At least so many elements.", count),
    keyword("maxItems", Holds::Data, "At most so many elements.", count),
    keyword(
        "uniqueItems",
        Holds::Data,
        "Whether no element may stand twice.",
        boolean,
    ),
    keyword(
        "contains",
        Holds::Schema,
        "What at least one element holds.",
        schema,
    ),
    keyword(
        "minContains",
        Holds::Data,
        "At least so many elements that fit `contains`.",
        count,
    ),
    keyword(
        "maxContains",
        Holds::Data,
        "At most so many elements that fit `contains`.",
        count,
    ),
    keyword(
        "unevaluatedItems",
        Holds::Schema,
        "What elements hold that nothing else describes.",
        schema,
    ),
    keyword(
        "minLength",
        Holds::Data,
        "At least so many characters.",
        count,
    ),
    keyword(
        "maxLength",
        Holds::Data,
        "At most so many characters.",
        count,
    ),
    keyword(
        "pattern",
        Holds::Data,
        "A regular expression that the text contains a match of; anchor it with ^ and $. Look-around and \
         back-references are not supported.",
        string,
    ),
    keyword(
        "format",
        Holds::Data,
        "The form of a text. It is checked.",
        || json!({ "enum": FORMATS }),
    ),
    keyword("minimum", Holds::Data, "At least so much.", number),
    keyword("maximum", Holds::Data, "At most so much.", number),
    keyword("exclusiveMinimum", Holds::Data, "More than that.", number),
    keyword("exclusiveMaximum", Holds::Data, "Less than that.", number),
    keyword(
        "multipleOf",
        Holds::Data,
        "A multiple of that; 0.01 for amounts of money.",
        || json!({ "type": "number", "exclusiveMinimum": 0 }),
    ),
    keyword(
        "enum",
        Holds::Data,
        "The values that are allowed.",
        || json!({ "type": "array" }),
    ),
    keyword(
        "const",
        Holds::Data,
        "The one value that is allowed.",
        || json!(true),
    ),
    keyword(
        "default",
        Holds::Data,
        "What clients may assume where it is missing. Nothing is filled in.",
        || json!(true),
    ),
    keyword(
        "examples",
        Holds::Data,
        "Values as they may be.",
        || json!({ "type": "array" }),
    ),
    keyword(
        "readOnly",
        Holds::Data,
        "Whether only transitions set it.",
        boolean,
    ),
    keyword(
        "writeOnly",
        Holds::Data,
        "An annotation for clients.",
        boolean,
    ),
    keyword(
        "deprecated",
        Holds::Data,
        "Whether clients should stop using it.",
        boolean,
    ),
    keyword("allOf", Holds::Schemas, "All of these hold.", list),
    keyword(
        "anyOf",
        Holds::Schemas,
        "At least one of these holds.",
        list,
    ),
    keyword("oneOf", Holds::Schemas, "Exactly one of these holds.", list),
    keyword("not", Holds::Schema, "This does not hold.", schema),
    keyword(
        "if",
        Holds::Schema,
        "Where this holds, `then` does too; otherwise `else`.",
        schema,
    ),
    keyword("then", Holds::Schema, "Holds where `if` does.", schema),
    keyword("else", Holds::Schema, "Holds where `if` does not.", schema),
    keyword(
        "$ref",
        Holds::Data,
        "Another place in this schema that holds too: #/$defs/NAME.",
        || json!({ "type": "string", "pattern": "^#(/|$)" }),
    ),
    keyword("$defs", Holds::Named, "Schemas for use by `$ref`.", named),
    keyword(
        "definitions",
        Holds::Named,
        "The older name of `$defs`.",
        named,
    ),
    keyword(
        "$comment",
        Holds::Data,
        "A note for who reads the schema.",
        string,
    ),
    keyword(
        "$schema",
        Holds::Data,
        "The dialect: there is only one.",
        || json!({ "const": DIALECT }),
    ),
    keyword(
        "$id",
        Holds::Data,
        "The schema's own address; only at its top.",
        string,
    ),
    keyword(
        "contentEncoding",
        Holds::Data,
        "How binary data stands in a text. An annotation.",
        string,
    ),
    keyword(
        "contentMediaType",
        Holds::Data,
        "The media type of a text. An annotation.",
        string,
    ),
    keyword(
        "contentSchema",
        Holds::Schema,
        "What a text holds once it is decoded. An annotation.",
        schema,
    ),
];

/// The only dialect.
pub(in crate::declaration) const DIALECT: &str = "https://json-schema.org/draft/2020-12/schema";

/// The formats that are checked, each with what it asks for.
pub(in crate::declaration) const FORMATS: [&str; 17] = [
    "date-time",
    "date",
    "time",
    "duration",
    "email",
    "hostname",
    "ipv4",
    "ipv6",
    "uri",
    "uri-reference",
    "uri-template",
    "iri",
    "iri-reference",
    "uuid",
    "json-pointer",
    "relative-json-pointer",
    "regex",
];

/// The names of `type`.
pub(in crate::declaration) const TYPES: [&str; 7] = [
    "object", "array", "string", "number", "integer", "boolean", "null",
];

/// The keyword of this name.
pub(super) fn find(name: &str) -> Option<&'static Keyword> {
    KEYWORDS.iter().find(|keyword| keyword.name == name)
}

/// What stands in a keyword's value; `None` for a keyword that JSON Schema does not know.
pub(crate) fn holds(name: &str) -> Option<Holds> {
    find(name).map(|keyword| keyword.holds)
}

fn schema() -> Value {
    json!({ "$ref": "#/$defs/schema" })
}

fn list() -> Value {
    json!({ "type": "array", "minItems": 1, "items": schema() })
}

fn named() -> Value {
    json!({ "type": "object", "additionalProperties": schema() })
}

fn string() -> Value {
    json!({ "type": "string" })
}

fn strings() -> Value {
    json!({ "type": "array", "uniqueItems": true, "items": string() })
}

fn boolean() -> Value {
    json!({ "type": "boolean" })
}

fn number() -> Value {
    json!({ "type": "number" })
}

fn count() -> Value {
    json!({ "type": "integer", "minimum": 0 })
}

fn types() -> Value {
    json!({ "anyOf": [
        { "enum": TYPES },
        { "type": "array", "minItems": 1, "uniqueItems": true, "items": { "enum": TYPES } }
    ] })
}
