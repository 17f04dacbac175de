//! Constraints that hold only while clauses do: what enters the condition takes the value, what
//! leaves it frees the value, and whatever else happens leaves it alone.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

#[allow(dead_code, reason = "the interleavings need more of it")]
mod model;

use model::Model;
use model::world::{Delivery, World, command, declare};
use onlyif::answer::{Answer, Done};
use onlyif::command::{Command, IfMatch, Operation};
use onlyif::decide::{Decision, decide};
use onlyif::declaration::Declarations;
use onlyif::document::Document;
use onlyif::document::patch::Patch;
use onlyif::holding::{self, Move};
use onlyif::item::{Item, Key};
use onlyif::plan::{Effect, Plan};
use onlyif::problem::{Code, Conflict, Problem, Rel, Request};
use onlyif::view::{Seen, View};
use serde_json::{Value, json};

const BOOKINGS: &str = "
type: bookings
schema:
  type: object
  required: [slot]
  additionalProperties: false
  properties:
    slot: { type: string }
    waiting: { type: boolean }
    note: { type: string }
unique:
  - fields: [/slot]
    normalize: [lowercase]
    when: [{ field: /state, in: [booked, confirmed] }, { field: /waiting, isNot: true }]
states: { initial: booked, delete: [done, cancelled, booked] }
transitions:
  confirm: { from: booked, to: confirmed, set: { /note: confirmed } }
  finish: { from: confirmed, to: done }
  cancel: { from: [booked, confirmed, done], to: cancelled }
  again: { from: cancelled, to: booked }
  admit: { from: [booked, done], set: { /waiting: false } }
  remark: { from: [booked, confirmed, done, cancelled], set: { /note: x } }
";

fn declarations() -> Declarations {
    declare(&[("bookings.yaml", BOOKINGS)])
}

fn object(value: Value) -> Document {
    value.as_object().expect("an object").clone()
}

fn create(nth: i64, id: &str, body: Value) -> Command {
    let operation = Operation::Create {
        body: object(body),
        incarnation: format!("{nth:08x}"),
        repeatable: true,
    };
    command(nth, "alice", "bookings", id, operation)
}

fn any(mut command: Command) -> Command {
    command.preconditions.if_match = Some(IfMatch::Any);
    command
}

fn patch(nth: i64, id: &str, change: Value) -> Command {
    let patch = Patch::Merge(object(change));
    any(command(
        nth,
        "bob",
        "bookings",
        id,
        Operation::Patch { patch },
    ))
}

fn transition(nth: i64, id: &str, name: &str) -> Command {
    let operation = Operation::Transition {
        name: name.to_owned(),
        input: None,
    };
    command(nth, "carol", "bookings", id, operation)
}

fn delete(nth: i64, id: &str) -> Command {
    any(command(nth, "dave", "bookings", id, Operation::Delete))
}

/// What would be written, in a word for each item, and how many looks come before it.
fn planned(table: &Model, command: &Command) -> (usize, Vec<&'static str>) {
    let mut view = View::default();
    for looks in 0.. {
        match decide(&declarations(), command, &view) {
            Decision::Read(keys) => {
                for key in keys {
                    let item = table.get(&key);
                    view.learn(key, item);
                }
            }
            Decision::Write(plan) => return (looks, words(&plan)),
            Decision::Answer(answer) => panic!("{answer:?}"),
        }
    }
    unreachable!("a decision comes to an end")
}

fn words(plan: &Plan) -> Vec<&'static str> {
    let word = |key: &Key, effect: &Effect| match (key, effect) {
        (Key::Unique { .. }, Effect::Put(..)) => "take",
        (Key::Unique { .. }, Effect::Delete) => "free",
        (Key::Resource { .. }, Effect::Put(..)) => "create",
        (Key::Resource { .. }, Effect::Update(_)) => "update",
        other => panic!("{other:?}"),
    };
    plan.writes
        .iter()
        .map(|write| word(&write.key, &write.effect))
        .collect()
}

fn done(table: Model, command: Command) -> (Model, Done) {
    match World::run(table, &declarations(), command) {
        (table, Answer::Done(done)) => (table, done),
        (_, answer) => panic!("{answer:?}"),
    }
}

fn refused(table: &Model, command: Command) -> Problem {
    let (left, answer) = World::run(table.clone(), &declarations(), command);
    assert_eq!(left, *table, "a refusal leaves nothing behind");
    match answer {
        Answer::Refused(problem) => problem,
        answer => panic!("{answer:?}"),
    }
}

/// Who holds values, by id.
fn holders(table: &Model) -> Vec<String> {
    let claims = table.keys().filter_map(|key| match table.get(key) {
        Some(Item::Claim(claim)) => Some(claim.owner),
        _ => None,
    });
    claims.collect()
}

#[test]
fn what_enters_the_condition_takes_and_what_leaves_it_frees_and_nothing_else_touches_the_value() {
    let mut table = Model::default();
    for (nth, (command, looks, writes, holds)) in [
        // Created within the condition.
        (
            create(1, "b", json!({ "slot": "A" })),
            0,
            vec!["create", "take"],
            true,
        ),
        // What it holds stays, whatever else changes, blindly or not.
        (transition(2, "b", "remark"), 0, vec!["update"], true),
        (transition(3, "b", "confirm"), 0, vec!["update"], true),
        (
            patch(4, "b", json!({ "note": "n" })),
            1,
            vec!["update"],
            true,
        ),
        (
            patch(5, "b", json!({ "slot": "a" })),
            1,
            vec!["update"],
            true,
        ),
        (
            patch(6, "b", json!({ "slot": "b" })),
            1,
            vec!["update", "free", "take"],
            true,
        ),
        // Left and entered by an update.
        (
            patch(7, "b", json!({ "waiting": true })),
            1,
            vec!["update", "free"],
            false,
        ),
        (
            patch(8, "b", json!({ "slot": "c" })),
            1,
            vec!["update"],
            false,
        ),
        (
            patch(9, "b", json!({ "waiting": null, "slot": "d" })),
            1,
            vec!["update", "take"],
            true,
        ),
        // Left and entered by transitions.
        (
            transition(10, "b", "finish"),
            1,
            vec!["update", "free"],
            false,
        ),
        (
            patch(11, "b", json!({ "slot": "e" })),
            1,
            vec!["update"],
            false,
        ),
        (transition(12, "b", "admit"), 1, vec!["update"], false),
        (transition(13, "b", "cancel"), 1, vec!["update"], false),
        (transition(14, "b", "remark"), 0, vec!["update"], false),
        (
            transition(15, "b", "again"),
            1,
            vec!["update", "take"],
            true,
        ),
        // Entered by what a transition sets.
        (
            patch(16, "b", json!({ "waiting": true })),
            1,
            vec!["update", "free"],
            false,
        ),
        (
            transition(17, "b", "admit"),
            1,
            vec!["update", "take"],
            true,
        ),
        // Deleted out of the condition, and within.
        (
            transition(18, "b", "cancel"),
            1,
            vec!["update", "free"],
            false,
        ),
        (delete(19, "b"), 1, vec!["update"], false),
        (
            create(20, "b", json!({ "slot": "A", "waiting": true })),
            0,
            vec!["create"],
            false,
        ),
        (
            patch(21, "b", json!({ "waiting": false })),
            1,
            vec!["update", "take"],
            true,
        ),
        (delete(22, "b"), 1, vec!["update", "free"], false),
    ]
    .into_iter()
    .enumerate()
    {
        assert_eq!(
            planned(&table, &command),
            (looks, writes),
            "step {nth}: {command:?}"
        );
        (table, _) = done(table, command);
        assert_eq!(holders(&table) == ["b"], holds, "step {nth}");
        assert_eq!(holders(&table).len(), usize::from(holds), "step {nth}");
    }
}

#[test]
fn who_enters_the_condition_of_what_another_holds_is_told_who() {
    let table = Model::default();
    let (table, _) = done(table, create(1, "a", json!({ "slot": "s" })));
    let (table, _) = done(
        table,
        create(2, "b", json!({ "slot": "S", "waiting": true })),
    );
    let (table, _) = done(table, create(3, "c", json!({ "slot": "t" })));
    let (table, _) = done(table, transition(4, "c", "cancel"));
    let (table, _) = done(table, patch(5, "c", json!({ "slot": "s" })));
    for command in [
        create(6, "d", json!({ "slot": "s" })),
        patch(7, "b", json!({ "waiting": false })),
        transition(8, "b", "admit"),
        transition(9, "c", "again"),
    ] {
        let problem = refused(&table, command.clone());
        let [
            Conflict::Duplicate {
                constraint, holder, ..
            },
        ] = problem.conflicts.as_slice()
        else {
            panic!("{command:?}: {problem:?}");
        };
        assert_eq!(
            (problem.code, constraint.as_str(), holder.as_deref()),
            (Code::Duplicate, "slot", Some("a"))
        );
        let read = Request::Read {
            type_name: "bookings".to_owned(),
            id: "a".to_owned(),
        };
        assert!(problem.resolutions.iter().any(|it| it.request == read));
        // The value is free as soon as its holder leaves the condition.
        for leaving in [
            transition(10, "a", "cancel"),
            patch(10, "a", json!({ "waiting": true })),
            delete(10, "a"),
        ] {
            let (table, _) = done(table.clone(), leaving);
            let (table, _) = done(
                table,
                Command {
                    request_id: "later".to_owned(),
                    ..command.clone()
                },
            );
            assert_eq!(holders(&table), std::slice::from_ref(&command.id));
        }
    }
}

#[test]
fn a_stale_transition_lists_the_duplicate_that_the_images_show_and_offers_nothing_that_would_fail()
{
    let (table, _) = done(Model::default(), create(1, "a", json!({ "slot": "s" })));
    let (table, _) = done(
        table,
        create(2, "b", json!({ "slot": "s", "waiting": true })),
    );
    let mut command = transition(3, "b", "admit");
    command.preconditions.if_match = Some(IfMatch::Tags(vec!["1-00000002".to_owned()]));
    // It has looked, and another has written since: the refused write shows both.
    let mut view = View::default();
    view.learn(command.key(), table.get(&command.key()));
    let Decision::Write(plan) = decide(&declarations(), &command, &view) else {
        panic!("it is planned");
    };
    let (table, _) = done(table, patch(4, "b", json!({ "note": "meanwhile" })));
    for write in &plan.writes {
        view.learn(write.key.clone(), table.get(&write.key));
        assert!(matches!(view.get(&write.key), Seen::Present(_)));
    }
    let Decision::Answer(answer) = decide(&declarations(), &command, &view) else {
        panic!("it is refused");
    };
    let Answer::Refused(problem) = *answer else {
        panic!("it is refused");
    };
    let codes: Vec<Code> = problem.conflicts.iter().map(Conflict::code).collect();
    assert_eq!(codes, [Code::StaleVersion, Code::Duplicate]);
    let rels: Vec<Rel> = problem.resolutions.iter().map(|it| it.rel).collect();
    assert!(rels.contains(&Rel::ReadHolder) && rels.contains(&Rel::Discard));
    assert!(!rels.contains(&Rel::Overwrite), "{rels:?}");
}

#[test]
fn a_value_that_was_anothers_when_it_was_looked_at_is_freed_by_who_has_taken_it_since() {
    let declarations = declarations();
    let (table, _) = done(Model::default(), create(1, "b", json!({ "slot": "s" })));
    let mut world = World::new(table, [patch(2, "b", json!({ "slot": "t" }))]);
    let change = |world: &mut World, commands: [Command; 2]| {
        world.step(&declarations, 0, Delivery::Plain);
        for command in commands {
            (world.table, _) = done(world.table.clone(), command);
        }
    };
    // It has read that b holds s. Then b lets go of it, and a takes it.
    let to_a = [
        transition(3, "b", "cancel"),
        create(4, "a", json!({ "slot": "s" })),
    ];
    change(&mut world, to_a);
    // Its write is refused, by b's version and by a's value. Then a lets go, and b takes s again.
    let back = [transition(5, "a", "cancel"), transition(6, "b", "again")];
    change(&mut world, back);
    while !world.running().is_empty() {
        world.step(&declarations, 0, Delivery::Plain);
    }
    assert!(matches!(world.processes[0].answer, Some(Answer::Done(_))));
    assert_eq!(holders(&world.table), ["b"], "s is free, and t is b's");
}

/// A lifecycle, a constraint with these clauses, and what it deletes in.
fn with(when: &str, delete: &str) -> Declarations {
    let text = format!(
        "type: things
schema:
  type: object
  properties:
    slot: {{ type: string }}
    note: {{ type: string }}
    o: {{ type: object, properties: {{ open: {{ type: boolean }}, n: {{ type: integer }} }} }}
unique: [{{ fields: [/slot], when: [{when}] }}]
states: {{ initial: a, delete: [{delete}] }}
transitions:
  ab: {{ from: a, to: b }}
  bc: {{ from: b, to: c }}
  cd: {{ from: c, to: d }}
  da: {{ from: d, to: a }}
  end: {{ from: [a, b, c], to: d }}
  stay: {{ from: [a, b, c, d], set: {{ /note: x }} }}
  self: {{ from: [a], to: a }}
  open: {{ from: [a, b], set: {{ /o/open: true }} }}
  clear: {{ from: [a], remove: [/o] }}
  count: {{ from: [a], add: {{ /o/n: 1 }} }}
"
    );
    declare(&[("things.yaml", &text)])
}

#[test]
fn only_a_transition_that_can_turn_a_clause_has_anything_to_do_with_its_value() {
    use Move::{Leaves, Stays, Takes};
    for (when, moved) in [
        (
            "{ field: /state, in: [a, b] }",
            vec![("bc", Leaves), ("da", Takes), ("end", Leaves)],
        ),
        (
            "{ not: { field: /state, is: d } }",
            vec![("cd", Leaves), ("da", Takes), ("end", Leaves)],
        ),
        (
            "{ any: [{ field: /state, is: a }, { field: /state, startsWith: c }] }",
            vec![
                ("ab", Leaves),
                ("bc", Takes),
                ("cd", Leaves),
                ("da", Takes),
                ("end", Leaves),
            ],
        ),
        ("{ field: /state, exists: true }", vec![]),
        ("{ field: /state, in: [a, b, c, d] }", vec![]),
        // Beside a field that no transition between states writes.
        (
            "{ field: /state, isNot: d }, { field: /o/open, is: true }",
            vec![
                ("cd", Leaves),
                ("da", Takes),
                ("end", Leaves),
                ("open", Takes),
                ("clear", Takes),
            ],
        ),
        (
            "{ any: [{ field: /state, is: d }, { field: /o/n, atLeast: 2 }] }",
            vec![
                ("cd", Takes),
                ("da", Takes),
                ("end", Takes),
                ("clear", Takes),
                ("count", Takes),
            ],
        ),
        // The same in every state, although each has a clause of its own.
        (
            "{ any: [{ field: /state, in: [a, b] }, { not: { field: /state, in: [a, b] } }] }",
            vec![],
        ),
        ("{ field: /createdBy, is: alice }", vec![]),
        (
            "{ field: /note, is: { field: /slot } }",
            vec![("stay", Takes)],
        ),
        // The state against what only the document knows.
        (
            "{ field: /state, is: { field: /note } }",
            vec![
                ("ab", Takes),
                ("bc", Takes),
                ("cd", Takes),
                ("da", Takes),
                ("end", Takes),
                ("stay", Takes),
            ],
        ),
    ] {
        let declarations = with(when, "a");
        let things = declarations.get("things").unwrap();
        for transition in &things.transitions {
            let expected = moved
                .iter()
                .find(|(name, _)| *name == transition.name)
                .map_or(Stays, |(_, expected)| *expected);
            let name = &transition.name;
            let moves = holding::moves(&things.unique[0], transition);
            assert_eq!(moves, expected, "{name} while {when}");
            assert_eq!(transition.blind, moves == Stays, "{name} while {when}");
        }
    }
}

#[test]
fn a_delete_looks_only_where_it_may_have_something_to_free() {
    for (when, states, looks) in [
        ("{ field: /state, in: [a, b] }", "c, d", false),
        ("{ field: /state, in: [a, b] }", "b, c", true),
        ("{ field: /state, in: [a, b] }", "", false),
        ("{ field: /o/open, is: true }", "d", true),
        (
            "{ field: /o/open, is: true }, { field: /state, is: a }",
            "d",
            false,
        ),
        ("{ field: /state, is: { field: /note } }", "d", true),
    ] {
        let declarations = with(when, states);
        let may = holding::may_end_with(declarations.get("things").unwrap());
        assert_eq!(may, looks, "{when}, deleted in {states}");
        let command = Command {
            type_name: "things".to_owned(),
            ..delete(1, "t")
        };
        let decision = decide(&declarations, &command, &View::default());
        assert_eq!(matches!(decision, Decision::Read(_)), looks, "{decision:?}");
    }
}
