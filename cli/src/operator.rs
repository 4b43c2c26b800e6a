//! The operator, connected to a deployment.

use shared::address::Address;
use shared::app::{App as _, Verifying};
use shared::auth::admin::Admin;
use shared::aws::Environment;
use shared::call::Call;
use shared::clock::Timestamp;
use shared::id::TenantId;
use shared::keys::secret::Secret;
use shared::password::Passwords;
use shared::random;
use shared::store::key::Key;
use shared::store::parse;
use shared::store::tenant::Tenant;

use crate::failure::Failure;

/// What commands work with.
#[derive(Debug)]
pub struct Operator {
    /// The deployment's settings, and what clients of AWS are made from.
    pub environment: Environment,
    /// The table and its public keys.
    pub app: Verifying,
    /// Where the API answers, as a URL without a path.
    pub api: String,
    /// Whose AWS credentials these are; `local` of the local stack.
    pub who: String,
}

impl Operator {
    /// With these settings.
    pub fn new(environment: Environment, api: String, who: String) -> Self {
        let app = Verifying::new(&environment);
        Self {
            environment,
            app,
            api,
            who,
        }
    }

    /// The time.
    pub fn now(&self) -> Timestamp {
        self.environment.clock.now()
    }

    /// Whether this is the local stack.
    pub fn is_local(&self) -> bool {
        self.environment.config.stage == "local"
    }

    /// One call of the operator's: its events say which program, and whose credentials.
    pub fn call(&self) -> Call {
        let program = concat!("gatehouse/", env!("CARGO_PKG_VERSION"));
        let user_agent = format!("{program} {}", self.who);
        let issuer = self.environment.config.issuer.clone();
        Call::new(
            &random::uuid(),
            self.now(),
            Address::NONE,
            &user_agent,
            issuer,
        )
    }

    /// The operator as the admin of a tenant, which has to be there.
    ///
    /// # Errors
    ///
    /// When it is not.
    pub async fn admin_of(&self, tenant: &str) -> Result<Admin, Failure> {
        Ok(Admin::operator(self.tenant(tenant).await?.id))
    }

    /// A tenant.
    ///
    /// # Errors
    ///
    /// When it is not there.
    pub async fn tenant(&self, id: &str) -> Result<Tenant, Failure> {
        let [row] = self
            .app
            .store
            .read([&Key::tenant(&TenantId::from(id))])
            .await?;
        let row = row.ok_or_else(|| Failure::new(format!("there is no tenant {id}")))?;
        Ok(parse(row, "tenant")?)
    }

    /// What hashes and seals passwords as the deployment does. Takes the memory for hashing.
    pub fn passwords(&self) -> Passwords {
        let config = &self.environment.config;
        let secret = Secret::new(self.environment.secrets_manager(), &config.passwords_secret);
        Passwords::new(secret, config.argon2)
    }
}
