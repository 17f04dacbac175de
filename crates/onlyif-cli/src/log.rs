//! What is printed while the server runs: a line for each request, and what else is to be said.

use std::fmt::{self, Write as _};
use std::io::{self, Write as _};

use tracing::field::{Field, Visit};
use tracing::subscriber::Interest;
use tracing::{Event, Level, Metadata, Subscriber};
use tracing_subscriber::layer::{Context, Layer};

use onlyif_http::observe::REQUEST;

use crate::paint::Paint;

/// Prints for a person.
pub struct Text {
    paint: Paint,
    print: fn(&str),
}

impl Text {
    /// Prints to standard output.
    pub fn to_stdout(paint: Paint) -> Self {
        // Whoever reads may have stopped reading: the server goes on.
        let print = |line: &str| drop(writeln!(io::stdout(), "{line}"));
        Text { paint, print }
    }
}

/// Others' words (the SDK's, the HTTP server's) are not for whoever tries an API, and details are
/// not even put together.
fn ours(metadata: &Metadata<'_>) -> bool {
    metadata.target().starts_with("onlyif") && *metadata.level() <= Level::INFO
}

impl<S: Subscriber> Layer<S> for Text {
    fn register_callsite(&self, metadata: &'static Metadata<'static>) -> Interest {
        if ours(metadata) {
            Interest::always()
        } else {
            Interest::never()
        }
    }

    fn enabled(&self, metadata: &Metadata<'_>, _: Context<'_, S>) -> bool {
        ours(metadata)
    }

    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let target = event.metadata().target();
        let mut said = Said::default();
        event.record(&mut said);
        let line = match target {
            REQUEST => request_line(&said, self.paint),
            _ => message(&said, *event.metadata().level(), self.paint),
        };
        (self.print)(&line);
    }
}

/// The fields of an event.
#[derive(Debug, Default, PartialEq)]
struct Said {
    method: String,
    path: String,
    status: u16,
    code: String,
    gist: String,
    actor: String,
    ms: u64,
    message: String,
    others: String,
}

impl Visit for Said {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.record_str(field, &format!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        let place = match field.name() {
            "method" => &mut self.method,
            "path" => &mut self.path,
            "code" => &mut self.code,
            "gist" => &mut self.gist,
            "actor" => &mut self.actor,
            "message" => &mut self.message,
            name => {
                let _ = write!(self.others, " {name}={value}");
                return;
            }
        };
        value.clone_into(place);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        match field.name() {
            "status" => self.status = u16::try_from(value).unwrap_or_default(),
            "ms" => self.ms = value,
            _ => self.record_str(field, &value.to_string()),
        }
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.record_u64(field, u64::try_from(value).unwrap_or_default());
    }
}

/// `PATCH  /v1/documents/d-1  409 stale-version  bob changed /title  3 ms`
fn request_line(said: &Said, paint: Paint) -> String {
    let mut line = format!("{:<6} {}  ", said.method, plain(&said.path));
    line += &paint.status(said.status, &said.status.to_string());
    for (text, dim) in [(&said.code, false), (&said.gist, true)] {
        if !text.is_empty() {
            let text = plain(text);
            line += "  ";
            line += &if dim {
                paint.dim(&text)
            } else {
                paint.status(said.status, &text)
            };
        }
    }
    let ms = format!("  {} ms", said.ms);
    line += &paint.dim(&ms);
    line
}

fn message(said: &Said, level: Level, paint: Paint) -> String {
    let text = format!("{}{}", said.message, said.others);
    match level {
        Level::ERROR => paint.red(&text),
        Level::WARN => paint.yellow(&text),
        _ => paint.dim(&text),
    }
}

/// Without control characters: what a client sends must not move the terminal's cursor.
fn plain(text: &str) -> String {
    text.chars()
        .flat_map(|character| {
            let shown = if character.is_control() {
                character.escape_default().collect()
            } else {
                vec![character]
            };
            shown.into_iter()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Mutex;
    use tracing_subscriber::prelude::*;

    /// Lines are told apart by the path that each test uses alone.
    static PRINTED: Mutex<Vec<String>> = Mutex::new(Vec::new());

    fn printed(mark: &str, emit: impl FnOnce()) -> Vec<String> {
        let layer = Text {
            paint: Paint::PLAIN,
            print: |line| PRINTED.lock().unwrap().push(line.to_owned()),
        };
        tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), emit);
        PRINTED
            .lock()
            .unwrap()
            .iter()
            .filter(|line| line.contains(mark))
            .cloned()
            .collect()
    }

    #[test]
    fn a_request_is_one_line() {
        let lines = printed("/v1/one", || {
            tracing::info!(
                target: "onlyif::request",
                method = "PATCH",
                path = "/v1/one/d-1",
                status = 409_u16,
                code = "stale-version",
                gist = "bob changed /title",
                actor = "alice",
                ms = 3_u64,
                attempts = 1,
            );
            tracing::info!(target: "onlyif::request", method = "GET", path = "/v1/one", status = 200_u16, ms = 0_u64);
        });
        assert_eq!(
            lines,
            [
                "PATCH  /v1/one/d-1  409  stale-version  bob changed /title  3 ms",
                "GET    /v1/one  200  0 ms"
            ]
        );
    }

    #[test]
    fn a_client_cannot_write_to_the_terminal() {
        let lines = printed("/v1/esc", || {
            tracing::info!(target: "onlyif::request", method = "GET", path = "/v1/esc\u{1b}[2J\n", status = 404_u16, ms = 1_u64);
        });
        assert_eq!(lines, ["GET    /v1/esc\\u{1b}[2J\\n  404  1 ms"]);
    }

    #[test]
    fn the_servers_own_words_are_printed_and_others_are_not() {
        let lines = printed("mark-three", || {
            tracing::info!(target: "onlyif::local", "Reloaded: mark-three");
            tracing::error!(target: "onlyif_http::observe", cause = "x", "mark-three failed");
            tracing::debug!(target: "onlyif::local", "mark-three in detail");
            tracing::error!(target: "dynoxide", "mark-three of another");
        });
        assert_eq!(lines, ["Reloaded: mark-three", "mark-three failed cause=x"]);
    }

    #[test]
    fn colours_are_by_the_class_of_the_status() {
        let paint = Paint::default();
        assert_eq!(paint, Paint::PLAIN);
        let said = Said {
            method: "GET".to_owned(),
            path: "/".to_owned(),
            status: 500,
            ..Said::default()
        };
        assert!(!request_line(&said, paint).contains('\u{1b}'));
    }
}
