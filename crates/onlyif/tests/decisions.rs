//! What is decided about a command, by tables: which stage of the checks answers, with what, and
//! what is written where nothing stands against it.

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
use onlyif::command::{Command, IfMatch, Operation, Scopes, Stale};
use onlyif::decide::{Decision, decide, unique_key};
use onlyif::declaration::Declarations;
use onlyif::document::Document;
use onlyif::document::patch::Patch;
use onlyif::item::{Claim, Item, Resource};
use onlyif::plan::Effect;
use onlyif::problem::{Code, Conflict, Problem, Rel, Request};
use onlyif::timestamp::Timestamp;
use onlyif::view::View;
use proptest::prelude::*;
use serde_json::{Value, json};

const TICKETS: &str = "
type: tickets
schema:
  type: object
  required: [title]
  additionalProperties: false
  dependentRequired: { severity: [assignee] }
  properties:
    title: { type: string, minLength: 1 }
    note: { type: string }
    assignee: { type: string }
    severity: { type: integer, minimum: 1, maximum: 5 }
    code: { type: string }
    tags: { type: array, items: { type: string } }
    place: { type: object, properties: { city: { type: string }, street: { type: string } } }
    votes: { type: integer, minimum: 0, maximum: 10 }
    solvedAt: { type: string, format: date-time, readOnly: true }
unique: [{ fields: [/code], normalize: [trim, lowercase] }]
states: { initial: open, final: [closed], update: [open, solved], delete: [open, closed] }
transitions:
  solve:
    from: open
    to: solved
    onlyIf: [{ field: /assignee, exists: true, message: Nobody works on it. }]
    set: { /solvedAt: { now: true } }
  close: { from: solved, to: closed, access: [tickets.close] }
  vote:
    from: [open, solved]
    input: { type: object, required: [n], properties: { n: { type: integer } } }
    add: { /votes: { input: /n } }
access: { read: [tickets.read], create: [tickets.write], update: [tickets.write], delete: [tickets.write] }
";

/// Nothing in its schema ties one member to another.
const POLLS: &str = "
type: polls
schema:
  type: object
  properties: { votes: { type: integer, minimum: 0, maximum: 10 }, endedAt: { type: string, format: date-time } }
transitions:
  vote:
    input: { type: object, required: [n], properties: { n: { type: number } } }
    add: { /votes: { input: /n } }
  end: { set: { /endedAt: { now: true } } }
";

/// A parent may be missing, or be no object; a source may be missing; a bound may be reached.
const BOXES: &str = "
type: boxes
schema:
  type: object
  properties:
    label: { type: [string, object], properties: { text: { type: string } } }
    from: { type: string }
    left: { type: integer, minimum: 0 }
transitions:
  name: { set: { /label/text: a } }
  copy: { set: { /label: { field: /from } } }
  take: { add: { /left: -1 } }
";

fn declarations() -> &'static Declarations {
    static DECLARATIONS: LazyLock<Declarations> = LazyLock::new(|| {
        declare(&[
            ("tickets.yaml", TICKETS),
            ("polls.yaml", POLLS),
            ("boxes.yaml", BOXES),
        ])
    });
    &DECLARATIONS
}

fn create(nth: i64, id: &str, body: Value) -> Command {
    let incarnation = format!("{nth:08x}");
    let operation = Operation::Create {
        body: object(body),
        incarnation,
        repeatable: true,
    };
    command(nth, "alice", "tickets", id, operation)
}

fn put(nth: i64, body: Value) -> Command {
    command(
        nth,
        "bob",
        "tickets",
        "t",
        Operation::Replace { body: object(body) },
    )
}

fn patch(nth: i64, body: Value) -> Command {
    let patch = Patch::Merge(object(body));
    command(nth, "bob", "tickets", "t", Operation::Patch { patch })
}

fn steps(nth: i64, steps: Value) -> Command {
    let patch = Patch::parse_json(&steps).expect("a JSON Patch");
    command(nth, "bob", "tickets", "t", Operation::Patch { patch })
}

fn transition(nth: i64, name: &str, input: Option<Value>) -> Command {
    command(
        nth,
        "carol",
        "tickets",
        "t",
        Operation::Transition {
            name: name.into(),
            input,
        },
    )
}

fn delete(nth: i64) -> Command {
    command(nth, "dave", "tickets", "t", Operation::Delete)
}

/// Under the tag of this version of the first incarnation.
fn at(version: u64, mut command: Command) -> Command {
    command.preconditions.if_match = Some(IfMatch::Tags(vec![format!("{version}-00000001")]));
    command
}

fn any(mut command: Command) -> Command {
    command.preconditions.if_match = Some(IfMatch::Any);
    command
}

fn preferring(stale: Stale, mut command: Command) -> Command {
    command.stale = Some(stale);
    command
}

/// The table after these commands, all of which happen.
fn after(commands: impl IntoIterator<Item = Command>) -> Model {
    let declarations = declarations();
    commands
        .into_iter()
        .fold(Model::default(), |table, command| {
            let (table, answer) = World::run(table, declarations, command);
            assert!(matches!(answer, Answer::Done(_)), "{answer:?}");
            table
        })
}

fn answer(table: &Model, command: Command) -> (Model, Answer) {
    World::run(table.clone(), declarations(), command)
}

fn refused(table: &Model, command: Command) -> Problem {
    let (left, answer) = answer(table, command);
    assert_eq!(left, *table, "a refusal leaves nothing behind");
    match answer {
        Answer::Refused(problem) => problem,
        answer => panic!("{answer:?}"),
    }
}

fn done(table: &Model, command: Command) -> (Model, Done) {
    match answer(table, command) {
        (table, Answer::Done(done)) => (table, done),
        (_, answer) => panic!("{answer:?}"),
    }
}

fn ticket() -> Command {
    create(
        1,
        "t",
        json!({ "title": "T", "note": "n", "place": { "city": "Bern" }, "votes": 9 }),
    )
}

fn resource(table: &Model) -> Resource {
    match table.get(&ticket().key()) {
        Some(Item::Resource(resource)) => Arc::unwrap_or_clone(resource),
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_needs_no_look_is_written_at_once_and_the_rest_is_looked_at_first() {
    let first = |command: &Command| match decide(declarations(), command, &View::default()) {
        Decision::Read(keys) => format!("read {}", keys.len()),
        Decision::Write(plan) => format!("write {}", plan.writes.len()),
        Decision::Answer(_) => "answer".to_owned(),
    };
    let invalid = json!({ "title": 1 });
    let mut chosen_by_us = create(9, "t", invalid.clone());
    if let Operation::Create { repeatable, .. } = &mut chosen_by_us.operation {
        *repeatable = false;
    }
    let poll = |name: &str, input: Option<Value>| {
        command(
            6,
            "carol",
            "polls",
            "p",
            Operation::Transition {
                name: name.into(),
                input,
            },
        )
    };
    let vote = |n: Value| Some(json!({ "n": n }));
    let unique = create(2, "t", json!({ "title": "T", "code": "C" }));
    let unforeseen = transition(7, "vote", vote(json!(1)));
    let ending = any(command(9, "dave", "polls", "p", Operation::Delete));
    let table = [
        ("a create", ticket(), "write 1"),
        ("a create with a unique value", unique, "write 2"),
        (
            "an invalid create under an id of ours",
            chosen_by_us,
            "answer",
        ),
        (
            "an invalid create under the client's id",
            create(3, "t", invalid),
            "read 1",
        ),
        ("an update", any(put(4, json!({ "title": "U" }))), "read 1"),
        (
            "a patch",
            at(1, patch(5, json!({ "title": "U" }))),
            "read 1",
        ),
        ("a blind addition", poll("vote", vote(json!(1))), "write 1"),
        (
            "an addition that is no integer",
            poll("vote", vote(json!(1.5))),
            "read 1",
        ),
        ("an invalid input", poll("vote", None), "read 1"),
        ("a blind change", poll("end", None), "write 1"),
        (
            "a change where members depend on others",
            unforeseen,
            "read 1",
        ),
        ("a delete", ending, "write 1"),
        ("a delete that releases values", any(delete(9)), "read 1"),
        ("a delete without a precondition", delete(9), "read 1"),
    ];
    for (name, command, expected) in table {
        assert_eq!(first(&command), expected, "{name}");
    }
}

#[test]
fn the_first_stage_that_refuses_answers() {
    let nothing = Model::default();
    let open = after([ticket()]);
    let solved = after([
        create(1, "t", json!({ "title": "T", "assignee": "a" })),
        transition(2, "solve", None),
    ]);
    let closed = after([
        create(1, "t", json!({ "title": "T", "assignee": "a" })),
        transition(2, "solve", None),
        transition(3, "close", None),
    ]);
    let gone = after([ticket(), any(delete(2))]);
    let (valid, invalid) = (json!({ "title": "U" }), json!({ "title": 1 }));
    let table = [
        (&nothing, put(9, invalid.clone()), Code::NotFound),
        (&gone, put(9, invalid.clone()), Code::Gone),
        (&open, put(9, invalid.clone()), Code::PreconditionRequired),
        (&open, at(2, put(9, invalid.clone())), Code::StaleVersion),
        (&open, at(1, put(9, invalid.clone())), Code::InvalidResource),
        (
            &closed,
            at(3, put(9, invalid.clone())),
            Code::InvalidResource,
        ),
        (
            &closed,
            at(3, put(9, valid.clone())),
            Code::NotAllowedInState,
        ),
        (&closed, at(1, put(9, valid.clone())), Code::StaleVersion),
        (&open, create(9, "t", invalid), Code::AlreadyExists),
        (&nothing, transition(9, "vote", None), Code::NotFound),
        (&gone, transition(9, "vote", None), Code::Gone),
        (&closed, transition(9, "vote", None), Code::InvalidResource),
        (
            &closed,
            transition(9, "vote", Some(json!({ "n": 1 }))),
            Code::InvalidTransition,
        ),
        (
            &closed,
            at(1, transition(9, "vote", None)),
            Code::StaleVersion,
        ),
        (&open, transition(9, "solve", None), Code::ConditionNotMet),
        (&open, transition(9, "close", None), Code::InvalidTransition),
        (&nothing, delete(9), Code::NotFound),
        (&gone, delete(9), Code::Gone),
        (&open, delete(9), Code::PreconditionRequired),
        (&open, at(9, delete(9)), Code::StaleVersion),
        (&solved, at(2, delete(9)), Code::NotAllowedInState),
        (&solved, at(1, delete(9)), Code::StaleVersion),
    ];
    for (place, (before, command, code)) in table.into_iter().enumerate() {
        assert_eq!(refused(before, command).code, code, "row {place}");
    }
}

#[test]
fn every_conflict_that_the_image_shows_is_told_in_the_catalogues_order() {
    let closed = after([
        create(1, "t", json!({ "title": "T", "assignee": "a" })),
        transition(2, "solve", None),
        transition(3, "close", None),
    ]);
    let codes = |problem: &Problem| {
        problem
            .conflicts
            .iter()
            .map(Conflict::code)
            .collect::<Vec<_>>()
    };

    let problem = refused(&closed, at(1, patch(9, json!({ "title": "U" }))));
    assert_eq!(
        codes(&problem),
        [Code::StaleVersion, Code::NotAllowedInState]
    );
    let problem = refused(
        &closed,
        at(
            1,
            steps(9, json!([{ "op": "test", "path": "/title", "value": "V" }])),
        ),
    );
    let all = [
        Code::StaleVersion,
        Code::NotAllowedInState,
        Code::ConditionNotMet,
    ];
    assert_eq!(codes(&problem), all);
    let open = after([ticket()]);
    let problem = refused(&open, at(9, transition(9, "close", None)));
    assert_eq!(
        codes(&problem),
        [Code::StaleVersion, Code::InvalidTransition]
    );
}

#[test]
fn a_stale_view_is_told_every_field_that_changed_since_it() {
    let table = after([
        ticket(),
        any(patch(2, json!({ "note": "m" }))),
        any(patch(
            3,
            json!({ "place": { "city": "Basel", "street": "Gasse" } }),
        )),
        any(patch(4, json!({ "note": "o" }))),
    ]);
    type Told = &'static [(&'static str, u64, bool)];
    let expected: [(u64, Told); 4] = [
        (
            1,
            &[
                ("/note", 4, true),
                ("/place/city", 3, false),
                ("/place/street", 3, false),
            ],
        ),
        (
            2,
            &[
                ("/note", 4, true),
                ("/place/city", 3, false),
                ("/place/street", 3, false),
            ],
        ),
        (3, &[("/note", 4, true)]),
        (0, &[]),
    ];
    for (version, expected) in expected {
        let problem = refused(
            &table,
            at(version, patch(9, json!({ "note": "mine", "title": "U" }))),
        );
        let Conflict::StaleVersion {
            fields, mergeable, ..
        } = &problem.conflicts[0]
        else {
            panic!("{problem:?}")
        };
        let fields: Option<Vec<(String, u64, bool)>> = fields.as_ref().map(|fields| {
            fields
                .iter()
                .map(|f| (f.pointer.to_string(), f.version, f.overlaps))
                .collect()
        });
        let told = expected
            .iter()
            .map(|(at, version, o)| ((*at).to_owned(), *version, *o))
            .collect();
        // A tag that names no version says nothing of what changed since.
        assert_eq!(fields, (version > 0).then_some(told), "{version}");
        assert_eq!(*mergeable, Some(false));
    }
}

#[test]
fn what_does_not_overlap_is_rebased_for_who_prefers_it_and_only_for_them() {
    let table = after([ticket(), any(patch(2, json!({ "note": "m" })))]);
    let change = || at(1, patch(9, json!({ "title": "U" })));
    let problem = refused(&table, change());
    let rels: Vec<Rel> = problem.resolutions.iter().map(|each| each.rel).collect();
    assert_eq!(rels, [Rel::Merge, Rel::Overwrite, Rel::Discard]);
    assert_eq!(
        refused(&table, preferring(Stale::Refuse, change())).code,
        Code::StaleVersion
    );

    let (after, done) = done(&table, preferring(Stale::Merge, change()));
    assert!(done.merged && done.kind == DoneKind::Changed);
    let now = resource(&after);
    assert_eq!(
        (&now.document["title"], &now.document["note"]),
        (&json!("U"), &json!("m"))
    );
    assert_eq!(now.version, 3);
}

#[test]
fn what_a_client_may_not_choose_is_not_dropped_for_a_rebase() {
    let table = after([
        ticket(),
        any(patch(2, json!({ "assignee": "bob" }))),
        transition(3, "solve", None),
    ]);
    let body = |more: Value| {
        let mut body = object(json!({ "title": "U", "assignee": "bob", "note": "n" }));
        body.extend(object(more));
        Value::Object(body)
    };
    let steps = |path: &str, value: &str| {
        steps(
            9,
            json!([
                { "op": "add", "path": "/note", "value": "n" },
                { "op": "add", "path": path, "value": value },
            ]),
        )
    };
    let table_of_changes = [
        (put(9, body(json!({}))), true),
        // What moves with every write is what a client has that read an older version.
        (
            put(9, body(json!({ "version": 2, "updatedBy": "x" }))),
            true,
        ),
        (put(9, body(json!({ "state": "solved" }))), true),
        (put(9, body(json!({ "state": "open" }))), false),
        (put(9, body(json!({ "createdBy": "eve" }))), false),
        (
            put(9, body(json!({ "solvedAt": "2020-01-01T00:00:00Z" }))),
            false,
        ),
        (patch(9, json!({ "note": "n", "state": "closed" })), false),
        (patch(9, json!({ "note": "n", "id": "u" })), false),
        (patch(9, json!({ "note": "n", "version": 2 })), true),
        (steps("/state", "closed"), false),
        (steps("/createdAt", "now"), false),
        (steps("/version", "2"), true),
    ];
    for (command, rebased) in table_of_changes {
        let command = preferring(Stale::Merge, at(2, command));
        let operation = command.operation.clone();
        if rebased {
            assert!(done(&table, command).1.merged, "{operation:?}");
            continue;
        }
        let problem = refused(&table, command);
        let Conflict::StaleVersion {
            mergeable, fields, ..
        } = &problem.conflicts[0]
        else {
            panic!("{problem:?}")
        };
        assert_eq!(*mergeable, Some(false), "{operation:?}");
        let rels: Vec<Rel> = problem.resolutions.iter().map(|each| each.rel).collect();
        assert_eq!(rels, [Rel::Overwrite, Rel::Discard], "{operation:?}");
        // A field that the request names too is told to be one.
        let text = format!("{operation:?}");
        for field in fields.iter().flatten() {
            let name = field.pointer.tokens()[0].as_str();
            assert_eq!(field.overlaps, text.contains(name), "{name} of {text}");
        }
    }
}

#[test]
fn an_update_that_changes_nothing_writes_nothing() {
    let table = after([ticket()]);
    for command in [
        at(1, patch(9, json!({}))),
        any(patch(9, json!({ "note": "n", "absent": null }))),
        at(
            1,
            put(
                9,
                json!({ "title": "T", "note": "n", "place": { "city": "Bern" }, "votes": 9 }),
            ),
        ),
    ] {
        let (after, done) = done(&table, command);
        assert_eq!(done.kind, DoneKind::Unchanged);
        assert_eq!(after, table);
    }
}

#[test]
fn bounds_of_the_schema_are_conditions_of_an_addition() {
    let table = after([ticket()]);
    let vote = |n: i64| transition(9, "vote", Some(json!({ "n": n })));
    for (n, votes) in [
        (1, Some(10)),
        (2, None),
        (-9, Some(0)),
        (-10, None),
        (0, Some(9)),
    ] {
        let (after, answer) = answer(&table, vote(n));
        match (answer, votes) {
            (Answer::Done(_), Some(votes)) => assert_eq!(resource(&after).document["votes"], votes),
            (Answer::Refused(problem), None) => assert_eq!(problem.code, Code::ConditionNotMet),
            (answer, _) => panic!("{n}: {answer:?}"),
        }
    }
}

#[test]
fn a_unique_value_is_one_item_that_comes_goes_and_moves_with_its_resource() {
    let codes = |table: &Model| table.keys().count() - 1;
    let created = after([create(1, "t", json!({ "title": "T", "code": " A " }))]);
    assert_eq!(codes(&created), 1);
    let (same, _) = done(&created, any(patch(2, json!({ "code": "a" }))));
    assert_eq!(codes(&same), 1, "the same value in another spelling");
    let (moved, _) = done(&same, any(patch(3, json!({ "code": "b" }))));
    assert_eq!(codes(&moved), 1);
    let (freed, _) = done(&moved, any(patch(4, json!({ "code": null }))));
    assert_eq!(codes(&freed), 0);

    let other = create(5, "u", json!({ "title": "U", "code": "A" }));
    let problem = refused(&created, other.clone());
    assert_eq!(problem.code, Code::Duplicate);
    done(&moved, other);
    let (deleted, _) = done(&created, any(delete(6)));
    assert_eq!(codes(&deleted), 0, "only the tombstone is left");
}

#[test]
fn a_value_that_is_known_to_be_taken_leaves_nothing_to_overwrite_with() {
    // The write was refused for both: another version, and a value that another resource holds.
    let table = after([ticket(), any(patch(2, json!({ "note": "m" })))]);
    let command = at(1, patch(9, json!({ "code": "K" })));
    let resource = Item::from(resource(&table));
    let mut view = View::default();
    view.learn(command.key(), Some(resource));
    let declaration = declarations().get("tickets").expect("declared");
    let code = json!("K");
    let claim = unique_key("-", declaration, &declaration.unique[0], &[Some(&code)]);
    let owner = "other".to_owned();
    view.learn(claim.expect("a value"), Some(Item::Claim(Claim { owner })));

    let Decision::Answer(answer) = decide(declarations(), &command, &view) else {
        panic!("nothing is to be looked at")
    };
    let Answer::Refused(problem) = *answer else {
        panic!("{answer:?}")
    };
    let codes: Vec<Code> = problem.conflicts.iter().map(Conflict::code).collect();
    assert_eq!(codes, [Code::StaleVersion, Code::Duplicate]);
    let rels: Vec<Rel> = problem.resolutions.iter().map(|each| each.rel).collect();
    assert_eq!(rels, [Rel::Discard, Rel::ReadHolder]);
}

#[test]
fn no_tag_of_an_incarnation_that_ended_matches_the_next() {
    let again = create(3, "t", json!({ "title": "again" }));
    let table = after([ticket(), any(delete(2)), again]);
    assert_eq!(resource(&table).version, 1);
    assert_eq!(
        refused(&table, at(1, put(9, json!({ "title": "U" })))).code,
        Code::StaleVersion
    );
}

#[test]
fn no_operation_of_a_json_patch_writes_a_reserved_member() {
    let table = after([ticket()]);
    let tag = resource(&table).tag().to_string();
    for (operation, refused_at) in [
        (
            json!({ "op": "replace", "path": "/etag", "value": "x" }),
            true,
        ),
        (json!({ "op": "remove", "path": "/id" }), true),
        (json!({ "op": "remove", "path": "/version" }), true),
        (
            json!({ "op": "add", "path": "/state", "value": "solved" }),
            true,
        ),
        (
            json!({ "op": "replace", "path": "/etag", "value": tag }),
            false,
        ),
        (
            json!({ "op": "test", "path": "/etag", "value": tag }),
            false,
        ),
    ] {
        let command = at(1, steps(9, json!([operation])));
        let (_, answer) = answer(&table, command);
        match answer {
            Answer::Refused(problem) => {
                assert!(refused_at, "{operation}");
                assert_eq!(problem.code, Code::InvalidResource, "{operation}");
            }
            _ => assert!(!refused_at, "{operation}"),
        }
    }
}

#[test]
fn a_state_is_refused_with_what_would_change_it() {
    let poll = |nth, operation| command(nth, "erin", "polls", "t", operation);
    let table = after([
        ticket(),
        poll(
            2,
            Operation::Create {
                body: Document::new(),
                incarnation: "00000002".to_owned(),
                repeatable: true,
            },
        ),
    ]);
    let body = object(json!({ "title": "T", "state": "closed" }));
    let patch = || Operation::Patch {
        patch: Patch::Merge(body.clone()),
    };
    for (command, expected) in [
        (
            command(9, "bob", "tickets", "t", patch()),
            "Only transitions change the state: solve, close, vote.",
        ),
        (poll(9, patch()), "polls have no states: leave it out."),
    ] {
        let problem = refused(&table, any(command));
        assert_eq!(problem.errors[0].detail, expected);
    }
}

#[test]
fn a_sentence_shows_the_beginning_of_a_long_value() {
    let table = after([ticket()]);
    let expected = json!("x".repeat(100_000));
    let test = json!([{ "op": "test", "path": "/title", "value": expected }]);
    let problem = refused(&table, at(1, steps(9, test)));
    assert_eq!(problem.code, Code::ConditionNotMet);
    assert!(problem.detail.len() < 200, "{}", problem.detail.len());
}

#[test]
fn who_is_told_that_nobody_knows_is_told_where_to_look() {
    for (scope, may_read) in [("tickets.read", true), ("tickets.write", false)] {
        let mut command = create(9, "t", json!({ "title": "T" }));
        command.caller.scopes = Scopes::Only([scope.to_owned()].into());
        let mut view = View::default();
        let Decision::Write(plan) = decide(declarations(), &command, &view) else {
            panic!("a create is written at once")
        };
        view.sent(&plan);
        view.doubt();
        view.learn(command.key(), None);
        // What is in doubt may still arrive, and the body cannot be written now.
        let Operation::Create { body, .. } = &mut command.operation else {
            panic!("a create")
        };
        body.insert("title".to_owned(), json!(1));
        let Decision::Answer(answer) = decide(declarations(), &command, &view) else {
            panic!("nothing is to be written")
        };
        let Answer::Refused(problem) = *answer else {
            panic!("{answer:?}")
        };
        assert_eq!(problem.code, Code::OutcomeUnknown);
        let told: Vec<Request> = problem.resolutions.into_iter().map(|r| r.request).collect();
        let expected = may_read.then(|| Request::Read {
            type_name: "tickets".to_owned(),
            id: "t".to_owned(),
        });
        assert_eq!(told, Vec::from_iter(expected), "{scope}");
    }
}

#[test]
fn only_the_same_body_is_answered_as_the_first_was() {
    let table = after([ticket()]);
    let resource = resource(&table);
    let with = |more: Value| {
        let mut body = resource.document.clone();
        body.extend(object(more));
        create(9, "t", Value::Object(body))
    };
    for (more, same) in [
        (json!({}), true),
        (json!({ "id": "t" }), true),
        (json!({ "id": "u" }), false),
        (json!({ "version": 1 }), false),
        (json!({ "note": "another" }), false),
    ] {
        let command = with(more.clone());
        if same {
            assert!(done(&table, command).1.replayed, "{more}");
        } else {
            assert_eq!(refused(&table, command).code, Code::AlreadyExists, "{more}");
        }
    }
}

#[test]
fn a_date_speaks_for_a_resource_written_once_until_its_second_ended() {
    let poll = |nth: i64, at_ms: i64, id: &str, operation: Operation| {
        let mut command = command(nth, "erin", "polls", id, operation);
        command.at = Timestamp::from_millis(at_ms);
        command
    };
    let made = |nth, at_ms, id: &str| {
        let operation = Operation::Create {
            body: Document::new(),
            incarnation: format!("{nth:08x}"),
            repeatable: true,
        };
        poll(nth, at_ms, id, operation)
    };
    let ended = |nth, at_ms, id: &str| {
        let operation = Operation::Transition {
            name: "end".to_owned(),
            input: None,
        };
        poll(nth, at_ms, id, operation)
    };
    let deleted = |nth, at_ms, id: &str| any(poll(nth, at_ms, id, Operation::Delete));
    let table = after([
        made(1, 10_100, "once"),
        made(2, 9_900, "before"),
        ended(3, 10_100, "before"),
        made(4, 10_100, "twice"),
        ended(5, 10_200, "twice"),
        made(6, 11_000, "later"),
        made(7, 10_100, "behind"),
        ended(8, 9_000, "behind"),
        made(20, 10_100, "far behind"),
        ended(21, 9_000, "far behind"),
        ended(22, 9_001, "far behind"),
        made(9, 10_100, "again"),
        deleted(10, 10_200, "again"),
        made(11, 10_300, "again"),
    ]);
    for (id, holds) in [
        ("once", true),
        ("before", true),
        ("twice", false),
        ("later", false),
        ("behind", false),
        ("far behind", false),
        ("again", false),
    ] {
        let replaced = Operation::Replace {
            body: object(json!({ "votes": 1 })),
        };
        // What is compared here, and what the store compares.
        for mut command in [
            poll(30, 20_000, id, Operation::Read),
            poll(30, 20_000, id, replaced),
            ended(30, 20_000, id),
            poll(30, 20_000, id, Operation::Delete),
        ] {
            command.preconditions.if_unmodified_since_s = Some(10);
            let (_, answer) = answer(&table, command.clone());
            let done = matches!(answer, Answer::Done(_));
            assert_eq!(done, holds, "{id}: {:?}", command.operation);
        }
    }
}

#[test]
fn what_a_change_requires_is_a_condition_and_decides_what_is_legal() {
    let table = [
        (
            json!({}),
            "name",
            Some(("/label", json!({ "exists": true }))),
        ),
        (
            json!({ "label": "x" }),
            "name",
            Some(("/label", json!({ "type": "object" }))),
        ),
        (json!({ "label": {} }), "name", None),
        (
            json!({}),
            "copy",
            Some(("/from", json!({ "exists": true }))),
        ),
        (json!({ "from": "x" }), "copy", None),
        (json!({}), "take", Some(("/left", json!({ "atLeast": 1 })))),
        (
            json!({ "left": 0 }),
            "take",
            Some(("/left", json!({ "atLeast": 1 }))),
        ),
        (json!({ "left": 1 }), "take", None),
    ];
    for (body, name, unmet) in table {
        let made = Operation::Create {
            body: object(body.clone()),
            incarnation: "00000001".to_owned(),
            repeatable: true,
        };
        let table = after([command(1, "alice", "boxes", "b", made)]);
        let operation = Operation::Transition {
            name: name.to_owned(),
            input: None,
        };
        let asked = command(2, "bob", "boxes", "b", operation);
        let Some(Item::Resource(resource)) = table.get(&asked.key()) else {
            panic!("it is there")
        };
        let declaration = declarations().get("boxes").expect("boxes");
        let legal = onlyif::lifecycle::legal(declaration, &resource, &asked.caller, asked.at);
        let legal = legal.iter().any(|legal| legal.name == name);
        assert_eq!(legal, unmet.is_none(), "{name} of {body}");
        let (_, answer) = answer(&table, asked);
        match (answer, unmet) {
            (Answer::Done(_), None) => {}
            (Answer::Refused(problem), Some((at, required))) => {
                let Conflict::ConditionNotMet {
                    pointer, requires, ..
                } = &problem.conflicts[0]
                else {
                    panic!("{problem:?}")
                };
                assert_eq!((pointer.to_string().as_str(), requires), (at, &required));
            }
            (answer, unmet) => panic!("{name} of {body}: {answer:?}, expected {unmet:?}"),
        }
    }
}

#[test]
fn a_value_that_cannot_be_held_is_told_of_once() {
    let table = after([ticket()]);
    let fault = |at: &str| onlyif::problem::Fault {
        at: onlyif::problem::Place::Pointer(at.parse().expect("a pointer")),
        detail: "too many digits".to_owned(),
        keyword: None,
    };
    // What cannot be held stands as null in what was read.
    let commands = [
        (
            create(9, "new", json!({ "title": "T", "votes": null })),
            "/votes",
        ),
        (
            any(put(9, json!({ "title": "T", "votes": null }))),
            "/votes",
        ),
        (any(patch(9, json!({ "title": null }))), "/title"),
        (transition(9, "vote", Some(json!({ "n": null }))), "/n"),
        (
            any(steps(
                9,
                json!([{ "op": "add", "path": "/votes", "value": null }]),
            )),
            "/0/value",
        ),
    ];
    for (mut command, at) in commands {
        command.faults = vec![fault(at)];
        let problem = refused(&table, command);
        assert_eq!(problem.errors, [fault(at)]);
    }
}

#[test]
fn a_patch_of_the_whole_document_keeps_what_is_not_the_clients_as_a_put_does() {
    let table = after([ticket()]);
    let whole =
        |op: &str, value: Value| any(steps(9, json!([{ "op": op, "path": "", "value": value }])));
    for op in ["add", "replace"] {
        let (after, _) = done(&table, whole(op, json!({ "title": "U" })));
        assert_eq!(resource(&after).document, object(json!({ "title": "U" })));
        let problem = refused(&table, whole(op, json!({ "title": "U", "id": "u" })));
        assert_eq!(problem.code, Code::InvalidResource);
    }
    let problem = refused(
        &table,
        any(steps(9, json!([{ "op": "remove", "path": "/id" }]))),
    );
    assert_eq!(problem.code, Code::InvalidResource);
}

#[test]
fn a_rebase_whose_reply_was_lost_is_told_to_be_one() {
    let table = after([ticket(), any(patch(2, json!({ "note": "m" })))]);
    let change = preferring(Stale::Merge, at(1, patch(9, json!({ "title": "U" }))));
    let mut world = World::new(table, [change]);
    world.step(declarations(), 0, Delivery::Plain);
    world.step(declarations(), 0, Delivery::ReplyLost);
    world.step(declarations(), 0, Delivery::Plain);
    let answer = world.processes.remove(0).answer;
    let Some(Answer::Done(done)) = answer else {
        panic!("{answer:?}")
    };
    assert!(done.merged);
}

#[test]
fn a_delete_that_the_store_cannot_condition_is_looked_at() {
    let mut command = command(9, "dave", "polls", "p", Operation::Delete);
    command.preconditions.if_match = Some(IfMatch::Tags(vec!["1-00000001".to_owned()]));
    let mut view = View::default();
    assert!(matches!(
        decide(declarations(), &command, &view),
        Decision::Write(_)
    ));
    view.overflow();
    assert_eq!(
        decide(declarations(), &command, &view),
        Decision::Read(vec![command.key()])
    );
}

#[test]
fn a_tombstone_answers_until_it_expires() {
    let table = after([ticket(), any(delete(2))]);
    let mut late = put(9, json!({ "title": "U" }));
    late.at = late.at.plus_millis(30 * 24 * 3600 * 1000 - 10_000);
    assert_eq!(refused(&table, late.clone()).code, Code::Gone);
    late.at = late.at.plus_millis(20_000);
    assert_eq!(refused(&table, late).code, Code::NotFound);
}

#[test]
fn who_may_not_read_learns_that_and_nothing_more() {
    let table = after([
        ticket(),
        any(patch(2, json!({ "note": "secret", "tags": ["a", "b"] }))),
    ]);
    let blinded = |mut command: Command| {
        let only = ["tickets.write", "tickets.close"].map(str::to_owned);
        command.caller.scopes = Scopes::Only(BTreeSet::from(only));
        refused(&table, command)
    };
    let commands = [
        at(1, put(9, json!({ "title": "U" }))),
        put(9, json!({ "title": "U" })),
        at(1, delete(9)),
        transition(9, "solve", None),
        transition(9, "close", None),
        create(9, "t", json!({ "title": "U" })),
        any(steps(
            9,
            json!([{ "op": "add", "path": "/tags/7", "value": 1 }]),
        )),
    ];
    for command in commands {
        let problem = blinded(command);
        let told = format!("{problem:?}");
        assert!(problem.current.is_none(), "{told}");
        for word in [
            "secret",
            "2-00000001",
            "\"bob\"",
            "bob changed",
            "is open",
            "array of",
            "Some(Timestamp",
            "mergeable: Some",
            "allowed: Some",
            "Legal now",
        ] {
            assert!(!told.contains(word), "{word} in {told}");
        }
        assert_eq!(problem.resolutions, [], "{told}");
    }
}

#[test]
fn only_a_create_puts() {
    let table = after([create(
        1,
        "t",
        json!({ "title": "T", "assignee": "a", "code": "c" }),
    )]);
    let mut world = View::default();
    let key = ticket().key();
    world.learn(key.clone(), table.get(&key));
    for command in [
        any(put(9, json!({ "title": "U" }))),
        transition(9, "solve", None),
        any(delete(9)),
    ] {
        let Decision::Write(plan) = decide(declarations(), &command, &world) else {
            panic!("nothing stands against it")
        };
        assert!(
            matches!(plan.writes[0].effect, Effect::Update(_)),
            "{plan:?}"
        );
    }
}

/// A change of a few fields, some of them removed.
fn changes() -> impl Strategy<Value = Value> {
    let text = || prop_oneof![Just(Value::Null), "[a-c]".prop_map(Value::from)];
    let number = prop_oneof![Just(Value::Null), (0..7_i64).prop_map(Value::from)];
    let place = prop_oneof![
        Just(Value::Null),
        text().prop_map(|city| json!({ "city": city })),
        text().prop_map(|street| json!({ "street": street })),
    ];
    (text(), text(), number, place, prop::bits::u8::between(0, 4)).prop_map(
        |(note, assignee, severity, place, chosen)| {
            let all = [
                ("note", note),
                ("assignee", assignee),
                ("severity", severity),
                ("place", place),
            ];
            let picked = all
                .into_iter()
                .enumerate()
                .filter(|(bit, _)| chosen & (1 << bit) != 0);
            Value::Object(
                picked
                    .map(|(_, (name, value))| (name.to_owned(), value))
                    .collect(),
            )
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    /// Whatever two people do to one version: who is told that it happened finds it done, the
    /// document satisfies its schema, and what nobody changed keeps its clock.
    #[test]
    fn a_rebased_document_satisfies_its_schema_and_loses_nothing(
        one in changes(), two in changes(),
    ) {
        let declarations = declarations();
        let base = after([create(1, "t", json!({
            "title": "T", "note": "n", "assignee": "a", "severity": 3, "place": { "city": "x", "street": "y" },
        }))]);
        let merging = |nth, change| preferring(Stale::Merge, at(1, patch(nth, change)));
        let (first, first_answer) = answer(&base, merging(2, one));
        let before = resource(&first);
        let (second, second_answer) = answer(&first, merging(3, two));
        let now = resource(&second);
        let schema = &declarations.get("tickets").expect("tickets").schema;
        prop_assert!(schema.faults(&Value::Object(now.document.clone())).is_empty());

        let touched = onlyif::document::fields::changes(&before.document, &now.document);
        for (pointer, clock) in &before.clocks.fields {
            if !touched.iter().any(|changed| changed.overlaps(pointer)) {
                prop_assert_eq!(now.clocks.fields.get(pointer), Some(clock));
            }
        }
        // What the first one was told had happened is there still, unless both did the same.
        if let (Answer::Done(_), Answer::Done(done)) = (&first_answer, &second_answer)
            && done.merged
        {
            let changed = onlyif::document::fields::changes(&resource(&base).document, &before.document);
            for pointer in changed {
                prop_assert_eq!(pointer.of(&now.document), pointer.of(&before.document));
            }
        }
    }
}
