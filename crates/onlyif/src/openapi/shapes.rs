//! The schemas of one type: what is stored, what is answered, and what may be sent.

use serde_json::{Map, Value, json};

use super::moved::{moved, target};
use super::reserved;
use crate::declaration::Declaration;

/// The names of a type's schemas. A type's name has no dot, so that no two types share one.
pub(super) struct Names {
    /// What is answered: the reserved members and the document.
    pub resource: String,
    /// A page of a list.
    pub page: String,
    /// The document, as it is declared: what `POST` takes.
    pub document: String,
    /// What `PUT` takes.
    pub replace: String,
    /// What `PATCH` takes as `application/merge-patch+json`.
    pub merge_patch: String,
}

impl Names {
    pub(super) fn of(declaration: &Declaration) -> Self {
        let name = &declaration.name;
        Names {
            resource: name.clone(),
            page: format!("{name}.page"),
            document: format!("{name}.document"),
            replace: format!("{name}.replace"),
            merge_patch: format!("{name}.merge-patch"),
        }
    }
}

/// The name of the schema of a transition's input.
pub(super) fn input_name(declaration: &Declaration, transition: &str) -> String {
    format!("{}.{transition}.input", declaration.name)
}

/// All the schemas of a type, by their names among the components.
pub(super) fn components(declaration: &Declaration) -> Vec<(String, Value)> {
    let names = Names::of(declaration);
    let home = format!("#/components/schemas/{}", names.document);
    let document = named(moved(&declaration.schema.source, &home));
    let shapes = Shapes {
        home: &home,
        reserved: reserved::members(declaration),
        document: &document,
    };
    let mut out = vec![
        (names.resource.clone(), shapes.resource(declaration)),
        (names.page, page(&names.resource)),
        (names.replace, shapes.with_reserved(0).into()),
        (names.merge_patch, super::patches::merge_patch(&shapes)),
    ];
    for transition in &declaration.transitions {
        if let Some(input) = &transition.input {
            let name = input_name(declaration, &transition.name);
            let home = format!("#/components/schemas/{name}");
            out.push((name, named(moved(&input.source, &home))));
        }
    }
    out.push((names.document, document));
    out
}

/// The keywords whose values are values, and no schemas.
const VALUES: [&str; 5] = ["const", "default", "enum", "example", "examples"];

/// The schema, which says of every object that has members of any name what no schema need say: that
/// none of them is empty.
fn named(mut schema: Value) -> Value {
    match &mut schema {
        Value::Object(members) => {
            for (_, value) in members
                .iter_mut()
                .filter(|(name, _)| !VALUES.contains(&name.as_str()))
            {
                *value = named(value.take());
            }
            let open = members.get("additionalProperties") != Some(&Value::Bool(false))
                && members.get("unevaluatedProperties") != Some(&Value::Bool(false));
            if open && members.get("type").is_some_and(|kind| kind == "object") {
                members
                    .entry("propertyNames")
                    .or_insert_with(|| json!({ "minLength": 1 }));
            }
        }
        Value::Array(elements) => {
            for element in elements {
                *element = named(element.take());
            }
        }
        _ => {}
    }
    schema
}

fn page(resource: &str) -> Value {
    json!({
        "type": "object",
        "required": ["items"],
        "properties": {
            "items": { "type": "array", "items": reserved::part(resource) },
            "next": {
                "type": "string",
                "description": "The `cursor` of the next page. Absent at the end of the list, and only there.",
            },
        },
    })
}

/// A type's document, and what is made of it.
pub(super) struct Shapes<'a> {
    pub home: &'a str,
    pub document: &'a Value,
    pub reserved: Map<String, Value>,
}

impl Shapes<'_> {
    /// What a reference within the document names.
    pub(super) fn target(&self, reference: &str) -> Option<&Value> {
        target(self.document, self.home, reference)
    }

    fn resource(&self, declaration: &Declaration) -> Value {
        let mut schema = self.with_reserved(self.reserved.len());
        let mut required: Vec<Value> = self.reserved.keys().cloned().map(Value::String).collect();
        required.extend(required_members(self.document));
        schema.insert("required".to_owned(), required.into());
        if let Some(description) = &declaration.description {
            schema
                .entry("description")
                .or_insert_with(|| description.clone().into());
        }
        schema.into()
    }

    /// The document's schema, for an object that has the reserved members too. So many of them
    /// are always there.
    fn with_reserved(&self, always: usize) -> Map<String, Value> {
        let Value::Object(mut schema) = self.open(self.document, always) else {
            return Map::new();
        };
        let mut properties = self.reserved.clone();
        if let Some(Value::Object(own)) = schema.get("properties") {
            for (name, member) in own {
                properties
                    .entry(name.clone())
                    .or_insert_with(|| member.clone());
            }
        }
        schema.insert("properties".to_owned(), properties.into());
        schema
    }

    /// A schema that says of an object with reserved members what `schema` says of the same object
    /// without them. Only what is applied to the object itself has to change: parts that describe
    /// its members' values stay. No declared schema applies itself to the same value again.
    fn open(&self, schema: &Value, always: usize) -> Value {
        let Value::Object(members) = schema else {
            return schema.clone();
        };
        let mut out = Map::new();
        for (keyword, value) in members {
            let value = match (keyword.as_str(), value) {
                // They stay with the document; every reference into them says so.
                ("$defs" | "definitions", _) => continue,
                ("$ref", Value::String(reference)) => {
                    if let Some(part) = self.target(reference) {
                        add_to_all_of(&mut out, self.open(part, always));
                    }
                    continue;
                }
                ("allOf", Value::Array(parts)) => {
                    for part in parts {
                        let part = self.open(part, always);
                        add_to_all_of(&mut out, part);
                    }
                    continue;
                }
                ("anyOf" | "oneOf", Value::Array(parts)) => {
                    parts.iter().map(|part| self.open(part, always)).collect()
                }
                ("if" | "then" | "else" | "not", part) => self.open(part, always),
                ("dependentSchemas", Value::Object(parts)) => parts
                    .iter()
                    .map(|(name, part)| (name.clone(), self.open(part, always)))
                    .collect::<Map<_, _>>()
                    .into(),
                ("propertyNames", names) => json!({ "anyOf": [{ "enum": self.names() }, names] }),
                ("patternProperties", Value::Object(patterns)) => patterns
                    .iter()
                    .map(|(pattern, part)| (self.sparing(pattern), part.clone()))
                    .collect::<Map<_, _>>()
                    .into(),
                ("maxProperties", Value::Number(most)) => more(most, self.reserved.len()),
                ("minProperties", Value::Number(least)) => more(least, always),
                (_, value) => value.clone(),
            };
            out.insert(keyword.clone(), value);
        }
        if out.contains_key("additionalProperties") || out.contains_key("unevaluatedProperties") {
            self.admit_reserved(&mut out);
        }
        out.into()
    }

    fn admit_reserved(&self, schema: &mut Map<String, Value>) {
        let properties = schema
            .entry("properties")
            .or_insert_with(|| Value::Object(Map::new()));
        if let Value::Object(properties) = properties {
            for name in self.reserved.keys() {
                properties.entry(name.clone()).or_insert(Value::Bool(true));
            }
        }
    }

    fn names(&self) -> Vec<&String> {
        self.reserved.keys().collect()
    }

    /// The pattern, not matching reserved members.
    fn sparing(&self, pattern: &str) -> String {
        let schema = json!({ "pattern": pattern });
        let meets = |name: &String| jsonschema::is_valid(&schema, &Value::String(name.clone()));
        if self.reserved.keys().any(meets) {
            let names: Vec<&str> = self.reserved.keys().map(String::as_str).collect();
            format!("^(?!(?:{})$)(?=[\\s\\S]*(?:{pattern}))", names.join("|"))
        } else {
            pattern.to_owned()
        }
    }
}

fn add_to_all_of(schema: &mut Map<String, Value>, part: Value) {
    let parts = schema
        .entry("allOf")
        .or_insert_with(|| Value::Array(Vec::new()));
    if let Value::Array(parts) = parts {
        parts.push(part);
    }
}

fn more(number: &serde_json::Number, by: usize) -> Value {
    match number.as_u64() {
        Some(number) => Value::from(number + by as u64),
        None => Value::Number(number.clone()),
    }
}

/// The names in a schema's own `required`.
pub(super) fn required_members(schema: &Value) -> Vec<Value> {
    match schema.get("required") {
        Some(Value::Array(names)) => names.clone(),
        _ => Vec::new(),
    }
}
