//! `POST /api/auth/login` and `POST /api/v1/auth/login` as a Lambda function.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    shared::lambda::serve(login::handle).await
}
