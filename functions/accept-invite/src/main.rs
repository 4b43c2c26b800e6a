//! `POST /api/v1/auth/accept-invite` as a Lambda function.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    shared::lambda::serve(accept_invite::handle).await
}
