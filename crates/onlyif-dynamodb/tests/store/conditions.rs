//! Every condition against every kind of value: the store and the documented meaning agree.

use onlyif::item::{Attribute, ClockPart, Item, Key, Operand};
use onlyif::plan::{Comparator, Condition, Effect};
use onlyif::store::{Store, Written};
use onlyif_dynamodb::Table;
use proptest::prelude::*;

use crate::emulator;
use crate::evaluate::holds;
use crate::samples::{self, json, key, plan, putting, write};

const COMPARATORS: [Comparator; 5] = [
    Comparator::Equal,
    Comparator::Less,
    Comparator::AtMost,
    Comparator::More,
    Comparator::AtLeast,
];

/// One value of each kind, and what is easily taken for something else.
const DOCUMENT: &str = r##"{
    "text": "héllo", "empty": "", "clef": "é𝄞", "private": "\ue000", "nul": "a\u0000b",
    "three": 3, "minus": -1.5, "hundred": 100,
    "long": 12345678901234567890123456789012345678,
    "yes": true, "no": false, "null": null,
    "list": [1, "a", null, true, [1], {"k": 1}, 1.5], "none": [],
    "map": {"a": 1, "b": {"c": "x"}}, "bare": {},
    "digits": {"0": "zero", "00": 1}, "odd.name": {"#n0": ":v0", "size": [3]}
}"##;

const POINTERS: [&str; 31] = [
    "/text",
    "/empty",
    "/clef",
    "/private",
    "/nul",
    "/three",
    "/minus",
    "/hundred",
    "/long",
    "/yes",
    "/no",
    "/null",
    "/list",
    "/none",
    "/map",
    "/bare",
    "/map/a",
    "/map/b",
    "/map/b/c",
    "/list/0",
    "/list/4/0",
    "/list/5/k",
    "/list/7",
    "/digits/0",
    "/digits/00",
    "/odd.name/#n0",
    "/odd.name/size/0",
    "/missing",
    "/map/missing",
    "/missing/deep",
    "/text/deep",
];

const VALUES: [&str; 28] = [
    r#""héllo""#,
    r#""h""#,
    r#""é𝄞""#,
    r#""𝄞""#,
    r#""""#,
    r#""zero""#,
    r#""a""#,
    r#""\u0000""#,
    "3",
    "-1.5",
    "100",
    "0",
    "1",
    "7",
    "12345678901234567890123456789012345678",
    "12345678901234567890123456789012345677",
    "1e-130",
    "9.9e+125",
    "true",
    "false",
    "null",
    "[]",
    "{}",
    "[1]",
    r#"{"k": 1}"#,
    r#"{"a": 1, "b": {"c": "x"}}"#,
    r#"{"b": {"c": "x"}, "a": 1}"#,
    r#"["a"]"#,
];

fn item() -> Item {
    let mut resource = samples::resource();
    resource.document = samples::document(DOCUMENT);
    let three = resource.clocks.fields.values().next().cloned();
    let clock = three.expect("the sample has clocks");
    resource
        .clocks
        .fields
        .insert("/a~1b/0".parse().expect("a pointer"), clock);
    Item::from(resource)
}

fn at(pointer: &str) -> Attribute {
    Attribute::Document(pointer.parse().expect(pointer))
}

fn attributes() -> Vec<Attribute> {
    let mut attributes: Vec<_> = POINTERS.iter().map(|pointer| at(pointer)).collect();
    attributes.extend([
        at(""),
        Attribute::State,
        Attribute::Version,
        Attribute::DeletedAt,
        Attribute::Owner,
        Attribute::Stamp(0),
        Attribute::Stamp(7),
        Attribute::Clock(ClockPart::Version, "/a~1b/0".parse().expect("a pointer")),
        Attribute::Clock(ClockPart::Version, "/none".parse().expect("a pointer")),
    ]);
    attributes
}

fn operands() -> Vec<Operand> {
    let values = VALUES.iter().map(|text| Operand::Value(json(text)));
    let places = [
        "/text", "/three", "/list", "/list/0", "/yes", "/null", "/map", "/missing",
    ];
    values
        .chain(
            places
                .into_iter()
                .map(|place| Operand::Attribute(at(place))),
        )
        .collect()
}

/// Each test of each attribute against each operand.
fn single_conditions() -> Vec<Condition> {
    let mut conditions = Vec::new();
    for attribute in attributes() {
        conditions.push(Condition::Exists(attribute.clone()));
        for operand in operands() {
            for comparator in COMPARATORS {
                let (attribute, operand) = (attribute.clone(), operand.clone());
                conditions.push(Condition::Compare(attribute, comparator, operand));
            }
            conditions.push(Condition::Contains(attribute.clone(), operand.clone()));
            conditions.push(Condition::StartsWith(attribute.clone(), operand));
        }
        for comparator in COMPARATORS {
            for operand in ["0", "1", "2", "3", "5", "1.5", "true", r#""2""#] {
                let operand = Operand::Value(json(operand));
                conditions.push(Condition::Size(attribute.clone(), comparator, operand));
            }
            let operand = Operand::Attribute(at("/three"));
            conditions.push(Condition::Size(attribute.clone(), comparator, operand));
        }
    }
    conditions
}

/// Whether the store finds that the condition holds of the item at the key; `Err` is what else it
/// says. Nothing changes either way.
async fn asked(
    table: &Table,
    key: &Key,
    item: Option<&Item>,
    condition: Condition,
) -> Result<bool, Written> {
    let effect = match item {
        Some(item) => putting(item.clone(), None),
        None => Effect::Delete,
    };
    match table
        .write(&plan(vec![write(key, condition, effect)]))
        .await
    {
        Written::Done(None) => Ok(true),
        Written::Refused(refused) if refused == [(key.clone(), item.cloned())] => Ok(false),
        other => Err(other),
    }
}

/// The conditions of which the store and the documented meaning disagree. Asked together, and one
/// by one only where not all of them agree.
async fn disagreements(
    table: &Table,
    key: &Key,
    item: Option<&Item>,
    conditions: &[Condition],
) -> Vec<String> {
    let mut found = Vec::new();
    let mut pending: Vec<&[Condition]> = conditions.chunks(24).collect();
    while let Some(several) = pending.pop() {
        let as_meant = |condition: &Condition| {
            if holds(condition, item) {
                condition.clone()
            } else {
                Condition::Not(Box::new(condition.clone()))
            }
        };
        let all = Condition::All(several.iter().map(as_meant).collect());
        match (asked(table, key, item, all).await, several) {
            (Ok(true), _) => {}
            (other, [one]) => found.push(format!("{one:?} {}: {other:?}", holds(one, item))),
            (_, several) => {
                let (left, right) = several.split_at(several.len() / 2);
                pending.extend([left, right]);
            }
        }
    }
    found
}

#[tokio::test]
async fn every_test_of_every_kind_of_value_means_what_is_documented() {
    let table = emulator::table().await;
    let (there, absent) = (key("there"), key("absent"));
    let item = item();
    let put = write(&there, samples::always(), putting(item.clone(), None));
    assert_eq!(table.write(&plan(vec![put])).await, Written::Done(None));
    let conditions = single_conditions();
    for (condition, item) in conditions.iter().zip(std::iter::repeat(Some(item.clone()))) {
        let engine = onlyif::evaluate::holds(condition, &item);
        assert_eq!(engine, holds(condition, item.as_ref()), "{condition:?}");
    }

    let mut wrong = disagreements(&table, &there, Some(&item), &conditions).await;
    wrong.extend(disagreements(&table, &absent, None, &conditions).await);

    assert!(
        wrong.is_empty(),
        "{} of {} disagree:\n{}",
        wrong.len(),
        conditions.len(),
        wrong.join("\n")
    );
}

#[tokio::test]
async fn conditions_of_tombstones_and_claims_mean_what_is_documented() {
    let table = emulator::table().await;
    let exists = Condition::Exists;
    let owned = |by: &str| {
        Condition::Compare(
            Attribute::Owner,
            Comparator::Equal,
            Operand::Value(by.into()),
        )
    };
    let expired = |at_s: i64| {
        let operand = Operand::Value(at_s.into());
        Condition::Compare(Attribute::Expires, Comparator::AtMost, operand)
    };
    let conditions = [
        Condition::absent(),
        exists(Attribute::Key),
        exists(Attribute::DeletedAt),
        exists(Attribute::State),
        owned("o-1"),
        owned("o-2"),
        expired(1),
        expired(0),
    ];
    for (key, item) in [
        (key("gone"), Item::from(samples::tombstone())),
        (samples::unique_key("00"), samples::claim("o-1")),
    ] {
        let put = write(&key, Condition::absent(), putting(item.clone(), None));
        assert_eq!(table.write(&plan(vec![put])).await, Written::Done(None));
        let wrong = disagreements(&table, &key, Some(&item), &conditions).await;
        assert!(wrong.is_empty(), "{wrong:#?}");
    }
}

fn combined() -> impl Strategy<Value = Condition> {
    let single = prop::sample::select(single_conditions());
    single.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Condition::All),
            prop::collection::vec(inner.clone(), 0..4).prop_map(Condition::Any),
            inner.prop_map(|condition| Condition::Not(Box::new(condition))),
        ]
    })
}

#[test]
fn combined_conditions_mean_what_is_documented() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    let (there, absent) = (key("there"), key("absent"));
    let item = item();
    let table = runtime.block_on(async {
        let table = emulator::table().await;
        let put = write(&there, samples::always(), putting(item.clone(), None));
        assert_eq!(table.write(&plan(vec![put])).await, Written::Done(None));
        table
    });
    let settings = ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::with_cases(128)
    };
    proptest!(settings, |(condition in combined())| {
        for (key, item) in [(&there, Some(&item)), (&absent, None)] {
            let asked = runtime.block_on(asked(&table, key, item, condition.clone()));
            prop_assert_eq!(asked, Ok(holds(&condition, item)));
        }
    });
}
