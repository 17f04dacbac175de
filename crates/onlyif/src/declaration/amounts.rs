//! Reading what is added to a number.

use super::fields::Scene;
use super::flaw::Flaws;
use super::keys::AMOUNT;
use super::reading::{self, expected};
use super::schema::Types;
use super::sources;
use super::yaml::{Kind, Node};
use super::{Amount, Source};

/// Reads an amount; `types` is what the number that it is added to can be.
pub(super) fn amount(
    node: &Node,
    types: Types,
    scene: &Scene<'_>,
    flaws: &mut Flaws,
) -> Option<Amount> {
    let integer_only =
        !types.meet(Types::NUMBER) || types.and(Types::NUMBER).within(Types::INTEGER);
    match &node.kind {
        Kind::Number(_) => {
            let literal = sources::literal(node, flaws)?;
            if integer_only && !literal.types.within(Types::INTEGER) {
                flaws.say(
                    node.at,
                    expected(node, "an integer, as the schema asks for one"),
                );
                return None;
            }
            Some(Amount {
                source: literal.source,
                negate: false,
            })
        }
        Kind::Map(_) => input_amount(node, scene, flaws),
        _ => {
            flaws.say(
                node.at,
                expected(
                    node,
                    "a number or `{ input: /member }`, with `negate: true` to subtract",
                ),
            );
            None
        }
    }
}

/// A number that the input requires. One with a fraction may come where an integer is asked for:
/// that is for the schema to say when it comes.
fn input_amount(node: &Node, scene: &Scene<'_>, flaws: &mut Flaws) -> Option<Amount> {
    let members = reading::members(node, AMOUNT, "an amount", flaws)?;
    let negate = match members.get("negate") {
        None => false,
        Some(Node {
            kind: Kind::Bool(negate),
            ..
        }) => *negate,
        Some(other) => {
            flaws.say(other.at, expected(other, "`true` or `false`"));
            false
        }
    };
    let value = members.get("input")?;
    let input = sources::input(value, scene, flaws)?;
    let readable = !matches!(scene.input, super::fields::Input::Unreadable);
    if readable && !input.types.within(Types::NUMBER) {
        let Source::Input(pointer) = &input.source else {
            return None;
        };
        flaws.say(
            value.at,
            format!(
                "found `{pointer}` of the input, which is {}; expected {}",
                input.types.words(),
                Types::NUMBER.words()
            ),
        );
        return None;
    }
    Some(Amount {
        source: input.source,
        negate,
    })
}
