//! From the tree to typed parts: what every part of a declaration is read with. Each function says
//! what is wrong and returns nothing there, so that one pass finds everything.

use super::flaw::{Flaws, Mark, alternatives, hint};
use super::keys::{self, Key, Need};
use super::yaml::{Entry, Kind, Node};
use crate::document::pointer::Pointer;

/// A map whose keys are known; those that may not stand there have been said.
pub(super) struct Members<'n> {
    pub(super) at: Mark,
    entries: Vec<(&'static str, &'n Entry)>,
}

impl<'n> Members<'n> {
    /// The member of this name.
    pub(super) fn entry(&self, name: &str) -> Option<&'n Entry> {
        self.entries
            .iter()
            .find(|(key, _)| *key == name)
            .map(|(_, entry)| *entry)
    }

    /// The value of the member of this name.
    pub(super) fn get(&self, name: &str) -> Option<&'n Node> {
        self.entry(name).map(|entry| &entry.value)
    }

    /// All of them, in the order written.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&'static str, &'n Entry)> {
        self.entries.iter().copied()
    }
}

/// Reads a map by the table of its keys. `what` names it in a sentence: `a declaration`.
pub(super) fn members<'n>(
    node: &'n Node,
    table: &'static [Key],
    what: &str,
    flaws: &mut Flaws,
) -> Option<Members<'n>> {
    let entries = map(node, what, flaws)?;
    let mut known = Vec::new();
    for entry in entries {
        match keys::find(table, &entry.key) {
            Some(key) => known.push((key.name, entry)),
            None => flaws.say(entry.at, unknown(&entry.key, what, table)),
        }
    }
    let missing = table.iter().filter(|key| {
        key.need == Need::Required && !entries.iter().any(|entry| entry.key == key.name)
    });
    for key in missing {
        flaws.say(
            node.at,
            format!("found no `{}`, expected it: {what} needs one", key.name),
        );
    }
    Some(Members {
        at: node.at,
        entries: known,
    })
}

fn unknown(found: &str, what: &str, table: &'static [Key]) -> String {
    let names = keys::names(table);
    format!(
        "found the unknown key `{found}`, expected a key of {what}: {}{}",
        alternatives(names.clone()),
        hint(found, names)
    )
}

/// The members of a map with free keys.
pub(super) fn map<'n>(node: &'n Node, what: &str, flaws: &mut Flaws) -> Option<&'n [Entry]> {
    let entries = node.entries();
    if entries.is_none() {
        let empty = match node.kind {
            Kind::Null => "; write `{}` for an empty one",
            _ => "",
        };
        let expected = expected(node, &format!("{what}: a map of keys and values"));
        flaws.say(node.at, format!("{expected}{empty}"));
    }
    entries
}

/// The elements of a list that is not empty.
pub(super) fn list<'n>(node: &'n Node, what: &str, flaws: &mut Flaws) -> Option<&'n [Node]> {
    match node.elements() {
        Some([]) => {
            flaws.say(
                node.at,
                format!(
                    "found an empty list, expected {what}; leave the key out where there is none"
                ),
            );
            None
        }
        Some(elements) => Some(elements),
        None => {
            flaws.say(node.at, expected(node, what));
            None
        }
    }
}

/// A text that is not empty.
pub(super) fn text<'n>(node: &'n Node, what: &str, flaws: &mut Flaws) -> Option<&'n str> {
    match node.text() {
        Some(text) if !text.is_empty() => Some(text),
        _ => {
            flaws.say(node.at, expected_text(node, what));
            None
        }
    }
}

/// One of a few words.
pub(super) fn word(
    node: &Node,
    words: &'static [&'static str],
    flaws: &mut Flaws,
) -> Option<&'static str> {
    let found = node.text().unwrap_or_default();
    let word = words.iter().find(|word| **word == found).copied();
    if word.is_none() {
        let hint = hint(found, words.iter().copied());
        let expected = expected_text(node, &alternatives(words.iter().copied()));
        flaws.say(node.at, format!("{expected}{hint}"));
    }
    word
}

/// A JSON Pointer that names something in the document, not the document itself.
pub(super) fn pointer(found: &str, at: Mark, flaws: &mut Flaws) -> Option<Pointer> {
    match found.parse::<Pointer>() {
        Ok(pointer) if !pointer.is_root() => Some(pointer),
        Ok(_) => {
            flaws.say(
                at,
                "found an empty pointer, expected the pointer of a member, like `/name`",
            );
            None
        }
        Err(error) => {
            flaws.say(
                at,
                format!("found `{found}`, expected the pointer of a member, like `/name`: {error}"),
            );
            None
        }
    }
}

/// What was found and what was expected.
pub(super) fn expected(node: &Node, what: &str) -> String {
    let shown = node.shown();
    format!("found {shown}, expected {what}")
}

/// The same where a text is expected: numbers and booleans become one in quotes.
pub(super) fn expected_text(node: &Node, what: &str) -> String {
    let expected = expected(node, what);
    match node.kind {
        Kind::Bool(_) | Kind::Number(_) => format!("{expected}; quote it where a text is meant"),
        _ => expected,
    }
}

/// Whether the name is one of a lower-case letter, then lower-case letters, digits and hyphens, at
/// most 63: it stands in paths as it is.
pub(super) fn is_path_name(name: &str) -> bool {
    let tail = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    (1..=63).contains(&name.len())
        && name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.bytes().all(tail)
}

/// Whether the name is one of a letter, then letters, digits, `-` and `_`, at most 63.
pub(super) fn is_name(name: &str) -> bool {
    let tail = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
    (1..=63).contains(&name.len())
        && name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name.bytes().all(tail)
}
