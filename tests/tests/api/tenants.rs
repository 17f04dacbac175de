//! Two tenants with the same ids and the same unique values, over generated requests: each is
//! answered as if it were alone.

use serde_json::{Map, Value, json};

use crate::harness::{Actor, Api, Call, Reply};

/// SplitMix64: the same numbers from the same seed.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((z ^ (z >> 31)) % 1_000_000_007).unwrap() % end
    }

    fn one_of<'t>(&mut self, all: &[&'t str]) -> &'t str {
        all[self.below(all.len())]
    }
}

/// One request, as any actor could send it.
#[derive(Clone, Debug)]
struct Asked {
    actor: &'static str,
    method: &'static str,
    path: String,
    body: Option<Value>,
    headers: Vec<(&'static str, String)>,
}

fn ask(numbers: &mut Numbers) -> Asked {
    let id = numbers.one_of(&["a", "b", "c"]);
    let name = numbers.one_of(&["x", "y"]);
    let kind = numbers.one_of(&["accounts", "accounts", "diaries", "letters", "stickers"]);
    let one = format!("/v1/{kind}/{id}");
    let (body, field, first) = match kind {
        "accounts" => (
            json!({"email": format!("{name}@x"), "name": name}),
            "name",
            "suspend",
        ),
        "diaries" => (json!({"title": name}), "title", "lock"),
        "stickers" => {
            let letter = numbers.one_of(&["a", "b", "c"]);
            (json!({ "letter": letter }), "letter", "mark")
        }
        _ => (json!({"subject": name}), "subject", "seal"),
    };
    let any = || ("if-match", "*".to_owned());
    let (method, path, body, headers) = match numbers.below(12) {
        0..=2 => (
            "PUT",
            one,
            Some(body),
            vec![("if-none-match", "*".to_owned())],
        ),
        3 => ("PUT", one, Some(body), vec![any()]),
        4 => ("PATCH", one, Some(json!({field: name})), vec![any()]),
        5 => {
            let tag = format!("\"{}-00000000\"", 1 + numbers.below(3));
            (
                "PATCH",
                one,
                Some(json!({field: name})),
                vec![("if-match", tag)],
            )
        }
        6 => ("POST", format!("{one}/transitions/{first}"), None, vec![]),
        7 => {
            let key = ("idempotency-key", numbers.one_of(&["k", "l"]).to_owned());
            ("DELETE", one, None, vec![any(), key])
        }
        8 => ("DELETE", one, None, vec![any()]),
        9 => ("GET", one, None, vec![]),
        10 => (
            "GET",
            format!("/v1/{kind}?limit={}", 1 + numbers.below(3)),
            None,
            vec![],
        ),
        _ => (
            "GET",
            format!("/v1/{kind}?{}={name}", query(kind)),
            None,
            vec![],
        ),
    };
    Asked {
        actor: numbers.one_of(&["alice", "bob"]),
        method,
        path,
        body,
        headers,
    }
}

fn query(kind: &str) -> &'static str {
    match kind {
        "accounts" => "name",
        "diaries" => "title",
        "stickers" => "letter",
        _ => "subject",
    }
}

/// The same request by somebody of this tenant, whose name says so.
fn call(api: &Api, tenant: &str, asked: &Asked) -> Call {
    let sub = format!("{}-of-{tenant}", asked.actor);
    let actor: Actor = api.claims(&json!({"sub": sub, "tenant": tenant, "scope": ""}));
    let method = asked.method.parse().unwrap();
    let call = match &asked.body {
        Some(body) => actor.call(method, &asked.path, body.clone()),
        None => actor.call(method, &asked.path, ()),
    };
    let headers = asked.headers.iter();
    headers.fold(call, |call, (name, value)| call.header(name, value))
}

/// What a reply says, whenever and under whichever incarnation it is said.
fn steady(reply: &Reply) -> (u16, Option<&str>, Value) {
    let replayed = reply.header("idempotent-replayed");
    (reply.status, replayed, without_what_is_drawn(&reply.body))
}

fn without_what_is_drawn(value: &Value) -> Value {
    const DRAWN: [&str; 12] = [
        "etag",
        "current",
        "createdAt",
        "updatedAt",
        "changedAt",
        "deletedAt",
        "since",
        "type",
        "detail",
        "requestId",
        "next",
        "If-Match",
    ];
    match value {
        Value::Object(members) => {
            let kept = members.iter().filter(|(name, value)| {
                // The resource as it is now is compared too; a tag is not.
                !DRAWN.contains(&name.as_str()) || (*name == "current" && value.is_object())
            });
            let kept = kept.map(|(name, value)| (name.clone(), without_what_is_drawn(value)));
            Value::Object(kept.collect::<Map<_, _>>())
        }
        Value::Array(elements) => elements.iter().map(without_what_is_drawn).collect(),
        other => other.clone(),
    }
}

#[tokio::test]
async fn a_tenant_is_answered_as_if_it_were_alone() {
    let mut statuses = std::collections::BTreeSet::new();
    for seed in 1..=3 {
        let (shared, alone) = (Api::start().await, Api::start().await);
        let mut numbers = Numbers(seed);
        for step in 0..250 {
            // The other tenant does something else at every step, to the same names.
            let other = ask(&mut numbers);
            let answer = call(&shared, "blue", &other).await;
            assert!(
                !answer.text.contains("of-red"),
                "{seed}/{step} {other:?}: {answer:?}"
            );
            let asked = ask(&mut numbers);
            let answer = call(&shared, "red", &asked).await;
            assert!(
                !answer.text.contains("of-blue"),
                "{seed}/{step} {asked:?}: {answer:?}"
            );
            let expected = call(&alone, "red", &asked).await;
            assert_eq!(
                steady(&answer),
                steady(&expected),
                "{seed}/{step} {asked:?}"
            );
            statuses.insert((asked.method, answer.status));
        }
    }
    for met in [
        ("PUT", 201),
        ("PUT", 409),
        ("PATCH", 200),
        ("GET", 410),
        ("DELETE", 204),
        ("DELETE", 409),
    ] {
        assert!(statuses.contains(&met), "{met:?} is not met: {statuses:?}");
    }
}
