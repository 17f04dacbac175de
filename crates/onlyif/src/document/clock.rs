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

#[cfg(test)]
mod tests {
    use std::str::FromStr;

    use super::*;
    use crate::timestamp::Timestamp;

    fn pointer(text: &str) -> Pointer {
        Pointer::from_str(text).unwrap()
    }

    fn clock(version: u64) -> Clock {
        Clock {
            version,
            actor: format!("actor-{version}"),
            at: Timestamp::from_millis(i64::try_from(version).unwrap()),
        }
    }

    /// One version after the other, from 2 on.
    fn after(changes: &[&[&str]]) -> Clocks {
        changes
            .iter()
            .zip(2..)
            .fold(Clocks::default(), |clocks, (changed, version)| {
                let changed: Vec<Pointer> = changed.iter().map(|text| pointer(text)).collect();
                clocks.advance(&changed, &clock(version))
            })
    }

    fn since(clocks: &Clocks, base: u64) -> Option<Vec<(String, u64)>> {
        let since = clocks.since(base)?;
        Some(
            since
                .into_iter()
                .map(|(pointer, clock)| (pointer.to_string(), clock.version))
                .collect(),
        )
    }

    #[test]
    fn what_changed_since_a_version_is_told_by_pointer() {
        for (changes, base, expected) in [
            (&[][..], 1, &[][..]),
            (&[&["/b", "/a"][..]], 1, &[("/a", 2), ("/b", 2)]),
            (&[&["/a"], &["/b"]], 2, &[("/b", 3)]),
            (&[&["/a"], &["/b"], &["/a"]], 1, &[("/a", 4), ("/b", 3)]),
            (&[&["/a"]], 2, &[]),
            (&[&["/a"]], 9, &[]),
            // A change of an object covers earlier ones below it, and not later ones.
            (
                &[&["/a/b", "/a/c/d", "/ab"], &["/a"]],
                1,
                &[("/a", 3), ("/ab", 2)],
            ),
            (&[&["/a"], &["/a/b"]], 1, &[("/a", 2), ("/a/b", 3)]),
            (&[&["/a"], &["/a/b"]], 2, &[("/a/b", 3)]),
            (&[&["/a/b"], &["/a"], &["/a/b"], &["/a"]], 1, &[("/a", 5)]),
            // The whole document.
            (&[&["/a", "/b/c"], &[""]], 1, &[("", 3)]),
        ] {
            let expected: Vec<(String, u64)> = expected
                .iter()
                .map(|(pointer, version)| ((*pointer).to_owned(), *version))
                .collect();
            assert_eq!(
                since(&after(changes), base),
                Some(expected),
                "{changes:?} since {base}"
            );
        }
    }

    #[test]
    fn a_clock_that_a_blind_write_left_below_a_newer_one_is_covered() {
        // Such a write sets its own clocks, and sees no others.
        let mut clocks = Clocks::default();
        for (text, version) in [
            ("/a", 5),
            ("/a/b", 4),
            ("/a/c", 5),
            ("/a/d", 6),
            ("/a/d/e", 5),
        ] {
            clocks.fields.insert(pointer(text), clock(version));
        }
        assert_eq!(
            since(&clocks, 3),
            Some(vec![("/a".to_owned(), 5), ("/a/d".to_owned(), 6)])
        );
    }

    #[test]
    fn clocks_below_a_change_take_no_place() {
        let clocks = after(&[&["/a/b", "/a/c/d", "/ab"], &["/a"]]);
        let kept: Vec<String> = clocks.fields.keys().map(Pointer::to_string).collect();
        assert_eq!(kept, ["/a", "/ab"]);
    }

    #[test]
    fn every_changed_field_gets_the_actor_and_the_time() {
        let clocks = after(&[&["/a", "/b"], &["/b"]]);
        assert_eq!(clocks.fields[&pointer("/a")], clock(2));
        assert_eq!(clocks.fields[&pointer("/b")], clock(3));
    }

    #[test]
    fn the_oldest_are_forgotten_and_raise_the_floor() {
        let names: Vec<String> = (0..MAX_CLOCKS + 2).map(|n| format!("/f{n}")).collect();
        let one_each: Vec<[&str; 1]> = names.iter().map(|name| [name.as_str()]).collect();
        let changes: Vec<&[&str]> = one_each.iter().map(|change| &change[..]).collect();
        let full = after(&changes[..MAX_CLOCKS]);
        assert_eq!((full.fields.len(), full.floor), (MAX_CLOCKS, 0));
        assert_eq!(since(&full, 0).map(|fields| fields.len()), Some(MAX_CLOCKS));
        let over = after(&changes);
        assert_eq!((over.fields.len(), over.floor), (MAX_CLOCKS, 3));
        assert!(!over.fields.contains_key(&pointer("/f1")));
        assert!(over.fields.contains_key(&pointer("/f2")));
        assert_eq!(since(&over, 2), None);
        assert_eq!(since(&over, 3).map(|fields| fields.len()), Some(MAX_CLOCKS));
    }

    #[test]
    fn one_change_of_too_many_fields_leaves_no_older_base() {
        let changed: Vec<Pointer> = (0..=MAX_CLOCKS)
            .map(|n| pointer(&format!("/f{n}")))
            .collect();
        let clocks = Clocks::default().advance(&changed, &clock(2));
        assert_eq!((clocks.fields.len(), clocks.floor), (MAX_CLOCKS, 2));
        assert_eq!(since(&clocks, 1), None);
        assert_eq!(since(&clocks, 2), Some(vec![]));
    }

    #[test]
    fn long_pointers_are_forgotten_before_the_item_grows_too_large() {
        let long = |n: usize| pointer(&format!("/{}{n}", "n".repeat(1_000)));
        let clocks = (2..102).fold(Clocks::default(), |clocks, version| {
            clocks.advance(&[long(usize::try_from(version).unwrap())], &clock(version))
        });
        let bytes: usize = clocks
            .fields
            .iter()
            .map(|(pointer, clock)| weight(pointer, clock))
            .sum();
        assert!(bytes <= MAX_CLOCK_BYTES, "{bytes}");
        assert!(bytes > MAX_CLOCK_BYTES - 4_000, "{bytes}");
        let kept = u64::try_from(clocks.fields.len()).unwrap();
        assert_eq!(clocks.floor, 101 - kept);
        // One alone may be too much.
        let huge = pointer(&format!("/{}", "n".repeat(MAX_CLOCK_BYTES / 3)));
        let none = clocks.advance(&[huge], &clock(102));
        assert_eq!((none.fields.len(), none.floor), (0, 102));
    }

    #[test]
    fn the_clock_of_the_state_is_never_forgotten() {
        let changed: Vec<Pointer> = (0..300).map(|n| pointer(&format!("/f{n}"))).collect();
        let clocks = Clocks::default()
            .advance(&[pointer("/state")], &clock(2))
            .advance(&changed, &clock(3));
        assert_eq!(clocks.fields[&pointer("/state")], clock(2));
        assert_eq!((clocks.fields.len(), clocks.floor), (MAX_CLOCKS, 3));
    }
}
