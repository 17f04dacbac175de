//! Upgrades: what a changed declaration means for the resources that are stored already.
//!
//! Stored resources were written under the old declaration, and are read and written under the new
//! one from the moment that it is deployed. [`against`] names every change that they may not
//! satisfy, with what to do about it, and every other change as compatible. It knows declarations
//! and not data: a finding says what can be stored, not what is.
//!
//! In reading order: `findings` (a change in its place), `schema` (the documents), `lifecycle`,
//! `unique`, `references`, and `settings` (what a type says in a word).

mod findings;

mod lifecycle;
mod references;
mod schema;
mod settings;
mod unique;

pub use findings::{Finding, Weight};

use self::findings::{Findings, Side};
use super::{Complaint, Declaration, SourceFile};
use crate::document::pointer::Pointer;

/// What the change from the old declarations to the new ones means for what is stored: by type, in
/// the order of the file.
///
/// # Errors
/// Everything that is wrong in either; where something is, nothing is compared.
pub fn against(old: &[SourceFile], new: &[SourceFile]) -> Result<Vec<Finding>, Vec<Complaint>> {
    let (old, new) = (Side::read(old)?, Side::read(new)?);
    let mut found = Vec::new();
    for before in old.declarations.iter() {
        match new.declarations.get(&before.name) {
            Some(after) => found.extend(changed(&new, before, after)),
            None => found.extend(removed(&old, before)),
        }
    }
    for after in new.declarations.iter() {
        if old.declarations.get(&after.name).is_none() {
            found.extend(added(&new, after));
        }
    }
    Ok(found)
}

fn changed(side: &Side<'_>, old: &Declaration, new: &Declaration) -> Vec<Finding> {
    let mut findings = side.findings(&new.name);
    documents(old, new, &mut findings);
    lifecycle::compare(old, new, &mut findings);
    unique::compare(old, new, &mut findings);
    references::compare(old, new, &mut findings);
    settings::compare(old, new, &mut findings);
    findings.in_order()
}

fn documents(old: &Declaration, new: &Declaration, findings: &mut Findings<'_>) {
    let at = Pointer::member("schema");
    let (before, after) = (&old.schema.source, &new.schema.source);
    let narrowings = schema::narrowings(before, after);
    if narrowings.is_empty() && !schema::same(before, after) {
        findings.fine(&at, "found a schema that all that is stored satisfies");
    }
    for narrowing in narrowings {
        let steps = narrowing.at.tokens().iter();
        let at = steps.fold(at.clone(), |at, step| at.child(step));
        findings.say(&at, narrowing.weight, narrowing.message, narrowing.remedy);
    }
    for pointer in new
        .read_only
        .iter()
        .filter(|it| !old.read_only.contains(it))
    {
        let message = format!(
            "found {pointer} to be readOnly: what is stored stays, and only transitions write it from now on"
        );
        findings.fine(&at, message);
    }
    for pointer in old
        .read_only
        .iter()
        .filter(|it| !new.read_only.contains(it))
    {
        findings.fine(
            &at,
            format!("found {pointer} to be readOnly no more: updates may write it"),
        );
    }
}

fn removed(side: &Side<'_>, old: &Declaration) -> Vec<Finding> {
    let mut findings = side.findings(&old.name);
    let message = format!(
        "found no declaration of `{}` any more: what is stored of it stays in the table, and nothing reads, lists or deletes it",
        old.name
    );
    let remedy = "Declare it `deprecated` first, and take it away when nothing of it is left, or nobody needs what is. Declared again, it serves what was left.";
    findings.say(&Pointer::member("type"), Weight::Breaks, message, remedy);
    findings.in_order()
}

fn added(side: &Side<'_>, new: &Declaration) -> Vec<Finding> {
    let mut findings = side.findings(&new.name);
    findings.fine(
        &Pointer::member("type"),
        format!("found the new type `{}`", new.name),
    );
    findings.in_order()
}
