//! Cursors: where a list or a history goes on. One is bound to the tenant, the type and the filter, or
//! to the incarnation, that it was given for.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// What a list's cursor says. Clients see it as one opaque text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cursor {
    /// The tenant that it was given to.
    pub tenant: String,
    /// The type that was listed.
    pub type_name: String,
    /// The state that was asked for.
    pub state: Option<String>,
    /// The list goes on behind this id.
    pub after: String,
}

/// What a history's cursor says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HistoryCursor {
    /// The tenant that it was given to.
    pub tenant: String,
    /// The resource's type.
    pub type_name: String,
    /// The resource's id.
    pub id: String,
    /// Its incarnation.
    pub incarnation: String,
    /// The history goes on with the version before this one.
    pub before: u64,
}

fn write(cursor: &impl Serialize) -> String {
    URL_SAFE_NO_PAD.encode(serde_json::to_vec(cursor).unwrap_or_default())
}

fn read<C: DeserializeOwned>(text: &str) -> Option<C> {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(text).ok()?).ok()
}

impl HistoryCursor {
    /// The text for the client.
    pub fn write(&self) -> String {
        write(self)
    }

    /// What a client's text says; `None` where it is no cursor of a history.
    pub fn read(text: &str) -> Option<Self> {
        read(text)
    }
}

impl Cursor {
    /// The text for the client.
    pub fn write(&self) -> String {
        write(self)
    }

    /// What a client's text says; `None` where it is no cursor of a list.
    pub fn read(text: &str) -> Option<Self> {
        read(text)
    }

    /// Whether it was given for the same list.
    pub fn fits(&self, tenant: &str, type_name: &str, state: Option<&str>) -> bool {
        self.tenant == tenant && self.type_name == type_name && self.state.as_deref() == state
    }
}

#[cfg(test)]
mod tests {
    use super::{Cursor, HistoryCursor};

    #[test]
    fn a_cursor_is_read_back_and_nothing_else_is_one() {
        let cursor = Cursor {
            tenant: "-".into(),
            type_name: "orders".into(),
            state: Some("paid".into()),
            after: "o-1".into(),
        };
        assert_eq!(Cursor::read(&cursor.write()), Some(cursor.clone()));
        for text in ["", "x", "eyJ9", "o-1", "e30"] {
            assert_eq!(Cursor::read(text), None, "{text}");
        }
        let history = HistoryCursor {
            tenant: "-".into(),
            type_name: "orders".into(),
            id: "o-1".into(),
            incarnation: "9f2c1a7e".into(),
            before: 7,
        };
        assert_eq!(HistoryCursor::read(&history.write()), Some(history.clone()));
        assert_eq!(HistoryCursor::read(&cursor.write()), None);
        assert_eq!(Cursor::read(&history.write()), None);
        assert!(cursor.fits("-", "orders", Some("paid")));
        for (tenant, type_name, state) in [
            ("acme", "orders", Some("paid")),
            ("-", "products", Some("paid")),
            ("-", "orders", Some("pending")),
            ("-", "orders", None),
        ] {
            assert!(!cursor.fits(tenant, type_name, state));
        }
    }
}
