//! YAML 1.2 (core schema) as a small tree in which every key and value knows its place.

use std::collections::{BTreeMap, BTreeSet};

use granit_parser::{Event, Parser, ScalarStyle, ScanError, StrInput, Tag};
use serde_json::{Map, Number, Value};

use super::flaw::{Flaws, Mark};
use super::{scalar, syntax};
use crate::document::pointer::{Pointer, index};

/// The longest file that is read, in bytes.
const MAX_BYTES: usize = 256 * 1024;
/// The deepest nesting of maps and lists.
const MAX_DEPTH: usize = 64;
/// The most values in a file, once each alias stands for all that it names.
const MAX_NODES: usize = 20_000;

/// A value and where it begins.
#[derive(Clone, Debug)]
pub(super) struct Node {
    pub(super) at: Mark,
    pub(super) kind: Kind,
}

/// What a value is.
#[derive(Clone, Debug)]
pub(super) enum Kind {
    Null,
    Bool(bool),
    /// With every digit that was written.
    Number(Number),
    Text(String),
    List(Vec<Node>),
    Map(Vec<Entry>),
}

/// A member of a map.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) key: String,
    pub(super) at: Mark,
    pub(super) value: Node,
}

impl Node {
    /// The members of a map.
    pub(super) fn entries(&self) -> Option<&[Entry]> {
        match &self.kind {
            Kind::Map(entries) => Some(entries),
            _ => None,
        }
    }

    /// The elements of a list.
    pub(super) fn elements(&self) -> Option<&[Node]> {
        match &self.kind {
            Kind::List(elements) => Some(elements),
            _ => None,
        }
    }

    /// The text of a string.
    pub(super) fn text(&self) -> Option<&str> {
        match &self.kind {
            Kind::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The member of this name.
    pub(super) fn member(&self, name: &str) -> Option<&Entry> {
        self.entries()?.iter().find(|entry| entry.key == name)
    }

    /// The same as JSON.
    pub(super) fn json(&self) -> Value {
        match &self.kind {
            Kind::Null => Value::Null,
            Kind::Bool(value) => Value::Bool(*value),
            Kind::Number(number) => Value::Number(number.clone()),
            Kind::Text(text) => Value::String(text.clone()),
            Kind::List(elements) => elements.iter().map(Node::json).collect(),
            Kind::Map(entries) => Value::Object(Map::from_iter(
                entries
                    .iter()
                    .map(|entry| (entry.key.clone(), entry.value.json())),
            )),
        }
    }

    /// The place of what the pointer names: of a member its key, of an element its value; of what
    /// is not there the last thing on the way that is.
    pub(super) fn place(&self, pointer: &Pointer) -> Mark {
        self.follow(pointer).0
    }

    /// What the pointer names; of what is not there the last thing on the way that is.
    pub(super) fn within(&self, pointer: &Pointer) -> &Node {
        self.follow(pointer).1
    }

    fn follow(&self, pointer: &Pointer) -> (Mark, &Node) {
        let mut reached = (self.at, self);
        for token in pointer.tokens() {
            let node = reached.1;
            let element = |index: usize| node.elements()?.get(index);
            reached = if let Some(entry) = node.member(token) {
                (entry.at, &entry.value)
            } else if let Some(element) = index(token).and_then(element) {
                (element.at, element)
            } else {
                break;
            };
        }
        reached
    }

    /// Whether something in it, or itself, begins at a place of which this holds.
    pub(super) fn any_place(&self, holds: &dyn Fn(Mark) -> bool) -> bool {
        holds(self.at)
            || match &self.kind {
                Kind::List(elements) => elements.iter().any(|element| element.any_place(holds)),
                Kind::Map(entries) => entries
                    .iter()
                    .any(|entry| holds(entry.at) || entry.value.any_place(holds)),
                _ => false,
            }
    }

    /// The value as a message shows it: short ones as they are, others by their kind.
    pub(super) fn shown(&self) -> String {
        match &self.kind {
            Kind::Null => "nothing".to_owned(),
            Kind::Bool(value) => format!("the boolean {value}"),
            Kind::Number(number) => format!("the number {number}"),
            Kind::Text(text) if text.is_empty() => "an empty text".to_owned(),
            Kind::Text(text) if text.chars().count() <= 60 && !text.contains('\n') => {
                format!("`{text}`")
            }
            Kind::Text(_) => "a longer text".to_owned(),
            Kind::List(_) => "a list".to_owned(),
            Kind::Map(_) => "a map".to_owned(),
        }
    }

    fn size(&self) -> usize {
        match &self.kind {
            Kind::List(elements) => 1 + elements.iter().map(Node::size).sum::<usize>(),
            Kind::Map(entries) => 1 + entries.iter().map(|e| 1 + e.value.size()).sum::<usize>(),
            _ => 1,
        }
    }
}

/// The one document of a file; `None` where the text is none, which the flaws then say.
pub(super) fn read(text: &str, flaws: &mut Flaws) -> Option<Node> {
    if text.len() > MAX_BYTES {
        let limit = MAX_BYTES / 1024;
        flaws.say(
            Mark::START,
            format!(
                "found a file of {} bytes, expected at most {limit} KiB",
                text.len()
            ),
        );
        return None;
    }
    let mut options = granit_parser::Options::default();
    options.set_emit_comments(false);
    options.flow_nesting_limit = MAX_DEPTH;
    options.block_nesting_limit = MAX_DEPTH;
    let mut reader = Reader {
        parser: Parser::new_from_str_with_options(text, options),
        anchors: BTreeMap::new(),
        left: MAX_NODES,
        flaws,
    };
    reader.document().ok()
}

/// The text cannot be read further; a flaw says why.
struct Stop;

struct Reader<'t, 'f> {
    parser: Parser<'t, StrInput<'t>>,
    anchors: BTreeMap<usize, Node>,
    left: usize,
    flaws: &'f mut Flaws,
}

impl<'t> Reader<'t, '_> {
    fn document(&mut self) -> Result<Node, Stop> {
        let root = loop {
            let (event, at) = self.next()?;
            match event {
                Event::StreamStart | Event::DocumentStart(..) => {}
                Event::StreamEnd => {
                    return Err(self.stop(
                        Mark::START,
                        "found an empty file, expected a declaration: at least `type` and `schema`",
                    ));
                }
                event => break self.node(event, at)?,
            }
        };
        loop {
            match self.next()? {
                (Event::StreamEnd, _) => return Ok(root),
                (Event::DocumentStart(..), at) => {
                    return Err(self.stop(
                        at,
                        "found a second document, expected one declaration per file",
                    ));
                }
                _ => {}
            }
        }
    }

    fn node(&mut self, event: Event<'t>, at: Mark) -> Result<Node, Stop> {
        self.count(1, at)?;
        let (kind, anchor) = match event {
            Event::Scalar(text, style, anchor, tag) => {
                (self.scalar(&text, style, tag.as_deref(), at), anchor)
            }
            Event::SequenceStart(_, anchor, tag) => {
                self.refuse_tag(tag.as_deref(), "seq", at);
                (self.list()?, anchor)
            }
            Event::MappingStart(_, anchor, tag) => {
                self.refuse_tag(tag.as_deref(), "map", at);
                (self.map()?, anchor)
            }
            Event::Alias(anchor) => return self.alias(anchor, at),
            _ => return Err(self.stop(at, "found the end of the file, expected a value")),
        };
        let node = Node { at, kind };
        if anchor != 0 {
            self.anchors.insert(anchor, node.clone());
        }
        Ok(node)
    }

    fn list(&mut self) -> Result<Kind, Stop> {
        let mut elements = Vec::new();
        loop {
            match self.next()? {
                (Event::SequenceEnd, _) => return Ok(Kind::List(elements)),
                (event, at) => elements.push(self.node(event, at)?),
            }
        }
    }

    fn map(&mut self) -> Result<Kind, Stop> {
        let mut entries = Vec::new();
        let mut seen: BTreeMap<String, Mark> = BTreeMap::new();
        loop {
            let (key, at) = match self.next()? {
                (Event::MappingEnd, _) => return Ok(Kind::Map(entries)),
                (Event::Scalar(text, ..), at) => (text.into_owned(), at),
                (_, at) => {
                    return Err(self.stop(at, "found a map or a list as a key, expected a name"));
                }
            };
            self.count(1, at)?;
            let (event, value_at) = self.next()?;
            let value = self.node(event, value_at)?;
            if let Some(first) = seen.get(&key) {
                let line = first.line;
                self.flaws.say(
                    at,
                    format!("found the key `{key}` again, expected it once: it stands in line {line} already"),
                );
                continue;
            }
            seen.insert(key.clone(), at);
            entries.push(Entry { key, at, value });
        }
    }

    fn alias(&mut self, anchor: usize, at: Mark) -> Result<Node, Stop> {
        let Some(node) = self.anchors.get(&anchor).cloned() else {
            return Err(self.stop(
                at,
                "found an alias inside of what it names, expected a value that ends",
            ));
        };
        self.count(node.size(), at)?;
        Ok(node)
    }

    fn scalar(&mut self, text: &str, style: ScalarStyle, tag: Option<&Tag>, at: Mark) -> Kind {
        let quoted = style != ScalarStyle::Plain;
        let as_text = quoted || tag.is_some_and(|tag| tag.is_yaml_core_schema_tag("str"));
        if !quoted {
            self.refuse_tag(tag, "str", at);
        }
        if as_text {
            return Kind::Text(text.to_owned());
        }
        match scalar::plain(text) {
            Ok(kind) => kind,
            Err(message) => {
                self.flaws.say(at, message);
                Kind::Null
            }
        }
    }

    fn refuse_tag(&mut self, tag: Option<&Tag>, allowed: &str, at: Mark) {
        if let Some(tag) = tag
            && !tag.is_yaml_core_schema_tag(allowed)
        {
            let tag = tag.original();
            self.flaws.say(
                at,
                format!("found the tag `{tag}`, expected a plain or quoted value without a tag"),
            );
        }
    }

    fn count(&mut self, nodes: usize, at: Mark) -> Result<(), Stop> {
        match self.left.checked_sub(nodes) {
            Some(left) => {
                self.left = left;
                Ok(())
            }
            None => Err(self.stop(
                at,
                format!("found more than {MAX_NODES} values (each alias counts as all that it names), expected fewer"),
            )),
        }
    }

    fn next(&mut self) -> Result<(Event<'t>, Mark), Stop> {
        match self.parser.next() {
            Some(Ok((event, span))) => Ok((event, Mark::of(&span.start))),
            Some(Err(error)) => Err(self.syntax(&error)),
            None => Err(self.stop(Mark::START, "found no end of the document")),
        }
    }

    fn syntax(&mut self, error: &ScanError) -> Stop {
        self.stop(Mark::of(error.marker()), syntax::message(error.kind()))
    }

    fn stop(&mut self, at: Mark, message: impl Into<String>) -> Stop {
        self.flaws.say(at, message);
        Stop
    }
}

/// The elements that stand more than once, each with its place; lists of names are sets.
pub(super) fn repeated<'n>(
    elements: impl IntoIterator<Item = (&'n str, Mark)>,
) -> Vec<(&'n str, Mark)> {
    let mut seen = BTreeSet::new();
    elements
        .into_iter()
        .filter(|(name, _)| !seen.insert(*name))
        .collect()
}
