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
        Term::Path(path) if *path == left => return compare_with_itself(left, comparator),
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

/// DynamoDB refuses to compare an attribute with itself. All that is there equals itself; only
/// numbers and strings have an order.
fn compare_with_itself(path: Path, comparator: Comparator) -> Clause {
    match comparator {
        Comparator::Equal => exists(path),
        Comparator::Less | Comparator::More => Clause::Never,
        Comparator::AtMost | Comparator::AtLeast => {
            any(vec![is_of_type(path.clone(), "S"), is_of_type(path, "N")])
        }
    }
}

/// DynamoDB refuses to look for an attribute in itself, too. A string contains itself; no array does.
fn contains(left: Path, right: Term) -> Clause {
    if right == Term::Path(left.clone()) {
        return is_of_type(left, "S");
    }
    Clause::Call("contains", vec![Term::Path(left), right])
}

fn starts_with(left: Path, right: Term) -> Clause {
    match right {
        Term::Path(path) if path == left => is_of_type(left, "S"),
        Term::Value(AttributeValue::S(_)) | Term::Path(_) => {
            Clause::Call("begins_with", vec![Term::Path(left), right])
        }
        Term::Value(_) => Clause::Never,
    }
}

fn is_of_type(path: Path, name: &str) -> Clause {
    let name = Term::Value(AttributeValue::S(name.to_owned()));
    Clause::Call("attribute_type", vec![Term::Path(path), name])
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

#[cfg(test)]
mod tests {
    use super::*;
    use onlyif::document::pointer::Pointer;
    use serde_json::json;

    fn at(pointer: &str) -> Attribute {
        Attribute::Document(pointer.parse::<Pointer>().expect(pointer))
    }

    fn is(pointer: &str, value: serde_json::Value) -> Condition {
        Condition::Compare(at(pointer), Comparator::Equal, Operand::Value(value))
    }

    fn not(condition: Condition) -> Condition {
        Condition::Not(Box::new(condition))
    }

    #[test]
    fn conditions_are_written_once_and_without_needless_parentheses() {
        use Condition::{All, Any};
        let (a, b, c) = (is("/a", json!(1)), is("/b", json!(1)), is("/a", json!(2)));
        let missing = Condition::absent();
        for (condition, text) in [
            (All(vec![]), ""),
            (
                Any(vec![]),
                "attribute_exists(#n0) AND attribute_not_exists(#n0)",
            ),
            (
                not(All(vec![])),
                "attribute_exists(#n0) AND attribute_not_exists(#n0)",
            ),
            (not(Any(vec![])), ""),
            (missing.clone(), "attribute_not_exists(#n0)"),
            (not(missing.clone()), "attribute_exists(#n0)"),
            (a.clone(), "#n0.#n1 = :v0"),
            (All(vec![a.clone(), a.clone()]), "#n0.#n1 = :v0"),
            (All(vec![All(vec![All(vec![a.clone()])])]), "#n0.#n1 = :v0"),
            (
                All(vec![a.clone(), All(vec![b.clone(), a.clone()]), c.clone()]),
                "#n0.#n1 = :v0 AND #n0.#n2 = :v0 AND #n0.#n1 = :v1",
            ),
            (
                All(vec![a.clone(), Any(vec![b.clone(), c.clone()])]),
                "#n0.#n1 = :v0 AND (#n0.#n2 = :v0 OR #n0.#n1 = :v1)",
            ),
            (
                not(Any(vec![a.clone(), not(b.clone())])),
                "NOT (#n0.#n1 = :v0 OR NOT #n0.#n2 = :v0)",
            ),
            // What decides alone leaves nothing of the rest, placeholders included.
            (Any(vec![a.clone(), All(vec![]), b.clone()]), ""),
            (
                All(vec![a.clone(), Any(vec![b, Any(vec![])])]),
                "#n0.#n1 = :v0 AND #n0.#n2 = :v0",
            ),
            (not(All(vec![a, Any(vec![])])), ""),
        ] {
            let mut placeholders = Placeholders::default();
            let written = expression(&condition, &mut placeholders).expect("few readings");
            assert_eq!(written.unwrap_or_default(), text, "{condition:?}");
            for (place, _) in placeholders.names().iter().enumerate() {
                assert!(text.contains(&format!("#n{place}")), "{condition:?}");
            }
            for (place, _) in placeholders.values().iter().enumerate() {
                assert!(text.contains(&format!(":v{place}")), "{condition:?}");
            }
        }
    }

    #[test]
    fn each_test_has_its_expression() {
        let value = |value| Operand::Value(value);
        let other = || Operand::Attribute(at("/b"));
        let itself = || Operand::Attribute(at("/a"));
        let never = "attribute_exists(#n0) AND attribute_not_exists(#n0)";
        let compare = |comparator, operand| Condition::Compare(at("/a"), comparator, operand);
        for (condition, text) in [
            (compare(Comparator::Less, value(json!(1))), "#n0.#n1 < :v0"),
            (
                compare(Comparator::AtMost, value(json!("x"))),
                "#n0.#n1 <= :v0",
            ),
            (compare(Comparator::More, other()), "#n0.#n1 > #n0.#n2"),
            (compare(Comparator::AtLeast, value(json!(true))), never),
            (
                compare(Comparator::Equal, value(json!(null))),
                "#n0.#n1 = :v0",
            ),
            (
                compare(Comparator::Equal, itself()),
                "attribute_exists(#n0.#n1)",
            ),
            (compare(Comparator::More, itself()), never),
            (
                compare(Comparator::AtLeast, itself()),
                "attribute_type(#n0.#n1, :v0) OR attribute_type(#n0.#n1, :v1)",
            ),
            (
                Condition::Contains(at("/a"), value(json!([1]))),
                "contains(#n0.#n1, :v0)",
            ),
            (
                Condition::Contains(at("/a"), itself()),
                "attribute_type(#n0.#n1, :v0)",
            ),
            (
                Condition::StartsWith(at("/a"), value(json!("x"))),
                "begins_with(#n0.#n1, :v0)",
            ),
            (Condition::StartsWith(at("/a"), value(json!(1))), never),
            (
                Condition::StartsWith(at("/a"), itself()),
                "attribute_type(#n0.#n1, :v0)",
            ),
            (
                Condition::Size(at("/a"), Comparator::AtLeast, value(json!(1))),
                "size(#n0.#n1) >= :v0",
            ),
            (
                Condition::Size(at("/a"), Comparator::Equal, value(json!("1"))),
                never,
            ),
            (
                Condition::Exists(at("/a/0")),
                "attribute_exists(#n0.#n1.#n2) OR attribute_exists(#n0.#n1[0])",
            ),
            (
                not(Condition::Exists(at("/a/0"))),
                "NOT (attribute_exists(#n0.#n1.#n2) OR attribute_exists(#n0.#n1[0]))",
            ),
            (
                Condition::Exists(at("/a/00")),
                "attribute_exists(#n0.#n1.#n2)",
            ),
            (
                Condition::Exists(Attribute::Stamp(7)),
                "attribute_exists(#n0)",
            ),
        ] {
            let mut placeholders = Placeholders::default();
            let written = expression(&condition, &mut placeholders).expect("few readings");
            assert_eq!(written.as_deref(), Some(text), "{condition:?}");
        }
    }

    #[test]
    fn a_pointer_has_sixteen_readings_at_most() {
        for (pointer, fits) in [("/0/1/2/3", true), ("/0/1/2/3/4", false)] {
            let mut placeholders = Placeholders::default();
            let written = expression(&Condition::Exists(at(pointer)), &mut placeholders);
            assert_eq!(written.is_ok(), fits, "{pointer}");
        }
    }
}
