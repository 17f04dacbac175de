//! What is said of bad declarations, word for word and place for place.
//!
//! Each file in `complaints/` is a table: a title after `=====`, the text of `things.yaml`, and after
//! `-----` every complaint as `LINE:COLUMN: MESSAGE`. None means that the declaration is good.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use onlyif::declaration::{Complaint, Declarations, SourceFile};

struct Case<'t> {
    title: &'t str,
    text: &'t str,
    complaints: Vec<&'t str>,
}

fn cases(table: &str) -> Vec<Case<'_>> {
    table
        .split("===== ")
        .skip(1)
        .map(|case| {
            let (title, rest) = case.split_once('\n').unwrap();
            let (text, complaints) = rest.split_once("-----\n").unwrap();
            Case {
                title,
                text,
                complaints: complaints.lines().collect(),
            }
        })
        .collect()
}

fn complaints(files: &[(&str, &str)]) -> Vec<Complaint> {
    let files: Vec<SourceFile> = files
        .iter()
        .map(|(name, text)| SourceFile {
            name: (*name).to_owned(),
            text: (*text).to_owned(),
        })
        .collect();
    Declarations::parse(&files).err().unwrap_or_default()
}

fn check(table: &str) {
    let cases = cases(table);
    assert!(cases.len() > 3);
    for case in cases {
        let said: Vec<String> = complaints(&[("things.yaml", case.text)])
            .iter()
            .map(|it| format!("{}:{}: {}", it.line, it.column, it.message))
            .collect();
        assert_eq!(said, case.complaints, "{}:\n{}", case.title, case.text);
    }
}

#[test]
fn of_the_syntax() {
    check(include_str!("complaints/syntax.cases"));
}

#[test]
fn of_keys() {
    check(include_str!("complaints/keys.cases"));
}

#[test]
fn of_schemas() {
    check(include_str!("complaints/schema.cases"));
}

#[test]
fn of_what_happens_along() {
    check(include_str!("complaints/also.cases"));
}

#[test]
fn what_is_said_of_another_type_is_checked_when_that_can_be_read() {
    let other = |also: &str| {
        format!(
            "type: things\nschema: {{ type: object, properties: {{ a: {{ type: string }} }} }}\ncreate: {{ also: [{also}] }}\n"
        )
    };
    let things = other("{ type: parts, id: { field: /a }, transition: tak }");
    let parts = "type: parts\nschema: { type: object }\ntransitions: { take: {} }\n";
    let said = |parts: &str| -> Vec<String> {
        complaints(&[("things.yaml", &things), ("parts.yaml", parts)])
            .iter()
            .map(ToString::to_string)
            .collect()
    };
    assert_eq!(
        said(parts),
        ["things.yaml:3:64: found `tak`, expected a transition of parts; did you mean `take`?"]
    );
    let broken = said("type: parts\n");
    assert!(
        broken.iter().all(|line| line.starts_with("parts.yaml")),
        "{broken:?}"
    );
}

#[test]
fn of_unique_constraints() {
    check(include_str!("complaints/unique.cases"));
}

#[test]
fn of_references() {
    check(include_str!("complaints/references.cases"));
}

#[test]
fn of_lifecycles() {
    check(include_str!("complaints/lifecycle.cases"));
}

#[test]
fn of_clauses() {
    check(include_str!("complaints/clauses.cases"));
}

#[test]
fn of_changes() {
    check(include_str!("complaints/changes.cases"));
}

#[test]
fn all_files_are_complained_of_in_one_pass_in_the_order_given() {
    let said: Vec<String> = complaints(&[
        ("resources/b.yaml", "type: b\nstale: no\n"),
        ("resources/a.yaml", "type: a\nschema: { type: object }\n"),
        ("deep/er/c.yml", "typ: c\nschema: { type: object }\n"),
        ("d.yaml", "type: [\n"),
    ])
    .iter()
    .map(ToString::to_string)
    .collect();
    assert_eq!(
        said,
        [
            "resources/b.yaml:1:1: found no `schema`, expected it: a declaration needs one",
            "resources/b.yaml:2:8: found `no`, expected `refuse` or `merge`",
            "deep/er/c.yml:1:1: found no `type`, expected it: a declaration needs one",
            "deep/er/c.yml:1:1: found the unknown key `typ`, expected a key of a declaration: `type`, \
             `description`, `schema`, `unique`, `states`, `create`, `transitions`, `references`, `lease`, `stale`, `access`, `keep`, `list` or `deprecated`; did you mean `type`?",
            "d.yaml:1:7: found `[` without its end, expected the bracket to be closed",
        ]
    );
}

#[test]
fn a_type_is_declared_once() {
    let text = "type: a\nschema: { type: object }\n";
    let said = complaints(&[("one/a.yaml", text), ("a.yml", text)]);
    assert_eq!(
        said,
        [Complaint {
            file: "a.yml".to_owned(),
            line: 1,
            column: 1,
            message: "found a second declaration of `a`, expected one file per type".to_owned(),
        }]
    );
}

#[test]
fn windows_paths_have_a_stem_too() {
    let text = "type: a\nschema: { type: object }\n";
    assert_eq!(complaints(&[("resources\\a.yaml", text)]), []);
}

/// A good declaration of a type with an object, a list of clauses and whatever else is given.
fn things(more: &str) -> String {
    format!(
        "type: things\nschema: {{ type: object, properties: {{ s: {{ type: string }}, n: {{ type: integer }} }} }}\n{more}"
    )
}

/// How many complaints there are, and whether the first says this.
fn first(text: &str) -> Option<String> {
    complaints(&[("things.yaml", text)])
        .first()
        .map(|it| it.message.clone())
}

/// Both sides of a limit: what is still taken, and what is said of one more.
fn limit(most: usize, text: impl Fn(usize) -> String, said: &str) {
    assert_eq!(first(&text(most)), None, "{most} of: {said}");
    let over = first(&text(most + 1)).unwrap_or_default();
    assert!(over.contains(said), "{} of: {said}: {over:?}", most + 1);
}

fn many(count: usize, each: impl Fn(usize) -> String) -> String {
    (0..count).map(each).collect::<Vec<_>>().join(", ")
}

#[test]
fn both_sides_of_every_limit() {
    let in_values = |count| {
        let values = many(count, |value| value.to_string());
        things(&format!(
            "transitions: {{ t: {{ onlyIf: [{{ field: /n, in: [{values}] }}] }} }}\n"
        ))
    };
    limit(100, in_values, "found 101 values, expected at most 100");

    let scopes = |count| {
        let scopes = many(count, |scope| format!("s{scope}"));
        things(&format!("access: {{ read: [{scopes}] }}\n"))
    };
    limit(20, scopes, "found 21 scopes, expected at most 20");

    let transitions = |count| {
        let transitions = many(count, |transition| format!("t{transition}: {{}}"));
        things(&format!("transitions: {{ {transitions} }}\n"))
    };
    limit(
        100,
        transitions,
        "found 101 transitions, expected at most 100",
    );

    let constraints = |count| {
        let members = many(count, |member| format!("m{member}: {{ type: string }}"));
        let constraints = many(count, |member| format!("{{ fields: [/m{member}] }}"));
        format!(
            "type: things\nschema: {{ type: object, properties: {{ {members} }} }}\nunique: [{constraints}]\n"
        )
    };
    limit(40, constraints, "found 41 constraints, expected at most 40");

    let nested = |depth| {
        things(&format!(
            "description: {}x{}\n",
            "[".repeat(depth),
            "]".repeat(depth)
        ))
    };
    // The map of the declaration is a level of block style, which is counted apart.
    assert_eq!(
        first(&nested(64)).as_deref(),
        Some("found a list, expected a sentence or two")
    );
    assert_eq!(
        first(&nested(65)).as_deref(),
        Some("found maps and lists nested too deep, expected at most 64 levels")
    );

    let padded = |bytes: usize| {
        let text = things("");
        format!("{text}#{}\n", " ".repeat(bytes - text.len() - 2))
    };
    limit(
        256 * 1024,
        padded,
        "found a file of 262145 bytes, expected at most 256 KiB",
    );

    let type_name =
        |length: usize| format!("type: {}\nschema: {{ type: object }}\n", "a".repeat(length));
    let named =
        |length| complaints(&[(&format!("{}.yaml", "a".repeat(length)), &type_name(length))]);
    assert_eq!(named(63), []);
    assert_eq!(named(64).len(), 1);

    let state = |length| things(&format!("states: {{ initial: {} }}\n", "a".repeat(length)));
    limit(63, state, "expected the name of a state");
    let transition = |length| {
        things(&format!(
            "transitions: {{ {}: {{}} }}\n",
            "a".repeat(length)
        ))
    };
    limit(63, transition, "found the transition name");
    let days = |count| things(&format!("keep: {{ tombstone: {count}d }}\n"));
    limit(3650, days, "expected a duration from 1s to 3650d");
    let see = |length: usize| {
        let address = format!("https://{}", "a".repeat(length - "https://".len()));
        things(&format!(
            "deprecated: {{ since: 2026-11-01, see: {address} }}\n"
        ))
    };
    limit(1000, see, "expected an address of at most 1000 characters");
}

#[test]
fn what_the_store_could_not_take_as_one_expression_is_refused() {
    let clauses = |count| {
        let clauses = many(count, |value| format!("{{ field: /n, isNot: {value} }}"));
        things(&format!(
            "transitions: {{ t: {{ onlyIf: [{clauses}] }} }}\n"
        ))
    };
    limit(78, clauses, "found conditions that take about");
    let held = |count| {
        let clauses = many(count, |value| format!("{{ field: /n, isNot: {value} }}"));
        things(&format!(
            "unique: [{{ fields: [/s], when: [{clauses}] }}]\n"
        ))
    };
    limit(100, held, "found conditions that take about");
    let long = |count: usize| {
        let path = "/o".repeat(8);
        let open = "{ type: object, properties: { o: ".repeat(8);
        let close = " } }".repeat(8);
        let clauses = many(count, |value| format!("{{ field: {path}, is: {value} }}"));
        format!(
            "type: things\nschema: {open}{{ type: integer }}{close}\ntransitions: {{ t: {{ onlyIf: [{clauses}] }} }}\n"
        )
    };
    limit(45, long, "found conditions that take about");
    let changes = |count| {
        let members = many(count, |member| format!("m{member}: {{ type: integer }}"));
        let set = many(count, |member| format!("/m{member}: 1"));
        format!(
            "type: things\nschema: {{ type: object, properties: {{ {members} }} }}\ntransitions: {{ t: {{ set: {{ {set} }} }} }}\n"
        )
    };
    limit(21, changes, "found changes that take about");
}

#[test]
fn a_schema_whose_references_multiply_is_refused_and_not_followed_for_ever() {
    let definitions = many(40, |number| {
        let next = number + 1;
        format!(
            "d{number}: {{ type: object, properties: {{ a: {{ $ref: '#/$defs/d{next}' }}, b: {{ $ref: '#/$defs/d{next}' }} }} }}"
        )
    });
    let text = format!(
        "type: things\nschema: {{ type: object, properties: {{ a: {{ $ref: '#/$defs/d0' }} }}, $defs: {{ {definitions}, d40: {{ type: string }} }} }}\n"
    );
    assert_eq!(
        first(&text).as_deref(),
        Some(
            "found more than 2000 members, each counted wherever a `$ref` puts it; expected fewer"
        )
    );
    let alternatives = many(40, |number| {
        let next = number + 1;
        format!(
            "d{number}: {{ allOf: [{{ $ref: '#/$defs/d{next}' }}, {{ $ref: '#/$defs/d{next}' }}] }}"
        )
    });
    let text = format!(
        "type: things\nschema: {{ type: object, properties: {{ a: {{ $ref: '#/$defs/d0' }} }}, $defs: {{ {alternatives}, d40: {{ type: string }} }} }}\n"
    );
    assert_eq!(
        first(&text).as_deref(),
        Some(
            "found `#/$defs/d0`, which asks more than 10000 schemas to judge one value; expected fewer"
        )
    );
}
