//! What `onlyif check --against` says of a changed declaration is what becomes of what is stored.

use onlyif_cli::check;
use onlyif_cli::serve::{Data, Options, start};
use serde_json::json;

use crate::harness::Actor;

/// A type that is deployed, and deployed again under another declaration.
struct Deployed {
    declarations: tempfile::TempDir,
    data: tempfile::TempDir,
}

impl Deployed {
    fn new() -> Self {
        let folder = || tempfile::tempdir().expect("a folder");
        Deployed {
            declarations: folder(),
            data: folder(),
        }
    }

    /// Serves things under this declaration to who asks, and stops.
    async fn under(&self, declaration: &str, requests: impl AsyncFnOnce(Actor)) {
        let file = self.declarations.path().join("things.yaml");
        std::fs::write(file, format!("type: things\n{declaration}")).expect("a file");
        let options = Options {
            resources: self.declarations.path().to_owned(),
            data: Data::Folder(self.data.path().to_owned()),
            ..Options::default()
        };
        let server = start(options).await.expect("the server starts");
        requests(Actor::new(&server.url, Some("alice".to_owned()))).await;
        server.stop().await;
    }
}

/// What the check says where it fails.
fn complaint(old: &str, new: &str) -> String {
    let folder = |declaration: &str| {
        let folder = tempfile::tempdir().expect("a folder");
        let text = format!("type: things\n{declaration}");
        std::fs::write(folder.path().join("things.yaml"), text).expect("a file");
        folder
    };
    let (old, new) = (folder(old), folder(new));
    check::against(new.path(), old.path()).expect_err("it breaks what is stored")
}

#[tokio::test]
async fn what_is_narrower_is_read_and_not_written_until_it_is_put_right() {
    let schema = |longest: u8| {
        format!(
            "schema: {{ type: object, properties: {{ a: {{ type: string, maxLength: {longest} }}, b: {{ type: integer }} }} }}\n"
        )
    };
    let (old, new) = (schema(9), schema(3));
    assert!(complaint(&old, &new).contains("`maxLength: 3` for /a, expected 9"));
    let things = Deployed::new();
    let path = "/v1/things/t-1";
    let long = async |alice: Actor| {
        alice.create(path, json!({ "a": "long" })).await.is(201);
    };
    things.under(&old, long).await;
    let then = async |alice: Actor| {
        assert_eq!(alice.get(path).await.is(200)["a"], "long");
        let other = alice.patch(path, json!({ "b": 1 })).if_any().await;
        other.refused(422, "invalid-resource");
        let right = alice
            .patch(path, json!({ "a": "ok", "b": 1 }))
            .if_any()
            .await;
        right.is(200);
    };
    things.under(&new, then).await;
}

#[tokio::test]
async fn what_is_in_a_state_that_is_gone_is_stuck_and_listed_nowhere() {
    let old = "schema: { type: object }\nstates: { initial: a }\ntransitions: { go: { from: a, to: b }, back: { from: b, to: a } }\n";
    let new = "schema: { type: object }\nstates: { initial: a }\ntransitions: { go: { from: a, to: c } }\n";
    assert!(complaint(old, new).contains("found no state `b` any more"));
    let things = Deployed::new();
    let path = "/v1/things/t-1";
    let gone = async |alice: Actor| {
        alice.create(path, json!({})).await.is(201);
        alice
            .post(&format!("{path}/transitions/go"), ())
            .await
            .is(200);
        assert_eq!(
            alice.get("/v1/things").await.is(200)["items"][0]["state"],
            "b"
        );
    };
    things.under(old, gone).await;
    let then = async |alice: Actor| {
        assert_eq!(alice.get(path).await.is(200)["state"], "b");
        assert_eq!(alice.get("/v1/things").await.is(200)["items"], json!([]));
        let update = alice.patch(path, json!({ "a": 1 })).if_any().await;
        update.refused(409, "not-allowed-in-state");
        let delete = alice.delete(path).if_any().await;
        delete.refused(409, "not-allowed-in-state");
        let go = alice.post(&format!("{path}/transitions/go"), ()).await;
        go.refused(409, "invalid-transition");
    };
    things.under(new, then).await;
}

#[tokio::test]
async fn a_constraint_that_begins_with_nothing_is_filled_write_by_write() {
    let members = "schema: { type: object, additionalProperties: false, properties: { email: { type: string }";
    let old = format!("{members} }} }}\n");
    let at_once = format!("{old}unique: [{{ fields: [/email] }}]\n");
    let marked = format!(
        "{members}, claimed: {{ type: boolean }} }} }}\nunique: [{{ fields: [/email], when: [{{ field: /claimed, is: true }}] }}]\n"
    );
    assert!(complaint(&old, &at_once).contains("found the new constraint `email`"));
    let document = json!({ "email": "a@b.c" });
    let (first, second, third) = ("/v1/things/t-1", "/v1/things/t-2", "/v1/things/t-3");
    let mail = &document;

    let unheld = Deployed::new();
    let one = async |alice: Actor| {
        alice.create(first, mail.clone()).await.is(201);
    };
    unheld.under(&old, one).await;
    // Why it breaks: who has the value does not hold it.
    let taken = async |alice: Actor| {
        alice.create(second, mail.clone()).await.is(201);
    };
    unheld.under(&at_once, taken).await;

    let things = Deployed::new();
    let both = async |alice: Actor| {
        alice.create(first, mail.clone()).await.is(201);
        alice.create(second, mail.clone()).await.is(201);
    };
    things.under(&old, both).await;
    let then = async |alice: Actor| {
        let claim = json!({ "claimed": true });
        alice.patch(first, claim.clone()).if_any().await.is(200);
        let another = alice.patch(second, claim).if_any().await;
        let another = another.refused(409, "duplicate");
        assert_eq!(another["conflicts"][0]["holder"], first);
        let new = json!({ "email": "a@b.c", "claimed": true });
        alice.create(third, new).await.refused(409, "duplicate");
    };
    things.under(&marked, then).await;
}
