//! What is printed once the server is ready.

use std::fmt::Write;

use onlyif::declaration::{Declaration, Declarations, Transition};

use crate::paint::Paint;

/// Terminals are at least so wide.
const WIDTH: usize = 80;

/// What a newcomer wants to know.
#[derive(Debug)]
pub struct Banner<'a> {
    /// The server's address.
    pub url: &'a str,
    /// What is served.
    pub declarations: &'a Declarations,
    /// Where the declarations are.
    pub resources: &'a str,
    /// Where the data is, and how to begin anew.
    pub data: &'a str,
    /// A path that a `GET` finds.
    pub path: &'a str,
    /// How this program is started here: `cargo run --`, or `onlyif`.
    pub program: &'a str,
    /// The type that `race` edits is among those served.
    pub race: bool,
    /// Others may reach it.
    pub remote: bool,
}

impl Banner<'_> {
    /// The text, ending in a newline.
    pub fn text(&self, paint: Paint) -> String {
        let mut text = String::new();
        let count = self.declarations.iter().count();
        let types = if count == 1 {
            "1 type".to_owned()
        } else {
            format!("{count} types")
        };
        let title = paint.bold(&format!("Onlyif serves {types}."));
        let _ = writeln!(text, "\n  {title}\n");
        let places = [
            ("API", "/v1"),
            ("OpenAPI", "/openapi.json"),
            ("Problems", "/problems"),
        ];
        for (name, path) in places {
            let address = paint.cyan(&format!("{}{path}", self.url));
            let _ = writeln!(text, "  {name:<9} {address}");
        }
        let _ = writeln!(text, "  {:<9} {}", "Data", self.data);
        if self.remote {
            let warning = "Whoever reaches this address may do everything: it checks no token.";
            let _ = writeln!(text, "  {:<9} {}", "Beware", paint.yellow(warning));
        }
        text.push('\n');
        let width = self
            .declarations
            .iter()
            .map(|declaration| declaration.name.len())
            .max()
            .unwrap_or_default();
        for declaration in self.declarations.iter() {
            let name = paint.bold(&format!("{:<width$}", declaration.name));
            let lines = wrapped(&transitions(declaration), WIDTH - width - 4);
            let indent = " ".repeat(width + 4);
            let _ = writeln!(text, "  {name}  {}", lines.join(&format!("\n{indent}")));
        }
        let _ = writeln!(text, "\n  {:<9} curl {}{}", "Try", self.url, self.path);
        if self.race {
            // Three thousand is where `race` looks by itself.
            let at = if self.url.ends_with(":3000") {
                String::new()
            } else {
                format!(" --url {}", self.url)
            };
            let _ = writeln!(text, "  {:<9} {} race{at}", "Watch", self.program);
        }
        let end = format!(
            "A file saved in {} is served at once. Ctrl-C ends.",
            self.resources
        );
        let _ = writeln!(text, "\n  {}\n", paint.dim(&end));
        text
    }
}

fn transitions(declaration: &Declaration) -> Vec<String> {
    if declaration.transitions.is_empty() {
        return vec!["no transitions".to_owned()];
    }
    declaration.transitions.iter().map(transition).collect()
}

/// `pay (pending → paid)`
fn transition(transition: &Transition) -> String {
    match (transition.from.as_slice(), &transition.to) {
        ([], _) => transition.name.clone(),
        (from, Some(to)) => format!("{} ({} → {to})", transition.name, from.join(", ")),
        (from, None) => format!("{} ({})", transition.name, from.join(", ")),
    }
}

/// The parts on as few lines as the width allows, a comma between.
fn wrapped(parts: &[String], width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for (at, part) in parts.iter().enumerate() {
        let comma = if at + 1 < parts.len() { "," } else { "" };
        let part = format!("{part}{comma}");
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + part.chars().count() <= width => {
                line.push(' ');
                line.push_str(&part);
            }
            _ => lines.push(part),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use onlyif::declaration::SourceFile;

    const ORDERS: &str = "\
type: orders
schema: { type: object, properties: { a: { type: string } } }
states: { initial: pending, final: [delivered, cancelled] }
transitions:
  pay: { from: pending, to: paid }
  note: { from: [pending, paid] }
  ship: { from: paid, to: shipped }
  deliver: { from: shipped, to: delivered }
  cancel: { from: [pending, paid], to: cancelled }
";

    #[test]
    fn the_banner_says_what_is_where_in_eighty_columns() {
        let files = [
            SourceFile {
                name: "orders.yaml".to_owned(),
                text: ORDERS.to_owned(),
            },
            SourceFile {
                name: "notes.yaml".to_owned(),
                text: "type: notes\nschema: { type: object }\n".to_owned(),
            },
        ];
        let declarations = Declarations::parse(&files).unwrap();
        let banner = Banner {
            url: "http://127.0.0.1:3000",
            declarations: &declarations,
            resources: "resources/",
            data: "in .onlyif/ (begin anew with --reset)",
            path: "/v1/orders/o-1",
            program: "cargo run --",
            race: true,
            remote: false,
        };
        let expected = "
  Onlyif serves 2 types.

  API       http://127.0.0.1:3000/v1
  OpenAPI   http://127.0.0.1:3000/openapi.json
  Problems  http://127.0.0.1:3000/problems
  Data      in .onlyif/ (begin anew with --reset)

  notes   no transitions
  orders  pay (pending → paid), note (pending, paid), ship (paid → shipped),
          deliver (shipped → delivered), cancel (pending, paid → cancelled)

  Try       curl http://127.0.0.1:3000/v1/orders/o-1
  Watch     cargo run -- race

  A file saved in resources/ is served at once. Ctrl-C ends.

";
        assert_eq!(banner.text(Paint::PLAIN), expected);
        let elsewhere = Banner {
            url: "http://127.0.0.1:4000",
            remote: true,
            ..banner
        };
        let text = elsewhere.text(Paint::PLAIN);
        assert!(
            text.contains("race --url http://127.0.0.1:4000\n"),
            "{text}"
        );
        assert!(text.contains("may do everything"), "{text}");
        assert!(
            text.lines().all(|line| line.chars().count() <= WIDTH),
            "{text}"
        );
    }
}
