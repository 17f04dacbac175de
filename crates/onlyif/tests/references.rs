//! References: what is named must be there when it is named, and is not deleted while it is counted.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

#[allow(dead_code, reason = "other tests need more of it")]
mod model;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::LazyLock;

use model::Model;
use model::world::{World, command, declare, explore, object};
use onlyif::answer::{Answer, Done};
use onlyif::command::{Command, Idempotency, IfMatch, Operation, Scopes};
use onlyif::decide::{Decision, decide};
use onlyif::declaration::Declarations;
use onlyif::document::patch::Patch;
use onlyif::item::{Item, Key, Name, Resource};
use onlyif::plan::{Assignment, Effect, Plan};
use onlyif::problem::{Code, Conflict, Origin, Problem};
use onlyif::view::View;
use serde_json::{Value, json};

const FOLDERS: &str = "
type: folders
schema:
  type: object
  additionalProperties: false
  properties: { name: { type: string }, in: { type: [string, 'null'] }, seen: { type: integer } }
references: [{ field: /in, type: folders }]
transitions:
  look: { add: { /seen: 1 } }
  rename: { input: { type: object, required: [name], properties: { name: { type: string } } }, set: { /name: { input: /name } } }
";

const FILES: &str = "
type: files
schema:
  type: object
  additionalProperties: false
  required: [folder]
  properties:
    folder: { type: string }
    also: { type: string }
    author: { type: string }
    n: { type: integer }
references:
  - { field: /folder, type: folders, onDelete: restrict }
  - { field: /also, type: folders }
  - { field: /author, type: people, onDelete: ignore }
transitions:
  move: { input: { type: object, required: [to], properties: { to: { type: string } } }, set: { /folder: { input: /to } } }
  unlink: { remove: [/also] }
  count: { set: { /n: 1 } }
";

const PEOPLE: &str = "
type: people
schema: { type: object, properties: { name: { type: string } } }
access: { read: [people.read] }
";

const LINKS: &str = "
type: links
schema: { type: object, required: [to, file], properties: { to: { type: string }, file: { type: string } } }
references: [{ field: /to, type: folders }]
access: { read: [links.read] }
create:
  also:
    - { type: folders, id: { field: /to }, transition: look }
    - { type: files, id: { field: /file }, transition: move, input: { to: { field: /to } } }
";

fn declarations() -> &'static Declarations {
    static DECLARATIONS: LazyLock<Declarations> = LazyLock::new(|| {
        declare(&[
            ("files.yaml", FILES),
            ("folders.yaml", FOLDERS),
            ("links.yaml", LINKS),
            ("people.yaml", PEOPLE),
        ])
    });
    &DECLARATIONS
}

/// `type/id`, taken apart.
fn on(nth: i64, name: &str, operation: Operation) -> Command {
    let (type_name, id) = name.split_once('/').expect("a type and an id");
    let mut command = command(nth, "alice", type_name, id, operation);
    if !matches!(command.operation, Operation::Create { .. }) {
        command.preconditions.if_match = Some(IfMatch::Any);
    }
    command
}

fn create(nth: i64, name: &str, body: Value) -> Command {
    let operation = Operation::Create {
        body: object(body),
        incarnation: format!("{nth:08x}"),
        repeatable: true,
    };
    on(nth, name, operation)
}

fn patch(nth: i64, name: &str, body: Value) -> Command {
    let patch = Patch::Merge(object(body));
    on(nth, name, Operation::Patch { patch })
}

fn delete(nth: i64, name: &str) -> Command {
    on(nth, name, Operation::Delete)
}

fn go(nth: i64, name: &str, transition: &str, input: Value) -> Command {
    let operation = Operation::Transition {
        name: transition.to_owned(),
        input: (!input.is_null()).then_some(input),
    };
    on(nth, name, operation)
}

fn all(nth: i64, mut parts: Vec<Command>) -> Command {
    for part in &mut parts {
        part.request_id = format!("request-{nth}");
    }
    let first = parts[0].clone();
    Command {
        operation: Operation::All(parts),
        ..first
    }
}

fn key(name: &str) -> Key {
    on(0, name, Operation::Read).key()
}

/// The live resources, by type and id.
fn live(table: &Model) -> BTreeMap<(String, String), Resource> {
    let items = table.keys().filter_map(|key| match (key, table.get(key)) {
        (Key::Resource { type_name, id, .. }, Some(Item::Resource(resource))) => Some((
            (type_name.clone(), id.clone()),
            Arc::unwrap_or_clone(resource),
        )),
        _ => None,
    });
    items.collect()
}

/// Every count is what there is, and nothing that counts is missing.
#[track_caller]
fn agree(table: &Model) {
    let live = live(table);
    let mut counts: BTreeMap<(String, String), BTreeMap<String, u64>> = BTreeMap::new();
    for ((type_name, id), resource) in &live {
        for Name {
            type_name: of,
            id: named,
        } in &resource.counted
        {
            let target = (of.clone(), named.clone());
            assert!(
                live.contains_key(&target),
                "{type_name}/{id} names {target:?}"
            );
            let count = counts.entry(target).or_default();
            *count.entry(type_name.clone()).or_default() += 1;
        }
    }
    for (name, resource) in &live {
        let count = counts.remove(name).unwrap_or_default();
        assert_eq!(resource.dependents, count, "{name:?}");
    }
}

/// What each resource names that is not to be deleted meanwhile counts it.
#[track_caller]
fn is_counted(table: &Model) {
    for ((type_name, id), resource) in live(table) {
        let references = &declarations().get(&type_name).expect("declared").references;
        let named = references.iter().filter(|it| it.restrict);
        let named = named.filter_map(|reference| {
            let named = reference.field.of(&resource.document)?.as_str()?;
            Some((reference.type_name.clone(), named.to_owned()))
        });
        let named: BTreeSet<String> = named
            .filter(|named| *named != (type_name.clone(), id.clone()))
            .map(|(type_name, id)| format!("{type_name}/{id}"))
            .collect();
        let counted: BTreeSet<String> = resource.counted.iter().map(Name::to_string).collect();
        assert_eq!(counted, named, "{type_name}/{id}");
    }
}

#[track_caller]
fn done(table: Model, command: Command) -> Model {
    match World::run(table, declarations(), command) {
        (table, Answer::Done(_) | Answer::All(_)) => {
            agree(&table);
            table
        }
        (_, answer) => panic!("{answer:?}"),
    }
}

#[track_caller]
fn refused(table: &Model, command: Command) -> Problem {
    let (left, answer) = World::run(table.clone(), declarations(), command);
    assert_eq!(left, *table, "a refusal leaves nothing behind");
    match answer {
        Answer::Refused(problem) => problem,
        answer => panic!("{answer:?}"),
    }
}

fn of(commands: Vec<Command>) -> Model {
    commands.into_iter().fold(Model::default(), done)
}

/// The plan, and how many looks come before it.
fn planned(table: &Model, command: &Command) -> (usize, Plan) {
    let mut view = View::default();
    for looks in 0.. {
        match decide(declarations(), command, &view) {
            Decision::Read(keys) => {
                for key in keys {
                    let item = table.get(&key);
                    view.learn(key, item);
                }
            }
            Decision::Write(plan) => return (looks, *plan),
            Decision::Answer(answer) => panic!("{answer:?}"),
        }
    }
    unreachable!("a decision comes to an end")
}

/// What is written beside the resource itself, as `check` or `±n`, by type and id.
fn beside(plan: &Plan) -> Vec<(String, String)> {
    let told = plan.writes.iter().skip(1).map(|write| {
        let Key::Resource { type_name, id, .. } = &write.key else {
            panic!("{write:?}")
        };
        let effect = match &write.effect {
            Effect::Check => "check".to_owned(),
            Effect::Update(assignments) => match assignments.as_slice() {
                [Assignment::Count(_, by)] => format!("{by:+}"),
                other => panic!("{other:?}"),
            },
            other => panic!("{other:?}"),
        };
        (format!("{type_name}/{id}"), effect)
    });
    told.collect()
}

fn missing(pointer: &str, type_name: &str, id: &str) -> Conflict {
    Conflict::MissingReference {
        pointer: pointer.parse().unwrap(),
        target: Some(Origin {
            type_name: type_name.to_owned(),
            id: Some(id.to_owned()),
        }),
    }
}

fn has(counts: &[(&str, u64)]) -> Conflict {
    let counts = counts
        .iter()
        .map(|(name, count)| ((*name).to_owned(), *count));
    Conflict::HasDependents {
        dependents: Some(counts.collect()),
    }
}

fn folders() -> Model {
    of(vec![
        create(1, "folders/a", json!({ "name": "a" })),
        create(2, "folders/b", json!({ "name": "b", "in": "a" })),
        create(3, "people/p", json!({})),
    ])
}

#[test]
fn each_write_counts_what_it_names_anew_and_no_longer_and_leaves_the_rest_alone() {
    let mut table = folders();
    let file = json!({ "folder": "a", "author": "p" });
    for (nth, (command, looks, wanted)) in [
        // Named on create: counted, or only looked at.
        (
            create(10, "files/f", file),
            0,
            vec![("folders/a", "+1"), ("people/p", "check")],
        ),
        // What stays is left alone, whatever else changes, blindly or not.
        (go(11, "files/f", "count", Value::Null), 0, vec![]),
        (patch(12, "files/f", json!({ "n": 2 })), 1, vec![]),
        (
            patch(13, "files/f", json!({ "folder": "a" , "n": 3})),
            1,
            vec![],
        ),
        // Moved by an update, and by a transition.
        (
            patch(14, "files/f", json!({ "folder": "b" })),
            1,
            vec![("folders/a", "-1"), ("folders/b", "+1")],
        ),
        (
            go(15, "files/f", "move", json!({ "to": "a" })),
            1,
            vec![("folders/a", "+1"), ("folders/b", "-1")],
        ),
        // Named twice, it is one that refers to it.
        (patch(16, "files/f", json!({ "also": "a" })), 1, vec![]),
        (
            patch(17, "files/f", json!({ "folder": "b" })),
            1,
            vec![("folders/b", "+1")],
        ),
        (
            go(18, "files/f", "unlink", Value::Null),
            1,
            vec![("folders/a", "-1")],
        ),
        (patch(19, "files/f", json!({ "author": null })), 1, vec![]),
        // What refers to itself is not counted.
        (
            patch(20, "folders/b", json!({ "in": "b" })),
            1,
            vec![("folders/a", "-1")],
        ),
        (
            patch(21, "folders/b", json!({ "in": "a" })),
            1,
            vec![("folders/a", "+1")],
        ),
        (
            patch(22, "folders/b", json!({ "in": null })),
            1,
            vec![("folders/a", "-1")],
        ),
        (delete(23, "files/f"), 1, vec![("folders/b", "-1")]),
        (create(24, "folders/c", json!({ "in": "c" })), 0, vec![]),
        (delete(25, "folders/c"), 1, vec![]),
        (delete(26, "people/p"), 0, vec![]),
    ]
    .into_iter()
    .enumerate()
    {
        let (looked, plan) = planned(&table, &command);
        let wanted: Vec<_> = wanted
            .into_iter()
            .map(|(name, effect)| (name.to_owned(), effect.to_owned()))
            .collect();
        assert_eq!(
            (looked, beside(&plan)),
            (looks, wanted),
            "{nth}: {command:?}"
        );
        table = done(table, command);
        is_counted(&table);
    }
}

#[test]
fn a_count_is_nobodys_change() {
    let before = folders();
    let after = done(
        before.clone(),
        create(9, "files/f", json!({ "folder": "a" })),
    );
    let of = |table: &Model| match table.get(&key("folders/a")) {
        Some(Item::Resource(resource)) => Arc::unwrap_or_clone(resource),
        other => panic!("{other:?}"),
    };
    let counted = Resource {
        dependents: BTreeMap::from([("folders".to_owned(), 1), ("files".to_owned(), 1)]),
        ..of(&before)
    };
    assert_eq!(of(&after), counted);
}

#[test]
fn what_is_not_there_or_was_deleted_or_never_could_be_is_not_named() {
    let table = done(folders(), create(5, "folders/gone", json!({})));
    let table = done(table, delete(6, "folders/gone"));
    let table = done(table, create(7, "files/f", json!({ "folder": "a" })));
    let long = "x".repeat(3_000);
    for id in ["none", "gone", "no id", "", &long] {
        for command in [
            create(8, "files/g", json!({ "folder": id })),
            patch(8, "files/f", json!({ "folder": id })),
            go(8, "files/f", "move", json!({ "to": id })),
        ] {
            let problem = refused(&table, command);
            assert_eq!(problem.code, Code::MissingReference);
            assert_eq!(problem.conflicts, [missing("/folder", "folders", id)]);
            assert_eq!(problem.resolutions, []);
        }
    }
    let problem = refused(
        &table,
        patch(8, "files/f", json!({ "author": "x", "also": "y" })),
    );
    let both = [
        missing("/also", "folders", "y"),
        missing("/author", "people", "x"),
    ];
    assert_eq!(problem.conflicts, both);
    // What was named while it was there may go, and stays named.
    let table = done(table, patch(9, "files/f", json!({ "author": "p" })));
    let table = done(table, delete(10, "people/p"));
    let table = done(table, patch(11, "files/f", json!({ "n": 1 })));
    let problem = refused(
        &table,
        create(12, "files/g", json!({ "folder": "a", "author": "p" })),
    );
    assert_eq!(problem.conflicts, [missing("/author", "people", "p")]);
}

#[test]
fn what_is_named_is_not_deleted_and_all_that_names_it_is_counted() {
    let table = folders();
    assert_eq!(
        refused(&table, delete(5, "folders/a")).conflicts,
        [has(&[("folders", 1)])]
    );
    let table = done(table, create(6, "files/f", json!({ "folder": "a" })));
    let table = done(
        table,
        create(7, "files/g", json!({ "folder": "b", "also": "a" })),
    );
    let problem = refused(&table, delete(8, "folders/a"));
    assert_eq!(problem.code, Code::HasDependents);
    assert_eq!(problem.conflicts, [has(&[("files", 2), ("folders", 1)])]);
    assert_eq!(
        problem.detail,
        "folders/a cannot be deleted while 2 of files and 1 of folders refer to it."
    );
    assert!(problem.current.is_some());
    let table = done(table, delete(9, "files/f"));
    let table = done(table, go(10, "files/g", "unlink", Value::Null));
    let table = done(table, patch(11, "folders/b", json!({ "in": null })));
    let table = done(table, delete(12, "folders/a"));
    // Its next incarnation begins with none.
    let table = done(table, create(13, "folders/a", json!({})));
    done(table, delete(14, "folders/a"));
}

#[test]
fn a_stale_delete_is_told_of_both_and_offered_no_overwrite() {
    let table = folders();
    let mut stale = delete(5, "folders/a");
    stale.preconditions.if_match = Some(IfMatch::Tags(vec!["9-00000001".to_owned()]));
    let problem = refused(&table, stale.clone());
    let codes: Vec<Code> = problem.conflicts.iter().map(Conflict::code).collect();
    assert_eq!(codes, [Code::StaleVersion, Code::HasDependents]);
    let rels = problem.resolutions.iter().map(|it| format!("{:?}", it.rel));
    assert_eq!(rels.collect::<Vec<_>>(), ["Discard"]);
}

#[test]
fn who_may_not_read_what_refers_learns_that_something_does() {
    let table = done(folders(), patch(4, "folders/a", json!({ "seen": 0 })));
    let table = done(table, create(5, "files/f", json!({ "folder": "b" })));
    let table = done(
        table,
        create(6, "links/l", json!({ "to": "a", "file": "f" })),
    );
    let mut command = delete(7, "folders/a");
    let everything = has(&[("files", 1), ("folders", 1), ("links", 1)]);
    assert_eq!(refused(&table, command.clone()).conflicts, [everything]);
    command.caller.scopes = Scopes::Only(Default::default());
    let readable = has(&[("files", 1), ("folders", 1)]);
    assert_eq!(refused(&table, command).conflicts, [readable]);
}

#[test]
fn what_one_request_creates_satisfies_its_references_and_what_it_ends_no_longer_counts() {
    let table = folders();
    // In either order.
    for (nth, turned) in [(5, false), (6, true)] {
        let id = format!("folders/n-{nth}");
        let mut parts = vec![
            create(nth, &id, json!({})),
            create(
                nth,
                "files/f",
                json!({ "folder": format!("n-{nth}"), "author": "p" }),
            ),
            patch(nth, "folders/b", json!({ "in": format!("n-{nth}") })),
        ];
        if turned {
            parts.reverse();
        }
        let table = done(table.clone(), all(nth, parts.clone()));
        assert_eq!(
            refused(&table, delete(7, &id)).conflicts,
            [has(&[("files", 1), ("folders", 1)])]
        );
        // The folder ends with all that is in it, or not at all.
        let mut ends = vec![delete(8, &id), delete(8, "files/f"), delete(8, "folders/b")];
        if turned {
            ends.reverse();
        }
        done(table.clone(), all(8, ends.clone()));
        ends.retain(|end| end.id != "f");
        let problem = refused(&table, all(9, ends.clone()));
        let index = ends.iter().position(|end| end.id != "b").unwrap();
        let [
            Conflict::InOperation {
                operation,
                conflict,
                ..
            },
        ] = problem.conflicts.as_slice()
        else {
            panic!("{problem:?}");
        };
        let left = has(&[("files", 1)]);
        assert_eq!((*operation, &**conflict), (index, &left));
    }
}

#[test]
fn what_one_operation_ends_another_does_not_name() {
    let table = of(vec![
        create(1, "folders/a", json!({})),
        create(2, "folders/b", json!({})),
        create(3, "files/f", json!({ "folder": "a" })),
        create(4, "people/p", json!({})),
    ]);
    for naming in [
        create(5, "files/g", json!({ "folder": "b" })),
        patch(5, "files/f", json!({ "folder": "b" })),
    ] {
        let problem = refused(&table, all(5, vec![delete(5, "folders/b"), naming]));
        let [
            Conflict::InOperation {
                operation: 1,
                conflict,
                ..
            },
        ] = problem.conflicts.as_slice()
        else {
            panic!("{problem:?}");
        };
        assert_eq!(**conflict, missing("/folder", "folders", "b"));
    }
    let naming = patch(6, "files/f", json!({ "author": "p" }));
    let problem = refused(&table, all(6, vec![naming, delete(6, "people/p")]));
    assert_eq!(problem.code, Code::MissingReference);
    // All that stands against any of them is told.
    let both = vec![
        delete(7, "folders/a"),
        create(7, "files/g", json!({ "folder": "none" })),
    ];
    let problem = refused(&table, all(7, both));
    let told: Vec<Code> = problem.conflicts.iter().map(Conflict::code).collect();
    assert_eq!(told, [Code::MissingReference, Code::HasDependents]);
}

#[test]
fn counts_of_one_request_are_summed_and_go_into_the_writes_of_what_they_count() {
    let table = of(vec![
        create(1, "folders/a", json!({ "seen": 0 })),
        create(2, "folders/b", json!({ "seen": 0 })),
        create(3, "files/f", json!({ "folder": "a" })),
        create(4, "files/g", json!({ "folder": "b" })),
    ]);
    // They change places: each count stays.
    let swap = all(
        5,
        vec![
            patch(5, "files/f", json!({ "folder": "b" })),
            patch(5, "files/g", json!({ "folder": "a" })),
        ],
    );
    let (_, plan) = planned(&table, &swap);
    let effects: Vec<&Effect> = plan.writes.iter().skip(2).map(|it| &it.effect).collect();
    assert_eq!(effects, [&Effect::Check, &Effect::Check]);
    let table = done(table, swap);
    // The folder is renamed, by an update or a transition, or left as it is, and gets two files.
    for (nth, write) in [
        (6, patch(6, "folders/a", json!({ "name": "new" }))),
        (7, go(7, "folders/a", "rename", json!({ "name": "x" }))),
        (8, patch(8, "folders/a", json!({ "name": "x" }))),
    ] {
        let file = |id: String| create(nth, &id, json!({ "folder": "a" }));
        let parts = vec![
            file(format!("files/one-{nth}")),
            write,
            file(format!("files/two-{nth}")),
        ];
        let command = all(nth, parts);
        assert_eq!(planned(&table, &command).1.writes.len(), 3);
        done(table.clone(), command);
    }
    // What happens along, to the very folder that is named.
    let link = create(9, "links/l", json!({ "to": "a", "file": "f" }));
    let (_, plan) = planned(&table, &link);
    assert_eq!(plan.writes.len(), 4, "{plan:?}");
    let table = done(table, link);
    let Some(Item::Resource(folder)) = table.get(&key("folders/a")) else {
        panic!("it is there");
    };
    assert_eq!(folder.document["seen"], json!(1));
}

#[test]
fn a_missing_reference_of_what_happens_along_names_where() {
    let table = of(vec![create(3, "folders/a", json!({ "seen": 0 }))]);
    let table = done(table, create(4, "files/f", json!({ "folder": "a" })));
    // The folder is to be looked at and named, and the file to be moved there: it is missing thrice.
    let problem = refused(
        &table,
        create(5, "links/l", json!({ "to": "x", "file": "f" })),
    );
    assert_eq!(problem.code, Code::MissingReference);
    let elsewhere = Conflict::Elsewhere {
        resource: Origin {
            type_name: "files".to_owned(),
            id: Some("f".to_owned()),
        },
        conflict: Box::new(missing("/folder", "folders", "x")),
    };
    assert!(problem.conflicts.contains(&elsewhere), "{problem:?}");
    assert!(problem.conflicts.contains(&missing("/to", "folders", "x")));
}

#[test]
fn a_dry_run_looks_at_what_would_be_named() {
    let table = folders();
    let mut command = create(5, "files/f", json!({ "folder": "none" }));
    command.dry_run = true;
    let problem = refused(&table, command);
    assert_eq!(problem.conflicts, [missing("/folder", "folders", "none")]);
    let mut command = create(6, "files/f", json!({ "folder": "a" }));
    command.dry_run = true;
    let (left, answer) = World::run(table.clone(), declarations(), command);
    assert!(matches!(answer, Answer::Done(_)), "{answer:?}");
    assert_eq!(left, table);
    let mut command = delete(7, "folders/a");
    command.dry_run = true;
    assert_eq!(refused(&table, command).code, Code::HasDependents);
}

#[test]
fn what_was_written_before_the_reference_was_declared_is_counted_when_it_is_written_next() {
    let lines: Vec<&str> = FILES.lines().collect();
    let start = lines
        .iter()
        .position(|line| *line == "references:")
        .unwrap();
    let (head, rest) = lines.split_at(start);
    let undeclared = [head, &rest[4..]].concat().join("\n");
    assert!(undeclared.contains("transitions:") && !undeclared.contains("type: folders"));
    let undeclared = declare(&[
        ("files.yaml", &undeclared),
        ("folders.yaml", FOLDERS),
        ("people.yaml", PEOPLE),
    ]);
    let without = |table: Model, command: Command| match World::run(table, &undeclared, command) {
        (table, Answer::Done(_)) => table,
        (_, answer) => panic!("{answer:?}"),
    };
    let table = without(Model::default(), create(1, "folders/a", json!({})));
    let table = done(table, create(2, "files/e", json!({ "folder": "a" })));
    let table = without(table, create(3, "files/f", json!({ "folder": "a" })));
    let table = without(table, create(4, "files/g", json!({ "folder": "nowhere" })));
    // Whatever was not counted takes nothing off.
    let less = done(table.clone(), patch(5, "files/g", json!({ "folder": "a" })));
    let less = done(less, delete(6, "files/f"));
    let both = || has(&[("files", 2)]);
    assert_eq!(refused(&less, delete(7, "folders/a")).conflicts, [both()]);
    // Any update counts it, if it is there; what is not, and was not touched, stands in nobody's way.
    let more = done(table, patch(8, "files/f", json!({ "n": 1 })));
    let more = done(more, patch(9, "files/g", json!({ "n": 1 })));
    let problem = refused(
        &more,
        patch(10, "files/g", json!({ "folder": "elsewhere" })),
    );
    assert_eq!(
        problem.conflicts,
        [missing("/folder", "folders", "elsewhere")]
    );
    assert_eq!(refused(&more, delete(11, "folders/a")).conflicts, [both()]);
    let more = done(more, delete(11, "files/g"));
    // And what is no longer declared to refer is no longer counted from its next write on.
    let table = without(more, patch(12, "files/f", json!({ "n": 2 })));
    let one = has(&[("files", 1)]);
    assert_eq!(refused(&table, delete(13, "folders/a")).conflicts, [one]);
    // Nor does it stand in the way of a delete, which lets go of it as well.
    let table = without(table, delete(14, "files/f"));
    let emptied = without(table.clone(), delete(15, "files/e"));
    agree(&emptied);
    done(emptied, delete(16, "folders/a"));
    // Who had counted a file may have ended meanwhile, and begun anew.
    let table = without(table, delete(15, "folders/a"));
    let again = without(table.clone(), create(16, "folders/a", json!({})));
    for table in [table, again] {
        for command in [
            delete(17, "files/e"),
            patch(17, "files/e", json!({ "n": 1 })),
            all(
                17,
                vec![delete(17, "files/e"), create(17, "folders/n", json!({}))],
            ),
        ] {
            let (_, answer) = World::run(table.clone(), declarations(), command);
            assert!(
                matches!(answer, Answer::Done(_) | Answer::All(_)),
                "{answer:?}"
            );
        }
    }
}

#[test]
fn a_reference_that_no_longer_restricts_lets_go() {
    let loose = FILES.replace("onDelete: restrict", "onDelete: ignore");
    let loose = declare(&[
        ("files.yaml", &loose),
        ("folders.yaml", FOLDERS),
        ("people.yaml", PEOPLE),
    ]);
    let table = done(folders(), create(5, "files/f", json!({ "folder": "b" })));
    let run = |table: Model, command: Command| match World::run(table, &loose, command) {
        (table, Answer::Done(_)) => table,
        (_, answer) => panic!("{answer:?}"),
    };
    let table = run(table, patch(6, "files/f", json!({ "n": 1 })));
    agree(&table);
    let table = run(table, delete(7, "files/f"));
    agree(&table);
    done(table, delete(8, "folders/b"));
}

#[test]
fn an_impossible_id_is_told_beside_what_else_stands_in_the_way() {
    let table = done(folders(), create(5, "files/f", json!({ "folder": "a" })));
    let problem = refused(&table, create(6, "files/f", json!({ "folder": "no id" })));
    let codes: Vec<Code> = problem.conflicts.iter().map(Conflict::code).collect();
    assert_eq!(codes, [Code::AlreadyExists, Code::MissingReference]);
}

#[test]
fn a_field_that_is_written_anew_must_find_what_another_one_still_names() {
    let two = FILES.replace(
        "  - { field: /also, type: folders }",
        "  - { field: /also, type: people, onDelete: ignore }",
    );
    let two = declare(&[
        ("files.yaml", &two),
        ("folders.yaml", FOLDERS),
        ("people.yaml", PEOPLE),
    ]);
    let table = done(
        folders(),
        create(5, "files/f", json!({ "folder": "a", "author": "p" })),
    );
    let table = done(table, delete(6, "people/p"));
    let (_, answer) = World::run(table, &two, patch(7, "files/f", json!({ "also": "p" })));
    let Answer::Refused(problem) = answer else {
        panic!("{answer:?}");
    };
    assert_eq!(problem.conflicts, [missing("/also", "people", "p")]);
}

#[test]
fn what_happens_along_may_empty_what_is_deleted() {
    let table = of(vec![
        create(1, "folders/a", json!({})),
        create(2, "folders/b", json!({ "seen": 0 })),
        create(3, "files/f", json!({ "folder": "a" })),
    ]);
    let link = create(4, "links/l", json!({ "to": "b", "file": "f" }));
    done(table, all(4, vec![delete(4, "folders/a"), link]));
}

#[test]
fn a_refused_operation_is_not_held_against_what_it_would_have_emptied() {
    let table = of(vec![
        create(1, "folders/a", json!({})),
        create(2, "files/f", json!({ "folder": "a" })),
    ]);
    let mut stale = delete(3, "files/f");
    stale.preconditions.if_match = Some(IfMatch::Tags(vec!["9-00000002".to_owned()]));
    let problem = refused(&table, all(3, vec![stale, delete(3, "folders/a")]));
    let told: Vec<Code> = problem.conflicts.iter().map(Conflict::code).collect();
    assert_eq!(told, [Code::StaleVersion]);
}

#[test]
fn a_resource_that_is_its_owners_is_not_there_for_others() {
    let diaries = "
type: diaries
schema: { type: object }
access: { read: owner }
";
    let notes = "
type: notes
schema: { type: object, properties: { diary: { type: string }, n: { type: integer } } }
references: [{ field: /diary, type: diaries }]
";
    let declarations = declare(&[("diaries.yaml", diaries), ("notes.yaml", notes)]);
    let by = |actor: &str, mut command: Command| {
        command.caller.actor = actor.to_owned();
        command
    };
    let (table, _) = World::run(
        Model::default(),
        &declarations,
        by("alice", create(1, "diaries/d", json!({}))),
    );
    let note = create(2, "notes/n", json!({ "diary": "d" }));
    let (_, answer) = World::run(table.clone(), &declarations, by("bob", note.clone()));
    let Answer::Refused(problem) = answer else {
        panic!("{answer:?}");
    };
    assert_eq!(problem.conflicts, [missing("/diary", "diaries", "d")]);
    let (table, answer) = World::run(table, &declarations, by("alice", note));
    assert!(matches!(answer, Answer::Done(_)), "{answer:?}");
    // What is named already stands in nobody's way.
    let edit = by("bob", patch(3, "notes/n", json!({ "n": 1 })));
    let (_, answer) = World::run(table, &declarations, edit);
    assert!(matches!(answer, Answer::Done(_)), "{answer:?}");
}

#[test]
fn however_they_meet_nothing_that_is_named_is_missing() {
    let table = of(vec![
        create(1, "folders/a", json!({})),
        create(2, "folders/b", json!({})),
        create(3, "files/f", json!({ "folder": "a" })),
    ]);
    let keyed = |mut command: Command| {
        command.idempotency = Some(Idempotency {
            key: "k".to_owned(),
            fingerprint: "f".to_owned(),
        });
        command
    };
    let pairs: Vec<[Command; 2]> = vec![
        [
            delete(10, "folders/b"),
            create(11, "files/g", json!({ "folder": "b" })),
        ],
        [
            delete(10, "folders/b"),
            patch(11, "files/f", json!({ "folder": "b" })),
        ],
        [
            delete(10, "folders/b"),
            go(11, "files/f", "move", json!({ "to": "b" })),
        ],
        [
            delete(10, "folders/b"),
            keyed(patch(11, "files/f", json!({ "folder": "b" }))),
        ],
        [delete(10, "folders/a"), delete(11, "files/f")],
        [
            patch(10, "files/f", json!({ "folder": "b" })),
            delete(11, "files/f"),
        ],
        [
            patch(10, "files/f", json!({ "folder": "b" })),
            patch(11, "files/f", json!({ "also": "b" })),
        ],
        [
            all(10, vec![delete(10, "files/f"), delete(10, "folders/a")]),
            create(11, "files/g", json!({ "folder": "a" })),
        ],
        [
            all(
                10,
                vec![
                    create(10, "folders/c", json!({})),
                    patch(10, "files/f", json!({ "folder": "c" })),
                ],
            ),
            patch(11, "folders/a", json!({ "name": "n" })),
        ],
    ];
    let mut ends = 0;
    for pair in pairs {
        let world = World::new(table.clone(), pair.clone());
        ends += explore(declarations(), &world, 1, &|world| {
            agree(&world.table);
            is_counted(&world.table);
            for process in &world.processes {
                // Nobody is refused for what the same request has done.
                if let Some(Answer::Refused(problem)) = &process.answer {
                    let expected = [
                        Code::MissingReference,
                        Code::HasDependents,
                        Code::Gone,
                        Code::OutcomeUnknown,
                        Code::AlreadyExists,
                    ];
                    assert!(expected.contains(&problem.code), "{problem:?}\n{pair:?}");
                }
            }
        });
    }
    assert!(ends > 1_000, "{ends}");
}

#[test]
fn of_a_delete_and_a_create_that_names_it_one_happens() {
    let table = of(vec![create(1, "folders/a", json!({}))]);
    let pair = [
        delete(10, "folders/a"),
        create(11, "files/g", json!({ "folder": "a" })),
    ];
    let world = World::new(table, pair);
    explore(declarations(), &world, 0, &|world| {
        let happened = |process: &model::world::Process| {
            matches!(process.answer, Some(Answer::Done(Done { .. })))
        };
        let count = world.processes.iter().filter(|it| happened(it)).count();
        assert_eq!(count, 1);
    });
}
