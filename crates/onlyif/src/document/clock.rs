//! Field clocks: which field changed last when, and by whom.

use std::cmp::Reverse;

use super::pointer::Pointer;
use crate::item::{Clock, Clocks};

/// How many clocks are kept.
pub const MAX_CLOCKS: usize = 256;

/// How many bytes the kept clocks may take in the item. With a document of
/// [`MAX_DOCUMENT_BYTES`](super::MAX_DOCUMENT_BYTES) and all else that an item has, that stays
/// below the 400 KB that the table takes.
pub const MAX_CLOCK_BYTES: usize = 80 * 1024;

impl Clocks {
    /// The clocks after a change of these fields. The clocks below a changed field go with it: a
    /// field's clock is the newest on its path. What is more than [`MAX_CLOCKS`] or
    /// [`MAX_CLOCK_BYTES`] is forgotten, oldest first, and raises the floor to the greatest version
    /// forgotten. `/state` is never forgotten: since when and by whom a state is what it is, is
    /// asked at any age.
    #[must_use]
    pub fn advance(&self, changed: &[Pointer], clock: &Clock) -> Clocks {
        let mut fields = self.fields.clone();
        fields.retain(|pointer, _| !changed.iter().any(|changed| changed.contains(pointer)));
        for pointer in changed {
            fields.insert(pointer.clone(), clock.clone());
        }
        let mut next = Clocks {
            fields,
            floor: self.floor,
        };
        next.forget();
        next
    }

    /// Drops the oldest clocks until the rest is within the limits.
    fn forget(&mut self) {
        let state = Pointer::member("state");
        let mut newest: Vec<(&Pointer, &Clock)> = self.fields.iter().collect();
        newest.sort_by_key(|(pointer, clock)| (**pointer != state, Reverse(clock.version)));
        let mut bytes = 0_usize;
        let mut kept = 0_usize;
        for (pointer, clock) in &newest {
            bytes = bytes.saturating_add(weight(pointer, clock));
            if kept == MAX_CLOCKS || bytes > MAX_CLOCK_BYTES {
                break;
            }
            kept += 1;
        }
        let forgotten: Vec<(Pointer, u64)> = newest
            .split_off(kept)
            .into_iter()
            .map(|(pointer, clock)| (pointer.clone(), clock.version))
            .collect();
        for (pointer, version) in forgotten {
            self.fields.remove(&pointer);
            self.floor = self.floor.max(version);
        }
    }

    /// The clocks of what changed after version `base`, by pointer; those that a newer or equal one
    /// on an ancestor covers are left out. `None` where clocks that young have been forgotten.
    pub fn since(&self, base: u64) -> Option<Vec<(&Pointer, &Clock)>> {
        if base < self.floor {
            return None;
        }
        let covered = |pointer: &Pointer, clock: &Clock| {
            std::iter::successors(pointer.parent(), Pointer::parent).any(|ancestor| {
                self.fields
                    .get(&ancestor)
                    .is_some_and(|above| above.version >= clock.version)
            })
        };
        Some(
            self.fields
                .iter()
                .filter(|(pointer, clock)| clock.version > base && !covered(pointer, clock))
                .collect(),
        )
    }
}

/// What one clock takes in the item: its pointer as the name of a member in three maps, its actor,
/// its time (24 bytes), its version, and a byte of overhead for each member.
fn weight(pointer: &Pointer, clock: &Clock) -> usize {
    3 * (pointer.to_string().len() + 1) + clock.actor.len() + 24 + 21
}
