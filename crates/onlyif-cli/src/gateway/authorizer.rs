//! Who calls, in the place of API Gateway's JWT authorizer.
//!
//! No `Authorization` is the actor `local`, and `Bearer alice` is `alice`, both with every scope.
//! A token of three parts with dots between is read as a JSON Web Token; its signature is not
//! checked, and its claims count.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::HeaderValue;
use serde_json::{Map, Value};

/// The actor of a request without `Authorization`.
pub const LOCAL: &str = "local";

/// What the event says of the caller: `requestContext.authorizer`.
pub type Authorizer = Value;

/// The caller that this header names; `None` where API Gateway would answer 401.
pub fn authorize(authorization: Option<&HeaderValue>) -> Option<Authorizer> {
    let Some(header) = authorization else {
        return Some(trusted(LOCAL));
    };
    let text = header.to_str().ok()?.trim();
    let bearer = text
        .split_once(' ')
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
        .map(|(_, token)| token.trim());
    let parts: Vec<&str> = bearer.unwrap_or(text).split('.').collect();
    match (bearer, parts.as_slice()) {
        // API Gateway takes a token with or without the scheme.
        (_, [_, payload, _]) => claims(payload),
        (Some(actor), _) if !actor.is_empty() && !actor.contains(' ') => Some(trusted(actor)),
        _ => None,
    }
}

/// An actor who may do everything.
fn trusted(actor: &str) -> Authorizer {
    serde_json::json!({ "jwt": { "claims": { "sub": actor, "scope": "*" }, "scopes": null } })
}

/// The claims of a token's payload, each as a text, which is how API Gateway hands them over.
fn claims(payload: &str) -> Option<Authorizer> {
    let bytes = URL_SAFE_NO_PAD.decode(payload.trim_end_matches('=')).ok()?;
    let claims: Map<String, Value> = serde_json::from_slice(&bytes).ok()?;
    let texts: Map<String, Value> = claims
        .into_iter()
        .map(|(name, value)| (name, Value::String(text(&value))))
        .collect();
    Some(serde_json::json!({ "jwt": { "claims": texts, "scopes": null } }))
}

/// A claim's value as API Gateway writes it: an array is `[a b]`, an object `map[k:v]`.
fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(values) => {
            let texts: Vec<String> = values.iter().map(text).collect();
            format!("[{}]", texts.join(" "))
        }
        Value::Object(members) => {
            let texts: Vec<String> = members
                .iter()
                .map(|(name, value)| format!("{name}:{}", text(value)))
                .collect();
            format!("map[{}]", texts.join(" "))
        }
        Value::Null => "<nil>".to_owned(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn claims_of(authorization: Option<&str>) -> Option<Value> {
        let header = authorization.map(|text| HeaderValue::from_str(text).unwrap());
        Some(authorize(header.as_ref())?["jwt"]["claims"].clone())
    }

    fn token(payload: &str) -> String {
        format!(
            "eyJhbGciOiJub25lIn0.{}.unchecked",
            URL_SAFE_NO_PAD.encode(payload)
        )
    }

    #[test]
    fn a_name_is_an_actor_with_every_scope() {
        let cases = [
            (None, "local"),
            (Some("Bearer alice"), "alice"),
            (Some("bearer   bob "), "bob"),
            (Some("Bearer a.b"), "a.b"),
            (Some("Bearer alice@example.com"), "alice@example.com"),
        ];
        for (header, actor) in cases {
            assert_eq!(
                claims_of(header),
                Some(json!({ "sub": actor, "scope": "*" })),
                "{header:?}"
            );
        }
    }

    #[test]
    fn a_token_of_three_parts_is_read_and_its_claims_are_texts() {
        let payload = r#"{"sub":"carol","tenant":"acme","scope":"a b","groups":["x","y"],"exp":1714747837,"ok":true,"at":{"k":1}}"#;
        let expected = json!({
            "sub": "carol", "tenant": "acme", "scope": "a b", "groups": "[x y]",
            "exp": "1714747837", "ok": "true", "at": "map[k:1]",
        });
        for header in [format!("Bearer {}", token(payload)), token(payload)] {
            assert_eq!(claims_of(Some(&header)), Some(expected.clone()), "{header}");
        }
    }

    #[test]
    fn what_is_no_token_is_refused() {
        let broken = token("not json");
        for header in [
            "",
            "Bearer",
            "Bearer ",
            "Basic YTpi",
            "alice",
            "Bearer a b",
            "Bearer a.b.c",
            &broken,
        ] {
            assert_eq!(claims_of(Some(header)), None, "{header:?}");
        }
    }
}
