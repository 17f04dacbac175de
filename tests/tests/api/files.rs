//! A folder stays while anything is in it, a file is in a folder that is there, and who has locked it
//! writes it alone.

use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::harness::{Api, Call, Fault, rivals};

const ROUNDS: usize = 8;
const CLIENTS: usize = 12;
const FOLDERS: [&str; 3] = ["red", "green", "blue"];

/// The folder `plans`, and in it the folder `drafts`.
async fn folders(api: &Api) {
    let ada = api.bearer("ada");
    let plans = json!({"name": "Plans"});
    ada.create("/v1/folders/plans", plans).await.is(201);
    let drafts = json!({"name": "Drafts", "in": "plans"});
    ada.create("/v1/folders/drafts", drafts).await.is(201);
}

fn file(api: &Api, who: &str, id: &str, folder: &str) -> Call {
    let file = json!({"folder": folder, "name": id, "text": ""});
    api.bearer(who).create(&format!("/v1/files/{id}"), file)
}

fn delete(api: &Api, who: &str, path: &str) -> Call {
    api.bearer(who).delete(&format!("/v1/{path}")).if_any()
}

fn missing(pointer: &str, type_name: &str, id: &str) -> Value {
    let href = format!("/v1/{type_name}/{id}");
    json!([{
        "code": "missing-reference",
        "pointer": pointer,
        "target": {"type": type_name, "id": id, "href": href},
    }])
}

#[tokio::test]
async fn a_folder_is_deleted_when_nothing_is_in_it_any_more() {
    let api = Api::of_examples().await;
    folders(&api).await;
    file(&api, "ada", "budget", "plans").await.is(201);
    file(&api, "bob", "notes", "plans").await.is(201);
    let tag = api.alice().get("/v1/folders/plans").await.is(200).tag();
    let plans = || api.bearer("ada").delete("/v1/folders/plans").if_match(&tag);
    let refused = plans().await.refused(409, "has-dependents");
    let conflicts = json!([{
        "code": "has-dependents",
        "dependents": [{"type": "files", "count": 2}, {"type": "folders", "count": 1}],
    }]);
    assert_eq!(refused["conflicts"], conflicts);
    assert_eq!(refused["current"]["name"], "Plans");
    // It empties: a file is deleted, another one moved, and so is the folder in it.
    delete(&api, "bob", "files/notes").await.is(204);
    let move_it = json!({"folder": "drafts"});
    let moved = api.bearer("ada").patch("/v1/files/budget", move_it);
    moved.if_any().await.is(200);
    let refused = plans().await.refused(409, "has-dependents");
    let left = json!([{"type": "folders", "count": 1}]);
    assert_eq!(refused.conflict("has-dependents")["dependents"], left);
    let top = api
        .bearer("ada")
        .patch("/v1/folders/drafts", json!({"in": null}));
    top.if_any().await.is(200);
    // All of that was nobody's change of the folder: the tag that was read first still holds.
    plans().await.is(204);
    delete(&api, "ada", "folders/drafts")
        .await
        .refused(409, "has-dependents");
}

#[tokio::test]
async fn a_file_is_put_into_a_folder_that_is_there() {
    let api = Api::of_examples().await;
    folders(&api).await;
    delete(&api, "bob", "folders/drafts").await.is(204);
    for id in ["drafts", "nowhere"] {
        let refused = file(&api, "ada", "f", id).await;
        let refused = refused.refused(409, "missing-reference");
        assert_eq!(refused["conflicts"], missing("/folder", "folders", id));
        assert_eq!(refused["retry"], "never");
    }
    // What no folder could be named has no address.
    let refused = file(&api, "ada", "f", "no/such folder").await;
    let refused = refused.refused(409, "missing-reference");
    let target = json!({"type": "folders", "id": "no/such folder"});
    assert_eq!(refused.conflict("missing-reference")["target"], target);
    file(&api, "ada", "f", "plans").await.is(201);
    for change in [json!({"folder": "drafts"}), json!({"folder": null})] {
        let edit = api.bearer("ada").patch("/v1/files/f", change).if_any();
        let status = edit.await.status;
        assert!([409, 422].contains(&status), "{status}");
    }
}

#[tokio::test]
async fn what_a_file_was_copied_from_may_go() {
    let api = Api::of_examples().await;
    folders(&api).await;
    file(&api, "ada", "one", "plans").await.is(201);
    let copy = |id: &str| {
        let copy = json!({"folder": "drafts", "name": id, "text": "", "copyOf": "one"});
        api.bearer("bob").create(&format!("/v1/files/{id}"), copy)
    };
    copy("two").await.is(201);
    let unnamed = |name: &str| {
        let copy = json!({"folder": "drafts", "name": name, "text": "", "copyOf": "one"});
        api.bearer("bob").post("/v1/files", copy)
    };
    unnamed("any").await.is(201);
    delete(&api, "ada", "files/one").await.is(204);
    unnamed("other").await.refused(409, "missing-reference");
    let refused = copy("three").await.refused(409, "missing-reference");
    assert_eq!(refused["conflicts"], missing("/copyOf", "files", "one"));
    // The copy keeps saying what it was copied from.
    let edit = api
        .bearer("bob")
        .patch("/v1/files/two", json!({"text": "x"}));
    assert_eq!(edit.if_any().await.is(200)["copyOf"], "one");
}

#[tokio::test]
async fn a_folder_and_all_that_is_in_it_are_made_and_deleted_in_one_request() {
    let api = Api::of_examples().await;
    folders(&api).await;
    let create = |path: &str, body: Value| json!({"method": "PUT", "path": path, "headers": {"If-None-Match": "*"}, "body": body});
    let make = json!({"operations": [
        create("/v1/files/one", json!({"folder": "new", "name": "one", "text": ""})),
        create("/v1/folders/new", json!({"name": "New", "in": "plans"})),
        create("/v1/files/two", json!({"folder": "new", "name": "two", "text": "", "copyOf": "one"})),
    ]});
    api.alice().post("/v1/transactions", make).await.is(200);
    let end = |path: &str| json!({"method": "DELETE", "path": path, "headers": {"If-Match": "*"}});
    let ends = |paths: &[&str]| {
        let operations: Vec<Value> = paths.iter().map(|path| end(path)).collect();
        let all = json!({ "operations": operations });
        api.alice().post("/v1/transactions", all)
    };
    let refused = ends(&["/v1/folders/new", "/v1/files/one"]).await;
    let refused = refused.refused(409, "has-dependents");
    let conflict = refused.conflict("has-dependents");
    let left = json!([{"type": "files", "count": 1}]);
    assert_eq!(
        (&conflict["operation"], &conflict["dependents"]),
        (&json!(0), &left)
    );
    ends(&["/v1/folders/new", "/v1/files/one", "/v1/files/two"])
        .await
        .is(200);
    delete(&api, "ada", "folders/drafts").await.is(204);
    delete(&api, "ada", "folders/plans").await.is(204);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_those_who_empty_fill_and_delete_a_folder_at_once_none_leaves_a_file_in_nowhere() {
    let api = Api::of_examples().await;
    folders(&api).await;
    let (mut deleted, mut kept) = (0, 0);
    for round in 0..ROUNDS {
        let id = format!("f-{round}");
        let folder = json!({"name": id});
        api.alice()
            .create(&format!("/v1/folders/{id}"), folder)
            .await
            .is(201);
        let mut calls = JoinSet::new();
        for who in ["ada", "bob"] {
            let put = file(&api, who, &format!("{who}-{round}"), &id);
            calls.spawn(async move { put.await });
            let end = delete(&api, who, &format!("folders/{id}"));
            calls.spawn(async move { end.await });
        }
        for reply in calls.join_all().await {
            let told = (reply.status, reply["code"].as_str().unwrap_or_default());
            let expected = [
                (201, ""),
                (204, ""),
                (409, "missing-reference"),
                (409, "has-dependents"),
                (409, "contention"),
                (410, "gone"),
            ];
            assert!(expected.contains(&told), "{reply:?}");
        }
        let there = api.alice().get(&format!("/v1/folders/{id}")).await.status == 200;
        let files = api.alice().get("/v1/files?limit=100").await.is(200);
        let items = files["items"].as_array().expect("items").iter();
        let within = items.filter(|file| file["folder"] == id.as_str()).count();
        match there {
            true => kept += 1,
            false => {
                assert_eq!(within, 0, "{files:?}");
                deleted += 1;
            }
        }
        // What counts is what is there: as soon as it is empty it can be deleted.
        for who in ["ada", "bob"] {
            delete(&api, who, &format!("files/{who}-{round}")).await;
        }
        if there {
            delete(&api, "ada", &format!("folders/{id}")).await.is(204);
        }
    }
    assert_eq!(deleted + kept, ROUNDS);
}

#[tokio::test]
async fn a_file_is_written_by_who_holds_its_lock_and_by_nobody_else() {
    let api = Api::of_examples().await;
    folders(&api).await;
    file(&api, "ada", "f", "plans").await.is(201);
    let (ada, bob) = (api.bearer("ada"), api.bearer("bob"));
    let lock = |who: &str| {
        let time = json!({"for": "30m"});
        api.bearer(who).put("/v1/files/f/lease", time)
    };
    let locked = lock("ada").await.is(200);
    let change = |text: &str| json!({ "text": text });
    let edit = |text: &str| bob.patch("/v1/files/f", change(text)).if_any();
    let elsewhere = bob.patch("/v1/files/f", json!({"folder": "drafts"}));
    let several = json!({"operations": [
        {"method": "DELETE", "path": "/v1/files/f", "headers": {"If-Match": "*"}},
        {"method": "DELETE", "path": "/v1/folders/drafts", "headers": {"If-Match": "*"}},
    ]});
    for call in [
        edit("mine"),
        elsewhere.if_any(),
        delete(&api, "bob", "files/f"),
        bob.post("/v1/transactions", several),
        lock("bob"),
    ] {
        let refused = call.await.refused(409, "leased");
        let conflict = refused.conflict("leased");
        assert_eq!(conflict["holder"], "ada");
        assert_eq!(conflict["until"], locked["until"]);
    }
    // What is put beside it, into the folder that it is in, is nobody's business.
    file(&api, "bob", "g", "plans").await.is(201);
    let token = locked["token"].to_string();
    let write = |text: &str| {
        let write = ada.patch("/v1/files/f", change(text)).if_any();
        write.header("lease-token", &token)
    };
    write("hers").await.is(200);
    ada.delete("/v1/files/f/lease").await.is(204);
    // Bob has had it meanwhile: what relied on the lock of before is not written.
    lock("bob").await.is(200);
    edit("his").await.is(200);
    bob.delete("/v1/files/f/lease").await.is(204);
    let refused = write("hers, late").await.refused(409, "leased");
    assert_eq!(refused.conflict("leased")["yours"].to_string(), token);
    assert_eq!(bob.get("/v1/files/f").await.is(200)["text"], "his");
}

/// Each client moves its file from folder to folder, while the reply to every tenth write is lost.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_folder_counts_is_what_is_in_it_though_replies_are_lost() {
    let (api, proxy) = Api::of_examples_behind_a_proxy().await;
    for folder in FOLDERS {
        let path = format!("/v1/folders/{folder}");
        let folder = json!({ "name": folder });
        api.alice().create(&path, folder).await.is(201);
    }
    proxy.set(Fault::DropTenth);
    let mut movers = JoinSet::new();
    for n in 0..rivals(CLIENTS) {
        let id = format!("f-{n}");
        let mover = api.bearer(&format!("client-{n}"));
        let put = file(&api, &format!("client-{n}"), &id, "red");
        movers.spawn(async move {
            let mut put = put.await;
            while put["code"] == "contention" {
                let path = format!("/v1/files/{id}");
                let file = json!({"folder": "red", "name": id, "text": ""});
                put = mover.create(&path, file).await;
            }
            let mut times_moved = 0;
            for step in 1..=ROUNDS {
                let to = json!({ "folder": FOLDERS[(n + step) % FOLDERS.len()] });
                let moved = mover.patch(&format!("/v1/files/{id}"), to).if_any().await;
                let told = (moved.status, moved["code"].as_str().unwrap_or_default());
                // A create whose outcome nobody knows may not have been.
                let expected = [
                    (200, ""),
                    (409, "contention"),
                    (504, "outcome-unknown"),
                    (404, "not-found"),
                ];
                assert!(expected.contains(&told), "{moved:?}");
                times_moved += usize::from(moved.status == 200);
            }
            times_moved
        });
    }
    let times_moved: usize = movers.join_all().await.into_iter().sum();
    let few = times_moved / 20;
    assert!(proxy.faults() > few, "{} are too few", proxy.faults());
    proxy.set(Fault::None);
    let files = api.alice().get("/v1/files?limit=100").await.is(200);
    let files = files["items"].as_array().expect("items");
    for folder in FOLDERS {
        let within = files.iter().filter(|file| file["folder"] == folder).count();
        let reply = delete(&api, "alice", &format!("folders/{folder}")).await;
        if within == 0 {
            reply.is(204);
            continue;
        }
        let refused = reply.refused(409, "has-dependents");
        let counted = json!([{"type": "files", "count": within}]);
        assert_eq!(refused.conflict("has-dependents")["dependents"], counted);
    }
}
