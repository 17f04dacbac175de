//! The loop itself: what it asks of the store, in which order, and when it stops asking.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

#[allow(dead_code, reason = "the interleavings need more of it")]
mod model;

use std::pin::pin;
use std::sync::{Arc, LazyLock, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use model::Model;
use model::world::{World, command, declare, object};
use onlyif::answer::{Answer, DoneKind};
use onlyif::command::{Command, IfMatch, Operation};
use onlyif::declaration::Declarations;
use onlyif::document::patch::Patch;
use onlyif::item::{Item, Key, Partition, Resource};
use onlyif::plan::Plan;
use onlyif::problem::Code;
use onlyif::run::{MAX_ROUNDS, run};
use onlyif::store::{Failure, Page, Store, Written};
use onlyif::timestamp::Timestamp;
use serde_json::{Value, json};

const NOTES: &str = "
type: notes
schema: { type: object, properties: { text: { type: string }, likes: { type: integer } } }
transitions: { like: { add: { /likes: 1 } } }
";

fn declarations() -> &'static Declarations {
    static DECLARATIONS: LazyLock<Declarations> =
        LazyLock::new(|| declare(&[("notes.yaml", NOTES)]));
    &DECLARATIONS
}

fn create() -> Command {
    let operation = Operation::Create {
        body: object(json!({"text": "a", "likes": 0})),
        incarnation: "00000001".to_owned(),
        repeatable: false,
    };
    command(1, "alice", "notes", "n", operation)
}

fn like(nth: i64) -> Command {
    let name = "like".to_owned();
    let operation = Operation::Transition { name, input: None };
    command(nth, "bob", "notes", "n", operation)
}

fn patch() -> Command {
    let patch = Patch::Merge(object(json!({"text": "b"})));
    let mut patch = command(2, "bob", "notes", "n", Operation::Patch { patch });
    patch.preconditions.if_match = Some(IfMatch::Any);
    patch
}

/// What becomes of a write.
#[derive(Clone, Debug)]
enum Fate {
    /// What the table makes of it.
    Made,
    /// The same, but nobody hears of it.
    MadeUnheard,
    /// The same, but nobody hears what it left.
    MadeUnseen,
    /// It is not made, and this is said.
    Said(Written),
    /// It is refused, with the item as it is.
    RefusedAsIs,
}

use Fate::{Made, MadeUnheard, MadeUnseen, RefusedAsIs, Said};

const UNAVAILABLE: Failure = Failure::Unavailable {
    retry_after_ms: 700,
};

/// A table behind a script. What the script does not tell goes as it should.
#[derive(Clone, Default)]
struct Scripted(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    table: Model,
    writes: Vec<Fate>,
    reads: Vec<Failure>,
    /// What was asked for: `write`, `read`.
    asked: Vec<&'static str>,
    /// The stamps that the writes would have left.
    stamps: Vec<String>,
}

impl Scripted {
    fn on(table: Model, writes: &[Fate], reads: &[Failure]) -> Self {
        Scripted(Arc::new(Mutex::new(State {
            table,
            writes: writes.iter().rev().cloned().collect(),
            reads: reads.iter().rev().copied().collect(),
            ..State::default()
        })))
    }

    fn asked(&self) -> String {
        self.0.lock().unwrap().asked.join(" ")
    }

    fn note(&self) -> Option<Resource> {
        match self.0.lock().unwrap().table.get(&create().key()) {
            Some(Item::Resource(note)) => Some(Arc::unwrap_or_clone(note)),
            _ => None,
        }
    }
}

/// Each look at the clock finds it a second later.
fn time(looks: usize) -> Timestamp {
    let seconds = i64::try_from(looks).unwrap();
    Timestamp::from_millis(1_800_000_001_000 + 1000 * seconds)
}

impl Store for Scripted {
    fn within(&self, _: Duration) -> Self {
        self.clone()
    }

    fn now(&self) -> Timestamp {
        time(self.0.lock().unwrap().asked.len())
    }

    async fn read(&self, keys: &[Key]) -> Result<Vec<(Key, Option<Item>)>, Failure> {
        let mut state = self.0.lock().unwrap();
        state.asked.push("read");
        match state.reads.pop() {
            Some(failure) => Err(failure),
            None => Ok(keys
                .iter()
                .map(|key| (key.clone(), state.table.get(key)))
                .collect()),
        }
    }

    async fn write(&self, plan: &Plan) -> Written {
        let mut state = self.0.lock().unwrap();
        state.asked.push("write");
        state.stamps.push(plan.acts[0].stamp.clone());
        match state.writes.pop().unwrap_or(Made) {
            Made => state.table.write(plan),
            MadeUnheard => {
                state.table.write(plan);
                Written::Unknown
            }
            MadeUnseen => match state.table.write(plan) {
                Written::Done(_) => Written::Done(None),
                other => other,
            },
            Said(written) => written,
            RefusedAsIs => {
                let keys = plan.writes.iter().map(|write| write.key.clone());
                Written::Refused(
                    keys.map(|key| (key.clone(), state.table.get(&key)))
                        .collect(),
                )
            }
        }
    }

    async fn list(&self, _: &Partition, _: Option<&str>, _: usize) -> Result<Page, Failure> {
        Err(Failure::Defect)
    }
}

/// The store is never waited for: one look at the future is enough.
fn answer(command: &Command, store: &Scripted) -> Answer {
    let running = pin!(run(declarations(), command, store));
    match running.poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(answer) => answer,
        Poll::Pending => panic!("the loop waits for nothing"),
    }
}

fn with_a_note() -> Model {
    let (table, answer) = World::run(Model::default(), declarations(), create());
    assert!(matches!(answer, Answer::Done(_)), "{answer:?}");
    table
}

/// What an answer tells, in short.
fn told(answer: &Answer) -> String {
    match answer {
        Answer::Done(done) => match &done.resource {
            Some(resource) => format!("{:?} {}", done.kind, resource.version),
            None => format!("{:?}", done.kind),
        },
        Answer::All(_) => panic!("one operation has one answer"),
        Answer::Refused(problem) => problem.code.name().to_owned(),
    }
}

#[test]
fn a_create_is_written_and_looked_at_only_in_doubt() {
    let failed = |failure| Said(Written::Failed(failure));
    for (writes, reads, asked, expected) in [
        (vec![Made], vec![], "write", "Created 1"),
        (vec![MadeUnheard], vec![], "write read", "Created 1"),
        (
            vec![Said(Written::Unknown)],
            vec![],
            "write read write",
            "Created 1",
        ),
        (
            vec![Said(Written::Unknown), Said(Written::Unknown), MadeUnheard],
            vec![],
            "write read write read write read",
            "Created 1",
        ),
        (
            vec![Said(Written::Contended)],
            vec![],
            "write",
            "contention",
        ),
        (vec![failed(UNAVAILABLE)], vec![], "write", "unavailable"),
        (
            vec![failed(Failure::OutOfTime)],
            vec![],
            "write",
            "unavailable",
        ),
        (vec![failed(Failure::Defect)], vec![], "write", "internal"),
        // Once a write is in doubt nothing else is told, unless the doubt is settled.
        (
            vec![MadeUnheard],
            vec![Failure::OutOfTime],
            "write read",
            "outcome-unknown",
        ),
        (
            vec![Said(Written::Unknown)],
            vec![Failure::Defect],
            "write read",
            "outcome-unknown",
        ),
        (
            vec![Said(Written::Unknown), Said(Written::Contended)],
            vec![],
            "write read write",
            "outcome-unknown",
        ),
        (
            vec![Said(Written::Unknown), failed(UNAVAILABLE)],
            vec![],
            "write read write",
            "outcome-unknown",
        ),
    ] {
        let store = Scripted::on(Model::default(), &writes, &reads);
        let answer = answer(&create(), &store);
        assert_eq!(told(&answer), expected, "{writes:?}");
        assert_eq!(store.asked(), asked, "{writes:?}");
        if let Answer::Done(done) = answer {
            assert_eq!(done.kind, DoneKind::Created);
            assert_eq!(store.note().map(|note| note.version), Some(1));
        }
    }
}

#[test]
fn a_conflict_is_explained_from_the_refusal_alone() {
    let store = Scripted::on(with_a_note(), &[], &[]);
    let mut other = create();
    other.request_id = "another".to_owned();
    other.at = other.at.plus_millis(5);
    assert_eq!(told(&answer(&other, &store)), "already-exists");
    assert_eq!(store.asked(), "write");
}

#[test]
fn a_blind_update_is_told_from_the_image_or_from_a_look() {
    for (writes, asked) in [
        (vec![Made], "write"),
        // It is written, and what it left cannot be read in the answer: the look finds its stamp.
        (vec![MadeUnseen], "write read"),
        (vec![MadeUnheard], "write read"),
        (vec![Said(Written::Unknown), Made], "write read write"),
    ] {
        let store = Scripted::on(with_a_note(), &writes, &[]);
        assert_eq!(told(&answer(&like(2), &store)), "Changed 2", "{writes:?}");
        assert_eq!(store.asked(), asked, "{writes:?}");
        let likes = store.note().unwrap().document["likes"].clone();
        assert_eq!(likes, Value::from(1), "{writes:?}");
    }
    // Until somebody has looked, nobody can say what it left.
    for fate in [MadeUnseen, MadeUnheard] {
        let store = Scripted::on(with_a_note(), &[fate], &[UNAVAILABLE]);
        assert_eq!(told(&answer(&like(2), &store)), "outcome-unknown");
    }
}

#[test]
fn an_update_reads_first_and_what_fails_then_has_written_nothing() {
    for (reads, asked, expected, wait_ms) in [
        (vec![], "read write", "Changed 2", None),
        (vec![UNAVAILABLE], "read", "unavailable", Some(700)),
        (vec![Failure::OutOfTime], "read", "unavailable", Some(1000)),
        (vec![Failure::Defect], "read", "internal", None),
    ] {
        let store = Scripted::on(with_a_note(), &[], &reads);
        let answer = answer(&patch(), &store);
        assert_eq!(told(&answer), expected, "{reads:?}");
        assert_eq!(store.asked(), asked, "{reads:?}");
        if let Answer::Refused(problem) = answer {
            assert_eq!(problem.retry_after_ms, wait_ms, "{reads:?}");
        }
    }
}

#[test]
fn what_is_too_much_is_computed_from_a_look_before_it_is_refused() {
    let store = Scripted::on(with_a_note(), &[Said(Written::TooMuch)], &[]);
    assert_eq!(told(&answer(&like(2), &store)), "Changed 2");
    assert_eq!(store.asked(), "write read write");

    // What it is computed from is read once. A second time there is nothing else to be tried.
    let too_much = vec![Said(Written::TooMuch); 3];
    for (command, table, asked) in [
        (create(), Model::default(), "write write"),
        (like(2), with_a_note(), "write read write"),
        (patch(), with_a_note(), "read write write"),
    ] {
        let store = Scripted::on(table, &too_much, &[]);
        assert_eq!(told(&answer(&command, &store)), "content-too-large");
        assert_eq!(store.asked(), asked, "{command:?}");
    }
}

#[test]
fn the_loop_gives_up_after_its_last_round() {
    assert_eq!(MAX_ROUNDS, 8);
    let refusals = vec![RefusedAsIs; MAX_ROUNDS + 1];
    let store = Scripted::on(with_a_note(), &refusals, &[]);
    let Answer::Refused(problem) = answer(&like(2), &store) else {
        panic!("it is never written");
    };
    assert_eq!(problem.code, Code::Contention);
    assert!(problem.retry_after_ms.is_some());
    assert_eq!(store.asked(), ["write"; MAX_ROUNDS].join(" "));
}

/// Many others may have written since the command arrived: a stamp of that time would be too old
/// again. It is of the time of the last look.
#[test]
fn what_is_planned_again_is_stamped_with_the_time_of_the_last_look() {
    for (command, fate) in [
        (like(2), RefusedAsIs),
        (like(2), Said(Written::TooMuch)),
        (patch(), Made),
    ] {
        let store = Scripted::on(with_a_note(), std::slice::from_ref(&fate), &[]);
        assert_eq!(told(&answer(&command, &store)), "Changed 2", "{fate:?}");
        let state = store.0.lock().unwrap();
        let looks = state.asked.len() - 1;
        assert!(looks > 0, "{fate:?}");
        let expected = format!("{:015}-request-2", time(looks).millis());
        assert_eq!(state.stamps.last(), Some(&expected), "{fate:?}");
    }
}

/// The stamp is how a write that arrived late is known: it stays the same.
#[test]
fn what_is_in_doubt_keeps_its_stamp() {
    let writes = [Said(Written::Unknown), Said(Written::Unknown)];
    let store = Scripted::on(with_a_note(), &writes, &[]);
    assert_eq!(told(&answer(&like(2), &store)), "Changed 2");
    let state = store.0.lock().unwrap();
    assert_eq!(state.stamps, [state.stamps[0].as_str(); 3]);
}
