//! What is told, built once per deployment and not per request, each part when it is first asked for.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use onlyif::declaration::Declarations;
use onlyif::openapi::{self, ProblemDoc};
use onlyif::problem::Code;
use sha2::{Digest, Sha256};

use crate::app::{App, Auth, Settings};
use crate::catalogue::{self, Entry};
use crate::exchange::Exchange;

use super::index;

/// What the API says about itself, under one address.
pub(super) struct Described {
    declarations: Arc<Declarations>,
    settings: Settings,
    index: OnceLock<Text>,
    document: OnceLock<Text>,
    entries: OnceLock<Vec<Entry>>,
}

/// A text, and the tag of exactly this text.
#[derive(Clone)]
pub(super) struct Text {
    pub text: String,
    pub tag: String,
}

impl From<String> for Text {
    fn from(text: String) -> Self {
        let digest = Sha256::digest(&text);
        let tag = digest
            .iter()
            .take(8)
            .map(|byte| format!("{byte:02x}"))
            .collect();
        Text { text, tag }
    }
}

/// The last description, and what it is of.
static LAST: Mutex<Option<Arc<Described>>> = Mutex::new(None);

impl Described {
    /// The description of this deployment, as it is reached by this request. The local server puts
    /// other declarations in the place of these, and API Gateway may know several addresses; any
    /// other function describes one thing only, as long as it runs.
    pub(super) fn of<S>(app: &App<S>, exchange: &Exchange<'_>) -> Arc<Described> {
        let settings = Settings {
            base_url: Some(exchange.base_url()),
            ..app.settings.clone()
        };
        let mut last = LAST.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = last.as_ref()
            && Arc::ptr_eq(&known.declarations, &app.declarations)
            && known.settings == settings
        {
            return Arc::clone(known);
        }
        let described = Arc::new(Described {
            declarations: Arc::clone(&app.declarations),
            settings,
            index: OnceLock::new(),
            document: OnceLock::new(),
            entries: OnceLock::new(),
        });
        *last = Some(Arc::clone(&described));
        described
    }

    /// The answer to `GET /v1`, by a request that this is of.
    pub(super) fn index(&self, exchange: &Exchange<'_>) -> &Text {
        let built = || index::of(&self.declarations, exchange).to_string().into();
        self.index.get_or_init(built)
    }

    /// The problem catalogue.
    pub(super) fn entries(&self) -> &[Entry] {
        self.entries
            .get_or_init(|| catalogue::entries(&self.settings))
    }

    /// The answer to `GET /openapi.json`.
    pub(super) fn document(&self) -> &Text {
        self.document.get_or_init(|| {
            let answered = |entry: &&Entry| is_answered(entry.code, self.settings.auth);
            let entries = self.entries().iter().filter(answered);
            let problems: Vec<ProblemDoc> = entries.map(problem).collect();
            let server = self.settings.base_url.as_deref().unwrap_or_default();
            let document = openapi::document(&self.declarations, server, &problems);
            document.to_string().into()
        })
    }
}

/// Where everybody is anonymous, with every scope, nobody is unknown or lacks one.
fn is_answered(code: Code, auth: Auth) -> bool {
    auth != Auth::None || !matches!(code, Code::Unauthenticated | Code::Forbidden)
}

fn problem(entry: &Entry) -> ProblemDoc {
    ProblemDoc {
        code: entry.code,
        status: entry.status,
        title: entry.title.to_owned(),
        description: format!("{} {}", entry.meaning, entry.remedy),
        retry: entry.retry.name().to_owned(),
        example: entry.example.clone(),
    }
}

#[cfg(test)]
mod tests {
    use lambda_http::Context;
    use serde_json::json;

    use super::*;
    use crate::describe::answer;
    use crate::entry;

    /// Examples and the document take many times as long as all the rest of a first call.
    #[test]
    fn what_is_not_asked_for_is_not_built() {
        let app = App::empty();
        for (path, built) in [
            ("/v1", [true, false, false]),
            ("/problems", [true, true, false]),
            ("/openapi.json", [true, true, true]),
        ] {
            let event =
                json!({ "rawPath": path, "requestContext": { "http": { "method": "GET" } } });
            let event = serde_json::from_value(event).unwrap();
            let request = entry::request(event, Context::default());
            let exchange = Exchange::begin(&app, &request);
            assert_eq!(answer(&app, &exchange).status(), 200, "{path}");
            let described = Described::of(&app, &exchange);
            let parts = [
                described.index.get().is_some(),
                described.entries.get().is_some(),
                described.document.get().is_some(),
            ];
            assert_eq!(parts, built, "{path}");
        }
    }
}
