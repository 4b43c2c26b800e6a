//! Tenants and their policies.

mod list;
mod policy;
mod shown;

use clap::{Args, Subcommand};
use shared::auth::admin::Admin;
use shared::auth::tenants;
use shared::id::TenantId;
use shared::store::tenant::TenantStatus;
use shared::store::tenant::record::Record;

use crate::failure::Failure;
use crate::operator::Operator;
use crate::output::Output;
use crate::values;
use policy::PolicyFlags;
use shown::show;

/// Tenants and their policies.
#[derive(Debug, Subcommand)]
pub enum Tenants {
    /// Make a tenant; its users come by `users create`, `users invite` or `users import`.
    Create(Create),
    /// List all tenants. There is no index of them: it reads the whole table, and its capacity.
    List,
    /// Show a tenant, and the rules that are in force for it.
    Show(Named),
    /// Change a tenant's name or its rules; what is not named stays, and `default` is the deployment's.
    Set(Set),
    /// Sign everybody of a tenant out, at once, and let nobody in.
    Suspend(Named),
    /// Let the users and clients of a suspended tenant in again; sessions that have not ended go on.
    Activate(Named),
}

/// A tenant.
#[derive(Debug, Args)]
pub struct Named {
    /// The tenant's id.
    tenant: String,
}

/// A new tenant.
#[derive(Debug, Args)]
pub struct Create {
    /// Its id, which its users' tokens carry; it cannot be changed.
    #[arg(value_parser = values::tenant_id)]
    tenant: TenantId,
    /// Its name, for people.
    #[arg(long, value_parser = values::line)]
    name: Option<String>,
    #[command(flatten)]
    policy: PolicyFlags,
}

/// A change of a tenant.
#[derive(Debug, Args)]
pub struct Set {
    /// The tenant's id.
    tenant: String,
    /// Its name, for people.
    #[arg(long, value_parser = values::line)]
    name: Option<String>,
    #[command(flatten)]
    policy: PolicyFlags,
}

impl Tenants {
    /// Does it.
    pub async fn run(self, operator: &Operator, output: &Output) -> Result<(), Failure> {
        match self {
            Self::Create(create) => create.run(operator, output).await,
            Self::List => list::list(operator, output).await,
            Self::Show(named) => {
                let record = record(operator, &named.tenant).await?;
                show(operator, output, &record).await
            }
            Self::Set(set) => set.run(operator, output).await,
            Self::Suspend(named) => {
                named
                    .status(operator, output, TenantStatus::Suspended)
                    .await
            }
            Self::Activate(named) => named.status(operator, output, TenantStatus::Active).await,
        }
    }
}

async fn record(operator: &Operator, id: &str) -> Result<Record, Failure> {
    let record = operator.app.store.tenant_record(&id.into()).await?;
    record.ok_or_else(|| Failure::new(format!("there is no tenant {id}")))
}

impl Create {
    async fn run(self, operator: &Operator, output: &Output) -> Result<(), Failure> {
        let mut new = Record::new(self.tenant, self.name, operator.now());
        self.policy.apply(&mut new.tenant.policy)?;
        let id = new.tenant.id.clone();
        let admin = Admin::operator(id.clone());
        if !tenants::found(&operator.app, &operator.call(), &admin, &new).await? {
            return Err(Failure::new(format!(
                "there is a tenant {id} already, and nothing was changed"
            )));
        }
        show(operator, output, &new).await
    }
}

impl Set {
    async fn run(self, operator: &Operator, output: &Output) -> Result<(), Failure> {
        if self.name.is_none() && self.policy.is_empty() {
            return Err(Failure::usage(
                "what is to be changed? --help lists what can be",
            ));
        }
        let admin = operator.admin_of(&self.tenant).await?;
        let call = operator.call();
        let changed = tenants::change(&operator.app, &call, &admin, |before| {
            let mut after = before.clone();
            if let Some(name) = &self.name {
                after.name = Some(name.clone());
            }
            self.policy.apply(&mut after.tenant.policy)?;
            Ok(after)
        });
        show(operator, output, &changed.await?).await
    }
}

impl Named {
    async fn status(
        self,
        operator: &Operator,
        output: &Output,
        status: TenantStatus,
    ) -> Result<(), Failure> {
        let admin = operator.admin_of(&self.tenant).await?;
        let call = operator.call();
        let changed = tenants::change(&operator.app, &call, &admin, |before| {
            let mut after = before.clone();
            after.tenant.status = status;
            Ok(after)
        });
        show(operator, output, &changed.await?).await
    }
}
