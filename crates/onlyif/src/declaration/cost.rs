//! What a transition costs as DynamoDB expressions: at most 4 KB and 300 operators each.
//! <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html#limits-expression-parameters>
//!
//! This is an upper estimate from the clauses alone: each name and value is a placeholder, each
//! `in` a row of comparisons.

use super::flaw::{Flaws, Mark};
use super::{Check, Clause, Right, Source, Test, Transition};
use crate::document::pointer::{Pointer, index};

/// The longest expression, in bytes.
const MAX_BYTES: usize = 4096;
/// The most operators and functions in one.
const MAX_OPERATORS: usize = 300;

/// A placeholder of a name or a value, with what separates it: `#n123.`, `:v123`.
const PLACEHOLDER: usize = 6;
/// ` AND ` or ` OR `, with parentheses.
const JOIN: usize = 7;

/// So much of an expression.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Cost {
    bytes: usize,
    operators: usize,
}

impl Cost {
    const fn new(bytes: usize, operators: usize) -> Self {
        Cost { bytes, operators }
    }

    fn plus(self, other: Cost) -> Self {
        Cost::new(self.bytes + other.bytes, self.operators + other.operators)
    }

    fn times(self, factor: usize) -> Self {
        Cost::new(self.bytes * factor, self.operators * factor)
    }

    /// Says where DynamoDB would not take it.
    pub(super) fn say(self, what: &str, at: Mark, flaws: &mut Flaws) {
        if self.bytes > MAX_BYTES || self.operators > MAX_OPERATORS {
            flaws.say(
                at,
                format!(
                    "found {what} that take about {} bytes and {} operators as one expression; expected at most {MAX_BYTES} and {MAX_OPERATORS}: fewer values, or shorter pointers",
                    self.bytes, self.operators
                ),
            );
        }
    }
}

/// What every condition of an update has beside the declared clauses: that the resource is alive,
/// its version or another precondition, its lease and the token of one, and the comparisons of the
/// eight stamps.
const CONDITION: Cost = Cost::new(850, 64);
/// What every update sets beside the declared changes: version, times, actor, state and its index
/// partition, clocks of the state, the eight stamps.
const UPDATE: Cost = Cost::new(700, 50);

/// The transition's condition.
pub(super) fn condition(transition: &Transition) -> Cost {
    let states = Cost::new(2 * PLACEHOLDER + 3 + JOIN, 2).times(transition.from.len());
    let parents = transition.set.iter().map(|(pointer, source)| {
        let field = match source {
            Source::Field(field) => exists(field),
            _ => Cost::default(),
        };
        exists(pointer).plus(field)
    });
    // A number is compared with up to four bounds.
    let numbers = transition
        .add
        .iter()
        .map(|(pointer, _)| comparison(pointer, PLACEHOLDER).times(4));
    let clauses = transition.only_if.iter().map(clause);
    let owner = match transition.access {
        Right::Owner => Cost::new(2 * PLACEHOLDER + 3 + JOIN, 2),
        Right::Scopes(_) => Cost::default(),
    };
    parents
        .chain(numbers)
        .chain(clauses)
        .fold(CONDITION.plus(states).plus(owner), Cost::plus)
}

/// These clauses, all of which must hold.
pub(super) fn clauses(clauses: &[Clause]) -> Cost {
    clauses.iter().map(clause).fold(Cost::default(), Cost::plus)
}

/// The transition's update.
pub(super) fn update(transition: &Transition) -> Cost {
    let set = transition.set.iter().map(|(pointer, _)| pointer);
    let add = transition.add.iter().map(|(pointer, _)| pointer);
    set.chain(add)
        .chain(&transition.remove)
        .map(|pointer| {
            // The change itself, and its three clocks.
            Cost::new(2 * path(pointer) + 2 * PLACEHOLDER + 6, 2)
                .plus(Cost::new(5 * PLACEHOLDER + 8, 2).times(3))
        })
        .fold(UPDATE, Cost::plus)
}

fn clause(clause: &Clause) -> Cost {
    match &clause.test {
        Test::Field(pointer, check) => field(pointer, check),
        Test::Any(clauses) => clauses
            .iter()
            .map(self::clause)
            .fold(Cost::new(JOIN, 1), Cost::plus),
        Test::Not(clause) => self::clause(clause).plus(Cost::new(6, 1)),
    }
}

fn field(pointer: &Pointer, check: &Check) -> Cost {
    let with =
        |source: &Source| comparison(pointer, operand(source)).times(source_readings(source));
    let one = match check {
        Check::Is(source)
        | Check::AtLeast(source)
        | Check::AtMost(source)
        | Check::MoreThan(source)
        | Check::LessThan(source) => with(source),
        Check::IsNot(source) => with(source).plus(Cost::new(6, 1)),
        Check::In(sources) => sources.iter().map(with).fold(Cost::default(), Cost::plus),
        Check::Exists(_) => exists(pointer),
        Check::Contains(source)
        | Check::StartsWith(source)
        | Check::SizeAtLeast(source)
        | Check::SizeAtMost(source) => with(source).plus(Cost::new(14, 1)),
    };
    one.times(readings(pointer))
}

fn comparison(pointer: &Pointer, operand: usize) -> Cost {
    Cost::new(path(pointer) + 4 + operand + JOIN, 2)
}

fn exists(pointer: &Pointer) -> Cost {
    Cost::new(path(pointer) + 22 + JOIN, 2).times(readings(pointer))
}

fn operand(source: &Source) -> usize {
    match source {
        Source::Field(pointer) => path(pointer),
        _ => PLACEHOLDER,
    }
}

/// The document's own name, then each member's.
fn path(pointer: &Pointer) -> usize {
    (1 + pointer.tokens().len()) * PLACEHOLDER
}

/// A token of digits may name a member or an element: a condition asks for both.
fn readings(pointer: &Pointer) -> usize {
    let numeric = pointer
        .tokens()
        .iter()
        .skip(1)
        .filter(|token| index(token).is_some())
        .count();
    1 << numeric.min(16)
}

fn source_readings(source: &Source) -> usize {
    match source {
        Source::Field(pointer) => readings(pointer),
        _ => 1,
    }
}
