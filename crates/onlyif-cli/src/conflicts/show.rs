//! How a tally looks in a terminal.

use std::fmt::Write as _;

use super::tally::{Named, Told};
use crate::paint::Paint;

/// The widest that a name is shown: what is longer ends in `…`.
const WIDTH: usize = 60;

/// The tally as tables, one below the other, `top` lines each.
pub(super) fn table(told: &Told, top: usize, paint: Paint) -> String {
    let mut text = format!("\n  {}\n", paint.bold(&summary(told)));
    let kinds = [
        ("code", &told.codes),
        ("type", &told.types),
        ("resource", &told.resources),
        ("field", &told.fields),
        ("refused actor", &told.actors),
        ("who was first", &told.rivals),
    ];
    for (kind, names) in kinds.into_iter().filter(|(_, names)| !names.is_empty()) {
        let _ = writeln!(
            text,
            "\n  {}",
            paint.dim(&format!("{:>9}  {kind}", "conflicts"))
        );
        for Named { name, count } in names.iter().take(top) {
            let _ = writeln!(text, "  {count:>9}  {}", plain(name));
        }
    }
    text.push('\n');
    text
}

fn summary(told: &Told) -> String {
    let writes = told.writes;
    let of = if writes == 1 { "write" } else { "writes" };
    match told.conflicts {
        0 => format!("No conflict in {writes} {of} so far."),
        conflicts => {
            let percent = conflicts * 100 / writes.max(1);
            let met = if conflicts == 1 {
                "conflict"
            } else {
                "conflicts"
            };
            format!("{conflicts} {met} in {writes} {of} so far ({percent} %)")
        }
    }
}

/// Without control characters, and no longer than fits: what a client sends must not move the
/// terminal's cursor.
fn plain(name: &str) -> String {
    let mut shown: String = name.chars().flat_map(char::escape_debug).collect();
    if let Some((at, _)) = shown.char_indices().nth(WIDTH) {
        shown.truncate(at);
        shown.push('…');
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(name: &str, count: u64) -> Named {
        Named {
            name: name.to_owned(),
            count,
        }
    }

    #[test]
    fn each_kind_is_a_table_with_the_most_first_and_no_empty_one() {
        let told = Told {
            writes: 12,
            conflicts: 3,
            codes: vec![named("stale-version", 3)],
            resources: vec![named("documents/a", 2), named("documents/b", 1)],
            ..Told::default()
        };
        let expected = "
  3 conflicts in 12 writes so far (25 %)

  conflicts  code
          3  stale-version

  conflicts  resource
          2  documents/a

";
        assert_eq!(table(&told, 1, Paint::PLAIN), expected);
    }

    #[test]
    fn a_client_cannot_write_to_the_terminal() {
        let told = Told {
            actors: vec![named("\u{1b}[2J", 1), named(&"x".repeat(300), 1)],
            ..Told::default()
        };
        let text = table(&told, 10, Paint::PLAIN);
        assert!(
            text.contains("\\u{1b}[2J") && !text.contains('\u{1b}'),
            "{text}"
        );
        assert!(
            text.contains(&format!("{}…\n", "x".repeat(WIDTH))),
            "{text}"
        );
    }
}
