//! The engine's keys as `pk` and `sk`.
//!
//! | item | `pk` | `sk` |
//! |---|---|---|
//! | resource or tombstone | `tenant#type#id` | `#` |
//! | unique value | `tenant#type!constraint#digest` | `#` |
//! | idempotency record | `tenant~actor#key` | `#` |
//! | entry of a history | `tenant#type#id` | `v#createdAt#incarnation#version` |
//!
//! The version has as many digits as any can have, so that texts sort as versions do.
//! An index partition is `tenant#type#state#shard`. Every part that somebody else chooses is
//! escaped, so that two different keys never have one text.

use onlyif::history::Life;
use onlyif::item::{Key, Partition};

/// The sort key of all that is kept for long.
pub(crate) const SORT: &str = "#";

/// The partition key of an item.
pub(crate) fn partition_key(key: &Key) -> String {
    match key {
        Key::Resource {
            tenant,
            type_name,
            id,
        } => format!("{}#{}#{}", escape(tenant), escape(type_name), escape(id)),
        Key::Record { tenant, actor, key } => {
            format!("{}~{}#{}", escape(tenant), escape(actor), escape(key))
        }
        Key::Unique {
            tenant,
            type_name,
            constraint,
            digest,
        } => format!(
            "{}#{}!{}#{}",
            escape(tenant),
            escape(type_name),
            escape(constraint),
            escape(digest)
        ),
    }
}

/// The resource whose partition key this is; `None` where it is no resource's.
pub(crate) fn resource(partition_key: &str) -> Option<Key> {
    let mut parts = partition_key.split('#').map(unescape);
    let key = Key::Resource {
        tenant: parts.next()??,
        type_name: parts.next()??,
        id: parts.next()??,
    };
    parts.next().is_none().then_some(key)
}

/// The sort key of the entry that a version has in the history of a life.
pub(crate) fn entry(life: &Life, version: u64) -> String {
    let incarnation = escape(&life.incarnation);
    format!("v#{}#{incarnation}#{version:020}", life.created_at)
}

/// The value of the index's partition key.
pub(crate) fn index_key(partition: &Partition) -> String {
    format!(
        "{}#{}#{}#{}",
        escape(&partition.tenant),
        escape(&partition.type_name),
        partition.state.as_deref().map(escape).unwrap_or_default(),
        partition.shard,
    )
}

/// A part of a key, without separators. Percent-encodes the separators and `%` itself; the empty
/// text is `%`, which nothing else becomes, so that an empty state is not the lack of one.
fn escape(part: &str) -> String {
    if part.is_empty() {
        return "%".to_owned();
    }
    let mut escaped = String::with_capacity(part.len());
    for c in part.chars() {
        match c {
            '#' => escaped.push_str("%23"),
            '!' => escaped.push_str("%21"),
            '~' => escaped.push_str("%7E"),
            '%' => escaped.push_str("%25"),
            c => escaped.push(c),
        }
    }
    escaped
}

/// What [`escape`] made this of; `None` where it makes nothing like it.
fn unescape(part: &str) -> Option<String> {
    if part == "%" {
        return Some(String::new());
    }
    let mut pieces = part.split('%');
    let mut whole = pieces.next()?.to_owned();
    for piece in pieces {
        let (separator, rest) = [("23", '#'), ("21", '!'), ("7E", '~'), ("25", '%')]
            .into_iter()
            .find_map(|(code, separator)| Some((separator, piece.strip_prefix(code)?)))?;
        whole.push(separator);
        whole.push_str(rest);
    }
    let canonical = escape(&whole) == part;
    canonical.then_some(whole)
}

#[cfg(test)]
mod tests {
    use super::*;
    use onlyif::timestamp::Timestamp;
    use proptest::prelude::*;

    fn resource(tenant: &str, type_name: &str, id: &str) -> Key {
        Key::Resource {
            tenant: tenant.into(),
            type_name: type_name.into(),
            id: id.into(),
        }
    }

    fn unique(tenant: &str, type_name: &str, constraint: &str, digest: &str) -> Key {
        Key::Unique {
            tenant: tenant.into(),
            type_name: type_name.into(),
            constraint: constraint.into(),
            digest: digest.into(),
        }
    }

    fn record(tenant: &str, actor: &str, key: &str) -> Key {
        Key::Record {
            tenant: tenant.into(),
            actor: actor.into(),
            key: key.into(),
        }
    }

    fn partition(tenant: &str, type_name: &str, state: Option<&str>, shard: u8) -> Partition {
        Partition {
            tenant: tenant.into(),
            type_name: type_name.into(),
            state: state.map(Into::into),
            shard,
        }
    }

    #[test]
    fn keys_are_written_as_the_table_documents_them() {
        for (key, text) in [
            (resource("-", "orders", "o-1"), "-#orders#o-1"),
            (resource("acme", "orders", "o.1_~"), "acme#orders#o.1_%7E"),
            (resource("a#b", "orders", "100%"), "a%23b#orders#100%25"),
            (resource("", "orders", "x"), "%#orders#x"),
            (unique("-", "users", "email", "00ff"), "-#users!email#00ff"),
            (unique("a!b", "t", "c#d", "e"), "a%21b#t!c%23d#e"),
            (record("-", "alice", "k-1"), "-~alice#k-1"),
            (record("a~b", "c#d", "e~f"), "a%7Eb~c%23d#e%7Ef"),
        ] {
            assert_eq!(partition_key(&key), text);
        }
        for (partition, text) in [
            (partition("-", "orders", Some("paid"), 0), "-#orders#paid#0"),
            (partition("-", "notes", None, 63), "-#notes##63"),
            (partition("-", "notes", Some(""), 0), "-#notes#%#0"),
            (partition("é", "notes", Some("a#b"), 7), "é#notes#a%23b#7"),
        ] {
            assert_eq!(index_key(&partition), text);
        }
    }

    #[test]
    fn entries_sort_by_life_and_then_by_version() {
        let life = |millis, incarnation: &str| Life {
            key: resource("-", "orders", "o-1"),
            created_at: Timestamp::from_millis(millis),
            incarnation: incarnation.into(),
        };
        let first = life(1_795_428_000_000, "9f2c1a7e");
        assert_eq!(
            entry(&first, 7),
            "v#2026-11-23T10:00:00.000Z#9f2c1a7e#00000000000000000007"
        );
        let second = life(1_795_428_000_001, "00000000");
        let texts = [
            SORT.to_owned(),
            entry(&first, 0),
            entry(&first, 9),
            entry(&first, 10),
            entry(&first, u64::MAX),
            entry(&second, 1),
        ];
        assert!(texts.is_sorted(), "{texts:?}");
    }

    #[test]
    fn only_a_resources_key_is_read_as_one() {
        for text in [
            "",
            "-#orders",
            "-#orders#o-1#more",
            "-#orders!email#00",
            "-~alice#key",
            "-##o-1",
            "-#orders#%2",
            "-#orders#%41",
            "-#orders#%7e",
            "-#orders#a%",
        ] {
            assert_eq!(super::resource(text), None, "{text}");
        }
    }

    /// Parts made mostly of what could be mistaken for structure.
    const PART: &str = "([#!~%]|%23|%25|0|a|é){0,4}";

    proptest! {
        #[test]
        fn different_keys_have_different_texts(
            a in prop::array::uniform4(PART),
            b in prop::array::uniform4(PART),
        ) {
            let keys = |p: &[String; 4]| [
                resource(&p[0], &p[1], &p[2]),
                unique(&p[0], &p[1], &p[2], &p[3]),
                record(&p[0], &p[1], &p[2]),
            ];
            for a in keys(&a) {
                for b in keys(&b) {
                    prop_assert_eq!(a == b, partition_key(&a) == partition_key(&b));
                }
            }
        }

        #[test]
        fn a_resources_key_is_read_back_and_no_other_key_is_read_as_one(
            p in prop::array::uniform4(PART),
        ) {
            let key = resource(&p[0], &p[1], &p[2]);
            prop_assert_eq!(super::resource(&partition_key(&key)), Some(key));
            let other = unique(&p[0], &p[1], &p[2], &p[3]);
            prop_assert_eq!(super::resource(&partition_key(&other)), None);
        }

        #[test]
        fn different_partitions_have_different_texts(
            a in (PART, PART, prop::option::of(PART), 0u8..3),
            b in (PART, PART, prop::option::of(PART), 0u8..3),
        ) {
            let partition = |p: &(String, String, Option<String>, u8)| partition(&p.0, &p.1, p.2.as_deref(), p.3);
            let (a, b) = (partition(&a), partition(&b));
            prop_assert_eq!(a == b, index_key(&a) == index_key(&b));
        }
    }
}
