//! Guards: declared clauses as conditions of a write, and as an explanation of its refusal.

use std::borrow::Cow;

use serde_json::{Map, Value};

use crate::declaration::{Check, Clause, Source, Test};
use crate::document::Document;
use crate::document::pointer::Pointer;
use crate::evaluate::{self, Image};
use crate::item::{Attribute, Operand, Resource};
use crate::plan::{Comparator, Condition};
use crate::problem::Conflict;
use crate::timestamp::Timestamp;

/// What the sources of a clause or a change are read from, beside the stored resource.
#[derive(Clone, Copy, Debug)]
pub struct Moment<'a> {
    /// The transition's input; `None` where it is not known or there is none.
    pub input: Option<&'a Document>,
    /// The element of `each`; `None` outside of it.
    pub item: Option<&'a Value>,
    /// Who asks.
    pub actor: &'a str,
    /// When.
    pub at: Timestamp,
}

/// The attribute that a declared pointer names: a reserved member of the resource, or a member of
/// its document.
pub fn attribute(pointer: &Pointer) -> Attribute {
    match pointer.tokens() {
        [name] => match name.as_str() {
            "state" => Attribute::State,
            "version" => Attribute::Version,
            "createdAt" => Attribute::CreatedAt,
            "createdBy" => Attribute::CreatedBy,
            "updatedAt" => Attribute::UpdatedAt,
            "updatedBy" => Attribute::UpdatedBy,
            _ => Attribute::Document(pointer.clone()),
        },
        _ => Attribute::Document(pointer.clone()),
    }
}

/// The operand that a source stands for; `None` where it is a member of an input that is not known.
pub fn operand(source: &Source, moment: &Moment<'_>) -> Option<Operand> {
    Some(match source {
        Source::Literal(value) => Operand::Value(value.clone()),
        Source::Field(pointer) => Operand::Attribute(attribute(pointer)),
        Source::Input(pointer) => Operand::Value(pointer.of(moment.input?)?.clone()),
        Source::Item(pointer) => Operand::Value(pointer.within(moment.item?)?.clone()),
        Source::Actor => Operand::Value(Value::from(moment.actor)),
        Source::Now => Operand::Value(Value::from(moment.at.to_string())),
    })
}

/// The clause with the values of the moment in it; `None` where it depends on one that is not known.
pub fn resolved(clause: &Clause, moment: &Moment<'_>) -> Option<Clause> {
    let each = |clause: &Clause| resolved(clause, moment);
    let test = match &clause.test {
        Test::Any(clauses) => Test::Any(clauses.iter().map(each).collect::<Option<_>>()?),
        Test::Not(clause) => Test::Not(Box::new(each(clause)?)),
        Test::Field(pointer, check) => Test::Field(
            pointer.clone(),
            check.with(|source| resolved_source(source, moment))?,
        ),
    };
    Some(Clause {
        test,
        message: clause.message.clone(),
    })
}

/// The source as a literal, where it is not read from the stored resource.
pub fn resolved_source(source: &Source, moment: &Moment<'_>) -> Option<Source> {
    match operand(source, moment)? {
        Operand::Value(value) => Some(Source::Literal(value)),
        Operand::Attribute(_) | Operand::Partition(_) => Some(source.clone()),
    }
}

/// The clause as a condition of the write; `None` where it depends on an input that is not known.
pub fn compile(clause: &Clause, moment: &Moment<'_>) -> Option<Condition> {
    Some(match &clause.test {
        Test::Any(clauses) => Condition::Any(
            clauses
                .iter()
                .map(|clause| compile(clause, moment))
                .collect::<Option<_>>()?,
        ),
        Test::Not(clause) => not(compile(clause, moment)?),
        Test::Field(pointer, check) => compile_check(attribute(pointer), check, moment)?,
    })
}

/// A clause that reads nothing but the resource, whoever asks and whenever, as a condition of it.
pub fn of_resource(clause: &Clause) -> Condition {
    let nobody = Moment {
        input: None,
        item: None,
        actor: "",
        at: Timestamp::from_millis(0),
    };
    // What would depend on an input never holds.
    compile(clause, &nobody).unwrap_or(Condition::Any(Vec::new()))
}

fn compile_check(field: Attribute, check: &Check, moment: &Moment<'_>) -> Option<Condition> {
    let compare = |field, comparator, source| {
        Some(Condition::Compare(
            field,
            comparator,
            operand(source, moment)?,
        ))
    };
    match check {
        Check::Is(source) => compare(field, Comparator::Equal, source),
        Check::IsNot(source) => Some(not(compare(field, Comparator::Equal, source)?)),
        Check::In(sources) => {
            let each = |source| compare(field.clone(), Comparator::Equal, source);
            Some(Condition::Any(
                sources.iter().map(each).collect::<Option<_>>()?,
            ))
        }
        Check::AtLeast(source) => compare(field, Comparator::AtLeast, source),
        Check::AtMost(source) => compare(field, Comparator::AtMost, source),
        Check::MoreThan(source) => compare(field, Comparator::More, source),
        Check::LessThan(source) => compare(field, Comparator::Less, source),
        Check::Exists(true) => Some(Condition::Exists(field)),
        Check::Exists(false) => Some(not(Condition::Exists(field))),
        Check::Contains(source) => Some(Condition::Contains(field, operand(source, moment)?)),
        Check::StartsWith(source) => Some(Condition::StartsWith(field, operand(source, moment)?)),
        Check::SizeAtLeast(source) => Some(Condition::Size(
            field,
            Comparator::AtLeast,
            operand(source, moment)?,
        )),
        Check::SizeAtMost(source) => Some(Condition::Size(
            field,
            Comparator::AtMost,
            operand(source, moment)?,
        )),
    }
}

fn not(condition: Condition) -> Condition {
    Condition::Not(Box::new(condition))
}

/// Why the clause does not hold of this resource; `None` where it does, or where nobody can say.
pub fn explain(clause: &Clause, moment: &Moment<'_>, resource: &Resource) -> Option<Conflict> {
    let condition = compile(clause, moment)?;
    if evaluate::holds(&condition, resource) {
        return None;
    }
    let pointer = subject(clause);
    Some(Conflict::ConditionNotMet {
        actual: actual(&pointer, resource),
        requires: requirement(clause, moment),
        pointer,
        message: clause.message.clone(),
    })
}

/// What the resource holds at a declared pointer.
pub fn actual(pointer: &Pointer, resource: &Resource) -> Option<Value> {
    resource.attribute(&attribute(pointer)).map(Cow::into_owned)
}

/// The field that a clause looks at first.
fn subject(clause: &Clause) -> Pointer {
    match &clause.test {
        Test::Field(pointer, _) => pointer.clone(),
        Test::Not(clause) => subject(clause),
        Test::Any(clauses) => clauses.first().map(subject).unwrap_or_default(),
    }
}

/// The clause as its declaration writes it, sources replaced by their values. The field is left
/// out where the conflict names it already.
fn requirement(clause: &Clause, moment: &Moment<'_>) -> Value {
    match &clause.test {
        Test::Field(_, check) => {
            let (name, value) = written(check, moment);
            object(name, value)
        }
        Test::Any(clauses) => object(
            "any",
            clauses.iter().map(|clause| whole(clause, moment)).collect(),
        ),
        Test::Not(clause) => object("not", whole(clause, moment)),
    }
}

fn whole(clause: &Clause, moment: &Moment<'_>) -> Value {
    let mut members = Map::new();
    if let Test::Field(pointer, _) = &clause.test {
        members.insert("field".to_owned(), Value::from(pointer.to_string()));
    }
    if let Value::Object(rest) = requirement(clause, moment) {
        members.extend(rest);
    }
    Value::Object(members)
}

fn written(check: &Check, moment: &Moment<'_>) -> (&'static str, Value) {
    let value = |source: &Source| match (source, operand(source, moment)) {
        (Source::Field(pointer), _) => object("field", Value::from(pointer.to_string())),
        (_, Some(Operand::Value(value))) => value,
        _ => Value::Null,
    };
    match check {
        Check::Is(source) => ("is", value(source)),
        Check::IsNot(source) => ("isNot", value(source)),
        Check::In(sources) => ("in", sources.iter().map(value).collect()),
        Check::AtLeast(source) => ("atLeast", value(source)),
        Check::AtMost(source) => ("atMost", value(source)),
        Check::MoreThan(source) => ("moreThan", value(source)),
        Check::LessThan(source) => ("lessThan", value(source)),
        Check::Exists(exists) => ("exists", Value::Bool(*exists)),
        Check::Contains(source) => ("contains", value(source)),
        Check::StartsWith(source) => ("startsWith", value(source)),
        Check::SizeAtLeast(source) => ("sizeAtLeast", value(source)),
        Check::SizeAtMost(source) => ("sizeAtMost", value(source)),
    }
}

fn object(name: &str, value: Value) -> Value {
    Value::Object(Map::from_iter([(name.to_owned(), value)]))
}
