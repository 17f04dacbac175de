//! What happens along: transitions of other resources, which commit with the operation that brings
//! them, or none of it does.

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
use std::sync::LazyLock;

use model::Model;
use model::world::{World, command, declare, explore, object};
use onlyif::answer::{Answer, Done};
use onlyif::command::{Command, Idempotency, Operation, Scopes};
use onlyif::decide::{Decision, decide};
use onlyif::declaration::Declarations;
use onlyif::document::Document;
use onlyif::item::{Item, Resource};
use onlyif::problem::{Code, Conflict, Problem};
use onlyif::view::View;
use serde_json::{Value, json};

const ORDERS: &str = "
type: orders
schema:
  type: object
  required: [lines]
  properties:
    lines:
      type: array
      items: { type: object, required: [product, quantity], properties: { product: { type: string }, quantity: { type: integer } } }
    by: { type: string, readOnly: true }
    code: { type: string }
unique: [{ fields: [/code] }]
states: { initial: placed, final: [cancelled] }
create:
  onlyIf: [{ field: /lines, sizeAtLeast: 1, message: An order needs a line. }]
  set: { /by: { actor: id } }
  also:
    - { each: /lines, type: products, id: { item: /product }, transition: reserve, input: { quantity: { item: /quantity } } }
transitions:
  cancel:
    from: placed
    to: cancelled
    also:
      - { each: /lines, type: products, id: { item: /product }, transition: release, input: { quantity: { item: /quantity } } }
  pin: { from: placed, also: [{ type: products, id: { field: /code }, transition: mark }] }
access: { read: [orders.read] }
";

const PRODUCTS: &str = "
type: products
schema:
  type: object
  required: [stock]
  properties: { stock: { type: integer, minimum: 0 }, mark: { type: string } }
transitions:
  reserve:
    input: &quantity { type: object, required: [quantity], properties: { quantity: { type: integer, minimum: 1 } } }
    onlyIf: [{ field: /mark, isNot: closed, message: It is not for sale. }]
    add: { /stock: { input: /quantity, negate: true } }
  release: { input: *quantity, add: { /stock: { input: /quantity } } }
  mark: { set: { /mark: closed } }
access: { read: [products.read] }
";

fn declarations() -> &'static Declarations {
    static DECLARATIONS: LazyLock<Declarations> =
        LazyLock::new(|| declare(&[("orders.yaml", ORDERS), ("products.yaml", PRODUCTS)]));
    &DECLARATIONS
}

fn create(nth: i64, type_name: &str, id: &str, body: Value) -> Command {
    let operation = Operation::Create {
        body: object(body),
        incarnation: format!("{nth:08x}"),
        repeatable: false,
    };
    command(nth, "alice", type_name, id, operation)
}

fn lines(lines: &[(&str, i64)]) -> Value {
    let line =
        |(product, quantity): &(&str, i64)| json!({ "product": product, "quantity": quantity });
    lines.iter().map(line).collect()
}

fn order(nth: i64, id: &str, of: &[(&str, i64)]) -> Command {
    create(nth, "orders", id, json!({ "lines": lines(of) }))
}

fn transition(nth: i64, type_name: &str, id: &str, name: &str) -> Command {
    let operation = Operation::Transition {
        name: name.to_owned(),
        input: None,
    };
    command(nth, "bob", type_name, id, operation)
}

fn answer(table: &Model, command: Command) -> (Model, Answer) {
    World::run(table.clone(), declarations(), command)
}

fn done(table: &Model, command: Command) -> (Model, Done) {
    match answer(table, command) {
        (table, Answer::Done(done)) => (table, done),
        (_, answer) => panic!("{answer:?}"),
    }
}

fn refused(table: &Model, command: Command) -> Problem {
    match answer(table, command) {
        (after, Answer::Refused(problem)) => {
            assert_eq!(&after, table, "a refusal writes nothing");
            problem
        }
        (_, answer) => panic!("{answer:?}"),
    }
}

/// Three products of which there are ten, three and none.
fn shop() -> Model {
    let mut table = Model::default();
    for (nth, (id, stock)) in [("a", 10), ("b", 3), ("c", 0)].into_iter().enumerate() {
        let nth = i64::try_from(nth).expect("few");
        table = done(
            &table,
            create(nth, "products", id, json!({ "stock": stock })),
        )
        .0;
    }
    table
}

fn resource(table: &Model, type_name: &str, id: &str) -> Option<Resource> {
    match table.get(&command(0, "", type_name, id, Operation::Read).key()) {
        Some(Item::Resource(resource)) => Some(Arc::unwrap_or_clone(resource)),
        _ => None,
    }
}

fn stock(table: &Model) -> [i64; 3] {
    ["a", "b", "c"].map(|id| {
        let product = resource(table, "products", id).expect("a product");
        product.document["stock"].as_i64().expect("a number")
    })
}

#[test]
fn an_order_takes_stock_from_its_products_and_cancelling_gives_it_back() {
    let (table, made) = done(&shop(), order(10, "o", &[("a", 4), ("b", 3)]));
    assert_eq!(stock(&table), [6, 0, 0]);
    assert_eq!(made.resource.expect("the order").document["by"], "alice");
    let product = resource(&table, "products", "a").expect("a product");
    assert_eq!((product.version, product.updated_by.as_str()), (2, "alice"));
    let (table, _) = done(&table, transition(11, "orders", "o", "cancel"));
    assert_eq!(stock(&table), [10, 3, 0]);
    let again = refused(&table, transition(12, "orders", "o", "cancel"));
    assert_eq!(again.code, Code::InvalidTransition);
}

#[test]
fn where_one_product_is_out_of_stock_nothing_is_created_and_no_stock_is_taken() {
    let table = shop();
    let problem = refused(&table, order(10, "o", &[("a", 1), ("b", 4), ("c", 1)]));
    assert_eq!(problem.code, Code::ConditionNotMet);
    let told: Vec<(&str, Value, Value)> = problem
        .conflicts
        .iter()
        .map(|conflict| match conflict {
            Conflict::Elsewhere { resource, conflict } => match &**conflict {
                Conflict::ConditionNotMet {
                    requires, actual, ..
                } => {
                    let actual = actual.clone().expect("the stock");
                    (
                        resource.id.as_deref().expect("an id"),
                        requires.clone(),
                        actual,
                    )
                }
                other => panic!("{other:?}"),
            },
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(
        told,
        [
            ("b", json!({ "atLeast": 4 }), json!(3)),
            ("c", json!({ "atLeast": 1 }), json!(0)),
        ]
    );
    assert!(problem.detail.contains("products/b"), "{}", problem.detail);
}

#[test]
fn all_that_stands_against_it_is_told_at_once() {
    let (table, _) = done(
        &shop(),
        create(
            9,
            "orders",
            "x",
            json!({ "lines": lines(&[("a", 1)]), "code": "k" }),
        ),
    );
    let body = json!({ "code": "k", "lines": lines(&[("c", 1), ("nowhere", 2)]) });
    let problem = refused(&table, create(10, "orders", "o", body.clone()));
    let codes: Vec<Code> = problem.conflicts.iter().map(Conflict::code).collect();
    assert_eq!(
        codes,
        [
            Code::Duplicate,
            Code::ConditionNotMet,
            Code::MissingReference
        ]
    );
    let Conflict::MissingReference { pointer, target } = &problem.conflicts[2] else {
        panic!("{problem:?}")
    };
    assert_eq!(pointer.to_string(), "/lines/1/product");
    assert_eq!(
        target.as_ref().and_then(|target| target.id.as_deref()),
        Some("nowhere")
    );

    // Who may not read orders is told that it is so, and of no product.
    let mut blinded = create(10, "orders", "o", body);
    blinded.caller.scopes = Scopes::Only(BTreeSet::from(["products.read".to_owned()]));
    let told = format!("{:?}", refused(&table, blinded));
    assert!(
        !told.contains("nowhere") && !told.contains("\"c\"") && !told.contains("products/c"),
        "{told}"
    );

    // Who may not read products is told which, and not how many there are.
    let mut short = order(10, "o", &[("b", 9)]);
    short.caller.scopes = Scopes::Only(BTreeSet::from(["orders.read".to_owned()]));
    let told = refused(&table, short);
    assert!(!format!("{told:?}").contains("actual: Some"), "{told:?}");

    let empty = refused(&table, order(10, "o", &[]));
    assert_eq!(empty.code, Code::ConditionNotMet);
    assert!(
        empty.detail.contains("An order needs a line"),
        "{}",
        empty.detail
    );
}

#[test]
fn a_create_that_is_sent_again_is_known_whenever_its_declaration_says_that_it_is() {
    const NOTES: &str = "
type: notes
schema: { type: object, properties: { at: { type: string, readOnly: true }, o: { type: object, properties: { a: { type: integer } } } } }
create: { set: { /at: { now: true }, /o/a: 1 } }
";
    let declarations = declare(&[("notes.yaml", NOTES)]);
    let put = |nth| {
        let operation = Operation::Create {
            body: object(json!({ "o": {} })),
            incarnation: format!("{nth:08x}"),
            repeatable: true,
        };
        command(nth, "alice", "notes", "n", operation)
    };
    let (table, _) = World::run(Model::default(), &declarations, put(1));
    let (after, again) = World::run(table.clone(), &declarations, put(5_000));
    assert_eq!(after, table);
    assert!(matches!(again, Answer::Done(done) if done.replayed));
    // What a change needs is needed of a new document too.
    let mut without = put(2);
    without.id = "m".to_owned();
    without.operation = Operation::Create {
        body: Document::new(),
        incarnation: "00000002".to_owned(),
        repeatable: true,
    };
    let (_, refused) = World::run(table, &declarations, without);
    assert!(matches!(refused, Answer::Refused(problem) if problem.code == Code::ConditionNotMet));
}

#[test]
fn lines_that_meet_in_one_product_are_one_write_of_it() {
    let table = shop();
    let (after, _) = done(&table, order(10, "o", &[("a", 4), ("b", 1), ("a", 6)]));
    assert_eq!(stock(&after), [0, 2, 0]);
    assert_eq!(
        resource(&after, "products", "a")
            .expect("a product")
            .version,
        2
    );
    let problem = refused(&table, order(10, "o", &[("b", 2), ("b", 2)]));
    let Conflict::Elsewhere { conflict, .. } = &problem.conflicts[0] else {
        panic!("{problem:?}")
    };
    assert!(
        matches!(&**conflict, Conflict::ConditionNotMet { requires, .. } if *requires == json!({ "atLeast": 4 }))
    );
}

#[test]
fn an_input_that_the_other_does_not_take_is_told_where_it_stands() {
    let problem = refused(&shop(), order(10, "o", &[("a", 1), ("a", 0), ("b", 0)]));
    assert_eq!(problem.code, Code::InvalidResource);
    let places: Vec<String> = problem
        .errors
        .iter()
        .map(|fault| fault.at.to_string())
        .collect();
    assert_eq!(places, ["/lines/1/product", "/lines/2/product"]);
}

#[test]
fn a_condition_of_the_other_counts() {
    let (table, _) = done(&shop(), transition(9, "products", "a", "mark"));
    let problem = refused(&table, order(10, "o", &[("a", 1)]));
    assert!(
        problem.detail.contains("It is not for sale"),
        "{}",
        problem.detail
    );
    // Nothing happens along with what names nothing.
    let (table, _) = done(&shop(), order(10, "o", &[("a", 1)]));
    let (table, _) = done(&table, transition(11, "orders", "o", "pin"));
    assert_eq!(
        resource(&table, "products", "a")
            .expect("a product")
            .version,
        2
    );
}

#[test]
fn more_than_one_transaction_takes_is_refused_before_anything_is_written() {
    let mut table = Model::default();
    let ids: Vec<String> = (0..100).map(|n| format!("p{n}")).collect();
    for (nth, id) in ids.iter().enumerate() {
        let nth = i64::try_from(nth).expect("few");
        table = done(&table, create(nth, "products", id, json!({ "stock": 1 }))).0;
    }
    let of = |count: usize| -> Vec<(&str, i64)> {
        ids.iter().take(count).map(|id| (id.as_str(), 1)).collect()
    };
    let problem = refused(&table, order(200, "o", &of(100)));
    assert_eq!(problem.code, Code::ContentTooLarge);
    let keyed = |mut command: Command| {
        command.idempotency = Some(Idempotency {
            key: "k".to_owned(),
            fingerprint: "f".to_owned(),
        });
        command
    };
    assert_eq!(
        refused(&table, keyed(order(200, "o", &of(99)))).code,
        Code::ContentTooLarge
    );
    done(&table, keyed(order(200, "o", &of(98))));
    done(&table, order(200, "o", &of(99)));
}

#[test]
fn an_order_makes_one_request_and_a_cancellation_two() {
    let view = View::default();
    let order = order(10, "o", &[("a", 1), ("b", 1)]);
    let Decision::Write(plan) = decide(declarations(), &order, &view) else {
        panic!("nothing is read first")
    };
    assert_eq!(plan.writes.len(), 3);
    let (table, _) = done(&shop(), order);
    let cancel = transition(11, "orders", "o", "cancel");
    assert_eq!(
        decide(declarations(), &cancel, &view),
        Decision::Read(vec![cancel.key()])
    );
    let mut seen = View::default();
    seen.learn(cancel.key(), table.get(&cancel.key()));
    let Decision::Write(plan) = decide(declarations(), &cancel, &seen) else {
        panic!("its products are not read")
    };
    assert_eq!(plan.writes.len(), 3);
}

/// Orders of one product by three buyers, of whom two can be served, over every network.
#[test]
fn no_order_is_without_its_stock_and_no_stock_without_its_order() {
    let (table, _) = done(
        &Model::default(),
        create(0, "products", "a", json!({ "stock": 3 })),
    );
    let orders = [(1, "x", 2), (2, "y", 1), (3, "z", 1)];
    let commands = orders.map(|(nth, id, n)| order(nth, id, &[("a", n)]));
    let world = World::new(table, commands);
    let ends = explore(declarations(), &world, 1, &|world| {
        let there = |id: &str| resource(&world.table, "orders", id).is_some();
        let taken: i64 = orders
            .iter()
            .filter(|(_, id, _)| there(id))
            .map(|(_, _, n)| n)
            .sum();
        let product = resource(&world.table, "products", "a").expect("the product");
        assert_eq!(product.document["stock"], 3 - taken, "{world:#?}");
        for ((_, id, _), process) in orders.iter().zip(&world.processes) {
            match &process.answer {
                Some(Answer::Done(_)) => assert!(there(id), "{world:#?}"),
                Some(Answer::Refused(problem)) if problem.code != Code::OutcomeUnknown => {
                    assert!(!there(id), "{world:#?}");
                    assert_eq!(problem.code, Code::ConditionNotMet);
                }
                _ => {}
            }
        }
    });
    assert!(ends > 100, "{ends}");
}
