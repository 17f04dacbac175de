//! Reading who may do what.

use super::flaw::Flaws;
use super::keys::ACCESS;
use super::reading::{self, expected, expected_text};
use super::yaml::{Node, repeated};
use super::{Access, Right};

/// The most scopes of one operation.
const MAX_SCOPES: usize = 20;

/// Reads `access`.
pub(super) fn access(node: &Node, flaws: &mut Flaws) -> Access {
    let Some(members) = reading::members(node, ACCESS, "`access`", flaws) else {
        return Access::default();
    };
    let create = members.get("create").map(|node| {
        if is_owner(node) {
            flaws.say(
                node.at,
                "found `owner`, expected a list of scopes, like `[orders.write]`: nobody has created what is only being created",
            );
            return Vec::new();
        }
        scopes(node, flaws)
    });
    let mut of = |name: &str| {
        members
            .get(name)
            .map(|node| right(node, flaws))
            .unwrap_or_default()
    };
    Access {
        read: of("read"),
        create: create.unwrap_or_default(),
        update: of("update"),
        delete: of("delete"),
        transition: of("transition"),
    }
}

/// Reads a list of scopes, any of which is enough, or `owner`.
pub(super) fn right(node: &Node, flaws: &mut Flaws) -> Right {
    if is_owner(node) {
        return Right::Owner;
    }
    if node.elements().is_none() {
        flaws.say(
            node.at,
            expected(
                node,
                "a list of scopes, any of which is enough, like `[orders.write]`, or `owner`",
            ),
        );
        return Right::default();
    }
    Right::Scopes(scopes(node, flaws))
}

fn is_owner(node: &Node) -> bool {
    node.text() == Some("owner")
}

/// Reads a list of scopes, any of which is enough.
fn scopes(node: &Node, flaws: &mut Flaws) -> Vec<String> {
    let what = "a list of scopes, any of which is enough, like `[orders.write]`";
    let elements = reading::list(node, what, flaws).unwrap_or_default();
    if elements.len() > MAX_SCOPES {
        flaws.say(
            node.at,
            format!(
                "found {} scopes, expected at most {MAX_SCOPES}",
                elements.len()
            ),
        );
    }
    let texts: Vec<_> = elements
        .iter()
        .filter_map(|element| Some((element.text()?, element.at)))
        .collect();
    for (scope, at) in repeated(texts) {
        flaws.say(
            at,
            format!("found `{scope}` again, expected each scope once"),
        );
    }
    elements
        .iter()
        .filter_map(|element| scope(element, flaws))
        .collect()
}

/// A scope token of RFC 6749 §3.3, without brackets: API Gateway puts them around lists.
fn scope(node: &Node, flaws: &mut Flaws) -> Option<String> {
    let allowed = |c: char| c.is_ascii_graphic() && !matches!(c, '"' | '\\' | '[' | ']');
    match node.text() {
        Some("owner") => {
            flaws.say(
                node.at,
                "found `owner` in a list, expected it alone, or a scope, like `orders.write`",
            );
            None
        }
        Some(scope) if !scope.is_empty() && scope.chars().all(allowed) => Some(scope.to_owned()),
        _ => {
            flaws.say(
                node.at,
                expected_text(node, "a scope: visible characters without spaces, quotes, `\\` and brackets, like `orders.write`"),
            );
            None
        }
    }
}
