//! What a function holds from its cold start on.

use std::fmt;
use std::sync::Arc;

use onlyif::declaration::Declarations;

/// Everything that a handler needs beside the request.
#[derive(Clone, Debug)]
pub struct App<S> {
    /// The types that the API serves.
    pub declarations: Arc<Declarations>,
    /// Where they are kept.
    pub store: S,
    /// How this deployment answers.
    pub settings: Settings,
}

#[cfg(test)]
impl App<()> {
    /// One without types and without a store.
    pub(crate) fn empty() -> Self {
        App {
            declarations: Arc::new(Declarations::default()),
            store: (),
            settings: Settings {
                stale_status: StaleStatus::Conflict,
                auth: Auth::None,
                base_url: None,
            },
        }
    }
}

/// How a deployment answers: read from the environment once, at cold start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// The status of `stale-version` and `already-exists`.
    pub stale_status: StaleStatus,
    /// Who says who calls.
    pub auth: Auth,
    /// The address that begins every address the API gives out, without a slash at its end; `None`:
    /// the one that API Gateway says it was reached by.
    pub base_url: Option<String>,
}

/// The status of a failed precondition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StaleStatus {
    /// 409, like every other conflict.
    Conflict,
    /// 412, as RFC 9110 §13.2.2 has it.
    PreconditionFailed,
}

/// Who says who calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Auth {
    /// API Gateway's JWT authorizer; a request without its context is answered 401.
    Jwt,
    /// The local server, in the authorizer's place: as `Jwt`, and the scope `*` is every scope.
    Local,
    /// Nobody: every caller is `anonymous`, with every scope.
    None,
}

/// A setting that is missing or cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SettingError {
    name: &'static str,
    found: String,
    expected: &'static str,
}

impl fmt::Display for SettingError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} is \"{}\"; expected {}",
            self.name, self.found, self.expected
        )
    }
}

impl std::error::Error for SettingError {}

impl Settings {
    /// Reads `STALE_STATUS` (409 or 412; default 409), `AUTH` (jwt or none; default jwt) and
    /// `BASE_URL` (default: none).
    ///
    /// # Errors
    /// Names the first variable that holds something else.
    pub fn read(variable: impl Fn(&str) -> Option<String>) -> Result<Self, SettingError> {
        let found = |name| variable(name).filter(|value| !value.is_empty());
        let stale_status = match found("STALE_STATUS").as_deref() {
            None | Some("409") => StaleStatus::Conflict,
            Some("412") => StaleStatus::PreconditionFailed,
            Some(found) => return Err(wrong("STALE_STATUS", found, "409 or 412")),
        };
        let auth = match found("AUTH").as_deref() {
            None | Some("jwt") => Auth::Jwt,
            Some("none") => Auth::None,
            Some(found) => return Err(wrong("AUTH", found, "jwt or none")),
        };
        let base_url = found("BASE_URL").map(|url| url.trim_end_matches('/').to_owned());
        Ok(Settings {
            stale_status,
            auth,
            base_url,
        })
    }
}

fn wrong(name: &'static str, found: &str, expected: &'static str) -> SettingError {
    SettingError {
        name,
        found: found.to_owned(),
        expected,
    }
}
