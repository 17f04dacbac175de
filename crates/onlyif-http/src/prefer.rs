//! Preferences (RFC 7240).

use onlyif::command::Stale;

/// What the client would rather have. Preferences that are not known here are ignored, as RFC 7240
/// §2 asks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Preferences {
    /// `return=minimal`: no body. `return=representation` is the default.
    pub minimal: bool,
    /// `conflict=merge` or `conflict=refuse`.
    pub stale: Option<Stale>,
    /// `dry-run`: everything is decided, and nothing written.
    pub dry_run: bool,
}

/// Reads the value of `Prefer`: of a preference that is named twice the first counts.
pub fn preferences(value: &str) -> Preferences {
    let mut preferences = Preferences::default();
    let mut seen: Vec<String> = Vec::new();
    let mut quoted = false;
    let separates = |c: char| {
        quoted ^= c == '"';
        c == ',' && !quoted
    };
    for preference in value.split(separates) {
        let preference = preference.split(';').next().unwrap_or_default();
        let (name, value) = preference.split_once('=').unwrap_or((preference, ""));
        let name = name.trim().to_ascii_lowercase();
        if name.is_empty() || seen.contains(&name) {
            continue;
        }
        match (name.as_str(), value.trim().trim_matches('"')) {
            ("return", value) => preferences.minimal = value == "minimal",
            ("conflict", "merge") => preferences.stale = Some(Stale::Merge),
            ("dry-run", "") => preferences.dry_run = true,
            ("conflict", "refuse") => preferences.stale = Some(Stale::Refuse),
            _ => {}
        }
        seen.push(name);
    }
    preferences
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_preferences_are_read_and_others_ignored() {
        let table = [
            ("", false, None),
            ("return=minimal", true, None),
            ("return=representation", false, None),
            ("RETURN = \"minimal\"; foo=bar", true, None),
            ("respond-async, conflict=merge", false, Some(Stale::Merge)),
            ("conflict=refuse, return=minimal", true, Some(Stale::Refuse)),
            ("conflict=merge, conflict=refuse", false, Some(Stale::Merge)),
            ("conflict=other", false, None),
            ("return=minimal, return=representation", true, None),
            ("foo=\"x, return=minimal\", bar", false, None),
        ];
        for (text, minimal, stale) in table {
            for dry_run in [false, true] {
                let text = if dry_run {
                    format!("{text}, Dry-Run")
                } else {
                    text.to_owned()
                };
                let expected = Preferences {
                    minimal,
                    stale,
                    dry_run,
                };
                assert_eq!(preferences(&text), expected, "{text}");
            }
        }
    }
}
