//! `GET /v1`: the types and their links.

use onlyif::declaration::{Declaration, Declarations, Deprecation, Transition};
use serde_json::{Map, Value, json};

use crate::exchange::Exchange;

/// The types, each with its transitions and with where its resources are.
pub(super) fn of(declarations: &Declarations, exchange: &Exchange<'_>) -> Value {
    let types: Vec<Value> = declarations.iter().map(|it| kind(it, exchange)).collect();
    json!({
        "types": types,
        "openapi": exchange.href("/openapi.json"),
        "problems": exchange.href("/problems"),
    })
}

fn kind(declaration: &Declaration, exchange: &Exchange<'_>) -> Value {
    let name = declaration.name.as_str();
    let states: &[String] = match &declaration.states {
        Some(states) => &states.all,
        None => &[],
    };
    let transitions: Vec<Value> = declaration
        .transitions
        .iter()
        .map(|it| transition(name, it, exchange))
        .collect();
    let mut out = Map::new();
    out.insert("type".to_owned(), json!(name));
    if let Some(description) = &declaration.description {
        out.insert("description".to_owned(), json!(description));
    }
    if let Some(deprecation) = &declaration.deprecated {
        out.insert("deprecated".to_owned(), deprecated(deprecation));
    }
    let href = |path: &str| json!(exchange.href(path));
    out.insert("states".to_owned(), json!(states));
    out.insert("transitions".to_owned(), transitions.into());
    out.insert("href".to_owned(), href(&format!("/v1/{name}")));
    out.insert("item".to_owned(), href(&format!("/v1/{name}/{{id}}")));
    out.insert("schema".to_owned(), schema(name, exchange));
    out.into()
}

fn deprecated(deprecation: &Deprecation) -> Value {
    let mut out = Map::new();
    out.insert("since".to_owned(), json!(deprecation.since.date()));
    if let Some(sunset) = deprecation.sunset {
        out.insert("sunset".to_owned(), json!(sunset.date()));
    }
    if let Some(see) = &deprecation.see {
        out.insert("see".to_owned(), json!(see));
    }
    out.into()
}

fn transition(type_name: &str, transition: &Transition, exchange: &Exchange<'_>) -> Value {
    let name = transition.name.as_str();
    let mut out = Map::new();
    out.insert("name".to_owned(), json!(name));
    if !transition.from.is_empty() {
        out.insert("from".to_owned(), json!(transition.from));
    }
    if let Some(to) = &transition.to {
        out.insert("to".to_owned(), json!(to));
    }
    if transition.input.is_some() {
        let input = schema(&format!("{type_name}.{name}.input"), exchange);
        out.insert("input".to_owned(), input);
    }
    let href = exchange.transition_href(type_name, "{id}", name);
    out.insert("href".to_owned(), json!(href));
    out.into()
}

/// A reference to a schema in the OpenAPI document.
fn schema(name: &str, exchange: &Exchange<'_>) -> Value {
    let path = format!("/openapi.json#/components/schemas/{name}");
    json!(exchange.href(&path))
}
