//! What each function is asked: a golden event of `events/`. The store is empty but for what creates
//! leave in it, so that most of these find nothing, after the same requests to it.

use serde_json::{Value, json};

use crate::function::Function;

/// The event of a function, for the `number`th time that something is asked: of an order, but for a
/// lease, which is of a file, two writes together, a description, and a history.
///
/// # Errors
/// The golden event is none.
pub fn event(of: Function, number: u64) -> Result<String, String> {
    let golden = match of {
        // Each time of another one.
        Function::Create => {
            return another(include_str!("../../../../events/create-201.json"), number);
        }
        Function::Read => include_str!("../../../../events/read-200.json"),
        Function::Update => include_str!("../../../../events/update-200.json"),
        Function::Transition => include_str!("../../../../events/transition-200.json"),
        Function::Delete => include_str!("../../../../events/delete-204.json"),
        Function::Lease => include_str!("../../../../events/lease-taken-200.json"),
        Function::Transact => include_str!("../../../../events/transact-200.json"),
        Function::Describe => include_str!("../../../../events/describe-types-200.json"),
        Function::History => include_str!("../../../../events/history-records.json"),
    };
    Ok(golden.to_owned())
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
    use crate::template::{TEMPLATE, Template};

    #[test]
    fn each_create_is_of_another_order() {
        let references = [1, 2].map(|number| {
            let event: Value =
                serde_json::from_str(&event(Function::Create, number).unwrap()).unwrap();
            let body: Value = serde_json::from_str(event["body"].as_str().unwrap()).unwrap();
            assert_eq!(body["customer"], "c-alice");
            body["reference"].clone()
        });
        assert_eq!(references, ["bench-1", "bench-2"]);
    }

    #[test]
    fn every_function_of_the_template_is_asked_something() {
        let template = Template::read(TEMPLATE, "template.yaml").unwrap();
        let names: Vec<&str> = template.names("AWS::Serverless::Function").collect();
        assert_eq!(names.len(), 9);
        for name in names {
            let event = event(template.function(name).unwrap(), 1).unwrap();
            assert!(serde_json::from_str::<Value>(&event).unwrap().is_object());
        }
    }
}
