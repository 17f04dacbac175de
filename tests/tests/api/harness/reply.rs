//! Replies, and what holds of every one of them.

use std::ops::Index;

use hyper::HeaderMap;
use hyper::body::Bytes;
use hyper::http::response::Parts;
use serde_json::Value;

/// What must never reach a client, in any body: the store, the runtime, a panic.
const INSIDE: [&str; 11] = [
    "dynamo",
    "arn:aws",
    "amazonaws",
    "sqlite",
    "exception",
    "conditionexpression",
    "conditionalcheck",
    "panicked",
    "127.0.0.1:",
    ".rs:",
    "attribute_exists",
];

/// An answer, whole.
#[derive(Clone)]
pub(crate) struct Reply {
    /// What was asked, for messages.
    request: String,
    /// Whether it has a key, under which it can be sent again without knowing more.
    keyed: bool,
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
    /// `null` where there is no JSON.
    pub(crate) body: Value,
}

impl Reply {
    pub(crate) fn new(request: String, keyed: bool, head: Parts, body: Bytes) -> Self {
        let text = String::from_utf8(body.to_vec()).expect("bodies are UTF-8");
        let reply = Reply {
            request,
            keyed,
            status: head.status.as_u16(),
            headers: head.headers,
            body: serde_json::from_str(&text).unwrap_or_default(),
            text,
        };
        reply.holds_what_always_holds();
        reply
    }

    fn holds_what_always_holds(&self) {
        if self.status >= 400 {
            if !self.is_to_head() {
                self.is_a_problem();
            }
            let told = self.text.replace("127.0.0.1:", "").to_lowercase();
            for word in INSIDE {
                assert!(!told.contains(word), "{word} is told to a client: {self:?}");
            }
        } else {
            let bodiless = matches!(self.status, 204 | 304);
            assert!(
                !bodiless || self.text.is_empty(),
                "a body where none may be: {self:?}"
            );
        }
        if let (Some(header), Some(etag)) = (self.header("etag"), self.body.get("etag")) {
            assert_eq!(
                header,
                format!("\"{}\"", etag.as_str().unwrap()),
                "{self:?}"
            );
        }
    }

    /// RFC 9457, and the contract's own members.
    fn is_a_problem(&self) {
        assert_eq!(
            self.header("content-type"),
            Some("application/problem+json"),
            "{self:?}"
        );
        assert_eq!(self.header("cache-control"), Some("no-store"), "{self:?}");
        assert_eq!(self.body["status"], self.status, "{self:?}");
        let text = |name: &str| {
            let text = self.body[name].as_str().unwrap_or_default();
            assert!(!text.is_empty(), "no {name}: {self:?}");
            text
        };
        let code = text("code");
        assert!(
            text("type").ends_with(&format!("/problems/{code}")),
            "{self:?}"
        );
        let path = self.request.split([' ', '?']).nth(1).unwrap();
        if !path.contains('%') {
            assert_eq!(text("instance"), path, "{self:?}");
        }
        for name in ["title", "detail", "requestId"] {
            text(name);
        }
        let retry = match code {
            "outcome-unknown" if self.keyed => "now",
            "leased" | "contention" | "too-many-requests" | "unavailable" => "now",
            "stale-version"
            | "already-exists"
            | "gone"
            | "invalid-transition"
            | "not-allowed-in-state"
            | "condition-not-met"
            | "outcome-unknown" => "after-refresh",
            _ => "never",
        };
        assert_eq!(text("retry"), retry, "{self:?}");
        if retry == "now" {
            assert!(self.header("retry-after").is_some(), "{self:?}");
        }
        if let Some(first) = self.body["conflicts"].get(0) {
            assert_eq!(
                first["code"], code,
                "the first conflict names the problem: {self:?}"
            );
        }
    }

    /// Whether it has no body, because `HEAD` asked for none.
    pub(crate) fn is_to_head(&self) -> bool {
        self.request.starts_with("HEAD ")
    }

    /// Passes the reply on if it has this status.
    #[track_caller]
    pub(crate) fn is(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{self:?}");
        self
    }

    /// Passes the reply on if it is this problem.
    #[track_caller]
    pub(crate) fn refused(self, status: u16, code: &str) -> Self {
        assert_eq!(
            (self.status, self["code"].as_str().unwrap_or_default()),
            (status, code),
            "{self:?}"
        );
        self
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .get(name)
            .map(|value| value.to_str().expect("headers are ASCII"))
    }

    /// The `ETag` header's tag, bare.
    #[track_caller]
    pub(crate) fn tag(&self) -> String {
        let header = self
            .header("etag")
            .unwrap_or_else(|| panic!("no ETag: {self:?}"));
        let bare = header
            .strip_prefix('"')
            .and_then(|rest| rest.strip_suffix('"'));
        bare.unwrap_or_else(|| panic!("not a strong tag: {self:?}"))
            .to_owned()
    }

    /// The path in the `Location` header.
    #[track_caller]
    pub(crate) fn location(&self) -> String {
        let location = self
            .header("location")
            .unwrap_or_else(|| panic!("no Location: {self:?}"));
        match location.split_once("://") {
            Some((_, rest)) => rest[rest.find('/').unwrap()..].to_owned(),
            None => location.to_owned(),
        }
    }

    /// The conflicts' codes, in the order told.
    pub(crate) fn conflicts(&self) -> Vec<&str> {
        let conflicts = self["conflicts"].as_array().into_iter().flatten();
        conflicts
            .map(|conflict| conflict["code"].as_str().unwrap())
            .collect()
    }

    /// The first conflict of this code.
    #[track_caller]
    pub(crate) fn conflict(&self, code: &str) -> &Value {
        let mut conflicts = self["conflicts"].as_array().into_iter().flatten();
        let found = conflicts.find(|conflict| conflict["code"] == code);
        found.unwrap_or_else(|| panic!("no conflict {code}: {self:?}"))
    }

    /// The resolutions' relations, in the order told.
    pub(crate) fn rels(&self) -> Vec<&str> {
        let resolutions = self["resolutions"].as_array().into_iter().flatten();
        resolutions
            .map(|resolution| resolution["rel"].as_str().unwrap())
            .collect()
    }

    /// The resolution of this relation.
    #[track_caller]
    pub(crate) fn resolution(&self, rel: &str) -> &Value {
        let mut resolutions = self["resolutions"].as_array().into_iter().flatten();
        let found = resolutions.find(|resolution| resolution["rel"] == rel);
        found.unwrap_or_else(|| panic!("no resolution {rel}: {self:?}"))
    }

    /// Where the errors are, sorted: pointers, headers, parameters.
    pub(crate) fn places(&self) -> Vec<&str> {
        let errors = self["errors"].as_array().into_iter().flatten();
        let mut places: Vec<_> = errors
            .map(|error| {
                assert!(
                    !error["detail"].as_str().unwrap_or_default().is_empty(),
                    "{self:?}"
                );
                let place = ["pointer", "header", "parameter"]
                    .iter()
                    .find_map(|name| error.get(name));
                place
                    .and_then(Value::as_str)
                    .unwrap_or_else(|| panic!("nowhere: {self:?}"))
            })
            .collect();
        places.sort_unstable();
        places
    }

    /// The ids of a list's items.
    pub(crate) fn ids(&self) -> Vec<String> {
        let items = self["items"]
            .as_array()
            .unwrap_or_else(|| panic!("no list: {self:?}"));
        items
            .iter()
            .map(|item| item["id"].as_str().unwrap().to_owned())
            .collect()
    }

    /// The body's members, in the order sent.
    pub(crate) fn members(&self) -> Vec<&str> {
        self.body
            .as_object()
            .unwrap()
            .keys()
            .map(String::as_str)
            .collect()
    }
}

impl Index<&str> for Reply {
    type Output = Value;

    fn index(&self, name: &str) -> &Value {
        &self.body[name]
    }
}

impl std::fmt::Debug for Reply {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let text: String = self.text.chars().take(4000).collect();
        write!(
            f,
            "\n{} -> {}\n{:#?}\n{text}\n",
            self.request, self.status, self.headers
        )
    }
}
