//! A writer: someone who sends requests to a running server.

use reqwest::{Client, Method};
use serde_json::{Map, Value, json};

/// Someone who calls the API, by a name that the local server takes for a token.
#[derive(Clone, Debug)]
pub struct Writer {
    /// The name.
    pub name: &'static str,
    base: String,
    client: Client,
}

/// A request and its answer.
#[derive(Clone, Debug)]
pub struct Exchange {
    /// The method.
    pub method: String,
    /// The path.
    pub path: String,
    /// The headers that matter to the story.
    pub headers: Vec<(String, String)>,
    /// The body sent.
    pub sent: Option<Value>,
    /// The status of the answer.
    pub status: u16,
    /// The answer's entity tag, quoted as in the header.
    pub etag: Option<String>,
    /// The body of the answer.
    pub body: Value,
}

impl Writer {
    /// A writer of this name, at this server.
    ///
    /// # Errors
    /// A sentence: the address is none.
    pub fn new(name: &'static str, base: &str) -> Result<Self, String> {
        let base = base.trim_end_matches('/').to_owned();
        if !base.starts_with("http://") {
            return Err(format!(
                "The server's address should begin with http://; it is {base}."
            ));
        }
        // The server is on this machine or near: no proxy leads there.
        let client = Client::builder()
            .no_proxy()
            .build()
            .map_err(|error| error.to_string())?;
        Ok(Writer { name, base, client })
    }

    /// Sends a request.
    ///
    /// # Errors
    /// A sentence: no server answers.
    pub async fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<&Value>,
    ) -> Result<Exchange, String> {
        let verb = Method::from_bytes(method.as_bytes()).map_err(|error| error.to_string())?;
        let mut request = self
            .client
            .request(verb, format!("{}{path}", self.base))
            .header("authorization", format!("Bearer {}", self.name));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(body) = body {
            let typed = headers
                .iter()
                .any(|(name, _)| name.eq_ignore_ascii_case("content-type"));
            request = if typed {
                request.body(body.to_string())
            } else {
                request.json(body)
            };
        }
        let answer = request.send().await.map_err(|_| self.silence())?;
        let etag = answer
            .headers()
            .get("etag")
            .and_then(|tag| tag.to_str().ok())
            .map(str::to_owned);
        let status = answer.status().as_u16();
        let text = answer.text().await.map_err(|_| self.silence())?;
        Ok(Exchange {
            method: method.to_owned(),
            path: path.to_owned(),
            headers: headers
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect(),
            sent: body.cloned(),
            status,
            etag,
            body: serde_json::from_str(&text).unwrap_or_default(),
        })
    }

    /// Sends what a resolution says, to the letter.
    ///
    /// # Errors
    /// As [`send`](Self::send).
    pub async fn follow(&self, resolution: &Value) -> Result<Exchange, String> {
        let text = |name: &str| resolution[name].as_str().unwrap_or_default();
        let href = text("href");
        let path = href.strip_prefix(&self.base).unwrap_or(href);
        let none = Map::new();
        let headers: Vec<(&str, &str)> = resolution["headers"]
            .as_object()
            .unwrap_or(&none)
            .iter()
            .filter_map(|(name, value)| Some((name.as_str(), value.as_str()?)))
            .collect();
        let body = resolution.get("body").filter(|body| !body.is_null());
        self.send(text("method"), path, &headers, body).await
    }

    fn silence(&self) -> String {
        format!(
            "No server answers at {}. Start one in another terminal with `onlyif` (or `cargo run`), or name its address with --url.",
            self.base
        )
    }
}

impl Exchange {
    /// This exchange, if it went well.
    ///
    /// # Errors
    /// A sentence with what the server said.
    pub fn well(self) -> Result<Self, String> {
        if self.status < 400 {
            return Ok(self);
        }
        Err(format!(
            "{} {} was answered with {}: {}",
            self.method,
            self.path,
            self.status,
            self.words()
        ))
    }

    /// The entity tag for `If-Match`.
    pub fn tag(&self) -> &str {
        self.etag.as_deref().unwrap_or("*")
    }

    /// The resolution of this relation.
    pub fn resolution(&self, rel: &str) -> Option<&Value> {
        self.body["resolutions"]
            .as_array()?
            .iter()
            .find(|resolution| resolution["rel"] == rel)
    }

    /// What the server says for a person.
    pub fn words(&self) -> String {
        let mut words: Vec<&str> = ["detail", "title", "message"]
            .iter()
            .filter_map(|name| self.body[*name].as_str())
            .take(1)
            .collect();
        let errors = self.body["errors"]
            .as_array()
            .map(Vec::as_slice)
            .unwrap_or_default();
        words.extend(errors.iter().filter_map(|error| error["detail"].as_str()));
        words.join(" ")
    }

    /// The refusal, with what the story needs of it.
    pub fn refusal(&self) -> Value {
        let mut refusal = only(&self.body, &["status", "code", "detail"]);
        refusal["conflicts"] = json!(
            list(&self.body, "conflicts")
                .iter()
                .map(|conflict| {
                    let names = ["pointer", "changedBy", "current", "yours", "overlaps"];
                    let fields = list(conflict, "fields")
                        .iter()
                        .map(|field| only(field, &names));
                    let mut told = only(conflict, &["code", "mergeable"]);
                    told["fields"] = fields.collect();
                    told
                })
                .collect::<Vec<Value>>()
        );
        refusal
    }

    /// The relations and titles of the resolutions.
    pub fn resolutions(&self) -> Vec<(&str, &str)> {
        list(&self.body, "resolutions")
            .iter()
            .filter_map(|resolution| {
                Some((resolution["rel"].as_str()?, resolution["title"].as_str()?))
            })
            .collect()
    }
}

/// The elements of a member.
fn list<'a>(value: &'a Value, name: &str) -> &'a [Value] {
    value[name]
        .as_array()
        .map(Vec::as_slice)
        .unwrap_or_default()
}

/// An object with these of its members.
fn only(value: &Value, names: &[&str]) -> Value {
    let members: Map<String, Value> = names
        .iter()
        .filter_map(|name| Some(((*name).to_owned(), value.get(*name)?.clone())))
        .collect();
    Value::Object(members)
}
