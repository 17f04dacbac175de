//! Unique constraints: values are items of their own, which stored resources took when they were
//! written, or did not.

use serde_json::Value;

use super::{Findings, Weight, schema};
use crate::declaration::{Check, Clause, Declaration, Source, Test, Unique};
use crate::document::RESERVED;
use crate::document::pointer::Pointer;

const MARK: &str = "Let it begin with nothing: add a clause to its `when` that nothing stored meets, of a new field like `{ field: /claimed, is: true }`. After deploying, write that field to each resource: the write takes its value, and is a `duplicate` where another has it.";

pub(super) fn compare(old: &Declaration, new: &Declaration, findings: &mut Findings<'_>) {
    let at = Pointer::member("unique");
    for (number, unique) in new.unique.iter().enumerate() {
        let at = at.child(&number.to_string());
        let before = old.unique.iter().find(|it| it.name == unique.name);
        match before {
            Some(before) => changed(before, unique, &at, findings),
            None => added(old, unique, &at, findings),
        }
    }
    for unique in &old.unique {
        if !new.unique.iter().any(|it| it.name == unique.name) {
            let name = &unique.name;
            let message = format!(
                "found no constraint `{name}` any more: the values that it held stay taken under this name"
            );
            let remedy = format!(
                "Never declare another constraint `{name}` of this type: it would meet them. Under any other name there is nothing to be done."
            );
            findings.say(&at, Weight::MayBreak, message, remedy);
        }
    }
}

fn added(old: &Declaration, unique: &Unique, at: &Pointer, findings: &mut Findings<'_>) {
    let name = &unique.name;
    if unique.fields.iter().any(|it| is_never(it, old))
        || unique.when.iter().any(|it| is_unmet(it, old))
    {
        let message =
            format!("found the new constraint `{name}`, which holds of nothing stored yet");
        return findings.fine(at, message);
    }
    let message = format!(
        "found the new constraint `{name}`: stored resources do not hold their values, so that two may have the same, and a new one may take another's"
    );
    findings.say(at, Weight::Breaks, message, MARK);
}

fn changed(old: &Unique, new: &Unique, at: &Pointer, findings: &mut Findings<'_>) {
    let name = &new.name;
    let other =
        format!("Give it another name than `{name}`, which makes it a new constraint. {MARK}");
    if old.fields != new.fields || old.normalize != new.normalize {
        let what = match old.fields == new.fields {
            true => "normalize",
            false => "fields",
        };
        let message = format!(
            "found other `{what}` of `{name}`: stored resources hold the values that they took by the old ones, and never free them"
        );
        findings.say(&at.child(what), Weight::Breaks, message, other.clone());
    }
    if !all_alike(&old.when, &new.when) {
        let message = format!(
            "found another `when` of `{name}`: stored resources hold a value, or none, by the old one, until their fields change or they enter or leave the condition"
        );
        findings.say(&at.child("when"), Weight::Breaks, message, other);
    }
    if old.disclose_holder != new.disclose_holder {
        findings.fine(
            &at.child("disclose"),
            format!("found another `disclose` of `{name}`"),
        );
    }
}

/// Whether the clause holds of nothing that the old declaration allows.
fn is_unmet(clause: &Clause, old: &Declaration) -> bool {
    match &clause.test {
        Test::Any(clauses) => clauses.iter().all(|clause| is_unmet(clause, old)),
        Test::Not(_) | Test::Field(_, Check::IsNot(_) | Check::Exists(false)) => false,
        Test::Field(pointer, check) => is_no_state(pointer, check, old) || is_never(pointer, old),
    }
}

/// Whether no document has the field. What every resource has besides its document is there.
fn is_never(field: &Pointer, old: &Declaration) -> bool {
    let first = field.tokens().first();
    let reserved = first.is_some_and(|name| RESERVED.contains(&name.as_str()));
    !reserved && schema::is_never(&old.schema.source, field)
}

fn is_no_state(pointer: &Pointer, check: &Check, old: &Declaration) -> bool {
    let known = old.states.iter().flat_map(|states| &states.all);
    let known: Vec<&str> = known.map(String::as_str).collect();
    let is_new = |source: &&Source| match source {
        Source::Literal(Value::String(state)) => !known.contains(&state.as_str()),
        _ => false,
    };
    *pointer == Pointer::member("state")
        && matches!(check, Check::Is(_) | Check::In(_))
        && check.sources().iter().all(is_new)
}

/// Whether clauses test the same; what is told of them may differ.
fn all_alike(old: &[Clause], new: &[Clause]) -> bool {
    old.len() == new.len() && old.iter().zip(new).all(|(old, new)| alike(old, new))
}

fn alike(old: &Clause, new: &Clause) -> bool {
    match (&old.test, &new.test) {
        (Test::Any(old), Test::Any(new)) => all_alike(old, new),
        (Test::Not(old), Test::Not(new)) => alike(old, new),
        (old, new) => old == new,
    }
}
