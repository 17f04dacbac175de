//! What `infra/observability.yaml` names is there: fields of events, metrics, parameters, chapters of
//! the runbook.

use std::collections::BTreeSet;
use std::fs;
use std::sync::{Arc, Mutex};

use onlyif_http::observe::{CONFLICT, FAILED, REQUEST, metrics};
use serde_json::{Value, json};
use tracing::{Event, Subscriber};
use tracing_subscriber::layer::{Context, Layer};
use tracing_subscriber::prelude::*;

use crate::serve::{Options, start};
use crate::template::{TEMPLATE, Template};

const OBSERVABILITY: &str = include_str!("../../../infra/observability.yaml");
const RUNBOOK: &str = include_str!("../../../docs/operating.md");

fn template() -> Template {
    Template::read(OBSERVABILITY, "infra/observability.yaml").unwrap()
}

/// A template as its YAML says, without tags.
fn yaml(text: &str) -> Value {
    let options = serde_saphyr::options! { strict_booleans: true };
    serde_saphyr::from_str_with_options(text, options).unwrap()
}

fn words(value: &Value) -> BTreeSet<String> {
    value.as_object().unwrap().keys().cloned().collect()
}

/// The text that a `!Sub` makes, whatever its parameters are: each is a number here, which can stand
/// inside of a text too.
fn substituted(text: &str) -> Value {
    let mut made = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${") {
        let (name, after) = after.split_once('}').unwrap();
        made += before;
        made += if name == "MetricsNamespace" {
            "Ours"
        } else {
            "0"
        };
        rest = after;
    }
    serde_json::from_str(&(made + rest)).expect("JSON")
}

/// Every object and array in the value, itself first.
fn within<'a>(value: &'a Value, found: &mut Vec<&'a Value>) {
    found.push(value);
    match value {
        Value::Array(all) => all.iter().for_each(|each| within(each, found)),
        Value::Object(all) => all.values().for_each(|each| within(each, found)),
        _ => {}
    }
}

/// The names of the fields that events of requests have.
#[derive(Clone, Default)]
struct Fields(Arc<Mutex<BTreeSet<String>>>);

impl<S: Subscriber> Layer<S> for Fields {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let metadata = event.metadata();
        if metadata.target() == REQUEST {
            let names = metadata
                .fields()
                .iter()
                .map(|field| field.name().to_owned());
            self.0.lock().unwrap().extend(names);
        }
    }
}

async fn fields_of_a_request() -> BTreeSet<String> {
    let fields = Fields::default();
    let subscriber = tracing_subscriber::registry().with(fields.clone());
    let _here = tracing::subscriber::set_default(subscriber);
    let folder = tempfile::tempdir().unwrap();
    let notes = "type: notes\nschema: { type: object }\n";
    fs::write(folder.path().join("notes.yaml"), notes).unwrap();
    let server = start(Options {
        resources: folder.path().to_owned(),
        ..Options::default()
    });
    let server = server.await.unwrap();
    reqwest::get(format!("{}/v1/notes", server.url))
        .await
        .unwrap();
    server.stop().await;
    let mut fields = fields.0.lock().unwrap().clone();
    // A deployment adds its own to each.
    fields.insert("release".to_owned());
    fields
}

/// The names in a query that are neither its language nor its own.
fn names_in(query: &str) -> BTreeSet<String> {
    const LANGUAGE: [&str; 28] = [
        "filter",
        "fields",
        "stats",
        "sort",
        "limit",
        "display",
        "parse",
        "unnest",
        "by",
        "as",
        "into",
        "and",
        "or",
        "like",
        "asc",
        "desc",
        "count",
        "count_distinct",
        "min",
        "max",
        "bin",
        "jsonParse",
        "ispresent",
        "SOURCE",
        "1h",
        "event",
        "not",
        "in",
    ];
    // Comments, texts and patterns are no names; what a pattern finds is a name of the query's own.
    let mut plain = String::new();
    let mut own: BTreeSet<String> = BTreeSet::new();
    for line in query
        .lines()
        .filter(|line| !line.trim_start().starts_with('#'))
    {
        let mut quote = None;
        let mut quoted = String::new();
        for character in line.chars() {
            match quote {
                None if matches!(character, '"' | '\'') => quote = Some(character),
                None if character == '/' => quote = Some('/'),
                None => plain.push(character),
                Some(end) if character == end && !quoted.ends_with('\\') => {
                    let group = quoted
                        .split_once("(?<")
                        .and_then(|(_, rest)| rest.split_once('>'));
                    own.extend(group.map(|(name, _)| name.to_owned()));
                    (quote, quoted) = (None, String::new());
                }
                Some(_) => quoted.push(character),
            }
        }
        assert_eq!(quote, None, "{line}");
        plain.push(' ');
    }
    let is_part = |c: char| c.is_alphanumeric() || "_@.".contains(c);
    let tokens: Vec<&str> = plain
        .split(|c: char| !is_part(c))
        .filter(|token| !token.is_empty())
        .collect();
    for pair in tokens.windows(2) {
        if matches!(pair[0], "as" | "into") {
            own.insert(pair[1].to_owned());
        }
    }
    tokens
        .into_iter()
        .filter(|token| !LANGUAGE.contains(token) && token.parse::<u64>().is_err())
        .filter(|token| !own.contains(*token))
        .map(|token| token.trim_start_matches("event.").to_owned())
        .collect()
}

#[test]
fn the_names_in_a_query_are_found() {
    let query = "# a comment\nfilter outcome = \"conflict\" or @message like '\"TYPE/ID\"'\n| fields jsonParse(@message) as event\n| unnest event.pointers into pointer | parse contested /^(?<owner>[^\\/]+)/\n| stats count(*) as n by bin(1h), owner, pointer, actor | sort n desc | limit 10";
    let names = names_in(query);
    let expected = ["@message", "actor", "contested", "outcome", "pointers"];
    assert_eq!(names, expected.map(str::to_owned).into());
}

#[tokio::test]
async fn queries_name_fields_that_events_have() {
    let mut known = fields_of_a_request().await;
    let others = ["@timestamp", "@message", "@logStream", "level", "message"];
    known.extend(others.map(str::to_owned));
    let access = &yaml(TEMPLATE)["Resources"]["Stage"]["Properties"]["AccessLogSettings"]["Format"];
    known.extend(words(
        &serde_json::from_str(access.as_str().unwrap()).unwrap(),
    ));
    let template = template();
    let mut queries: Vec<(String, String)> = template
        .names("AWS::Logs::QueryDefinition")
        .map(|name| {
            let query = template.at(name, "/Properties/QueryString").unwrap();
            (name.to_owned(), query.as_str().unwrap().to_owned())
        })
        .collect();
    let dashboard = dashboard();
    let mut widgets = Vec::new();
    within(&dashboard, &mut widgets);
    let shown = widgets
        .iter()
        .filter_map(|widget| widget.get("query")?.as_str());
    queries.extend(shown.map(|query| ("Dashboard".to_owned(), query.to_owned())));
    assert!(queries.len() > 10, "{queries:?}");
    for (name, query) in queries {
        let outcomes = query.split("outcome = \"").skip(1);
        for outcome in outcomes.map(|rest| rest.split('"').next().unwrap()) {
            assert!([CONFLICT, FAILED].contains(&outcome), "{name}: {outcome}");
        }
        let unknown: Vec<String> = names_in(&query).difference(&known).cloned().collect();
        assert!(unknown.is_empty(), "{name} names {unknown:?}: {query}");
    }
    for name in template.names("AWS::CloudWatch::InsightRule") {
        let body = template.at(name, "/Properties/RuleBody").unwrap();
        let rule = substituted(body.as_str().unwrap());
        let contribution = &rule["Contribution"];
        let keys = contribution["Keys"].as_array().unwrap().iter();
        let filters = contribution["Filters"].as_array().unwrap().iter();
        for key in keys.chain(filters.clone().map(|filter| &filter["Match"])) {
            let field = key.as_str().unwrap().strip_prefix("$.").unwrap();
            assert!(known.contains(field), "{name} names {field}");
        }
        for filter in filters {
            assert_eq!(filter["In"], json!([CONFLICT]), "{name}");
        }
    }
}

fn dashboard() -> Value {
    let template = template();
    let body = template
        .at("Dashboard", "/Properties/DashboardBody")
        .unwrap();
    substituted(body.as_str().unwrap())
}

/// A metric of ours, and the dimensions that it is asked for by.
type Named = (String, Vec<String>);

fn metrics_of_alarms() -> Vec<Named> {
    let template = template();
    let mut named = Vec::new();
    for name in template.names("AWS::CloudWatch::Alarm") {
        let mut found = Vec::new();
        within(template.at(name, "/Properties").unwrap(), &mut found);
        for metric in found {
            if metric
                .get("Namespace")
                .is_some_and(|space| space == "MetricsNamespace")
            {
                assert!(metric.get("Dimensions").is_none(), "{metric}");
                named.push((
                    metric["MetricName"].as_str().unwrap().to_owned(),
                    Vec::new(),
                ));
            }
        }
    }
    named
}

fn metrics_of_the_dashboard() -> Vec<Named> {
    let dashboard = dashboard();
    let mut found = Vec::new();
    within(&dashboard, &mut found);
    let mut named = Vec::new();
    for value in found {
        if let Some([space, name, rest @ ..]) = value.as_array().map(Vec::as_slice)
            && space == "Ours"
        {
            let dimensions = rest.iter().filter_map(Value::as_str).step_by(2);
            named.push((
                name.as_str().unwrap().to_owned(),
                dimensions.map(str::to_owned).collect(),
            ));
        }
        // SEARCH('{"Ours",DIMENSION,…} MetricName="NAME"', …)
        let search = value.get("expression").and_then(Value::as_str);
        if let Some((_, search)) = search.and_then(|text| text.split_once("{\"Ours\",")) {
            let (dimensions, rest) = search.split_once('}').unwrap();
            let name = rest.split('"').nth(1).unwrap();
            named.push((
                name.to_owned(),
                dimensions.split(',').map(str::to_owned).collect(),
            ));
        }
    }
    named
}

#[test]
fn metrics_that_are_asked_for_are_counted_by_these_dimensions() {
    let (alarms, dashboard) = (metrics_of_alarms(), metrics_of_the_dashboard());
    assert!(
        alarms.len() >= 2 && dashboard.len() >= 5,
        "{alarms:?} {dashboard:?}"
    );
    for (name, dimensions) in alarms.iter().chain(&dashboard) {
        assert!(
            metrics::METRICS.iter().any(|(known, _)| known == name),
            "{name}"
        );
        let dimensions: Vec<&str> = dimensions.iter().map(String::as_str).collect();
        let counted: &[&[&str]] = match name.as_str() {
            "Conflicts" => &metrics::CONFLICT_DIMENSIONS,
            _ => &[&[], &["type"]],
        };
        assert!(
            counted.contains(&dimensions.as_slice()),
            "{name} by {dimensions:?}"
        );
    }
    for (name, _) in metrics::METRICS {
        assert!(
            dashboard.iter().any(|(shown, _)| shown == name),
            "{name} is not shown"
        );
    }
}

#[test]
fn each_metric_of_the_table_that_an_alarm_counts_is_shown() {
    let alarms = yaml(OBSERVABILITY);
    let dashboard = dashboard();
    let (mut found, mut shown) = (Vec::new(), Vec::new());
    within(&alarms["Resources"], &mut found);
    within(&dashboard, &mut shown);
    let of_table = |value: &&&Value| value.get("Namespace") == Some(&json!("AWS/DynamoDB"));
    let mut count = 0;
    for metric in found.iter().filter(of_table) {
        let mut names = vec![metric["Namespace"].clone(), metric["MetricName"].clone()];
        for dimension in metric["Dimensions"].as_array().unwrap() {
            let value = match dimension["Value"].as_str().unwrap() {
                "TableName" => "0", // as `substituted`
                value => value,
            };
            names.extend([dimension["Name"].clone(), json!(value)]);
        }
        let names = Value::from(names);
        assert!(shown.contains(&&names), "{names} is not shown");
        count += 1;
    }
    assert!(count >= 4, "{count}");
}

#[test]
fn a_dashboard_has_a_name_of_its_own_in_each_region() {
    let name = template()
        .at("Dashboard", "/Properties/DashboardName")
        .cloned();
    assert_eq!(name.unwrap(), "${Name}-${AWS::Region}");
}

#[test]
fn the_stack_gives_what_its_nested_one_takes() {
    let template = yaml(TEMPLATE);
    let nested = yaml(OBSERVABILITY);
    let given = &template["Resources"]["Observability"]["Properties"]["Parameters"];
    let taken = &nested["Parameters"];
    let unknown: Vec<String> = words(given).difference(&words(taken)).cloned().collect();
    assert!(unknown.is_empty(), "{unknown:?}");
    for (name, parameter) in taken.as_object().unwrap() {
        let given = given.get(name);
        assert!(
            given.is_some() || parameter.get("Default").is_some(),
            "{name}"
        );
        if name.ends_with("Function") {
            assert_eq!(
                given.unwrap(),
                name,
                "each function is watched under its own name"
            );
        }
    }
    let functions = template["Resources"].as_object().unwrap().iter();
    for (name, _) in functions.filter(|(_, it)| it["Type"] == "AWS::Serverless::Function") {
        assert!(taken.get(name).is_some(), "nobody watches {name}");
    }
    let variables = &template["Globals"]["Function"]["Environment"]["Variables"];
    assert_eq!(given["MetricsNamespace"], variables["METRICS_NAMESPACE"]);
}

#[test]
fn every_alarm_and_every_query_is_in_the_runbook() {
    let template = template();
    for name in template.names("AWS::CloudWatch::Alarm") {
        let chapter = format!("\n### {name}\n");
        assert!(RUNBOOK.contains(&chapter), "{name} has no chapter");
        let description = template.at(name, "/Properties/AlarmDescription").unwrap();
        let leads = description
            .as_str()
            .unwrap()
            .ends_with(&format!("docs/operating.md, {name}"));
        assert!(leads, "{name} does not lead to its chapter: {description}");
    }
    for name in template.names("AWS::Logs::QueryDefinition") {
        let called = template
            .at(name, "/Properties/Name")
            .unwrap()
            .as_str()
            .unwrap();
        let (_, called) = called.split_once('/').unwrap();
        assert!(RUNBOOK.contains(called), "{called} is not in the runbook");
    }
}

#[tokio::test]
async fn the_runbook_names_every_field_and_every_metric() {
    let names = fields_of_a_request().await;
    let metrics = metrics::METRICS.map(|(name, _)| name.to_owned());
    for name in names.iter().chain(&metrics) {
        assert!(RUNBOOK.contains(&format!("`{name}`")), "{name}");
    }
}
