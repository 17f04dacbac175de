//! What a request takes beside the store: the functions are called with events, as Lambda calls them,
//! and the store by the SDK alone, in turns, in this process.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use std::{fs, io};

use lambda_http::Context;
use onlyif_dynamodb::Table;
use onlyif_http::observe::Deployment;
use onlyif_http::{App, Auth, Settings, StaleStatus, cold_start};
use serde_json::{Value, json};
use tempfile::TempDir;
use tracing::Dispatch;
use tracing::instrument::WithSubscriber;
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::prelude::*;
use uuid::Uuid;

use super::pair::{Pair, What, in_turn};
use super::puts::Puts;
use super::{distance, events, throughput};
use crate::function::Function;
use crate::gateway;
use crate::resources;
use crate::serve::{self, Options, Server};
use crate::store::Opened;

/// How often each is asked in a round.
const TIMES: usize = 20;

/// Long enough for any request.
const PATIENCE: Duration = Duration::from_secs(10);

/// What is asked, and of whom.
pub struct Requests {
    near: Asked,
    far: Asked,
    server: Server,
    /// How many references there were: no two orders have one.
    references: AtomicUsize,
    rounds: AtomicUsize,
    _resources: TempDir,
}

/// One store, and whoever asks it.
struct Asked {
    app: Arc<App<Table>>,
    /// It logs as deployed, but for the place: what is logged of a request is part of what that takes.
    log: Dispatch,
    puts: Puts,
}

impl Requests {
    /// Gets ready for requests to an open store, which holds nothing yet.
    ///
    /// # Errors
    /// A sentence: there is no port or no room for a file, or the store does not take an order.
    pub async fn of(opened: &Opened) -> Result<Self, String> {
        let folder = TempDir::new().map_err(|error| format!("No folder can be made ({error})."))?;
        let orders = include_str!("../../../../resources/orders.yaml");
        fs::write(folder.path().join("orders.yaml"), orders)
            .map_err(|error| format!("The declaration cannot be written ({error})."))?;
        let server = serve::start(Options {
            resources: folder.path().to_owned(),
            store: opened.settings.endpoint.clone(),
            ..Options::default()
        })
        .await?;
        let declarations = Arc::new(resources::parse(&resources::read(folder.path())?)?);
        let mut far = opened.settings.clone();
        let near = far.endpoint.take().unwrap_or_default();
        far.endpoint = Some(distance::before(&near)?);
        let far = Table::connect(&far)?;
        let deployment = Deployment {
            namespace: Some("Onlyif".to_owned()),
            release: None,
        };
        let lines = cold_start::lines(deployment, io::sink);
        let registry = tracing_subscriber::registry();
        let log = Dispatch::new(registry.with(lines).with(LevelFilter::INFO));
        let asked = |store: &Table| Asked {
            app: Arc::new(App {
                declarations: Arc::clone(&declarations),
                store: store.clone(),
                settings: Settings {
                    stale_status: StaleStatus::Conflict,
                    auth: Auth::Jwt,
                    base_url: None,
                },
            }),
            log: log.clone(),
            puts: Puts::to(store, &opened.settings.table),
        };
        let mut requests = Requests {
            near: asked(&opened.table),
            far: asked(&far),
            server,
            references: AtomicUsize::new(0),
            rounds: AtomicUsize::new(0),
            _resources: folder,
        };
        requests.create(&requests.near, None).await?;
        requests.near.puts.learn().await?;
        requests.far.puts.learn().await?;
        Ok(requests)
    }

    /// One round of each. Of each pair now one comes first and now the other, where one does not need
    /// what the other leaves.
    ///
    /// # Errors
    /// A sentence: something was not answered as it has to be.
    pub async fn round(&self) -> Result<Vec<Pair>, String> {
        let mut pairs = Vec::new();
        for turn in 0..TIMES {
            let first = turn % 2 == 0;
            for what in What::ALL {
                let (ours, other) = match what {
                    What::Create => self.creates(&self.far, first).await?,
                    What::CreateNear => self.creates(&self.near, first).await?,
                    What::Duplicate => self.duplicate(first).await?,
                    What::Transition => self.transition().await?,
                    What::Update => self.update().await?,
                    What::Delete => self.delete().await?,
                    What::Throughput => continue,
                };
                pairs.push(Pair { what, ours, other });
            }
        }
        let body = order(None).to_string();
        let first = self
            .rounds
            .fetch_add(1, Ordering::Relaxed)
            .is_multiple_of(2);
        let asked = throughput::measured(&self.server.url, &body, &self.near.puts, first);
        pairs.push(asked.await?);
        Ok(pairs)
    }

    /// Stops the server.
    pub async fn stop(self) {
        self.server.stop().await;
    }

    async fn creates(&self, of: &Asked, first: bool) -> Result<(Duration, Duration), String> {
        in_turn(first, self.create(of, None), of.puts.put(false)).await
    }

    async fn duplicate(&self, first: bool) -> Result<(Duration, Duration), String> {
        let taken = self.reference();
        self.create(&self.far, Some(&taken)).await?;
        let free = self.reference();
        let refused = async {
            let event = self.event(Function::Create, None, &order(Some(&taken)))?;
            self.far
                .call(Function::Create, event, 409)
                .await
                .map(|it| it.0)
        };
        in_turn(first, refused, self.create(&self.far, Some(&free))).await
    }

    async fn transition(&self) -> Result<(Duration, Duration), String> {
        let (id, _) = self.created().await?;
        let pay = |status| {
            let input = json!({ "payment": "p-1" });
            let event = self.event(Function::Transition, Some((&id, None)), &input);
            async move { self.far.call(Function::Transition, event?, status).await }
        };
        let (done, _) = pay(200).await?;
        let (refused, _) = pay(409).await?;
        Ok((refused, done))
    }

    async fn update(&self) -> Result<(Duration, Duration), String> {
        let (id, tag) = self.created().await?;
        let put = |note, status| {
            let mut body = order(None);
            body["note"] = json!(note);
            let event = self.event(Function::Update, Some((&id, Some(&tag))), &body);
            async move { self.far.call(Function::Update, event?, status).await }
        };
        let (done, _) = put("Ring once.", 200).await?;
        let (refused, _) = put("Ring twice.", 409).await?;
        Ok((refused, done))
    }

    async fn delete(&self) -> Result<(Duration, Duration), String> {
        let (id, tag) = self.created().await?;
        let delete = |tag: String, status| {
            let event = self.event(Function::Delete, Some((&id, Some(&tag))), &Value::Null);
            async move { self.far.call(Function::Delete, event?, status).await }
        };
        let (refused, _) = delete(tag.replace("\"1-", "\"2-"), 409).await?;
        let (done, _) = delete(tag, 204).await?;
        Ok((refused, done))
    }

    async fn create(&self, of: &Asked, reference: Option<&str>) -> Result<Duration, String> {
        let event = self.event(Function::Create, None, &order(reference))?;
        let (took, _) = of.call(Function::Create, event, 201).await?;
        Ok(took)
    }

    /// The id and the tag of another order.
    async fn created(&self) -> Result<(String, String), String> {
        let event = self.event(Function::Create, None, &order(None))?;
        let (_, answer) = self.far.call(Function::Create, event, 201).await?;
        let body: Value =
            serde_json::from_str(answer["body"].as_str().unwrap_or_default()).unwrap_or_default();
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        Ok((text(&body["id"]), text(&answer["headers"]["etag"])))
    }

    fn reference(&self) -> String {
        format!("r-{}", self.references.fetch_add(1, Ordering::Relaxed))
    }

    /// A function's golden event, about this order and with this body.
    fn event(
        &self,
        of: Function,
        order: Option<(&str, Option<&str>)>,
        body: &Value,
    ) -> Result<String, String> {
        let golden = events::event(of, 0)?;
        let wrong = |error: serde_json::Error| format!("The event is none ({error}).");
        let mut event: Value = serde_json::from_str(&golden).map_err(wrong)?;
        if let Some((id, tag)) = order {
            let golden = event["pathParameters"]["id"].as_str().unwrap_or_default();
            let path = event["rawPath"].as_str().unwrap_or_default();
            event["rawPath"] = json!(path.replace(golden, id));
            event["pathParameters"]["id"] = json!(id);
            let headers = event["headers"].as_object_mut();
            if let (Some(headers), Some(tag)) = (headers, tag) {
                headers.insert("if-match".to_owned(), json!(tag));
            }
        }
        // Two of one id would be one request, whose writes are no conflict for itself.
        event["requestContext"]["requestId"] = json!(Uuid::now_v7().to_string());
        event["body"] = match body {
            Value::Null => Value::Null,
            body => json!(body.to_string()),
        };
        Ok(event.to_string())
    }
}

impl Asked {
    /// Calls a function, which has to answer this status; how long it took, and what it answered.
    async fn call(
        &self,
        function: Function,
        event: String,
        status: u16,
    ) -> Result<(Duration, Value), String> {
        let mut context = Context::default();
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        let deadline = (now.unwrap_or_default() + PATIENCE).as_millis();
        context.deadline = deadline.try_into().unwrap_or(u64::MAX);
        let begun = Instant::now();
        // Boxed: it is as large as the largest function.
        let answer = Box::pin(gateway::invoke(
            function,
            Arc::clone(&self.app),
            event,
            context,
        ))
        .with_subscriber(self.log.clone())
        .await?;
        let took = begun.elapsed();
        let answer: Value = serde_json::from_str(&answer)
            .map_err(|error| format!("A function answered what is no JSON ({error})."))?;
        match answer["statusCode"].as_u64() {
            Some(found) if found == u64::from(status) => Ok((took, answer)),
            found => Err(unexpected(
                found.and_then(|it| it.try_into().ok()).unwrap_or_default(),
                status,
                answer["body"].as_str().unwrap_or_default(),
            )),
        }
    }
}

/// An order, with this reference or none.
fn order(reference: Option<&str>) -> Value {
    let mut order = json!({
        "customer": "c-alice", "currency": "EUR",
        "lines": [{ "product": "kettle", "quantity": 1, "price": 39.9 }],
        "address": { "street": "Hafengasse 7", "postcode": "20457", "city": "Hamburg", "country": "DE" },
    });
    if let Some(reference) = reference {
        order["reference"] = json!(reference);
    }
    order
}

fn unexpected(found: u16, expected: u16, body: &str) -> String {
    format!("A request was answered {found}, where {expected} was expected: {body}")
}
