//! What is deployed, read from the templates that deploy it: local is what is deployed.
//!
//! The templates are compiled in. `CloudFormation`'s short tags (`!Sub`, `!If`) are left to the YAML
//! reader, which drops tags and keeps what they stand before: of `!If [WithJwt, JWT, NONE]` there
//! remains the list, which is enough to know that an authorizer may stand there.

use std::collections::BTreeMap;
use std::time::Duration;

use onlyif_dynamodb::{Definition, Index};
use serde::Deserialize;
use serde_json::Value;

use crate::function::Function;
use crate::gateway::route::{Route, Routes};

/// The stack: the functions, and the API in front of them.
pub const TEMPLATE: &str = include_str!("../../../template.yaml");
/// The nested stack that holds the table.
pub const STORAGE: &str = include_str!("../../../infra/storage.yaml");

/// The longest that Lambda waits for a function that sets no timeout.
/// <https://docs.aws.amazon.com/lambda/latest/dg/configuration-timeout.html>
const DEFAULT_TIMEOUT_S: u64 = 3;

/// The API as the template spells it out.
#[derive(Clone, Debug)]
pub struct Api {
    /// Its routes.
    pub routes: Routes,
    timeouts: BTreeMap<Function, Duration>,
}

impl Api {
    /// How long Lambda waits for this function.
    pub fn timeout(&self, function: Function) -> Duration {
        self.timeouts
            .get(&function)
            .copied()
            .unwrap_or(Duration::from_secs(DEFAULT_TIMEOUT_S))
    }

    /// Follows every route of the template through its integration to its function.
    ///
    /// # Errors
    /// A sentence that names the resource of the template that is not as expected.
    pub fn read(template: &str) -> Result<Self, String> {
        let template = Template::read(template, "template.yaml")?;
        let mut timeouts = BTreeMap::new();
        let mut routes = Vec::new();
        for name in template.names("AWS::Serverless::Function") {
            timeouts.insert(template.function(name)?, template.timeout(name));
        }
        for name in template.names("AWS::ApiGatewayV2::Route") {
            let target = template.text(name, "/Properties/Target")?;
            let integration = target
                .strip_prefix("integrations/${")
                .and_then(|rest| rest.strip_suffix('}'))
                .ok_or_else(|| {
                    format!("template.yaml: {name}.Target should be `!Sub integrations/${{…}}`; it is `{target}`.")
                })?;
            let uri = template.text(integration, "/Properties/IntegrationUri")?;
            let function = uri.strip_suffix(".Arn").ok_or_else(|| {
                format!("template.yaml: {integration}.IntegrationUri should be `!GetAtt ….Arn`; it is `{uri}`.")
            })?;
            routes.push(Route {
                key: template.text(name, "/Properties/RouteKey")?.to_owned(),
                function: template.function(function)?,
                authorized: template.may_be_jwt(name),
            });
        }
        if routes.is_empty() {
            return Err("template.yaml has no AWS::ApiGatewayV2::Route.".to_owned());
        }
        let routes =
            Routes::new(routes).map_err(|sentence| format!("template.yaml: {sentence}"))?;
        Ok(Api { routes, timeouts })
    }
}

/// The table, as the storage template describes it.
///
/// # Errors
/// A sentence that names what is not as expected.
pub fn definition(template: &str) -> Result<Definition, String> {
    let template = Template::read(template, "infra/storage.yaml")?;
    let names: Vec<&str> = template.names("AWS::DynamoDB::Table").collect();
    let [name] = names.as_slice() else {
        let count = names.len();
        return Err(format!(
            "infra/storage.yaml should have one AWS::DynamoDB::Table; it has {count}."
        ));
    };
    let properties = template
        .at(name, "/Properties")
        .cloned()
        .unwrap_or_default();
    let shape: TableShape = serde_json::from_value(properties)
        .map_err(|error| format!("infra/storage.yaml: {name} is not as expected: {error}."))?;
    shape
        .definition()
        .map_err(|what| format!("infra/storage.yaml: the local server cannot make {name}: {what}."))
}

/// What counts of a table's properties. What is missing here (billing, backup, encryption) has no
/// meaning for a local store.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct TableShape {
    attribute_definitions: Vec<AttributeShape>,
    key_schema: [KeyShape; 2],
    #[serde(default)]
    global_secondary_indexes: Vec<IndexShape>,
    time_to_live_specification: Option<TtlShape>,
    stream_specification: Option<StreamShape>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct AttributeShape {
    attribute_name: String,
    attribute_type: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct KeyShape {
    attribute_name: String,
    key_type: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct IndexShape {
    index_name: String,
    key_schema: [KeyShape; 2],
    projection: ProjectionShape,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ProjectionShape {
    projection_type: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct TtlShape {
    attribute_name: String,
    enabled: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct StreamShape {
    stream_view_type: String,
}

impl TableShape {
    fn definition(self) -> Result<Definition, String> {
        if let Some(other) = self
            .attribute_definitions
            .iter()
            .find(|each| each.attribute_type != "S")
        {
            return Err(format!(
                "the key attribute {} is no string",
                other.attribute_name
            ));
        }
        let (partition_key, sort_key) = key(self.key_schema)?;
        let mut indexes = Vec::new();
        for shape in self.global_secondary_indexes {
            if shape.projection.projection_type != "ALL" {
                return Err(format!(
                    "the index {} does not hold all attributes",
                    shape.index_name
                ));
            }
            let (partition_key, sort_key) = key(shape.key_schema)?;
            indexes.push(Index {
                name: shape.index_name,
                partition_key,
                sort_key,
            });
        }
        if let Some(stream) = &self.stream_specification
            && stream.stream_view_type != "NEW_AND_OLD_IMAGES"
        {
            return Err("the stream does not tell of items before and after a write".to_owned());
        }
        let expires = self.time_to_live_specification.filter(|ttl| ttl.enabled);
        Ok(Definition {
            partition_key,
            sort_key,
            indexes,
            expires: expires.map(|ttl| ttl.attribute_name),
            stream: self.stream_specification.is_some(),
        })
    }
}

fn key(parts: [KeyShape; 2]) -> Result<(String, String), String> {
    match parts.each_ref().map(|part| part.key_type.as_str()) {
        ["HASH", "RANGE"] => {
            let [partition, sort] = parts.map(|part| part.attribute_name);
            Ok((partition, sort))
        }
        _ => Err("a key is not HASH, then RANGE".to_owned()),
    }
}

/// Any template of `CloudFormation`'s.
#[derive(Deserialize)]
pub struct Template {
    #[serde(skip)]
    file: &'static str,
    #[serde(rename = "Globals", default)]
    globals: Value,
    #[serde(rename = "Resources")]
    resources: BTreeMap<String, Value>,
}

impl Template {
    /// Reads the text of the file that has this name.
    ///
    /// # Errors
    /// A sentence that says what about the file is not as expected.
    pub fn read(text: &str, file: &'static str) -> Result<Self, String> {
        // YAML 1.1 would read the attribute type `N` as a `no`.
        let options = serde_saphyr::options! { strict_booleans: true };
        let template: Template = serde_saphyr::from_str_with_options(text, options)
            .map_err(|error| format!("{file}: {error}"))?;
        Ok(Template { file, ..template })
    }

    /// The resources of this type, by name.
    pub fn names<'a>(&'a self, of_type: &'a str) -> impl Iterator<Item = &'a str> {
        self.resources
            .iter()
            .filter(move |(_, resource)| resource["Type"] == of_type)
            .map(|(name, _)| name.as_str())
    }

    /// What a resource has at this JSON pointer (RFC 6901). Of an intrinsic function there are the
    /// arguments.
    pub fn at(&self, name: &str, pointer: &str) -> Option<&Value> {
        self.resources.get(name)?.pointer(pointer)
    }

    fn text(&self, name: &str, pointer: &str) -> Result<&str, String> {
        self.at(name, pointer)
            .and_then(Value::as_str)
            .ok_or_else(|| {
                let path = pointer.replace('/', ".");
                format!(
                    "{}: {name}{path} should be there, and be a text.",
                    self.file
                )
            })
    }

    /// The function that this resource is.
    ///
    /// # Errors
    /// A sentence: it is none, or one that is not known here.
    pub fn function(&self, name: &str) -> Result<Function, String> {
        let binary = self.text(name, "/Metadata/BuildProperties/Binary")?;
        Function::of_binary(binary).ok_or_else(|| {
            format!(
                "{}: {name} is built from `{binary}`, which the local server does not have.",
                self.file
            )
        })
    }

    fn timeout(&self, name: &str) -> Duration {
        let seconds = self
            .at(name, "/Properties/Timeout")
            .or_else(|| self.globals.pointer("/Function/Timeout"))
            .and_then(Value::as_u64);
        Duration::from_secs(seconds.unwrap_or(DEFAULT_TIMEOUT_S))
    }

    /// Whether the route's authorization is `JWT`, or may be by a condition.
    fn may_be_jwt(&self, name: &str) -> bool {
        match self.at(name, "/Properties/AuthorizationType") {
            Some(Value::Array(choices)) => choices.iter().any(|choice| choice == "JWT"),
            Some(value) => value == "JWT",
            None => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use onlyif_dynamodb::attributes;

    #[test]
    fn every_route_of_the_contract_is_served_by_its_function() {
        let api = Api::read(TEMPLATE).unwrap();
        let cases = [
            ("POST", "/v1/orders", Function::Create, true),
            ("GET", "/v1/orders", Function::Read, true),
            ("HEAD", "/v1/orders", Function::Read, true),
            ("GET", "/v1/orders/o-1", Function::Read, true),
            ("PUT", "/v1/orders/o-1", Function::Update, true),
            ("PATCH", "/v1/orders/o-1", Function::Update, true),
            ("DELETE", "/v1/orders/o-1", Function::Delete, true),
            (
                "POST",
                "/v1/orders/o-1/transitions/pay",
                Function::Transition,
                true,
            ),
            ("GET", "/v1/orders/o-1/transitions", Function::Read, true),
            ("GET", "/v1/orders/o-1/history", Function::Read, true),
            ("HEAD", "/v1/orders/o-1/history", Function::Read, true),
            ("GET", "/v1", Function::Describe, false),
            ("GET", "/openapi.json", Function::Describe, false),
            ("GET", "/problems/stale-version", Function::Describe, false),
            ("OPTIONS", "/v1/orders", Function::Describe, false),
            ("GET", "/nowhere", Function::Describe, false),
        ];
        for (method, path, function, authorized) in cases {
            let route = api.routes.choose(method, path).unwrap().route;
            assert_eq!(
                (route.function, route.authorized),
                (function, authorized),
                "{method} {path}"
            );
        }
    }

    #[test]
    fn a_timeout_is_the_functions_own_or_that_of_all_or_lambdas() {
        let with = |globals: &str, own: &str| {
            let text = format!(
                "Globals: {{ Function: {{ {globals} }} }}\nResources:\n  F:\n    Type: AWS::Serverless::Function\n    \
                 Metadata: {{ BuildProperties: {{ Binary: onlyif-read }} }}\n    Properties: {{ {own} }}\n  \
                 I:\n    Type: AWS::ApiGatewayV2::Integration\n    Properties: {{ IntegrationUri: !GetAtt F.Arn }}\n  \
                 R:\n    Type: AWS::ApiGatewayV2::Route\n    Properties: {{ RouteKey: $default, Target: !Sub 'integrations/${{I}}' }}\n"
            );
            Api::read(&text).unwrap().timeout(Function::Read).as_secs()
        };
        assert_eq!(with("Timeout: 10", "Timeout: 5"), 5);
        assert_eq!(with("Timeout: 10", ""), 10);
        assert_eq!(with("", ""), 3);
    }

    #[test]
    fn a_template_that_is_not_as_expected_is_told_by_its_resource() {
        let route = |target: &str| {
            format!(
                "Resources:\n  R:\n    Type: AWS::ApiGatewayV2::Route\n    Properties: {{ RouteKey: $default, Target: {target} }}\n"
            )
        };
        let cases = [
            ("Resources: {}".to_owned(), "no AWS::ApiGatewayV2::Route"),
            (route("functions/x"), "R.Target should be"),
            (
                route("!Sub 'integrations/${I}'"),
                "I.Properties.IntegrationUri should be there",
            ),
            ("Resources: [".to_owned(), "template.yaml: "),
        ];
        for (text, expected) in cases {
            let sentence = Api::read(&text).unwrap_err();
            assert!(sentence.contains(expected), "{sentence}");
        }
    }

    #[test]
    fn the_table_is_read_whole() {
        let expected = Definition {
            partition_key: attributes::PARTITION_KEY.to_owned(),
            sort_key: attributes::SORT_KEY.to_owned(),
            indexes: vec![Index {
                name: attributes::INDEX.to_owned(),
                partition_key: attributes::INDEX_PARTITION_KEY.to_owned(),
                sort_key: attributes::INDEX_SORT_KEY.to_owned(),
            }],
            expires: Some(attributes::EXPIRES.to_owned()),
            stream: true,
        };
        assert_eq!(definition(STORAGE).unwrap(), expected);
    }

    #[test]
    fn a_table_that_could_not_be_made_alike_is_refused() {
        for (from, to, expected) in [
            ("AttributeType: S", "AttributeType: N", "is no string"),
            (
                "ProjectionType: ALL",
                "ProjectionType: KEYS_ONLY",
                "does not hold all attributes",
            ),
            (
                "NEW_AND_OLD_IMAGES",
                "KEYS_ONLY",
                "before and after a write",
            ),
            ("KeyType: HASH", "KeyType: RANGE", "not HASH, then RANGE"),
            (
                "AWS::DynamoDB::Table",
                "AWS::DynamoDB::GlobalTable",
                "it has 0",
            ),
            ("  KeySchema:", "  Schema:", "not as expected"),
        ] {
            let changed = STORAGE.replacen(from, to, 1);
            assert_ne!(changed, STORAGE, "{from}");
            let sentence = definition(&changed).unwrap_err();
            assert!(sentence.contains(expected), "{sentence}");
        }
    }
}
