//! Colours, where a terminal shows them.

use std::io::IsTerminal;

/// Whether text is painted. A value, so that a test sees plain text and a terminal colours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Paint {
    on: bool,
}

impl Paint {
    /// No colours.
    pub const PLAIN: Paint = Paint { on: false };

    /// Colours, where standard output is a terminal and nobody has asked for none
    /// (<https://no-color.org>).
    pub fn of_stdout() -> Self {
        let refused = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        Paint {
            on: std::io::stdout().is_terminal() && !refused,
        }
    }

    fn with(self, code: &str, text: &str) -> String {
        match self.on {
            true => format!("\u{1b}[{code}m{text}\u{1b}[0m"),
            false => text.to_owned(),
        }
    }

    /// What matters most.
    pub fn bold(self, text: &str) -> String {
        self.with("1", text)
    }

    /// What matters least.
    pub fn dim(self, text: &str) -> String {
        self.with("2", text)
    }

    /// What went well.
    pub fn green(self, text: &str) -> String {
        self.with("32", text)
    }

    /// What was refused.
    pub fn yellow(self, text: &str) -> String {
        self.with("33", text)
    }

    /// What went wrong.
    pub fn red(self, text: &str) -> String {
        self.with("31", text)
    }

    /// What can be followed: addresses.
    pub fn cyan(self, text: &str) -> String {
        self.with("36", text)
    }

    /// A status, by its class.
    pub fn status(self, status: u16, text: &str) -> String {
        match status {
            ..400 => self.green(text),
            400..500 => self.yellow(text),
            _ => self.red(text),
        }
    }
}
