//! What a schema refuses, in plain words. A detail continues a sentence whose subject is the place:
//! `/total` "must be at least 0".

use jsonschema::ValidationError;
use jsonschema::error::{TypeKind, ValidationErrorKind as Kind};
use serde_json::Value;

use super::keywords::{self, Holds};
use crate::document::pointer::Pointer;

/// The most alternatives and values that a sentence lists.
const MOST_LISTED: usize = 20;

/// One thing that a schema has against a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::declaration) struct Refusal {
    /// Where.
    pub(in crate::declaration) at: Pointer,
    /// What, after the subject of a sentence.
    pub(in crate::declaration) detail: String,
    /// The keyword that refuses.
    pub(in crate::declaration) keyword: String,
}

impl Refusal {
    /// As a sentence of its own.
    pub(super) fn sentence(&self) -> String {
        let mut letters = self.detail.chars();
        let first = letters.next().map(|first| first.to_ascii_uppercase());
        let end = if self.detail.ends_with('?') { "" } else { "." };
        first
            .into_iter()
            .chain(letters)
            .chain(end.chars())
            .collect()
    }
}

/// What one error of the validator stands for: one thing, or one for each member too many.
pub(super) fn refusals(error: &ValidationError<'_>) -> Vec<Refusal> {
    let at = place(error);
    let keyword = keyword(error);
    let refusal = |at: Pointer, detail: String| Refusal {
        at,
        detail,
        keyword: keyword.clone(),
    };
    match error.kind() {
        Kind::Required { property } => {
            let name = property.as_str().unwrap_or_default();
            vec![refusal(at.child(name), "is required".to_owned())]
        }
        Kind::AdditionalProperties { unexpected } | Kind::UnevaluatedProperties { unexpected } => {
            let unexpected = unexpected.iter();
            unexpected
                .map(|name| {
                    refusal(
                        at.child(name),
                        "is not a member that is allowed here".to_owned(),
                    )
                })
                .collect()
        }
        Kind::PropertyNames { error: inner } => {
            let name = inner.instance().as_str().unwrap_or_default();
            let detail = format!("has a name that is not allowed here: it {}", detail(inner));
            vec![refusal(at.child(name), detail)]
        }
        _ => vec![refusal(at, detail(error))],
    }
}

/// The pointer of the value that is refused.
fn place(error: &ValidationError<'_>) -> Pointer {
    error.instance_path().as_str().parse().unwrap_or_default()
}

/// The keyword that refuses, as the schema has it.
fn keyword(error: &ValidationError<'_>) -> String {
    match error.kind() {
        Kind::Required { .. } | Kind::FalseSchema | Kind::AdditionalItems { .. } => {
            last_keyword(error.schema_path().as_str())
                .unwrap_or("not")
                .to_owned()
        }
        kind => kind.keyword().to_owned(),
    }
}

/// The last keyword on a way through a schema, where names of members may look like keywords.
fn last_keyword(path: &str) -> Option<&'static str> {
    let mut tokens = path.split('/').skip(1);
    let mut last = None;
    while let Some(token) = tokens.next() {
        let keyword = keywords::find(token)?;
        last = Some(keyword.name);
        if keyword.holds == Holds::Named || keyword.holds == Holds::Schemas {
            // The name or the number of the schema within.
            tokens.next();
        } else if keyword.holds == Holds::Data {
            break;
        }
    }
    last
}

/// What is expected.
fn detail(error: &ValidationError<'_>) -> String {
    match error.kind() {
        Kind::Type { kind } => {
            let found = error.instance();
            let wanted = types(kind);
            match found.as_ref() {
                // Of the type that is named, but for its fraction.
                Value::Number(_) if wanted == "an integer" => {
                    "must be an integer, but has a fraction".to_owned()
                }
                found => format!("must be {wanted}, but is {}", kind_of(found)),
            }
        }
        Kind::Minimum { limit } => format!("must be at least {limit}"),
        Kind::Maximum { limit } => format!("must be at most {limit}"),
        Kind::ExclusiveMinimum { limit } => format!("must be more than {limit}"),
        Kind::ExclusiveMaximum { limit } => format!("must be less than {limit}"),
        Kind::MultipleOf { multiple_of } => format!("must be a multiple of {multiple_of}"),
        Kind::MinLength { limit } => format!("must have at least {}", many(*limit, "character")),
        Kind::MaxLength { limit } => format!("must have at most {}", many(*limit, "character")),
        Kind::MinItems { limit } => format!("must have at least {}", many(*limit, "element")),
        Kind::MaxItems { limit } => format!("must have at most {}", many(*limit, "element")),
        Kind::MinProperties { limit } => format!("must have at least {}", many(*limit, "member")),
        Kind::MaxProperties { limit } => format!("must have at most {}", many(*limit, "member")),
        Kind::AdditionalItems { limit } => {
            format!("must have at most {}", many(*limit as u64, "element"))
        }
        Kind::UnevaluatedItems { .. } => "has more elements than are allowed here".to_owned(),
        Kind::Pattern { pattern } => format!("must match the pattern {pattern}"),
        Kind::Format { format } => format!("must be {}", form(format)),
        Kind::Enum { options } => format!("must be one of {}", listed(options)),
        Kind::Constant { expected_value } => format!("must be {expected_value}"),
        Kind::UniqueItems => "must not have the same element twice".to_owned(),
        Kind::Contains => {
            "must have as many elements of the kind that `contains` describes as it asks for"
                .to_owned()
        }
        Kind::AnyOf { context } => format!(
            "must fit at least one of {}",
            branches(context, &place(error))
        ),
        Kind::OneOfNotValid { context } => format!(
            "must fit exactly one of {}",
            branches(context, &place(error))
        ),
        Kind::OneOfMultipleValid { .. } => {
            "must fit exactly one of the alternatives of `oneOf`, but fits several".to_owned()
        }
        Kind::Not { .. } => "must not fit what `not` describes".to_owned(),
        Kind::FalseSchema => "is not allowed here".to_owned(),
        Kind::Required { property } => format!("must have the member {property}"),
        Kind::AdditionalProperties { unexpected } | Kind::UnevaluatedProperties { unexpected } => {
            format!("must not have the members {}", unexpected.join(", "))
        }
        Kind::PropertyNames { error } => format!("must have other names: each {}", detail(error)),
        Kind::ContentEncoding { content_encoding } => {
            format!("must be encoded as {content_encoding}")
        }
        Kind::ContentMediaType { content_media_type } => format!("must hold {content_media_type}"),
        Kind::FromUtf8 { .. } => "must be UTF-8 once it is decoded".to_owned(),
        Kind::Custom { message, .. } => message.clone(),
        Kind::BacktrackLimitExceeded { .. } | Kind::RegexEngineFailure { .. } => {
            "cannot be compared with its pattern".to_owned()
        }
        Kind::Referencing(_) => {
            "cannot be checked: its schema refers to what is not there".to_owned()
        }
    }
}

fn types(kind: &TypeKind) -> String {
    match kind {
        TypeKind::Single(only) => article(&only.to_string()),
        TypeKind::Multiple(several) => {
            let mut names: Vec<String> = several
                .iter()
                .map(|one| article(&one.to_string()))
                .collect();
            names.sort_by_key(|name| name == "null");
            match names.as_slice() {
                [init @ .., last] if !init.is_empty() => format!("{} or {last}", init.join(", ")),
                names => names.concat(),
            }
        }
    }
}

fn article(name: &str) -> String {
    match name {
        "null" => "null".to_owned(),
        "array" | "object" | "integer" => format!("an {name}"),
        other => format!("a {other}"),
    }
}

fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}

fn many(count: u64, what: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {what}{plural}")
}

fn listed(options: &Value) -> String {
    let options = options.as_array().map(Vec::as_slice).unwrap_or_default();
    let shown: Vec<String> = options
        .iter()
        .take(MOST_LISTED)
        .map(Value::to_string)
        .collect();
    let more = match options.len().saturating_sub(MOST_LISTED) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    format!("{}{more}", shown.join(", "))
}

/// The alternatives, each by what it has against the value first.
fn branches(context: &[Vec<ValidationError<'static>>], around: &Pointer) -> String {
    let shown: Vec<String> = context
        .iter()
        .take(MOST_LISTED)
        .enumerate()
        .map(|(number, errors)| {
            let first = errors.first().map_or_else(
                || "fits".to_owned(),
                |error| {
                    let inner = place(error).to_string();
                    match inner.strip_prefix(&around.to_string()) {
                        Some("") | None => detail(error),
                        Some(below) => format!("{below} {}", detail(error)),
                    }
                },
            );
            format!("({}) {first}", number + 1)
        })
        .collect();
    format!("{} alternatives: {}", context.len(), shown.join("; "))
}

/// What a format asks for, with an example where that says more.
fn form(format: &str) -> String {
    let words = match format {
        "date-time" => "a date and time with its offset, like 2026-11-23T10:00:00Z",
        "date" => "a date, like 2026-11-23",
        "time" => "a time with its offset, like 10:00:00Z",
        "duration" => "a duration, like P3DT12H",
        "email" => "an e-mail address, like ada@example.com",
        "hostname" => "a host name, like www.example.com",
        "ipv4" => "an IPv4 address, like 192.0.2.1",
        "ipv6" => "an IPv6 address, like 2001:db8::1",
        "uri" => "a URI with its scheme, like https://example.com/a",
        "uri-reference" => "a URI or a reference relative to one, like ../a",
        "uri-template" => "a URI template, like /users/{id}",
        "iri" => "an IRI with its scheme, like https://example.com/ä",
        "iri-reference" => "an IRI or a reference relative to one, like ../ä",
        "uuid" => "a UUID, like 01998f2c-7d5a-7c3e-9b1f-3a5c7e9d1b2f",
        "json-pointer" => "a JSON Pointer, like /a/b",
        "relative-json-pointer" => "a relative JSON Pointer, like 1/a",
        "regex" => "a regular expression",
        other => return format!("of the format {other}"),
    };
    words.to_owned()
}
