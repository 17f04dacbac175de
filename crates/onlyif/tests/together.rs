//! Several operations in one request: all of them happen, or none does, and what stands against any
//! of them is told of each.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

#[allow(dead_code, reason = "other tests need more of it")]
mod model;

use std::sync::Arc;
use std::sync::LazyLock;

use model::Model;
use model::world::{World, command, declare, explore, object};
use onlyif::answer::{Answer, Done, DoneKind};
use onlyif::command::{Command, Idempotency, IfMatch, Operation};
use onlyif::decide::{Decision, decide};
use onlyif::declaration::Declarations;
use onlyif::document::patch::Patch;
use onlyif::item::{Item, Key, Resource};
use onlyif::problem::{Code, Conflict, Place, Problem};
use onlyif::view::View;
use serde_json::{Value, json};

const PEOPLE: &str = "
type: people
schema: { type: object, required: [name], properties: { name: { type: string }, mail: { type: string }, age: { type: integer } } }
unique: [{ fields: [/mail], normalize: [lowercase] }]
states: { initial: new, final: [gone], delete: [new] }
transitions: { greet: { from: new, to: known }, leave: { from: [new, known], to: gone } }
";

const COUNTS: &str = "
type: counts
schema: { type: object, required: [n], properties: { n: { type: integer, minimum: 0 } } }
transitions:
  take: { input: { type: object, required: [by], properties: { by: { type: integer } } }, add: { /n: { input: /by, negate: true } } }
";

const TICKETS: &str = "
type: tickets
schema: { type: object, required: [of], properties: { of: { type: string } } }
create: { also: [{ type: counts, id: { field: /of }, transition: take, input: { by: 1 } }] }
";

fn declarations() -> &'static Declarations {
    static DECLARATIONS: LazyLock<Declarations> = LazyLock::new(|| {
        declare(&[
            ("people.yaml", PEOPLE),
            ("counts.yaml", COUNTS),
            ("tickets.yaml", TICKETS),
        ])
    });
    &DECLARATIONS
}

fn create(type_name: &str, id: &str, body: Value) -> Command {
    let operation = Operation::Create {
        body: object(body),
        incarnation: format!("{:08x}", id.len()),
        repeatable: true,
    };
    command(1, "alice", type_name, id, operation)
}

fn patch(id: &str, body: Value) -> Command {
    let patch = Patch::Merge(object(body));
    let mut patch = command(1, "alice", "people", id, Operation::Patch { patch });
    patch.preconditions.if_match = Some(IfMatch::Any);
    patch
}

fn delete(id: &str) -> Command {
    let mut delete = command(1, "alice", "people", id, Operation::Delete);
    delete.preconditions.if_match = Some(IfMatch::Any);
    delete
}

fn transition(type_name: &str, id: &str, name: &str, input: Option<Value>) -> Command {
    let operation = Operation::Transition {
        name: name.to_owned(),
        input,
    };
    command(1, "alice", type_name, id, operation)
}

/// The `nth` request.
fn all(nth: i64, parts: impl IntoIterator<Item = Command>) -> Command {
    let mut whole = command(nth, "alice", "transactions", "", Operation::Read);
    let part = |part: Command| Command {
        request_id: whole.request_id.clone(),
        at: whole.at,
        ..part
    };
    whole.operation = Operation::All(parts.into_iter().map(part).collect());
    whole
}

fn answer(table: &Model, command: Command) -> (Model, Answer) {
    World::run(table.clone(), declarations(), command)
}

fn done(table: &Model, command: Command) -> (Model, Vec<Done>) {
    match answer(table, command) {
        (table, Answer::All(done)) => (table, done),
        (_, answer) => panic!("{answer:?}"),
    }
}

fn refused(table: &Model, command: Command) -> Problem {
    match answer(table, command) {
        (after, Answer::Refused(problem)) => {
            assert_eq!(&after, table, "a refusal writes nothing");
            problem
        }
        (_, answer) => panic!("{answer:?}"),
    }
}

fn person(table: &Model, id: &str) -> Option<Resource> {
    match table.get(&create("people", id, json!({})).key()) {
        Some(Item::Resource(resource)) => Some(Arc::unwrap_or_clone(resource)),
        _ => None,
    }
}

fn count(table: &Model) -> i64 {
    match table.get(&create("counts", "c", json!({})).key()) {
        Some(Item::Resource(resource)) => resource.document["n"].as_i64().expect("a number"),
        _ => panic!("the count"),
    }
}

/// Two people with mails, and a count of three.
fn start() -> Model {
    let parts = [
        create("people", "a", json!({ "name": "A", "mail": "a@x" })),
        create("people", "b", json!({ "name": "B", "mail": "b@x" })),
        create("counts", "c", json!({ "n": 3 })),
    ];
    let (table, made) = done(&Model::default(), all(0, parts));
    let kinds: Vec<DoneKind> = made.iter().map(|done| done.kind).collect();
    assert_eq!(kinds, [DoneKind::Created; 3]);
    table
}

#[test]
fn any_mix_of_operations_happens_together() {
    let (table, all_done) = done(
        &start(),
        all(
            5,
            [
                create("people", "new", json!({ "name": "N" })),
                patch("a", json!({ "age": 3 })),
                patch("b", json!({ "name": "B" })),
                transition("counts", "c", "take", Some(json!({ "by": 2 }))),
                create("tickets", "t", json!({ "of": "none" })),
            ]
            .into_iter()
            .take(4),
        ),
    );
    let told: Vec<(DoneKind, &str, u64)> = all_done
        .iter()
        .map(|done| {
            let version = done.resource.as_ref().expect("a resource").version;
            (done.kind, done.id.as_str(), version)
        })
        .collect();
    assert_eq!(
        told,
        [
            (DoneKind::Created, "new", 1),
            (DoneKind::Changed, "a", 2),
            (DoneKind::Unchanged, "b", 1),
            (DoneKind::Changed, "c", 2),
        ]
    );
    assert_eq!(count(&table), 1);
    let (table, ended) = done(
        &table,
        all(6, [delete("a"), transition("people", "b", "leave", None)]),
    );
    assert_eq!(ended[0].kind, DoneKind::Deleted);
    assert!(person(&table, "a").is_none());
    assert_eq!(
        person(&table, "b").expect("b").state.as_deref(),
        Some("gone")
    );
}

#[test]
fn one_look_and_one_write_are_all_that_it_takes() {
    let request = || {
        all(
            5,
            [
                create("people", "new", json!({ "name": "N", "mail": "n@x" })),
                patch("a", json!({ "mail": "other@x" })),
                transition("people", "b", "greet", None),
                create("tickets", "t", json!({ "of": "c" })),
            ],
        )
    };
    let table = start();
    let mut view = View::default();
    let Decision::Read(keys) = decide(declarations(), &request(), &view) else {
        panic!("it looks first")
    };
    // Each resource, the value that the create takes, and what happens along with the other one.
    assert_eq!(keys.len(), 6, "{keys:?}");
    for key in keys {
        let item = table.get(&key);
        view.learn(key, item);
    }
    let Decision::Write(plan) = decide(declarations(), &request(), &view) else {
        panic!("then it writes")
    };
    // a's value moves; n's is taken.
    assert_eq!(plan.writes.len(), 8, "{plan:?}");
    assert_eq!(count(&done(&table, request()).0), 2);
}

#[test]
fn all_that_stands_against_any_of_them_is_told_with_its_index() {
    let mut outdated = patch("a", json!({ "age": 1 }));
    outdated.preconditions.if_match = Some(IfMatch::Tags(vec!["9-x".to_owned()]));
    let problem = refused(
        &start(),
        all(
            5,
            [
                patch("b", json!({ "age": 1 })),
                outdated,
                create("people", "new", json!({ "name": "N", "mail": "B@X" })),
                transition("counts", "c", "take", Some(json!({ "by": 4 }))),
                create("people", "worse", json!({ "name": 7 })),
            ],
        ),
    );
    // The earliest stage of the checks names the answer.
    assert_eq!(problem.code, Code::StaleVersion);
    let told: Vec<(usize, Code)> = problem
        .conflicts
        .iter()
        .map(|conflict| match conflict {
            Conflict::InOperation {
                operation,
                conflict,
                ..
            } => (*operation, conflict.code()),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(
        told,
        [
            (1, Code::StaleVersion),
            (2, Code::Duplicate),
            (3, Code::ConditionNotMet),
        ]
    );
    assert!(
        matches!(&problem.errors[0].at, Place::Operation(4, Some(_))),
        "{problem:?}"
    );
    assert!(problem.current.is_none());
    assert!(
        problem.detail.starts_with("Operation 1: people/a is at "),
        "{}",
        problem.detail
    );

    let missing = refused(
        &start(),
        all(5, [patch("z", json!({})), create("people", "n", json!({}))]),
    );
    assert_eq!(missing.code, Code::NotFound);
    assert!(matches!(missing.errors[0].at, Place::Operation(0, None)));
    assert!(matches!(missing.errors[1].at, Place::Operation(1, Some(_))));
}

#[test]
fn a_resource_is_written_once_by_one_request() {
    let twice = [
        patch("a", json!({ "age": 1 })),
        patch("b", json!({})),
        delete("a"),
    ];
    let problem = refused(&start(), all(5, twice));
    assert_eq!(problem.code, Code::InvalidResource);
    assert!(
        matches!(&problem.errors[0].at, Place::Operation(2, Some(_))),
        "{problem:?}"
    );
    assert!(problem.detail.contains("Operation 0"), "{}", problem.detail);

    // Nor does anything happen along to what the request itself writes.
    let parts = [
        create("tickets", "t", json!({ "of": "c" })),
        transition("counts", "c", "take", Some(json!({ "by": 1 }))),
    ];
    let problem = refused(&start(), all(5, parts));
    assert_eq!(problem.code, Code::InvalidResource);

    // But what happens along with two of them meets in one write.
    let tickets =
        |n: usize| (0..n).map(|n| create("tickets", &format!("t{n}"), json!({ "of": "c" })));
    let (table, _) = done(&start(), all(5, tickets(3)));
    assert_eq!(count(&table), 0);
    let problem = refused(&start(), all(5, tickets(4)));
    assert_eq!(problem.code, Code::ConditionNotMet);
}

#[test]
fn a_value_that_one_releases_is_the_others_to_take() {
    let (table, _) = done(
        &start(),
        all(
            5,
            [
                patch("a", json!({ "mail": null })),
                patch("b", json!({ "mail": "A@x" })),
            ],
        ),
    );
    let holders = |table: &Model| -> Vec<String> {
        let claims = table.keys().filter(|key| matches!(key, Key::Unique { .. }));
        let owner = |key: &Key| match table.get(key) {
            Some(Item::Claim(claim)) => claim.owner,
            other => panic!("{other:?}"),
        };
        claims.map(owner).collect()
    };
    assert_eq!(holders(&table), ["b"]);

    // Two that swap, even where both values are seen to be taken.
    let swap = |nth| {
        all(
            nth,
            [
                patch("a", json!({ "mail": "b@x" })),
                patch("b", json!({ "mail": "a@x" })),
            ],
        )
    };
    let (table, _) = done(&start(), swap(5));
    assert_eq!(person(&table, "a").expect("a").document["mail"], "b@x");
    assert_eq!(holders(&table).len(), 2);
    let mut view = View::default();
    start()
        .keys()
        .for_each(|key| view.learn(key.clone(), start().get(key)));
    assert!(matches!(
        decide(declarations(), &swap(5), &view),
        Decision::Write(_)
    ));

    // One that ends frees its value for one that begins.
    let (table, _) = done(
        &start(),
        all(
            5,
            [
                delete("a"),
                create("people", "n", json!({ "name": "N", "mail": "a@x" })),
            ],
        ),
    );
    let mut owners = holders(&table);
    owners.sort();
    assert_eq!(owners, ["b", "n"]);

    // But what one takes and keeps is no other's.
    for parts in [
        vec![
            create("people", "m", json!({ "name": "M", "mail": "m@x" })),
            create("people", "n", json!({ "name": "N", "mail": "M@x" })),
        ],
        vec![
            patch("a", json!({ "age": 1 })),
            create("people", "n", json!({ "name": "N", "mail": "a@x" })),
        ],
        vec![
            patch("a", json!({ "mail": "b@x" })),
            patch("b", json!({ "age": 1 })),
        ],
    ] {
        let problem = refused(&start(), all(5, parts.clone()));
        assert_eq!(problem.code, Code::Duplicate, "{parts:?}");
    }
}

#[test]
fn more_than_one_transaction_takes_is_refused_before_anything_is_written() {
    let many =
        |n: usize| (0..n).map(|n| create("people", &format!("p{n}"), json!({ "name": "N" })));
    done(&Model::default(), all(5, many(100)));
    let claims = |n: usize| {
        (0..n).map(|n| {
            create(
                "people",
                &format!("p{n}"),
                json!({ "name": "N", "mail": format!("{n}@x") }),
            )
        })
    };
    done(&Model::default(), all(5, claims(50)));
    assert_eq!(
        refused(&Model::default(), all(5, claims(51))).code,
        Code::ContentTooLarge
    );
    let heavy = |n: usize| {
        let name = "x".repeat(290_000);
        (0..n).map(move |n| create("people", &format!("p{n}"), json!({ "name": name })))
    };
    done(&Model::default(), all(5, heavy(13)));
    // Nor is anything done that could not be told: each quotation mark is sent as four bytes.
    let quoted = |n: usize| {
        let name = "\"".repeat(100_000);
        (0..n).map(move |n| create("people", &format!("p{n}"), json!({ "name": name })))
    };
    done(&Model::default(), all(5, quoted(12)));
    assert_eq!(
        refused(&Model::default(), all(5, quoted(13))).code,
        Code::ContentTooLarge
    );
    assert_eq!(
        refused(&Model::default(), all(5, heavy(14))).code,
        Code::ContentTooLarge
    );
}

#[test]
fn a_repeat_under_its_key_is_answered_as_the_first_was() {
    let keyed = |nth| {
        let parts = [
            create("people", "n", json!({ "name": "N" })),
            transition("counts", "c", "take", Some(json!({ "by": 1 }))),
            delete("a"),
        ];
        let mut request = all(nth, parts);
        request.idempotency = Some(Idempotency {
            key: "k".to_owned(),
            fingerprint: "f".to_owned(),
        });
        request
    };
    let (table, first) = done(&start(), keyed(5));
    let (after, again) = done(&table, keyed(6));
    assert_eq!(after, table);
    assert!(again.iter().all(|done| done.replayed));
    let told = |all: &[Done]| -> Vec<_> {
        let each = all.iter();
        each.map(|done| {
            (
                done.kind,
                done.id.clone(),
                done.resource.as_ref().map(|it| it.tag()),
            )
        })
        .collect()
    };
    assert_eq!(told(&again), told(&first));

    let mut dry = keyed(7);
    dry.idempotency = None;
    dry.operation = all(
        7,
        [create("people", "m", json!({ "name": "M" })), delete("b")],
    )
    .operation;
    dry.dry_run = true;
    let (unchanged, told) = done(&table, dry);
    assert_eq!(unchanged, table);
    assert_eq!(told.len(), 2);
}

/// Two requests over the same resources, on every network: each happens as a whole or not at all,
/// and whoever is told that it did finds all of it done.
#[test]
fn every_request_happens_as_a_whole_and_once() {
    let request = |nth: i64, id: &str| {
        all(
            nth,
            [
                create("people", id, json!({ "name": "N", "mail": "same@x" })),
                transition("counts", "c", "take", Some(json!({ "by": 1 }))),
            ],
        )
    };
    let world = World::new(start(), [request(5, "m"), request(6, "n")]);
    let ends = explore(declarations(), &world, 2, &|world| {
        let there: Vec<bool> = ["m", "n"]
            .iter()
            .map(|id| person(&world.table, id).is_some())
            .collect();
        let made = i64::try_from(there.iter().filter(|there| **there).count()).expect("two");
        assert_eq!(count(&world.table), 3 - made, "{world:#?}");
        assert!(made <= 1, "one value has one holder: {world:#?}");
        for (there, process) in there.iter().zip(&world.processes) {
            match &process.answer {
                Some(Answer::All(_)) => assert!(there, "{world:#?}"),
                Some(Answer::Refused(problem)) if problem.code == Code::Duplicate => {
                    assert!(!there, "{world:#?}");
                }
                Some(Answer::Refused(problem)) => {
                    assert_eq!(problem.code, Code::OutcomeUnknown)
                }
                other => panic!("{other:?}"),
            }
        }
    });
    assert!(ends > 100, "{ends}");
}
