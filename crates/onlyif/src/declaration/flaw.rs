//! Flaws: what is wrong in a file, each in its place, and the words they share.

use granit_parser::Marker;

/// A place in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Mark {
    /// From 1.
    pub(super) line: usize,
    /// In characters, from 1.
    pub(super) column: usize,
}

impl Mark {
    /// The beginning of a file.
    pub(super) const START: Mark = Mark { line: 1, column: 1 };

    /// The parser counts lines from 1 and columns from 0.
    pub(super) fn of(marker: &Marker) -> Self {
        Mark {
            line: marker.line().max(1),
            column: marker.col() + 1,
        }
    }
}

/// Everything that is wrong in one file.
#[derive(Debug, Default)]
pub(super) struct Flaws {
    found: Vec<(Mark, String)>,
    ruled_out: bool,
}

impl Flaws {
    /// Those of a file that is known to have none: what would only find some need not be done.
    pub(super) fn ruled_out() -> Self {
        Flaws {
            ruled_out: true,
            ..Flaws::default()
        }
    }

    /// Whether there are none, as is known.
    pub(super) fn are_ruled_out(&self) -> bool {
        self.ruled_out
    }

    /// One more.
    pub(super) fn say(&mut self, at: Mark, message: impl Into<String>) {
        self.found.push((at, message.into()));
    }

    /// Whether something is wrong there already.
    pub(super) fn at(&self, at: Mark) -> bool {
        self.found.iter().any(|(mark, _)| *mark == at)
    }

    /// How many there are.
    pub(super) fn count(&self) -> usize {
        self.found.len()
    }

    /// Each once, in the order of their places.
    pub(super) fn in_order(mut self) -> Vec<(Mark, String)> {
        self.found.sort();
        self.found.dedup();
        self.found
    }
}

/// The name that was probably meant: it differs by a third of its letters at most, or by case.
pub(super) fn nearest<'n>(
    found: &str,
    names: impl IntoIterator<Item = &'n str>,
) -> Option<&'n str> {
    let lower = found.to_lowercase();
    names
        .into_iter()
        .filter(|name| *name != found)
        .map(|name| {
            (
                strsim::damerau_levenshtein(&lower, &name.to_lowercase()),
                name,
            )
        })
        .filter(|(distance, name)| {
            let letters = name.chars().count().max(found.chars().count());
            *distance <= (letters / 3).max(1) && 2 * *distance < letters
        })
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name)
}

/// `; did you mean …?`, or nothing.
pub(super) fn hint<'n>(found: &str, names: impl IntoIterator<Item = &'n str>) -> String {
    nearest(found, names).map_or_else(String::new, |name| format!("; did you mean `{name}`?"))
}

/// The names as a sentence lists them: `a`, `b` or `c`.
pub(super) fn alternatives<'n>(names: impl IntoIterator<Item = &'n str>) -> String {
    let quoted: Vec<String> = names.into_iter().map(|name| format!("`{name}`")).collect();
    match quoted.as_slice() {
        [] => "nothing".to_owned(),
        [only] => only.clone(),
        [init @ .., last] => format!("{} or {last}", init.join(", ")),
    }
}
