//! `GET /api/auth/nvidia-credentials` [001]: the tenant's NVIDIA API key, masked, and how to call with
//! it; of the tenant that a `super_admin` names as `tenant_id`.
//!
//! 200; 401 without a good token; 403 for anybody but an admin; 404 where none is stored, and for a
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
    credentials: MaskedNvidia<'a>,
}

/// The credentials, with the key masked.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct MaskedNvidia<'a> {
    api_key: String,
    base_url: &'a str,
    endpoint: &'a str,
    #[serde(flatten)]
    examples: Examples,
}

/// Answers the tenant's NVIDIA credentials.
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
    let nvidia = app.nvidia(&admin.tenant).await?;
    Answer::ok(&CredentialsBody {
        success: true,
        credentials: MaskedNvidia {
            api_key: nvidia.api_key.masked(),
            base_url: &nvidia.base_url,
            endpoint: &nvidia.endpoint,
            examples: nvidia.examples()?,
        },
    })
}
