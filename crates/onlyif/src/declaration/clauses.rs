//! Reading clauses.

use super::fields::{self, Field, Scene};
use super::flaw::{Flaws, alternatives, hint};
use super::keys::{self, CLAUSE};
use super::reading::{self, Members, expected};
use super::schema::Types;
use super::sources::{self, Sourced};
use super::yaml::{Entry, Kind, Node};
use super::{Check, Clause, Source, Test};

/// The most values that DynamoDB takes in one comparison with several.
const MAX_IN: usize = 100;

/// What can be ordered.
const ORDERED: Types = Types::NUMBER.or(Types::STRING);
/// What has a size.
const SIZED: Types = Types::ARRAY.or(Types::OBJECT).or(Types::STRING);

/// Reads a list of clauses, all of which must hold.
pub(super) fn clauses(node: &Node, scene: &Scene<'_>, flaws: &mut Flaws) -> Vec<Clause> {
    reading::list(
        node,
        "a list of clauses, like `- { field: /total, atLeast: 1 }`",
        flaws,
    )
    .into_iter()
    .flatten()
    .filter_map(|element| clause(element, scene, flaws))
    .collect()
}

fn clause(node: &Node, scene: &Scene<'_>, flaws: &mut Flaws) -> Option<Clause> {
    let members = reading::members(node, CLAUSE, "a clause", flaws)?;
    let message = members
        .get("message")
        .and_then(|node| reading::text(node, "a sentence for the caller", flaws))
        .map(str::to_owned);
    let kinds: Vec<&str> = ["field", "any", "not"]
        .into_iter()
        .filter(|kind| members.get(kind).is_some())
        .collect();
    let test = match kinds.as_slice() {
        ["field"] => field_test(&members, scene, flaws)?,
        ["any"] => {
            no_tests(&members, "any", flaws);
            Test::Any(clauses(members.get("any")?, scene, flaws))
        }
        ["not"] => {
            no_tests(&members, "not", flaws);
            Test::Not(Box::new(clause(members.get("not")?, scene, flaws)?))
        }
        [] => {
            flaws.say(node.at, "found a clause that names nothing, expected `field` with a test of it, `any` or `not`");
            return None;
        }
        several => {
            let found = alternatives(several.iter().copied()).replace(" or ", " and ");
            flaws.say(
                node.at,
                format!("found {found} in one clause, expected only one of them"),
            );
            return None;
        }
    };
    Some(Clause { test, message })
}

/// The tests that a clause has.
fn tests_of<'n>(members: &Members<'n>) -> Vec<(&'static str, &'n Entry)> {
    members
        .iter()
        .filter(|(name, _)| keys::tests().any(|test| test.name == *name))
        .collect()
}

fn no_tests(members: &Members<'_>, beside: &str, flaws: &mut Flaws) {
    for (name, entry) in tests_of(members) {
        flaws.say(
            entry.at,
            format!(
                "found the test `{name}` beside `{beside}`, expected it in a clause with a `field`"
            ),
        );
    }
}

fn field_test(members: &Members<'_>, scene: &Scene<'_>, flaws: &mut Flaws) -> Option<Test> {
    let node = members.get("field")?;
    let field = reading::text(node, "the pointer of a field, like `/name`", flaws)
        .and_then(|found| fields::readable(found, node.at, scene, flaws));
    let tests = tests_of(members);
    let (name, entry) = match tests.as_slice() {
        [only] => *only,
        [] => {
            let names = alternatives(keys::tests().map(|test| test.name));
            flaws.say(
                members.at,
                format!("found a clause without a test, expected one of {names}"),
            );
            return None;
        }
        [_, (second, entry), ..] => {
            flaws.say(
                entry.at,
                format!("found `{second}` as a second test of one clause, expected a clause of its own for each"),
            );
            return None;
        }
    };
    let field = field?;
    let check = check(name, entry, &field, scene, flaws)?;
    Some(Test::Field(field.pointer, check))
}

fn check(
    name: &str,
    entry: &Entry,
    field: &Field<'_>,
    scene: &Scene<'_>,
    flaws: &mut Flaws,
) -> Option<Check> {
    let value = &entry.value;
    let fits = match name {
        "atLeast" | "atMost" | "moreThan" | "lessThan" => ORDERED,
        "contains" => Types::STRING.or(Types::ARRAY),
        "startsWith" => Types::STRING,
        "sizeAtLeast" | "sizeAtMost" => SIZED,
        _ => Types::ANY,
    };
    if !field.types.meet(fits) {
        flaws.say(
            entry.at,
            format!(
                "found `{name}` of `{}`, which is {}; expected a field that is {}",
                field.pointer,
                field.types.words(),
                fits.words()
            ),
        );
        return None;
    }
    Some(match name {
        "is" => Check::Is(equal(value, field, scene, flaws)?),
        "isNot" => Check::IsNot(equal(value, field, scene, flaws)?),
        "in" => Check::In(several(value, field, scene, flaws)?),
        "atLeast" => Check::AtLeast(ordered(value, field, scene, flaws)?),
        "atMost" => Check::AtMost(ordered(value, field, scene, flaws)?),
        "moreThan" => Check::MoreThan(ordered(value, field, scene, flaws)?),
        "lessThan" => Check::LessThan(ordered(value, field, scene, flaws)?),
        "exists" => match value.kind {
            Kind::Bool(exists) => Check::Exists(exists),
            _ => {
                flaws.say(value.at, expected(value, "`true` or `false`"));
                return None;
            }
        },
        "contains" => Check::Contains(contained(value, field, scene, flaws)?),
        "startsWith" => Check::StartsWith(of_types(value, Types::STRING, scene, flaws)?),
        "sizeAtLeast" => Check::SizeAtLeast(size(value, scene, flaws)?),
        "sizeAtMost" => Check::SizeAtMost(size(value, scene, flaws)?),
        _ => return None,
    })
}

/// A value that the field could be equal to.
fn equal(node: &Node, field: &Field<'_>, scene: &Scene<'_>, flaws: &mut Flaws) -> Option<Source> {
    let Sourced { source, types } = sources::source(node, scene, flaws)?;
    if !types.meet(field.types) {
        return refuse(node, types, field.types, flaws);
    }
    let Source::Literal(literal) = &source else {
        return Some(source);
    };
    if let Some((states, found)) = scene
        .states
        .filter(|states| field.is_state() && !states.is_empty())
        .zip(literal.as_str())
    {
        if !states.iter().any(|state| state == found) {
            let names = states.iter().map(String::as_str);
            let hint = hint(found, names.clone());
            flaws.say(
                node.at,
                format!(
                    "found `{found}`, expected a state: {}{hint}",
                    alternatives(names)
                ),
            );
            return None;
        }
    } else if let Some(allowed) = field.shape.as_ref().and_then(|shape| shape.never(literal)) {
        flaws.say(
            node.at,
            expected(
                node,
                &format!("a value that `{}` can have: {allowed}", field.pointer),
            ),
        );
        return None;
    }
    Some(source)
}

fn several(
    node: &Node,
    field: &Field<'_>,
    scene: &Scene<'_>,
    flaws: &mut Flaws,
) -> Option<Vec<Source>> {
    let elements = reading::list(node, "a list of values", flaws)?;
    if elements.len() > MAX_IN {
        flaws.say(
            node.at,
            format!("found {} values, expected at most {MAX_IN}", elements.len()),
        );
        return None;
    }
    // Not into an `Option` at once: that would stop at the first flaw.
    let read: Vec<Option<Source>> = elements
        .iter()
        .map(|element| equal(element, field, scene, flaws))
        .collect();
    read.into_iter().collect()
}

/// A value that the field can be compared with.
fn ordered(node: &Node, field: &Field<'_>, scene: &Scene<'_>, flaws: &mut Flaws) -> Option<Source> {
    of_types(node, comparable(field.types), scene, flaws)
}

/// Numbers are compared with numbers, a fraction may be compared with an integer.
fn comparable(types: Types) -> Types {
    let ordered = types.and(ORDERED);
    if ordered.meet(Types::NUMBER) {
        ordered.or(Types::NUMBER)
    } else {
        ordered
    }
}

fn contained(
    node: &Node,
    field: &Field<'_>,
    scene: &Scene<'_>,
    flaws: &mut Flaws,
) -> Option<Source> {
    let element_of_text = !field.types.meet(Types::ARRAY);
    let fits = if element_of_text {
        Types::STRING
    } else {
        Types::ANY
    };
    of_types(node, fits, scene, flaws)
}

fn size(node: &Node, scene: &Scene<'_>, flaws: &mut Flaws) -> Option<Source> {
    let source = of_types(node, Types::INTEGER, scene, flaws)?;
    match &source {
        Source::Literal(literal) if literal.as_u64().is_none() => {
            flaws.say(node.at, expected(node, "a size: a whole number, 0 or more"));
            None
        }
        _ => Some(source),
    }
}

fn of_types(node: &Node, fits: Types, scene: &Scene<'_>, flaws: &mut Flaws) -> Option<Source> {
    let Sourced { source, types } = sources::source(node, scene, flaws)?;
    if !types.meet(fits) {
        return refuse(node, types, fits, flaws);
    }
    Some(source)
}

fn refuse(node: &Node, found: Types, fits: Types, flaws: &mut Flaws) -> Option<Source> {
    let message = match node.kind {
        Kind::Map(_) | Kind::List(_) => {
            format!("found {}, expected {}", found.words(), fits.words())
        }
        _ => expected(node, &fits.words()),
    };
    flaws.say(node.at, message);
    None
}
