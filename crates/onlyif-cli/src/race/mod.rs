//! `onlyif race`: two writers edit one document of a running server.
//!
//! - [`sample`](mod@sample): what they edit
//! - [`writer`]: what they send and get
//! - [`show`]: how it looks

pub mod sample;
pub mod show;
pub mod writer;

use std::io::Write;

use serde_json::{Map, Value, json};
use uuid::Uuid;

use self::sample::{Sample, sample};
use self::writer::{Exchange, Writer};
use crate::paint::Paint;

/// Races, and tells it as it happens.
///
/// # Errors
/// A sentence: no server answers, or it does not answer as the story expects.
pub async fn race(
    url: &str,
    type_name: &str,
    paint: Paint,
    out: &mut impl Write,
) -> Result<(), String> {
    // The end of such an id is random.
    let id = format!("race-{}", &Uuid::now_v7().simple().to_string()[26..]);
    let mut story = Story {
        alice: Writer::new("alice", url)?,
        bob: Writer::new("bob", url)?,
        path: format!("/v1/{type_name}/{id}"),
        paint,
        out,
    };
    let sample = story.sample(type_name, &id).await?;
    story.different_fields(&sample).await?;
    story.same_field(&sample).await?;
    story.say(&format!(
        "\n  Look at it: curl {}{}\n",
        url.trim_end_matches('/'),
        story.path
    ))
}

struct Story<'a, W> {
    alice: Writer,
    bob: Writer,
    path: String,
    paint: Paint,
    out: &'a mut W,
}

impl<W: Write> Story<'_, W> {
    async fn sample(&self, type_name: &str, id: &str) -> Result<Sample, String> {
        let openapi = self
            .alice
            .send("GET", "/openapi.json", &[], None)
            .await?
            .well()?
            .body;
        let operation = &openapi["paths"][format!("/v1/{type_name}")]["post"];
        let schema = &operation["requestBody"]["content"]["application/json"]["schema"];
        if schema.is_null() {
            return Err(format!(
                "The server has no type `{type_name}`. Name one of its types with --type."
            ));
        }
        sample(&openapi, schema, id).ok_or_else(|| {
            format!("No document of `{type_name}` could be made up in which two writers could edit a text each. Name another type with --type.")
        })
    }

    /// The first act: nothing overlaps.
    async fn different_fields(&mut self, sample: &Sample) -> Result<(), String> {
        let [first, second] = &sample.fields;
        self.title("Two writers, one document, different fields")?;
        self.step("alice creates it, and both read it")?;
        let path = self.path.clone();
        let created = self
            .alice
            .send(
                "PUT",
                &path,
                &[("if-none-match", "*")],
                Some(&sample.document),
            )
            .await?
            .well()?;
        self.show(&created)?;
        let read = self.bob.send("GET", &path, &[], None).await?.well()?;
        self.show(&read)?;
        self.step(&format!("alice changes `{first}`"))?;
        let written = self.alice_writes(&read, first, "alice was here").await?;
        self.show(&written)?;
        self.step(&format!("bob changes `{second}`, and knows nothing of it"))?;
        let refused = self.bob_writes(&read, second, "bob was here").await?;
        self.follow(&refused, "merge").await?;
        self.end("both edits are there: nothing is lost", &sample.fields)
            .await
    }

    /// The second act: both write the same field.
    async fn same_field(&mut self, sample: &Sample) -> Result<(), String> {
        let [field, _] = &sample.fields;
        self.title("Two writers, one document, the same field")?;
        let read = self
            .bob
            .send("GET", &self.path.clone(), &[], None)
            .await?
            .well()?;
        self.step(&format!(
            "alice changes `{field}` again, and so does bob, from the same version"
        ))?;
        let written = self.alice_writes(&read, field, "alice again").await?;
        self.show(&written)?;
        let refused = self.bob_writes(&read, field, "bob again").await?;
        self.follow(&refused, "overwrite").await?;
        self.end(
            &format!("bob's `{field}` stands, and not by accident: he had seen alice's"),
            &sample.fields,
        )
        .await
    }

    async fn alice_writes(
        &self,
        read: &Exchange,
        field: &str,
        text: &str,
    ) -> Result<Exchange, String> {
        let headers = [("if-match", read.tag())];
        self.alice
            .send("PATCH", &self.path, &headers, Some(&change(field, text)))
            .await?
            .well()
    }

    /// A type may say that what does not overlap is merged without a word; bob wants to be told.
    async fn bob_writes(
        &mut self,
        read: &Exchange,
        field: &str,
        text: &str,
    ) -> Result<Exchange, String> {
        let headers = [("if-match", read.tag()), ("prefer", "conflict=refuse")];
        let refused = self
            .bob
            .send("PATCH", &self.path, &headers, Some(&change(field, text)))
            .await?;
        self.show(&refused)?;
        if refused.status < 400 {
            return Err(
                "The server took a write from a version that had been overwritten.".to_owned(),
            );
        }
        self.step("what bob is told (shortened), and the requests that would resolve it")?;
        let told = show::json(&refused.refusal(), 4);
        self.say(&format!("    {told}"))?;
        for (rel, title) in refused.resolutions() {
            self.say(&format!(
                "    {}  {title}",
                self.paint.bold(&format!("{rel:<9}"))
            ))?;
        }
        Ok(refused)
    }

    async fn follow(&mut self, refused: &Exchange, rel: &str) -> Result<(), String> {
        let resolution = refused.resolution(rel).ok_or_else(|| {
            format!(
                "The server offers no resolution `{rel}`: {}",
                refused.words()
            )
        })?;
        self.step(&format!("bob sends `{rel}` as it came"))?;
        let followed = self.bob.follow(resolution).await?.well()?;
        self.show(&followed)
    }

    async fn end(&mut self, words: &str, fields: &[String; 2]) -> Result<(), String> {
        let read = self
            .alice
            .send("GET", &self.path.clone(), &[], None)
            .await?
            .well()?;
        let seen: Map<String, Value> = ["version", &fields[0], &fields[1]]
            .into_iter()
            .map(|name| (name.to_owned(), read.body[name].clone()))
            .collect();
        self.step(words)?;
        let seen = show::json(&json!(seen), 4);
        self.say(&format!("    {}", self.paint.green(&seen)))
    }

    fn title(&mut self, text: &str) -> Result<(), String> {
        self.say(&format!("\n  {}", self.paint.bold(&text.to_uppercase())))
    }

    fn step(&mut self, text: &str) -> Result<(), String> {
        self.say(&format!("\n  {text}"))
    }

    fn show(&mut self, exchange: &Exchange) -> Result<(), String> {
        let text = show::exchange(exchange, self.paint);
        self.say(text.trim_end())
    }

    fn say(&mut self, line: &str) -> Result<(), String> {
        writeln!(self.out, "{line}").map_err(|error| format!("Nothing can be printed ({error})."))
    }
}

fn change(field: &str, text: &str) -> Value {
    json!({ field: text })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::serve::{Options, start};
    use std::fs;

    /// What is told, by lines that stay the same in every run.
    async fn told(stale: &str, type_name: &str) -> Result<String, String> {
        let folder = tempfile::tempdir().unwrap();
        let declaration = format!(
            "type: notes\nstale: {stale}\nschema:\n  type: object\n  required: [title]\n  properties: {{ title: {{ type: string }}, body: {{ type: string }} }}\n"
        );
        fs::write(folder.path().join("notes.yaml"), declaration).unwrap();
        let options = Options {
            resources: folder.path().to_owned(),
            ..Options::default()
        };
        let server = start(options).await.unwrap();
        let mut out = Vec::new();
        let raced = race(&server.url, type_name, Paint::PLAIN, &mut out).await;
        server.stop().await;
        raced.map(|()| String::from_utf8(out).unwrap())
    }

    #[tokio::test]
    async fn both_acts_end_well_whatever_the_type_does_with_stale_updates() {
        for stale in ["refuse", "merge"] {
            let text = told(stale, "notes").await.unwrap();
            for expected in [
                "409 stale-version",
                r#"{ "title": "alice was here" }"#,
                r#"{ "version": 3, "title": "alice was here", "body": "bob was here" }"#,
                r#"{ "version": 5, "title": "bob again", "body": "bob was here" }"#,
                r#""pointer": "/title", "changedBy": "alice""#,
                "bob sends `merge` as it came",
                "bob sends `overwrite` as it came",
            ] {
                assert!(text.contains(expected), "{expected}: {text}");
            }
            assert!(
                text.lines().all(|line| line.chars().count() <= 80),
                "{text}"
            );
        }
    }

    #[tokio::test]
    async fn what_hinders_a_race_is_told_in_a_sentence() {
        let sentence = told("refuse", "books").await.unwrap_err();
        assert!(sentence.contains("no type `books`"), "{sentence}");
        let mut out = Vec::new();
        let nobody = std::net::TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap();
        for (url, expected) in [
            (
                format!("http://{nobody}"),
                "No server answers at http://127.0.0.1",
            ),
            ("127.0.0.1:3000".to_owned(), "should begin with http://"),
        ] {
            let sentence = race(&url, "notes", Paint::PLAIN, &mut out)
                .await
                .unwrap_err();
            assert!(sentence.contains(expected), "{sentence}");
        }
    }
}
