//! `GET /api/auth/aws-credentials` [001]: the tenant's AWS credentials, masked, and how to call with
//! them; of the tenant that a `super_admin` names as `tenant_id`.
//!
//! 200; 401 without a good token; 403 for anybody but an admin; 404 where none are stored, and for a
//! tenant that is not one's own; 429 over the limit of the address or the tenant.

use serde::Serialize;
use shared::auth::admin;
use shared::auth::limit::admit_address;
use shared::credentials::{Console, Examples};
use shared::error::Error;
use shared::http::{Answer, Request, bearer};

/// What an admin is shown.
#[derive(Serialize)]
struct CredentialsBody<'a> {
    success: bool,
    credentials: MaskedAws<'a>,
}

/// The credentials, with the secret masked.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct MaskedAws<'a> {
    region: &'a str,
    access_key_id: &'a str,
    secret_access_key: String,
    endpoint: &'a str,
    auth_method: &'static str,
    #[serde(flatten)]
    examples: Examples,
}

/// Answers the tenant's AWS credentials.
///
/// # Errors
///
/// As the module says.
pub async fn handle(app: &'static Console, request: Request) -> Result<Answer, Error> {
    admit_address(&app.base, &request.call).await?;
    request.only("GET")?;
    let token = bearer::token(&request)?;
    let tenant = request.tenant();
    let admin = admin::authenticate(&app.base, &request.call, token, tenant.as_deref()).await?;
    let aws = app.aws(&admin.tenant).await?;
    Answer::ok(&CredentialsBody {
        success: true,
        credentials: MaskedAws {
            region: &aws.region,
            access_key_id: &aws.access_key_id,
            secret_access_key: aws.secret_access_key.masked(),
            endpoint: &aws.endpoint,
            auth_method: "AWS Signature Version 4",
            examples: aws.examples()?,
        },
    })
}
