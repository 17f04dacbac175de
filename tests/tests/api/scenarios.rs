//! Stories of the examples that have no file of their own: orders, documents, accounts, machines.

use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::harness::{Api, Call, Reply, rivals};

const CLIENTS: usize = 16;

fn go(api: &Api, who: &str, resource: &str, transition: &str) -> Call {
    let path = format!("/v1/{resource}/transitions/{transition}");
    match transition {
        "pay" => api.bearer(who).post(&path, json!({"payment": "p-1"})),
        "suspend" => api.bearer(who).post(&path, json!({"reason": "spam"})),
        _ => api.bearer(who).post(&path, ()),
    }
}

async fn order(api: &Api) {
    let order = json!({"customer": "c-bob", "lines": [{"product": "mug", "quantity": 1}]});
    api.bob().create("/v1/orders/o", order).await.is(201);
}

#[tokio::test]
async fn an_order_does_not_ship_before_it_is_paid() {
    let api = Api::of_examples().await;
    order(&api).await;
    let refused = go(&api, "warehouse", "orders/o", "ship").await;
    let refused = refused.refused(409, "invalid-transition");
    let conflict = refused.conflict("invalid-transition");
    assert_eq!(
        (&conflict["state"], &conflict["by"]),
        (&json!("pending"), &json!("bob"))
    );
    assert_eq!(
        (&conflict["from"], &conflict["path"]),
        (&json!(["paid"]), &json!(["pay"]))
    );
    assert_eq!(conflict["allowed"], json!(["pay", "cancel"]));
    assert!(refused["current"].get("shippedAt").is_none());
    // What is told leads there.
    let pay = refused.resolution("transition");
    let input = json!({"payment": "p-1"});
    api.bob().follow_with(pay, Some(&input)).await.is(200);
    go(&api, "warehouse", "orders/o", "ship").await.is(200);
}

#[tokio::test]
async fn an_order_that_shipped_is_not_cancelled() {
    let api = Api::of_examples().await;
    order(&api).await;
    go(&api, "bob", "orders/o", "pay").await.is(200);
    let shipped = go(&api, "warehouse", "orders/o", "ship").await.is(200);
    let refused = go(&api, "bob", "orders/o", "cancel").await;
    let refused = refused.refused(409, "invalid-transition");
    assert_eq!(
        refused["conflicts"],
        json!([{
            "code": "invalid-transition",
            "transition": "cancel",
            "state": "shipped",
            "from": ["pending", "paid"],
            "since": shipped["shippedAt"],
            "by": "warehouse",
            "allowed": ["deliver"],
        }])
    );
    assert!(refused.rels().is_empty(), "no way leads back");
    api.bob()
        .delete("/v1/orders/o")
        .if_any()
        .await
        .refused(409, "not-allowed-in-state");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_those_who_ship_and_cancel_one_order_at_once_one_does() {
    let api = Api::of_examples().await;
    order(&api).await;
    go(&api, "bob", "orders/o", "pay").await.is(200);
    let mut everyone = JoinSet::new();
    for n in 0..CLIENTS {
        let transition = if n % 2 == 0 { "ship" } else { "cancel" };
        let call = go(&api, &format!("client-{n}"), "orders/o", transition);
        everyone.spawn(async move { call.await });
    }
    let (won, lost): (Vec<Reply>, Vec<Reply>) = everyone
        .join_all()
        .await
        .into_iter()
        .partition(|reply| reply.status == 200);
    assert_eq!((won.len(), lost.len()), (1, CLIENTS - 1));
    for reply in lost {
        let refused = reply.refused(409, "invalid-transition");
        let conflict = refused.conflict("invalid-transition");
        assert_eq!(conflict["state"], won[0]["state"]);
        assert_eq!(conflict["by"], won[0]["updatedBy"]);
    }
}

#[tokio::test]
async fn of_two_who_edit_a_document_neither_loses_anything() {
    let api = Api::of_examples().await;
    let sections = json!({"now": "a", "next": "b"});
    let document = json!({"title": "Roadmap", "sections": sections});
    let read = api
        .carol()
        .create("/v1/documents/d", document)
        .await
        .is(201);
    let edit = |who: &str, change: Value| {
        let edit = api.bearer(who).patch("/v1/documents/d", change);
        edit.if_match(&read.tag())
    };
    // Other fields: both are there.
    edit("bob", json!({"sections": {"now": "by bob"}}))
        .await
        .is(200);
    let merged = edit("alice", json!({"sections": {"next": "by alice"}})).await;
    let merged = merged.is(200);
    assert_eq!(merged.header("preference-applied"), Some("conflict=merge"));
    assert_eq!(
        merged["sections"],
        json!({"now": "by bob", "next": "by alice"})
    );
    // The same field: alice is told, and decides.
    let refused = edit("alice", json!({"sections": {"now": "by alice"}})).await;
    let refused = refused.refused(409, "stale-version");
    let conflict = refused.conflict("stale-version");
    assert_eq!(conflict["mergeable"], false);
    let told: Vec<_> = conflict["fields"]
        .as_array()
        .unwrap()
        .iter()
        .map(|field| (&field["pointer"], &field["changedBy"], &field["overlaps"]))
        .collect();
    let (now, next) = (json!("/sections/now"), json!("/sections/next"));
    assert_eq!(
        told,
        [
            (&next, &json!("alice"), &json!(false)),
            (&now, &json!("bob"), &json!(true)),
        ]
    );
    assert_eq!(refused.rels(), ["overwrite", "discard"]);
    let alice = api.alice();
    let decided = alice.follow(refused.resolution("overwrite")).await.is(200);
    assert_eq!(
        decided["sections"],
        json!({"now": "by alice", "next": "by alice"})
    );
    // Deleted meanwhile, and created anew under the same id: no edit of the old one reaches it.
    api.bob()
        .delete("/v1/documents/d")
        .if_match(&decided.tag())
        .await
        .is(204);
    let refused = edit("alice", json!({"title": "Mine"}))
        .await
        .refused(410, "gone");
    assert_eq!(refused.conflict("gone")["deletedBy"], "bob");
    let other = json!({"title": "Another"});
    api.carol().create("/v1/documents/d", other).await.is(201);
    let refused = edit("alice", json!({"summary": "Mine"})).await;
    let refused = refused.refused(409, "stale-version");
    assert_eq!(refused.conflict("stale-version")["mergeable"], false);
    assert_eq!(refused["current"]["title"], "Another");
}

#[tokio::test]
async fn an_account_has_its_e_mail_alone_however_it_is_written() {
    let api = Api::of_examples().await;
    let sign_up = |id: &str, email: &str| {
        let account = json!({"email": email, "userName": id});
        api.bearer(id)
            .create(&format!("/v1/accounts/{id}"), account)
    };
    sign_up("ada", "ada@example.org").await.is(201);
    for email in ["ada@example.org", "ADA@example.ORG", "  Ada@Example.org "] {
        let refused = sign_up("eve", email).await.refused(409, "duplicate");
        let conflict = json!({
            "code": "duplicate",
            "constraint": "email",
            "fields": [{"pointer": "/email", "value": email}],
        });
        assert_eq!(refused["conflicts"], json!([conflict]), "and nobody's name");
        assert!(refused.rels().is_empty());
    }
    // What its owner wrote is what its owner reads.
    let eve = sign_up("eve", " Eve@Example.org ").await.is(201);
    assert_eq!(eve["email"], " Eve@Example.org ");
    let change = api
        .bearer("ada")
        .patch("/v1/accounts/ada", json!({"email": "EVE@example.org"}));
    change.if_any().await.refused(409, "duplicate");
}

#[tokio::test]
async fn an_account_is_activated_once_and_not_deleted_while_it_is_suspended() {
    let api = Api::of_examples().await;
    let account = json!({"email": "ada@example.org", "userName": "ada"});
    api.bearer("ada")
        .create("/v1/accounts/ada", account)
        .await
        .is(201);
    let active = go(&api, "ada", "accounts/ada", "activate").await.is(200);
    let refused = go(&api, "ada", "accounts/ada", "activate").await;
    let refused = refused.refused(409, "invalid-transition");
    let conflict = refused.conflict("invalid-transition");
    assert_eq!(
        (&conflict["state"], &conflict["by"]),
        (&json!("active"), &json!("ada"))
    );
    assert_eq!(conflict["since"], active["activatedAt"]);

    go(&api, "moderator", "accounts/ada", "suspend")
        .await
        .is(200);
    let delete = || api.bearer("ada").delete("/v1/accounts/ada");
    // The tag is old too; both are told.
    let refused = delete()
        .if_match(&active.tag())
        .await
        .refused(409, "stale-version");
    assert_eq!(
        refused.conflicts(),
        ["stale-version", "not-allowed-in-state"]
    );
    let refused = delete().if_any().await.refused(409, "not-allowed-in-state");
    let conflict = json!({
        "code": "not-allowed-in-state",
        "operation": "delete",
        "state": "suspended",
        "allowedIn": ["new", "active"],
    });
    assert_eq!(refused["conflicts"], json!([conflict]));
    go(&api, "moderator", "accounts/ada", "reactivate")
        .await
        .is(200);
    delete().if_any().await.is(204);
}

#[tokio::test]
async fn a_machines_name_is_its_own_in_its_region_and_free_in_another() {
    let api = Api::of_examples().await;
    let machine = |id: &str, name: &str, region: &str| {
        let machine = json!({"name": name, "region": region});
        api.alice().create(&format!("/v1/machines/{id}"), machine)
    };
    machine("m-1", "web-1", "eu-north").await.is(201);
    let refused = machine("m-2", "Web-1", "eu-north").await;
    let refused = refused.refused(409, "duplicate");
    let conflict = json!({
        "code": "duplicate",
        "constraint": "name-per-region",
        "fields": [{"pointer": "/region", "value": "eu-north"}, {"pointer": "/name", "value": "Web-1"}],
        "holder": "/v1/machines/m-1",
    });
    assert_eq!(refused["conflicts"], json!([conflict]));
    machine("m-2", "web-1", "us-east").await.is(201);
    // It does not move to where its name is taken, and frees it where it leaves.
    let relocate = |id: &str, region: &str| {
        let path = format!("/v1/machines/{id}");
        api.alice().patch(&path, json!({"region": region})).if_any()
    };
    relocate("m-2", "eu-north").await.refused(409, "duplicate");
    relocate("m-1", "ap-south").await.is(200);
    relocate("m-2", "eu-north").await.is(200);
    machine("m-3", "web-1", "us-east").await.is(201);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_machines_named_at_once_each_region_has_one() {
    let api = Api::of_examples().await;
    let mut clients = JoinSet::new();
    for n in 0..rivals(CLIENTS) {
        let region = if n % 2 == 0 { "eu-north" } else { "us-east" };
        let machine = json!({"name": "web-1", "region": region});
        let named = api
            .bearer(&format!("client-{n}"))
            .post("/v1/machines", machine);
        clients.spawn(async move { named.await });
    }
    let (won, lost): (Vec<Reply>, Vec<Reply>) = clients
        .join_all()
        .await
        .into_iter()
        .partition(|reply| reply.status == 201);
    let mut regions: Vec<&str> = won
        .iter()
        .map(|reply| reply["region"].as_str().unwrap())
        .collect();
    regions.sort_unstable();
    assert_eq!(regions, ["eu-north", "us-east"]);
    for reply in lost {
        reply.refused(409, "duplicate");
    }
}
