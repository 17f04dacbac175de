//! Bytes to values, strictly: RFC 8259, with every member name once, every string made of Unicode
//! scalar values, and every number one that can be kept whole.

use std::cell::RefCell;
use std::fmt;
use std::str::FromStr;

use serde::de::{self, DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::{Number, Value};

use super::pointer::Pointer;
use super::{Document, MAX_LEVELS, number};
use crate::problem::{Fault, Place};

/// How many faults of one body are told; a body with more of them has more to learn than a list.
pub const MAX_FAULTS: usize = 100;

/// What a body says.
#[derive(Clone, Debug, PartialEq)]
pub struct Parsed {
    /// The value; every number in its canonical text. Where there are faults, the places that they
    /// name hold `null`.
    pub value: Value,
    /// What is JSON but cannot be kept: nesting deeper than [`MAX_LEVELS`], an empty member name, a
    /// number out of range.
    pub faults: Vec<Fault>,
}

/// Reads one JSON value.
///
/// An array at the root is a list of operations (RFC 6902): what stands in it begins two levels
/// further down, so that a patch may carry any value that a document may hold.
///
/// # Errors
///
/// The bytes are not one JSON value in UTF-8, or a member name stands twice in one object. Each
/// fault has its place.
pub fn parse(bytes: &[u8]) -> Result<Parsed, Vec<Fault>> {
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let at = position(bytes, error.valid_up_to());
        vec![fault(
            Pointer::root(),
            format!("this is not UTF-8 {at}: JSON is sent in UTF-8"),
        )]
    })?;
    if text.starts_with('\u{feff}') {
        return Err(vec![fault(
            Pointer::root(),
            "the body begins with a byte order mark; JSON is sent without one".to_owned(),
        )]);
    }
    if text.trim_ascii().is_empty() {
        return Err(vec![fault(
            Pointer::root(),
            "the body is empty; a JSON value is expected".to_owned(),
        )]);
    }
    let reading = Reading {
        levels: match text.trim_ascii_start().starts_with('[') {
            true => MAX_LEVELS + 2,
            false => MAX_LEVELS,
        },
        malformed: RefCell::default(),
        unkeepable: RefCell::default(),
    };
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let seed = Element {
        reading: &reading,
        path: Path::Root,
        level: 1,
    };
    let read = seed
        .deserialize(&mut deserializer)
        .and_then(|value| deserializer.end().map(|()| value));
    let mut malformed = reading.malformed.into_inner();
    match read {
        Ok(value) if malformed.is_empty() => Ok(Parsed {
            value,
            faults: reading.unkeepable.into_inner(),
        }),
        Ok(_) => Err(malformed),
        Err(error) => {
            malformed.push(fault(Pointer::root(), describe(&error, text)));
            Err(malformed)
        }
    }
}

fn fault(pointer: Pointer, detail: String) -> Fault {
    Fault {
        at: Place::Pointer(pointer),
        detail,
        keyword: None,
    }
}

/// What is collected while reading.
struct Reading {
    levels: usize,
    malformed: RefCell<Vec<Fault>>,
    unkeepable: RefCell<Vec<Fault>>,
}

impl Reading {
    fn malformed(&self, path: &Path<'_>, detail: String) {
        note(&self.malformed, path, detail);
    }

    fn unkeepable(&self, path: &Path<'_>, detail: String) {
        note(&self.unkeepable, path, detail);
    }
}

fn note(faults: &RefCell<Vec<Fault>>, path: &Path<'_>, detail: String) {
    let mut faults = faults.borrow_mut();
    if faults.len() < MAX_FAULTS {
        faults.push(fault(path.pointer(), detail));
    }
}

/// Where reading is, kept on the stack: a pointer is only built for a fault.
enum Path<'a> {
    Root,
    Member(&'a Path<'a>, &'a str),
    Index(&'a Path<'a>, usize),
}

impl Path<'_> {
    fn pointer(&self) -> Pointer {
        match self {
            Path::Root => Pointer::root(),
            Path::Member(parent, name) => parent.pointer().child(name),
            Path::Index(parent, index) => parent.pointer().child(&index.to_string()),
        }
    }
}

/// One value; `level` is its own level if it is an object or an array.
struct Element<'a> {
    reading: &'a Reading,
    path: Path<'a>,
    level: usize,
}

impl Element<'_> {
    fn number(&self, text: &str) -> Value {
        match number::read(text) {
            Ok(canonical) => Number::from_str(&canonical).map_or(Value::Null, Value::Number),
            Err(reason) => {
                self.reading.unkeepable(&self.path, reason.to_string());
                Value::Null
            }
        }
    }

    fn too_deep(&self) -> bool {
        let deep = self.level > self.reading.levels;
        if deep {
            self.reading.unkeepable(
                &self.path,
                format!("this is nested too deep: a document has at most {MAX_LEVELS} levels of objects and arrays, itself counted"),
            );
        }
        deep
    }
}

impl<'de> DeserializeSeed<'de> for Element<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Element<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Value, A::Error> {
        if self.too_deep() {
            // Scanned without recursion: no depth can exhaust the stack.
            while sequence.next_element::<IgnoredAny>()?.is_some() {}
            return Ok(Value::Null);
        }
        let mut elements = Vec::new();
        while let Some(element) = sequence.next_element_seed(Element {
            reading: self.reading,
            path: Path::Index(&self.path, elements.len()),
            level: self.level + 1,
        })? {
            elements.push(element);
        }
        Ok(Value::Array(elements))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut members = Document::new();
        let mut deep = None;
        while let Some(name) = map.next_key_seed(Name)? {
            let name = match name {
                Key::Number => return Ok(self.number(&map.next_value::<String>()?)),
                Key::Member(name) => name,
            };
            if *deep.get_or_insert_with(|| self.too_deep()) {
                map.next_value::<IgnoredAny>()?;
                continue;
            }
            let path = Path::Member(&self.path, &name);
            if name.is_empty() {
                self.reading
                    .unkeepable(&path, "a member's name cannot be empty".to_owned());
            }
            if members.contains_key(&name) {
                self.reading.malformed(
                    &path,
                    "this member stands more than once in its object".to_owned(),
                );
            }
            let value = map.next_value_seed(Element {
                reading: self.reading,
                path,
                level: self.level + 1,
            })?;
            members.insert(name, value);
        }
        match deep.unwrap_or_else(|| self.too_deep()) {
            true => Ok(Value::Null),
            false => Ok(Value::Object(members)),
        }
    }
}

/// A member's name, or the sign that what looks like an object is a number.
///
/// The parser hands a number that fits no machine type over as an object of one member, whose name
/// a client could send as well. The two differ in how they answer when they are asked for a newtype:
/// a name that stands in the text wraps itself in one, the sign does not.
struct Name;

enum Key {
    Member(String),
    Number,
}

impl<'de> DeserializeSeed<'de> for Name {
    type Value = Key;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Key, D::Error> {
        deserializer.deserialize_newtype_struct("Name", self)
    }
}

impl<'de> Visitor<'de> for Name {
    type Value = Key;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a member's name")
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, inner: D) -> Result<Key, D::Error> {
        de::Deserialize::deserialize(inner).map(Key::Member)
    }

    fn visit_str<E>(self, _: &str) -> Result<Key, E> {
        Ok(Key::Number)
    }
}

/// What is wrong, and where, in words that name no library.
fn describe(error: &serde_json::Error, text: &str) -> String {
    // The parser counts lines from 1, and within a line the bytes that it has read.
    let start = text
        .split_inclusive('\n')
        .take(error.line().saturating_sub(1))
        .map(str::len)
        .sum::<usize>();
    let offset = (start + error.column().saturating_sub(1)).min(text.len());
    let at = position(text.as_bytes(), offset);
    let said = error.to_string();
    let wrong = WORDS
        .iter()
        .find(|(theirs, _)| said.starts_with(theirs))
        .map_or("this is not JSON", |(_, ours)| ours);
    format!("{wrong} ({at})")
}

/// What the parser says, and how we put it.
const WORDS: [(&str, &str); 15] = [
    (
        "EOF while parsing a list",
        "the body ends inside an array: ',' or ']' is expected",
    ),
    (
        "EOF while parsing an object",
        "the body ends inside an object",
    ),
    (
        "EOF while parsing a string",
        "the body ends inside a string: '\"' is expected",
    ),
    (
        "EOF while parsing a value",
        "the body ends where a value is expected",
    ),
    (
        "expected `:`",
        "':' is expected between a member's name and its value",
    ),
    (
        "expected `,` or `]`",
        "',' or ']' is expected after an element of an array",
    ),
    (
        "expected `,` or `}`",
        "',' or '}' is expected after a member of an object",
    ),
    (
        "expected ident",
        "only true, false and null stand without quotes",
    ),
    ("expected value", "a value is expected"),
    (
        "invalid escape",
        "after '\\' in a string one of \" \\ / b f n r t u is expected, after 'u' four hexadecimal digits",
    ),
    ("invalid number", "this is not a number as JSON writes them"),
    (
        "control character",
        "a control character in a string is written as an escape, such as \\n or \\u0000",
    ),
    (
        "key must be a string",
        "a member's name in double quotes is expected",
    ),
    (
        "trailing comma",
        "a ',' is followed by the end of the object or array",
    ),
    (
        "trailing characters",
        "something follows the end of the value",
    ),
];

/// Line and column of a byte, both from 1, the column in characters.
fn position(bytes: &[u8], offset: usize) -> String {
    let before = &bytes[..offset.min(bytes.len())];
    let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
    let start = before
        .iter()
        .rposition(|byte| *byte == b'\n')
        .map_or(0, |newline| newline + 1);
    let column = String::from_utf8_lossy(&before[start..]).chars().count() + 1;
    format!("line {line}, column {column}")
}
