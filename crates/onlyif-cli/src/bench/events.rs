//! What each function is asked: a golden event of `events/`. The store is empty but for what creates
//! leave in it, so that most of these find nothing, after the same requests to it.

use serde_json::{Value, json};

/// What a `bootstrap` is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    /// To create an order, each time another one.
    Create,
    /// To read an order.
    Read,
    /// To replace one.
    Update,
    /// To pay one.
    Transition,
    /// To delete one.
    Delete,
    /// To lease a file.
    Lease,
    /// To do two writes, or neither.
    Transact,
    /// To describe the API.
    Describe,
    /// To write a history.
    History,
}

impl Asked {
    /// Of a function of this name, as the template has it.
    pub fn of(function: &str) -> Option<Self> {
        Some(
            match function.strip_suffix("Function").unwrap_or(function) {
                "Create" => Asked::Create,
                "Read" => Asked::Read,
                "Update" => Asked::Update,
                "Transition" => Asked::Transition,
                "Delete" => Asked::Delete,
                "Lease" => Asked::Lease,
                "Transact" => Asked::Transact,
                "Describe" => Asked::Describe,
                "History" => Asked::History,
                _ => return None,
            },
        )
    }

    /// The event, for the `number`th time that something is asked.
    ///
    /// # Errors
    /// The golden event is none.
    pub fn event(self, number: u64) -> Result<String, String> {
        let golden = match self {
            Asked::Create => include_str!("../../../../events/create-201.json"),
            Asked::Read => include_str!("../../../../events/read-200.json"),
            Asked::Update => include_str!("../../../../events/update-200.json"),
            Asked::Transition => include_str!("../../../../events/transition-200.json"),
            Asked::Delete => include_str!("../../../../events/delete-204.json"),
            Asked::Lease => include_str!("../../../../events/lease-taken-200.json"),
            Asked::Transact => include_str!("../../../../events/transact-200.json"),
            Asked::Describe => include_str!("../../../../events/describe-types-200.json"),
            Asked::History => include_str!("../../../../events/history-records.json"),
        };
        match self {
            Asked::Create => another(golden, number),
            _ => Ok(golden.to_owned()),
        }
    }
}

/// The same order under another reference: two of one are a duplicate.
fn another(golden: &str, number: u64) -> Result<String, String> {
    let wrong = |error: serde_json::Error| format!("The event of a create is none ({error}).");
    let mut event: Value = serde_json::from_str(golden).map_err(wrong)?;
    let body = event["body"].as_str().unwrap_or_default();
    let mut body: Value = serde_json::from_str(body).map_err(wrong)?;
    body["reference"] = json!(format!("bench-{number}"));
    event["body"] = json!(body.to_string());
    Ok(event.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_create_is_of_another_order() {
        let references = [1, 2].map(|number| {
            let event: Value = serde_json::from_str(&Asked::Create.event(number).unwrap()).unwrap();
            let body: Value = serde_json::from_str(event["body"].as_str().unwrap()).unwrap();
            assert_eq!(body["customer"], "c-alice");
            body["reference"].clone()
        });
        assert_eq!(references, ["bench-1", "bench-2"]);
    }

    #[test]
    fn a_function_is_known_by_the_name_that_the_template_gives_it() {
        assert_eq!(Asked::of("CreateFunction"), Some(Asked::Create));
        assert_eq!(Asked::of("Read"), Some(Asked::Read));
        assert_eq!(Asked::of("StorageFunction"), None);
        let names = [
            "Create",
            "Read",
            "Update",
            "Transition",
            "Delete",
            "Lease",
            "Transact",
            "Describe",
            "History",
        ];
        for name in names {
            let event = Asked::of(name).unwrap().event(1).unwrap();
            assert!(serde_json::from_str::<Value>(&event).unwrap().is_object());
        }
    }
}
