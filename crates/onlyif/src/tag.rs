//! Entity tags (RFC 9110 §8.8.3): one version of one incarnation of a resource.

use std::fmt;

/// The strong entity tag of a representation, `VERSION-INCARNATION`: opaque to clients. A resource
/// that is deleted and created again is another incarnation, so that no old tag ever matches it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tag {
    /// Counts from 1 in each incarnation.
    pub version: u64,
    /// Eight lower-case hexadecimal digits, drawn when the resource was created.
    pub incarnation: String,
}

impl Tag {
    /// What the text names, if it could be one of our tags: another's opaque tag is `None`, and
    /// simply matches nothing.
    pub fn parse(text: &str) -> Option<Self> {
        let (version, incarnation) = text.split_once('-')?;
        let canonical = !version.starts_with('0') && version.bytes().all(|b| b.is_ascii_digit());
        if !canonical || incarnation.is_empty() {
            return None;
        }
        Some(Tag {
            version: version.parse().ok()?,
            incarnation: incarnation.to_owned(),
        })
    }
}

impl fmt::Display for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.version, self.incarnation)
    }
}
