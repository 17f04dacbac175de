//! A stock function: greets, after a look into the table.

use aws_config::BehaviorVersion;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue;
use lambda_http::{Body, Error, Request, Response, run, service_fn, tracing};

async fn greet(client: &Client, table: &str, _: Request) -> Result<Response<Body>, Error> {
    let item = client
        .get_item()
        .table_name(table)
        .key("pk", AttributeValue::S("hello".to_owned()))
        .key("sk", AttributeValue::S("#".to_owned()))
        .send()
        .await?;
    let greeting = match item.item {
        Some(_) => "Hello again",
        None => "Hello",
    };
    Ok(Response::builder()
        .header("content-type", "text/plain")
        .body(greeting.into())?)
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    tracing::init_default_subscriber();
    let config = aws_config::load_defaults(BehaviorVersion::latest()).await;
    let client = Client::new(&config);
    let table = std::env::var("TABLE")?;
    run(service_fn(|request| greet(&client, &table, request))).await
}
