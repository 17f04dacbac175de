//! The cold start of the lease function.

use lambda_http::Error;
use onlyif_http::cold_start;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let app = onlyif_declared::app().await?;
    cold_start::run(app, async |app, request| {
        onlyif_lease::handle(&*app, request).await
    })
    .await
}
