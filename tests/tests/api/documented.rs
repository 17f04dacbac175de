//! What the API answers is what its OpenAPI document says: status, headers and body.

use std::collections::BTreeSet;

use hyper::HeaderMap;
use onlyif_cli::template::{TEMPLATE, Template};
use serde_json::{Map, Value, json};

use crate::harness::{Api, Reply};

const TRANSACTIONS: &str = "/v1/transactions";
const HISTORY: &str = "/v1/orders/{id}/history";

/// What every answer has, whatever was asked: of HTTP, and of the gateway.
const OF_EVERY_ANSWER: [&str; 4] = ["content-type", "content-length", "date", "apigw-requestid"];

/// The document, as a client has it.
struct Document(Value);

impl Document {
    async fn of(api: &Api) -> Self {
        Document(api.nobody().get("/openapi.json").await.is(200).body)
    }

    fn resolved<'a>(&'a self, value: &'a Value) -> &'a Value {
        match value["$ref"].as_str() {
            Some(reference) => self.0.pointer(&reference[1..]).expect(reference),
            None => value,
        }
    }

    /// What it says of this answer, which it has to be.
    fn allows(&self, method: &str, path: &str, reply: &Reply) {
        let answers = &self.0["paths"][path][method]["responses"];
        let answer = self.resolved(&answers[reply.status.to_string()]);
        assert!(answer.is_object(), "{method} {path}: {reply:?}");
        self.has_headers(answer, &reply.headers, &format!("{reply:?}"));
        let media_type = reply.header("content-type").unwrap_or_default();
        let content = &answer["content"][media_type];
        assert_eq!(content.is_object(), !reply.text.is_empty(), "{reply:?}");
        if content.is_object() {
            let schema =
                json!({ "allOf": [content["schema"]], "components": self.0["components"] });
            let validator = jsonschema::validator_for(&schema).expect("a schema");
            let wrong: Vec<String> = validator
                .iter_errors(&reply.body)
                .map(|error| format!("{}: {error}", error.instance_path()))
                .collect();
            assert_eq!(wrong, [""; 0], "{reply:?}");
        }
        if let Some(code) = reply.body["code"].as_str() {
            let examples = &content["examples"];
            assert!(examples.get(code).is_some(), "{code} of {method} {path}");
        }
    }

    fn has_headers(&self, answer: &Value, headers: &HeaderMap, reply: &str) {
        let none = Map::new();
        let said = answer["headers"].as_object().unwrap_or(&none);
        for name in headers.keys() {
            let name = name.as_str();
            let known = said.keys().any(|said| said.eq_ignore_ascii_case(name));
            assert!(known || OF_EVERY_ANSWER.contains(&name), "{name}: {reply}");
        }
    }

    /// The same of a result of a transaction, which stands for the answer to a request of its own.
    fn allows_result(&self, method: &str, path: &str, result: &Value) {
        let status = result["status"].to_string();
        let answer = self.resolved(&self.0["paths"][path][method]["responses"][status]);
        assert!(answer.is_object(), "{method} {path}: {result}");
        let headers = result["headers"].as_object().expect("headers");
        let headers = headers.keys().map(|name| {
            let name = hyper::header::HeaderName::try_from(name).expect("a name");
            (name, hyper::header::HeaderValue::from_static("-"))
        });
        self.has_headers(answer, &headers.collect(), &result.to_string());
    }
}

fn order(reference: &str) -> Value {
    json!({"customer": "c", "reference": reference, "lines": [{"product": "p", "quantity": 1}]})
}

#[tokio::test]
async fn a_transaction_is_answered_as_the_document_says() {
    let api = Api::of_examples().await;
    let document = Document::of(&api).await;
    let alice = api.alice();
    let send = |operations: Value| alice.post(TRANSACTIONS, json!({ "operations": operations }));
    let create = json!({"method": "PUT", "path": "/v1/orders/o-1", "headers": {"If-None-Match": "*"}, "body": order("r-1")});
    let pay = json!({"method": "POST", "path": "/v1/orders/o-1/transitions/pay", "body": {"payment": "visa"}});
    let by_post = json!({"method": "POST", "path": "/v1/orders", "body": order("r-2")});

    let tried = send(json!([create])).prefer("dry-run").await.is(200);
    document.allows("post", TRANSACTIONS, &tried);
    let call = send(json!([create, by_post])).header("idempotency-key", "k-1");
    let done = call.clone().await.is(200);
    document.allows("post", TRANSACTIONS, &done);
    document.allows_result("put", "/v1/orders/{id}", &done["results"][0]);
    document.allows_result("post", "/v1/orders", &done["results"][1]);
    let again = call.await.is(200);
    assert_eq!(again.header("idempotent-replayed"), Some("true"));
    document.allows("post", TRANSACTIONS, &again);
    let paid = send(json!([pay])).await.is(200);
    document.allows("post", TRANSACTIONS, &paid);
    let path = "/v1/orders/{id}/transitions/pay";
    document.allows_result("post", path, &paid["results"][0]);

    let change = |headers: Value| json!({"method": "PATCH", "path": "/v1/orders/o-1", "headers": headers, "body": {"note": "n"}});
    let stock = json!({"method": "POST", "path": "/v1/products/p-1/transitions/reserve", "body": {"quantity": 1}});
    let sale = json!({"method": "POST", "path": "/v1/sales", "body": {"lines": [{"product": "none", "quantity": 1}]}});
    for (operations, status, code) in [
        (json!([]), 400, "malformed-request"),
        (
            json!([{"method": "POST", "path": "/v1/nothings"}]),
            404,
            "not-found",
        ),
        (json!([stock]), 404, "not-found"),
        (
            json!([{"method": "GET", "path": "/v1/orders/o-1"}]),
            405,
            "method-not-allowed",
        ),
        (
            json!([{"method": "PUT", "path": "/v1/orders", "body": {}}]),
            405,
            "method-not-allowed",
        ),
        (
            json!([change(json!({"Content-Type": "text/plain"}))]),
            415,
            "unsupported-media-type",
        ),
        (
            json!([change(json!({"Accept": "text/html"}))]),
            406,
            "not-acceptable",
        ),
        (json!([change(json!({}))]), 428, "precondition-required"),
        (
            json!([change(json!({"If-Match": "\"1-00000000\""}))]),
            409,
            "stale-version",
        ),
        (
            json!([change(json!({"If-Match": "*"}))]),
            409,
            "not-allowed-in-state",
        ),
        (json!([create]), 409, "already-exists"),
        (json!([by_post]), 409, "duplicate"),
        (json!([pay]), 409, "invalid-transition"),
        (json!([sale]), 409, "missing-reference"),
        (
            json!([{"method": "POST", "path": "/v1/orders", "body": {}}]),
            422,
            "invalid-resource",
        ),
    ] {
        for prefer in ["", "dry-run"] {
            let mut call = send(operations.clone());
            if !prefer.is_empty() {
                call = call.prefer(prefer);
            }
            let refused = call.await.refused(status, code);
            document.allows("post", TRANSACTIONS, &refused);
        }
    }
    let reused = send(json!([pay])).header("idempotency-key", "k-1");
    let reused = reused.await.refused(422, "idempotency-key-reused");
    document.allows("post", TRANSACTIONS, &reused);
    let nobody = api.claims(&json!({"scope": ""}));
    let refused = nobody.post(TRANSACTIONS, json!({"operations": [create]}));
    document.allows("post", TRANSACTIONS, &refused.await.is(401));
    let weak = api.claims(&json!({"sub": "eve", "scope": "orders.read"}));
    let refused = weak.post(TRANSACTIONS, json!({"operations": [create]}));
    let refused = refused.await.refused(403, "forbidden");
    document.allows("post", TRANSACTIONS, &refused);
}

#[tokio::test]
async fn a_history_is_answered_as_the_document_says() {
    let api = Api::of_examples().await;
    let document = Document::of(&api).await;
    let (alice, one) = (api.alice(), "/v1/orders/o-1");
    let created = alice.create(one, order("r-1")).await.is(201);
    document.allows("put", "/v1/orders/{id}", &created);
    let paid = alice.post(
        &format!("{one}/transitions/pay"),
        json!({"payment": "visa"}),
    );
    paid.await.is(200);
    api.catch_up().await;
    let of_one = format!("{one}/history");
    let last = alice.get(&of_one).await.is(200);
    document.allows("get", HISTORY, &last);
    let first = alice.get(&format!("{of_one}?limit=1")).await.is(200);
    assert!(first.header("link").is_some());
    document.allows("get", HISTORY, &first);
    document.allows("head", HISTORY, &alice.head(&of_one).await.is(200));
    let cancel = alice.post(&format!("{one}/transitions/cancel"), ());
    cancel.await.is(200);
    alice.delete(one).if_any().await.is(204);
    document.allows("get", HISTORY, &alice.get(&of_one).await.is(200));

    for (path, status, code) in [
        ("/v1/orders/none/history", 404, "not-found"),
        ("/v1/orders/o-1/history?limit=0", 400, "malformed-request"),
        ("/v1/orders/o-1/history?cursor=x", 400, "malformed-request"),
    ] {
        let refused = alice.get(path).await.refused(status, code);
        document.allows("get", HISTORY, &refused);
    }
    let call = alice.get(&of_one).header("accept", "text/html");
    let refused = call.await.refused(406, "not-acceptable");
    document.allows("get", HISTORY, &refused);
    let weak = api.claims(&json!({"sub": "eve", "scope": "orders.write"}));
    let refused = weak.get(&of_one).await.refused(404, "not-found");
    document.allows("get", HISTORY, &refused);
    let nobody = api.claims(&json!({"scope": ""}));
    document.allows("get", HISTORY, &nobody.get(&of_one).await.is(401));
}

#[tokio::test]
async fn the_links_of_a_create_lead_to_what_it_created() {
    let api = Api::of_examples().await;
    let document = Document::of(&api).await;
    let alice = api.alice();
    let put = alice.create("/v1/orders/o-1", order("r-1"));
    let put = put.prefer("return=minimal").await.is(201);
    let post = alice.post("/v1/orders", order("r-2")).await.is(201);
    document.allows("put", "/v1/orders/{id}", &put);
    document.allows("post", "/v1/orders", &post);
    for (method, path, reply, id) in [
        ("put", "/v1/orders/{id}", &put, json!("o-1")),
        ("post", "/v1/orders", &post, post["id"].clone()),
    ] {
        let links = &document.0["paths"][path][method]["responses"]["201"]["links"];
        let parameters = &links["patch"]["parameters"];
        assert_eq!(parameters["If-Match"], "$response.header.ETag");
        let location = reply.header("location").expect("a location");
        assert_eq!(location.rsplit('/').next(), id.as_str());
        let note = alice.patch(location, json!({"note": "n"}));
        let tag = reply.header("etag").expect("a tag");
        let noted = note.header("if-match", tag).await.is(200);
        document.allows("patch", "/v1/orders/{id}", &noted);
    }
}

/// What a browser lets the scripts of another origin do is what API Gateway allows them.
#[tokio::test]
async fn scripts_may_send_and_see_every_header_that_the_document_names() {
    let api = Api::of_examples().await;
    let document = Document::of(&api).await;
    let (mut sent, mut answered) = (BTreeSet::new(), BTreeSet::new());
    for operations in document.0["paths"].as_object().expect("paths").values() {
        for operation in operations.as_object().expect("operations").values() {
            for parameter in operation["parameters"].as_array().into_iter().flatten() {
                let parameter = document.resolved(parameter);
                if parameter["in"] == "header" {
                    sent.insert(lower(&parameter["name"]));
                }
            }
            for answer in operation["responses"].as_object().into_iter().flatten() {
                let headers = document.resolved(answer.1)["headers"].as_object();
                answered.extend(headers.into_iter().flatten().map(|it| it.0.to_lowercase()));
            }
        }
    }
    assert!(sent.contains("idempotency-key") && answered.contains("etag"));
    // What OpenAPI keeps apart from headers: the token, and the media types of both bodies.
    sent.extend(["accept", "authorization", "content-type"].map(str::to_owned));
    // What a script sees in any case (the Fetch standard's response headers), and what is for caches.
    for seen in [
        "cache-control",
        "content-length",
        "content-type",
        "last-modified",
        "vary",
    ] {
        answered.remove(seen);
    }
    let template = Template::read(TEMPLATE, "template.yaml").unwrap();
    let listed = |name: &str| -> BTreeSet<String> {
        let cors = template
            .at("Api", "/Properties/CorsConfiguration/1")
            .expect("CORS");
        cors[name]
            .as_array()
            .expect(name)
            .iter()
            .map(lower)
            .collect()
    };
    let missing: Vec<_> = sent.difference(&listed("AllowHeaders")).cloned().collect();
    assert_eq!(missing, [""; 0], "AllowHeaders");
    let missing: Vec<_> = answered
        .difference(&listed("ExposeHeaders"))
        .cloned()
        .collect();
    assert_eq!(missing, [""; 0], "ExposeHeaders");
    let methods: BTreeSet<_> = ["delete", "get", "head", "patch", "post", "put"]
        .map(str::to_owned)
        .into();
    assert_eq!(listed("AllowMethods"), methods);
}

fn lower(name: &Value) -> String {
    name.as_str().expect("a name").to_lowercase()
}
