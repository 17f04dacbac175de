//! The sample data: `seed/TYPE.json` beside the declarations, sent through the API's own handlers.

use std::fs;
use std::io::ErrorKind;
use std::net::{IpAddr, Ipv4Addr};
use std::path::Path;

use http::{Method, Request};
use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use onlyif::declaration::Declarations;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;
use serde_json::{Value, json};
use tracing::instrument::WithSubscriber;
use tracing::subscriber::NoSubscriber;

use crate::gateway::Gateway;
use crate::gateway::answer::Answer;
use crate::gateway::authorizer::LOCAL;

/// One resource of the sample data.
#[derive(Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Seed {
    /// Its id.
    pub id: String,
    /// Who creates it.
    #[serde(rename = "as", default = "local")]
    pub actor: String,
    /// Its document.
    pub document: Value,
    /// What happens to it after.
    #[serde(default)]
    pub then: Vec<Step>,
}

/// A transition that a resource of the sample data has gone through.
#[derive(Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// Its name.
    pub transition: String,
    /// Who asks for it.
    #[serde(rename = "as", default = "local")]
    pub actor: String,
    /// Its input.
    #[serde(default)]
    pub input: Option<Value>,
}

fn local() -> String {
    LOCAL.to_owned()
}

/// The sample data of every declared type, in the order in which it can be created: names, and what
/// is to be made of them.
///
/// # Errors
/// A sentence that names the file that cannot be used.
pub fn read(
    resources: &Path,
    declarations: &Declarations,
) -> Result<Vec<(String, Vec<Seed>)>, String> {
    let mut all = Vec::new();
    for declaration in declarations.needed_first() {
        let path = resources
            .join("seed")
            .join(format!("{}.json", declaration.name));
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == ErrorKind::NotFound => continue,
            Err(error) => return Err(format!("{} cannot be read ({error}).", path.display())),
        };
        let seeds = serde_json::from_str(&text).map_err(|error| {
            format!(
                "{}: {error}. Sample data is a list of {{ \"id\", \"as\", \"document\", \"then\": [{{ \"transition\", \"as\", \"input\" }}] }}.",
                path.display()
            )
        })?;
        all.push((declaration.name.clone(), seeds));
    }
    Ok(all)
}

/// Whether nothing is stored of any type, as far as the store can be asked.
pub async fn is_empty(gateway: &Gateway, declarations: &Declarations) -> bool {
    for declaration in declarations.iter() {
        let list = get(gateway, &format!("/v1/{}?limit=1", declaration.name)).await;
        // A page without items may have others after it.
        let empty =
            list.is_some_and(|list| list["items"] == json!([]) && list.get("next").is_none());
        if !empty {
            return false;
        }
    }
    true
}

/// What a `GET` by this server itself answers, if it finds something. It is not logged.
pub async fn get(gateway: &Gateway, path: &str) -> Option<Value> {
    let request = Request::get(path).body(Full::<Bytes>::default()).ok()?;
    let answer = ask(gateway, request).await;
    if !answer.status().is_success() {
        return None;
    }
    serde_json::from_slice(&answer.into_body().collect().await.ok()?.to_bytes()).ok()
}

async fn ask(gateway: &Gateway, request: Request<Full<Bytes>>) -> Answer {
    let this_machine = IpAddr::V4(Ipv4Addr::LOCALHOST);
    gateway
        .respond(request, this_machine)
        .with_subscriber(NoSubscriber::default())
        .await
}

/// What became of the sample data.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Seeded {
    /// How many resources were created.
    pub created: usize,
    /// A sentence for each request that was refused.
    pub refused: Vec<String>,
}

/// Creates every resource, and takes it through its transitions. Nothing of it is logged.
pub async fn load(gateway: &Gateway, seeds: &[(String, Vec<Seed>)]) -> Seeded {
    let mut seeded = Seeded::default();
    for (type_name, seeds) in seeds {
        for seed in seeds {
            match create(gateway, type_name, seed).await {
                Ok(()) => seeded.created += 1,
                Err(sentence) => seeded.refused.push(sentence),
            }
        }
    }
    seeded
}

async fn create(gateway: &Gateway, type_name: &str, seed: &Seed) -> Result<(), String> {
    let id = utf8_percent_encode(&seed.id, NON_ALPHANUMERIC);
    let path = format!("/v1/{type_name}/{id}");
    let what = format!("{type_name}/{}", seed.id);
    send(
        gateway,
        Method::PUT,
        &path,
        &seed.actor,
        Some(&seed.document),
    )
    .await
    .map_err(|why| format!("{what} could not be created: {why}"))?;
    for step in &seed.then {
        let path = format!("{path}/transitions/{}", step.transition);
        send(
            gateway,
            Method::POST,
            &path,
            &step.actor,
            step.input.as_ref(),
        )
        .await
        .map_err(|why| format!("{what} could not go through `{}`: {why}", step.transition))?;
    }
    Ok(())
}

async fn send(
    gateway: &Gateway,
    method: Method,
    path: &str,
    actor: &str,
    body: Option<&Value>,
) -> Result<(), String> {
    let mut request = Request::builder().method(&method).uri(path);
    request = request.header("authorization", format!("Bearer {actor}"));
    if method == Method::PUT {
        request = request.header("if-none-match", "*");
    }
    if body.is_some() {
        request = request.header("content-type", "application/json");
    }
    let bytes = body.map(ToString::to_string).unwrap_or_default();
    let request = request
        .body(Full::new(Bytes::from(bytes)))
        .map_err(|error| error.to_string())?;
    let answer = ask(gateway, request).await;
    if answer.status().is_success() {
        return Ok(());
    }
    let status = answer.status();
    let body = answer
        .into_body()
        .collect()
        .await
        .map(|body| body.to_bytes())
        .unwrap_or_default();
    let problem: Value = serde_json::from_slice(&body).unwrap_or_default();
    let detail = ["detail", "title", "message"]
        .iter()
        .find_map(|name| problem[*name].as_str());
    Err(format!("{status}. {}", detail.unwrap_or_default()))
}
