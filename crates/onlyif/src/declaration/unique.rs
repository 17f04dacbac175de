//! Reading unique constraints.

use super::fields::{Scene, in_shape};
use super::flaw::{Flaws, Mark};
use super::keys::UNIQUE;
use super::reading::{self, Members, expected_text};
use super::schema::{Shape, Types};
use super::yaml::{Node, repeated};
use super::{Normalize, Unique, clauses, cost};
use crate::document::pointer::Pointer;

/// The most constraints of a type: an update may move each, two items for one, and a transaction
/// takes 100.
pub(super) const MAX_CONSTRAINTS: usize = 40;

/// The parameters of every list: a field of this name could not be told from them.
const LIST_PARAMETERS: [&str; 2] = ["limit", "cursor"];

/// Reads `unique`. Its clauses hold, or not, of a stored resource: the scene is a lasting one.
pub(super) fn unique(node: &Node, scene: &Scene<'_>, flaws: &mut Flaws) -> Vec<Unique> {
    let elements = reading::list(
        node,
        "a list of constraints, like `- fields: [/email]`",
        flaws,
    )
    .unwrap_or_default();
    if elements.len() > MAX_CONSTRAINTS {
        flaws.say(
            node.at,
            format!(
                "found {} constraints, expected at most {MAX_CONSTRAINTS}",
                elements.len()
            ),
        );
    }
    let mut all: Vec<(Unique, Mark)> = Vec::new();
    for element in elements {
        let Some((unique, at)) = constraint(element, scene, flaws) else {
            continue;
        };
        if let Some((_, place)) = all.iter().find(|(other, _)| other.name == unique.name) {
            flaws.say(
                at,
                format!(
                    "found a second constraint named `{}`, expected another `name`: the first stands in line {}",
                    unique.name, place.line
                ),
            );
        } else if let Some((other, _)) = all.iter().find(|(other, _)| same_fields(other, &unique)) {
            flaws.say(
                at,
                format!(
                    "found the same fields as in `{}`, expected one constraint for them",
                    other.name
                ),
            );
        }
        all.push((unique, at));
    }
    all.into_iter().map(|(unique, _)| unique).collect()
}

/// Whether one look-up by these fields would mean both, whatever their conditions.
fn same_fields(a: &Unique, b: &Unique) -> bool {
    let within = |a: &Unique, b: &Unique| a.fields.iter().all(|field| b.fields.contains(field));
    within(a, b) && within(b, a)
}

fn constraint(node: &Node, scene: &Scene<'_>, flaws: &mut Flaws) -> Option<(Unique, Mark)> {
    let members = reading::members(node, UNIQUE, "a constraint", flaws)?;
    let given = members.get("name").map(|node| name(node, flaws));
    let normalize = members
        .get("normalize")
        .map(|node| normalize(node, flaws))
        .unwrap_or_default();
    let disclose_holder = members
        .get("disclose")
        .and_then(|node| reading::word(node, &["holder", "nothing"], flaws))
        != Some("nothing");
    let when = members
        .entry("when")
        .map(|entry| {
            let when = clauses::clauses(&entry.value, scene, flaws);
            cost::clauses(&when).say("conditions", entry.at, flaws);
            when
        })
        .unwrap_or_default();
    let fields = fields(&members, scene.document.as_ref(), flaws)?;
    if !normalize.is_empty()
        && let Some(entry) = members.entry("normalize")
        && !fields.iter().any(|(_, types)| types.meet(Types::STRING))
    {
        flaws.say(
            entry.at,
            "found `normalize`, but none of the fields is a string; expected it for strings only",
        );
    }
    let fields: Vec<Pointer> = fields.into_iter().map(|(pointer, _)| pointer).collect();
    let at = members
        .entry("name")
        .map_or(node.at, |entry| entry.value.at);
    let unique = Unique {
        name: given.unwrap_or_else(|| Some(default_name(&fields)))?,
        fields,
        normalize,
        when,
        disclose_holder,
    };
    Some((unique, at))
}

/// The field names joined with `-`.
fn default_name(fields: &[Pointer]) -> String {
    let tokens: Vec<&str> = fields
        .iter()
        .flat_map(Pointer::tokens)
        .map(String::as_str)
        .collect();
    tokens.join("-")
}

fn name(node: &Node, flaws: &mut Flaws) -> Option<String> {
    match node.text() {
        Some(name) if reading::is_name(name) => Some(name.to_owned()),
        _ => {
            flaws.say(
                node.at,
                expected_text(
                    node,
                    "a name of a letter and up to 62 letters, digits, `-` and `_`",
                ),
            );
            None
        }
    }
}

fn normalize(node: &Node, flaws: &mut Flaws) -> Vec<Normalize> {
    let elements =
        reading::list(node, "a list of `trim` and `lowercase`", flaws).unwrap_or_default();
    let words = elements
        .iter()
        .filter_map(|element| {
            Some((
                reading::word(element, &["trim", "lowercase"], flaws)?,
                element.at,
            ))
        })
        .collect::<Vec<_>>();
    for (word, at) in repeated(words.iter().copied()) {
        flaws.say(at, format!("found `{word}` again, expected each step once"));
    }
    words
        .into_iter()
        .map(|(word, _)| match word {
            "trim" => Normalize::Trim,
            _ => Normalize::Lowercase,
        })
        .collect()
}

fn fields(
    members: &Members<'_>,
    document: Option<&Shape<'_>>,
    flaws: &mut Flaws,
) -> Option<Vec<(Pointer, Types)>> {
    let node = members.get("fields")?;
    let elements = reading::list(node, "a list of pointers, like `[/email]`", flaws)?;
    let texts: Vec<(&str, Mark)> = elements
        .iter()
        .filter_map(|element| Some((element.text()?, element.at)))
        .collect();
    for (field, at) in repeated(texts) {
        flaws.say(
            at,
            format!("found `{field}` again, expected each field once"),
        );
    }
    let read: Vec<(Pointer, Types)> = elements
        .iter()
        .filter_map(|element| field(element, document, flaws))
        .collect();
    (read.len() == elements.len()).then_some(read)
}

fn field(node: &Node, document: Option<&Shape<'_>>, flaws: &mut Flaws) -> Option<(Pointer, Types)> {
    let found = reading::text(node, "the pointer of a field, like `/email`", flaws)?;
    let pointer = reading::pointer(found, node.at, flaws)?;
    let Some(document) = document else {
        return Some((pointer, Types::SCALAR));
    };
    if let [name] = pointer.tokens()
        && LIST_PARAMETERS.contains(&name.as_str())
    {
        flaws.say(
            node.at,
            format!("found `{found}`, expected another name: a list is asked for a unique value by the names of its fields, and `{name}` is a parameter of every list"),
        );
        return None;
    }
    let shape = in_shape(document, &pointer, "the schema", node.at, flaws)?;
    if !shape.types().within(Types::SCALAR) {
        let found_types = shape.types().words();
        flaws.say(
            node.at,
            format!("found `{found}`, which the schema lets be {found_types}; expected a string, a number or a boolean"),
        );
        return None;
    }
    Some((pointer, shape.types()))
}
