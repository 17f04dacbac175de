//! Views: what is known of the table while a command is being decided.

use std::collections::BTreeMap;

use crate::item::{Item, Key};

/// What is known so far: each key is unknown (not in the map), absent, or present.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct View {
    items: BTreeMap<Key, Option<Item>>,
    uncertain: Option<String>,
}

/// What the view says of one key.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Seen<'a> {
    /// Nobody has looked.
    Unknown,
    /// There is no such item.
    Absent,
    /// The item, as it was when it was looked at.
    Present(&'a Item),
}

impl View {
    /// What is known of this key.
    pub fn get(&self, key: &Key) -> Seen<'_> {
        match self.items.get(key) {
            None => Seen::Unknown,
            Some(None) => Seen::Absent,
            Some(Some(item)) => Seen::Present(item),
        }
    }

    /// Adds what was read, or what came back with a refusal; newer knowledge replaces older.
    pub fn learn(&mut self, key: Key, item: Option<Item>) {
        self.items.insert(key, item);
    }

    /// A write with this stamp may or may not have been applied: from here on the command keeps
    /// that stamp, and looks for it before it writes again.
    pub fn doubt(&mut self, stamp: &str) {
        self.uncertain.get_or_insert_with(|| stamp.to_owned());
    }

    /// The stamp of a write whose outcome nobody knows.
    pub fn uncertain(&self) -> Option<&str> {
        self.uncertain.as_deref()
    }
}
