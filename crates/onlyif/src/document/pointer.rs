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
        down(document.get(first)?, rest)
    }

    /// The same within any value; at the root the value itself.
    pub fn within<'a>(&self, value: &'a Value) -> Option<&'a Value> {
        down(value, &self.0)
    }
}

fn down<'a>(value: &'a Value, tokens: &[String]) -> Option<&'a Value> {
    tokens.iter().try_fold(value, |value, token| match value {
        Value::Object(members) => members.get(token),
        Value::Array(elements) => elements.get(index(token)?),
        _ => None,
    })
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn pointer(text: &str) -> Pointer {
        text.parse().unwrap()
    }

    #[test]
    fn pointers_are_read_and_written_as_the_rfc_escapes_them() {
        for (text, tokens) in [
            ("", &[][..]),
            ("/", &[""]),
            ("/a/b", &["a", "b"]),
            ("/a//", &["a", "", ""]),
            ("/a~1b/m~0n", &["a/b", "m~n"]),
            ("/~01", &["~1"]),
            ("/~10/é %25", &["/0", "é %25"]),
        ] {
            assert_eq!(pointer(text).tokens(), tokens, "{text}");
            assert_eq!(pointer(text).to_string(), text);
        }
        for (text, error) in [
            ("a", PointerError::NoLeadingSlash),
            ("#/a", PointerError::NoLeadingSlash),
            ("/~", PointerError::BadEscape),
            ("/a~2", PointerError::BadEscape),
            ("/~/a", PointerError::BadEscape),
        ] {
            assert_eq!(text.parse::<Pointer>(), Err(error), "{text}");
        }
    }

    #[test]
    fn a_pointer_finds_its_value_through_objects_and_arrays() {
        let value = json!({"a": {"b": [1, {"c": null}]}, "0": 2, "": 3});
        let document = value.as_object().unwrap();
        for (text, expected) in [
            ("/a/b/0", Some(json!(1))),
            ("/a/b/1/c", Some(json!(null))),
            ("/0", Some(json!(2))),
            ("/", Some(json!(3))),
            ("/a/b/2", None),
            ("/a/b/00", None),
            ("/a/b/-", None),
            ("/a/b/+1", None),
            ("/a/b/0/x", None),
            ("/a/x", None),
            ("/x/y", None),
        ] {
            assert_eq!(pointer(text).of(document), expected.as_ref(), "{text}");
        }
    }

    #[test]
    fn an_index_is_written_one_way() {
        for (text, expected) in [
            ("0", Some(0)),
            ("10", Some(10)),
            ("", None),
            ("00", None),
            ("01", None),
            ("-1", None),
            ("+1", None),
            ("1.0", None),
            ("٣", None),
            ("99999999999999999999999", None),
        ] {
            assert_eq!(index(text), expected, "{text}");
        }
    }

    #[test]
    fn pointers_overlap_on_one_path() {
        for (a, b, contains, overlaps) in [
            ("", "/a", true, true),
            ("/a", "/a", true, true),
            ("/a", "/a/b", true, true),
            ("/a/b", "/a", false, true),
            ("/a", "/ab", false, false),
            ("/a/b", "/a/c", false, false),
        ] {
            assert_eq!(pointer(a).contains(&pointer(b)), contains, "{a} {b}");
            assert_eq!(pointer(a).overlaps(&pointer(b)), overlaps, "{a} {b}");
            assert_eq!(pointer(b).overlaps(&pointer(a)), overlaps, "{a} {b}");
        }
    }
}
