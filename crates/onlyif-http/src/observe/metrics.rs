//! Metrics: what CloudWatch counts of a request's event, said in the event itself (the embedded
//! metric format, EMF).
//!
//! A metric costs by the number of its dimensions' values, and has no end of them where a client may
//! choose one. So the dimensions are declared types, and kinds of problem; never an id, a caller, a
//! key or a tenant.
//!
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html>

use onlyif::timestamp::Timestamp;
use serde_json::{Value, json};

use super::members::Members;
use super::{CONFLICT, DRY_RUN};

/// Requests to the store that no request but a list exceeds while nothing fails: a read and a write.
const NEEDED_ATTEMPTS: u64 = 2;

/// The metrics, each with its unit.
///
/// - `Requests`: every one that a function answered; `Writes`: those of them that would change
///   something
/// - `Conflicts`: writes refused because of what is there; no dry runs
/// - `Retries`: requests to the store beyond the two that a write takes at most; not of lists
/// - `Replays`: answered from the record of an idempotency key, or of a repeated create
/// - `Rebases`: changes made to a newer version than the caller had seen
/// - `Duration`: from the request's arrival in the function to its answer
pub const METRICS: [(&str, &str); 7] = [
    ("Requests", "Count"),
    ("Writes", "Count"),
    ("Conflicts", "Count"),
    ("Retries", "Count"),
    ("Replays", "Count"),
    ("Rebases", "Count"),
    ("Duration", "Milliseconds"),
];

/// The dimensions under which `Conflicts` is counted; every metric is counted as a whole, and by
/// `type`.
pub const CONFLICT_DIMENSIONS: [&[&str]; 4] = [
    &[],
    &["type"],
    &["code", "retry"],
    &["type", "code", "retry"],
];

/// Adds to a request's event what its metrics are.
pub(super) fn embed(event: &mut Members, namespace: &str, at: Timestamp) {
    let text = |name: &str| event.get(name).and_then(Value::as_str);
    let count = |name: &str| event.get(name).and_then(Value::as_u64);
    let flag = |name: &str| event.get(name).and_then(Value::as_bool) == Some(true);
    let outcome = text("outcome").unwrap_or_default();
    let list = text("operation") == Some("GET /v1/{type}");
    let write = matches!(text("method"), Some("POST" | "PUT" | "PATCH" | "DELETE"));
    let retries = match (list, count("attempts")) {
        (false, Some(attempts)) => attempts.saturating_sub(NEEDED_ATTEMPTS),
        _ => 0,
    };
    let conflict = outcome == CONFLICT;
    let values = [
        1,
        u64::from(write && outcome != DRY_RUN),
        u64::from(conflict),
        retries,
        u64::from(flag("replayed")),
        u64::from(flag("merged")),
        count("ms").unwrap_or_default(),
    ];
    let told: Vec<(&str, &str, u64)> = METRICS
        .into_iter()
        .zip(values)
        .filter(|((name, _), value)| *value > 0 || *name == "Duration")
        .map(|((name, unit), value)| (name, unit, value))
        .collect();
    let has = |name: &&str| event.get(name).is_some();
    let dimensions = |sets: &[&[&str]]| -> Vec<Value> {
        let whole = sets.iter().filter(|set| set.iter().all(has));
        whole.map(|set| json!(set)).collect()
    };
    let directive = |of_conflicts: bool, sets: &[&[&str]]| {
        let named = told
            .iter()
            .filter(|(name, ..)| (*name == "Conflicts") == of_conflicts)
            .map(|(name, unit, _)| json!({ "Name": name, "Unit": unit }));
        json!({
            "Namespace": namespace,
            "Dimensions": dimensions(sets),
            "Metrics": named.collect::<Vec<Value>>(),
        })
    };
    let mut directives = vec![directive(false, &[&[], &["type"]])];
    if conflict {
        directives.push(directive(true, &CONFLICT_DIMENSIONS));
    }
    for (name, _, value) in told {
        event.insert(name, value);
    }
    // Logs Insights finds no more than 200 fields of an event, and these last.
    event.insert(
        "_aws",
        json!({ "Timestamp": at.millis(), "CloudWatchMetrics": directives }),
    );
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// The specification's rules, as far as a schema can tell them.
    fn format() -> jsonschema::Validator {
        let name = json!({ "type": "string", "minLength": 1, "maxLength": 255 });
        let dimensions = json!({
            "type": "array", "minItems": 1,
            "items": { "type": "array", "minItems": 0, "maxItems": 30, "items": name },
        });
        let metrics = json!({
            "type": "array", "minItems": 1, "maxItems": 100,
            "items": {
                "type": "object",
                "required": ["Name"],
                "properties": { "Name": name, "Unit": { "enum": ["Count", "Milliseconds", "None"] } },
                "additionalProperties": false,
            },
        });
        let schema = json!({
            "type": "object",
            "required": ["_aws"],
            "properties": { "_aws": {
                "type": "object",
                "required": ["Timestamp", "CloudWatchMetrics"],
                "properties": {
                    "Timestamp": { "type": "integer", "minimum": 0 },
                    "CloudWatchMetrics": {
                        "type": "array", "minItems": 1,
                        "items": {
                            "type": "object",
                            "required": ["Namespace", "Dimensions", "Metrics"],
                            "properties": {
                                "Namespace": { "type": "string", "pattern": "^[A-Za-z0-9._/#:-]{1,255}$" },
                                "Dimensions": dimensions,
                                "Metrics": metrics,
                            },
                            "additionalProperties": false,
                        },
                    },
                },
                "additionalProperties": false,
            } },
        });
        jsonschema::validator_for(&schema).unwrap()
    }

    /// What a schema cannot tell: each name leads to a member of the root, a dimension's to a text
    /// that is not empty, a metric's to a number.
    fn targets(event: &Value) {
        for directive in event["_aws"]["CloudWatchMetrics"].as_array().unwrap() {
            for name in directive["Dimensions"].as_array().unwrap() {
                for name in name.as_array().unwrap() {
                    let target = event[name.as_str().unwrap()].as_str().unwrap();
                    assert!((1..=1024).contains(&target.len()), "{name}");
                }
            }
            for metric in directive["Metrics"].as_array().unwrap() {
                let name = metric["Name"].as_str().unwrap();
                assert!(event[name].is_u64(), "{name}");
            }
        }
    }

    fn embedded(event: Value) -> Value {
        let mut members = Members::default();
        for (name, value) in event.as_object().unwrap() {
            members.insert(name.clone().leak(), value.clone());
        }
        embed(
            &mut members,
            "Onlyif/orders-api",
            Timestamp::from_millis(1_700_000_000_000),
        );
        let event = serde_json::to_value(members).unwrap();
        let wrong: Vec<String> = format()
            .iter_errors(&event)
            .map(|e| e.to_string())
            .collect();
        assert!(wrong.is_empty(), "{wrong:?}: {event}");
        targets(&event);
        event
    }

    /// The metrics that CloudWatch takes from the event: name, dimensions, value.
    fn taken(event: &Value) -> Vec<(String, String, u64)> {
        let mut taken = Vec::new();
        for directive in event["_aws"]["CloudWatchMetrics"].as_array().unwrap() {
            for metric in directive["Metrics"].as_array().unwrap() {
                for set in directive["Dimensions"].as_array().unwrap() {
                    let name = metric["Name"].as_str().unwrap();
                    let set: Vec<&str> = set
                        .as_array()
                        .unwrap()
                        .iter()
                        .map(|name| name.as_str().unwrap())
                        .collect();
                    taken.push((
                        name.to_owned(),
                        set.join(" "),
                        event[name].as_u64().unwrap(),
                    ));
                }
            }
        }
        taken
    }

    fn told(event: Value) -> Vec<(String, String, u64)> {
        taken(&embedded(event))
    }

    fn count(name: &str, by: &str, value: u64) -> (String, String, u64) {
        (name.to_owned(), by.to_owned(), value)
    }

    #[test]
    fn a_read_is_a_request_and_takes_time() {
        let event = json!({ "method": "GET", "type": "orders", "outcome": "answered", "ms": 0, "attempts": 1 });
        assert_eq!(
            told(event),
            [
                count("Requests", "", 1),
                count("Requests", "type", 1),
                count("Duration", "", 0),
                count("Duration", "type", 0),
            ]
        );
    }

    #[test]
    fn a_conflict_is_counted_by_type_code_and_retry() {
        let event = json!({
            "method": "PATCH", "type": "orders", "outcome": "conflict", "code": "stale-version",
            "retry": "after-refresh", "ms": 3, "id": "o-1", "actor": "alice",
        });
        let told = told(event);
        for by in ["", "type", "code retry", "type code retry"] {
            assert!(told.contains(&count("Conflicts", by, 1)), "{by}: {told:?}");
        }
        assert!(told.contains(&count("Writes", "type", 1)), "{told:?}");
    }

    #[test]
    fn what_a_dry_run_meets_is_neither_a_write_nor_a_conflict() {
        let event = json!({ "method": "PUT", "type": "orders", "outcome": "dry-run", "code": "duplicate", "ms": 3 });
        let told = told(event);
        assert!(
            told.iter()
                .all(|(name, ..)| name != "Writes" && name != "Conflicts"),
            "{told:?}"
        );
    }

    #[test]
    fn replays_rebases_and_retries_are_counted_where_they_are() {
        let event = json!({
            "method": "PATCH", "type": "orders", "operation": "PATCH /v1/{type}/{id}",
            "outcome": "changed", "replayed": true, "merged": true, "attempts": 5, "ms": 40,
        });
        let told = told(event);
        for (name, value) in [
            ("Replays", 1),
            ("Rebases", 1),
            ("Retries", 3),
            ("Duration", 40),
        ] {
            assert!(
                told.contains(&count(name, "type", value)),
                "{name}: {told:?}"
            );
        }
        for (operation, attempts) in [("GET /v1/{type}", 16), ("PATCH /v1/{type}/{id}", 2)] {
            let event = json!({ "operation": operation, "attempts": attempts, "ms": 1 });
            let told = self::told(event);
            assert!(told.iter().all(|(name, ..)| name != "Retries"), "{told:?}");
        }
    }

    #[test]
    fn nothing_that_a_client_chooses_is_a_dimension() {
        let told = told(json!({
            "method": "PATCH", "path": "/v1/orders/o-1", "type": "orders", "id": "o-1",
            "operation": "PATCH /v1/{type}/{id}", "transition": "pay", "actor": "alice",
            "outcome": "conflict", "code": "leased", "retry": "now", "yours": "1-a", "etag": "2-a",
            "contested": "orders/o-1", "pointers": ["/a"], "rivals": ["bob"], "replayed": true,
            "merged": true, "attempts": 9, "ms": 3, "request_id": "r-1", "function_version": "7",
        }));
        let names: BTreeSet<&str> = told.iter().flat_map(|(_, by, _)| by.split(' ')).collect();
        assert_eq!(names, ["", "code", "retry", "type"].into());
        let counted: BTreeSet<&str> = told.iter().map(|(name, ..)| name.as_str()).collect();
        assert_eq!(counted, METRICS.map(|(name, _)| name).into());
    }

    #[test]
    fn a_request_without_a_type_is_counted_without_one() {
        let event = json!({
            "method": "POST", "outcome": "conflict", "code": "contention", "retry": "now", "ms": 3,
        });
        let told = told(event);
        let by: Vec<&str> = told.iter().map(|(_, by, _)| by.as_str()).collect();
        assert_eq!(by, ["", "", "", "", "code retry"]);
    }
}
