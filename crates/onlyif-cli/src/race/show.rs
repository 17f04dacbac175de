//! The story on a terminal, eighty columns wide.

use serde_json::Value;

use super::writer::Exchange;
use crate::paint::Paint;

/// Terminals are at least so wide.
const WIDTH: usize = 80;
const INDENT: usize = 4;

/// A request, its answer's status, and what was sent.
pub fn exchange(exchange: &Exchange, paint: Paint) -> String {
    let line = format!("{} {}", exchange.method, exchange.path);
    let code = exchange.body["code"]
        .as_str()
        .unwrap_or(exchange.etag.as_deref().unwrap_or_default());
    let answer = format!("{} {code}", exchange.status);
    let room = WIDTH
        .saturating_sub(INDENT + line.chars().count() + answer.chars().count())
        .max(2);
    let dots = if room > 4 {
        format!(" {} ", paint.dim(&".".repeat(room - 2)))
    } else {
        "  ".to_owned()
    };
    let mut text = format!(
        "    {}{dots}{}\n",
        paint.bold(&line),
        paint.status(exchange.status, answer.trim_end())
    );
    for (name, value) in &exchange.headers {
        text += &format!("    {}\n", paint.dim(&format!("{}: {value}", shown(name))));
    }
    if let Some(sent) = &exchange.sent {
        text += &format!("    {}\n", json(sent, INDENT));
    }
    text
}

/// `if-match` as people write it.
fn shown(name: &str) -> String {
    let parts: Vec<String> = name
        .split('-')
        .map(|part| {
            let mut letters = part.chars();
            letters.next().map_or_else(String::new, |first| {
                first.to_ascii_uppercase().to_string() + letters.as_str()
            })
        })
        .collect();
    parts.join("-")
}

/// JSON in as few lines as fit: what is short shares a line, a long text goes on in the next.
pub fn json(value: &Value, indent: usize) -> String {
    let inline = inline(value);
    if indent + inline.chars().count() < WIDTH {
        return inline;
    }
    let pad = " ".repeat(indent);
    match value {
        Value::Object(members) => {
            let members = members
                .iter()
                .map(|(name, value)| member(name, value, indent + 2));
            format!("{{\n{}\n{pad}}}", filled(members.collect(), indent + 2))
        }
        Value::Array(items) => match items.as_slice() {
            [only] => format!("[{}]", json(only, indent)),
            items => {
                let items = items.iter().map(|item| json(item, indent + 2));
                format!("[\n{}\n{pad}]", filled(items.collect(), indent + 2))
            }
        },
        Value::String(text) => prose(text, indent + 1),
        _ => inline,
    }
}

fn member(name: &str, value: &Value, indent: usize) -> String {
    let key = format!("{}: ", Value::from(name));
    let fits = indent + key.len() + inline(value).chars().count() < WIDTH - 1;
    match value {
        _ if fits => key + &inline(value),
        Value::String(text) => {
            let value = prose(text, indent + key.len() + 1);
            key + &value
        }
        value => key + &json(value, indent),
    }
}

/// The parts with commas between, as many on a line as fit.
fn filled(parts: Vec<String>, indent: usize) -> String {
    let pad = " ".repeat(indent);
    let last = parts.len().saturating_sub(1);
    let mut lines: Vec<String> = Vec::new();
    for (at, part) in parts.into_iter().enumerate() {
        let part = if at == last { part } else { part + "," };
        match lines.last_mut() {
            Some(line)
                if !line.contains('\n')
                    && !part.contains('\n')
                    && line.chars().count() + 1 + part.chars().count() < WIDTH =>
            {
                line.push(' ');
                line.push_str(&part);
            }
            _ => lines.push(format!("{pad}{part}")),
        }
    }
    lines.join("\n")
}

/// JSON on one line, with the spaces that make it readable.
fn inline(value: &Value) -> String {
    match value {
        Value::Object(members) if members.is_empty() => "{}".to_owned(),
        Value::Object(members) => {
            let members: Vec<String> = members
                .iter()
                .map(|(name, value)| format!("{}: {}", Value::from(name.as_str()), inline(value)))
                .collect();
            format!("{{ {} }}", members.join(", "))
        }
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(inline).collect();
            format!("[{}]", items.join(", "))
        }
        _ => value.to_string(),
    }
}

/// A quoted text, broken between words where a line ends.
fn prose(text: &str, indent: usize) -> String {
    let quoted = Value::from(text).to_string();
    let mut lines = vec![String::new()];
    for word in quoted.split(' ') {
        let room = WIDTH.saturating_sub(indent + 1);
        match lines.last_mut() {
            Some(line) if line.is_empty() => line.push_str(word),
            Some(line) if line.chars().count() + 1 + word.chars().count() <= room => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines.join(&format!("\n{}", " ".repeat(indent)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json as value;

    #[test]
    fn json_is_as_short_as_fits() {
        assert_eq!(
            json(&value!({ "a": [1, {}], "b": "c" }), 4),
            r#"{ "a": [1, {}], "b": "c" }"#
        );
        let long = value!({
            "code": "stale-version",
            "detail": "documents/race-1 is at 2-9f2c1a7e; you sent 1-9f2c1a7e. alice changed /title, and nobody else changed anything.",
            "fields": [
                { "pointer": "/title", "changedBy": "alice", "current": "alice was here", "yours": null, "overlaps": false },
            ],
        });
        let expected = r#"{
      "code": "stale-version",
      "detail": "documents/race-1 is at 2-9f2c1a7e; you sent 1-9f2c1a7e. alice
                 changed /title, and nobody else changed anything.",
      "fields": [{
        "pointer": "/title", "changedBy": "alice", "current": "alice was here",
        "yours": null, "overlaps": false
      }]
    }"#;
        assert_eq!(json(&long, 4), expected);
    }

    #[test]
    fn an_exchange_is_told_in_eighty_columns() {
        let told = Exchange {
            method: "PATCH".to_owned(),
            path: "/v1/documents/race-1a2b3c".to_owned(),
            headers: vec![("if-match".to_owned(), "\"1-9f2c1a7e\"".to_owned())],
            sent: Some(value!({ "title": "alice was here" })),
            status: 409,
            etag: Some("\"2-9f2c1a7e\"".to_owned()),
            body: value!({ "code": "stale-version" }),
        };
        let text = exchange(&told, Paint::PLAIN);
        let expected =
            "    PATCH /v1/documents/race-1a2b3c .......................... 409 stale-version
    If-Match: \"1-9f2c1a7e\"
    { \"title\": \"alice was here\" }
";
        assert_eq!(text, expected);
        assert!(text.lines().all(|line| line.chars().count() <= WIDTH));
    }
}
