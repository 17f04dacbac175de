//! `/v1/{type}/{id}`: reading, replacing, patching and deleting one resource.

use super::collection::{OF_A_BODY, OF_A_WRITE, WRITTEN, of_create};
use super::headers::parameter;
use super::links;
use super::operation::{Answer, JSON, Operation, of_right};
use super::reserved::part;
use super::shapes::Names;
use crate::command::Stale;
use crate::declaration::{Declaration, Declarations, States, in_words};
use crate::problem::Code;

/// The headers of a resource that is read, also where it has not changed.
const READ: &[(&str, &str)] = &[
    ("ETag", "ETag"),
    ("Last-Modified", "LastModified"),
    ("Cache-Control", "CacheControl"),
    ("Vary", "Vary"),
];

/// The headers of a resource that a `PUT` has created.
const CREATED: &[(&str, &str)] = &[
    ("Location", "Location"),
    ("ETag", "ETag"),
    ("Last-Modified", "LastModified"),
    ("Preference-Applied", "PreferenceApplied"),
    ("Idempotent-Replayed", "IdempotentReplayed"),
    ("Cache-Control", "CacheControl"),
    ("Vary", "Vary"),
];

/// The headers of a delete.
const DELETED: &[(&str, &str)] = &[
    ("Preference-Applied", "PreferenceApplied"),
    ("Idempotent-Replayed", "IdempotentReplayed"),
];

/// The headers of a change that is answered without a body.
pub(super) const MINIMAL: &[(&str, &str)] = &[
    ("ETag", "ETag"),
    ("Last-Modified", "LastModified"),
    ("Preference-Applied", "PreferenceApplied"),
    ("Cache-Control", "CacheControl"),
    ("Vary", "Vary"),
    ("Idempotent-Replayed", "IdempotentReplayed"),
];

/// What a read of one resource may be refused for.
pub(super) const OF_A_READ: [Code; 6] = [
    Code::MalformedRequest,
    Code::NotFound,
    Code::Gone,
    Code::NotAcceptable,
    Code::Internal,
    Code::Unavailable,
];

/// What a change of a resource may be refused for, that others may have changed or deleted.
pub(super) const OF_A_CHANGE: [Code; 3] = [Code::NotFound, Code::Gone, Code::StaleVersion];

/// `GET /v1/{type}/{id}`
pub(super) fn read(declaration: &Declaration) -> Operation {
    Operation {
        id: format!("read.{}", declaration.name),
        tag: declaration.name.clone(),
        summary: format!("Read one of {}", declaration.name),
        description: of_right(
            "As it is now. Its `ETag` is what a change is based on. For a caller who may not read it there is nothing here.".to_owned(),
            &declaration.access.read,
        ),
        scopes: Some(declaration.access.read.scopes().to_vec()),
        parameters: ["IfNoneMatch", "IfMatchRead", "IfUnmodifiedSince"]
            .map(parameter)
            .to_vec(),
        body: Vec::new(),
        answers: vec![
            Answer {
                status: "200",
                description: "The resource.",
                headers: READ,
                content: vec![(JSON, part(&Names::of(declaration).resource))],
                links: Vec::new(),
            },
            Answer {
                status: "304",
                description: "It is as it was under one of the tags of `If-None-Match`.",
                headers: READ,
                content: Vec::new(),
                links: Vec::new(),
            },
        ],
        problems: [&OF_A_READ[..], &[Code::StaleVersion]].concat(),
    }
}

/// `PUT /v1/{type}/{id}`
pub(super) fn replace(declaration: &Declaration) -> Operation {
    let names = Names::of(declaration);
    let mut problems = of_an_update(declaration);
    problems.push(Code::AlreadyExists);
    if let Some(create) = &declaration.create {
        problems.extend(of_create(create));
    }
    let mut scopes = declaration.access.update.scopes().to_vec();
    let create = &declaration.access.create;
    if scopes.is_empty() || create.is_empty() {
        scopes.clear();
    } else {
        let more = create.iter().filter(|scope| !scopes.contains(scope));
        scopes = scopes.iter().chain(more).cloned().collect();
    }
    let mut answers = changed(&names);
    answers.push(Answer {
        status: "201",
        description: "It is created (`If-None-Match: *`), now or by an earlier request that was the same.",
        headers: CREATED,
        content: vec![(JSON, part(&names.resource))],
        links: links::of_created(declaration, links::IN_THE_PATH),
    });
    Operation {
        id: format!("replace.{}", declaration.name),
        tag: declaration.name.clone(),
        summary: format!("Replace one of {}, or create it", declaration.name),
        description: format!(
            "{} With `If-None-Match: *` it creates the resource under this id, as `POST /v1/{}` does under one of its own.{}",
            of_right(
                "The body is the whole document: what it leaves out is removed, but for reserved and `readOnly` members, which keep their value.".to_owned(),
                &declaration.access.update,
            ),
            declaration.name,
            stale_description(declaration)
        ),
        scopes: Some(scopes),
        parameters: [
            "IfMatch",
            "IfUnmodifiedSince",
            "IfNoneMatchCreates",
            "PreferUpdate",
            "IdempotencyKey",
        ]
        .map(parameter)
        .to_vec(),
        body: vec![(JSON, part(&names.replace))],
        answers,
        problems,
    }
}

/// `PATCH /v1/{type}/{id}`
pub(super) fn patch(declaration: &Declaration) -> Operation {
    let names = Names::of(declaration);
    let mut problems = of_an_update(declaration);
    problems.push(Code::ConditionNotMet);
    Operation {
        id: format!("patch.{}", declaration.name),
        tag: declaration.name.clone(),
        summary: format!("Change some fields of one of {}", declaration.name),
        description: of_right(
            format!(
                "A merge patch (RFC 7396, also as plain `application/json`) or a JSON Patch (RFC 6902).{}",
                stale_description(declaration)
            ),
            &declaration.access.update,
        ),
        scopes: Some(declaration.access.update.scopes().to_vec()),
        parameters: [
            "IfMatch",
            "IfUnmodifiedSince",
            "PreferUpdate",
            "IdempotencyKey",
        ]
        .map(parameter)
        .to_vec(),
        body: vec![
            ("application/merge-patch+json", part(&names.merge_patch)),
            ("application/json-patch+json", part("JsonPatch")),
            (JSON, part(&names.merge_patch)),
        ],
        answers: changed(&names),
        problems,
    }
}

/// `DELETE /v1/{type}/{id}`
pub(super) fn delete(declarations: &Declarations, declaration: &Declaration) -> Operation {
    let dependents = declarations.dependents(&declaration.name);
    let dependents: Vec<&str> = dependents.map(|other| other.name.as_str()).collect();
    let mut problems = [&OF_A_WRITE[..], &OF_A_CHANGE[..]].concat();
    problems.extend([Code::MalformedRequest, Code::PreconditionRequired]);
    if is_limited(declaration, |states| &states.delete) {
        problems.push(Code::NotAllowedInState);
    }
    let mut description = format!(
        "Its id then answers 410 for {}, and can be created again at any time.",
        in_words(declaration.tombstone_s)
    );
    if !dependents.is_empty() {
        problems.push(Code::HasDependents);
        description.push_str(&format!(
            " It is not deleted while any of {} refer to it.",
            dependents.join(" or ")
        ));
    }
    Operation {
        id: format!("delete.{}", declaration.name),
        tag: declaration.name.clone(),
        summary: format!("Delete one of {}", declaration.name),
        description: of_right(description, &declaration.access.delete),
        scopes: Some(declaration.access.delete.scopes().to_vec()),
        parameters: [
            "IfMatch",
            "IfUnmodifiedSince",
            "PreferDelete",
            "IdempotencyKey",
        ]
        .map(parameter)
        .to_vec(),
        body: Vec::new(),
        answers: vec![Answer {
            status: "204",
            description: "It is deleted.",
            headers: DELETED,
            content: Vec::new(),
            links: Vec::new(),
        }],
        problems,
    }
}

/// The answers to a change.
pub(super) fn changed(names: &Names) -> Vec<Answer> {
    vec![
        Answer {
            status: "200",
            description: "The resource as it is now. Where nothing had to change, its tag is the same.",
            headers: WRITTEN,
            content: vec![(JSON, part(&names.resource))],
            links: Vec::new(),
        },
        Answer {
            status: "204",
            description: "The same, with `Prefer: return=minimal`, or for a caller who may not read the resource.",
            headers: MINIMAL,
            content: Vec::new(),
            links: Vec::new(),
        },
    ]
}

fn of_an_update(declaration: &Declaration) -> Vec<Code> {
    let mut problems = [&OF_A_BODY[..], &OF_A_WRITE[..], &OF_A_CHANGE[..]].concat();
    problems.push(Code::PreconditionRequired);
    if !declaration.unique.is_empty() {
        problems.push(Code::Duplicate);
    }
    if !declaration.references.is_empty() {
        problems.push(Code::MissingReference);
    }
    if is_limited(declaration, |states| &states.update) {
        problems.push(Code::NotAllowedInState);
    }
    problems
}

fn is_limited(declaration: &Declaration, allowed: impl Fn(&States) -> &Vec<String>) -> bool {
    let states = declaration.states.as_ref();
    states.is_some_and(|states| {
        let allowed = allowed(states);
        states.all.iter().any(|state| !allowed.contains(state))
    })
}

fn stale_description(declaration: &Declaration) -> &'static str {
    match declaration.stale {
        Stale::Refuse => {
            " If the resource has changed since the tag, the change is refused, unless `Prefer: conflict=merge` asks for it to be made to what is there now."
        }
        Stale::Merge => {
            " If the resource has changed since the tag, and nothing of this change overlaps, it is made to what is there now; `Prefer: conflict=refuse` opts out. (Where `stale-version` is 412, only `Prefer: conflict=merge` asks for that.)"
        }
    }
}
