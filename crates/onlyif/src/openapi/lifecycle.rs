//! A type's states for people: a table, and a diagram for what draws Mermaid.

use crate::declaration::{Declaration, States, Transition};

/// What may happen to resources of this type, in Markdown; `None` where nothing is declared to.
pub(super) fn described(declaration: &Declaration) -> Option<String> {
    match &declaration.states {
        Some(states) => Some(format!(
            "{}\n\n{}",
            table(declaration, states),
            diagram(declaration, states)
        )),
        None => actions(declaration),
    }
}

/// Transitions of a type without states.
fn actions(declaration: &Declaration) -> Option<String> {
    let names = declaration.transitions.iter();
    let names: Vec<String> = names.map(|each| format!("`{}`", each.name)).collect();
    (!names.is_empty()).then(|| {
        format!(
            "It has no states; its transitions may start at any time: {}.",
            names.join(", ")
        )
    })
}

/// A row for each state. A state's name has no character that Markdown reads as its own.
fn table(declaration: &Declaration, states: &States) -> String {
    let allowed = |list: &[String], state: &String| match list.contains(state) {
        true => "yes",
        false => "no",
    };
    let mut lines = vec![
        "| state | update allowed | delete allowed | transitions out |".to_owned(),
        "|---|---|---|---|".to_owned(),
    ];
    for state in &states.all {
        let out: Vec<String> = declaration
            .transitions
            .iter()
            .filter(|transition| transition.from.contains(state))
            .map(|transition| format!("`{}` → `{}`", transition.name, end(transition, state)))
            .collect();
        let out = match out.as_slice() {
            [] => "none".to_owned(),
            out => out.join(", "),
        };
        lines.push(format!(
            "| `{state}`{} | {} | {} | {out} |",
            marks(states, state),
            allowed(&states.update, state),
            allowed(&states.delete, state),
        ));
    }
    lines.join("\n")
}

fn marks(states: &States, state: &String) -> String {
    let initial = (*state == states.initial).then_some("initial");
    let last = states.finals.contains(state).then_some("final");
    let marks: Vec<&str> = initial.into_iter().chain(last).collect();
    match marks.as_slice() {
        [] => String::new(),
        marks => format!(" ({})", marks.join(", ")),
    }
}

/// Every state has an alias: `end`, `state` and names with hyphens mean something to Mermaid.
///
/// <https://mermaid.js.org/syntax/stateDiagram.html>
fn diagram(declaration: &Declaration, states: &States) -> String {
    let mut lines = vec!["```mermaid".to_owned(), "stateDiagram-v2".to_owned()];
    for (index, state) in states.all.iter().enumerate() {
        lines.push(format!("    state \"{state}\" as s{index}"));
    }
    let alias = |name: &str| states.all.iter().position(|state| state == name);
    if let Some(initial) = alias(&states.initial) {
        lines.push(format!("    [*] --> s{initial}"));
    }
    for transition in &declaration.transitions {
        for from in &transition.from {
            // Declared states are all there is: neither is ever missing.
            if let (Some(start), Some(end)) = (alias(from), alias(end(transition, from))) {
                lines.push(format!("    s{start} --> s{end}: {}", transition.name));
            }
        }
    }
    for last in states.finals.iter().filter_map(|name| alias(name)) {
        lines.push(format!("    s{last} --> [*]"));
    }
    lines.push("```".to_owned());
    lines.join("\n")
}

/// The state that a transition from this one ends in.
fn end<'a>(transition: &'a Transition, from: &'a str) -> &'a str {
    transition.to.as_deref().unwrap_or(from)
}
