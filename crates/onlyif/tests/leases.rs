//! Leases: who gets one, what it keeps others from, and what the refused are told.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

#[allow(dead_code, reason = "the interleavings need more of it")]
mod model;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::LazyLock;

use model::Model;
use model::world::{Delivery, World, command, declare, object};
use onlyif::answer::{Answer, Done, DoneKind};
use onlyif::command::{Command, Idempotency, IfMatch, Operation, Scopes, Stale};
use onlyif::decide::{Decision, decide};
use onlyif::declaration::Declarations;
use onlyif::document::patch::Patch;
use onlyif::history::{Event, entry};
use onlyif::item::{Item, Resource};
use onlyif::lifecycle;
use onlyif::plan::{Plan, Planned};
use onlyif::problem::{Code, Conflict, Fault, Origin, Place, Problem, Rel};
use onlyif::view::View;
use serde_json::{Value, json};

const FILES: &str = "
type: files
schema:
  type: object
  properties: { text: { type: string }, note: { type: string }, size: { type: integer, minimum: 0 } }
states: { initial: open }
transitions:
  grow: { from: open, add: { /size: 1 } }
  copy: { from: open, set: { /note: { field: /text } } }
  close: { from: open, to: closed }
  reopen: { from: closed, to: open }
access: { read: [files.read] }
lease: { max: 15m }
";

/// The same without leases.
const PLAIN: &str = "
type: plain
schema: { type: object, properties: { size: { type: integer } } }
states: { initial: open }
transitions: { grow: { from: open, add: { /size: 1 } } }
";

const SHELVES: &str = "
type: shelves
schema: { type: object, properties: { file: { type: string } } }
transitions:
  stack:
    also: [{ type: files, id: { field: /file }, transition: grow }]
";

const OWNED: &str = "
type: owned
schema: { type: object }
access: { update: owner }
lease: { max: 1m }
";

fn declarations() -> &'static Declarations {
    static DECLARATIONS: LazyLock<Declarations> = LazyLock::new(|| {
        declare(&[
            ("files.yaml", FILES),
            ("plain.yaml", PLAIN),
            ("shelves.yaml", SHELVES),
            ("owned.yaml", OWNED),
        ])
    });
    &DECLARATIONS
}

fn create(at_ms: i64, type_name: &str, id: &str, body: Value) -> Command {
    let operation = Operation::Create {
        body: object(body),
        incarnation: format!("{at_ms:08x}"),
        repeatable: false,
    };
    command(at_ms, "alice", type_name, id, operation)
}

/// A request about the file `f`, received so many milliseconds after the beginning.
fn of_file(at_ms: i64, actor: &str, operation: Operation) -> Command {
    command(at_ms, actor, "files", "f", operation)
}

fn take(at_ms: i64, actor: &str, for_s: i64) -> Command {
    of_file(at_ms, actor, Operation::Lease { for_s })
}

fn patch(at_ms: i64, actor: &str, body: Value) -> Command {
    let patch = Patch::Merge(object(body));
    based_on("*", of_file(at_ms, actor, Operation::Patch { patch }))
}

fn transition(at_ms: i64, actor: &str, name: &str) -> Command {
    let operation = Operation::Transition {
        name: name.to_owned(),
        input: None,
    };
    of_file(at_ms, actor, operation)
}

fn based_on(tag: &str, mut command: Command) -> Command {
    command.preconditions.if_match = Some(match tag {
        "*" => IfMatch::Any,
        tag => IfMatch::Tags(vec![tag.to_owned()]),
    });
    command
}

fn with(token: u64, mut command: Command) -> Command {
    command.preconditions.lease_token = Some(token);
    command
}

fn together(parts: Vec<Command>) -> Command {
    let first = parts.first().expect("an operation").clone();
    let parts = parts.into_iter().map(|part| Command {
        request_id: first.request_id.clone(),
        at: first.at,
        ..part
    });
    Command {
        operation: Operation::All(parts.collect()),
        ..first.clone()
    }
}

fn answer(table: &Model, command: Command) -> (Model, Answer) {
    World::run(table.clone(), declarations(), command)
}

fn refused(table: &Model, command: Command) -> Problem {
    let (after, answer) = answer(table, command.clone());
    match answer {
        Answer::Refused(problem) => {
            assert_eq!(after, *table, "{command:?}");
            problem
        }
        other => panic!("{command:?} is answered {other:?}"),
    }
}

fn done(table: &Model, command: Command) -> (Model, Done) {
    match answer(table, command.clone()) {
        (table, Answer::Done(done)) => (table, done),
        (_, other) => panic!("{command:?} is answered {other:?}"),
    }
}

/// The file `f`, at version 1 and tag `1-00000000`.
fn start() -> Model {
    let body = json!({ "text": "a", "size": 0 });
    done(&Model::default(), create(0, "files", "f", body)).0
}

/// The same, leased by alice until the moment 60,000.
fn leased() -> Model {
    done(&start(), take(0, "alice", 60)).0
}

fn file(table: &Model) -> Resource {
    match table.get(&take(0, "", 1).key()) {
        Some(Item::Resource(resource)) => Arc::unwrap_or_clone(resource),
        other => panic!("{other:?}"),
    }
}

/// Milliseconds since the beginning.
fn ms(at: onlyif::timestamp::Timestamp) -> i64 {
    at.millis() - 1_800_000_000_000
}

/// The one conflict as it tells of a lease: who, until when, and which token is not the newest.
fn told(problem: &Problem) -> (Option<&str>, Option<i64>, Option<u64>) {
    match problem.conflicts.as_slice() {
        [
            Conflict::Leased {
                holder,
                until,
                yours,
            },
        ] => (holder.as_deref(), until.map(ms), *yours),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_lease_is_taken_extended_begun_anew_and_taken_over() {
    type Said = Result<(i64, u64), (Option<&'static str>, Option<i64>, Option<u64>)>;
    let by_alice = |until| Err((Some("alice"), Some(until), None));
    let steps: [(i64, &str, Option<u64>, i64, Said); 16] = [
        // Nobody's token is a new one's.
        (0, "alice", Some(1), 60, Err((None, None, Some(1)))),
        (0, "alice", None, 60, Ok((60_000, 1))),
        (1, "bob", None, 60, by_alice(60_000)),
        // Another's token opens nothing.
        (2, "bob", Some(1), 60, by_alice(60_000)),
        (10_000, "alice", Some(1), 60, Ok((70_000, 1))),
        // Never for less than it had.
        (20_000, "alice", Some(1), 20, Ok((70_000, 1))),
        (30_000, "alice", None, 60, Ok((90_000, 2))),
        (
            30_001,
            "alice",
            Some(1),
            60,
            Err((Some("alice"), Some(90_000), Some(1))),
        ),
        (
            30_002,
            "bob",
            Some(7),
            60,
            Err((Some("alice"), Some(90_000), Some(7))),
        ),
        (89_999, "bob", None, 60, by_alice(90_000)),
        (90_000, "bob", None, 1, Ok((91_000, 3))),
        // What has ended is not extended: its holder sees that there has been an end.
        (91_000, "bob", Some(3), 1, Ok((92_000, 4))),
        (92_000, "alice", Some(3), 1, Err((None, None, Some(3)))),
        (92_000, "alice", Some(4), 1, Ok((93_000, 5))),
        (92_500, "alice", Some(5), 900, Ok((992_500, 5))),
        (993_000, "bob", None, 900, Ok((1_893_000, 6))),
    ];
    let mut table = start();
    for (at_ms, actor, token, for_s, expected) in steps {
        let mut command = take(at_ms, actor, for_s);
        command.preconditions.lease_token = token;
        match expected {
            Ok((until, token)) => {
                let (after, done) = done(&table, command);
                let lease = done.lease.expect("a lease");
                assert_eq!(done.kind, DoneKind::Leased);
                assert_eq!(
                    (lease.holder.as_str(), ms(lease.until), lease.token),
                    (actor, until, token),
                    "{at_ms}"
                );
                assert_eq!(file(&after).lease.as_deref(), Some(&lease));
                assert_eq!(file(&after).lease_token, token);
                table = after;
            }
            Err(expected) => {
                let problem = refused(&table, command);
                assert_eq!(problem.code, Code::Leased, "{at_ms}");
                assert_eq!(told(&problem), expected, "{at_ms}");
            }
        }
    }
}

#[test]
fn a_lease_moves_nothing_but_itself() {
    let before = start();
    let after = leased();
    let (released, _) = done(&after, of_file(1, "alice", Operation::Release));
    for (table, token, is_leased) in [(&after, 1, true), (&released, 1, false)] {
        let now = file(table);
        assert_eq!((now.lease_token, now.lease.is_some()), (token, is_leased));
        let as_it_was = Resource {
            lease_token: 0,
            lease: None,
            ..now
        };
        assert_eq!(as_it_was, file(&before));
        // What the stream tells of it leaves nothing in the history.
        let event = Event {
            key: take(0, "", 1).key(),
            old: Some(Item::from(file(&before))),
            new: Some(Item::from(file(table))),
        };
        assert_eq!(entry(&event, declarations()), None);
    }
    // And no write moves the lease.
    for write in [
        patch(2, "alice", json!({ "text": "b" })),
        transition(2, "alice", "grow"),
        transition(2, "alice", "copy"),
        transition(2, "alice", "close"),
    ] {
        let (table, _) = done(&after, write);
        let now = file(&table);
        assert_eq!((now.version, now.lease_token), (2, 1));
        assert_eq!(now.lease, file(&after).lease);
    }
}

/// Every way of writing the file, at this moment by this actor.
fn writes(at_ms: i64, actor: &str) -> Vec<Command> {
    let replace = Operation::Replace {
        body: object(json!({ "text": "b" })),
    };
    let alone = vec![
        based_on("*", of_file(at_ms, actor, replace)),
        patch(at_ms, actor, json!({ "text": "b" })),
        based_on(
            "1-00000000",
            patch(at_ms, actor, json!({ "text": "b", "note": "n" })),
        ),
        // It changes nothing, and is refused all the same.
        patch(at_ms, actor, json!({ "text": "a" })),
        transition(at_ms, actor, "grow"),
        transition(at_ms, actor, "copy"),
        transition(at_ms, actor, "close"),
        based_on("*", of_file(at_ms, actor, Operation::Delete)),
        based_on("1-00000000", of_file(at_ms, actor, Operation::Delete)),
    ];
    let dry = alone.iter().map(|command| Command {
        dry_run: true,
        ..command.clone()
    });
    alone.iter().cloned().chain(dry).collect()
}

#[test]
fn every_write_of_another_is_refused_until_the_lease_ends_to_the_millisecond() {
    let table = leased();
    for (at_ms, wait_ms) in [(1, 59_999), (59_999, 1)] {
        for command in writes(at_ms, "bob") {
            let problem = refused(&table, command.clone());
            assert_eq!(problem.code, Code::Leased, "{command:?}");
            assert_eq!(told(&problem), (Some("alice"), Some(60_000), None));
            assert_eq!(problem.retry_after_ms, Some(wait_ms));
            let rels: Vec<Rel> = problem.resolutions.iter().map(|each| each.rel).collect();
            assert_eq!(rels, [Rel::Retry]);
            assert_eq!(
                problem.detail,
                "files/f is leased by alice until 2027-01-15T08:01:00.000Z."
            );
        }
    }
    for command in writes(60_000, "bob")
        .into_iter()
        .chain(writes(1, "alice"))
        .chain(writes(60_000, "alice"))
    {
        done(&table, command);
    }
    // A lease that is released keeps nobody from anything.
    let (table, _) = done(&table, of_file(1, "alice", Operation::Release));
    for command in writes(2, "bob") {
        done(&table, command);
    }
}

#[test]
fn a_write_that_names_a_token_relies_on_the_newest() {
    let table = leased();
    let (anew, _) = done(&table, take(1, "alice", 60));
    for (name, table, at_ms, actor, token, expected) in [
        ("the newest", &table, 1, "alice", 1, None),
        ("the newest, ended", &table, 60_000, "alice", 1, None),
        (
            "the newest, another's, ended",
            &table,
            60_000,
            "bob",
            1,
            None,
        ),
        (
            "the newest, another's",
            &table,
            1,
            "bob",
            1,
            Some((Some("alice"), Some(60_000), None)),
        ),
        (
            "an old one",
            &anew,
            2,
            "alice",
            1,
            Some((Some("alice"), Some(60_001), Some(1))),
        ),
        (
            "an old one, all ended",
            &anew,
            60_001,
            "alice",
            1,
            Some((None, None, Some(1))),
        ),
        (
            "one that there never was",
            &start(),
            1,
            "alice",
            1,
            Some((None, None, Some(1))),
        ),
    ] {
        for command in writes(at_ms, actor) {
            let command = with(token, command);
            match expected {
                None => {
                    done(table, command);
                }
                Some(expected) => {
                    let problem = refused(table, command);
                    assert_eq!(
                        (problem.code, told(&problem)),
                        (Code::Leased, expected),
                        "{name}"
                    );
                    // To send it again is of no use where the token is not the newest.
                    let retries = problem
                        .resolutions
                        .iter()
                        .any(|each| each.rel == Rel::Retry);
                    assert_eq!(retries, expected.2.is_none(), "{name}");
                }
            }
        }
    }
    let problem = refused(&anew, with(1, transition(2, "alice", "grow")));
    assert_eq!(
        problem.detail,
        "1 is not the token of the newest lease of files/f. files/f is leased by alice until \
         2027-01-15T08:01:00.001Z."
    );
    // A token says nothing of the version.
    let command = with(1, of_file(1, "alice", Operation::Delete));
    assert_eq!(refused(&table, command).code, Code::PreconditionRequired);
}

#[test]
fn a_token_grows_over_deletes_too() {
    let (mut table, mut at_ms) = (start(), 1);
    for token in 1..5 {
        let (after, done_) = done(&table, take(at_ms, "bob", 60));
        assert_eq!(done_.lease.expect("a lease").token, token);
        let delete = based_on("*", of_file(at_ms + 1, "bob", Operation::Delete));
        let (after, _) = done(&after, delete);
        let Some(Item::Tombstone(tombstone)) = after.get(&take(0, "", 1).key()) else {
            panic!("no tombstone");
        };
        assert_eq!(tombstone.lease_token, token);
        for command in [
            take(at_ms + 2, "bob", 60),
            of_file(at_ms + 2, "bob", Operation::Release),
        ] {
            assert_eq!(refused(&after, command).code, Code::Gone);
        }
        let again = create(at_ms + 3, "files", "f", json!({}));
        (table, _) = done(&after, again);
        let now = file(&table);
        assert_eq!((now.lease_token, now.lease), (token, None));
        at_ms += 10;
    }
}

#[test]
fn a_lease_is_released_by_its_holder_alone() {
    let release = |at_ms, actor| of_file(at_ms, actor, Operation::Release);
    let table = leased();
    let problem = refused(&table, release(1, "bob"));
    assert_eq!(told(&problem), (Some("alice"), Some(60_000), None));
    assert_eq!(problem.retry_after_ms, Some(59_999));
    let problem = refused(&table, with(2, release(1, "alice")));
    assert_eq!(told(&problem), (Some("alice"), Some(60_000), Some(2)));
    for command in [release(59_999, "alice"), with(1, release(1, "alice"))] {
        let (after, done_) = done(&table, command);
        assert_eq!((done_.kind, done_.resource), (DoneKind::Released, None));
        assert_eq!(refused(&after, release(2, "alice")).code, Code::NotFound);
        // Whoever takes the next one gets another token.
        let (_, next) = done(&after, take(3, "bob", 1));
        assert_eq!(next.lease.expect("a lease").token, 2);
    }
    for (table, at_ms) in [(&table, 60_000), (&start(), 1)] {
        let problem = refused(table, release(at_ms, "alice"));
        assert_eq!(problem.code, Code::NotFound);
        assert_eq!(problem.detail, "There is no lease of files/f.");
    }
}

#[test]
fn the_first_stage_that_refuses_a_lease_answers() {
    let owned = |at_ms, actor: &str, operation| command(at_ms, actor, "owned", "o", operation);
    let lease = Operation::Lease { for_s: 60 };
    let table = done(&leased(), create(0, "owned", "o", json!({}))).0;
    let faulty = |command: Command| Command {
        faults: vec![Fault {
            at: Place::Pointer("/for".parse().unwrap()),
            detail: "must be a time".to_owned(),
            keyword: None,
        }],
        ..command
    };
    for (command, code) in [
        (take(1, "alice", 60).clone(), None),
        (faulty(take(1, "alice", 60)), Some(Code::InvalidResource)),
        // What is wrong with the request comes before who stands in its way.
        (faulty(take(1, "bob", 60)), Some(Code::InvalidResource)),
        (owned(1, "alice", lease.clone()), None),
        (owned(1, "bob", lease.clone()), Some(Code::Forbidden)),
        (owned(1, "bob", Operation::Release), Some(Code::Forbidden)),
        (
            faulty(owned(1, "bob", lease.clone())),
            Some(Code::Forbidden),
        ),
        (
            faulty(command(1, "alice", "owned", "none", lease)),
            Some(Code::NotFound),
        ),
    ] {
        let (_, answer) = answer(&table, command.clone());
        let found = match answer {
            Answer::Refused(problem) => Some(problem.code),
            _ => None,
        };
        assert_eq!(found, code, "{command:?}");
    }
}

#[test]
fn a_lease_stands_among_the_other_conflicts_and_leaves_nothing_that_would_be_refused() {
    let (table, _) = done(&leased(), transition(1, "alice", "close"));
    let (table, _) = done(&table, patch(2, "alice", json!({ "text": "b" })));
    let told = |command| {
        let problem = refused(&table, command);
        let codes: Vec<Code> = problem.conflicts.iter().map(Conflict::code).collect();
        let rels: Vec<Rel> = problem.resolutions.iter().map(|each| each.rel).collect();
        (codes, rels, problem.retry_after_ms)
    };
    let stale = |command| based_on("1-00000000", command);
    // What does not overlap would be merged or could be overwritten, were there no lease.
    let note = json!({ "note": "n" });
    let (codes, rels, wait_ms) = told(stale(patch(3, "bob", note.clone())));
    assert_eq!(codes, [Code::StaleVersion, Code::Leased]);
    assert_eq!((rels.as_slice(), wait_ms), (&[Rel::Discard][..], None));
    let merged = Command {
        stale: Some(Stale::Merge),
        ..stale(patch(3, "bob", note))
    };
    assert_eq!(
        told(merged),
        (vec![Code::Leased], vec![Rel::Retry], Some(59_997))
    );
    let (codes, rels, _) = told(stale(of_file(3, "bob", Operation::Delete)));
    assert_eq!(codes, [Code::StaleVersion, Code::Leased]);
    assert_eq!(rels, [Rel::Discard]);
    let (codes, rels, _) = told(stale(transition(3, "bob", "grow")));
    assert_eq!(
        codes,
        [Code::StaleVersion, Code::InvalidTransition, Code::Leased]
    );
    // No first step on the way, and no other transition either: all are the holder's.
    assert_eq!(rels, [Rel::Discard]);
    let problem = refused(&table, transition(3, "bob", "grow"));
    let Conflict::InvalidTransition { allowed, path, .. } = &problem.conflicts[0] else {
        panic!("{problem:?}");
    };
    assert_eq!(allowed.as_deref(), Some(&[][..]));
    assert_eq!(path.as_deref(), Some(&["reopen".to_owned()][..]));
}

#[test]
fn nothing_is_legal_for_others_while_a_lease_runs() {
    let table = leased();
    let legal = |at_ms, actor| {
        let command = transition(at_ms, actor, "grow");
        let files = declarations().get("files").unwrap();
        lifecycle::legal(files, &file(&table), &command.caller, command.at).len()
    };
    assert_eq!(
        [
            legal(1, "bob"),
            legal(60_000, "bob"),
            legal(1, "alice"),
            legal(59_999, "bob")
        ],
        [0, 3, 3, 0]
    );
}

#[test]
fn a_lease_in_another_resource_is_told_with_it() {
    let shelf = create(0, "shelves", "s", json!({ "file": "f" }));
    let (table, _) = done(&leased(), shelf);
    let stack = |at_ms, actor| Command {
        type_name: "shelves".to_owned(),
        id: "s".to_owned(),
        ..transition(at_ms, actor, "stack")
    };
    let problem = refused(&table, stack(1, "bob"));
    assert_eq!(
        (problem.code, problem.retry_after_ms),
        (Code::Leased, Some(59_999))
    );
    assert_eq!(problem.resolutions.len(), 1);
    let Conflict::Elsewhere { resource, conflict } = &problem.conflicts[0] else {
        panic!("{problem:?}");
    };
    let file = Origin {
        type_name: "files".to_owned(),
        id: Some("f".to_owned()),
    };
    assert_eq!((resource, conflict.code()), (&file, Code::Leased));
    done(&table, stack(1, "alice"));
    done(&table, stack(60_000, "bob"));
    // A token is that of the resource that the request names, and of no other.
    let problem = refused(&table, based_on("*", with(1, stack(1, "bob"))));
    assert!(matches!(problem.conflicts[0], Conflict::Elsewhere { .. }));
}

#[test]
fn each_operation_of_a_transaction_minds_the_lease_of_its_resource() {
    let (table, _) = done(&leased(), create(0, "files", "g", json!({ "size": 0 })));
    let grow = |actor, id: &str| Command {
        id: id.to_owned(),
        ..transition(1, actor, "grow")
    };
    let problem = refused(&table, together(vec![grow("bob", "g"), grow("bob", "f")]));
    assert_eq!(
        (problem.code, problem.retry_after_ms),
        (Code::Leased, Some(59_999))
    );
    let Conflict::InOperation {
        operation,
        conflict,
        ..
    } = &problem.conflicts[0]
    else {
        panic!("{problem:?}");
    };
    assert_eq!((*operation, conflict.code()), (1, Code::Leased));
    let rels: Vec<Rel> = problem.resolutions.iter().map(|each| each.rel).collect();
    assert_eq!(rels, [Rel::Retry]);
    for (token, happens) in [(1, true), (2, false)] {
        let parts = vec![grow("alice", "g"), with(token, grow("alice", "f"))];
        let (_, answer) = answer(&table, together(parts));
        assert_eq!(matches!(answer, Answer::All(_)), happens, "{token}");
    }
}

#[test]
fn who_may_not_read_learns_until_when_and_not_of_whom() {
    let blind = |mut command: Command| {
        command.caller.scopes = Scopes::Only(BTreeSet::new());
        command
    };
    let table = leased();
    for command in writes(1, "bob").into_iter().chain([take(1, "bob", 60)]) {
        let problem = refused(&table, blind(command));
        assert_eq!(told(&problem), (None, Some(60_000), None));
        assert!(problem.current.is_none());
        assert!(!format!("{problem:?}").contains("alice"), "{problem:?}");
        assert_eq!(problem.resolutions.len(), 1, "{problem:?}");
    }
    // The own lease is no secret.
    let (_, done) = done(&table, blind(take(60_000, "bob", 60)));
    assert_eq!(done.lease.expect("a lease").holder, "bob");
}

#[test]
fn a_lease_is_done_once_under_a_key_and_not_at_all_in_a_dry_run() {
    let keyed = |at_ms, key: &str, command: Command| Command {
        request_id: format!("request-{at_ms}"),
        idempotency: Some(Idempotency {
            key: key.to_owned(),
            fingerprint: "00ff".to_owned(),
        }),
        ..command
    };
    let dry = |command: Command| Command {
        dry_run: true,
        ..command
    };
    let table = start();
    let (after, told) = done(&table, dry(take(1, "alice", 60)));
    assert_eq!((told.lease.expect("a lease").token, &after), (1, &table));

    let (table, first) = done(&table, keyed(1, "k", take(1, "alice", 60)));
    let (table, again) = done(&table, keyed(500, "k", take(500, "alice", 60)));
    assert_eq!((first.replayed, again.replayed), (false, true));
    assert_eq!(first.lease, again.lease);
    assert_eq!(file(&table).lease.as_deref(), first.lease.as_ref());

    let release = |at_ms| of_file(at_ms, "alice", Operation::Release);
    let (after, _) = done(&table, dry(release(600)));
    assert_eq!(after, table);
    let (table, first) = done(&table, keyed(600, "r", release(600)));
    let (table, again) = done(&table, keyed(601, "r", release(601)));
    assert_eq!((first.replayed, again.replayed), (false, true));
    assert_eq!(again.kind, DoneKind::Released);
    assert_eq!(file(&table).lease, None);
}

#[test]
fn what_is_written_without_a_look_still_is() {
    let planned = |command: &Command| -> Plan {
        match decide(declarations(), command, &View::default()) {
            Decision::Write(plan) => *plan,
            other => panic!("{other:?}"),
        }
    };
    let delete = based_on("*", of_file(1, "bob", Operation::Delete));
    for command in [with(1, transition(1, "bob", "grow")), delete] {
        let plan = planned(&command);
        assert_eq!(plan.writes.len(), 1);
        let condition = format!("{:?}", plan.writes[0].condition);
        assert!(condition.contains("LeasePart(Until)"), "{condition}");
        // A type without leases pays nothing for them.
        let plain = Command {
            type_name: "plain".to_owned(),
            ..command
        };
        let condition = format!("{:?}", planned(&plain).writes[0].condition);
        assert!(!condition.contains("Lease"), "{condition}");
    }
    // And a lease is a look and a write.
    let take = take(1, "bob", 60);
    let look = Decision::Read(vec![take.key()]);
    assert_eq!(decide(declarations(), &take, &View::default()), look);
}

#[test]
fn of_a_type_that_no_longer_declares_leases_none_counts() {
    let without = FILES.replace("lease: { max: 15m }", "");
    let declarations = declare(&[("files.yaml", &without)]);
    for command in writes(1, "bob") {
        let (_, answer) = World::run(leased(), &declarations, command);
        assert!(matches!(answer, Answer::Done(_)), "{answer:?}");
    }
}

/// Somebody else may write as soon as a lease has ended, which a lease that goes on would hide.
#[test]
fn a_lease_that_ends_while_its_extension_is_on_its_way_is_not_extended() {
    let table = leased();
    let lease = *file(&table).lease.expect("a lease");
    let extension = |at_ms: i64| with(lease.token, take(at_ms, &lease.holder, 60));
    let before = ms(lease.until) - 5;
    let token = |late_ms: i64| {
        let command = extension(before);
        let mut view = View::default();
        view.looked(lease.until.plus_millis(late_ms));
        view.learn(command.key(), table.get(&command.key()));
        let Decision::Write(plan) = decide(declarations(), &command, &view) else {
            panic!("it is planned");
        };
        let Planned::Leased(lease) = &plan.acts[0].outcome else {
            panic!("{plan:?}");
        };
        lease.token
    };
    assert_eq!([token(-1), token(0)], [lease.token, lease.token + 1]);
    // Nor is one of which the resource was written after it was looked at.
    let mut world = World::new(table.clone(), [extension(before)]);
    world.step(declarations(), 0, Delivery::Plain);
    (world.table, _) = done(&table, patch(before, &lease.holder, json!({ "note": "x" })));
    world.step(declarations(), 0, Delivery::Plain);
    assert!(world.processes[0].answer.is_none(), "it looks again");
}
