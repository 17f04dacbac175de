//! Bytes to values, strictly: RFC 8259, with every member name once, every string made of Unicode
//! scalar values, and every number one that can be kept whole.

mod words;

#[cfg(test)]
mod tests;

use std::cell::RefCell;
use std::fmt;
use std::str::FromStr;

use serde::de::{self, DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::{Number, Value};

use super::pointer::Pointer;
use super::{Document, MAX_LEVELS, MAX_NAME_BYTES, number};
use crate::problem::{Fault, Place};
use words::{describe, position};

/// How many faults of one body are told; a body with more of them has more to learn than a list.
pub const MAX_FAULTS: usize = 100;

/// How many bytes the pointers of those faults may have before no other is told.
const MAX_FAULT_BYTES: usize = 256 * 1024;

/// What a body says.
#[derive(Clone, Debug, PartialEq)]
pub struct Parsed {
    /// The value; every number in its canonical text. Where there are faults, the places that they
    /// name hold `null`.
    pub value: Value,
    /// What is JSON but cannot be kept: nesting deeper than [`MAX_LEVELS`], a member name that is
    /// empty or too long, a number out of range.
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
    let above = match bytes.trim_ascii_start().first() {
        Some(b'[') => 2,
        _ => 0,
    };
    parse_within(bytes, above)
}

/// Reads one JSON value in which what is to be kept stands so many levels further down.
///
/// # Errors
///
/// Those of [`parse`].
pub fn parse_within(bytes: &[u8], above: usize) -> Result<Parsed, Vec<Fault>> {
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let at = position(bytes, error.valid_up_to());
        vec![fault(
            Pointer::root(),
            format!("this is not UTF-8, in which JSON is sent ({at})"),
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
        levels: MAX_LEVELS + above,
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
    let mut malformed = reading.malformed.into_inner().told;
    match read {
        Ok(value) if malformed.is_empty() => Ok(Parsed {
            value,
            faults: reading.unkeepable.into_inner().told,
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
    malformed: RefCell<Faults>,
    unkeepable: RefCell<Faults>,
}

/// Faults, up to their limits.
#[derive(Default)]
struct Faults {
    told: Vec<Fault>,
    bytes: usize,
}

impl Faults {
    fn note(&mut self, path: &Path<'_>, detail: String) {
        if self.told.len() < MAX_FAULTS && self.bytes < MAX_FAULT_BYTES {
            let pointer = path.pointer();
            self.bytes += pointer.tokens().iter().map(String::len).sum::<usize>();
            self.told.push(fault(pointer, detail));
        }
    }
}

impl Reading {
    fn malformed(&self, path: &Path<'_>, detail: &str) {
        self.malformed.borrow_mut().note(path, detail.to_owned());
    }

    fn unkeepable(&self, path: &Path<'_>, detail: &str) {
        self.unkeepable.borrow_mut().note(path, detail.to_owned());
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
                self.reading.unkeepable(&self.path, &reason.to_string());
                Value::Null
            }
        }
    }

    fn name(&self, name: &str, path: &Path<'_>, again: bool) {
        if name.is_empty() {
            self.reading
                .unkeepable(path, "a member's name cannot be empty");
        }
        // A name that is too long to keep is too long to repeat.
        let long = name.len() > MAX_NAME_BYTES;
        let place = if long { &self.path } else { path };
        if long {
            self.reading.unkeepable(
                place,
                &format!("the name of a member here has more than {MAX_NAME_BYTES} bytes"),
            );
        }
        if again {
            self.reading
                .malformed(place, "this member stands more than once in its object");
        }
    }

    fn too_deep(&self) -> bool {
        let deep = self.level > self.reading.levels;
        if deep {
            self.reading.unkeepable(
                &self.path,
                &format!("this is nested too deep: a document has at most {MAX_LEVELS} levels of objects and arrays, itself counted"),
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
            self.name(&name, &path, members.contains_key(&name));
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
