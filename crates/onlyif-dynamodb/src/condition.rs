//! Conditions as ConditionExpressions.
//!
//! A condition is folded before it is written: what always or never holds disappears, a clause
//! that stands twice is written once, and parentheses stand only where they mean something, for
//! DynamoDB refuses redundant ones.

use aws_sdk_dynamodb::types::AttributeValue;
use onlyif::item::{Attribute, Operand};
use onlyif::plan::{Comparator, Condition};

use crate::attributes::{self, Path};
use crate::placeholders::{Placeholders, Term};

/// A pointer of a condition has more readings than are written down; see [`attributes::paths`].
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct TooManyReadings;

/// The ConditionExpression; `None` for what always holds.
pub(crate) fn expression(
    condition: &Condition,
    placeholders: &mut Placeholders,
) -> Result<Option<String>, TooManyReadings> {
    let clause = match clause(condition)? {
        Clause::Always => return Ok(None),
        // DynamoDB has no word for false: nothing is there and not there.
        Clause::Never => Clause::All(vec![
            exists(attributes::path(&Attribute::Key)),
            Clause::Not(Box::new(exists(attributes::path(&Attribute::Key)))),
        ]),
        clause => clause,
    };
    Ok(Some(clause.write(placeholders)))
}

/// A condition, folded.
#[derive(Clone, Debug, PartialEq)]
enum Clause {
    Always,
    Never,
    All(Vec<Clause>),
    Any(Vec<Clause>),
    Not(Box<Clause>),
    /// A function of terms.
    Call(&'static str, Vec<Term>),
    /// The term (or its size) compared with another.
    Compare {
        size: bool,
        left: Path,
        comparator: &'static str,
        right: Term,
    },
}

fn exists(path: Path) -> Clause {
    Clause::Call("attribute_exists", vec![Term::Path(path)])
}

fn clause(condition: &Condition) -> Result<Clause, TooManyReadings> {
    Ok(match condition {
        Condition::All(conditions) => {
            all(conditions.iter().map(clause).collect::<Result<_, _>>()?)
        }
        Condition::Any(conditions) => {
            any(conditions.iter().map(clause).collect::<Result<_, _>>()?)
        }
        Condition::Not(condition) => not(clause(condition)?),
        Condition::Exists(attribute) => any(readings(attribute)?.into_iter().map(exists).collect()),
        Condition::Compare(attribute, comparator, operand) => {
            each(attribute, operand, |left, right| {
                compare(left, *comparator, right)
            })?
        }
        Condition::Contains(attribute, operand) => each(attribute, operand, contains)?,
        Condition::StartsWith(attribute, operand) => each(attribute, operand, starts_with)?,
        Condition::Size(attribute, comparator, operand) => {
            each(attribute, operand, |left, right| {
                size(left, *comparator, right)
            })?
        }
    })
}

fn readings(attribute: &Attribute) -> Result<Vec<Path>, TooManyReadings> {
    attributes::paths(attribute).ok_or(TooManyReadings)
}

/// The test, for each reading of its pointers: at most one is true of any item.
fn each(
    attribute: &Attribute,
    operand: &Operand,
    test: impl Fn(Path, Term) -> Clause,
) -> Result<Clause, TooManyReadings> {
    let rights = match operand {
        Operand::Attribute(attribute) => readings(attribute)?.into_iter().map(Term::Path).collect(),
        operand => vec![Term::of(operand)],
    };
    let mut clauses = Vec::new();
    for left in readings(attribute)? {
        for right in &rights {
            clauses.push(test(left.clone(), right.clone()));
        }
    }
    Ok(any(clauses))
}

fn compare(left: Path, comparator: Comparator, right: Term) -> Clause {
    let ordered = match &right {
        Term::Value(value) => matches!(value, AttributeValue::N(_) | AttributeValue::S(_)),
        Term::Path(_) => true,
    };
    if !ordered && comparator != Comparator::Equal {
        return Clause::Never;
    }
    Clause::Compare {
        size: false,
        left,
        comparator: symbol(comparator),
        right,
    }
}

fn contains(left: Path, right: Term) -> Clause {
    if right == Term::Path(left.clone()) {
        // DynamoDB refuses to look for a value in itself. A string contains itself; no array does.
        let string = Term::Value(AttributeValue::S("S".to_owned()));
        return Clause::Call("attribute_type", vec![Term::Path(left), string]);
    }
    Clause::Call("contains", vec![Term::Path(left), right])
}

fn starts_with(left: Path, right: Term) -> Clause {
    match right {
        Term::Value(AttributeValue::S(_)) | Term::Path(_) => {
            Clause::Call("begins_with", vec![Term::Path(left), right])
        }
        Term::Value(_) => Clause::Never,
    }
}

fn size(left: Path, comparator: Comparator, right: Term) -> Clause {
    match right {
        Term::Value(AttributeValue::N(_)) | Term::Path(_) => Clause::Compare {
            size: true,
            left,
            comparator: symbol(comparator),
            right,
        },
        Term::Value(_) => Clause::Never,
    }
}

fn symbol(comparator: Comparator) -> &'static str {
    match comparator {
        Comparator::Equal => "=",
        Comparator::Less => "<",
        Comparator::AtMost => "<=",
        Comparator::More => ">",
        Comparator::AtLeast => ">=",
    }
}

fn all(clauses: Vec<Clause>) -> Clause {
    fold(clauses, Clause::All, Clause::Always, Clause::Never)
}

fn any(clauses: Vec<Clause>) -> Clause {
    fold(clauses, Clause::Any, Clause::Never, Clause::Always)
}

/// A list of clauses without those that change nothing; `decides` alone decides it.
fn fold(
    clauses: Vec<Clause>,
    list: fn(Vec<Clause>) -> Clause,
    nothing: Clause,
    decides: Clause,
) -> Clause {
    let is_all = matches!(list(Vec::new()), Clause::All(_));
    let mut kept: Vec<Clause> = Vec::new();
    for clause in clauses {
        let parts = match clause {
            Clause::All(parts) if is_all => parts,
            Clause::Any(parts) if !is_all => parts,
            clause => vec![clause],
        };
        for part in parts {
            if part == decides {
                return decides;
            }
            if part != nothing && !kept.contains(&part) {
                kept.push(part);
            }
        }
    }
    match kept.len() {
        0 => nothing,
        1 => kept.swap_remove(0),
        _ => list(kept),
    }
}

fn not(clause: Clause) -> Clause {
    match clause {
        Clause::Always => Clause::Never,
        Clause::Never => Clause::Always,
        Clause::Not(clause) => *clause,
        clause => Clause::Not(Box::new(clause)),
    }
}

impl Clause {
    fn write(&self, placeholders: &mut Placeholders) -> String {
        match self {
            Clause::All(clauses) => join(clauses, " AND ", placeholders),
            Clause::Any(clauses) => join(clauses, " OR ", placeholders),
            Clause::Not(clause) => match clause.as_ref() {
                Clause::Call("attribute_exists", terms) => {
                    call("attribute_not_exists", terms, placeholders)
                }
                clause => format!("NOT {}", clause.write_part(placeholders)),
            },
            Clause::Call(function, terms) => call(function, terms, placeholders),
            Clause::Compare {
                size,
                left,
                comparator,
                right,
            } => {
                let left = placeholders.path(left);
                let right = right.write(placeholders);
                if *size {
                    format!("size({left}) {comparator} {right}")
                } else {
                    format!("{left} {comparator} {right}")
                }
            }
            // Folding leaves neither inside of anything, and `expression` neither outside.
            Clause::Always | Clause::Never => String::new(),
        }
    }

    /// Written as a part of a larger clause.
    fn write_part(&self, placeholders: &mut Placeholders) -> String {
        let text = self.write(placeholders);
        match self {
            Clause::All(_) | Clause::Any(_) => format!("({text})"),
            _ => text,
        }
    }
}

fn join(clauses: &[Clause], word: &str, placeholders: &mut Placeholders) -> String {
    let parts: Vec<String> = clauses
        .iter()
        .map(|clause| clause.write_part(placeholders))
        .collect();
    parts.join(word)
}

fn call(function: &str, terms: &[Term], placeholders: &mut Placeholders) -> String {
    let terms: Vec<String> = terms.iter().map(|term| term.write(placeholders)).collect();
    format!("{function}({})", terms.join(", "))
}
