//! What is wrong with a value.

use serde_json::Value;

use super::words::{self, Refusal};
use crate::declaration::Schema;
use crate::declaration::flaw::hint;
use crate::document::pointer::Pointer;
use crate::problem::{Fault, Place};

impl Schema {
    /// Everything in which the value does not satisfy the schema, each in its place: a missing
    /// member at the pointer that it should have, a member too many at its own.
    pub fn faults(&self, value: &Value) -> Vec<Fault> {
        self.refusals(value)
            .into_iter()
            .map(|refusal| Fault {
                detail: refusal.sentence(),
                at: Place::Pointer(refusal.at),
                keyword: Some(refusal.keyword).filter(|keyword| !keyword.is_empty()),
            })
            .collect()
    }

    /// The same, in words that continue a sentence about the place.
    pub(in crate::declaration) fn refusals(&self, value: &Value) -> Vec<Refusal> {
        let validator = match self.validator() {
            Ok(validator) => validator,
            Err(why) => {
                return vec![Refusal {
                    at: Pointer::default(),
                    detail: format!(
                        "cannot be judged by its schema, which does not compile ({why})"
                    ),
                    keyword: String::new(),
                }];
            }
        };
        let mut all = Vec::new();
        for error in validator.iter_errors(value) {
            let siblings = self.siblings(&error);
            for mut refusal in words::refusals(&error) {
                if let Some(name) = refusal.at.tokens().last()
                    && refusal.keyword == "additionalProperties"
                {
                    let hint = hint(name, siblings.iter().map(String::as_str));
                    refusal.detail.push_str(&hint);
                }
                if !all.contains(&refusal) {
                    all.push(refusal);
                }
            }
        }
        all
    }

    /// The members that stand in `properties` beside the keyword that refuses.
    fn siblings(&self, error: &jsonschema::ValidationError<'_>) -> Vec<String> {
        let path = error.schema_path().as_str();
        path.rsplit_once('/')
            .and_then(|(around, _)| self.source.pointer(around)?.get("properties")?.as_object())
            .map(|members| members.keys().cloned().collect())
            .unwrap_or_default()
    }
}
