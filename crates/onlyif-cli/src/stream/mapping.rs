//! The event source mapping that the template declares between the table's stream and a function.

use serde::Deserialize;
use serde_json::Value;

use super::filter::Pattern;
use crate::function::Function;
use crate::template::Template;

/// The records of a batch where the template does not say.
/// <https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-params.html>
const DEFAULT_BATCH_SIZE: usize = 100;

/// How often the local server hands a record over again where Lambda goes by the record's age alone:
/// what fails here fails each time, and is told within seconds.
const RETRIES: u32 = 20;

/// What is handed over to which function, and how.
#[derive(Clone, Debug, PartialEq)]
pub struct Mapping {
    /// The function.
    pub function: Function,
    /// The most records of one event.
    pub batch_size: usize,
    /// How often a record that failed is handed over again.
    pub retries: u32,
    /// Any of them is enough.
    filters: Vec<Pattern>,
}

impl Mapping {
    /// Reads the one mapping of the template.
    ///
    /// # Errors
    /// A sentence that names what is not as expected.
    pub fn read(template: &str) -> Result<Self, String> {
        let template = Template::read(template, "template.yaml")?;
        let names: Vec<&str> = template.names("AWS::Lambda::EventSourceMapping").collect();
        let [name] = names.as_slice() else {
            let count = names.len();
            return Err(format!(
                "template.yaml should have one AWS::Lambda::EventSourceMapping; it has {count}."
            ));
        };
        let wrong = |what: &str| format!("template.yaml: {name} {what}.");
        let properties = template.at(name, "/Properties").cloned();
        let shape: Shape = serde_json::from_value(properties.unwrap_or_default())
            .map_err(|error| wrong(&format!("is not as expected: {error}")))?;
        let function = shape.function_name.strip_suffix(".Arn").ok_or_else(|| {
            wrong(&format!(
                "should name its function by `!GetAtt ….Arn`; it is `{}`",
                shape.function_name
            ))
        })?;
        if shape.starting_position != "TRIM_HORIZON" {
            return Err(wrong(
                "does not begin at the stream's TRIM_HORIZON, where the local server does",
            ));
        }
        if !shape
            .function_response_types
            .iter()
            .any(|kind| kind == "ReportBatchItemFailures")
        {
            return Err(wrong(
                "does not let its function report which records failed",
            ));
        }
        let filters = shape.filter_criteria.filters.iter().map(|filter| {
            Pattern::read(&filter.pattern)
                .map_err(|what| wrong(&format!("has a filter whose pattern {what}")))
        });
        Ok(Mapping {
            function: template.function(function)?,
            batch_size: shape.batch_size.unwrap_or(DEFAULT_BATCH_SIZE),
            retries: u32::try_from(shape.maximum_retry_attempts).unwrap_or(RETRIES),
            filters: filters.collect::<Result<_, _>>()?,
        })
    }

    /// Whether a record is handed over.
    pub fn is_for(&self, record: &Value) -> bool {
        self.filters.iter().any(|filter| filter.holds(Some(record)))
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Shape {
    function_name: String,
    starting_position: String,
    function_response_types: Vec<String>,
    batch_size: Option<usize>,
    /// -1: as often as the record's age lets it.
    maximum_retry_attempts: i32,
    filter_criteria: Criteria,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Criteria {
    filters: Vec<Filter>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Filter {
    pattern: String,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::template::TEMPLATE;
    use serde_json::json;

    #[test]
    fn the_history_function_is_told_of_resources_and_tombstones_alone() {
        let mapping = Mapping::read(TEMPLATE).unwrap();
        assert_eq!(mapping.function, Function::History);
        let record = |sk: &str, image: &str, incarnation: Value| json!({ "dynamodb": { "Keys": { "pk": { "S": "-#orders#o-1" }, "sk": { "S": sk } }, image: incarnation } });
        let resource = || json!({ "incarnation": { "S": "9f2c1a7e" } });
        for (record, is_for) in [
            (record("#", "NewImage", resource()), true),
            (
                record("#", "NewImage", json!({ "owner": { "S": "o-1" } })),
                false,
            ),
            (record("#", "OldImage", resource()), false),
            (record("v#2026", "NewImage", resource()), false),
        ] {
            assert_eq!(mapping.is_for(&record), is_for, "{record}");
        }
    }

    #[test]
    fn retries_have_an_end_where_the_template_sets_none() {
        let retries = |template: &str| Mapping::read(template).unwrap().retries;
        assert_eq!(retries(TEMPLATE), RETRIES);
        let some = TEMPLATE.replacen("MaximumRetryAttempts: -1", "MaximumRetryAttempts: 3", 1);
        assert_eq!(retries(&some), 3);
    }

    #[test]
    fn a_mapping_that_is_not_as_expected_is_told() {
        for (from, to, expected) in [
            (
                "AWS::Lambda::EventSourceMapping",
                "AWS::Lambda::Alias",
                "it has 0",
            ),
            (
                "FunctionName: !GetAtt HistoryFunction.Arn",
                "FunctionName: !Ref HistoryFunction",
                "`!GetAtt",
            ),
            ("TRIM_HORIZON", "LATEST", "TRIM_HORIZON"),
            ("[ReportBatchItemFailures]", "[]", "which records failed"),
            (
                "{\"exists\": true}",
                "{\"prefix\": \"x\"}",
                "a filter whose pattern",
            ),
            ("MaximumRetryAttempts: -1", "Retries: -1", "not as expected"),
        ] {
            let changed = TEMPLATE.replacen(from, to, 1);
            assert_ne!(changed, TEMPLATE, "{from}");
            let sentence = Mapping::read(&changed).unwrap_err();
            assert!(sentence.contains(expected), "{sentence}");
        }
    }
}
