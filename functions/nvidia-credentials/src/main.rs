//! `GET /api/auth/nvidia-credentials` as a Lambda function.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    shared::lambda::serve(nvidia_credentials::handle).await
}
