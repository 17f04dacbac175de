//! The problem catalogue: for programs as JSON, for people as pages that any browser shows, on any
//! screen, without loading anything.

use serde_json::{Value, json};

use crate::catalogue::{Entry, Retry};
use crate::exchange::Exchange;

/// An entry as JSON.
pub(super) fn json(entry: &Entry, exchange: &Exchange<'_>) -> Value {
    json!({
        "code": entry.code.name(),
        "type": format!("{}/problems/{}", exchange.base_url(), entry.code.name()),
        "title": entry.title,
        "status": entry.status,
        "retry": entry.retry.name(),
        "meaning": entry.meaning,
        "remedy": entry.remedy,
        "example": entry.example,
    })
}

/// The page of all entries.
pub(super) fn catalogue(entries: &[Entry], exchange: &Exchange<'_>) -> String {
    let rows: String = entries
        .iter()
        .map(|entry| {
            let name = entry.code.name();
            let href = escaped(&exchange.href(&format!("/problems/{name}")));
            format!(
                "<tr><td class=\"status\">{}</td>\
                 <td><a href=\"{href}\"><code>{name}</code></a><br>{}</td>\
                 <td class=\"retry\">{}</td></tr>\n",
                entry.status,
                escaped(entry.title),
                entry.retry.name(),
            )
        })
        .collect();
    let body = format!(
        "<h1>Problems</h1>\n\
         <p>Why this API refuses a request, and what to do then. Every refusal has one of these \
         codes in <code>code</code>, and at the end of <code>type</code>.</p>\n\
         <table>\n<thead><tr><th>Status</th><th>Code</th><th class=\"retry\">Retry</th></tr></thead>\n\
         <tbody>\n{rows}</tbody>\n</table>\n"
    );
    page("Problems", &body)
}

/// The page of one entry.
pub(super) fn entry(entry: &Entry, exchange: &Exchange<'_>) -> String {
    let name = entry.code.name();
    let index = escaped(&exchange.href("/problems"));
    let example = serde_json::to_string_pretty(&entry.example).unwrap_or_default();
    let body = format!(
        "<nav><a href=\"{index}\">All problems</a></nav>\n\
         <h1>{title}</h1>\n\
         <dl>\
         <div><dt>Code</dt><dd><code>{name}</code></dd></div>\
         <div><dt>Status</dt><dd>{status}</dd></div>\
         <div><dt>Retry</dt><dd><code>{retry}</code></dd></div>\
         </dl>\n\
         <h2>What it means</h2>\n<p>{meaning}</p>\n\
         <h2>What to do</h2>\n<p>{remedy}</p>\n<p>{again}</p>\n\
         <h2>An example</h2>\n<pre><code>{example}</code></pre>\n",
        title = escaped(entry.title),
        status = entry.status,
        retry = entry.retry.name(),
        meaning = marked_up(entry.meaning),
        remedy = marked_up(entry.remedy),
        again = again(entry.retry),
        example = escaped(&example),
    );
    page(entry.title, &body)
}

/// What `retry` means.
fn again(retry: Retry) -> &'static str {
    match retry {
        Retry::Now => "The same request may work a moment later.",
        Retry::AfterRefresh => {
            "Sending the same request again changes nothing: look first, then decide."
        }
        Retry::Never => {
            "Sending the same request again will not help: something has to change first."
        }
    }
}

fn page(title: &str, body: &str) -> String {
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n\
         <title>{}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n<main>\n{body}</main>\n</body>\n</html>\n",
        escaped(title)
    )
}

const STYLE: &str = include_str!("page.css");

/// Text as it stands in HTML, in attributes too.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

/// Text with what stands between backticks as code.
fn marked_up(text: &str) -> String {
    let mut out = String::new();
    for (place, part) in text.split('`').enumerate() {
        let part = escaped(part);
        if place % 2 == 1 {
            out.push_str(&format!("<code>{part}</code>"));
        } else {
            out.push_str(&part);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_a_text_is_taken_for_html() {
        let table = [
            ("a < b & c", "a &lt; b &amp; c"),
            ("`<b>` \"'", "<code>&lt;b&gt;</code> &quot;&#39;"),
            ("`a` and `b`", "<code>a</code> and <code>b</code>"),
        ];
        for (text, expected) in table {
            assert_eq!(marked_up(text), expected);
        }
    }
}
