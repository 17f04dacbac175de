//! The cold start of the describe function. Unlike the others it has no table: it is not told of
//! one, and may not read any.

use std::sync::Arc;

use lambda_http::Error;
use onlyif_http::{App, Settings, cold_start};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let variable = |name: &str| std::env::var(name).ok();
    cold_start::log(variable);
    let app = App {
        declarations: Arc::new(onlyif_declared::declarations()),
        store: (),
        settings: Settings::read(variable)?,
    };
    cold_start::run(app, async |app, request| {
        onlyif_describe::handle(&*app, request).await
    })
    .await
}
