//! `access: { …: owner }`: what is left to who created it, and what others learn of it.

use std::fs;

use serde_json::{Value, json};

use crate::harness::{Api, Call, Reply};

fn titled(title: &str) -> Value {
    json!({"title": title})
}

/// What a refusal says, whatever the id is.
fn told(reply: &Reply, id: &str) -> Value {
    let mut body = reply.body.clone();
    body["requestId"] = Value::Null;
    let text = body.to_string().replace(id, "ID");
    serde_json::from_str(&text).unwrap()
}

#[tokio::test]
async fn what_another_created_is_not_there() {
    let api = Api::start().await;
    let (alice, bob) = (api.alice(), api.bob());
    for id in ["hers", "lost"] {
        let created = alice
            .create(&format!("/v1/diaries/{id}"), titled(id))
            .await
            .is(201);
        assert_eq!(created["createdBy"], "alice");
    }
    alice.delete("/v1/diaries/lost").if_any().await.is(204);
    for tail in ["", "/transitions", "/history"] {
        let path = |id: &str| format!("/v1/diaries/{id}{tail}");
        let nothing = bob.get(&path("none")).await.refused(404, "not-found");
        for id in ["hers", "lost"] {
            let refused = bob.get(&path(id)).await.refused(404, "not-found");
            assert_eq!(told(&refused, id), told(&nothing, "none"), "{id}");
            assert_eq!(refused.header("etag"), None);
            bob.get(&path(id))
                .header("if-match", "\"1-x\"")
                .await
                .is(404);
            bob.get(&path(id))
                .header("if-none-match", "*")
                .await
                .is(404);
            bob.head(&path(id)).await.is(404);
        }
        alice.get(&path("hers")).await.is(200);
        let gone = alice.get(&path("lost")).await;
        if tail == "/history" {
            // What is gone has one, for its creator.
            gone.is(200);
        } else {
            let gone = gone.refused(410, "gone");
            assert_eq!(gone.conflict("gone")["deletedBy"], "alice");
        }
    }
    assert!(bob.get("/v1/diaries").await.is(200).ids().is_empty());
    assert_eq!(alice.get("/v1/diaries").await.is(200).ids(), ["hers"]);
    let of = |title: &str| format!("/v1/diaries?title={title}");
    assert!(bob.get(&of("hers")).await.is(200).ids().is_empty());
    assert_eq!(alice.get(&of("hers")).await.is(200).ids(), ["hers"]);
    // An id that is free again is whose it is next.
    bob.create("/v1/diaries/lost", titled("b")).await.is(201);
    bob.get("/v1/diaries/lost").await.is(200);
    alice
        .get("/v1/diaries/lost")
        .await
        .refused(404, "not-found");
}

#[tokio::test]
async fn a_list_of_many_holds_the_callers_own() {
    let api = Api::start().await;
    let mut own = Vec::new();
    for n in 0..40 {
        let id = format!("d-{n:02}");
        // One in eight is bob's.
        let actor = if n % 8 == 5 { api.bob() } else { api.alice() };
        let path = format!("/v1/diaries/{id}");
        actor.create(&path, titled(&id)).await.is(201);
        if n % 3 == 0 {
            actor
                .post(&format!("{path}/transitions/lock"), ())
                .await
                .is(200);
        }
        if n % 8 == 5 {
            own.push(id);
        }
    }
    for limit in [1, 3, 100] {
        let mut ids = Vec::new();
        let mut cursor = String::new();
        loop {
            let path = format!("/v1/diaries?limit={limit}{cursor}");
            let page = api.bob().get(&path).await.is(200);
            assert!(page.ids().len() <= limit, "{page:?}");
            assert!(!page.text.contains("alice"), "{page:?}");
            ids.extend(page.ids());
            match page.body.get("next") {
                Some(next) => cursor = format!("&cursor={}", next.as_str().unwrap()),
                None => break,
            }
        }
        assert_eq!(ids, own, "{limit}");
    }
}

#[tokio::test]
async fn only_who_created_it_may_and_another_is_told_so_after_410_and_before_428() {
    let api = Api::start().await;
    let (alice, bob) = (api.alice(), api.bob());
    for name in ["diaries", "boards"] {
        let path = format!("/v1/{name}/x");
        let to = |transition: &str| format!("{path}/transitions/{transition}");
        let first = if name == "boards" { "publish" } else { "lock" };
        let calls = |bob: &crate::harness::Actor| {
            [
                (bob.put(&path, titled("b")), "update it"),
                (bob.put(&path, titled("b")).if_any(), "update it"),
                (bob.put(&path, json!({"title": 1})).if_any(), "update it"),
                (bob.patch(&path, titled("b")), "update it"),
                (bob.patch(&path, titled("b")).if_match("1-x"), "update it"),
                (bob.patch(&path, titled("b")).prefer("dry-run"), "update it"),
                (bob.delete(&path), "delete it"),
                (bob.delete(&path).if_any(), "delete it"),
                (bob.delete(&path).if_any().prefer("dry-run"), "delete it"),
                (bob.delete(&path).if_match("1-x"), "delete it"),
                (bob.post(&to(first), ()), "request"),
                (bob.post(&to(first), json!({"a": 1})), "request"),
                (bob.post(&to(first), ()).if_match("1-x"), "request"),
                (
                    bob.post(&to(first), ()).header("idempotency-key", "k"),
                    "request",
                ),
            ]
        };
        for (call, _) in calls(&bob) {
            call.await.refused(404, "not-found");
        }
        let created = alice.create(&path, titled("a")).await.is(201);
        for (call, act) in calls(&bob) {
            let refused = call.await.refused(403, "forbidden");
            let detail = refused["detail"].as_str().unwrap();
            let expected = format!("Only who created {name}/x may {act}");
            assert!(detail.starts_with(&expected), "{refused:?}");
            // Everybody may read a board.
            assert_eq!(refused.body.get("current").is_some(), name == "boards");
            assert_eq!(refused.header("etag").is_some(), name == "boards");
        }
        // A key that was refused has recorded nothing.
        assert_eq!(alice.get(&path).await.is(200).text, created.text);
        for (call, status) in [
            (alice.put(&path, titled("c")), 428),
            (alice.put(&path, titled("c")).if_any(), 200),
            (alice.patch(&path, titled("d")).if_any(), 200),
            (alice.post(&to(first), ()), 200),
            (alice.delete(&path), 428),
            (alice.delete(&path).if_any(), 204),
        ] {
            call.await.is(status);
        }
        for (call, _) in calls(&bob) {
            let gone = call.await.refused(410, "gone");
            let tells = gone.conflict("gone").get("deletedBy").is_some();
            assert_eq!(tells, name == "boards", "{gone:?}");
        }
    }
}

#[tokio::test]
async fn what_is_legal_for_a_caller_depends_on_who_created_it() {
    let api = Api::start().await;
    let with = |sub: &str, scope: &str| api.claims(&json!({"sub": sub, "scope": scope}));
    let (alice, bob) = (with("alice", ""), with("bob", "boards.report"));
    let path = "/v1/boards/b";
    alice.create(path, titled("b")).await.is(201);
    let to = |transition: &str| format!("{path}/transitions/{transition}");
    for (actor, legal) in [(&alice, "publish"), (&bob, "report")] {
        let listed = actor.get(&format!("{path}/transitions")).await.is(200);
        let names: Vec<_> = listed["transitions"].as_array().unwrap().iter().collect();
        assert_eq!(names.len(), 1, "{listed:?}");
        assert_eq!(names[0]["name"], legal);
    }
    // Neither has a way to `remove` alone: one may report, the other may remove.
    let refused = alice
        .post(&to("remove"), ())
        .await
        .refused(409, "invalid-transition");
    let conflict = refused.conflict("invalid-transition");
    assert_eq!(conflict["allowed"], json!(["publish"]));
    assert_eq!(conflict.get("path"), None);
    assert_eq!(refused.rels(), Vec::<&str>::new());
    let both = with("alice", "boards.report");
    let refused = both
        .post(&to("remove"), ())
        .await
        .refused(409, "invalid-transition");
    let conflict = refused.conflict("invalid-transition");
    assert_eq!(conflict["allowed"], json!(["publish", "report"]));
    assert_eq!(conflict["path"], json!(["report"]));
    bob.post(&to("remove"), ()).await.refused(403, "forbidden");
    both.follow(refused.resolution("transition")).await.is(200);
    alice.post(&to("remove"), ()).await.is(200);
    // Scopes are no way around it.
    with("carol", "boards.write boards.report")
        .delete(path)
        .if_any()
        .await
        .refused(403, "forbidden");
}

/// The members of a conflict that only who may read the resource is told, by its code.
fn secrets(code: &str) -> &'static [&'static str] {
    match code {
        "gone" => &["deletedBy", "deletedAt", "version"],
        "stale-version" => &["current", "changedBy", "changedAt", "mergeable"],
        "duplicate" => &["holder"],
        "invalid-transition" => &["state", "since", "by", "allowed"],
        "not-allowed-in-state" => &["state"],
        "condition-not-met" => &["actual"],
        _ => &[],
    }
}

#[tokio::test]
async fn every_conflict_hides_another_s_resource_from_who_may_change_it_but_not_read_it() {
    for owner in ["alice", "bob"] {
        let api = Api::start().await;
        let bob = api.bob();
        let hidden = json!({"subject": "hidden-subject", "text": "hidden-text", "stamps": 0});
        let creator = api.bearer(owner);
        let path = "/v1/letters/l";
        let tag = creator.create(path, hidden).await.is(201).tag();
        let closed = "/v1/letters/closed";
        creator
            .create(closed, json!({"subject": "c"}))
            .await
            .is(201);
        creator
            .post(&format!("{closed}/transitions/seal"), ())
            .await
            .is(200);
        let gone = "/v1/letters/gone";
        creator.create(gone, json!({"subject": "g"})).await.is(201);
        creator.delete(gone).if_any().await.is(204);
        let to = |path: &str, name: &str| bob.post(&format!("{path}/transitions/{name}"), ());
        let other = || json!({"subject": "s"});
        let test = json!([{"op": "test", "path": "/subject", "value": "guess"}]);
        let calls: Vec<(Call, &str)> = vec![
            (bob.create(path, other()), "already-exists"),
            (bob.put(path, other()).if_match("1-x"), "stale-version"),
            (bob.patch(path, other()).if_match("1-x"), "stale-version"),
            (bob.delete(path).if_match("1-x"), "stale-version"),
            (to(path, "stamp").if_match("1-x"), "stale-version"),
            (to(closed, "stamp"), "invalid-transition"),
            (bob.patch(closed, other()).if_any(), "not-allowed-in-state"),
            (bob.delete(closed).if_any(), "not-allowed-in-state"),
            (to(path, "tear"), "condition-not-met"),
            (bob.json_patch(path, test).if_any(), "condition-not-met"),
            (bob.patch(gone, other()).if_any(), "gone"),
            (bob.delete(gone).if_any(), "gone"),
            (to(gone, "stamp"), "gone"),
        ];
        for (call, code) in calls {
            let refused = call.await;
            assert_eq!(refused["code"], code, "{refused:?}");
            let conflict = refused.conflict(code);
            let own = owner == "bob";
            for member in secrets(code) {
                assert_eq!(conflict.get(member).is_some(), own, "{member}: {refused:?}");
            }
            let live = code != "gone";
            assert_eq!(
                refused.body.get("current").is_some(),
                own && live,
                "{refused:?}"
            );
            assert_eq!(refused.header("etag").is_some(), own && live);
            if !own {
                assert_eq!(refused.rels(), Vec::<&str>::new());
                for hidden in ["alice", "hidden", &tag] {
                    assert!(!refused.text.contains(hidden), "{hidden}: {refused:?}");
                }
            }
        }
        // Of a value's holder only its id is known, which is not enough to name it.
        for call in [
            bob.post("/v1/letters", json!({"subject": "hidden-subject"})),
            bob.create("/v1/letters/m", json!({"subject": "hidden-subject"})),
        ] {
            let refused = call.await.refused(409, "duplicate");
            assert_eq!(refused.conflict("duplicate").get("holder"), None);
            assert_eq!(refused.rels(), Vec::<&str>::new(), "{refused:?}");
        }
    }
}

#[tokio::test]
async fn who_changes_what_another_may_read_is_answered_without_it() {
    let api = Api::start().await;
    let path = "/v1/letters/l";
    let letter = json!({"subject": "hidden", "stamps": 1});
    api.alice().create(path, letter).await.is(201);
    let bob = api.bob();
    for call in [
        bob.patch(path, json!({"text": "b"})).if_any(),
        bob.put(path, json!({"subject": "b", "stamps": 1})).if_any(),
        bob.post(&format!("{path}/transitions/stamp"), ()),
        bob.patch(path, json!({})).if_any(),
        bob.post(&format!("{path}/transitions/stamp"), ())
            .header("idempotency-key", "k"),
        bob.post(&format!("{path}/transitions/stamp"), ())
            .header("idempotency-key", "k"),
    ] {
        let done = call.await.is(204);
        assert_eq!((done.text.as_str(), done.header("etag")), ("", None));
    }
    let letter = api.alice().get(path).await.is(200);
    assert_eq!(
        (&letter["stamps"], &letter["createdBy"]),
        (&json!(3), &json!("alice"))
    );
    // Its own make a caller no secret.
    let own = bob
        .post("/v1/letters", json!({"subject": "own"}))
        .await
        .is(201);
    assert_eq!(own["createdBy"], "bob");
    let sealed = format!("{}/transitions/seal", own.location());
    bob.post(&sealed, ()).await.is(200);
}

#[tokio::test]
async fn in_a_transaction_too_only_who_created_it_may() {
    let api = Api::start().await;
    let (alice, bob) = (api.alice(), api.bob());
    alice.create("/v1/boards/hers", titled("h")).await.is(201);
    bob.create("/v1/boards/his", titled("h")).await.is(201);
    for (method, path) in [
        ("POST", "/v1/boards/hers/transitions/publish"),
        ("DELETE", "/v1/boards/hers"),
    ] {
        let operations = json!([
            {"method": "POST", "path": "/v1/boards/his/transitions/publish"},
            {"method": method, "path": path, "headers": {"If-Match": "*"}},
        ]);
        let call = bob.post("/v1/transactions", json!({"operations": operations}));
        call.await.refused(403, "forbidden");
    }
    assert_eq!(alice.get("/v1/boards/hers").await.is(200)["state"], "draft");
    assert_eq!(bob.get("/v1/boards/his").await.is(200)["state"], "draft");
}

#[tokio::test]
async fn the_right_to_a_write_covers_what_happens_along_with_it() {
    let folder = tempfile::tempdir().unwrap();
    let stocks = "type: stocks\nschema: { type: object, properties: { left: { type: integer, minimum: 0 } } }\n\
                  transitions: { take: { add: { /left: -1 } } }\n\
                  access: { read: owner, update: owner, transition: owner }\n";
    let carts = "type: carts\nschema: { type: object, properties: { stock: { type: string } } }\n\
                 create: { also: [{ type: stocks, id: { field: /stock }, transition: take }] }\n";
    for (name, text) in [("stocks", stocks), ("carts", carts)] {
        fs::write(folder.path().join(format!("{name}.yaml")), text).unwrap();
    }
    let api = Api::of(folder.path()).await;
    let stock = api.alice().create("/v1/stocks/s", json!({"left": 1}));
    stock.await.is(201);
    let bob = api.bob();
    bob.post("/v1/stocks/s/transitions/take", ())
        .await
        .refused(403, "forbidden");
    let cart = json!({"stock": "s"});
    bob.post("/v1/carts", cart.clone()).await.is(201);
    // What stands against it is told, and nothing of what only alice may read.
    let refused = bob
        .post("/v1/carts", cart)
        .await
        .refused(409, "condition-not-met");
    let conflict = refused.conflict("condition-not-met");
    assert_eq!(conflict["resource"]["type"], "stocks");
    assert_eq!(conflict.get("actual"), None, "{refused:?}");
    assert!(!refused.text.contains("alice"), "{refused:?}");
    assert_eq!(api.alice().get("/v1/stocks/s").await.is(200)["left"], 0);
}
