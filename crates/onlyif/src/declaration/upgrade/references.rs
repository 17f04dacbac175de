//! Fields that name other resources.

use super::{Findings, Weight, schema};
use crate::declaration::{Declaration, Reference};
use crate::document::pointer::Pointer;

const COUNT: &str = "After deploying, change something in each resource that has the field: that write counts it, if what it names is there. Where it is not, name another.";

pub(super) fn compare(old: &Declaration, new: &Declaration, findings: &mut Findings<'_>) {
    let at = Pointer::member("references");
    let is = |one: &Reference, other: &Reference| {
        one.field == other.field && one.type_name == other.type_name
    };
    for (number, reference) in new.references.iter().enumerate() {
        let at = at.child(&number.to_string());
        let Reference {
            field, type_name, ..
        } = reference;
        let before = old.references.iter().find(|it| is(it, reference));
        match before {
            Some(before) if !before.restrict && reference.restrict => {
                let message = format!(
                    "found `onDelete: restrict` for {field}, expected `ignore`, as before: what a stored resource names can be deleted until it is counted, or is gone already"
                );
                findings.say(&at, Weight::Breaks, message, COUNT);
            }
            Some(before) if before.restrict && !reference.restrict => {
                let message = format!(
                    "found `onDelete: ignore` for {field}: it restricts nothing from now on"
                );
                findings.fine(&at, message);
            }
            Some(_) => {}
            None if schema::is_never(&old.schema.source, field) => {
                findings.fine(
                    &at,
                    format!("found the new reference {field}, which nothing stored has yet"),
                );
            }
            None => {
                let message = format!(
                    "found the new reference {field} to {type_name}: what a stored resource has there may name nothing, and is not counted"
                );
                findings.say(&at, Weight::Breaks, message, COUNT);
            }
        }
    }
    for reference in &old.references {
        if !new.references.iter().any(|it| is(it, reference)) {
            let Reference {
                field, type_name, ..
            } = reference;
            findings.fine(&at, format!("found no reference {field} to {type_name} any more: it restricts nothing from now on"));
        }
    }
}
