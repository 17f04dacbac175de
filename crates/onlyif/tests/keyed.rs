//! Requests under an idempotency key, and dry runs: what is recorded, what a repeat is told, and
//! what is left as it was.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

#[allow(dead_code, reason = "the interleavings need more of it")]
mod model;

use std::sync::LazyLock;

use model::Model;
use model::world::{World, command, declare, object};
use onlyif::answer::{Answer, Done, DoneKind};
use onlyif::command::{Command, Idempotency, IfMatch, Operation};
use onlyif::declaration::Declarations;
use onlyif::document::patch::Patch;
use onlyif::item::Item;
use onlyif::problem::{Code, Problem};
use serde_json::{Value, json};

const NOTES: &str = "
type: notes
schema:
  type: object
  required: [text]
  properties: { text: { type: string, minLength: 1 }, code: { type: string }, likes: { type: integer } }
unique: [{ fields: [/code] }]
states: { initial: open, final: [closed] }
transitions:
  like: { from: open, add: { /likes: 1 } }
  close: { from: open, to: closed }
";

fn declarations() -> &'static Declarations {
    static DECLARATIONS: LazyLock<Declarations> =
        LazyLock::new(|| declare(&[("notes.yaml", NOTES)]));
    &DECLARATIONS
}

fn create(nth: i64, id: &str, body: Value) -> Command {
    let operation = Operation::Create {
        body: object(body),
        incarnation: format!("{nth:08x}"),
        repeatable: false,
    };
    command(nth, "alice", "notes", id, operation)
}

fn patch(nth: i64, body: Value) -> Command {
    let patch = Patch::Merge(object(body));
    command(nth, "alice", "notes", "n", Operation::Patch { patch })
}

fn transition(nth: i64, name: &str) -> Command {
    let operation = Operation::Transition {
        name: name.to_owned(),
        input: None,
    };
    command(nth, "alice", "notes", "n", operation)
}

fn delete(nth: i64) -> Command {
    command(nth, "alice", "notes", "n", Operation::Delete)
}

fn any(mut command: Command) -> Command {
    command.preconditions.if_match = Some(IfMatch::Any);
    command
}

fn keyed(mut command: Command) -> Command {
    command.idempotency = Some(Idempotency {
        key: "k".to_owned(),
        fingerprint: format!("{:?}", std::mem::discriminant(&command.operation)),
    });
    command
}

fn dry(mut command: Command) -> Command {
    command.dry_run = true;
    command
}

fn answer(table: &Model, command: Command) -> (Model, Answer) {
    World::run(table.clone(), declarations(), command)
}

fn done(table: &Model, command: Command) -> (Model, Done) {
    match answer(table, command) {
        (table, Answer::Done(done)) => (table, done),
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

fn note() -> Model {
    let body = json!({ "text": "a", "likes": 0 });
    done(&Model::default(), create(1, "n", body)).0
}

/// Each kind of write, that works on [`note`], as the `nth` request.
fn writes(nth: i64) -> Vec<Command> {
    vec![
        create(
            nth,
            &format!("new-{nth}"),
            json!({ "text": "b", "code": "c" }),
        ),
        any(patch(nth, json!({ "text": "b" }))),
        any(patch(nth, json!({ "text": "a" }))),
        any(patch(nth, json!({ "code": "c" }))),
        transition(nth, "like"),
        transition(nth, "close"),
        any(delete(nth)),
    ]
}

#[test]
fn a_repeat_is_answered_as_the_first_was_whatever_has_happened_since() {
    for (first, again) in writes(2).into_iter().zip(writes(9)) {
        let (table, first) = done(&note(), keyed(first));
        assert!(!first.replayed);
        let since = [
            any(patch(3, json!({ "text": "z", "code": "other" }))),
            any(delete(4)),
            create(5, "n", json!({ "text": "new" })),
        ];
        let mut after = table;
        for step in [None].into_iter().chain(since.map(Some)) {
            if let Some(step) = step {
                after = answer(&after, step).0;
            }
            let (unchanged, replay) = done(&after, keyed(again.clone()));
            assert_eq!(unchanged, after, "a replay writes nothing");
            assert!(replay.replayed);
            assert_eq!((replay.kind, &replay.id), (first.kind, &first.id));
            let shown = |done: &Done| {
                let resource = done.resource.as_ref()?;
                Some((
                    resource.tag(),
                    resource.document.clone(),
                    resource.state.clone(),
                ))
            };
            assert_eq!(shown(&replay), shown(&first), "{again:?}");
        }
    }
}

#[test]
fn a_key_names_one_request_of_one_caller() {
    let (table, _) = done(&note(), keyed(transition(2, "like")));
    for other in [
        create(9, "m", json!({ "text": "b" })),
        // What is wrong with the rest of it comes later.
        create(9, "m", json!({ "text": "" })),
        create(9, "n", json!({ "text": "b" })),
        any(patch(9, json!({ "text": "b" }))),
        patch(9, json!({ "text": "b" })),
        any(delete(9)),
    ] {
        assert_eq!(
            refused(&table, keyed(other)).code,
            Code::IdempotencyKeyReused
        );
    }
    let mut others = keyed(any(delete(9)));
    others.caller.actor = "bob".to_owned();
    assert_eq!(done(&table, others).1.kind, DoneKind::Deleted);
    let mut elsewhere = keyed(create(9, "n", json!({ "text": "b" })));
    elsewhere.caller.tenant = "acme".to_owned();
    assert!(!done(&table, elsewhere).1.replayed);
}

#[test]
fn what_is_refused_is_not_recorded() {
    let table = note();
    let (closed, _) = done(&table, transition(2, "close"));
    refused(&closed, keyed(transition(3, "like")));
    refused(&table, keyed(patch(3, json!({ "text": "b" }))));
    refused(&table, keyed(create(3, "m", json!({ "text": "" }))));
    let (_, liked) = done(&table, keyed(transition(4, "like")));
    assert!(!liked.replayed);
}

#[test]
fn a_record_answers_for_a_day() {
    const DAY_MS: i64 = 24 * 60 * 60 * 1000;
    let first = keyed(transition(2, "like"));
    let seconds = first.at.seconds() * 1000 - first.at.millis();
    let (table, _) = done(&note(), first.clone());
    let later = |ms: i64| {
        let mut again = first.clone();
        again.request_id = "later".to_owned();
        again.at = again.at.plus_millis(ms);
        done(&table, again).1
    };
    assert!(later(DAY_MS + seconds - 1).replayed);
    let anew = later(DAY_MS + seconds);
    assert!(!anew.replayed);
    assert_eq!(anew.resource.expect("the note").document["likes"], 2);
    // Nor does it stand in the way of another request.
    let mut other = keyed(any(delete(3)));
    other.at = other.at.plus_millis(DAY_MS);
    assert_eq!(done(&table, other).1.kind, DoneKind::Deleted);
}

#[test]
fn a_declaration_says_how_long_a_record_answers() {
    let hour = NOTES.replace("transitions:", "keep: { idempotency: 1h }\ntransitions:");
    let declarations = declare(&[("notes.yaml", &hour)]);
    let first = keyed(create(2, "n", json!({ "text": "a" })));
    let (table, _) = World::run(Model::default(), &declarations, first.clone());
    for (seconds, replayed) in [(3_590, true), (3_610, false)] {
        let mut again = first.clone();
        again.request_id = "later".to_owned();
        again.at = again.at.plus_millis(seconds * 1000);
        let (_, answer) = World::run(table.clone(), &declarations, again);
        let told = matches!(answer, Answer::Done(done) if done.replayed);
        assert_eq!(told, replayed, "{seconds}");
    }
}

#[test]
fn a_large_document_is_not_recorded_and_a_repeat_shows_the_one_of_then() {
    for (bytes, recorded) in [(1_000, true), (110_000, false)] {
        let first = |nth| {
            let text = "x".repeat(bytes);
            keyed(create(nth, &format!("big-{nth}"), json!({ "text": text })))
        };
        let (table, made) = done(&note(), first(2));
        let mut change = any(patch(3, json!({ "text": "small" })));
        change.id = made.id.clone();
        let (table, changed) = done(&table, change);
        let (_, replay) = done(&table, first(4));
        let expected = if recorded { made } else { changed };
        let tag = |done: &Done| done.resource.as_ref().map(|resource| resource.tag());
        assert_eq!(
            (replay.kind, tag(&replay)),
            (DoneKind::Created, tag(&expected))
        );
        assert_eq!(replay.id, "big-2");
    }
}

#[test]
fn a_dry_run_answers_as_the_write_would_and_writes_nothing() {
    let table = note();
    for keep in [false, true] {
        let kept = |command| if keep { keyed(command) } else { command };
        for (write, rehearsal) in writes(2).into_iter().zip(writes(2)) {
            let (unchanged, told) = done(&table, dry(kept(rehearsal)));
            assert_eq!(unchanged, table);
            let (_, done) = done(&table, kept(write));
            assert_eq!(
                (told.kind, &told.id, told.replayed),
                (done.kind, &done.id, false)
            );
            let shown = |done: &Done| {
                let resource = done.resource.as_ref()?;
                let clocks = resource.clocks.clone();
                Some((
                    resource.tag(),
                    resource.document.clone(),
                    resource.state.clone(),
                    clocks,
                ))
            };
            assert_eq!(shown(&told), shown(&done), "{:?}", done.kind);
        }
    }
    let (table, _) = done(
        &table,
        create(3, "m", json!({ "text": "m", "code": "taken" })),
    );
    let (table, _) = done(&table, transition(4, "close"));
    for (command, code) in [
        (create(9, "m", json!({ "text": "b" })), Code::AlreadyExists),
        (
            create(9, "o", json!({ "text": "b", "code": "taken" })),
            Code::Duplicate,
        ),
        (create(9, "o", json!({})), Code::InvalidResource),
        (any(patch(9, json!({ "code": "taken" }))), Code::Duplicate),
        (patch(9, json!({ "text": "b" })), Code::PreconditionRequired),
        (transition(9, "like"), Code::InvalidTransition),
        (delete(9), Code::PreconditionRequired),
    ] {
        let told = refused(&table, dry(command.clone()));
        assert_eq!(told, refused(&table, command));
        assert_eq!(told.code, code);
    }
}

#[test]
fn a_record_lies_beside_what_it_is_about() {
    let (table, _) = done(&note(), keyed(transition(2, "like")));
    let records: Vec<Item> = table.keys().filter_map(|key| table.get(key)).collect();
    let record = records.iter().find_map(|item| match item {
        Item::Record(record) => Some(record),
        _ => None,
    });
    let record = record.expect("a record");
    assert_eq!(record.request_id, "request-2");
    let resource = record.done[0].resource.as_ref().expect("the note");
    assert!(resource.clocks.fields.is_empty() && resource.stamps.0[0].is_empty());
}
