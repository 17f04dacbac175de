//! Whatever can be written is read back as it was.

use std::sync::Arc;

use onlyif::answer::{Done, DoneKind};
use onlyif::document::Document;
use onlyif::document::number::canonical;
use onlyif::item::{
    Attribute, Claim, Clock, Clocks, Item, Key, Lease, Name, Record, Resource, Stamps, Tombstone,
};
use onlyif::plan::{Condition, Effect};
use onlyif::store::{Store, Written};
use onlyif::timestamp::Timestamp;
use onlyif_dynamodb::Table;
use proptest::prelude::*;
use serde_json::Value;

use crate::emulator;
use crate::samples::{self, document, key, plan, putting, read, unique_key, write};

fn number() -> impl Strategy<Value = Value> {
    let spelled = prop_oneof![
        "-?(0|[1-9][0-9]{0,37})",
        "-?0\\.[0-9]{0,20}[1-9]",
        "-?[1-9]\\.[0-9]{1,37}e(\\+|-)?[0-9]{1,2}",
        Just("1e-130".to_owned()),
        Just("9.9999999999999999999999999999999999999e125".to_owned()),
    ];
    spelled.prop_filter_map("the table cannot hold it", |text| {
        Some(Value::Number(canonical(&text)?.parse().ok()?))
    })
}

pub(crate) fn name() -> impl Strategy<Value = String> {
    prop_oneof!["[a-z]{1,3}", "[/~#:.\\[\\]0 é𝄞]{1,4}", any::<String>()]
        .prop_filter("a member's name is not empty", |name| !name.is_empty())
}

pub(crate) fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        Just(String::new()),
        "[\u{0}\u{7f}\u{ffff}𝄞\"\\\\]{0,4}"
    ]
}

pub(crate) fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        number(),
        text().prop_map(Value::String),
    ];
    leaf.prop_recursive(5, 20, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::Array),
            members(inner).prop_map(Value::Object),
        ]
    })
}

/// Ordered by name, as the table gives them back.
pub(crate) fn members(value: impl Strategy<Value = Value>) -> impl Strategy<Value = Document> {
    prop::collection::btree_map(name(), value, 0..4)
        .prop_map(|members| members.into_iter().collect())
}

pub(crate) fn time() -> impl Strategy<Value = Timestamp> {
    (-62_167_219_200_000i64..=253_402_300_799_999).prop_map(Timestamp::from_millis)
}

fn clocks() -> impl Strategy<Value = Clocks> {
    let pointer = prop::collection::vec(name(), 1..4).prop_map(|tokens| {
        let root = onlyif::document::pointer::Pointer::root();
        tokens.iter().fold(root, |at, token| at.child(token))
    });
    let clock = (any::<u64>(), text(), time());
    let clock = clock.prop_map(|(version, actor, at)| Clock { version, actor, at });
    (
        prop::collection::btree_map(pointer, clock, 0..4),
        any::<u64>(),
    )
        .prop_map(|(fields, floor)| Clocks { fields, floor })
}

/// The token of the newest lease, and that lease, unless it was released.
fn leased() -> impl Strategy<Value = (u64, Option<Lease>)> {
    let lease = prop::option::of((text(), time(), text()));
    (any::<u64>(), lease).prop_map(|(token, lease)| {
        let lease = lease.map(|(holder, until, request_id)| Lease {
            holder,
            until,
            token,
            request_id,
        });
        (token, lease)
    })
}

fn resource() -> impl Strategy<Value = Resource> {
    let stamps = prop::array::uniform8(text()).prop_map(Stamps);
    let times = (time(), time(), prop::option::of(time()));
    let texts = (text(), prop::option::of(text()), text(), text(), text());
    let count = 1..=i64::MAX.unsigned_abs();
    let dependents = prop::collection::btree_map("[a-z][a-z0-9-]{0,8}", count, 0..3);
    let counted = prop::collection::btree_set(("[a-z][a-z0-9-]{0,8}", "[ -~]{1,9}"), 0..3);
    let counted = counted.prop_map(|names| {
        let name = |(type_name, id)| Name { type_name, id };
        names.into_iter().map(name).collect()
    });
    let rest = (
        members(value()),
        any::<u64>(),
        clocks(),
        stamps,
        (dependents, counted),
        leased(),
    );
    (rest, times, texts).prop_map(|(rest, times, texts)| Resource {
        document: rest.0,
        version: rest.1,
        clocks: rest.2,
        stamps: rest.3,
        dependents: rest.4.0,
        counted: rest.4.1,
        created_at: times.0,
        updated_at: times.1,
        previous_at: times.2,
        incarnation: texts.0,
        state: texts.1,
        created_by: texts.2,
        updated_by: texts.3,
        operation: texts.4,
        lease_token: rest.5.0,
        lease: rest.5.1.map(Box::new),
    })
}

async fn round_trip(table: &Table, key: &onlyif::item::Key, item: &Item) -> Option<Item> {
    let effect = putting(item.clone(), None);
    let plan = plan(vec![write(key, samples::always(), effect)]);
    assert_eq!(table.write(&plan).await, Written::Done(None));
    read(table, key).await
}

#[test]
fn any_resource_is_read_back_as_it_was_written() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    let table = runtime.block_on(emulator::table());
    let settings = ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::with_cases(128)
    };
    proptest!(settings, |(resource in resource())| {
        let item = Item::from(resource);
        let read = runtime.block_on(round_trip(&table, &key("any"), &item));
        prop_assert_eq!(read, Some(item));
    });
}

#[tokio::test]
async fn what_is_hard_to_hold_is_held() {
    let table = emulator::table().await;
    let deep = format!("{}1{}", r#"{"a":"#.repeat(31), "}".repeat(31));
    for text in [
        r#"{}"#,
        r#"{"a": null}"#,
        r#"{"a": "", "b": [], "c": {}}"#,
        r#"{"a": "\u0000", "\u0000": 1}"#,
        r##"{"pk": 1, "document": {"sk": "#"}, "#n0": ":v0", "a.b": 1, "a[0]": 2}"##,
        r#"{"a": 12345678901234567890123456789012345678}"#,
        r#"{"a": -0.12345678901234567890123456789012345678}"#,
        r#"{"a": 9.9999999999999999999999999999999999999e+125, "b": 1e-130}"#,
        r#"{"a": [[[]], [{}], [null, [""]]]}"#,
        &deep,
    ] {
        let mut resource = samples::resource();
        resource.document = document(text);
        let item = Item::from(resource);
        let read = round_trip(&table, &key("hard"), &item).await;
        assert_eq!(read, Some(item), "{text}");
    }
}

#[tokio::test]
async fn members_come_back_ordered_by_name() {
    let table = emulator::table().await;
    let mut resource = samples::resource();
    resource.document = document(r#"{"b": 1, "a": {"d": 1, "c": 2}, "B": 3}"#);
    let item = Item::from(resource);
    match round_trip(&table, &key("ordered"), &item).await {
        Some(Item::Resource(read)) => {
            let text = Value::Object(read.document.clone()).to_string();
            assert_eq!(text, r#"{"B":3,"a":{"c":2,"d":1},"b":1}"#);
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn tombstones_and_claims_are_read_back_as_they_were_written() {
    let table = emulator::table().await;
    let alice = || Some("alice".to_owned());
    for (expires_at_s, created_by) in [(0, alice()), (1, None), (4_102_444_800, alice())] {
        let tombstone = Tombstone {
            expires_at_s,
            created_by,
            ..samples::tombstone()
        };
        let item = Item::from(tombstone);
        let read = round_trip(&table, &key("gone"), &item).await;
        assert_eq!(
            read,
            Some(item),
            "one that has expired is the engine's to judge"
        );
    }
    let item = Item::Claim(Claim {
        owner: "ö/1".into(),
    });
    let read = round_trip(&table, &unique_key("00ff"), &item).await;
    assert_eq!(read, Some(item));
}

#[tokio::test]
async fn records_are_read_back_as_they_were_written() {
    let table = emulator::table().await;
    let key = Key::Record {
        tenant: "acme".into(),
        actor: "ö~#".into(),
        key: "k#1".into(),
    };
    let shown = Resource {
        previous_at: None,
        clocks: Clocks::default(),
        stamps: Stamps::default(),
        dependents: std::collections::BTreeMap::new(),
        counted: std::collections::BTreeSet::new(),
        lease_token: 0,
        lease: None,
        ..samples::resource()
    };
    for (kind, resource) in [
        (DoneKind::Created, Some(shown.clone())),
        (DoneKind::Changed, Some(shown)),
        (DoneKind::Unchanged, None),
        (DoneKind::Deleted, None),
        (DoneKind::Leased, None),
        (DoneKind::Released, None),
    ] {
        let record = Item::Record(Box::new(Record {
            fingerprint: "00ff".into(),
            request_id: "r-1".into(),
            expires_at_s: 4_102_444_800,
            done: vec![
                Done {
                    replayed: kind == DoneKind::Created,
                    merged: kind == DoneKind::Changed,
                    lease: (kind == DoneKind::Leased).then(samples::lease),
                    ..Done::of(kind, "a", resource.map(Arc::new))
                },
                Done::of(DoneKind::Deleted, "b", None),
            ],
        }));
        assert_eq!(round_trip(&table, &key, &record).await, Some(record));
    }
}

#[tokio::test]
async fn a_check_that_does_not_hold_refuses_the_whole_transaction() {
    let table = emulator::table().await;
    let (there, missing) = (key("there"), key("missing"));
    samples::put(&table, &there, &samples::resource()).await;
    let checks = |of: &Key| {
        let check = write(of, Condition::Exists(Attribute::Key), Effect::Check);
        let claim = putting(samples::claim("n-0"), None);
        plan(vec![
            write(&unique_key("cc"), Condition::absent(), claim),
            check,
        ])
    };
    let refused = table.write(&checks(&missing)).await;
    assert_eq!(refused, Written::Refused(vec![(missing, None)]));
    assert_eq!(table.read(&[unique_key("cc")]).await.unwrap()[0].1, None);
    assert_eq!(table.write(&checks(&there)).await, Written::Done(None));
    let kept = table.read(&[there]).await.unwrap();
    assert_eq!(kept[0].1, Some(Item::from(samples::resource())));
}

#[tokio::test]
async fn a_create_over_a_tombstone_leaves_nothing_of_it() {
    let table = emulator::table().await;
    let key = key("again");
    let tombstone = Item::from(samples::tombstone());
    round_trip(&table, &key, &tombstone).await;
    let live = Item::from(samples::resource());
    assert_eq!(round_trip(&table, &key, &live).await, Some(live));
}

#[tokio::test]
async fn many_items_are_read_at_once_whether_they_are_there_or_not() {
    let table = emulator::table().await;
    let keys: Vec<_> = (0..120).map(|n| key(&format!("n-{n}"))).collect();
    for (n, key) in keys.iter().enumerate().filter(|(n, _)| n % 3 == 0) {
        let mut resource = samples::resource();
        resource.version = n as u64;
        samples::put(&table, key, &resource).await;
    }
    let claimed = unique_key("00");
    let claim = write(
        &claimed,
        Condition::absent(),
        putting(samples::claim("n-0"), None),
    );
    table.write(&plan(vec![claim])).await;
    let mut asked = keys.clone();
    asked.extend([claimed.clone(), keys[0].clone(), unique_key("01")]);

    let read = table.read(&asked).await.expect("readable");

    assert_eq!(read.len(), asked.len());
    for (place, (at, item)) in read.iter().enumerate() {
        assert_eq!(at, &asked[place]);
        match (place, item) {
            (120, item) => assert_eq!(item, &Some(samples::claim("n-0"))),
            (121, Some(Item::Resource(resource))) => assert_eq!(resource.version, 0),
            (n, Some(Item::Resource(resource))) => {
                assert_eq!((n % 3, resource.version), (0, n as u64));
            }
            (n, None) => assert!(n == 122 || n % 3 != 0, "{n}"),
            (n, item) => panic!("{n}: {item:?}"),
        }
    }
    assert_eq!(table.read(&[]).await, Ok(Vec::new()));
}
