//! Queries: what a list may be asked for. Anything else in a query, on any route, is an error.

use onlyif::declaration::{Declaration, Unique};
use onlyif::document::number;
use onlyif::document::pointer::Pointer;
use onlyif::problem::{Fault, Place};
use serde_json::{Number, Value};

use crate::exchange::Exchange;

/// Items of a page, if the client does not say.
pub const DEFAULT_LIMIT: usize = 25;
/// Items of a page at most.
pub const MAX_LIMIT: usize = 100;

/// What a list is asked for.
#[derive(Clone, Debug, PartialEq)]
pub struct ListQuery<'a> {
    /// Items of the page at most.
    pub limit: usize,
    /// Where to go on, as the page before said.
    pub cursor: Option<String>,
    /// Only resources in this state.
    pub state: Option<String>,
    /// Only the resource that holds these values of a unique constraint, in the order of its fields.
    pub unique: Option<(&'a Unique, Vec<Value>)>,
}

/// What a history is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HistoryQuery {
    /// Entries of the page at most.
    pub limit: usize,
    /// Where to go on, as the page before said.
    pub cursor: Option<String>,
}

impl Default for HistoryQuery {
    fn default() -> Self {
        HistoryQuery {
            limit: DEFAULT_LIMIT,
            cursor: None,
        }
    }
}

/// The parameters of a query, in the order sent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Parameters(Vec<(String, String)>);

impl Parameters {
    /// Reads the part of an address behind the `?`.
    pub fn read(raw: &str) -> Self {
        Parameters(
            form_urlencoded::parse(raw.as_bytes())
                .into_owned()
                .collect(),
        )
    }
}

/// The faults of a query on a route that takes none.
pub fn none(exchange: &Exchange<'_>) -> Vec<Fault> {
    let names = parameters(exchange);
    names
        .iter()
        .map(|(name, _)| fault(name, "this takes no query parameters"))
        .collect()
}

/// Reads the query of a history.
///
/// # Errors
/// Everything that is wrong with it.
pub fn history(exchange: &Exchange<'_>) -> Result<HistoryQuery, Vec<Fault>> {
    let parameters = parameters(exchange);
    let mut query = HistoryQuery::default();
    let mut faults = repeated(parameters);
    for (name, value) in parameters {
        match name.as_str() {
            "limit" => match limit(value) {
                Ok(limit) => query.limit = limit,
                Err(fault) => faults.push(fault),
            },
            "cursor" => query.cursor = Some(value.clone()),
            _ => faults.push(fault(name, "is not known here; known are limit, cursor")),
        }
    }
    if faults.is_empty() {
        Ok(query)
    } else {
        Err(faults)
    }
}

/// The faults of parameters that are given more than once.
fn repeated(parameters: &[(String, String)]) -> Vec<Fault> {
    let is_repeated = |place: usize, name: &str| {
        let mut before = parameters.iter().take(place);
        before.any(|(other, _)| other == name)
    };
    let each = parameters.iter().enumerate();
    each.filter(|(place, (name, _))| is_repeated(*place, name))
        .map(|(_, (name, _))| fault(name, "is given more than once"))
        .collect()
}

fn limit(value: &str) -> Result<usize, Fault> {
    value
        .parse()
        .ok()
        .filter(|limit| (1..=MAX_LIMIT).contains(limit) && !value.starts_with('+'))
        .ok_or_else(|| fault("limit", "must be a whole number from 1 to 100"))
}

/// Reads the query of a list.
///
/// # Errors
/// Everything that is wrong with it.
pub fn list<'a>(
    exchange: &Exchange<'_>,
    declaration: &'a Declaration,
) -> Result<ListQuery<'a>, Vec<Fault>> {
    let parameters = parameters(exchange);
    let mut query = ListQuery {
        limit: DEFAULT_LIMIT,
        cursor: None,
        state: None,
        unique: None,
    };
    let mut faults = repeated(parameters);
    let mut fields: Vec<(Pointer, String)> = Vec::new();
    for (name, value) in parameters {
        match name.as_str() {
            "limit" => match limit(value) {
                Ok(limit) => query.limit = limit,
                Err(fault) => faults.push(fault),
            },
            "cursor" => query.cursor = Some(value.clone()),
            "state" => match &declaration.states {
                Some(states) if states.all.contains(value) => query.state = Some(value.clone()),
                Some(states) => {
                    faults.push(fault(
                        name,
                        &format!("must be one of {}", states.all.join(", ")),
                    ));
                }
                None => faults.push(fault(name, "this type has no states")),
            },
            _ => match field(declaration, name) {
                Some(pointer) => fields.push((pointer, value.clone())),
                None => faults.push(fault(name, &unknown(declaration))),
            },
        }
    }
    if !fields.is_empty() {
        match constraint(declaration, &fields) {
            Ok(unique) => query.unique = Some(unique),
            Err(mut wrong) => faults.append(&mut wrong),
        }
        if query.cursor.is_some() {
            faults.push(fault(
                "cursor",
                "does not go together with the fields of a unique value",
            ));
        }
    }
    if faults.is_empty() {
        Ok(query)
    } else {
        Err(faults)
    }
}

fn parameters<'a>(exchange: &Exchange<'a>) -> &'a [(String, String)] {
    exchange
        .request
        .extensions()
        .get::<Parameters>()
        .map_or(&[], |query| query.0.as_slice())
}

/// The pointer that a parameter names without its first slash, if a unique constraint has it.
fn field(declaration: &Declaration, name: &str) -> Option<Pointer> {
    let pointer: Pointer = format!("/{name}").parse().ok()?;
    declaration
        .unique
        .iter()
        .any(|unique| unique.fields.contains(&pointer))
        .then_some(pointer)
}

/// The constraint that has just these fields, and the values to look for.
fn constraint<'a>(
    declaration: &'a Declaration,
    fields: &[(Pointer, String)],
) -> Result<(&'a Unique, Vec<Value>), Vec<Fault>> {
    let fits = |unique: &&Unique| {
        unique.fields.len() == fields.len()
            && fields
                .iter()
                .all(|(pointer, _)| unique.fields.contains(pointer))
    };
    let Some(unique) = declaration.unique.iter().find(fits) else {
        let detail = format!(
            "name all fields of one unique constraint: {}",
            constraints(declaration)
        );
        let names = fields.iter().map(|(pointer, _)| parameter(pointer));
        return Err(names.map(|name| fault(&name, &detail)).collect());
    };
    let mut values = Vec::new();
    let mut faults = Vec::new();
    for pointer in &unique.fields {
        let text = fields
            .iter()
            .find(|(field, _)| field == pointer)
            .map(|(_, text)| text);
        match text.and_then(|text| typed(declaration, pointer, text)) {
            Some(value) => values.push(value),
            None => faults.push(fault(&parameter(pointer), "is not of the field's type")),
        }
    }
    if faults.is_empty() {
        Ok((unique, values))
    } else {
        Err(faults)
    }
}

fn unknown(declaration: &Declaration) -> String {
    let mut known = vec!["limit".to_owned(), "cursor".to_owned()];
    if declaration.states.is_some() {
        known.push("state".to_owned());
    }
    if !declaration.unique.is_empty() {
        known.push(format!(
            "the fields of a unique constraint ({})",
            constraints(declaration)
        ));
    }
    format!("is not known here; known are {}", known.join(", "))
}

fn constraints(declaration: &Declaration) -> String {
    let names = |unique: &Unique| {
        unique
            .fields
            .iter()
            .map(parameter)
            .collect::<Vec<_>>()
            .join(" with ")
    };
    declaration
        .unique
        .iter()
        .map(names)
        .collect::<Vec<_>>()
        .join("; ")
}

fn parameter(pointer: &Pointer) -> String {
    let text = pointer.to_string();
    text.strip_prefix('/').unwrap_or(&text).to_owned()
}

/// A parameter's text as a value of the field that it names: a string, unless the field takes none
/// and the text is a number, `true` or `false`.
fn typed(declaration: &Declaration, pointer: &Pointer, text: &str) -> Option<Value> {
    let as_text = Value::from(text);
    let as_number = number::canonical(text)
        .and_then(|text| text.parse::<Number>().ok())
        .map(Value::Number);
    let as_boolean = text.parse().ok().map(Value::Bool);
    let kinds = declaration.kinds(pointer);
    let takes = |kind: &str| kinds.iter().any(|each| each == kind);
    if kinds.is_empty() || takes("string") {
        return Some(as_text);
    }
    as_number
        .filter(|_| takes("number") || takes("integer"))
        .or_else(|| as_boolean.filter(|_| takes("boolean")))
}

fn fault(name: &str, detail: &str) -> Fault {
    Fault {
        at: Place::Parameter(name.to_owned()),
        detail: detail.to_owned(),
        keyword: None,
    }
}
