//! The examples in `resources/` are declarations, their seeds are documents of theirs, and the
//! editors' schema is the one that the parser's keys make.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::fs;
use std::path::{Path, PathBuf};

use onlyif::declaration::{Declarations, SourceFile, format};
use serde_json::Value;

fn resources() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../resources")
}

fn sources() -> Vec<SourceFile> {
    let mut sources: Vec<SourceFile> = fs::read_dir(resources())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "yaml")
        })
        .map(|path| SourceFile {
            name: format!("resources/{}", path.file_name().unwrap().display()),
            text: fs::read_to_string(path).unwrap(),
        })
        .collect();
    sources.sort_by(|a, b| a.name.cmp(&b.name));
    sources
}

fn declarations() -> Declarations {
    Declarations::parse(&sources()).unwrap_or_else(|complaints| {
        let lines: Vec<String> = complaints.iter().map(ToString::to_string).collect();
        panic!("{}", lines.join("\n"))
    })
}

/// What a member of a JSON object holds.
fn text<'v>(value: &'v Value, name: &str) -> &'v str {
    value[name]
        .as_str()
        .unwrap_or_else(|| panic!("`{name}` in {value}"))
}

#[test]
fn the_examples_are_declarations() {
    let names: Vec<String> = declarations()
        .iter()
        .map(|each| each.name.clone())
        .collect();
    assert_eq!(
        names,
        [
            "accounts",
            "bookings",
            "branches",
            "documents",
            "features",
            "files",
            "folders",
            "jobs",
            "machines",
            "orders",
            "products",
            "prompts",
            "replies",
            "sales"
        ]
    );
}

#[test]
fn what_others_need_stands_before_them() {
    let all = declarations();
    let ordered: Vec<&str> = all
        .needed_first()
        .iter()
        .map(|it| it.name.as_str())
        .collect();
    assert_eq!(ordered.len(), all.iter().count());
    let place = |name: &str| ordered.iter().position(|it| *it == name).expect(name);
    assert!(place("folders") < place("files"), "{ordered:?}");
    assert!(place("products") < place("sales"), "{ordered:?}");
    // By name where that leaves a choice.
    assert!(place("accounts") < place("bookings"), "{ordered:?}");
}

#[test]
fn what_only_counts_and_stamps_is_written_blind() {
    let declarations = declarations();
    for (type_name, transition, blind) in [
        ("orders", "pay", true),
        ("orders", "ship", true),
        ("orders", "cancel", true),
        ("products", "reserve", true),
        ("products", "release", true),
        ("accounts", "activate", true),
        ("accounts", "suspend", true),
        ("accounts", "reactivate", true),
        ("documents", "publish", true),
        ("documents", "reopen", true),
        // What takes or frees a slot looks first; what keeps it need not.
        ("bookings", "confirm", true),
        ("bookings", "finish", false),
        ("bookings", "cancel", false),
        ("bookings", "restore", false),
        ("branches", "push", true),
        ("branches", "force-push", true),
        ("prompts", "publish", false),
        ("prompts", "retire", true),
        ("replies", "withdraw", false),
        ("jobs", "start", true),
        ("jobs", "succeed", true),
        ("jobs", "fail", true),
        ("jobs", "requeue", true),
        ("jobs", "cancel", true),
        ("features", "enable", false),
        ("features", "disable", false),
        ("machines", "start", true),
        ("machines", "drain", true),
    ] {
        let declaration = declarations.get(type_name).unwrap();
        assert_eq!(
            declaration.transition(transition).unwrap().blind,
            blind,
            "{type_name} {transition}"
        );
    }
}

#[test]
fn every_seed_is_a_document_that_its_transitions_take() {
    for declaration in declarations().iter() {
        let path = resources().join(format!("seed/{}.json", declaration.name));
        let seeds: Value = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
        let seeds = seeds.as_array().unwrap();
        assert!(seeds.len() >= 3, "{} has few seeds", declaration.name);
        for seed in seeds {
            let id = text(seed, "id");
            assert!(!text(seed, "as").is_empty());
            assert_eq!(declaration.schema.faults(&seed["document"]), [], "{id}");
            for pointer in declaration.read_only() {
                assert_eq!(
                    pointer.of(seed["document"].as_object().unwrap()),
                    None,
                    "{id}"
                );
            }
            let mut state = declaration
                .states
                .as_ref()
                .map(|states| states.initial.clone());
            for step in seed["then"].as_array().into_iter().flatten() {
                let name = text(step, "transition");
                let transition = declaration
                    .transition(name)
                    .unwrap_or_else(|| panic!("{id}: no transition {name}"));
                assert!(!text(step, "as").is_empty());
                match (&transition.input, step.get("input")) {
                    (Some(schema), Some(input)) => {
                        assert_eq!(schema.faults(input), [], "{id} {name}")
                    }
                    (None, None) => {}
                    (schema, input) => panic!("{id} {name}: {schema:?} for {input:?}"),
                }
                if let Some(now) = &state {
                    assert!(transition.from.contains(now), "{id}: {name} from {now}");
                    state = transition.to.clone().or(state);
                }
            }
        }
    }
}

#[test]
fn each_example_names_the_schema_of_the_format_in_its_first_line() {
    for source in sources() {
        assert_eq!(
            source.text.lines().next(),
            Some("# yaml-language-server: $schema=.schema/onlyif.json"),
            "{}",
            source.name
        );
    }
}

#[test]
fn the_schema_of_the_format_beside_the_examples_is_the_current_one() {
    let path = resources().join(".schema/onlyif.json");
    let current = format!(
        "{}\n",
        serde_json::to_string_pretty(&format::schema()).unwrap()
    );
    if std::env::var_os("UPDATE_SCHEMA").is_some() {
        fs::write(&path, &current).unwrap();
    }
    let written = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        written == current,
        "resources/.schema/onlyif.json is not what the parser reads: write it again with \
         `UPDATE_SCHEMA=1 cargo test -p onlyif --test examples`"
    );
}
