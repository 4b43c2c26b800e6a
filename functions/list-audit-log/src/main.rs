//! `GET /api/v1/audit-log` as a Lambda function.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    shared::lambda::serve(list_audit_log::handle).await
}
