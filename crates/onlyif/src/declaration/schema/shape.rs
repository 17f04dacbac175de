//! What a schema says of one place in a document, as far as it says it plainly: through
//! `properties`, local `$ref`s and `allOf`.

use serde_json::{Map, Value};

use crate::document::pointer::{Pointer, index};

/// The most members that a schema may declare, each counted wherever a `$ref` puts it.
pub(super) const MAX_MEMBERS: usize = 2_000;

/// A set of JSON's types.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::declaration) struct Types(u8);

impl Types {
    pub(in crate::declaration) const NULL: Types = Types(1);
    pub(in crate::declaration) const BOOLEAN: Types = Types(2);
    pub(in crate::declaration) const INTEGER: Types = Types(4);
    /// Numbers that are no integers; no schema names them.
    const FRACTION: Types = Types(8);
    /// Integers among them.
    pub(in crate::declaration) const NUMBER: Types = Types(4 | 8);
    pub(in crate::declaration) const STRING: Types = Types(16);
    pub(in crate::declaration) const ARRAY: Types = Types(32);
    pub(in crate::declaration) const OBJECT: Types = Types(64);
    pub(in crate::declaration) const ANY: Types = Types(127);
    /// What can be the value of a unique field.
    pub(in crate::declaration) const SCALAR: Types = Types(1 | 2 | 4 | 8 | 16);

    const NAMES: [(&'static str, Types); 8] = [
        ("string", Types::STRING),
        ("number", Types::NUMBER),
        ("integer", Types::INTEGER),
        ("number with a fraction", Types::FRACTION),
        ("boolean", Types::BOOLEAN),
        ("array", Types::ARRAY),
        ("object", Types::OBJECT),
        ("null", Types::NULL),
    ];

    /// Both sets together.
    #[must_use]
    pub(in crate::declaration) const fn or(self, other: Types) -> Types {
        Types(self.0 | other.0)
    }

    /// What is in both.
    #[must_use]
    pub(in crate::declaration) const fn and(self, other: Types) -> Types {
        Types(self.0 & other.0)
    }

    /// What is in this one alone.
    #[must_use]
    pub(in crate::declaration) const fn without(self, other: Types) -> Types {
        Types(self.0 & !other.0)
    }

    /// Whether no type is left.
    pub(in crate::declaration) const fn is_nothing(self) -> bool {
        self.0 == 0
    }

    /// Whether the two have something in common.
    pub(in crate::declaration) const fn meet(self, other: Types) -> bool {
        self.0 & other.0 != 0
    }

    /// Whether all of it is in the other.
    pub(in crate::declaration) const fn within(self, other: Types) -> bool {
        self.0 & !other.0 == 0
    }

    /// The type of one value.
    pub(in crate::declaration) fn of(value: &Value) -> Types {
        match value {
            Value::Null => Types::NULL,
            Value::Bool(_) => Types::BOOLEAN,
            Value::Number(number) if whole(number) => Types::INTEGER,
            Value::Number(_) => Types::FRACTION,
            Value::String(_) => Types::STRING,
            Value::Array(_) => Types::ARRAY,
            Value::Object(_) => Types::OBJECT,
        }
    }

    fn named(name: &str) -> Option<Types> {
        Types::NAMES
            .iter()
            .find(|(known, _)| *known == name)
            .map(|(_, types)| *types)
    }

    /// What a schema's `type` names; anything where there is none.
    pub(in crate::declaration) fn declared(schema: &Map<String, Value>) -> Types {
        match schema.get("type") {
            Some(Value::String(name)) => Types::named(name).unwrap_or(Types::ANY),
            Some(Value::Array(names)) => names
                .iter()
                .filter_map(|name| Types::named(name.as_str()?))
                .fold(Types(0), Types::or),
            _ => Types::ANY,
        }
    }

    /// What the `type`, `const` and `enum` of one schema object leave.
    fn stated(schema: &Map<String, Value>) -> Types {
        let declared = Types::declared(schema);
        let constant = schema.get("const").map_or(Types::ANY, Types::of);
        let listed = match schema.get("enum") {
            Some(Value::Array(values)) => values.iter().map(Types::of).fold(Types(0), Types::or),
            _ => Types::ANY,
        };
        declared.and(constant).and(listed)
    }

    /// As a sentence says it: `a string or a number`.
    pub(in crate::declaration) fn words(self) -> String {
        if self == Types::ANY {
            return "anything".to_owned();
        }
        let mut rest = self;
        let mut words = Vec::new();
        for (name, types) in Types::NAMES {
            if types.within(rest) {
                let article = if name == "null" {
                    ""
                } else if name.starts_with(['a', 'e', 'i', 'o', 'u']) {
                    "an "
                } else {
                    "a "
                };
                words.push(format!("{article}{name}"));
                rest = Types(rest.0 & !types.0);
            }
        }
        match words.as_slice() {
            [] => "nothing".to_owned(),
            [only] => only.clone(),
            [init @ .., last] => format!("{} or {last}", init.join(", ")),
        }
    }
}

/// Whether a number has no fraction, however it is written.
fn whole(number: &serde_json::Number) -> bool {
    number
        .to_string()
        .parse::<bigdecimal::BigDecimal>()
        .is_ok_and(|value| value.is_integer())
}

/// One schema object that holds for a place, and where it stands in the whole schema.
#[derive(Clone, Debug)]
pub(in crate::declaration) struct Part<'s> {
    pub(in crate::declaration) at: Pointer,
    pub(in crate::declaration) schema: &'s Map<String, Value>,
}

/// All schema objects that plainly hold for one place.
#[derive(Clone, Debug)]
pub(in crate::declaration) struct Shape<'s> {
    pub(in crate::declaration) root: &'s Value,
    pub(in crate::declaration) parts: Vec<Part<'s>>,
}

/// Why a pointer names nothing that a schema declares.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::declaration) enum Miss {
    /// It leads into an array.
    Element,
    /// There is no such member; the pointers of those that are there.
    Unknown(Vec<Pointer>),
}

impl<'s> Shape<'s> {
    /// The shape of the whole document.
    pub(in crate::declaration) fn root(root: &'s Value) -> Self {
        let mut parts = Vec::new();
        gather(root, Pointer::root(), root, &mut parts);
        Shape { root, parts }
    }

    /// The shape of a member.
    pub(in crate::declaration) fn member(&self, name: &str) -> Option<Shape<'s>> {
        let mut parts = Vec::new();
        let mut declared = false;
        for part in &self.parts {
            if let Some(schema) = part.schema.get("properties").and_then(|all| all.get(name)) {
                declared |= *schema != Value::Bool(false);
                let at = part.at.child("properties").child(name);
                gather(schema, at, self.root, &mut parts);
            }
        }
        declared.then_some(Shape {
            root: self.root,
            parts,
        })
    }

    /// The shape of the elements of an array.
    pub(in crate::declaration) fn elements(&self) -> Shape<'s> {
        let mut parts = Vec::new();
        for part in &self.parts {
            if let Some(schema) = part.schema.get("items") {
                gather(schema, part.at.child("items"), self.root, &mut parts);
            }
        }
        Shape {
            root: self.root,
            parts,
        }
    }

    /// The shape of what the pointer names, through members of objects.
    pub(in crate::declaration) fn of(&self, pointer: &Pointer) -> Result<Shape<'s>, Miss> {
        let mut shape = self.clone();
        let mut above = Pointer::root();
        for token in pointer.tokens() {
            shape = match shape.member(token) {
                Some(member) => member,
                None if shape.types().within(Types::ARRAY)
                    && (index(token).is_some() || token == "-") =>
                {
                    return Err(Miss::Element);
                }
                None => {
                    let names = shape.names();
                    return Err(Miss::Unknown(names.map(|name| above.child(name)).collect()));
                }
            };
            above = above.child(token);
        }
        Ok(shape)
    }

    /// The members that are declared, each once.
    pub(in crate::declaration) fn names(&self) -> impl Iterator<Item = &'s str> + use<'s> {
        let mut names: Vec<&'s str> = Vec::new();
        let all = self
            .parts
            .iter()
            .filter_map(|part| part.schema.get("properties")?.as_object());
        for name in all.flat_map(Map::keys) {
            if !names.contains(&name.as_str()) {
                names.push(name);
            }
        }
        names.into_iter()
    }

    /// The types that a value there can have.
    pub(in crate::declaration) fn types(&self) -> Types {
        self.parts
            .iter()
            .map(|part| Types::stated(part.schema))
            .fold(Types::ANY, Types::and)
    }

    /// Whether every object there has this member.
    pub(in crate::declaration) fn requires(&self, name: &str) -> bool {
        self.parts.iter().any(|part| {
            part.schema
                .get("required")
                .and_then(Value::as_array)
                .is_some_and(|names| names.iter().any(|required| required == name))
        })
    }

    /// The values that can be there, where the schema lists them and the literal is none; numbers
    /// and nested values are not looked into.
    pub(in crate::declaration) fn never(&self, literal: &Value) -> Option<String> {
        if !matches!(literal, Value::String(_) | Value::Bool(_) | Value::Null) {
            return None;
        }
        self.parts.iter().find_map(|part| {
            let constant = part.schema.get("const").map(std::slice::from_ref);
            let listed = part
                .schema
                .get("enum")
                .and_then(Value::as_array)
                .map(Vec::as_slice);
            let allowed = constant.or(listed)?;
            let shown = || {
                allowed
                    .iter()
                    .map(Value::to_string)
                    .collect::<Vec<_>>()
                    .join(", ")
            };
            (!allowed.contains(literal)).then(shown)
        })
    }

    /// Whether the schema says `readOnly` there.
    pub(in crate::declaration) fn read_only(&self) -> bool {
        self.parts
            .iter()
            .any(|part| part.schema.get("readOnly") == Some(&Value::Bool(true)))
    }
}

impl Shape<'_> {
    /// The pointers of all members that the schema says `readOnly` of; what is within one of them
    /// goes with it.
    pub(in crate::declaration) fn all_read_only(&self) -> Vec<Pointer> {
        let mut found: Vec<Pointer> = Vec::new();
        self.each_member(&mut |pointer, member| {
            if member.read_only() && !found.iter().any(|above| above.contains(pointer)) {
                found.push(pointer.clone());
            }
        });
        found
    }

    /// Where in the schema the parts of all members stand; `None` where there are too many.
    pub(super) fn places(&self) -> Option<Vec<Pointer>> {
        let mut places = Vec::new();
        let whole = self.each_member(&mut |_, member| {
            places.extend(member.parts.iter().map(|part| part.at.clone()));
        });
        whole.then_some(places)
    }

    /// Visits the members of objects, outer ones first, but [`MAX_MEMBERS`] at most; whether those
    /// were all. A schema is not entered from within itself.
    fn each_member(&self, visit: &mut dyn FnMut(&Pointer, &Shape<'_>)) -> bool {
        let mut left = MAX_MEMBERS;
        self.visit_members(&Pointer::root(), &mut Vec::new(), &mut left, visit)
    }

    fn visit_members(
        &self,
        at: &Pointer,
        way: &mut Vec<Pointer>,
        left: &mut usize,
        visit: &mut dyn FnMut(&Pointer, &Shape<'_>),
    ) -> bool {
        let depth = way.len();
        for name in self.names() {
            let Some(member) = self.member(name) else {
                continue;
            };
            if *left == 0 {
                return false;
            }
            *left -= 1;
            let pointer = at.child(name);
            visit(&pointer, &member);
            if !member.parts.iter().any(|part| way.contains(&part.at)) {
                way.extend(member.parts.iter().map(|part| part.at.clone()));
                let whole = member.visit_members(&pointer, way, left, visit);
                way.truncate(depth);
                if !whole {
                    return false;
                }
            }
        }
        true
    }
}

/// Collects a schema and all that its `$ref` and `allOf` add to it, each once.
pub(in crate::declaration) fn gather<'s>(
    schema: &'s Value,
    at: Pointer,
    root: &'s Value,
    parts: &mut Vec<Part<'s>>,
) {
    let Some(object) = schema.as_object() else {
        return;
    };
    if parts.iter().any(|part| part.at == at) {
        return;
    }
    let all_of = object.get("allOf").and_then(Value::as_array);
    let reference = object.get("$ref").and_then(Value::as_str);
    parts.push(Part {
        at: at.clone(),
        schema: object,
    });
    if let Some((target, schema)) = reference.and_then(|reference| target(reference, root)) {
        gather(schema, target, root, parts);
    }
    for (number, schema) in all_of.into_iter().flatten().enumerate() {
        gather(
            schema,
            at.child("allOf").child(&number.to_string()),
            root,
            parts,
        );
    }
}

/// What a local reference (`#`, `#/$defs/name`) names.
pub(in crate::declaration) fn target<'s>(
    reference: &str,
    root: &'s Value,
) -> Option<(Pointer, &'s Value)> {
    let fragment = decoded(reference.strip_prefix('#')?)?;
    let pointer: Pointer = fragment.parse().ok()?;
    let value = root.pointer(&fragment)?;
    Some((pointer, value))
}

/// A URI's fragment without its percent escapes (RFC 6901 §6).
fn decoded(fragment: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(fragment.len());
    let mut rest = fragment.as_bytes();
    while let Some((first, tail)) = rest.split_first() {
        if *first == b'%' {
            let digits = std::str::from_utf8(tail.get(..2)?).ok()?;
            bytes.push(u8::from_str_radix(digits, 16).ok()?);
            rest = tail.get(2..)?;
        } else {
            bytes.push(*first);
            rest = tail;
        }
    }
    String::from_utf8(bytes).ok()
}
