//! `GET /v1/{type}`

use serde_json::json;

use crate::harness::{Actor, Api, Reply};

/// Sixty orders in three states: `o-00` to `o-59`.
async fn sixty(api: &Api) -> Vec<String> {
    let alice = api.alice();
    let mut ids = Vec::new();
    for n in 0..60 {
        let id = format!("o-{n:02}");
        let path = format!("/v1/orders/{id}");
        let order = json!({"customer": format!("c-{}", n % 7), "reference": id, "lines": ["a"]});
        alice
            .create(&path, order)
            .prefer("return=minimal")
            .await
            .is(201);
        if n % 3 == 1 {
            alice
                .post(&format!("{path}/transitions/cancel"), ())
                .await
                .is(200);
        } else if n % 3 == 2 {
            let input = json!({"payment": "card", "amount": 1});
            alice
                .post(&format!("{path}/transitions/pay"), input)
                .await
                .is(200);
        }
        ids.push(id);
    }
    ids
}

/// All the pages from this one on: their ids, and how many pages.
async fn walk(actor: &Actor, path: &str) -> (Vec<String>, usize) {
    let mut page = actor.get(path).await.is(200);
    let mut ids = page.ids();
    let mut pages = 1;
    while let Some(next) = page.body.get("next") {
        let separator = if path.contains('?') { '&' } else { '?' };
        let cursor = next.as_str().unwrap();
        assert!(
            linked(&page).contains(cursor),
            "the Link leads to the same page: {page:?}"
        );
        page = actor
            .get(&format!("{path}{separator}cursor={cursor}"))
            .await
            .is(200);
        ids.extend(page.ids());
        pages += 1;
        assert!(pages < 100, "no end");
    }
    assert_eq!(page.header("link"), None, "nothing follows the last page");
    (ids, pages)
}

/// The target of the `Link` to the next page.
fn linked(page: &Reply) -> String {
    let link = page
        .header("link")
        .unwrap_or_else(|| panic!("no Link: {page:?}"));
    let (target, rest) = link
        .strip_prefix('<')
        .and_then(|link| link.split_once('>'))
        .unwrap();
    assert_eq!(rest.trim_start_matches([';', ' ']), r#"rel="next""#);
    let path = target.find("/v1/").unwrap();
    target[path..].to_owned()
}

#[tokio::test]
async fn a_walk_over_all_states_meets_every_resource_once_and_in_order() {
    let api = Api::start().await;
    let all = sixty(&api).await;
    for (limit, least) in [
        ("?limit=7", 9),
        ("?limit=1", 60),
        ("?limit=60", 1),
        ("?limit=100", 1),
        ("", 3),
    ] {
        let (ids, pages) = walk(&api.alice(), &format!("/v1/orders{limit}")).await;
        assert_eq!(ids, all, "{limit}");
        assert!(pages >= least, "{limit}: {pages}");
    }
    let first = api.alice().get("/v1/orders").await.is(200);
    assert!(first.ids().len() <= 25, "the default limit");
    let second = api.alice().get(&linked(&first)).await.is(200);
    assert_eq!(second.ids(), all[first.ids().len()..][..second.ids().len()]);
}

#[tokio::test]
async fn a_state_narrows_the_walk() {
    let api = Api::start().await;
    let all = sixty(&api).await;
    for (state, rest) in [
        ("pending", 0),
        ("cancelled", 1),
        ("paid", 2),
        ("shipped", 3),
    ] {
        let expected: Vec<_> = (0..60)
            .filter(|n| n % 3 == rest)
            .map(|n| all[n].clone())
            .collect();
        let (ids, _) = walk(&api.alice(), &format!("/v1/orders?state={state}&limit=6")).await;
        assert_eq!(ids, expected, "{state}");
    }
}

#[tokio::test]
async fn items_are_the_resources_as_they_are_read() {
    let api = Api::start().await;
    let created = api
        .alice()
        .create("/v1/products/p-1", json!({"name": "n", "stock": 1}))
        .await
        .is(201);
    let list = api.bob().get("/v1/products").await.is(200);
    assert_eq!(list.text, format!(r#"{{"items":[{}]}}"#, created.text));
    assert_eq!(list.header("content-type"), Some("application/json"));
    let empty = api.bob().get("/v1/documents").await.is(200);
    assert_eq!(empty.text, r#"{"items":[]}"#);
}

#[tokio::test]
async fn what_is_deleted_is_not_listed() {
    let api = Api::start().await;
    for id in ["p-1", "p-2"] {
        api.alice()
            .create(
                &format!("/v1/products/{id}"),
                json!({"name": "n", "stock": 1}),
            )
            .await
            .is(201);
    }
    api.alice()
        .delete("/v1/products/p-1")
        .if_any()
        .await
        .is(204);
    assert_eq!(api.alice().get("/v1/products").await.is(200).ids(), ["p-2"]);
}

#[tokio::test]
async fn a_unique_constraints_fields_find_its_holder() {
    let api = Api::start().await;
    sixty(&api).await;
    let ada = json!({"email": "Ada@example.org", "name": "ada"});
    api.alice().create("/v1/accounts/a-1", ada).await.is(201);
    for (query, found) in [
        ("accounts?email=ada@example.org", vec!["a-1"]),
        ("accounts?email=%20ADA%40example.org", vec!["a-1"]),
        ("accounts?name=ada", vec!["a-1"]),
        ("accounts?name=Ada", vec![]),
        ("accounts?email=b@x", vec![]),
        ("orders?customer=c-3&reference=o-03", vec!["o-03"]),
        ("orders?reference=o-03&customer=c-3", vec!["o-03"]),
        ("orders?customer=c-4&reference=o-03", vec![]),
    ] {
        let list = api.alice().get(&format!("/v1/{query}")).await.is(200);
        assert_eq!(list.ids(), found, "{query}");
        assert!(list.body.get("next").is_none());
    }
    api.alice()
        .delete("/v1/accounts/a-1")
        .if_any()
        .await
        .is(204);
    let list = api
        .alice()
        .get("/v1/accounts?email=ada@example.org")
        .await
        .is(200);
    assert!(list.ids().is_empty(), "a deleted holder holds nothing");
}

#[tokio::test]
async fn what_a_list_does_not_take_is_named() {
    let api = Api::start().await;
    for (query, parameter) in [
        ("limit=0", "limit"),
        ("limit=101", "limit"),
        ("limit=-1", "limit"),
        ("limit=ten", "limit"),
        ("limit=%2B5", "limit"),
        ("limit=", "limit"),
        ("cursor=nonsense", "cursor"),
        ("cursor=", "cursor"),
        ("state=lost", "state"),
        ("state=", "state"),
        ("color=red", "color"),
        ("customer=c-1", "customer"),
        ("Limit=5", "Limit"),
    ] {
        let refused = api
            .alice()
            .get(&format!("/v1/orders?{query}"))
            .await
            .refused(400, "malformed-request");
        assert_eq!(refused.places(), [parameter], "{query}");
    }
    let refused = api
        .alice()
        .get("/v1/orders?limit=0&color=red&state=lost")
        .await
        .is(400);
    assert_eq!(refused.places(), ["color", "limit", "state"]);
    api.alice()
        .get("/v1/products?state=pending")
        .await
        .refused(400, "malformed-request");
    api.alice()
        .get("/v1/nothings?limit=0")
        .await
        .refused(404, "not-found");
}

#[tokio::test]
async fn a_cursor_is_bound_to_tenant_type_and_filter() {
    let api = Api::start().await;
    sixty(&api).await;
    for n in 0..3 {
        api.alice()
            .create(
                &format!("/v1/products/p-{n}"),
                json!({"name": "n", "stock": 1}),
            )
            .await
            .is(201);
    }
    let cursor_of = async |path: &str| {
        api.alice().get(path).await.is(200)["next"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    let all = cursor_of("/v1/orders?limit=2").await;
    let pending = cursor_of("/v1/orders?limit=2&state=pending").await;
    let stranger = api.claims(&json!({"sub": "alice", "tenant": "other"}));
    for (actor, path, cursor) in [
        (api.alice(), "/v1/products?limit=2", &all),
        (api.alice(), "/v1/orders?limit=2&state=pending", &all),
        (api.alice(), "/v1/orders?limit=2&state=paid", &pending),
        (api.alice(), "/v1/orders?limit=2", &pending),
        (stranger, "/v1/orders?limit=2", &all),
    ] {
        let refused = actor
            .get(&format!("{path}&cursor={cursor}"))
            .await
            .refused(400, "malformed-request");
        assert_eq!(refused.places(), ["cursor"], "{path}");
    }
    api.bob()
        .get(&format!("/v1/orders?limit=3&cursor={all}"))
        .await
        .is(200);
}
