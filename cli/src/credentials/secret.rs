//! The secret of a tenant in Secrets Manager.

use aws_sdk_secretsmanager::Client;
use aws_sdk_secretsmanager::error::ProvideErrorMetadata;
use serde_json::{Map, Value};
use shared::id::TenantId;
use zeroize::Zeroizing;

use crate::failure::Failure;
use crate::operator::Operator;

/// Where a tenant's credentials are.
pub struct Secret {
    client: Client,
    name: String,
}

impl Secret {
    /// A tenant's.
    pub fn of(operator: &Operator, tenant: &TenantId) -> Self {
        let prefix = &operator.environment.config.credentials_prefix;
        Self {
            client: operator.environment.secrets_manager(),
            name: format!("{prefix}{tenant}"),
        }
    }

    /// What it holds; `None` where there is none, or one that waits for its deletion.
    pub async fn members(&self) -> Result<Option<Map<String, Value>>, Failure> {
        let answer = self.client.get_secret_value().secret_id(&self.name).send();
        let text = match answer.await {
            Ok(answer) => answer.secret_string.map(Zeroizing::new),
            Err(error) => {
                return match error.code() {
                    Some("ResourceNotFoundException" | "InvalidRequestException") => Ok(None),
                    code => Err(self.refused("read", code)),
                };
            }
        };
        // serde's own message would quote the value that is wrong.
        let members = text.and_then(|text| serde_json::from_str(&text).ok());
        let members = members.ok_or_else(|| {
            let name = &self.name;
            Failure::new(format!(
                "the secret {name} is no JSON object: remove it, and set it anew"
            ))
        })?;
        Ok(Some(members))
    }

    /// Stores this text, in a new secret where there is none.
    pub async fn store(&self, text: &str) -> Result<(), Failure> {
        let made = self.client.create_secret().name(&self.name);
        let made = made.secret_string(text).send().await;
        let Err(error) = made else { return Ok(()) };
        if !matches!(
            error.code(),
            Some("ResourceExistsException" | "InvalidRequestException")
        ) {
            return Err(self.refused("made", error.code()));
        }
        let put = || {
            let put = self.client.put_secret_value().secret_id(&self.name);
            put.secret_string(text).send()
        };
        match put().await {
            Ok(_) => return Ok(()),
            // It waits for its deletion.
            Err(error) if error.code() == Some("InvalidRequestException") => {}
            Err(error) => return Err(self.refused("changed", error.code())),
        }
        let restored = self.client.restore_secret().secret_id(&self.name).send();
        let restored = restored.await;
        restored.map_err(|error| self.refused("restored", error.code()))?;
        let put = put().await;
        put.map(|_| ())
            .map_err(|error| self.refused("changed", error.code()))
    }

    /// Removes it; it can be had back for 30 days.
    pub async fn remove(&self) -> Result<(), Failure> {
        let removed = self
            .client
            .delete_secret()
            .secret_id(&self.name)
            .send()
            .await;
        removed
            .map(|_| ())
            .map_err(|error| self.refused("removed", error.code()))
    }

    /// What Secrets Manager says may quote the request: its code alone.
    fn refused(&self, what: &str, code: Option<&str>) -> Failure {
        let code = code.unwrap_or("no answer");
        Failure::new(format!("the secret {} cannot be {what}: {code}", self.name))
    }
}
