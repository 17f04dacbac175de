//! Conditional headers (RFC 9110 §13).

use std::time::SystemTime;

use onlyif::command::{IfMatch, Preconditions};
use onlyif::problem::{Fault, Place};

use crate::exchange::Exchange;

/// A list of entity tags, or `*`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TagList {
    /// Anything.
    Any,
    /// These.
    Tags(Vec<EntityTag>),
}

/// An entity tag (RFC 9110 §8.8.3).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EntityTag {
    /// It says only that two representations are equivalent.
    pub weak: bool,
    /// What stands between the quotes.
    pub opaque: String,
}

/// `If-Match`, and where there is none `If-Unmodified-Since`; adds what is wrong with them.
pub(crate) fn preconditions(exchange: &Exchange<'_>, faults: &mut Vec<Fault>) -> Preconditions {
    let if_match = exchange.header("if-match").and_then(|value| {
        tags("If-Match", &value)
            .map(TagList::strong)
            .map_err(|fault| faults.push(fault))
            .ok()
    });
    let unmodified_since = exchange.header("if-unmodified-since");
    Preconditions {
        if_unmodified_since_s: match if_match {
            Some(_) => None,
            None => unmodified_since.and_then(|value| date(&value)),
        },
        if_match,
        lease_token: None,
    }
}

/// Reads the value of `If-Match` or `If-None-Match`.
///
/// # Errors
/// What is wrong with it, at that header.
pub fn tags(header: &str, value: &str) -> Result<TagList, Fault> {
    let fault = |detail: &str| Fault {
        at: Place::Header(header.to_owned()),
        detail: detail.to_owned(),
        keyword: None,
    };
    if value.trim() == "*" {
        return Ok(TagList::Any);
    }
    let mut tags = Vec::new();
    let mut rest = value.trim_start_matches([' ', '\t', ',']);
    while !rest.is_empty() {
        if rest.starts_with('*') {
            return Err(fault("`*` stands alone, never in a list of tags"));
        }
        let (weak, quoted) = match rest.strip_prefix("W/") {
            Some(quoted) => (true, quoted),
            None => (false, rest),
        };
        let tag = quoted
            .strip_prefix('"')
            .and_then(|inner| inner.split_once('"'));
        let Some((opaque, after)) = tag.filter(|(opaque, _)| opaque.chars().all(is_etagc)) else {
            return Err(fault(
                "expected entity tags in double quotes, such as \"3-9f2c1a7e\"",
            ));
        };
        tags.push(EntityTag {
            weak,
            opaque: opaque.to_owned(),
        });
        let after = after.trim_start_matches([' ', '\t']);
        if !after.is_empty() && !after.starts_with(',') {
            return Err(fault("expected a comma between entity tags"));
        }
        rest = after.trim_start_matches([' ', '\t', ',']);
    }
    if tags.is_empty() {
        return Err(fault("expected an entity tag in double quotes, or *"));
    }
    Ok(TagList::Tags(tags))
}

fn is_etagc(c: char) -> bool {
    c == '!' || ('\u{23}'..='\u{7e}').contains(&c) || c >= '\u{80}'
}

impl TagList {
    /// As a precondition of a write: a weak tag never matches (RFC 9110 §13.1.1).
    pub fn strong(self) -> IfMatch {
        match self {
            TagList::Any => IfMatch::Any,
            TagList::Tags(tags) => IfMatch::Tags(
                tags.into_iter()
                    .filter(|tag| !tag.weak)
                    .map(|tag| tag.opaque)
                    .collect(),
            ),
        }
    }

    /// Whether one of them is this tag, weakly compared (RFC 9110 §8.8.3.2).
    pub fn matches(&self, tag: &str) -> bool {
        match self {
            TagList::Any => true,
            TagList::Tags(tags) => tags.iter().any(|each| each.opaque == tag),
        }
    }
}

/// The second (since the epoch) that an HTTP date names; `None` where it is none, which is ignored
/// (RFC 9110 §13.1.4).
pub fn date(value: &str) -> Option<i64> {
    let time = httpdate::parse_http_date(value.trim()).ok()?;
    let since = time.duration_since(SystemTime::UNIX_EPOCH).ok()?;
    i64::try_from(since.as_secs()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(tags: &[(bool, &str)]) -> TagList {
        let tag = |(weak, opaque): &(bool, &str)| EntityTag {
            weak: *weak,
            opaque: (*opaque).into(),
        };
        TagList::Tags(tags.iter().map(tag).collect())
    }

    #[test]
    fn tags_are_read_as_lists_of_quoted_texts() {
        let table = [
            ("*", TagList::Any),
            (" * ", TagList::Any),
            ("\"a\"", list(&[(false, "a")])),
            ("\"\"", list(&[(false, "")])),
            ("W/\"a\"", list(&[(true, "a")])),
            ("\"a\", W/\"b\"", list(&[(false, "a"), (true, "b")])),
            ("\"a,b\",\"c\"", list(&[(false, "a,b"), (false, "c")])),
            (", \"a\" ,, \"b\",", list(&[(false, "a"), (false, "b")])),
        ];
        for (text, expected) in table {
            assert_eq!(tags("If-Match", text), Ok(expected), "{text}");
        }
        let bad = [
            "",
            " ",
            "a",
            "\"a",
            "a\"",
            "w/\"a\"",
            "*, \"a\"",
            "\"a\", *",
            "\"a\" \"b\"",
            "\"a b\"",
            "'a'",
            "\"a\"b",
        ];
        for text in bad {
            assert!(tags("If-Match", text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_weak_tag_matches_no_write() {
        let both = tags("If-Match", "W/\"a\", \"b\"").unwrap();
        assert!(both.matches("a") && both.matches("b"));
        assert_eq!(both.strong(), IfMatch::Tags(vec!["b".into()]));
    }

    #[test]
    fn dates_that_are_none_are_ignored() {
        assert_eq!(date("Sun, 06 Nov 1994 08:49:37 GMT"), Some(784_111_777));
        assert_eq!(date("Sunday, 06-Nov-94 08:49:37 GMT"), Some(784_111_777));
        assert_eq!(date("yesterday"), None);
        assert_eq!(date("2026-11-24T00:00:00Z"), None);
    }
}
