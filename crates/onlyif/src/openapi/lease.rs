//! `/v1/{type}/{id}/lease`: who alone may write a resource for a while; and what leases are to the
//! other routes of a type that has them.

use serde_json::{Value, json};

use super::collection::{OF_A_BODY, OF_A_WRITE};
use super::headers::parameter;
use super::operation::{Answer, JSON, Operation, of_right};
use super::reserved::part;
use super::resource::OF_A_READ;
use crate::declaration::{Declaration, Declarations, Transition, in_words};
use crate::problem::Code;

/// The schema of a lease, which is the same for all types.
pub(super) const LEASE: &str = "Lease";

const READ: &[(&str, &str)] = &[("Cache-Control", "NoStore")];

const TAKEN: &[(&str, &str)] = &[
    ("Cache-Control", "NoStore"),
    ("Preference-Applied", "PreferenceApplied"),
    ("Idempotent-Replayed", "IdempotentReplayed"),
];

const RELEASED: &[(&str, &str)] = &[
    ("Preference-Applied", "PreferenceApplied"),
    ("Idempotent-Replayed", "IdempotentReplayed"),
];

/// What any change of a lease may be refused for.
const OF_A_LEASE: [Code; 3] = [Code::NotFound, Code::Gone, Code::Leased];

/// `GET /v1/{type}/{id}/lease`
pub(super) fn read(declaration: &Declaration) -> Operation {
    Operation {
        id: format!("read-lease.{}", declaration.name),
        tag: declaration.name.clone(),
        summary: format!("Who has a lease of one of {}", declaration.name),
        description: of_right("404 where none runs.".to_owned(), &declaration.access.read),
        scopes: Some(declaration.access.read.scopes().to_vec()),
        parameters: Vec::new(),
        body: Vec::new(),
        answers: vec![Answer {
            status: "200",
            description: "The lease.",
            headers: READ,
            content: vec![(JSON, part(LEASE))],
            links: Vec::new(),
        }],
        problems: OF_A_READ.to_vec(),
    }
}

/// `PUT /v1/{type}/{id}/lease`
pub(super) fn take(declaration: &Declaration, max_s: i64) -> Operation {
    let description = format!(
        "For so long, {} at most, nobody else writes the resource. Without `Lease-Token` a new lease begins, with a token of its own, and older tokens are refused from then on; with the token of your running lease that one is extended. Neither the version nor the `ETag` moves.",
        in_words(max_s)
    );
    Operation {
        id: format!("lease.{}", declaration.name),
        tag: declaration.name.clone(),
        summary: format!("Take a lease of one of {}, or extend it", declaration.name),
        description: of_right(description, &declaration.access.update),
        scopes: Some(declaration.access.update.scopes().to_vec()),
        parameters: ["LeaseTokenExtends", "PreferDelete", "IdempotencyKey"]
            .map(parameter)
            .to_vec(),
        body: vec![(JSON, wanted(max_s))],
        answers: vec![Answer {
            status: "200",
            description: "The lease, which is yours.",
            headers: TAKEN,
            content: vec![(JSON, part(LEASE))],
            links: Vec::new(),
        }],
        problems: [&OF_A_BODY[..], &OF_A_WRITE[..], &OF_A_LEASE[..]].concat(),
    }
}

/// `DELETE /v1/{type}/{id}/lease`
pub(super) fn release(declaration: &Declaration) -> Operation {
    Operation {
        id: format!("release.{}", declaration.name),
        tag: declaration.name.clone(),
        summary: format!("Release a lease of one of {}", declaration.name),
        description: of_right(
            "Your own, before it ends by itself.".to_owned(),
            &declaration.access.update,
        ),
        scopes: Some(declaration.access.update.scopes().to_vec()),
        parameters: ["LeaseToken", "PreferDelete", "IdempotencyKey"]
            .map(parameter)
            .to_vec(),
        body: Vec::new(),
        answers: vec![Answer {
            status: "204",
            description: "It has ended.",
            headers: RELEASED,
            content: Vec::new(),
            links: Vec::new(),
        }],
        problems: [&[Code::MalformedRequest], &OF_A_WRITE[..], &OF_A_LEASE[..]].concat(),
    }
}

/// A write of a resource, where it can be leased.
pub(super) fn guarded(mut operation: Operation, declaration: &Declaration) -> Operation {
    if declaration.lease_max_s.is_some() {
        operation.parameters.push(parameter("LeaseToken"));
        operation.problems.push(Code::Leased);
    }
    operation
}

/// A write that takes others along, where these can be leased.
pub(super) fn along(
    mut operation: Operation,
    transition: Option<&Transition>,
    declarations: &Declarations,
) -> Operation {
    let mut also = transition.iter().flat_map(|each| &each.also);
    let can_be_leased = also.any(|also| {
        let target = declarations.get(&also.type_name);
        target.is_some_and(|target| target.lease_max_s.is_some())
    });
    if can_be_leased {
        operation.problems.push(Code::Leased);
    }
    operation
}

/// The schema of a lease.
pub(super) fn lease() -> Value {
    json!({
        "type": "object",
        "required": ["holder", "until", "token"],
        "properties": {
            "holder": { "type": "string", "description": "Who has it." },
            "until": {
                "type": "string",
                "format": "date-time",
                "description": "When it ends, to the millisecond.",
            },
            "token": {
                "type": "integer",
                "minimum": 1,
                "description": "Its number, for `Lease-Token`: it grows with every lease of the resource.",
            },
        },
    })
}

/// The schema of what is asked for.
fn wanted(max_s: i64) -> Value {
    let units = [("s", 1), ("m", 60), ("h", 3600)];
    let whole = units.into_iter().filter(|(_, length)| max_s >= *length);
    let patterns: Vec<String> = whole
        .map(|(unit, length)| format!("({}){unit}", up_to(max_s / length)))
        .collect();
    json!({
        "type": "object",
        "required": ["for"],
        "additionalProperties": false,
        "properties": {
            "for": {
                "type": "string",
                "pattern": format!("^({})$", patterns.join("|")),
                "description": format!("For how long from now on: a whole number of `s`, `m` or `h`, {} at most.", in_words(max_s)),
                "examples": ["30s"],
            },
        },
    })
}

/// A regular expression of the whole numbers from 1 to this one.
fn up_to(most: i64) -> String {
    let digits = most.to_string();
    let mut all = vec![digits.clone()];
    for (place, digit) in digits.bytes().enumerate() {
        let least = if place == 0 { b'1' } else { b'0' };
        if digit > least {
            let rest = digits.len() - place - 1;
            let before = digits.get(..place).unwrap_or_default();
            let (least, most) = (char::from(least), char::from(digit - 1));
            all.push(format!("{before}[{least}-{most}][0-9]{{{rest}}}"));
        }
    }
    if let Some(rest) = digits.len().checked_sub(2) {
        all.push(format!("[1-9][0-9]{{0,{rest}}}"));
    }
    all.join("|")
}

#[cfg(test)]
mod tests {
    use super::wanted;
    use crate::lease::seconds;

    #[test]
    fn the_document_allows_what_is_taken() {
        for max_s in [
            1, 9, 10, 59, 60, 61, 300, 900, 901, 3599, 3600, 7250, 86_400,
        ] {
            let schema = jsonschema::validator_for(&wanted(max_s)).unwrap();
            for unit in ["s", "m", "h", "d"] {
                let ends = (0..130).chain(290..310).chain(890..910).chain(3590..3610);
                for number in ends.chain([7250, 7251, 86_400, 86_401]) {
                    for text in [format!("{number}{unit}"), format!("0{number}{unit}")] {
                        let taken = seconds(&text).is_some_and(|for_s| for_s <= max_s);
                        let told = schema.is_valid(&serde_json::json!({ "for": text }));
                        assert_eq!(told, taken, "{text} of {max_s}");
                    }
                }
            }
        }
    }
}
