//! The cold start of the history function.

use lambda_http::Error;
use lambda_http::lambda_runtime::{LambdaEvent, run, service_fn};
use onlyif_history::{Event, handle};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let app = &onlyif_declared::app().await?;
    let answer = async |event: LambdaEvent<Event>| {
        Ok::<_, Error>(handle(app, event.payload, &event.context).await)
    };
    run(service_fn(answer)).await
}
