//! Deprecated types: each of their operations says so, and each answer has the headers for it.

use serde_json::{Map, Value, json};

use crate::declaration::Deprecation;

/// Marks an operation. `shared` are the responses among the components: where the operation refers
/// to one, it gets one of its own, for no other type's has these headers.
pub(super) fn mark(operation: &mut Value, deprecation: &Deprecation, shared: &Map<String, Value>) {
    operation["deprecated"] = json!(true);
    let description = operation["description"].as_str().unwrap_or_default();
    operation["description"] = json!(format!("{description}\n\n{}", sentence(deprecation)));
    let Some(Value::Object(responses)) = operation.get_mut("responses") else {
        return;
    };
    for response in responses.values_mut() {
        let named = response.get("$ref").and_then(Value::as_str);
        let named = named.and_then(|path| path.rsplit('/').next());
        if let Some(own) = named.and_then(|name| shared.get(name)) {
            *response = own.clone();
        }
        let Value::Object(response) = response else {
            continue;
        };
        let present = response.entry("headers").or_insert_with(|| json!({}));
        if let Value::Object(present) = present {
            add(present, deprecation);
        }
    }
}

/// What is to be known, for a person.
pub(super) fn sentence(deprecation: &Deprecation) -> String {
    let mut text = format!("Deprecated since {}", deprecation.since.date());
    if let Some(sunset) = deprecation.sunset {
        text.push_str(&format!("; it may be gone from {} on", sunset.date()));
    }
    match &deprecation.see {
        Some(see) => format!("{text}. See <{see}>."),
        None => format!("{text}."),
    }
}

fn add(headers: &mut Map<String, Value>, deprecation: &Deprecation) {
    let reference =
        |component: &str| json!({ "$ref": format!("#/components/headers/{component}") });
    headers.insert("Deprecation".to_owned(), reference("Deprecation"));
    if deprecation.sunset.is_some() {
        headers.insert("Sunset".to_owned(), reference("Sunset"));
    }
    if deprecation.see.is_some() {
        // A page of a list links the next one as well.
        let component = match headers.contains_key("Link") {
            true => "NextAndDeprecationLinks",
            false => "DeprecationLinks",
        };
        headers.insert("Link".to_owned(), reference(component));
    }
}
