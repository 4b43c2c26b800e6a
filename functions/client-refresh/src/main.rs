//! `ANY /v1/auth` and `POST /v1/auth/refresh` as a Lambda function.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    shared::lambda::serve(client_refresh::handle).await
}
