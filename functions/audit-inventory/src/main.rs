//! Serves this function under the Lambda runtime.

use shared::lambda::{event, serve};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    serve(event(audit_inventory::handle)).await
}
