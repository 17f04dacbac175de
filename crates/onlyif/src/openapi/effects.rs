//! What an operation requires and does, as declared, in words.

use crate::declaration::{Also, Amount, Bounds, Source, Transition};
use crate::document::pointer::Pointer;

/// The conditions of a transition, its changes and what happens along, in Markdown: each in a
/// paragraph of its own, which is not there where there is nothing to say.
pub(super) fn of_transition(transition: &Transition) -> Vec<String> {
    let mut conditions = declared(transition);
    for need in needs(transition) {
        if !conditions.contains(&need) {
            conditions.push(need);
        }
    }
    paragraphs(transition, conditions)
}

/// The same of a create. Its clauses are about the document with its changes made; these require
/// nothing more than the schema does.
pub(super) fn of_create(create: &Transition) -> Vec<String> {
    paragraphs(create, declared(create))
}

fn paragraphs(transition: &Transition, conditions: Vec<String>) -> Vec<String> {
    let paragraphs = [
        ("Only if:", conditions),
        ("It then:", changes(transition)),
        (
            "Along with it, in the same transaction, all of it or nothing:",
            transition.also.iter().map(along).collect(),
        ),
    ];
    paragraphs
        .into_iter()
        .filter(|(_, lines)| !lines.is_empty())
        .map(|(title, lines)| {
            let lines: Vec<String> = lines.iter().map(|line| item(line)).collect();
            format!("{title}\n\n{}", lines.join("\n"))
        })
        .collect()
}

fn declared(transition: &Transition) -> Vec<String> {
    transition.only_if.iter().map(ToString::to_string).collect()
}

/// What the changes themselves require: see [`crate::change::needs`].
fn needs(transition: &Transition) -> Vec<String> {
    let mut needs = Vec::new();
    for (pointer, source) in &transition.set {
        if let Source::Field(field) = source {
            needs.push(format!("{field} is there"));
        }
        if let Some(parent) = pointer.parent().filter(|parent| !parent.is_root()) {
            needs.push(format!("{parent} is an object"));
        }
    }
    for ((pointer, amount), bounds) in transition.add.iter().zip(&transition.bounds) {
        needs.push(sum(pointer, amount, bounds));
    }
    needs
}

/// What is required of a number that is added to. The sum is what the schema bounds.
fn sum(pointer: &Pointer, amount: &Amount, bounds: &Bounds) -> String {
    let limits = [
        ("at least", &bounds.minimum),
        ("more than", &bounds.exclusive_minimum),
        ("at most", &bounds.maximum),
        ("less than", &bounds.exclusive_maximum),
    ];
    let limits: Vec<String> = limits
        .into_iter()
        .filter_map(|(words, limit)| Some(format!("{words} {}", limit.as_ref()?)))
        .collect();
    let sum = if amount.negate { "minus" } else { "plus" };
    match limits.as_slice() {
        [] => format!("{pointer} is a number"),
        limits => format!(
            "{pointer} is a number, and {sum} {} it is {}",
            amount.source,
            limits.join(" and ")
        ),
    }
}

fn changes(transition: &Transition) -> Vec<String> {
    let set = transition.set.iter();
    let set = set.map(|(pointer, source)| format!("sets {pointer} to {source}"));
    let add = transition.add.iter();
    let add = add.map(|(pointer, amount)| match amount.negate {
        true => format!("subtracts {} from {pointer}", amount.source),
        false => format!("adds {} to {pointer}", amount.source),
    });
    let remove = transition.remove.iter();
    let remove = remove.map(|pointer| format!("removes {pointer}"));
    set.chain(add).chain(remove).collect()
}

fn along(also: &Also) -> String {
    let Also {
        each,
        type_name,
        id,
        transition,
        input,
    } = also;
    let mut text = format!("{transition} of the one of {type_name} whose id is {id}");
    if let Some(each) = each {
        text = format!("for each element of {each}: {text}");
    }
    let members: Vec<String> = input
        .iter()
        .map(|(name, source)| format!("{name}: {source}"))
        .collect();
    match members.as_slice() {
        [] => text,
        members => format!("{text}, with {}", members.join(", ")),
    }
}

/// An item of a list. What is declared is text: nothing of it is Markdown, nor ends the item.
fn item(line: &str) -> String {
    let mut item = String::from("- ");
    for character in line.chars() {
        match character {
            '\n' | '\r' => item.push(' '),
            '\\' | '`' | '*' | '_' | '<' | '&' | '[' | ']' | '|' | '#' | '~' => {
                item.push('\\');
                item.push(character);
            }
            other => item.push(other),
        }
    }
    item
}
