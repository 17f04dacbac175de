//! The engine's keys as `pk` and `sk`.
//!
//! | item | `pk` | `sk` |
//! |---|---|---|
//! | resource or tombstone | `tenant#type#id` | `#` |
//! | unique value | `tenant#type!constraint#digest` | `#` |
//! | idempotency record | `tenant~actor#key` | `#` |
//!
//! An index partition is `tenant#type#state#shard`. Every part that somebody else chooses is
//! escaped, so that two different keys never have one text.

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

#[cfg(test)]
mod tests {
    use super::*;
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
