//! `PATCH /api/v1/clients/{id}` as a Lambda function.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    shared::lambda::serve(update_client::handle).await
}
