//! The team's own API as a Lambda function.

use lambda_runtime::{Error, LambdaEvent, service_fn};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let handle = |event: LambdaEvent<_>| async move {
        Ok::<_, Error>(protected_api::handle(&event.payload))
    };
    lambda_runtime::run(service_fn(handle)).await
}
