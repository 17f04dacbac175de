//! What is kept of each write: which version, by whom, when, what it was and what it changed.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

#[allow(dead_code, reason = "other tests need more of it")]
mod model;

use std::sync::LazyLock;

use model::Model;
use model::world::{World, command, declare};
use onlyif::answer::Answer;
use onlyif::command::{Command, IfMatch, Operation};
use onlyif::declaration::Declarations;
use onlyif::document::patch::{Patch, Step};
use onlyif::document::{Document, MAX_DOCUMENT_BYTES};
use onlyif::history::{Changes, Entry, Event, Life, entry};
use onlyif::item::{Claim, Clocks, Item, Key, Resource, Stamps};
use onlyif::timestamp::Timestamp;
use proptest::prelude::*;
use serde_json::{Value, json};

const LAMPS: &str = "
type: lamps
schema:
  type: object
  properties:
    name: { type: string }
    place: { type: object, properties: { room: { type: string }, shelf: { type: string } } }
    uses: { type: integer, minimum: 0, maximum: 9 }
    fixedAt: { type: string, format: date-time }
unique: [{ fields: [/name] }]
states: { initial: 'off' }
transitions:
  light: { from: 'off', to: 'on', add: { /uses: 1 } }
  fix: { from: ['off', 'on'], set: { /fixedAt: { now: true } } }
  name:
    from: ['off', 'on']
    input: { type: object, required: [name], properties: { name: { type: string } } }
    set: { /name: { input: /name } }
keep: { history: 2m }
";

fn declarations() -> &'static Declarations {
    static DECLARATIONS: LazyLock<Declarations> =
        LazyLock::new(|| declare(&[("lamps.yaml", LAMPS)]));
    &DECLARATIONS
}

fn object(value: Value) -> Document {
    value.as_object().expect("an object").clone()
}

fn lamp(nth: i64, actor: &str, operation: Operation) -> Command {
    let mut command = command(nth, actor, "lamps", "l", operation);
    if !matches!(command.operation, Operation::Create { .. }) {
        command.preconditions.if_match = Some(IfMatch::Any);
    }
    command
}

fn create(nth: i64, actor: &str, body: Value) -> Command {
    let operation = Operation::Create {
        body: object(body),
        incarnation: format!("{nth:08x}"),
        repeatable: true,
    };
    lamp(nth, actor, operation)
}

fn put(nth: i64, actor: &str, body: Value) -> Command {
    lamp(nth, actor, Operation::Replace { body: object(body) })
}

fn transition(nth: i64, actor: &str, name: &str, input: Option<Value>) -> Command {
    let name = name.to_owned();
    lamp(nth, actor, Operation::Transition { name, input })
}

/// What each command leaves in the history, as clients see it.
fn told(commands: Vec<Command>) -> Vec<(Life, Entry)> {
    let mut table = Model::default();
    let mut told = Vec::new();
    for command in commands {
        let key = command.key();
        let old = table.get(&key);
        let (after, answer) = World::run(table, declarations(), command);
        assert!(matches!(answer, Answer::Done(_)), "{answer:?}");
        table = after;
        let new = table.get(&key);
        told.extend(entry(&Event { key, old, new }, declarations()));
    }
    told
}

fn shown(entry: &Entry) -> Value {
    let changes = Patch::Json(entry.changes.steps()).to_value();
    json!([entry.version, entry.by, entry.operation, changes])
}

#[test]
fn each_write_leaves_who_changed_what() {
    let told = told(vec![
        create(
            1,
            "alice",
            json!({ "name": "L", "place": { "room": "hall" }, "uses": 0 }),
        ),
        put(
            2,
            "bob",
            json!({ "name": "L", "place": { "room": "attic", "shelf": "top" }, "uses": 0 }),
        ),
        put(
            3,
            "bob",
            json!({ "name": "L", "place": { "room": "attic", "shelf": "top" }, "uses": 0 }),
        ),
        transition(4, "carol", "light", None),
        transition(5, "carol", "name", Some(json!({ "name": "M" }))),
        put(6, "bob", json!({ "name": "M", "uses": 1 })),
        lamp(7, "dave", Operation::Delete),
        create(8, "erin", json!({ "name": "N" })),
    ]);
    let entries: Vec<Value> = told.iter().map(|(_, entry)| shown(entry)).collect();
    assert_eq!(
        json!(entries),
        json!([
            [1, "alice", "create", [
                { "op": "add", "path": "", "value": { "state": "off", "name": "L", "place": { "room": "hall" }, "uses": 0 } },
            ]],
            [2, "bob", "update", [
                { "op": "replace", "path": "/place/room", "value": "attic" },
                { "op": "add", "path": "/place/shelf", "value": "top" },
            ]],
            // The third changed nothing.
            [3, "carol", "light", [
                { "op": "replace", "path": "/state", "value": "on" },
                { "op": "replace", "path": "/uses", "value": 1 },
            ]],
            [4, "carol", "name", [{ "op": "replace", "path": "/name", "value": "M" }]],
            [5, "bob", "update", [{ "op": "remove", "path": "/place" }]],
            [6, "dave", "delete", []],
            [1, "erin", "create", [{ "op": "add", "path": "", "value": { "state": "off", "name": "N" } }]],
        ])
    );
    let lives: Vec<&Life> = told.iter().map(|(life, _)| life).collect();
    assert_eq!(lives[0].incarnation, "00000001");
    assert!(lives[..6].iter().all(|life| *life == lives[0]), "{lives:?}");
    assert_eq!(lives[6].incarnation, "00000008");
    for (_, entry) in &told {
        assert_eq!(entry.expires_at_s, entry.at.seconds() + 120);
    }
}

#[test]
fn what_makes_no_version_leaves_nothing() {
    let key = Key::Resource {
        tenant: "-".into(),
        type_name: "lamps".into(),
        id: "l".into(),
    };
    let claimed = Key::Unique {
        tenant: "-".into(),
        type_name: "lamps".into(),
        constraint: "name".into(),
        digest: "00".into(),
    };
    let claim = || Some(Item::Claim(Claim { owner: "l".into() }));
    let live = || Some(Item::from(resource(3, "on", json!({ "name": "L" }))));
    let events = [
        // A value is taken, and released.
        (claimed.clone(), None, claim()),
        (claimed, claim(), None),
        // What is no part of a version moved.
        (key.clone(), live(), live()),
        // It was dropped from outside, or a tombstone expired.
        (key.clone(), live(), None),
        (key, None, None),
    ];
    for (key, old, new) in events {
        let event = Event { key, old, new };
        assert_eq!(entry(&event, declarations()), None, "{event:?}");
    }
}

#[test]
fn a_type_that_is_not_declared_here_is_kept_for_the_usual_time() {
    let key = Key::Resource {
        tenant: "-".into(),
        type_name: "ladders".into(),
        id: "l".into(),
    };
    let new = Some(Item::from(resource(1, "on", json!({}))));
    let event = Event {
        key,
        old: None,
        new,
    };
    let (_, entry) = entry(&event, declarations()).unwrap();
    assert_eq!(entry.expires_at_s, entry.at.seconds() + 90 * 24 * 60 * 60);
}

fn resource(version: u64, state: &str, document: Value) -> Resource {
    let at = Timestamp::from_millis(1_795_428_000_000);
    Resource {
        document: object(document),
        version,
        incarnation: "9f2c1a7e".into(),
        state: Some(state.into()),
        created_at: at,
        created_by: "alice".into(),
        updated_at: at,
        updated_by: "bob".into(),
        operation: "update".into(),
        previous_at: None,
        clocks: Clocks::default(),
        stamps: Stamps::default(),
        dependents: std::collections::BTreeMap::new(),
        counted: std::collections::BTreeSet::new(),
        lease_token: 0,
        lease: None,
    }
}

/// The document with its state, as clients see it.
fn described(resource: &Resource) -> Document {
    let mut document = resource.document.clone();
    document.insert("state".into(), json!(resource.state));
    document
}

/// The changes between two versions, which make the one of the other.
fn between(old: &Resource, new: &Resource) -> Changes {
    let key = Key::Resource {
        tenant: "-".into(),
        type_name: "lamps".into(),
        id: "l".into(),
    };
    let event = Event {
        key,
        old: Some(Item::from(old.clone())),
        new: Some(Item::from(new.clone())),
    };
    let (_, entry) = entry(&event, declarations()).expect("a new version");
    let made = Patch::Json(entry.changes.steps()).apply(&described(old));
    assert_eq!(made, Ok(described(new)));
    entry.changes
}

#[test]
fn a_change_that_takes_more_to_tell_than_the_document_is_told_as_a_whole() {
    let members = |count: usize, value: u64| {
        let members = (0..count).map(|nth| (format!("m{nth:05}"), json!(value)));
        Value::Object(members.collect())
    };
    let many = |count| {
        let old = resource(
            1,
            "on",
            json!({ "a": { "long-name-of-an-object": members(count, 1) } }),
        );
        let new = resource(
            2,
            "on",
            json!({ "a": { "long-name-of-an-object": members(count, 2) } }),
        );
        between(&old, &new)
    };
    // Each is told with a name of 32 bytes, and takes 35.
    let fits = MAX_DOCUMENT_BYTES / 35;
    assert!(matches!(many(fits), Changes::Members(_)));
    match many(fits + 1).steps().as_slice() {
        [Step::Add(root, _)] => assert!(root.is_root()),
        steps => panic!("{} steps", steps.len()),
    }
    // A pointer's escapes make it longer than the names that it is made of.
    let deep = |letters: usize, value: u64| {
        let name = "~".repeat(letters);
        resource(value, "on", json!({ name: value }))
    };
    let long = |letters| between(&deep(letters, 1), &deep(letters, 2));
    assert!(matches!(long(32_767), Changes::Members(_)));
    assert!(matches!(long(32_768), Changes::Whole(_)));
}

fn document() -> impl Strategy<Value = Value> {
    let scalar = prop_oneof![Just(json!(null)), Just(json!(1)), Just(json!("x"))];
    let value = scalar.prop_recursive(3, 16, 3, |inner| {
        let name = prop::sample::select(vec!["a", "b", "c", "0"]);
        prop_oneof![
            2 => prop::collection::btree_map(name, inner.clone(), 0..4).prop_map(|members| json!(members)),
            1 => prop::collection::vec(inner, 0..3).prop_map(Value::Array),
        ]
    });
    let name = prop::sample::select(vec!["a", "b", "c", "0"]);
    prop::collection::btree_map(name, value, 0..4).prop_map(|members| json!(members))
}

proptest! {
    #[test]
    fn the_changes_make_one_version_of_the_other(
        (old, new) in (document(), document()),
        states in (prop::bool::ANY, prop::bool::ANY),
    ) {
        let state = |on| if on { "on" } else { "off" };
        let old = resource(1, state(states.0), old);
        let new = resource(2, state(states.1), new);
        between(&old, &new);
    }
}
