//! One holder at a time, and each lease a token of its own: every interleaving of few commands, and
//! many seeded runs of more, over a network that loses, delays and repeats.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

#[allow(dead_code, reason = "other tests need more of it")]
mod model;

use std::collections::BTreeSet;
use std::sync::Arc;

use model::Model;
use model::world::{Delivery, Random, World, command, declare, explore, object};
use onlyif::answer::{Answer, DoneKind};
use onlyif::command::{Command, Idempotency, IfMatch, Operation};
use onlyif::declaration::Declarations;
use onlyif::document::patch::Patch;
use onlyif::item::{Item, Key, Lease, Resource};
use onlyif::problem::Code;
use serde_json::{Value, json};

const FILES: &str = "
type: files
schema: { type: object, properties: { text: { type: string }, size: { type: integer } } }
transitions: { grow: { add: { /size: 1 } } }
lease: { max: 15m }
";

fn declarations() -> Declarations {
    declare(&[("files.yaml", FILES)])
}

fn of_file(nth: i64, actor: &str, operation: Operation) -> Command {
    command(nth, actor, "files", "f", operation)
}

fn create(nth: i64) -> Command {
    let operation = Operation::Create {
        body: object(json!({ "text": "a", "size": 0 })),
        incarnation: format!("{nth:08x}"),
        repeatable: false,
    };
    of_file(nth, "alice", operation)
}

fn take(nth: i64, actor: &str) -> Command {
    of_file(nth, actor, Operation::Lease { for_s: 60 })
}

fn extend(nth: i64, actor: &str, token: u64) -> Command {
    let mut command = of_file(nth, actor, Operation::Lease { for_s: 120 });
    command.preconditions.lease_token = Some(token);
    command
}

fn release(nth: i64, actor: &str) -> Command {
    of_file(nth, actor, Operation::Release)
}

fn grow(nth: i64, actor: &str) -> Command {
    let operation = Operation::Transition {
        name: "grow".to_owned(),
        input: None,
    };
    of_file(nth, actor, operation)
}

fn any(mut command: Command) -> Command {
    command.preconditions.if_match = Some(IfMatch::Any);
    command
}

fn patch(nth: i64, actor: &str, body: Value) -> Command {
    let patch = Patch::Merge(object(body));
    any(of_file(nth, actor, Operation::Patch { patch }))
}

fn delete(nth: i64, actor: &str) -> Command {
    any(of_file(nth, actor, Operation::Delete))
}

/// What a command was told, as far as leases go.
#[derive(Clone, Debug, PartialEq, Eq)]
enum End {
    Leased(Lease),
    Happened,
    DidNot(Code),
    MayHave,
}

fn end(answer: &Option<Answer>) -> End {
    match answer {
        Some(Answer::Done(done)) => match (&done.lease, done.kind) {
            (Some(lease), DoneKind::Leased) => End::Leased(lease.clone()),
            _ => End::Happened,
        },
        Some(Answer::All(_)) => End::Happened,
        None => End::MayHave,
        Some(Answer::Refused(problem)) if problem.code == Code::OutcomeUnknown => End::MayHave,
        Some(Answer::Refused(problem)) => End::DidNot(problem.code),
    }
}

fn ends(world: &World) -> Vec<End> {
    let all = world.processes.iter();
    all.map(|each| end(&each.answer)).collect()
}

fn item(table: &Model) -> Option<Item> {
    table.get(&take(0, "").key())
}

fn file(world: &World) -> Resource {
    match item(&world.table) {
        Some(Item::Resource(resource)) => Arc::unwrap_or_clone(resource),
        other => panic!("{other:?} in {world:#?}"),
    }
}

fn token(table: &Model) -> u64 {
    match item(table) {
        Some(Item::Resource(resource)) => resource.lease_token,
        Some(Item::Tombstone(tombstone)) => tombstone.lease_token,
        other => panic!("{other:?}"),
    }
}

/// The file `f`, and what has been done to it.
fn after(commands: impl IntoIterator<Item = Command>) -> Model {
    let declarations = declarations();
    let all = [create(-1_000)].into_iter().chain(commands);
    all.fold(Model::default(), |table, command| {
        World::run(table, &declarations, command).0
    })
}

/// Everything that can come of these commands with at most two deliveries that are not plain.
fn every_end(table: Model, commands: impl IntoIterator<Item = Command>, check: &impl Fn(&World)) {
    let world = World::new(table, commands);
    let ends = explore(&declarations(), &world, 2, check);
    assert!(ends > 100, "{ends}");
}

#[test]
fn of_two_takers_exactly_one_is_told_that_it_has_the_lease_and_has_it() {
    every_end(after([]), [take(1, "alice"), take(2, "bob")], &|world| {
        let (ends, file) = (ends(world), file(world));
        let lease = match ends.as_slice() {
            [End::Leased(lease), End::DidNot(Code::Leased)]
            | [End::DidNot(Code::Leased), End::Leased(lease)] => lease,
            other => panic!("{other:?} in {world:#?}"),
        };
        assert_eq!(file.lease.as_deref(), Some(lease), "{world:#?}");
        assert_eq!((lease.token, file.lease_token, file.version), (1, 1, 1));
    });
}

#[test]
fn of_two_leases_of_one_holder_each_has_a_token_of_its_own() {
    every_end(after([]), [take(1, "alice"), take(2, "alice")], &|world| {
        let [End::Leased(one), End::Leased(other)] = &ends(world)[..] else {
            panic!("{world:#?}");
        };
        assert_ne!(one.token, other.token, "{world:#?}");
        let newest = if one.token > other.token { one } else { other };
        assert_eq!(file(world).lease.as_deref(), Some(newest), "{world:#?}");
    });
}

#[test]
fn who_extends_either_keeps_the_token_or_is_told_that_it_is_over() {
    let table = after([take(0, "alice")]);
    every_end(table, [extend(1, "alice", 1), take(2, "alice")], &|world| {
        let (ends, file) = (ends(world), file(world));
        let [extended, End::Leased(anew)] = ends.as_slice() else {
            panic!("{world:#?}");
        };
        assert_eq!((anew.token, file.lease.as_deref()), (2, Some(anew)));
        match extended {
            End::Leased(lease) => assert_eq!(lease.token, 1),
            End::DidNot(Code::Leased) => {}
            other => panic!("{other:?} in {world:#?}"),
        }
    });
}

#[test]
fn a_release_ends_what_was_seen_and_nothing_later() {
    let table = after([take(0, "alice")]);
    every_end(table, [release(1, "alice"), take(2, "bob")], &|world| {
        let (ends, file) = (ends(world), file(world));
        assert_eq!(ends[0], End::Happened, "{world:#?}");
        match &ends[1] {
            End::Leased(lease) => {
                assert_eq!((lease.token, file.lease.as_deref()), (2, Some(lease)));
            }
            End::DidNot(Code::Leased) => assert_eq!(file.lease, None, "{world:#?}"),
            other => panic!("{other:?} in {world:#?}"),
        }
    });
}

#[test]
fn a_stranger_writes_before_the_lease_or_not_at_all() {
    let table = after([take(0, "alice")]);
    let commands = [patch(1, "alice", json!({ "text": "b" })), grow(2, "bob")];
    every_end(table, commands, &|world| {
        let file = file(world);
        assert_eq!(file.document["size"], 0, "{world:#?}");
        assert_eq!(
            (file.version, &file.document["text"]),
            (2, &json!("b")),
            "{world:#?}"
        );
        let [End::Happened, End::DidNot(Code::Leased) | End::MayHave] = ends(world)[..] else {
            panic!("{world:#?}");
        };
    });
    // While the lease is being taken either may be first.
    let commands = [take(1, "alice"), grow(2, "bob")];
    every_end(after([]), commands, &|world| {
        let (ends, file) = (ends(world), file(world));
        let size = file.document["size"].as_u64().expect("a size");
        assert!(matches!(ends[0], End::Leased(_)), "{world:#?}");
        match ends[1] {
            End::Happened => assert_eq!(size, 1, "{world:#?}"),
            End::DidNot(Code::Leased) => assert_eq!(size, 0, "{world:#?}"),
            End::MayHave => assert!(size <= 1, "{world:#?}"),
            ref other => panic!("{other:?} in {world:#?}"),
        }
    });
}

#[test]
fn what_arrives_late_undoes_nothing() {
    let declarations = declarations();
    let shorter = |nth| {
        let mut command = of_file(nth, "alice", Operation::Lease { for_s: 30 });
        command.preconditions.lease_token = Some(1);
        command
    };
    for (late, between) in [
        (extend(1, "alice", 1), shorter(2)),
        (extend(1, "alice", 1), release(2, "alice")),
        (extend(1, "alice", 1), take(2, "alice")),
        (release(1, "alice"), shorter(2)),
        (release(1, "alice"), take(2, "alice")),
        (take(1, "alice"), shorter(2)),
        (take(1, "alice"), take(2, "alice")),
        (take(1, "alice"), release(2, "alice")),
    ] {
        let mut world = World::new(after([take(0, "alice")]), [late.clone()]);
        world.step(&declarations, 0, Delivery::Plain);
        world.step(&declarations, 0, Delivery::Late);
        (world.table, _) = World::run(world.table, &declarations, between);
        let before = world.table.clone();
        world.arrive(0);
        assert_eq!(world.table, before, "{late:?}");
    }
}

#[test]
fn what_was_planned_for_one_life_never_happens_to_the_next() {
    let declarations = declarations();
    let with_lease = after([take(0, "alice")]);
    for (table, late) in [
        (after([]), take(1, "alice")),
        (with_lease.clone(), extend(1, "alice", 1)),
        (with_lease, release(1, "alice")),
    ] {
        let mut world = World::new(table, [late]);
        world.step(&declarations, 0, Delivery::Plain);
        world.step(&declarations, 0, Delivery::Late);
        for command in [delete(2, "alice"), create(3)] {
            (world.table, _) = World::run(world.table, &declarations, command);
        }
        let anew = world.table.clone();
        assert_eq!(world.late(), 1);
        world.arrive(0);
        assert_eq!(world.table, anew);
    }
}

#[test]
fn many_seeded_runs_have_no_token_twice_and_none_that_is_smaller() {
    let declarations = declarations();
    let (mut leases, mut met) = (0, 0);
    for seed in 0..2_000 {
        let mut random = Random(seed);
        let actors = ["alice", "alice", "bob"];
        let commands: Vec<Command> = (1..9)
            .map(|nth| {
                let actor = actors[random.below(3)];
                match random.below(8) {
                    0 => release(nth, actor),
                    1 => extend(nth, actor, 1),
                    2 => patch(nth, actor, json!({ "text": format!("by {nth}") })),
                    3 => delete(nth, actor),
                    4 => create(nth),
                    _ => take(nth, actor),
                }
            })
            .collect();
        let mut world = World::new(after([]), commands);
        let mut newest = 0;
        while let Some(()) = world.step_at_random(&declarations, &mut random) {
            let now = token(&world.table);
            assert!(now >= newest, "seed {seed}: {now} after {newest}");
            newest = now;
        }
        let mut tokens = BTreeSet::new();
        for (process, end) in world.processes.iter().zip(ends(&world)) {
            let extends = process.command.preconditions.lease_token.is_some();
            match end {
                End::Leased(lease) => {
                    leases += 1;
                    assert_eq!(lease.holder, process.command.caller.actor);
                    assert!(lease.token <= newest);
                    assert!(
                        extends || tokens.insert(lease.token),
                        "seed {seed}: {world:#?}"
                    );
                }
                End::DidNot(Code::Leased) => met += 1,
                _ => {}
            }
        }
    }
    assert!(
        leases > 2_000 && met > 1_000,
        "{leases} and {met}: this shows little"
    );
}

/// Who is told until when it is alone is alone until then, whichever of its requests comes first.
#[test]
fn an_extension_that_was_overtaken_takes_nothing_back() {
    let table = after([take(0, "alice")]);
    let world = World::new(table, [extend(1, "alice", 1), extend(5, "alice", 1)]);
    let count = explore(&declarations(), &world, 1, &|world| {
        let now = file(world).lease.expect("a lease").until;
        for end in ends(world) {
            if let End::Leased(lease) = end {
                assert!(lease.until <= now, "{lease:?}: {now:?} in {world:#?}");
            }
        }
    });
    assert!(count > 10, "{count}");
}

/// What a release under a key was answered, its repeat is answered, and releases no later lease.
#[test]
fn a_release_under_a_key_that_is_told_to_have_happened_is_recorded() {
    let table = after([take(0, "alice")]);
    let mut keyed = release(1, "alice");
    keyed.idempotency = Some(Idempotency {
        key: "k".to_owned(),
        fingerprint: "f".to_owned(),
    });
    let record = Key::Record {
        tenant: "-".to_owned(),
        actor: "alice".to_owned(),
        key: "k".to_owned(),
    };
    let world = World::new(table, [keyed, release(2, "alice")]);
    let count = explore(&declarations(), &world, 1, &|world| {
        let recorded = world.table.get(&record).is_some();
        if ends(world)[0] == End::Happened {
            assert!(recorded, "{world:#?}");
        }
    });
    assert!(count > 10, "{count}");
}
