//! Views: what is known of the table while a command is being decided.

use std::collections::BTreeMap;

use crate::item::{Item, Key};
use crate::plan::{Act, Plan};
use crate::timestamp::Timestamp;

/// What is known so far: each key is unknown (not in the map), absent, or present.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct View {
    items: BTreeMap<Key, Look>,
    attempts: Vec<Attempt>,
    overflows: u32,
    at: Option<Timestamp>,
}

/// What was found at one key.
#[derive(Clone, Debug, PartialEq)]
struct Look {
    item: Option<Item>,
    /// The plans that had been handed to the store by then.
    after: usize,
}

/// A plan that was handed to the store.
#[derive(Clone, Debug, PartialEq)]
pub struct Attempt {
    /// What it makes.
    pub acts: Vec<Act>,
    /// Nobody knows whether it was written, or will be.
    pub in_doubt: bool,
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
            Some(Look { item: None, .. }) => Seen::Absent,
            Some(Look {
                item: Some(item), ..
            }) => Seen::Present(item),
        }
    }

    /// How many plans had been handed to the store when this key was looked at last; `None` where
    /// nobody has looked. What was looked at after the same number was not all seen at one moment.
    pub fn looked_after(&self, key: &Key) -> Option<usize> {
        self.items.get(key).map(|look| look.after)
    }

    /// Whether what is known of the one key was looked at before what is known of the other, so that it
    /// may have changed since.
    pub fn is_older(&self, key: &Key, than: &Key) -> bool {
        self.looked_after(key) < self.looked_after(than)
    }

    /// Adds what was read, or what came back with a refusal; newer knowledge replaces older.
    pub fn learn(&mut self, key: Key, item: Option<Item>) {
        let after = self.attempts.len();
        self.items.insert(key, Look { item, after });
    }

    /// Learns what came back with the refusal of a plan. A record that is not among what was refused
    /// is not there: its condition did hold.
    pub fn refused(&mut self, plan: &Plan, items: Vec<(Key, Option<Item>)>) {
        for write in &plan.writes {
            if matches!(write.key, Key::Record { .. }) {
                self.learn(write.key.clone(), None);
            }
        }
        items
            .into_iter()
            .for_each(|(key, item)| self.learn(key, item));
    }

    /// The time at which the view was completed last.
    pub fn looked(&mut self, at: Timestamp) {
        self.at = Some(at);
    }

    /// When the view was completed last; `None` where nobody has looked yet.
    pub fn at(&self) -> Option<Timestamp> {
        self.at
    }

    /// A plan was handed to the store: if its stamp is ever found in the table, this is what it made.
    pub fn sent(&mut self, plan: &Plan) {
        self.attempts.push(Attempt {
            acts: plan.acts.clone(),
            in_doubt: false,
        });
    }

    /// Nobody knows whether the last plan was written, or will be: from here on the command keeps
    /// its stamp, and looks for it before it writes again.
    pub fn doubt(&mut self) {
        if let Some(attempt) = self.attempts.last_mut() {
            attempt.in_doubt = true;
        }
    }

    /// What was handed to the store so far.
    pub fn attempts(&self) -> &[Attempt] {
        &self.attempts
    }

    /// What was handed to the store of this resource, in order, and whether it is in doubt.
    pub fn acts<'a>(&'a self, key: &'a Key) -> impl DoubleEndedIterator<Item = (&'a Act, bool)> {
        let of = move |attempt: &'a Attempt| {
            let acts = attempt.acts.iter().filter(move |act| act.key == *key);
            acts.map(move |act| (act, attempt.in_doubt))
        };
        self.attempts.iter().flat_map(of)
    }

    /// Whether nobody knows of some writes whether they were made.
    pub fn in_doubt(&self) -> bool {
        self.attempts.iter().any(|attempt| attempt.in_doubt)
    }

    /// The stamp of the writes of this resource of which nobody knows whether they were made.
    pub fn uncertain<'a>(&'a self, key: &'a Key) -> Option<&'a str> {
        self.acts(key)
            .find(|(_, in_doubt)| *in_doubt)
            .map(|(act, _)| act.stamp.as_str())
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
