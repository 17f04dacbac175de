//! The placeholders of one request's expressions. A name or value that is needed twice has one.

use std::collections::HashMap;
use std::fmt::Write;

use aws_sdk_dynamodb::types::AttributeValue;
use onlyif::item::Operand;

use crate::attributes::{self, Path, Step};
use crate::item::{Attributes, encode_value};
use crate::keys;

/// What stands in an expression: a value, or the place of one.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Term {
    /// A value.
    Value(AttributeValue),
    /// Where a value is within the item.
    Path(Path),
}

impl Term {
    /// The term that an operand is, where every token of a pointer is a member's name.
    pub(crate) fn of(operand: &Operand) -> Self {
        match operand {
            Operand::Value(value) => Term::Value(encode_value(value)),
            Operand::Partition(partition) => {
                Term::Value(AttributeValue::S(keys::index_key(partition)))
            }
            Operand::Attribute(attribute) => Term::Path(attributes::path(attribute)),
        }
    }

    /// Its text in an expression.
    pub(crate) fn write(&self, placeholders: &mut Placeholders) -> String {
        match self {
            Term::Value(value) => placeholders.value(value),
            Term::Path(path) => placeholders.path(path),
        }
    }
}

/// Names and values, each standing in the expressions as `#n…` or `:v…` by its place.
#[derive(Debug, Default)]
pub(crate) struct Placeholders {
    names: Vec<String>,
    values: Vec<AttributeValue>,
}

impl Placeholders {
    /// The placeholder of a document path. Every name has one: any of DynamoDB's hundreds of
    /// reserved words may be the name of a client's member.
    pub(crate) fn path(&mut self, path: &Path) -> String {
        let mut text = String::new();
        for step in path {
            // Writing to a string cannot fail.
            let _ = match step {
                Step::Index(index) => write!(text, "[{index}]"),
                Step::Name(name) => {
                    let separator = if text.is_empty() { "" } else { "." };
                    write!(text, "{separator}#n{}", place(&mut self.names, name))
                }
            };
        }
        text
    }

    /// The placeholder of a value.
    pub(crate) fn value(&mut self, value: &AttributeValue) -> String {
        format!(":v{}", place(&mut self.values, value))
    }

    /// In the order of their places.
    pub(crate) fn names(&self) -> &[String] {
        &self.names
    }

    /// In the order of their places.
    pub(crate) fn values(&self) -> &[AttributeValue] {
        &self.values
    }

    /// `ExpressionAttributeNames`; none at all where there are none, as DynamoDB wants it.
    pub(crate) fn attribute_names(&self) -> Option<HashMap<String, String>> {
        let named = |(place, name): (usize, &String)| (format!("#n{place}"), name.clone());
        let names: HashMap<_, _> = self.names.iter().enumerate().map(named).collect();
        (!names.is_empty()).then_some(names)
    }

    /// `ExpressionAttributeValues`; none at all where there are none, as DynamoDB wants it.
    pub(crate) fn attribute_values(&self) -> Option<Attributes> {
        let named =
            |(place, value): (usize, &AttributeValue)| (format!(":v{place}"), value.clone());
        let values: HashMap<_, _> = self.values.iter().enumerate().map(named).collect();
        (!values.is_empty()).then_some(values)
    }
}

/// The place of a term; it gets one if it has none.
fn place<T: Clone + PartialEq>(terms: &mut Vec<T>, term: &T) -> usize {
    let known = terms.iter().position(|known| known == term);
    known.unwrap_or_else(|| {
        terms.push(term.clone());
        terms.len() - 1
    })
}
