//! What a good declaration means: its parts and its defaults.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use onlyif::command::Stale;
use onlyif::declaration::{
    Access, Amount, Check, Clause, Declaration, Declarations, Deprecation, Normalize, Right,
    Source, SourceFile, States, Test, Unique,
};
use onlyif::document::pointer::Pointer;
use onlyif::timestamp::Timestamp;
use serde_json::{Value, json};

fn parse(text: &str) -> Declaration {
    let file = SourceFile {
        name: "resources/things.yaml".to_owned(),
        text: text.to_owned(),
    };
    let declarations = Declarations::parse(&[file]).unwrap_or_else(|complaints| {
        let lines: Vec<String> = complaints.iter().map(ToString::to_string).collect();
        panic!("{}\n{text}", lines.join("\n"))
    });
    declarations.get("things").unwrap().clone()
}

fn at(pointer: &str) -> Pointer {
    pointer.parse().unwrap()
}

fn literal(value: Value) -> Source {
    Source::Literal(value)
}

fn tests(pointer: &str, check: Check) -> Clause {
    Clause {
        test: Test::Field(at(pointer), check),
        message: None,
    }
}

fn strings(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

fn scopes(names: &[&str]) -> Right {
    Right::Scopes(strings(names))
}

const WHOLE: &str = "
type: things
description: |
  What there is. And more of it.
schema:
  type: object
  properties:
    name: { type: string }
    region: { type: string }
    stock: { type: number, minimum: 0, exclusiveMaximum: 10.50 }
    tags: { type: array }
    doneAt: { type: string, format: date-time, readOnly: true }
    by: { $ref: '#/$defs/who' }
  $defs: { who: { type: object, properties: { name: { type: string, readOnly: true }, note: { type: string } } } }
unique:
  - { fields: [/name, /region] }
  - { name: named, fields: [/by/note], normalize: [trim, lowercase], disclose: nothing, when: [{ field: /state, in: [open, held] }, { not: { field: /region, is: { field: /createdBy } } }] }
states: { initial: open, final: [done], update: [open], delete: [] }
transitions:
  take:
    from: [open, held]
    input: { type: object, required: [n], properties: { n: { type: number } } }
    onlyIf:
      - { field: /state, in: [open, held] }
      - { any: [{ field: /tags, contains: 1.50 }, { not: { field: /name, is: { actor: id } }, message: Yours. }], message: Not yours. }
      - { field: /stock, atLeast: { input: /n } }
      - { field: /updatedBy, isNot: { field: /createdBy } }
      - { field: /name, exists: true }
      - { field: /tags, sizeAtMost: 3 }
      - { field: /createdAt, lessThan: { now: true } }
    add: { /stock: { input: /n, negate: true } }
    access: [things.take]
  hold: { from: open, to: held, set: { /doneAt: { now: true }, /by/name: { actor: id }, /region: 'no' }, remove: [/tags] }
  finish: { from: held, to: done, add: { /stock: -1.50 }, access: owner }
stale: merge
access: { read: [r, s], create: [c], update: owner, delete: [d], transition: [t] }
keep: { tombstone: 12h, history: 7d, idempotency: 2d }
lease: { max: 15m }
list: { shards: 8 }
deprecated: { since: 2026-11-01, sunset: 2027-05-01, see: https://example.com/things }
";

#[test]
fn every_part_is_read() {
    let things = parse(WHOLE);
    assert_eq!(things.name, "things");
    assert_eq!(
        things.description.as_deref(),
        Some("What there is. And more of it.")
    );
    assert_eq!(
        things.schema.source["properties"]["stock"]["exclusiveMaximum"].to_string(),
        "10.50"
    );
    assert_eq!(
        things.unique,
        [
            Unique {
                name: "name-region".to_owned(),
                fields: vec![at("/name"), at("/region")],
                normalize: vec![],
                when: vec![],
                disclose_holder: true,
            },
            Unique {
                name: "named".to_owned(),
                fields: vec![at("/by/note")],
                normalize: vec![Normalize::Trim, Normalize::Lowercase],
                when: vec![
                    tests(
                        "/state",
                        Check::In(vec![literal(json!("open")), literal(json!("held"))])
                    ),
                    Clause {
                        test: Test::Not(Box::new(tests(
                            "/region",
                            Check::Is(Source::Field(at("/createdBy")))
                        ))),
                        message: None,
                    },
                ],
                disclose_holder: false,
            },
        ]
    );
    assert_eq!(
        things.states,
        Some(States {
            all: strings(&["open", "held", "done"]),
            initial: "open".to_owned(),
            finals: strings(&["done"]),
            update: strings(&["open"]),
            delete: vec![],
        })
    );
    assert_eq!(things.stale, Stale::Merge);
    assert_eq!(things.lease_max_s, Some(15 * 60));
    assert_eq!(things.shards, 8);
    let day = |text: &str| Timestamp::parse(&format!("{text}T00:00:00Z")).unwrap();
    assert_eq!(
        things.deprecated,
        Some(Deprecation {
            since: day("2026-11-01"),
            sunset: Some(day("2027-05-01")),
            see: Some("https://example.com/things".to_owned()),
        })
    );
    assert_eq!(
        things.access,
        Access {
            read: scopes(&["r", "s"]),
            create: strings(&["c"]),
            update: Right::Owner,
            delete: scopes(&["d"]),
            transition: scopes(&["t"]),
        }
    );
    assert_eq!(things.tombstone_s, 12 * 60 * 60);
    assert_eq!(things.history_s, 7 * 24 * 60 * 60);
    assert_eq!(things.read_only(), [at("/doneAt"), at("/by/name")]);
}

#[test]
fn transitions_are_read() {
    let things = parse(WHOLE);
    let names: Vec<&str> = things
        .transitions
        .iter()
        .map(|each| each.name.as_str())
        .collect();
    assert_eq!(names, ["take", "hold", "finish"]);

    let take = things.transition("take").unwrap();
    assert_eq!(
        (take.from.clone(), take.to.clone()),
        (strings(&["open", "held"]), None)
    );
    assert_eq!(take.access, scopes(&["things.take"]));
    assert_eq!(take.input.as_ref().unwrap().faults(&json!({ "n": 1 })), []);
    let amount = Amount {
        source: Source::Input(at("/n")),
        negate: true,
    };
    assert_eq!(take.add, [(at("/stock"), amount)]);

    let hold = things.transition("hold").unwrap();
    assert_eq!(
        (hold.from.clone(), hold.to.as_deref()),
        (strings(&["open"]), Some("held"))
    );
    assert_eq!(hold.access, scopes(&["t"]));
    assert!(hold.input.is_none());
    assert_eq!(
        hold.set,
        [
            (at("/doneAt"), Source::Now),
            (at("/by/name"), Source::Actor),
            (at("/region"), literal(json!("no"))),
        ]
    );
    assert_eq!(hold.remove, [at("/tags")]);

    let finish = things.transition("finish").unwrap();
    let Source::Literal(number) = &finish.add[0].1.source else {
        panic!("{finish:?}")
    };
    assert_eq!(number.to_string(), "-1.5");
}

#[test]
fn clauses_are_read() {
    let things = parse(WHOLE);
    let field = tests;
    let either = Clause {
        test: Test::Any(vec![
            field(
                "/tags",
                Check::Contains(literal(Value::Number("1.5".parse().unwrap()))),
            ),
            Clause {
                test: Test::Not(Box::new(field("/name", Check::Is(Source::Actor)))),
                message: Some("Yours.".to_owned()),
            },
        ]),
        message: Some("Not yours.".to_owned()),
    };
    assert_eq!(
        things.transition("take").unwrap().only_if,
        [
            field(
                "/state",
                Check::In(vec![literal(json!("open")), literal(json!("held"))])
            ),
            either,
            field("/stock", Check::AtLeast(Source::Input(at("/n")))),
            field("/updatedBy", Check::IsNot(Source::Field(at("/createdBy")))),
            field("/name", Check::Exists(true)),
            field("/tags", Check::SizeAtMost(literal(json!(3)))),
            field("/createdAt", Check::LessThan(Source::Now)),
        ]
    );
}

#[test]
fn what_is_left_out_has_its_default() {
    let things = parse(
        "type: things\nschema: { type: object }\nstates: { initial: a }\ntransitions: { go: { from: a, to: b } }\n",
    );
    assert_eq!(things.description, None);
    assert_eq!(things.unique, []);
    assert_eq!(things.stale, Stale::Refuse);
    assert_eq!(things.access, Access::default());
    assert_eq!(things.tombstone_s, 30 * 24 * 60 * 60);
    assert_eq!(things.history_s, 90 * 24 * 60 * 60);
    let states = things.states.unwrap();
    assert_eq!(states.update, strings(&["a", "b"]));
    assert_eq!(states.delete, strings(&["a", "b"]));
    assert_eq!(states.finals, strings(&[]));
}

#[test]
fn durations_are_seconds() {
    for (text, seconds) in [
        ("1s", 1),
        ("60s", 60),
        ("15m", 15 * 60),
        ("12h", 12 * 60 * 60),
        ("30d", 30 * 24 * 60 * 60),
        ("3650d", 3650 * 24 * 60 * 60),
    ] {
        let things = parse(&format!(
            "type: things\nschema: {{ type: object }}\nkeep: {{ tombstone: {text}, history: {text} }}\n"
        ));
        assert_eq!(
            (things.tombstone_s, things.history_s),
            (seconds, seconds),
            "{text}"
        );
    }
}

#[test]
fn a_summary_tells_a_newcomer_what_the_type_does() {
    assert_eq!(
        parse(WHOLE).summary(),
        "\
things: What there is
  deprecated since 2026-11-01, gone from 2027-05-01 on: https://example.com/things
  unique  name-region: /name and /region together
  unique  named: /by/note, ignoring outer spaces, upper and lower case, while (/state is open or held) and not (/region is /createdBy)
  states  open (initial), held, done (final)
  leases  for 15 minutes at most
  keeps   tombstones for 12 hours, history for 7 days, idempotency keys for 2 days
  owner   alone may update it, finish
  lists   over 8 partitions
  take:   open, held (stays), takes n
  hold:   open -> held
  finish: held -> done
"
    );
    let bare = "type: things\nschema: { type: object }\ntransitions: { touch: {}, press-hard: { input: { type: object, properties: { force: { type: number } } } } }\n";
    assert_eq!(
        parse(bare).summary(),
        "\
things
  touch:      takes nothing
  press-hard: takes force
"
    );
    let everywhere = "type: things\nschema: { type: object }\nstates: { initial: a }\ntransitions: { go: { from: a, to: b }, note: { from: [a, b] } }\n";
    assert_eq!(
        parse(everywhere).summary(),
        "\
things
  states  a (initial), b
  go:   a -> b
  note: any state (stays)
"
    );
}

#[test]
fn what_was_checked_is_read_type_by_type_and_what_cannot_be_read_is_no_type() {
    let file = |name: &str, text: &str| SourceFile {
        name: format!("resources/{name}.yaml"),
        text: text.to_owned(),
    };
    let declarations = Declarations::checked([
        file("things", WHOLE),
        file("others", "type: others\nschema: {"),
    ]);
    let unread = || format!("{declarations:?}").matches("<uninit>").count();
    assert_eq!(unread(), 2, "nothing is read before it is asked for");
    let once = declarations.get("things").unwrap();
    assert_eq!(unread(), 1);
    assert_eq!(format!("{once:?}"), format!("{:?}", parse(WHOLE)));
    // The same one from then on.
    assert!(std::ptr::eq(once, declarations.get("things").unwrap()));
    assert!(declarations.get("others").is_none());
    let all: Vec<&str> = declarations.iter().map(|each| each.name.as_str()).collect();
    assert_eq!(all, ["things"]);
}
