//! What the real server says when a plan cannot be written.

use onlyif::item::{Attribute, Item, Operand};
use onlyif::plan::{Assignment, Comparator, Condition, Effect, Planned};
use onlyif::store::{Store, Written};

use crate::emulator;
use crate::samples::{
    self, always, claim, json, key, plan, putting, read, unique_key, updating, write,
};

fn version_is(version: u64) -> Condition {
    Condition::Compare(
        Attribute::Version,
        Comparator::Equal,
        Operand::Value(version.into()),
    )
}

fn stock() -> Attribute {
    Attribute::Document("/stock".parse().expect("a pointer"))
}

fn never() -> Condition {
    Condition::Any(Vec::new())
}

#[tokio::test]
async fn a_refused_write_tells_the_item_as_it_was() {
    let table = emulator::table().await;
    let (there, absent) = (key("there"), key("absent"));
    samples::put(&table, &there, &samples::resource()).await;
    let image = Some(Item::from(samples::resource()));
    let new = || putting(Item::from(samples::resource()), None);
    let change = || Effect::Update(vec![Assignment::Remove(stock())]);

    for (key, condition, effect, item) in [
        (&there, Condition::absent(), new(), &image),
        (&there, version_is(4), change(), &image),
        (&there, version_is(4), Effect::Delete, &image),
        (&there, never(), new(), &image),
        (&absent, version_is(3), new(), &None),
        (&absent, version_is(3), change(), &None),
        (&absent, version_is(3), Effect::Delete, &None),
        (&absent, never(), Effect::Delete, &None),
    ] {
        let mut plan = plan(vec![write(key, condition, effect)]);
        for outcome in [Planned::Deleted, Planned::FromImage] {
            plan.acts[0].outcome = outcome;
            let written = table.write(&plan).await;
            let refused = Written::Refused(vec![(key.clone(), item.clone())]);
            assert_eq!(written, refused, "{plan:?}");
        }
    }
    assert_eq!(read(&table, &there).await, image);
    assert_eq!(read(&table, &absent).await, None);
}

#[tokio::test]
async fn a_refused_transaction_tells_each_item_that_refused_and_writes_nothing() {
    let table = emulator::table().await;
    let (there, absent) = (key("there"), key("absent"));
    let (taken, free) = (unique_key("taken"), unique_key("free"));
    samples::put(&table, &there, &samples::resource()).await;
    let mine = |key| write(key, Condition::absent(), putting(claim("there"), None));
    assert_eq!(
        table.write(&plan(vec![mine(&taken)])).await,
        Written::Done(None)
    );
    let image = Some(Item::from(samples::resource()));
    let change = |key, version| {
        let assignments = vec![Assignment::Remove(stock())];
        write(key, version_is(version), Effect::Update(assignments))
    };
    let release = |key| write(key, never(), Effect::Delete);
    let held = Some(claim("there"));

    for (writes, refused) in [
        (
            vec![change(&there, 3), mine(&taken), mine(&free)],
            vec![(taken.clone(), held.clone())],
        ),
        (
            vec![change(&there, 4), mine(&free), release(&taken)],
            vec![
                (there.clone(), image.clone()),
                (taken.clone(), held.clone()),
            ],
        ),
        (
            vec![change(&absent, 3), mine(&free)],
            vec![(absent.clone(), None)],
        ),
        (
            vec![mine(&taken), release(&free), change(&there, 3)],
            vec![(taken.clone(), held.clone()), (free.clone(), None)],
        ),
    ] {
        let plan = plan(writes);
        assert_eq!(table.write(&plan).await, Written::Refused(refused));
        assert_eq!(read(&table, &there).await, image);
        assert_eq!(read(&table, &free).await, None);
    }
}

#[tokio::test]
async fn a_transaction_does_all_its_writes() {
    let table = emulator::table().await;
    let (resource, moved_to) = (key("r"), unique_key("new"));
    let moved_from = unique_key("old");
    samples::put(&table, &resource, &samples::resource()).await;
    let old = write(&moved_from, Condition::absent(), putting(claim("r"), None));
    table.write(&plan(vec![old])).await;
    let owned = Condition::Compare(
        Attribute::Owner,
        Comparator::Equal,
        Operand::Value("r".into()),
    );
    let change = Assignment::Sum(stock(), stock(), "1".parse().expect("a number"));

    let mut plan = plan(vec![
        write(&resource, version_is(3), Effect::Update(vec![change])),
        write(&moved_to, Condition::absent(), putting(claim("r"), None)),
        write(&moved_from, owned, Effect::Delete),
    ]);
    plan.acts[0].outcome = Planned::FromImage;
    assert_eq!(table.write(&plan).await, Written::Done(None));

    let mut changed = samples::resource();
    changed.document["stock"] = json("6");
    assert_eq!(read(&table, &resource).await, Some(Item::from(changed)));
    assert_eq!(read(&table, &moved_to).await, Some(claim("r")));
    assert_eq!(read(&table, &moved_from).await, None);
}

#[tokio::test]
async fn the_same_transaction_sent_again_is_one() {
    let table = emulator::table().await;
    let (resource, other) = (key("r"), unique_key("u"));
    samples::put(&table, &resource, &samples::resource()).await;
    let add = |stamp: &str| {
        plan(vec![
            write(
                &resource,
                always(),
                Effect::Update(vec![
                    Assignment::Sum(stock(), stock(), "1".parse().expect("a number")),
                    Assignment::Set(Attribute::Stamp(0), Operand::Value(stamp.into())),
                ]),
            ),
            write(&other, always(), putting(claim("r"), None)),
        ])
    };
    for (stamp, stock) in [("s1", "6"), ("s1", "6"), ("s2", "7"), ("s2", "7")] {
        assert_eq!(table.write(&add(stamp)).await, Written::Done(None));
        let resource = samples::read_resource(&table, &resource).await;
        assert_eq!(resource.document["stock"], json(stock), "{stamp}");
    }
}

#[tokio::test]
async fn what_cannot_be_held_is_too_much() {
    let table = emulator::table().await;
    let (resource, other) = (key("r"), unique_key("u"));
    let mut sample = samples::resource();
    let full = "x".repeat(380 * 1024);
    sample.document.insert("full".into(), full.into());
    samples::put(&table, &resource, &sample).await;
    let image = Some(Item::from(sample.clone()));
    let at = |name: &str| Attribute::Document(format!("/{name}").parse().expect("a pointer"));
    let more = || {
        vec![Assignment::Set(
            at("more"),
            Operand::Value("y".repeat(30 * 1024).into()),
        )]
    };
    let digits = || {
        let digits = "0.0000000000000000000000000000000000000001";
        vec![Assignment::Sum(
            stock(),
            stock(),
            digits.parse().expect("a number"),
        )]
    };
    let through_a_string = || vec![Assignment::Set(at("name/x"), Operand::Value(json("1")))];
    let large = || {
        let mut large = samples::resource();
        large
            .document
            .insert("large".into(), "x".repeat(401 * 1024).into());
        putting(Item::from(large), None)
    };
    let claim = || write(&other, Condition::absent(), putting(claim("r"), None));

    for plan in [
        updating(&resource, always(), more()),
        updating(&resource, always(), digits()),
        updating(&resource, always(), through_a_string()),
        plan(vec![write(&resource, always(), large())]),
        plan(vec![
            write(&resource, always(), Effect::Update(more())),
            claim(),
        ]),
        plan(vec![
            write(&resource, always(), Effect::Update(digits())),
            claim(),
        ]),
        plan(vec![claim(), write(&resource, always(), large())]),
    ] {
        assert_eq!(table.write(&plan).await, Written::TooMuch);
        assert_eq!(read(&table, &resource).await, image);
        assert_eq!(read(&table, &other).await, None);
    }
}

#[tokio::test]
async fn a_refusal_comes_before_what_the_update_could_not_do() {
    let table = emulator::table().await;
    let resource = key("r");
    samples::put(&table, &resource, &samples::resource()).await;
    let nowhere = Attribute::Document("/name/deep".parse().expect("a pointer"));
    let plan = updating(
        &resource,
        version_is(4),
        vec![Assignment::Set(nowhere, Operand::Value(json("1")))],
    );
    let image = Some(Item::from(samples::resource()));
    assert_eq!(
        table.write(&plan).await,
        Written::Refused(vec![(resource, image)])
    );
}
