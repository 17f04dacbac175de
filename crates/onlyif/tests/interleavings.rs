//! A write applies once, and its author is told so: every interleaving of few commands, and many
//! seeded runs of more, over a network that loses, delays and repeats.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod model;

use std::sync::Arc;

use model::Model;
use model::world::{Delivery, Random, World, command, declare, explore, object};
use onlyif::answer::Answer;
use onlyif::command::{Command, Idempotency, IfMatch, Operation, Preconditions};
use onlyif::declaration::Declarations;
use onlyif::document::patch::Patch;
use onlyif::item::{Item, Key, Resource};
use onlyif::problem::{Code, Problem};
use serde_json::{Value, json};

const COUNTERS: &str = "
type: counters
schema:
  type: object
  required: [count]
  additionalProperties: false
  properties:
    count: { type: integer, minimum: 0 }
    label: { type: string }
    code: { type: string }
unique: [{ fields: [/code] }]
states: { initial: open, final: [closed] }
transitions:
  bump:
    from: open
    input: { type: object, required: [by], properties: { by: { type: integer } } }
    add: { /count: { input: /by } }
  close: { from: open, to: closed }
";

fn declarations() -> Declarations {
    declare(&[("counters.yaml", COUNTERS)])
}

fn create(nth: i64, id: &str, document: Value) -> Command {
    let incarnation = format!("{nth:08x}");
    let operation = Operation::Create {
        body: object(document),
        incarnation,
        repeatable: false,
    };
    command(nth, "alice", "counters", id, operation)
}

/// Adds 16 to the power of `nth`: the count's hexadecimal digits say how often each was applied.
fn bump(nth: i64) -> Command {
    let by = 16_u64.pow(u32::try_from(nth).expect("a small number"));
    let input = Some(json!({ "by": by }));
    command(
        nth,
        "bob",
        "counters",
        "c",
        Operation::Transition {
            name: "bump".into(),
            input,
        },
    )
}

fn close(nth: i64) -> Command {
    command(
        nth,
        "carol",
        "counters",
        "c",
        Operation::Transition {
            name: "close".into(),
            input: None,
        },
    )
}

fn patch(nth: i64, change: Value) -> Command {
    let patch = Patch::Merge(object(change));
    command(nth, "dave", "counters", "c", Operation::Patch { patch })
}

fn delete(nth: i64) -> Command {
    command(nth, "erin", "counters", "c", Operation::Delete)
}

fn only_if(mut command: Command, if_match: IfMatch) -> Command {
    command.preconditions = Preconditions {
        if_match: Some(if_match),
        ..Default::default()
    };
    command
}

fn first_version(command: Command) -> Command {
    only_if(command, IfMatch::Tags(vec!["1-00000000".to_owned()]))
}

/// A table with one open counter `c` at 0.
fn start(declarations: &Declarations) -> Model {
    let (table, answer) = World::run(
        Model::default(),
        declarations,
        create(0, "c", json!({ "count": 0 })),
    );
    assert!(matches!(answer, Answer::Done(_)), "{answer:?}");
    table
}

fn counter(table: &Model) -> Option<Resource> {
    match table.get(&bump(1).key()) {
        Some(Item::Resource(resource)) => Some(Arc::unwrap_or_clone(resource)),
        _ => None,
    }
}

#[derive(Debug, PartialEq)]
enum End {
    Happened,
    DidNot(Code),
    MayHave,
}

fn end(answer: &Option<Answer>) -> End {
    match answer {
        Some(Answer::Done(_) | Answer::All(_)) => End::Happened,
        Some(Answer::Refused(Problem {
            code: Code::OutcomeUnknown,
            ..
        }))
        | None => End::MayHave,
        Some(Answer::Refused(problem)) => End::DidNot(problem.code),
    }
}

#[test]
fn two_blind_additions_are_each_applied_once_however_they_are_delivered() {
    let declarations = declarations();
    let world = World::new(start(&declarations), [bump(1), bump(2)]);
    let ends = explore(&declarations, &world, 2, &|world| {
        let counter = counter(&world.table).expect("the counter");
        let count = counter.document["count"].as_u64().expect("a count");
        let ends: Vec<End> = world
            .processes
            .iter()
            .map(|each| end(&each.answer))
            .collect();
        assert_eq!(ends, [End::Happened, End::Happened], "{world:#?}");
        assert_eq!(count, 0x110, "{world:#?}");
        assert_eq!(counter.version, 3);
    });
    assert!(ends > 100, "{ends}");
}

#[test]
fn of_two_writers_of_one_version_exactly_one_is_told_that_it_won() {
    let declarations = declarations();
    let one = first_version(patch(1, json!({ "label": "one" })));
    let two = first_version(patch(2, json!({ "label": "two" })));
    let world = World::new(start(&declarations), [one, two]);
    explore(&declarations, &world, 2, &|world| {
        let counter = counter(&world.table).expect("the counter");
        let ends: Vec<End> = world
            .processes
            .iter()
            .map(|each| end(&each.answer))
            .collect();
        let won = match ends.as_slice() {
            [End::Happened, End::DidNot(Code::StaleVersion)] => "one",
            [End::DidNot(Code::StaleVersion), End::Happened] => "two",
            other => panic!("{other:?} in {world:#?}"),
        };
        assert_eq!(counter.document["label"], won);
        assert_eq!(counter.version, 2);
    });
}

#[test]
fn of_two_creates_of_one_unique_value_exactly_one_is_told_that_it_won() {
    let declarations = declarations();
    let one = create(1, "one", json!({ "count": 0, "code": "same" }));
    let two = create(2, "two", json!({ "count": 0, "code": "same" }));
    let keys = [one.key(), two.key()];
    let world = World::new(Model::default(), [one, two]);
    explore(&declarations, &world, 2, &|world| {
        let there: Vec<bool> = keys
            .iter()
            .map(|key| world.table.get(key).is_some())
            .collect();
        let ends: Vec<End> = world
            .processes
            .iter()
            .map(|each| end(&each.answer))
            .collect();
        match ends.as_slice() {
            [End::Happened, End::DidNot(Code::Duplicate)] => assert_eq!(there, [true, false]),
            [End::DidNot(Code::Duplicate), End::Happened] => assert_eq!(there, [false, true]),
            // Its own create may still be on its way, and nobody holds it to the value's owner.
            [End::Happened, End::MayHave] => assert_eq!(there, [true, false]),
            [End::MayHave, End::Happened] => assert_eq!(there, [false, true]),
            other => panic!("{other:?} in {world:#?}"),
        }
        assert_eq!(world.table.keys().count(), 2, "one resource and its claim");
    });
}

#[test]
fn a_closed_counter_is_never_bumped_and_its_bumper_is_told_why() {
    let declarations = declarations();
    let world = World::new(start(&declarations), [bump(1), close(2)]);
    explore(&declarations, &world, 2, &|world| {
        let counter = counter(&world.table).expect("the counter");
        assert_eq!(counter.state.as_deref(), Some("closed"));
        let count = counter.document["count"].as_u64().expect("a count");
        match end(&world.processes[0].answer) {
            End::Happened => assert_eq!(count, 0x10),
            End::DidNot(code) => assert_eq!((code, count), (Code::InvalidTransition, 0)),
            End::MayHave => assert!(matches!(count, 0 | 0x10), "{world:#?}"),
        }
        assert_eq!(end(&world.processes[1].answer), End::Happened);
    });
}

#[test]
fn what_is_deleted_and_created_again_is_not_written_by_what_was_meant_for_the_old() {
    let declarations = declarations();
    let again = create(3, "c", json!({ "count": 0 }));
    let world = World::new(
        start(&declarations),
        [only_if(delete(1), IfMatch::Any), bump(2), again],
    );
    explore(&declarations, &world, 1, &|world| {
        let ends: Vec<End> = world
            .processes
            .iter()
            .map(|each| end(&each.answer))
            .collect();
        assert_eq!(ends[0], End::Happened, "{world:#?}");
        let counter = counter(&world.table);
        let count = counter
            .as_ref()
            .and_then(|counter| counter.document["count"].as_u64());
        match (&ends[1], &ends[2]) {
            (_, End::DidNot(code)) => assert_eq!((*code, count), (Code::AlreadyExists, None)),
            (End::DidNot(Code::Gone), End::Happened) => assert_eq!(count, Some(0)),
            (End::Happened | End::MayHave, End::Happened) => {
                assert!(matches!(count, Some(0 | 0x100)));
            }
            other => panic!("{other:?} in {world:#?}"),
        }
    });
}

#[test]
fn a_copy_that_arrives_when_its_stamp_is_forgotten_is_not_applied_again() {
    let declarations = declarations();
    for others in 0..12 {
        let mut world = World::new(start(&declarations), (1..=1 + others).map(bump));
        world.step(&declarations, 0, Delivery::Again);
        for index in 1..world.processes.len() {
            world.step(&declarations, index, Delivery::Plain);
        }
        world.arrive(0);
        let counter = counter(&world.table).expect("the counter");
        let count = counter.document["count"].as_u64().expect("a count");
        assert_eq!((count >> 4) & 0xf, 1, "after {others} others: {count:x}");
        assert_eq!(counter.version, 2 + u64::try_from(others).expect("few"));
    }
}

fn keyed(mut command: Command, fingerprint: &str) -> Command {
    command.caller.actor = "alice".to_owned();
    command.idempotency = Some(Idempotency {
        key: "k".to_owned(),
        fingerprint: fingerprint.to_owned(),
    });
    command
}

#[test]
fn a_create_that_is_repeated_under_its_key_makes_one_resource_of_which_both_are_told() {
    let declarations = declarations();
    let create = |nth, id| keyed(create(nth, id, json!({ "count": 0, "code": "x" })), "f");
    let commands = [create(1, "one"), create(2, "two")];
    let keys = commands.each_ref().map(Command::key);
    let world = World::new(Model::default(), commands);
    let ends = explore(&declarations, &world, 2, &|world| {
        let there = keys.iter().filter(|key| world.table.get(key).is_some());
        let ids: Vec<&str> = world
            .processes
            .iter()
            .filter_map(|each| match &each.answer {
                Some(Answer::Done(done)) => Some(done.id.as_str()),
                _ => None,
            })
            .collect();
        assert!(!ids.is_empty(), "{world:#?}");
        assert_eq!(there.count(), 1, "{world:#?}");
        assert!(ids.iter().all(|id| *id == ids[0]), "{ids:?}");
        assert_eq!(world.table.keys().count(), 3, "resource, claim and record");
    });
    assert!(ends > 20, "{ends}");
}

#[test]
fn a_change_that_is_repeated_under_its_key_is_applied_once() {
    let declarations = declarations();
    let again = |nth| {
        let mut bump = keyed(bump(1), "f");
        bump.request_id = format!("request-{nth}");
        bump.at = bump.at.plus_millis(nth);
        bump
    };
    let world = World::new(start(&declarations), [again(1), again(2), patch_any(3)]);
    explore(&declarations, &world, 1, &|world| {
        let counter = counter(&world.table).expect("the counter");
        let count = counter.document["count"].as_u64().expect("a count");
        let ends = world.processes.iter().map(|each| end(&each.answer));
        assert_eq!(
            ends.filter(|end| *end == End::Happened).count(),
            3,
            "{world:#?}"
        );
        assert_eq!(count, 0x10, "{world:#?}");
        assert_eq!(counter.version, 3);
    });
}

fn patch_any(nth: i64) -> Command {
    only_if(patch(nth, json!({ "label": "other" })), IfMatch::Any)
}

#[test]
fn a_delete_that_is_repeated_under_its_key_ends_one_incarnation() {
    let declarations = declarations();
    let delete = |nth| keyed(only_if(delete(nth), IfMatch::Any), "f");
    let again = create(3, "c", json!({ "count": 7 }));
    let world = World::new(start(&declarations), [delete(1), again, delete(2)]);
    explore(&declarations, &world, 1, &|world| {
        let ends: Vec<End> = world
            .processes
            .iter()
            .map(|each| end(&each.answer))
            .collect();
        assert_eq!(
            (&ends[0], &ends[2]),
            (&End::Happened, &End::Happened),
            "{world:#?}"
        );
        let there = counter(&world.table).is_some();
        assert_eq!(there, ends[1] == End::Happened, "{world:#?}");
    });
}

#[test]
fn a_create_that_arrives_late_never_raises_what_was_deleted_since() {
    let declarations = declarations();
    let again = |nth| create(nth, "c", json!({ "count": 0 }));
    let first = start(&declarations);
    let (buried, _) = World::run(first, &declarations, only_if(delete(1), IfMatch::Any));
    let mut world = World::new(buried, [again(2)]);
    // It is refused by the tombstone, planned again over it, and then held up on its way.
    world.step(&declarations, 0, Delivery::Plain);
    world.step(&declarations, 0, Delivery::Late);
    let (alive, _) = World::run(world.table, &declarations, again(3));
    let (dead, _) = World::run(alive, &declarations, only_if(delete(4), IfMatch::Any));
    world.table = dead.clone();
    assert_eq!(world.late(), 1);
    world.arrive(0);
    assert_eq!(world.table, dead);
}

#[test]
fn many_seeded_runs_have_no_lost_update_and_no_double_effect() {
    let declarations = declarations();
    let table = start(&declarations);
    for seed in 0..2_000 {
        let mut random = Random(seed);
        let commands = (1..8).map(|nth| match random.below(3) {
            0 => only_if(
                patch(nth, json!({ "label": format!("by {nth}") })),
                IfMatch::Any,
            ),
            _ => bump(nth),
        });
        let mut world = World::new(table.clone(), commands.collect::<Vec<_>>());
        run_at_random(&declarations, &mut world, &mut random);
        check_counts(seed, &world);
    }
}

/// Steps and late arrivals in any order, every third of them over a bad network.
fn run_at_random(declarations: &Declarations, world: &mut World, random: &mut Random) {
    while world.step_at_random(declarations, random).is_some() {}
}

/// At most one of a group is on: who turns one on takes the group, who turns it off frees it.
const FLAGS: &str = "
type: flags
schema: { type: object, properties: { group: { type: string }, note: { type: string } } }
unique: [{ fields: [/group], when: [{ field: /state, is: on }] }]
states: { initial: off }
transitions: { enable: { from: off, to: on }, disable: { from: on, to: off } }
";

fn of_flag(nth: i64, id: &str, operation: Operation) -> Command {
    command(nth, "alice", "flags", id, operation)
}

fn turn(nth: i64, id: &str, name: &str) -> Command {
    let operation = Operation::Transition {
        name: name.to_owned(),
        input: None,
    };
    of_flag(nth, id, operation)
}

fn regroup(nth: i64, id: &str, group: &str) -> Command {
    let patch = Patch::Merge(object(json!({ "group": group })));
    only_if(of_flag(nth, id, Operation::Patch { patch }), IfMatch::Any)
}

/// Flags of one group; those of `on` are on.
fn flags(declarations: &Declarations, ids: &[&str], on: &[&str]) -> Model {
    let creates = ids.iter().zip(-20..).map(|(id, nth)| {
        let operation = Operation::Create {
            body: object(json!({ "group": "g" })),
            incarnation: "00000000".to_owned(),
            repeatable: false,
        };
        of_flag(nth, id, operation)
    });
    let enables = on
        .iter()
        .zip(-10..)
        .map(|(id, nth)| turn(nth, id, "enable"));
    creates
        .chain(enables)
        .fold(Model::default(), |table, command| {
            let (table, answer) = World::run(table, declarations, command);
            assert!(matches!(answer, Answer::Done(_)), "{answer:?}");
            table
        })
}

/// Who is on by group, which is who holds the group: nobody holds what is off, nobody is on without.
fn enabled(world: &World) -> Vec<(String, String)> {
    let mut on = Vec::new();
    let mut owners = Vec::new();
    for key in world.table.keys() {
        match (key, world.table.get(key)) {
            (Key::Resource { id, .. }, Some(Item::Resource(flag)))
                if flag.state.as_deref() == Some("on") =>
            {
                let group = flag.document["group"].as_str().expect("a group");
                on.push((group.to_owned(), id.clone()));
            }
            (_, Some(Item::Claim(claim))) => owners.push(claim.owner),
            _ => {}
        }
    }
    on.sort();
    owners.sort();
    let mut ids: Vec<String> = on.iter().map(|(_, id)| id.clone()).collect();
    ids.sort();
    assert_eq!(owners, ids, "{world:#?}");
    let mut groups: Vec<&String> = on.iter().map(|(group, _)| group).collect();
    groups.dedup();
    assert_eq!(groups.len(), on.len(), "two of one group: {world:#?}");
    on
}

fn ends(world: &World) -> Vec<End> {
    let processes = world.processes.iter();
    processes.map(|each| end(&each.answer)).collect()
}

#[test]
fn of_two_that_enter_one_condition_exactly_one_is_told_that_it_won() {
    let declarations = declare(&[("flags.yaml", FLAGS)]);
    let table = flags(&declarations, &["x", "y"], &[]);
    let world = World::new(table, [turn(1, "x", "enable"), turn(2, "y", "enable")]);
    let ends = explore(&declarations, &world, 2, &|world| {
        let on = enabled(world);
        let won = match ends(world).as_slice() {
            [End::Happened, End::DidNot(Code::Duplicate)] => "x",
            [End::DidNot(Code::Duplicate), End::Happened] => "y",
            // Its own write may still be on its way, and the value may be freed before it arrives.
            [End::Happened, End::MayHave] => "x",
            [End::MayHave, End::Happened] => "y",
            other => panic!("{other:?} in {world:#?}"),
        };
        assert_eq!(on, [("g".to_owned(), won.to_owned())], "{world:#?}");
    });
    assert!(ends > 100, "{ends}");
}

#[test]
fn what_leaves_the_condition_makes_room_for_one_and_never_for_two() {
    let declarations = declare(&[("flags.yaml", FLAGS)]);
    let table = flags(&declarations, &["x", "y"], &["x"]);
    let commands = [turn(1, "x", "disable"), turn(2, "y", "enable")];
    let world = World::new(table, commands);
    explore(&declarations, &world, 2, &|world| {
        let on = enabled(world);
        let ends = ends(world);
        assert_eq!(ends[0], End::Happened, "{world:#?}");
        match &ends[1] {
            End::Happened => assert_eq!(on, [("g".to_owned(), "y".to_owned())]),
            End::DidNot(code) => assert_eq!((*code, on), (Code::Duplicate, Vec::new())),
            End::MayHave => assert!(on.is_empty() || on[0].1 == "y"),
        }
    });
}

#[test]
fn many_seeded_runs_never_have_two_holders_of_one_value() {
    let declarations = declare(&[("flags.yaml", FLAGS)]);
    let table = flags(&declarations, &["x", "y", "z"], &["x"]);
    let mut met = 0;
    for seed in 0..2_000 {
        let mut random = Random(seed);
        let commands = (1..9).map(|nth| {
            let id = ["x", "y", "z"][random.below(3)];
            match random.below(5) {
                0 => regroup(nth, id, ["g", "h"][random.below(2)]),
                1 | 2 => turn(nth, id, "disable"),
                _ => turn(nth, id, "enable"),
            }
        });
        let commands: Vec<Command> = commands.collect();
        let mut world = World::new(table.clone(), commands);
        run_at_random(&declarations, &mut world, &mut random);
        enabled(&world);
        let refused = ends(&world).into_iter();
        met += refused
            .filter(|end| *end == End::DidNot(Code::Duplicate))
            .count();
    }
    assert!(met > 1_000, "{met} duplicates: this shows little");
}

/// Each hexadecimal digit of the count is one command's, and the version counts all that happened.
fn check_counts(seed: u64, world: &World) {
    let counter = counter(&world.table).expect("the counter");
    let count = counter.document["count"].as_u64().expect("a count");
    let (mut least, mut most) = (1, 1);
    for (process, nth) in world.processes.iter().zip(1..) {
        let applied = (count >> (4 * nth)) & 0xf;
        let end = end(&process.answer);
        let is_bump = matches!(process.command.operation, Operation::Transition { .. });
        match end {
            End::Happened => assert!(!is_bump || applied == 1, "seed {seed}, {nth}: {world:#?}"),
            End::MayHave => assert!(applied <= 1, "seed {seed}, {nth}: {world:#?}"),
            End::DidNot(code) => panic!("seed {seed}, {nth}: {code:?} in {world:#?}"),
        }
        least += u64::from(end == End::Happened);
        most += 1;
    }
    assert!(
        (least..=most).contains(&counter.version),
        "seed {seed}: {}",
        counter.version
    );
}
