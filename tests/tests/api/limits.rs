//! Both sides of every limit: digits, characters, bytes.

use serde_json::{Value, json};

use crate::harness::{Actor, Api, Reply};

/// The largest document, as the table counts it.
const MAX_DOCUMENT: usize = 300 * 1024;

async fn post_text(actor: &Actor, body: String) -> Reply {
    actor.post("/v1/blobs", ("application/json", body)).await
}

#[tokio::test]
async fn numbers_keep_all_their_digits() {
    let api = Api::start().await;
    let thirty_eight = "12345678901234567890123456789012345678";
    for (sent, kept) in [
        (thirty_eight, thirty_eight),
        (
            "-0.00012345678901234567890123456789012345678",
            "-0.00012345678901234567890123456789012345678",
        ),
        ("1.50", "1.5"),
        ("100", "100"),
        ("1E2", "100"),
        ("-0", "0"),
        ("0.0", "0"),
        ("0.1", "0.1"),
        (
            "12345678901234567890123456789012345678000",
            "1.2345678901234567890123456789012345678e+40",
        ),
    ] {
        let created = post_text(&api.alice(), format!(r#"{{"more":{sent}}}"#))
            .await
            .is(201);
        assert!(
            created.text.ends_with(&format!(r#""more":{kept}}}"#)),
            "{sent}: {}",
            created.text
        );
        assert_eq!(api.bob().get(&created.location()).await.text, created.text);
    }
    // The limits of DynamoDB's numbers, however they are written.
    for sent in [
        "1e125",
        "9.9999999999999999999999999999999999999e125",
        "1e-130",
        "0e999",
        "-9.9e125",
    ] {
        let created = post_text(&api.alice(), format!(r#"{{"more":{sent}}}"#))
            .await
            .is(201);
        assert_eq!(api.bob().get(&created.location()).await.text, created.text);
    }
    let one_digit_more = format!("{thirty_eight}9");
    for sent in [one_digit_more.as_str(), "1e126", "9e-131"] {
        let refused = post_text(&api.alice(), format!(r#"{{"more":{sent}}}"#)).await;
        assert_eq!(
            refused.refused(422, "invalid-resource").places(),
            ["/more"],
            "{sent}"
        );
    }
}

#[tokio::test]
async fn a_sum_past_38_digits_is_a_problem_and_writes_nothing() {
    let api = Api::start().await;
    let body = r#"{"count":10000000000000000000000000000000000000}"#;
    let created = api
        .alice()
        .create(
            "/v1/blobs/b-1",
            serde_json::from_str::<Value>(body).unwrap(),
        )
        .await
        .is(201);
    let add = |by: &str| {
        api.bob().post(
            "/v1/blobs/b-1/transitions/count",
            ("application/json", format!(r#"{{"by":{by}}}"#)),
        )
    };
    let refused = add("0.001").await;
    assert!((400..500).contains(&refused.status), "{refused:?}");
    assert_eq!(api.alice().get("/v1/blobs/b-1").await.text, created.text);
    let counted = add("1").await.is(200);
    assert!(
        counted
            .text
            .contains("10000000000000000000000000000000000001"),
        "{counted:?}"
    );
}

#[tokio::test]
async fn every_character_is_data() {
    let api = Api::start().await;
    for text in [
        "\0",
        "a\0b",
        "\u{7f}\u{80}",
        "\u{fffe}\u{ffff}",
        "😀",
        "\u{1f468}\u{200d}\u{1f469}",
        "e\u{301}",
        " ",
        "",
        "\\\"/",
        "\u{10ffff}",
    ] {
        let created = api
            .alice()
            .post(
                "/v1/blobs",
                json!({"text": text, "more": {text.replace('\0', "0") + "x": text}}),
            )
            .await
            .is(201);
        assert_eq!(created["text"], text);
        let read = api.bob().get(&created.location()).await.is(200);
        assert_eq!(read.text, created.text);
    }
    let created = post_text(&api.alice(), r#"{"text":"\ud83d\ude00\u0000"}"#.to_owned())
        .await
        .is(201);
    assert_eq!(created["text"], "😀\0");
    let named = api
        .alice()
        .post(
            "/v1/blobs",
            json!({"a\0b": 1, "#x": 1, ":y": 2, "a.b": 3, "a/b~c": 4}),
        )
        .await
        .is(201);
    let patched = api
        .alice()
        .patch(
            &named.location(),
            json!({"a\0b": 2, "#x": 2, ":y": 3, "a.b": 4, "a/b~c": 5}),
        )
        .if_match(&named.tag())
        .await
        .is(200);
    assert_eq!(api.bob().get(&named.location()).await.text, patched.text);
}

#[tokio::test]
async fn nesting_is_taken_up_to_its_limit() {
    let api = Api::start().await;
    // The document itself is the first level.
    for (levels, status) in [(30, 201), (31, 201), (32, 422), (33, 422)] {
        let body = format!("{}1{}", r#"{"a":"#.repeat(levels), "}".repeat(levels));
        let reply = post_text(&api.alice(), body).await.is(status);
        if status == 201 {
            assert_eq!(api.bob().get(&reply.location()).await.text, reply.text);
        }
        let body = format!(
            r#"{{"a":{}1{}}}"#,
            "[".repeat(levels - 1),
            "]".repeat(levels - 1)
        );
        post_text(&api.alice(), body).await.is(status);
    }
}

#[tokio::test]
async fn a_document_is_taken_up_to_300_kilobytes() {
    let api = Api::start().await;
    let text = |bytes: usize| json!({"text": "x".repeat(bytes)});
    let fits = MAX_DOCUMENT - 64;
    let created = api
        .alice()
        .create("/v1/blobs/b-1", text(fits))
        .await
        .is(201);
    assert_eq!(created["text"].as_str().unwrap().len(), fits);
    for call in [
        api.alice().post("/v1/blobs", text(MAX_DOCUMENT)),
        api.alice().create("/v1/blobs/b-2", text(MAX_DOCUMENT)),
        api.alice()
            .put("/v1/blobs/b-1", text(MAX_DOCUMENT))
            .if_any(),
        api.alice()
            .patch("/v1/blobs/b-1", json!({"more": "x".repeat(64)}))
            .if_any(),
        // Characters of several bytes are counted in bytes.
        api.alice()
            .post("/v1/blobs", json!({"text": "ä".repeat(MAX_DOCUMENT / 2)})),
    ] {
        call.await.refused(413, "content-too-large");
    }
    assert_eq!(api.bob().get("/v1/blobs/b-1").await.text, created.text);
    assert_eq!(api.bob().get("/v1/blobs").await.ids(), ["b-1"]);
}

#[tokio::test]
async fn a_body_of_seven_megabytes_is_too_large() {
    let api = Api::start().await;
    let body = || json!({"text": "x".repeat(7 * 1024 * 1024)});
    for call in [
        api.alice().post("/v1/blobs", body()),
        api.alice().create("/v1/blobs/b-1", body()),
        api.alice().post(
            "/v1/blobs",
            ("application/json", "[".repeat(7 * 1024 * 1024)),
        ),
    ] {
        // API Gateway takes no more than Lambda does, and says so in its own way.
        let refused = call.by_the_gateway().await;
        let body = r#"{"message":"Request Entity Too Large"}"#;
        assert_eq!(refused, (413, body.to_owned()));
    }
    for body in [
        json!({"text": "x".repeat(3 * 1024 * 1024)}),
        json!({"text": "x".repeat(301 * 1024)}),
    ] {
        let refused = api.alice().post("/v1/blobs", body.clone()).await;
        refused.refused(413, "content-too-large");
        let refused = api.alice().create("/v1/blobs/b-1", body).await;
        refused.refused(413, "content-too-large");
    }
    assert!(api.bob().get("/v1/blobs").await.ids().is_empty());
}

#[tokio::test]
async fn an_item_that_blind_changes_have_grown_too_large_is_a_problem() {
    let api = Api::start().await;
    let path = "/v1/blobs/b-1";
    api.alice()
        .create(path, json!({"more": "x".repeat(250 * 1024)}))
        .await
        .is(201);
    let write = |bytes: usize| {
        api.bob().post(
            &format!("{path}/transitions/write"),
            json!({"text": "y".repeat(bytes)}),
        )
    };
    // What the table takes may be more than what a document may be; past that it is refused.
    let mut last = api.bob().get(path).await.is(200);
    for kilobytes in [10, 40, 60, 100, 140, 160, 250, 290] {
        let reply = write(kilobytes * 1024).await;
        if reply.status == 200 {
            last = reply;
        } else {
            reply.refused(413, "content-too-large");
        }
        assert_eq!(
            api.bob().get(path).await.is(200).tag(),
            last.tag(),
            "{kilobytes}"
        );
    }
    assert!(last["version"].as_u64().unwrap() > 1, "some of them fit");
    write(290 * 1024).await.refused(413, "content-too-large");

    // It can still be made smaller, and deleted.
    let smaller = api
        .bob()
        .put(path, json!({}))
        .if_match(&last.tag())
        .await
        .is(200);
    api.bob()
        .delete(path)
        .if_match(&smaller.tag())
        .await
        .is(204);
}

#[tokio::test]
async fn field_clocks_with_long_names_are_a_problem_at_worst() {
    let api = Api::start().await;
    let path = "/v1/blobs/b-1";
    let long = |value: usize| {
        let members = (0..250).map(|n| (format!("{n:03}{}", "n".repeat(1000)), json!(value)));
        Value::Object(members.collect())
    };
    let mut last = api.alice().create(path, long(0)).await.is(201);
    for value in 1..4 {
        let reply = api.bob().put(path, long(value)).if_match(&last.tag()).await;
        assert!(
            reply.status == 200 || reply.status == 413,
            "{}",
            reply.status
        );
        if reply.status == 200 {
            last = reply;
        }
        assert_eq!(api.alice().get(path).await.is(200).tag(), last.tag());
    }
    api.bob().delete(path).if_match(&last.tag()).await.is(204);
}

#[tokio::test]
async fn a_page_ends_before_it_is_too_large_to_answer() {
    let api = Api::start().await;
    for n in 0..20 {
        let document = json!({"text": "x".repeat(290 * 1024)});
        let path = format!("/v1/blobs/b-{n:02}");
        api.alice()
            .create(&path, document)
            .prefer("return=minimal")
            .await
            .is(201);
    }
    let mut ids = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = api
            .bob()
            .get(&format!("/v1/blobs?limit=100{cursor}"))
            .await
            .is(200);
        assert!(page.text.len() < 5_000_000, "{}", page.text.len());
        ids.extend(page.ids());
        match page["next"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(
        ids,
        (0..20).map(|n| format!("b-{n:02}")).collect::<Vec<_>>()
    );
}
