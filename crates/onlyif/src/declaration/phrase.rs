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
        Check::Is(value) => format!("is {}", of_source(value)),
        Check::IsNot(value) => format!("is not {}", of_source(value)),
        Check::In(values) => {
            let values: Vec<String> = values.iter().map(of_source).collect();
            match values.as_slice() {
                [] => "is nothing".to_owned(),
                [only] => format!("is {only}"),
                [init @ .., last] => format!("is {} or {last}", init.join(", ")),
            }
        }
        Check::AtLeast(value) => format!("is at least {}", of_source(value)),
        Check::AtMost(value) => format!("is at most {}", of_source(value)),
        Check::MoreThan(value) => format!("is more than {}", of_source(value)),
        Check::LessThan(value) => format!("is less than {}", of_source(value)),
        Check::Exists(true) => "is there".to_owned(),
        Check::Exists(false) => "is not there".to_owned(),
        Check::Contains(value) => format!("contains {}", of_source(value)),
        Check::StartsWith(value) => format!("starts with {}", of_source(value)),
        Check::SizeAtLeast(value) => format!("has a size of at least {}", of_source(value)),
        Check::SizeAtMost(value) => format!("has a size of at most {}", of_source(value)),
    }
}

fn of_source(source: &Source) -> String {
    match source {
        Source::Literal(Value::String(text)) if is_name(text) => text.clone(),
        Source::Literal(value) => value.to_string(),
        Source::Field(pointer) => pointer.to_string(),
        Source::Input(pointer) => format!("{pointer} of the input"),
        Source::Item(pointer) => format!("{pointer} of the element"),
        Source::Actor => "who asks".to_owned(),
        Source::Now => "now".to_owned(),
    }
}

fn joined(phrases: impl Iterator<Item = String>, with: &str) -> String {
    phrases.collect::<Vec<_>>().join(with)
}
