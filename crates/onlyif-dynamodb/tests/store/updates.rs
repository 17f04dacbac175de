//! Every assignment, and what it leaves.

use onlyif::item::{Attribute, ClockPart, Item, Operand, Partition, Resource};
use onlyif::plan::{Assignment, Condition, Planned};
use onlyif::store::{Store, Written};

use crate::emulator;
use crate::samples::{self, always, json, key, read, read_resource, updating};

fn at(pointer: &str) -> Attribute {
    Attribute::Document(pointer.parse().expect(pointer))
}

fn value(text: &str) -> Operand {
    Operand::Value(json(text))
}

fn number(text: &str) -> serde_json::Number {
    text.parse().expect(text)
}

/// What assignments make of the sample: the sample with a change.
type Case = (Vec<Assignment>, fn(&mut Resource));

fn cases() -> Vec<Case> {
    use Assignment::{Count, Remove, Set, Sum};
    let refs = |name: &str| Attribute::Dependents(name.to_owned());
    let clock = |part| Attribute::Clock(part, "/name".parse().expect("a pointer"));
    vec![
        (vec![Set(at("/name"), value(r#""table""#))], |r| {
            r.document["name"] = json(r#""table""#);
        }),
        (vec![Set(at("/size/h"), value("1.50"))], |r| {
            r.document["size"]["h"] = json("1.5");
        }),
        (
            vec![Set(at("/new"), value(r#"{"a": [null, {}, ""]}"#))],
            |r| {
                r.document
                    .insert("new".into(), json(r#"{"a": [null, {}, ""]}"#));
            },
        ),
        (vec![Set(at(""), value(r#"{"only": true}"#))], |r| {
            r.document = samples::document(r#"{"only": true}"#);
        }),
        (
            vec![Set(at("/copy"), Operand::Attribute(at("/size")))],
            |r| {
                r.document.insert("copy".into(), json(r#"{"w": 1}"#));
            },
        ),
        (
            vec![Set(at("/by"), Operand::Attribute(Attribute::UpdatedBy))],
            |r| {
                r.document.insert("by".into(), json(r#""bob""#));
            },
        ),
        (vec![Sum(at("/stock"), at("/stock"), number("-3"))], |r| {
            r.document["stock"] = json("2");
        }),
        (vec![Sum(at("/next"), at("/size/w"), number("0.10"))], |r| {
            r.document.insert("next".into(), json("1.1"));
        }),
        (
            vec![
                Remove(at("/name")),
                Remove(at("/size/w")),
                Remove(at("/none")),
            ],
            |r| {
                r.document.shift_remove("name");
                r.document["size"] = json("{}");
            },
        ),
        (
            vec![
                Set(at("/a"), Operand::Attribute(at("/stock"))),
                Set(at("/stock"), Operand::Attribute(at("/size/w"))),
                Remove(at("/size")),
            ],
            |r| {
                // Everything is read as it was.
                r.document.insert("a".into(), json("5"));
                r.document["stock"] = json("1");
                r.document.shift_remove("size");
            },
        ),
        (
            vec![
                Set(Attribute::State, value(r#""closed""#)),
                Set(
                    Attribute::PreviousAt,
                    Operand::Attribute(Attribute::UpdatedAt),
                ),
                Set(Attribute::UpdatedAt, value(r#""2030-01-01T00:00:00.000Z""#)),
                Set(Attribute::UpdatedBy, value(r#""erin""#)),
                Sum(Attribute::Version, Attribute::Version, number("1")),
                Set(Attribute::Floor, value("2")),
            ],
            |r| {
                r.state = Some("closed".into());
                r.previous_at = Some(r.updated_at);
                r.updated_at = onlyif::timestamp::Timestamp::from_millis(1_893_456_000_000);
                r.updated_by = "erin".into();
                r.version = 4;
                r.clocks.floor = 2;
            },
        ),
        (
            vec![
                Sum(clock(ClockPart::Version), Attribute::Version, number("1")),
                Set(clock(ClockPart::Actor), value(r#""erin""#)),
                Set(clock(ClockPart::At), value(r#""2030-01-01T00:00:00.000Z""#)),
            ],
            |r| {
                let clock = onlyif::item::Clock {
                    version: 4,
                    actor: "erin".into(),
                    at: onlyif::timestamp::Timestamp::from_millis(1_893_456_000_000),
                };
                r.clocks
                    .fields
                    .insert("/name".parse().expect("a pointer"), clock);
            },
        ),
        (
            [ClockPart::Version, ClockPart::Actor, ClockPart::At]
                .map(|part| Set(Attribute::Clocks(part), value("{}")))
                .into(),
            |r| r.clocks.fields.clear(),
        ),
        (
            (1..8)
                .map(|place| {
                    let newer = Operand::Attribute(Attribute::Stamp(place - 1));
                    Set(Attribute::Stamp(place), newer)
                })
                .chain([Set(Attribute::Stamp(0), value(r#""d""#))])
                .collect(),
            |r| r.stamps = samples::stamps(&["d", "c", "b", "a"]),
        ),
        (vec![Count(refs("files"), 2), Count(refs("a-b"), 3)], |r| {
            r.dependents = [("files".to_owned(), 2), ("a-b".to_owned(), 3)].into();
        }),
        // What has come down to nothing counts nothing.
        (
            vec![Count(refs("files"), 0), Set(at("/name"), value("1"))],
            |r| {
                r.document["name"] = json("1");
            },
        ),
        (Vec::new(), |_| {}),
    ]
}

#[tokio::test]
async fn every_assignment_leaves_what_it_says() {
    let table = emulator::table().await;
    for (number, (assignments, change)) in cases().into_iter().enumerate() {
        let key = key(&format!("case-{number}"));
        samples::put(&table, &key, &samples::resource()).await;
        let mut expected = samples::resource();
        change(&mut expected);

        let mut plan = updating(&key, always(), assignments.clone());
        plan.acts[0].outcome = Planned::FromImage;
        let written = table.write(&plan).await;

        let image = Some(Item::from(expected.clone()));
        assert_eq!(written, Written::Done(image), "{assignments:?}");
        assert_eq!(
            read_resource(&table, &key).await,
            expected,
            "{assignments:?}"
        );
    }
}

#[tokio::test]
async fn an_update_whose_outcome_is_known_answers_no_image() {
    let table = emulator::table().await;
    let key = key("known");
    samples::put(&table, &key, &samples::resource()).await;
    let plan = updating(&key, always(), vec![Assignment::Remove(at("/name"))]);
    assert_eq!(table.write(&plan).await, Written::Done(None));
}

#[tokio::test]
async fn a_resource_becomes_a_tombstone_and_leaves_the_list() {
    let table = emulator::table().await;
    let key = key("gone");
    samples::put(&table, &key, &samples::resource()).await;
    let tombstone = samples::tombstone();
    let set =
        |attribute, value: serde_json::Value| Assignment::Set(attribute, Operand::Value(value));
    let mut assignments = vec![
        set(Attribute::Version, tombstone.version.into()),
        set(
            Attribute::DeletedAt,
            tombstone.deleted_at.to_string().into(),
        ),
        set(Attribute::DeletedBy, tombstone.deleted_by.clone().into()),
        set(Attribute::Expires, tombstone.expires_at_s.into()),
        Assignment::Remove(Attribute::ListedIn),
        Assignment::Remove(at("")),
        Assignment::Remove(Attribute::Clocks(ClockPart::Version)),
    ];
    assignments.extend((0..8).map(|place| {
        set(
            Attribute::Stamp(place),
            tombstone.stamps.0[place].clone().into(),
        )
    }));
    let live = Condition::Not(Box::new(Condition::Exists(Attribute::DeletedAt)));

    let written = table.write(&updating(&key, live, assignments)).await;

    assert_eq!(written, Written::Done(None));
    let expected = Some(Item::from(tombstone));
    assert_eq!(read(&table, &key).await, expected);
    let page = table
        .list(&samples::partition(Some("open")), None, 10)
        .await;
    assert_eq!(page.expect("a page").resources, []);
}

#[tokio::test]
async fn a_resource_moves_from_list_to_list_with_its_state() {
    let table = emulator::table().await;
    let key = key("moved");
    samples::put(&table, &key, &samples::resource()).await;
    let closed: Partition = samples::partition(Some("closed"));
    let plan = updating(
        &key,
        always(),
        vec![Assignment::Set(
            Attribute::ListedIn,
            Operand::Partition(closed.clone()),
        )],
    );
    assert_eq!(table.write(&plan).await, Written::Done(None));
    for (partition, ids) in [
        (samples::partition(Some("open")), vec![]),
        (closed, vec!["moved"]),
        (samples::partition(None), vec![]),
    ] {
        let page = table.list(&partition, None, 10).await.expect("a page");
        let listed: Vec<_> = page.resources.iter().map(|(id, _)| id.as_str()).collect();
        assert_eq!(listed, ids, "{partition:?}");
    }
}
