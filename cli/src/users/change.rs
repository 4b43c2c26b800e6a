//! A user's name, role, status and password, and its removal, by the operator.

use clap::Args;
use shared::auth::admin::Admin;
use shared::auth::users::change::{Wanted, change};
use shared::auth::users::list::one;
use shared::auth::users::password::{judge, reset};
use shared::auth::users::remove::remove;
use shared::role::Role;
use shared::store::user::UserStatus;

use super::list::{Named, print};
use super::make::password;
use crate::ask;
use crate::failure::Failure;
use crate::operator::Operator;
use crate::output::Output;
use crate::values;

/// A change of a user.
#[derive(Debug, Args)]
pub struct Update {
    #[command(flatten)]
    named: Named,
    /// The name, for people.
    #[arg(long, value_parser = values::line)]
    name: Option<String>,
    /// The role: super_admin, admin, viewer, or any other word for a plain member.
    #[arg(long, value_parser = values::role)]
    role: Option<Role>,
    /// Whether the user may sign in.
    #[arg(long)]
    status: Option<values::Status>,
}

/// The removal of a user.
#[derive(Debug, Args)]
pub struct Delete {
    #[command(flatten)]
    named: Named,
    /// Do not ask whether that is meant.
    #[arg(long)]
    yes: bool,
}

/// Another password.
#[derive(Debug, Args)]
pub struct ResetPassword {
    #[command(flatten)]
    named: Named,
    /// Read the password from standard input, in place of asking for it.
    #[arg(long)]
    password_stdin: bool,
}

impl Update {
    /// Does it.
    pub async fn run(self, operator: &Operator, output: &Output) -> Result<(), Failure> {
        let wanted = Wanted {
            name: self.name,
            role: self.role,
            status: self.status.map(Into::into),
        };
        if wanted.name.is_none() && wanted.role.is_none() && wanted.status.is_none() {
            let what = "what is to be changed? --name, --role or --status";
            return Err(Failure::usage(what));
        }
        let (tenant, id) = self.named.find(operator).await?;
        let admin = Admin::operator(tenant);
        let call = operator.call();
        let changed = change(&operator.app, &call, &admin, &id, &wanted);
        let (user, last_login) = changed.await?;
        print(output, &user, last_login)
    }
}

impl Delete {
    /// Does it.
    pub async fn run(self, operator: &Operator) -> Result<(), Failure> {
        let (tenant, id) = self.named.find(operator).await?;
        let (user, _) = one(&operator.app, (&tenant, None), &id).await?;
        let question = format!(
            "Remove {} ({id}) from tenant {tenant}, for good?",
            user.email
        );
        ask::agree(self.yes, &question)?;
        let admin = Admin::operator(tenant);
        remove(&operator.app, &operator.call(), &admin, &id).await?;
        eprintln!("{id} is removed.");
        Ok(())
    }
}

impl ResetPassword {
    /// Does it.
    pub async fn run(self, operator: &Operator) -> Result<(), Failure> {
        let (tenant, id) = self.named.find(operator).await?;
        let tenant = operator.tenant(tenant.as_str()).await?;
        let (user, _) = one(&operator.app, (&tenant.id, None), &id).await?;
        if user.status == UserStatus::Invited {
            return Err(Failure::new(
                "an invited user sets the first password, by accepting the invite",
            ));
        }
        let password = password(self.password_stdin, |password| {
            Ok(judge(&tenant, &user, password)?)
        })
        .await?;
        let admin = Admin::operator(tenant.id.clone());
        let passwords = operator.passwords();
        let with = (&operator.app, &passwords);
        reset(with, &operator.call(), &admin, &tenant, &id, &password).await?;
        eprintln!("{id} has the new password, and is signed out everywhere.");
        Ok(())
    }
}
