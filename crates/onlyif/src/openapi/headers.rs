//! Headers and parameters that routes share.

use serde_json::{Map, Value, json};

/// The headers of answers.
pub(super) fn answered() -> Map<String, Value> {
    let table = [
        (
            "ETag",
            "The entity tag of this version, in quotes: send it back in `If-Match`.",
        ),
        (
            "ContentTag",
            "The entity tag of exactly this body, in quotes.",
        ),
        (
            "LastModified",
            "When the resource last changed, to the second. The tag is more exact.",
        ),
        (
            "Location",
            "The path of the new resource: its last segment is the id.",
        ),
        (
            "Link",
            "`<…>; rel=\"next\"`: the next page. Absent at the end of the list, and only there.",
        ),
        (
            "Deprecation",
            "Since when the type is deprecated: seconds since 1970 behind an `@` (RFC 9745).",
        ),
        (
            "Sunset",
            "From when on the type may be gone: an HTTP date (RFC 8594).",
        ),
        (
            "DeprecationLinks",
            "`<…>; rel=\"deprecation\"`: what to use instead; and, where there is a `Sunset`, the same as `rel=\"sunset\"`.",
        ),
        (
            "NextAndDeprecationLinks",
            "`<…>; rel=\"next\"`: the next page, absent at the end of the list, and only there. `<…>; rel=\"deprecation\"`: what to use instead; and, where there is a `Sunset`, the same as `rel=\"sunset\"`.",
        ),
        (
            "RetryAfter",
            "Seconds after which the same request may work.",
        ),
        (
            "PreferenceApplied",
            "The preferences of `Prefer` that were followed.",
        ),
        (
            "CacheControl",
            "`private, no-cache`: keep it, and ask with `If-None-Match` before using it again.",
        ),
        ("NoStore", "`no-store`"),
        (
            "StaticCacheControl",
            "`no-cache`: keep it, and ask with `If-None-Match` before using it again.",
        ),
        ("Vary", "The request headers that the answer depends on."),
        (
            "IdempotentReplayed",
            "`true` where an earlier request, the same in all that counts, had done it already: this is its answer.",
        ),
        ("Allow", "The methods that the path takes."),
        ("AcceptPatch", "The media types that `PATCH` takes."),
        ("WWWAuthenticate", "`Bearer`"),
    ];
    table
        .into_iter()
        .map(|(name, description)| {
            let schema = match name {
                "RetryAfter" => json!({ "type": "integer", "minimum": 1 }),
                _ => json!({ "type": "string" }),
            };
            let header = json!({ "description": description, "schema": schema });
            (name.to_owned(), header)
        })
        .collect()
}

/// A reference to a parameter.
pub(super) fn parameter(name: &str) -> Value {
    json!({ "$ref": format!("#/components/parameters/{name}") })
}

/// The parameters of requests.
pub(super) fn parameters() -> Map<String, Value> {
    let id = json!({
        "name": "id",
        "in": "path",
        "required": true,
        "description": "The resource's id.",
        "schema": { "$ref": "#/components/schemas/Id" },
    });
    let limit = json!({ "type": "integer", "minimum": 1, "maximum": 100, "default": 25 });
    let mut parameters = vec![
        ("Id", id),
        (
            "Limit",
            query(
                "limit",
                "Items of the page at most. A page may hold fewer.",
                limit,
            ),
        ),
        (
            "Cursor",
            query(
                "cursor",
                "The `next` of the page before, with the same other parameters.",
                json!({ "type": "string" }),
            ),
        ),
    ];
    parameters.extend(conditions());
    parameters.extend(preferences());
    parameters.push(idempotency_key());
    parameters.extend(leases());
    let named = |(name, parameter): (&str, Value)| (name.to_owned(), parameter);
    parameters.into_iter().map(named).collect()
}

fn query(name: &str, description: &str, schema: Value) -> Value {
    json!({ "name": name, "in": "query", "description": description, "schema": schema })
}

fn header(name: &str, description: &str, schema: Value, example: &str) -> Value {
    json!({
        "name": name,
        "in": "header",
        "description": description,
        "schema": schema,
        "example": example,
    })
}

/// RFC 9110 §13
fn conditions() -> Vec<(&'static str, Value)> {
    let text = || json!({ "type": "string" });
    let tag = "\"3-9f2c1a7e\"";
    vec![
        (
            "IfMatch",
            header(
                "If-Match",
                "The entity tag that the change is based on, in quotes, or a list of them; `*` overwrites whatever is there. Without this, `If-Unmodified-Since` or an `etag` in the body, the answer is 428. A weak tag never matches.",
                text(),
                tag,
            ),
        ),
        (
            "IfMatchOptional",
            header(
                "If-Match",
                "Only if the resource is still as it was under this entity tag. Not needed: the state and the conditions guard a transition.",
                text(),
                tag,
            ),
        ),
        (
            "IfMatchRead",
            header(
                "If-Match",
                "Reads it only while it is as it was under one of these entity tags; otherwise the answer is `stale-version`, with what changed.",
                text(),
                tag,
            ),
        ),
        (
            "IfUnmodifiedSince",
            header(
                "If-Unmodified-Since",
                "Counts where there is no `If-Match`. A resource that was written twice within the second that it names is refused.",
                text(),
                "Mon, 23 Nov 2026 10:05:00 GMT",
            ),
        ),
        (
            "IfNoneMatch",
            header(
                "If-None-Match",
                "Answers 304 while the resource is still as it was under one of these tags.",
                text(),
                tag,
            ),
        ),
        (
            "IfNoneMatchCreates",
            header(
                "If-None-Match",
                "Creates the resource under this id, and only if there is none.",
                json!({ "type": "string", "enum": ["*"] }),
                "*",
            ),
        ),
    ]
}

/// <https://datatracker.ietf.org/doc/draft-ietf-httpapi-idempotency-key-header/>
fn idempotency_key() -> (&'static str, Value) {
    let schema = json!({
        "type": "string",
        "pattern": "^(\"[!#-~]{1,255}\"|[!#-~]{1,255})$",
    });
    let description = "1 to 255 visible ASCII characters of your choice, in double quotes or without any, new for each new request: however often the request is sent, it is done once. A repeat is answered as the first was, with `Idempotent-Replayed: true`; the same key with another request is `idempotency-key-reused`. Kept for 24 hours, and only for requests that were done.";
    let example = "8e03978e-40d5-43dd-bc93-6894a57f9324";
    let parameter = header("Idempotency-Key", description, schema, example);
    ("IdempotencyKey", parameter)
}

fn leases() -> Vec<(&'static str, Value)> {
    let header = |description| {
        let token = json!({ "type": "string", "pattern": "^[1-9][0-9]{0,18}$" });
        header("Lease-Token", description, token, "3")
    };
    vec![
        (
            "LeaseToken",
            header(
                "The `token` of the lease that the request relies on. If it is not that of the newest lease any more, the answer is `leased`, even where none runs.",
            ),
        ),
        (
            "LeaseTokenExtends",
            header(
                "The `token` of your running lease, to extend it. Without it a new lease begins. If it is not that of the newest lease any more, the answer is `leased`.",
            ),
        ),
    ]
}

/// RFC 7240
fn preferences() -> Vec<(&'static str, Value)> {
    let text = || json!({ "type": "string" });
    vec![
        (
            "Prefer",
            header(
                "Prefer",
                "`return=minimal`: no body in the answer. `dry-run`: answer as if it were done, conflicts included, and write nothing. (RFC 7240)",
                text(),
                "return=minimal",
            ),
        ),
        (
            "PreferDelete",
            header(
                "Prefer",
                "`dry-run`: answer as if it were done, conflicts included, and write nothing. (RFC 7240)",
                text(),
                "dry-run",
            ),
        ),
        (
            "PreferUpdate",
            header(
                "Prefer",
                "`return=minimal`: no body in the answer. `conflict=merge`: if the resource has changed, and nothing of this change overlaps, make it to what is there now; `conflict=refuse`: never. `dry-run`: answer as if it were done, conflicts included, and write nothing. (RFC 7240)",
                text(),
                "conflict=merge",
            ),
        ),
    ]
}
