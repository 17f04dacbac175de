//! Histories: each entry is kept once, and read back as it was written, newest first.

use onlyif::document::patch::Difference;
use onlyif::document::pointer::Pointer;
use onlyif::history::{Archive, Changes, Entry, Life};
use onlyif::timestamp::Timestamp;
use proptest::prelude::*;
use serde_json::json;

use crate::emulator;
use crate::round_trips::{members, text, time, value};
use crate::samples::{self, document, key};

fn life() -> Life {
    Life::of(key("l"), &samples::resource())
}

fn entry(version: u64) -> Entry {
    Entry {
        version,
        by: "alice".into(),
        at: Timestamp::from_millis(1_795_428_000_000),
        operation: "update".into(),
        changes: Changes::Members(Difference {
            replaced: [(Pointer::member("stock"), json!(version))].into(),
            ..Difference::default()
        }),
        expires_at_s: 1,
    }
}

fn pointer() -> impl Strategy<Value = Pointer> {
    prop::collection::vec(crate::round_trips::name(), 1..4).prop_map(|tokens| {
        let root = Pointer::root();
        tokens.iter().fold(root, |at, token| at.child(token))
    })
}

fn changes() -> impl Strategy<Value = Changes> {
    let written = || prop::collection::btree_map(pointer(), value(), 0..3);
    let removed = prop::collection::btree_set(pointer(), 0..3);
    let difference = (written(), written(), removed).prop_map(|(added, replaced, removed)| {
        Changes::Members(Difference {
            added,
            replaced,
            removed,
        })
    });
    prop_oneof![members(value()).prop_map(Changes::Whole), difference]
}

#[test]
fn any_entry_is_read_back_as_it_was_kept() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    let table = runtime.block_on(emulator::table());
    let settings = ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::with_cases(128)
    };
    let rest = (any::<u64>(), text(), time(), text(), any::<i64>());
    proptest!(settings, |(rest in rest, changes in changes(), created_at in time(), incarnation in "[0-9a-f]{8}")| {
        let life = Life { key: key("any"), created_at, incarnation };
        let entry = Entry {
            version: rest.0,
            by: rest.1,
            at: rest.2,
            operation: rest.3,
            changes,
            expires_at_s: rest.4,
        };
        let read = runtime.block_on(async {
            table.keep(&life, &entry).await?;
            table.entries(&life, None, 1).await
        });
        prop_assert_eq!(read.map(|page| page.entries), Ok(vec![entry]));
    });
}

#[tokio::test]
async fn what_a_document_can_hold_an_entry_can() {
    let table = emulator::table().await;
    let deep = |levels: usize| {
        document(&format!(
            "{}1{}",
            r#"{"a":"#.repeat(levels),
            "}".repeat(levels)
        ))
    };
    let within = deep(31).remove("a").expect("a member");
    for (version, changes) in [
        (1, Changes::Whole(deep(31))),
        (
            2,
            Changes::Members(Difference {
                added: [(Pointer::member("a"), within)].into(),
                ..Difference::default()
            }),
        ),
    ] {
        let entry = Entry {
            changes,
            ..entry(version)
        };
        table.keep(&life(), &entry).await.expect("kept");
        let read = table.entries(&life(), None, 1).await.expect("readable");
        assert_eq!(read.entries, [entry]);
    }
}

#[tokio::test]
async fn an_entry_that_is_there_stays_as_it_is() {
    let table = emulator::table().await;
    let first = entry(1);
    let second = Entry {
        by: "mallory".into(),
        ..entry(1)
    };
    for entry in [&first, &first, &second] {
        table.keep(&life(), entry).await.expect("kept");
    }
    let read = table.entries(&life(), None, 9).await.expect("readable");
    assert_eq!(read.entries, [first]);
}

#[tokio::test]
async fn a_life_is_read_in_pages_and_no_other_with_it() {
    let table = emulator::table().await;
    let other_time = Life {
        created_at: Timestamp::from_millis(0),
        ..life()
    };
    let other_incarnation = Life {
        incarnation: "00000000".into(),
        ..life()
    };
    let other_resource = Life {
        key: key("m"),
        ..life()
    };
    for other in [other_time, other_incarnation, other_resource] {
        table.keep(&other, &entry(11)).await.expect("kept");
    }
    // Whatever the order they come in.
    for version in [3, 9, 1, 10, 2] {
        table.keep(&life(), &entry(version)).await.expect("kept");
    }
    for (before, limit, versions, more) in [
        (None, 9, &[10, 9, 3, 2, 1][..], false),
        (None, 2, &[10, 9], true),
        (Some(9), 2, &[3, 2], true),
        (Some(2), 2, &[1], false),
        (Some(1), 2, &[], false),
        (Some(0), 2, &[], false),
    ] {
        let page = table
            .entries(&life(), before, limit)
            .await
            .expect("readable");
        let read: Vec<u64> = page.entries.iter().map(|entry| entry.version).collect();
        assert_eq!((read.as_slice(), page.more), (versions, more), "{before:?}");
    }
}
