//! The body of a JSON Patch to its steps.

use std::str::FromStr;

use serde_json::Value;

use super::{Patch, Step};
use crate::document::Document;
use crate::document::pointer::Pointer;
use crate::problem::{Fault, Place};

/// How many operations one patch may have. One that changes more of a document had better replace it.
pub const MAX_STEPS: usize = 10_000;

impl Patch {
    /// The patch that a JSON Patch document (RFC 6902 §3, §4) describes. Members that an operation
    /// does not define are ignored, as the RFC asks.
    ///
    /// # Errors
    ///
    /// Everything that makes it no JSON Patch, each with its place in the body.
    pub fn parse_json(value: &Value) -> Result<Patch, Vec<Fault>> {
        let root = Pointer::root();
        let Value::Array(operations) = value else {
            return Err(vec![fault(
                root,
                "a JSON Patch is an array of operations (RFC 6902)".to_owned(),
            )]);
        };
        if operations.len() > MAX_STEPS {
            return Err(vec![fault(
                root,
                format!(
                    "a JSON Patch has at most {MAX_STEPS} operations; this one has {}",
                    operations.len()
                ),
            )]);
        }
        let mut steps = Vec::with_capacity(operations.len());
        let mut faults = Vec::new();
        for (index, operation) in operations.iter().enumerate() {
            let at = root.child(&index.to_string());
            let mut reading = Operation {
                at: &at,
                faults: Vec::new(),
            };
            let step = reading.step(operation);
            faults.append(&mut reading.faults);
            steps.extend(step);
        }
        if faults.is_empty() {
            Ok(Patch::Json(steps))
        } else {
            faults.truncate(crate::document::json::MAX_FAULTS);
            Err(faults)
        }
    }
}

fn fault(pointer: Pointer, detail: String) -> Fault {
    Fault {
        at: Place::Pointer(pointer),
        detail,
        keyword: None,
    }
}

/// One operation while it is read. Every member that its kind needs is looked at before it fails, so
/// that all that is wrong is told at once.
struct Operation<'a> {
    at: &'a Pointer,
    faults: Vec<Fault>,
}

impl Operation<'_> {
    fn step(&mut self, operation: &Value) -> Option<Step> {
        let Value::Object(members) = operation else {
            self.fault(
                self.at.clone(),
                "an operation is an object with the members op and path",
            );
            return None;
        };
        let op = match members.get("op") {
            Some(Value::String(op)) => Some(op.as_str()),
            _ => None,
        };
        match op {
            Some("add") => {
                let (path, value) = (self.pointer(members, "path"), self.value(members));
                Some(Step::Add(path?, value?))
            }
            Some("remove") => Some(Step::Remove(self.pointer(members, "path")?)),
            Some("replace") => {
                let (path, value) = (self.pointer(members, "path"), self.value(members));
                Some(Step::Replace(path?, value?))
            }
            Some("test") => {
                let (path, value) = (self.pointer(members, "path"), self.value(members));
                Some(Step::Test(path?, value?))
            }
            Some("move") => {
                let (from, path) = (self.pointer(members, "from"), self.pointer(members, "path"));
                Some(Step::Move {
                    from: from?,
                    path: path?,
                })
            }
            Some("copy") => {
                let (from, path) = (self.pointer(members, "from"), self.pointer(members, "path"));
                Some(Step::Copy {
                    from: from?,
                    path: path?,
                })
            }
            _ => {
                let found = match members.get("op") {
                    None => "there is none".to_owned(),
                    Some(Value::String(op)) if op.len() <= 40 => format!("{op} is not"),
                    Some(_) => "this is not".to_owned(),
                };
                self.fault(
                    self.at.child("op"),
                    &format!("op is one of add, remove, replace, move, copy, test; {found}"),
                );
                None
            }
        }
    }

    fn fault(&mut self, pointer: Pointer, detail: &str) {
        self.faults.push(fault(pointer, detail.to_owned()));
    }

    fn value(&mut self, members: &Document) -> Option<Value> {
        let value = members.get("value");
        if value.is_none() {
            self.fault(
                self.at.child("value"),
                "this operation needs a member value; null is one",
            );
        }
        value.cloned()
    }

    fn pointer(&mut self, members: &Document, name: &str) -> Option<Pointer> {
        let detail = match members.get(name) {
            Some(Value::String(text)) => match Pointer::from_str(text) {
                Ok(pointer) => return Some(pointer),
                Err(error) => format!("this is no JSON Pointer (RFC 6901): {error}"),
            },
            Some(_) => "a JSON Pointer (RFC 6901) is a string".to_owned(),
            None => format!("this operation needs a member {name}, a JSON Pointer (RFC 6901)"),
        };
        self.fault(self.at.child(name), &detail);
        None
    }
}
