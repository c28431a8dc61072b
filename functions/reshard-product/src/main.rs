//! Serves this function under the Lambda runtime.

use shared::lambda::{http, serve};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    serve(http(reshard_product::handle)).await
}
