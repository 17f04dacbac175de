//! Clauses in words, for terminals and documentation: `/state is booked or confirmed`.

use std::fmt;

use serde_json::Value;

use super::reading::is_name;
use super::{Check, Clause, Source, Test};

/// The clause in words, with what its author says of it in parentheses.
impl fmt::Display for Clause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.test {
            Test::Field(pointer, check) => write!(f, "{pointer} {}", of_check(check))?,
            Test::Any(clauses) => f.write_str(&joined(clauses.iter().map(grouped), " or "))?,
            Test::Not(clause) => write!(f, "not ({clause})")?,
        }
        match &self.message {
            Some(message) => write!(f, " ({})", message.trim_end_matches('.')),
            None => Ok(()),
        }
    }
}

/// All of these clauses in one sentence.
pub(crate) fn all(clauses: &[Clause]) -> String {
    match clauses {
        [only] => only.to_string(),
        several => joined(several.iter().map(grouped), " and "),
    }
}

/// A clause beside others: in parentheses where it has parts that could be read as theirs.
fn grouped(clause: &Clause) -> String {
    match &clause.test {
        Test::Any(clauses) if clauses.len() > 1 => format!("({clause})"),
        Test::Field(_, Check::In(values)) if values.len() > 1 => format!("({clause})"),
        _ => clause.to_string(),
    }
}

fn of_check(check: &Check) -> String {
    match check {
        Check::Is(value) => format!("is {value}"),
        Check::IsNot(value) => format!("is not {value}"),
        Check::In(values) => {
            let values: Vec<String> = values.iter().map(ToString::to_string).collect();
            match values.as_slice() {
                [] => "is nothing".to_owned(),
                [only] => format!("is {only}"),
                [init @ .., last] => format!("is {} or {last}", init.join(", ")),
            }
        }
        Check::AtLeast(value) => format!("is at least {value}"),
        Check::AtMost(value) => format!("is at most {value}"),
        Check::MoreThan(value) => format!("is more than {value}"),
        Check::LessThan(value) => format!("is less than {value}"),
        Check::Exists(true) => "is there".to_owned(),
        Check::Exists(false) => "is not there".to_owned(),
        Check::Contains(value) => format!("contains {value}"),
        Check::StartsWith(value) => format!("starts with {value}"),
        Check::SizeAtLeast(value) => format!("has a size of at least {value}"),
        Check::SizeAtMost(value) => format!("has a size of at most {value}"),
    }
}

/// Where a value comes from: the value itself, where that is the declaration.
impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Source::Literal(Value::String(text)) if is_name(text) => f.write_str(text),
            Source::Literal(value) => write!(f, "{value}"),
            Source::Field(pointer) => write!(f, "{pointer}"),
            Source::Input(pointer) => write!(f, "{pointer} of the input"),
            Source::Item(pointer) => write!(f, "{pointer} of the element"),
            Source::Actor => f.write_str("who asks"),
            Source::Now => f.write_str("now"),
        }
    }
}

fn joined(phrases: impl Iterator<Item = String>, with: &str) -> String {
    phrases.collect::<Vec<_>>().join(with)
}
