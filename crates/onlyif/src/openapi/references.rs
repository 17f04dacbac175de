//! References in the description of a type.

use crate::declaration::{Declaration, Reference};

/// What a type's resources refer to, if they do.
pub(super) fn described(declaration: &Declaration) -> Option<String> {
    let references = declaration.references.iter();
    let each: Vec<String> = references.map(reference).collect();
    (!each.is_empty()).then(|| each.join(" "))
}

fn reference(reference: &Reference) -> String {
    let Reference {
        field,
        type_name,
        restrict,
    } = reference;
    let stays = match restrict {
        true => ", and is not deleted while it is named",
        false => "",
    };
    format!(
        "`{field}` is the id of one of {type_name}, which must be there when it is written{stays}."
    )
}
