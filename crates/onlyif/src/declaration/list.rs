//! Reading `list`: over how many partitions of the index a type's resources are spread.

use super::flaw::Flaws;
use super::keys::LIST;
use super::reading::{self, expected};
use super::yaml::{Kind, Node};

/// The most partitions of one state: a list asks each of them.
pub(super) const MAX_SHARDS: u8 = 64;

/// Reads `list`: the number of shards; one where it does not say.
pub(super) fn shards(node: &Node, flaws: &mut Flaws) -> u8 {
    reading::members(node, LIST, "`list`", flaws)
        .and_then(|members| members.get("shards"))
        .and_then(|node| number(node, flaws))
        .unwrap_or(1)
}

fn number(node: &Node, flaws: &mut Flaws) -> Option<u8> {
    let number = match &node.kind {
        Kind::Number(number) => number.to_string().parse().ok(),
        _ => None,
    };
    let number = number.filter(|number| (1..=MAX_SHARDS).contains(number));
    if number.is_none() {
        let what = format!("a whole number from 1 to {MAX_SHARDS}");
        flaws.say(node.at, expected(node, &what));
    }
    number
}
