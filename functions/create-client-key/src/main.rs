//! `POST /api/v1/clients/{id}/keys` as a Lambda function.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    shared::lambda::serve(create_client_key::handle).await
}
