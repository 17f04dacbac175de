//! Views: what is known of the table while a command is being decided.

use std::collections::BTreeMap;

use crate::item::{Item, Key};
use crate::plan::{Plan, Planned};

/// What is known so far: each key is unknown (not in the map), absent, or present.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct View {
    items: BTreeMap<Key, Option<Item>>,
    sent: Vec<(String, Planned)>,
    uncertain: Option<String>,
    overflows: u32,
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

    /// A plan was handed to the store: if its stamp is ever found in the table, this is what it made.
    pub fn sent(&mut self, plan: &Plan) {
        self.sent.push((plan.stamp.clone(), plan.outcome.clone()));
    }

    /// What was handed to the store so far, with the stamps of it.
    pub fn attempts(&self) -> &[(String, Planned)] {
        &self.sent
    }

    /// Nobody knows whether the last plan was written: from here on the command keeps that stamp,
    /// and looks for it before it writes again.
    pub fn doubt(&mut self) {
        if self.uncertain.is_none() {
            self.uncertain = self.sent.last().map(|(stamp, _)| stamp.clone());
        }
    }

    /// The stamp of a write whose outcome nobody knows.
    pub fn uncertain(&self) -> Option<&str> {
        self.uncertain.as_deref()
    }

    /// The store could not hold what a plan would have made.
    pub fn overflow(&mut self) {
        self.overflows += 1;
    }

    /// How many plans the store could not hold.
    pub fn overflows(&self) -> u32 {
        self.overflows
    }
}
