//! `GET /api/auth/aws-credentials` as a Lambda function.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    shared::lambda::serve(aws_credentials::handle).await
}
