//! `onlyif conflicts`: what the running server's requests have contested so far.
//!
//! - [`tally`]: what the server counts
//! - `show`: how it looks

mod show;
pub mod tally;

use std::io::Write;
use std::net::IpAddr;
use std::time::Duration;

use http::request::Parts;
use http::{HeaderValue, Method, Response, header};
use http_body_util::Full;
use hyper::body::Bytes;
use reqwest::{Client, StatusCode};

use self::tally::{Tally, Told};
use crate::gateway::{answer::Answer, is_ours};
use crate::paint::Paint;

/// Where the local server tells its tally. It is none of the API's paths, and is not deployed.
pub const PATH: &str = "/_onlyif/conflicts";

/// How often a tally that is watched is read.
const EVERY: Duration = Duration::from_secs(1);

/// How long a server may take to tell it.
const PATIENCE: Duration = Duration::from_secs(5);

/// Whether the request asks for the tally, and may: it names callers and ids of every tenant, so it
/// is told on this machine alone, and to no web page whose own name leads here.
pub(crate) fn asked(request: &Parts, from: IpAddr) -> bool {
    request.uri.path() == PATH
        && request.method == Method::GET
        && from.is_loopback()
        && is_ours(request, false)
}

/// The tally as an answer.
pub(crate) fn answer(tally: &Tally) -> Answer {
    let body = serde_json::json!(tally.told()).to_string();
    let mut response = Response::new(Full::new(Bytes::from(body)));
    let headers = response.headers_mut();
    let json = HeaderValue::from_static("application/json");
    headers.insert(header::CONTENT_TYPE, json);
    let no_store = HeaderValue::from_static("no-store");
    headers.insert(header::CACHE_CONTROL, no_store);
    response
}

/// Prints the tally of a running server, `top` names of each kind; with `watch` again whenever it has
/// changed, until the server ends.
///
/// # Errors
/// A sentence: no server answers, or not one that counts.
pub async fn conflicts(
    url: &str,
    top: usize,
    watch: bool,
    paint: Paint,
    out: &mut impl Write,
) -> Result<(), String> {
    let url = url.trim_end_matches('/');
    if !url.starts_with("http://") {
        return Err(format!(
            "The server's address should begin with http://; it is {url}."
        ));
    }
    // The server is on this machine: no proxy leads there.
    let client = Client::builder().no_proxy().timeout(PATIENCE).build();
    let client = client.map_err(|error| error.to_string())?;
    let mut shown = None;
    loop {
        let now = match read(&client, url).await {
            Ok(now) => now,
            // The server has ended, as it may.
            Err(_) if shown.is_some() => return Ok(()),
            Err(sentence) => return Err(sentence),
        };
        if shown.as_ref() != Some(&now) {
            say(out, &show::table(&now, top, paint))?;
        }
        if !watch {
            return Ok(());
        }
        shown = Some(now);
        tokio::time::sleep(EVERY).await;
    }
}

async fn read(client: &Client, url: &str) -> Result<Told, String> {
    let silent = format!(
        "No server answers at {url}. Start one in another terminal with `onlyif` (or `cargo run`), or name its address with --url."
    );
    let Ok(reply) = client.get(format!("{url}{PATH}")).send().await else {
        return Err(silent);
    };
    let other = format!(
        "What answers at {url} counts no conflicts. Name the address of an `onlyif` on this machine with --url; of a deployed API, CloudWatch tells the same (docs/operating.md)."
    );
    if reply.status() != StatusCode::OK {
        return Err(other);
    }
    let text = reply.text().await.map_err(|_| silent)?;
    serde_json::from_str(&text).map_err(|_| other)
}

fn say(out: &mut impl Write, text: &str) -> Result<(), String> {
    out.write_all(text.as_bytes())
        .map_err(|error| format!("Nothing can be printed ({error})."))
}

#[cfg(test)]
mod tests {
    use http::Request;

    use super::*;
    use crate::serve::{Options, start};

    #[test]
    fn the_tally_is_told_on_this_machine_and_to_its_own_names() {
        let here = IpAddr::from([127, 0, 0, 1]);
        let elsewhere = IpAddr::from([192, 168, 1, 4]);
        for (method, path, host, from, told) in [
            ("GET", PATH, "127.0.0.1:3000", here, true),
            ("GET", PATH, "localhost:3000", here, true),
            ("GET", PATH, "evil.example:3000", here, false),
            ("GET", PATH, "127.0.0.1:3000", elsewhere, false),
            ("POST", PATH, "127.0.0.1:3000", here, false),
            ("GET", "/v1", "127.0.0.1:3000", here, false),
        ] {
            let request = Request::builder().method(method).uri(path);
            let (parts, ()) = request.header("host", host).body(()).unwrap().into_parts();
            assert_eq!(asked(&parts, from), told, "{method} {path} {host} {from}");
        }
    }

    async fn printed(url: &str) -> Result<String, String> {
        let mut out = Vec::new();
        conflicts(url, 10, false, Paint::PLAIN, &mut out).await?;
        Ok(String::from_utf8(out).unwrap())
    }

    #[tokio::test]
    async fn a_server_without_conflicts_says_so() {
        let folder = tempfile::tempdir().unwrap();
        let notes = "type: notes\nschema: { type: object }\n";
        std::fs::write(folder.path().join("notes.yaml"), notes).unwrap();
        let server = start(Options {
            resources: folder.path().to_owned(),
            ..Options::default()
        });
        let server = server.await.unwrap();
        let text = printed(&format!("{}/", server.url)).await.unwrap();
        server.stop().await;
        assert!(text.contains("No conflict in 0 writes so far."), "{text}");
    }

    #[tokio::test]
    async fn what_hinders_it_is_told_in_a_sentence() {
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
            let sentence = printed(&url).await.unwrap_err();
            assert!(sentence.contains(expected), "{sentence}");
        }
    }
}
