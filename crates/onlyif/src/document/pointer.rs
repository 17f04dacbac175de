//! JSON Pointers (RFC 6901).

use std::fmt;
use std::str::FromStr;

use serde_json::Value;

use super::Document;

/// A JSON Pointer (RFC 6901), held as its unescaped reference tokens. The empty pointer names the
/// whole document.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Pointer(Vec<String>);

/// Why a text is no JSON Pointer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PointerError {
    /// A pointer is empty or begins with `/`.
    NoLeadingSlash,
    /// `~` stands only in `~0` (a tilde) and `~1` (a slash).
    BadEscape,
}

impl fmt::Display for PointerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            PointerError::NoLeadingSlash => "a pointer begins with '/'",
            PointerError::BadEscape => "'~' stands only in '~0' (a tilde) and '~1' (a slash)",
        })
    }
}

impl Pointer {
    /// The pointer of the whole document.
    pub fn root() -> Self {
        Pointer(Vec::new())
    }

    /// The pointer of a top-level member.
    pub fn member(name: &str) -> Self {
        Pointer(vec![name.to_owned()])
    }

    /// This pointer, one token further.
    #[must_use]
    pub fn child(&self, token: &str) -> Self {
        let mut tokens = self.0.clone();
        tokens.push(token.to_owned());
        Pointer(tokens)
    }

    /// The pointer one token shorter; `None` at the root.
    pub fn parent(&self) -> Option<Self> {
        let (_, init) = self.0.split_last()?;
        Some(Pointer(init.to_vec()))
    }

    /// The reference tokens, unescaped.
    pub fn tokens(&self) -> &[String] {
        &self.0
    }

    /// Whether this is the pointer of the whole document.
    pub fn is_root(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether `self` is `other` or one of its ancestors.
    pub fn contains(&self, other: &Pointer) -> bool {
        other.0.starts_with(&self.0)
    }

    /// Whether one of the two is the other or its ancestor: what is done at one is felt at the other.
    pub fn overlaps(&self, other: &Pointer) -> bool {
        self.contains(other) || other.contains(self)
    }

    /// The value there, through objects and arrays; `None` where there is none.
    pub fn of<'a>(&self, document: &'a Document) -> Option<&'a Value> {
        let (first, rest) = self.0.split_first()?;
        let mut value = document.get(first)?;
        for token in rest {
            value = match value {
                Value::Object(members) => members.get(token)?,
                Value::Array(elements) => elements.get(index(token)?)?,
                _ => return None,
            };
        }
        Some(value)
    }
}

impl Pointer {
    /// The object that holds the member named by this pointer, and the member's name; `None` at
    /// the root, and where the way there does not lead through objects.
    pub fn holder<'a, 'b>(
        &'a self,
        document: &'b mut Document,
    ) -> Option<(&'b mut Document, &'a str)> {
        let (last, path) = self.0.split_last()?;
        let mut object = document;
        for token in path {
            match object.get_mut(token)? {
                Value::Object(members) => object = members,
                _ => return None,
            }
        }
        Some((object, last))
    }
}

/// An array index of RFC 6901 §4: digits without a leading zero.
pub fn index(token: &str) -> Option<usize> {
    let plain = token == "0"
        || (!token.starts_with('0')
            && !token.is_empty()
            && token.bytes().all(|b| b.is_ascii_digit()));
    if plain { token.parse().ok() } else { None }
}

impl FromStr for Pointer {
    type Err = PointerError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.is_empty() {
            return Ok(Pointer::root());
        }
        let rest = text.strip_prefix('/').ok_or(PointerError::NoLeadingSlash)?;
        let mut tokens = Vec::new();
        for raw in rest.split('/') {
            let mut token = String::with_capacity(raw.len());
            let mut chars = raw.chars();
            while let Some(c) = chars.next() {
                match (c, c == '~') {
                    (c, false) => token.push(c),
                    _ => match chars.next() {
                        Some('0') => token.push('~'),
                        Some('1') => token.push('/'),
                        _ => return Err(PointerError::BadEscape),
                    },
                }
            }
            tokens.push(token);
        }
        Ok(Pointer(tokens))
    }
}

impl fmt::Display for Pointer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for token in &self.0 {
            write!(f, "/{}", token.replace('~', "~0").replace('/', "~1"))?;
        }
        Ok(())
    }
}
