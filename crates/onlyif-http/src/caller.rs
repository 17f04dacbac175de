//! Callers: who asks, by API Gateway's JWT authorizer.

use std::collections::BTreeSet;

use lambda_http::aws_lambda_events::apigw::ApiGatewayV2httpRequestContext;
use onlyif::command::{Caller, Scopes};
use onlyif::problem::{Code, Problem};

use crate::app::Auth;

/// The tenant of a caller without one.
const NO_TENANT: &str = "-";
/// Bytes of a tenant's name at most. It is a part of every key, and a key has 2,048 bytes.
/// <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html#limits-partition-sort-keys>
pub const MAX_TENANT_BYTES: usize = 128;
/// Bytes of an actor's name at most, as OpenID Connect has it for `sub`.
/// <https://openid.net/specs/openid-connect-core-1_0.html#IDToken>
pub const MAX_ACTOR_BYTES: usize = 255;

/// The caller that the request's context names.
///
/// # Errors
/// `unauthenticated` without an authorizer's context, without a `sub` in it, or with a name that is
/// longer than can be kept.
pub fn caller(
    context: Option<&ApiGatewayV2httpRequestContext>,
    auth: Auth,
) -> Result<Caller, Problem> {
    if auth == Auth::None {
        return Ok(Caller {
            actor: "anonymous".to_owned(),
            tenant: NO_TENANT.to_owned(),
            scopes: Scopes::Every,
        });
    }
    let jwt = context
        .and_then(|context| context.authorizer.as_ref())
        .and_then(|authorizer| authorizer.jwt.as_ref());
    let claim = |name: &str| jwt?.claims.get(name).map(String::as_str);
    let Some(actor) = claim("sub").filter(|actor| !actor.is_empty()) else {
        let detail = "Send a bearer token that the API's authorizer accepts in Authorization.";
        return Err(Problem::new(Code::Unauthenticated, detail));
    };
    let tenant = claim("tenant").filter(|name| !name.is_empty());
    let names = [
        ("sub", Some(actor), MAX_ACTOR_BYTES),
        ("tenant", tenant, MAX_TENANT_BYTES),
    ];
    for (name, value, most) in names {
        if value.is_some_and(|value| value.len() > most) {
            let detail = format!(
                "The claim `{name}` of your token is longer than {most} bytes: use another token."
            );
            return Err(Problem::new(Code::Unauthenticated, detail));
        }
    }
    let granted = claim("scope").map(scopes).unwrap_or_default();
    let every = auth == Auth::Local && granted.contains("*");
    Ok(Caller {
        actor: actor.to_owned(),
        tenant: tenant.unwrap_or(NO_TENANT).to_owned(),
        scopes: if every {
            Scopes::Every
        } else {
            Scopes::Only(granted)
        },
    })
}

/// The scopes in a claim: separated by spaces (RFC 8693 §4.2). API Gateway hands an array over as
/// `[a b]`.
fn scopes(claim: &str) -> BTreeSet<String> {
    let inner = claim
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'))
        .unwrap_or(claim);
    inner
        .split(' ')
        .filter(|scope| !scope.is_empty())
        .map(str::to_owned)
        .collect()
}

/// Lets through who was granted any of these scopes.
///
/// # Errors
/// `forbidden`, naming them.
pub fn granted(caller: &Caller, needed: &[String], to: &str) -> Result<(), Problem> {
    if caller.scopes.grant(needed) {
        return Ok(());
    }
    let scopes = needed.join(" or ");
    let detail = format!("To {to} takes the scope {scopes}, which your token does not grant.");
    Err(Problem::new(Code::Forbidden, detail))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn with(claims: serde_json::Value) -> ApiGatewayV2httpRequestContext {
        let context = json!({
            "http": { "method": "GET" },
            "authorizer": { "jwt": { "claims": claims, "scopes": null } },
        });
        serde_json::from_value(context).unwrap()
    }

    fn only(scopes: &[&str]) -> Scopes {
        Scopes::Only(scopes.iter().map(|scope| (*scope).to_owned()).collect())
    }

    #[test]
    fn claims_name_the_actor_the_tenant_and_the_scopes() {
        let table = [
            (json!({ "sub": "alice" }), "-", only(&[])),
            (
                json!({ "sub": "alice", "tenant": "acme", "scope": "a b" }),
                "acme",
                only(&["a", "b"]),
            ),
            (
                json!({ "sub": "alice", "tenant": "", "scope": "[a b]" }),
                "-",
                only(&["a", "b"]),
            ),
            (json!({ "sub": "alice", "scope": "[a]" }), "-", only(&["a"])),
            (
                json!({ "sub": "alice", "scope": "a,b" }),
                "-",
                only(&["a,b"]),
            ),
            (
                json!({ "sub": "alice", "tenant": "acme " }),
                "acme ",
                only(&[]),
            ),
            (json!({ "sub": "alice", "scope": "*" }), "-", only(&["*"])),
        ];
        for (claims, tenant, scopes) in table {
            let context = with(claims);
            let expected = Caller {
                actor: "alice".into(),
                tenant: tenant.into(),
                scopes,
            };
            assert_eq!(caller(Some(&context), Auth::Jwt).unwrap(), expected);
        }
    }

    #[test]
    fn nobody_is_known_without_a_subject() {
        let contexts = [
            None,
            Some(with(json!({}))),
            Some(with(json!({ "sub": "", "scope": "a" }))),
            Some(serde_json::from_value(json!({ "http": { "method": "GET" } })).unwrap()),
        ];
        for context in contexts {
            let problem = caller(context.as_ref(), Auth::Jwt).unwrap_err();
            assert_eq!(problem.code, Code::Unauthenticated);
        }
    }

    #[test]
    fn a_name_that_no_key_could_hold_is_nobodys() {
        let names = |sub: usize, tenant: usize| {
            let claims = json!({ "sub": "s".repeat(sub), "tenant": "t".repeat(tenant) });
            caller(Some(&with(claims)), Auth::Jwt).map_err(|problem| problem.code)
        };
        assert!(names(MAX_ACTOR_BYTES, MAX_TENANT_BYTES).is_ok());
        assert_eq!(names(MAX_ACTOR_BYTES + 1, 1), Err(Code::Unauthenticated));
        assert_eq!(names(1, MAX_TENANT_BYTES + 1), Err(Code::Unauthenticated));
    }

    #[test]
    fn every_scope_is_the_local_servers_to_give_and_that_of_an_open_api() {
        let star = with(json!({ "sub": "alice", "scope": "*" }));
        assert_eq!(
            caller(Some(&star), Auth::Local).unwrap().scopes,
            Scopes::Every
        );
        assert_eq!(caller(None, Auth::None).unwrap().actor, "anonymous");
        assert_eq!(caller(None, Auth::None).unwrap().scopes, Scopes::Every);
    }
}
