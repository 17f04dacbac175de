//! Each type's description shows its states: in a table, and as a diagram.

use serde_json::Value;

use super::{declarations, described, examples};
use onlyif::declaration::SourceFile;

/// The description of a type.
fn told(document: &Value, name: &str) -> String {
    let tags = document["tags"].as_array().unwrap();
    let tag = tags.iter().find(|tag| tag["name"] == name).unwrap();
    tag["description"].as_str().unwrap_or_default().to_owned()
}

#[test]
fn the_states_of_orders_are_a_table_and_a_diagram() {
    let told = told(&described(&examples()), "orders");
    let expected = "\
What a customer buys, from the first line in the cart to the parcel at the door.

| state | update allowed | delete allowed | transitions out |
|---|---|---|---|
| `pending` (initial) | yes | yes | `pay` → `paid`, `cancel` → `cancelled` |
| `paid` | no | no | `ship` → `shipped`, `cancel` → `cancelled` |
| `shipped` | no | no | `deliver` → `delivered` |
| `delivered` (final) | no | no | none |
| `cancelled` (final) | no | yes | none |

```mermaid
stateDiagram-v2
    state \"pending\" as s0
    state \"paid\" as s1
    state \"shipped\" as s2
    state \"delivered\" as s3
    state \"cancelled\" as s4
    [*] --> s0
    s0 --> s1: pay
    s1 --> s2: ship
    s2 --> s3: deliver
    s0 --> s4: cancel
    s1 --> s4: cancel
    s3 --> [*]
    s4 --> [*]
```";
    assert_eq!(told, expected);
}

#[test]
fn every_state_and_every_transition_is_in_the_table_and_in_the_diagram_of_its_type() {
    let declarations = examples();
    let document = described(&declarations);
    let mut moves = 0;
    for declaration in declarations.iter() {
        let name = &declaration.name;
        let told = told(&document, name);
        let Some(states) = &declaration.states else {
            for transition in &declaration.transitions {
                assert!(told.contains(&format!("`{}`", transition.name)), "{name}");
            }
            assert!(!told.contains("```"), "{name}");
            continue;
        };
        let rows: Vec<&str> = told
            .lines()
            .filter(|line| line.starts_with("| `"))
            .collect();
        assert_eq!(rows.len(), states.all.len(), "{name}");
        for (index, state) in states.all.iter().enumerate() {
            assert!(rows[index].starts_with(&format!("| `{state}`")), "{name}");
            assert!(told.contains(&format!("    state \"{state}\" as s{index}\n")));
            let is = |mark: &str| rows[index].contains(&format!("({mark})"));
            assert_eq!(is("initial"), *state == states.initial, "{name} {state}");
            assert_eq!(is("final"), states.finals.contains(state), "{name} {state}");
        }
        let place = |name: &str| states.all.iter().position(|state| state == name).unwrap();
        for transition in &declaration.transitions {
            for from in &transition.from {
                let to = transition.to.as_ref().unwrap_or(from);
                let way = format!("`{}` → `{to}`", transition.name);
                assert!(rows[place(from)].contains(&way), "{name}: {way}");
                let arrow = format!(
                    "    s{} --> s{}: {}\n",
                    place(from),
                    place(to),
                    transition.name
                );
                assert!(told.contains(&arrow), "{name}: {arrow}");
                moves += 1;
            }
        }
        let arrows = told.lines().filter(|line| line.contains("--> s")).count();
        let declared: usize = declaration.transitions.iter().map(|it| it.from.len()).sum();
        assert_eq!(arrows, declared + 1, "{name}");
    }
    assert!(moves > 20);
}

#[test]
fn names_that_mean_something_to_the_diagram_stand_only_in_quotes() {
    let text = "type: things\nschema: { type: object }\n\
                states: { initial: state, final: [end], update: [], delete: [end] }\n\
                transitions: { note: { from: state }, end: { from: [state, a--b], to: end }, \
                stop: { from: state, to: a--b } }\n";
    let document = described(&declarations(&[SourceFile {
        name: "resources/things.yaml".to_owned(),
        text: text.to_owned(),
    }]));
    let told = told(&document, "things");
    let expected = "\
| state | update allowed | delete allowed | transitions out |
|---|---|---|---|
| `state` (initial) | no | no | `note` → `state`, `end` → `end`, `stop` → `a--b` |
| `a--b` | no | no | `end` → `end` |
| `end` (final) | no | yes | none |

```mermaid
stateDiagram-v2
    state \"state\" as s0
    state \"a--b\" as s1
    state \"end\" as s2
    [*] --> s0
    s0 --> s0: note
    s0 --> s2: end
    s1 --> s2: end
    s0 --> s1: stop
    s2 --> [*]
```";
    assert_eq!(told, expected);
}

#[test]
fn a_type_of_which_there_is_nothing_to_tell_has_no_description() {
    let document = described(&super::of_schema("{ type: object }"));
    assert_eq!(told(&document, "things"), "");
    let told = told(&described(&examples()), "products");
    let sentence = "It has no states; its transitions may start at any time: `reserve`, `release`.";
    assert!(told.ends_with(sentence), "{told}");
}
