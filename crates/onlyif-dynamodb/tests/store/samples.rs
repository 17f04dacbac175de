//! Items and plans to try things with.

use std::sync::Arc;

use onlyif::answer::DoneKind;
use onlyif::document::Document;
use onlyif::item::{
    Claim, Clock, Clocks, Item, Key, Lease, Partition, Resource, Stamps, Tombstone,
};
use onlyif::plan::{Act, Assignment, Condition, Effect, Plan, Planned, Write};
use onlyif::store::{Store, Written};
use onlyif::timestamp::Timestamp;
use onlyif_dynamodb::Table;
use serde_json::Value;

/// The value that a JSON text says.
pub(crate) fn json(text: &str) -> Value {
    serde_json::from_str(text).expect(text)
}

pub(crate) fn document(text: &str) -> Document {
    match json(text) {
        Value::Object(members) => members,
        _ => panic!("no document: {text}"),
    }
}

pub(crate) fn key(id: &str) -> Key {
    Key::Resource {
        tenant: "-".into(),
        type_name: "things".into(),
        id: id.into(),
    }
}

pub(crate) fn unique_key(digest: &str) -> Key {
    Key::Unique {
        tenant: "-".into(),
        type_name: "things".into(),
        constraint: "name".into(),
        digest: digest.into(),
    }
}

pub(crate) fn partition(state: Option<&str>) -> Partition {
    Partition {
        tenant: "-".into(),
        type_name: "things".into(),
        state: state.map(Into::into),
        shard: 0,
    }
}

fn time(millis: i64) -> Timestamp {
    Timestamp::from_millis(1_795_428_000_000 + millis)
}

pub(crate) fn resource() -> Resource {
    let clock = |version, actor: &str| Clock {
        version,
        actor: actor.into(),
        at: time(version as i64),
    };
    Resource {
        document: document(r#"{"stock": 5, "name": "chair", "tags": ["a"], "size": {"w": 1}}"#),
        version: 3,
        incarnation: "9f2c1a7e".into(),
        state: Some("open".into()),
        created_at: time(0),
        created_by: "alice".into(),
        updated_at: time(3),
        updated_by: "bob".into(),
        operation: "move".into(),
        previous_at: Some(time(2)),
        clocks: Clocks {
            fields: [
                ("/stock".parse().expect("a pointer"), clock(3, "bob")),
                ("/size/w".parse().expect("a pointer"), clock(2, "carol")),
            ]
            .into(),
            floor: 1,
        },
        stamps: stamps(&["c", "b", "a"]),
        dependents: std::collections::BTreeMap::new(),
        counted: std::collections::BTreeSet::new(),
        lease_token: 7,
        lease: Some(Box::new(lease())),
    }
}

pub(crate) fn lease() -> Lease {
    Lease {
        holder: "carol".into(),
        until: time(5),
        token: 7,
        request_id: "r-7".into(),
    }
}

pub(crate) fn stamps(newest_first: &[&str]) -> Stamps {
    let mut stamps = Stamps::default();
    for (place, stamp) in stamps.0.iter_mut().zip(newest_first) {
        *place = (*stamp).to_owned();
    }
    stamps
}

pub(crate) fn tombstone() -> Tombstone {
    Tombstone {
        version: 4,
        incarnation: "9f2c1a7e".into(),
        created_at: time(0),
        created_by: Some("alice".into()),
        deleted_at: time(4),
        deleted_by: "dave".into(),
        stamps: stamps(&["d", "c", "b", "a"]),
        lease_token: 7,
        expires_at_s: 1,
    }
}

pub(crate) fn claim(owner: &str) -> Item {
    Item::Claim(Claim {
        owner: owner.into(),
    })
}

pub(crate) fn always() -> Condition {
    Condition::All(Vec::new())
}

/// The plan of these writes, whose outcome is known.
pub(crate) fn plan(writes: Vec<Write>) -> Plan {
    Plan {
        acts: vec![act(&writes[0].key, Planned::Deleted)],
        writes,
    }
}

pub(crate) fn act(key: &Key, outcome: Planned) -> Act {
    Act {
        key: key.clone(),
        along: false,
        kind: DoneKind::Changed,
        merged: false,
        replayed: false,
        outcome,
        stamp: "stamp".into(),
    }
}

pub(crate) fn write(key: &Key, condition: Condition, effect: Effect) -> Write {
    Write {
        key: key.clone(),
        condition,
        effect,
    }
}

pub(crate) fn putting(item: impl Into<Item>, listed_in: Option<Partition>) -> Effect {
    Effect::Put(item.into(), listed_in)
}

pub(crate) fn updating(key: &Key, condition: Condition, assignments: Vec<Assignment>) -> Plan {
    plan(vec![write(key, condition, Effect::Update(assignments))])
}

/// Puts a resource, listed by its state.
pub(crate) async fn put(table: &Table, key: &Key, resource: &Resource) {
    let listed_in = partition(resource.state.as_deref());
    let item = Item::from(resource.clone());
    let effect = putting(item, Some(listed_in));
    let written = table.write(&plan(vec![write(key, always(), effect)])).await;
    assert_eq!(written, Written::Done(None));
}

pub(crate) async fn read(table: &Table, key: &Key) -> Option<Item> {
    let mut read = table
        .read(std::slice::from_ref(key))
        .await
        .expect("readable");
    let (at, item) = read.pop().expect("an answer for the key");
    assert_eq!((&at, read.len()), (key, 0));
    item
}

pub(crate) async fn read_resource(table: &Table, key: &Key) -> Resource {
    match read(table, key).await {
        Some(Item::Resource(resource)) => Arc::unwrap_or_clone(resource),
        other => panic!("no resource: {other:?}"),
    }
}

/// A plan of one write.
pub(crate) fn single() -> Plan {
    let new = putting(Item::from(resource()), None);
    plan(vec![write(&key("r"), Condition::absent(), new)])
}

/// A plan of two: a transaction.
pub(crate) fn double() -> Plan {
    plan(vec![
        write(&unique_key("a"), always(), putting(claim("r"), None)),
        write(&unique_key("b"), always(), Effect::Delete),
    ])
}
