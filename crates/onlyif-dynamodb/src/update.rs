//! Assignments as an UpdateExpression.
//!
//! DynamoDB evaluates every right-hand side against the item as it was before the update, so that
//! eight stamps shift in one expression.

use aws_sdk_dynamodb::types::AttributeValue;
use onlyif::plan::Assignment;

use crate::attributes;
use crate::number;
use crate::placeholders::{Placeholders, Term};

/// The UpdateExpression; `None` where nothing changes.
///
/// Assignments name members of objects, never elements of arrays (the declarations are checked for
/// that), so that every token of a pointer is a member's name.
pub(crate) fn expression(
    assignments: &[Assignment],
    placeholders: &mut Placeholders,
) -> Option<String> {
    let mut set = Vec::new();
    let mut add = Vec::new();
    let mut remove = Vec::new();
    for assignment in assignments {
        match assignment {
            Assignment::Set(target, operand) => {
                let target = placeholders.path(&attributes::path(target));
                set.push(format!(
                    "{target} = {}",
                    Term::of(operand).write(placeholders)
                ));
            }
            Assignment::Sum(target, source, by) => {
                let target = placeholders.path(&attributes::path(target));
                let source = placeholders.path(&attributes::path(source));
                let by = placeholders.value(&AttributeValue::N(number::text(by)));
                set.push(format!("{target} = {source} + {by}"));
            }
            Assignment::Count(target, by) => {
                let target = placeholders.path(&attributes::path(target));
                let by = placeholders.value(&AttributeValue::N(by.to_string()));
                add.push(format!("{target} {by}"));
            }
            Assignment::Remove(target) => {
                remove.push(placeholders.path(&attributes::path(target)));
            }
        }
    }
    let sections: Vec<String> = [("SET", set), ("ADD", add), ("REMOVE", remove)]
        .into_iter()
        .filter(|(_, changes)| !changes.is_empty())
        .map(|(word, changes)| format!("{word} {}", changes.join(", ")))
        .collect();
    (!sections.is_empty()).then(|| sections.join(" "))
}
