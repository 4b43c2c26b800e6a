//! The first tenant and its first super_admin.

mod keys;
mod state;

use clap::Args;
use serde::Serialize;
use shared::auth::admin::Admin;
use shared::auth::invite::{Invitee, invite};
use shared::auth::tenants;
use shared::auth::users::newcomer::newcomer;
use shared::auth::users::password::{create, judge};
use shared::http::user::UserBody;
use shared::id::TenantId;
use shared::role::Role;
use shared::store::tenant::record::Record;
use shared::store::user::User;
use zeroize::Zeroizing;

use crate::ask;
use crate::failure::Failure;
use crate::operator::Operator;
use crate::output::{Output, or_dash};
use crate::users::make::{how_to_accept, how_to_sign_in};
use crate::values::{self, Name};
use state::State;

/// The first tenant and its first super_admin.
#[derive(Debug, Args)]
pub struct Init {
    /// The id of the tenant, which its users' tokens carry; it cannot be changed.
    #[arg(long, value_name = "ID", value_parser = values::tenant_id)]
    tenant: Option<TenantId>,
    /// The tenant's name, for people.
    #[arg(long, value_name = "NAME", value_parser = values::line)]
    tenant_name: Option<String>,
    /// The e-mail address of the super_admin, a login name.
    #[arg(long, value_name = "ADDRESS", value_parser = values::email)]
    email: Option<Name>,
    /// Another login name of the super_admin.
    #[arg(long, value_name = "NAME", value_parser = values::username)]
    username: Option<Name>,
    /// The super_admin's name, for people.
    #[arg(long, value_name = "NAME", value_parser = values::line)]
    name: Option<String>,
    /// Read the password from standard input, in place of asking for it.
    #[arg(long, conflicts_with = "invite")]
    password_stdin: bool,
    /// Print an invite, by which the super_admin sets the password.
    #[arg(long)]
    invite: bool,
    /// How long to wait for the keys, which a new deployment makes by itself.
    #[arg(long, value_name = "TIME", default_value = "5m", value_parser = values::duration)]
    wait: i64,
}

/// What is there afterwards.
#[derive(Serialize)]
struct Done<'a> {
    tenant_id: &'a str,
    user: UserBody<'a>,
    /// Whether this has made it; otherwise it was there.
    made: bool,
    invite_token: Option<&'a str>,
    expires_at: Option<String>,
    api: &'a str,
}

impl Init {
    /// Does it.
    pub async fn run(mut self, operator: &Operator, output: &Output) -> Result<(), Failure> {
        if !ask::at_terminal() && !self.password_stdin && !self.invite {
            return Err(Failure::usage(
                "how does the super_admin get a password? --password-stdin reads it from standard input, \
                 --invite prints an invite",
            ));
        }
        keys::wait(operator, self.wait).await?;
        let asked = self.tenant.is_none();
        let question = "Id of the first tenant, a short word that tokens carry, as in acme";
        let otherwise = "which tenant? Give it an id with --tenant";
        let tenant = ask::needed(self.tenant.take(), question, otherwise, values::tenant_id)?;
        if asked && self.tenant_name.is_none() {
            self.tenant_name = ask::optional("Its name, for people", values::line)?;
        }
        let invitee = self.super_admin()?;
        self.make(operator, output, tenant, invitee).await
    }

    /// Who it is to be.
    fn super_admin(&mut self) -> Result<Invitee, Failure> {
        let asked = self.email.is_none();
        let question = "E-mail address of its first super_admin";
        let otherwise = "who is the super_admin? Give the e-mail address with --email";
        let email = ask::needed(self.email.take(), question, otherwise, values::email)?;
        if asked && self.username.is_none() {
            self.username = ask::optional("A username beside it", values::username)?;
        }
        if asked && self.name.is_none() {
            self.name = ask::optional("The super_admin's name", values::line)?;
        }
        Ok(Invitee {
            email,
            username: self.username.take(),
            role: Role::parse("super_admin").expect("a role"),
            name: self.name.take(),
            organization: None,
        })
    }

    async fn make(
        self,
        operator: &Operator,
        output: &Output,
        tenant: TenantId,
        invitee: Invitee,
    ) -> Result<(), Failure> {
        let new = match state::look(operator, &tenant, &invitee).await? {
            State::Done(user) => return already(operator, output, &user),
            State::TenantThere(record) => {
                eprintln!(
                    "The tenant {tenant} is there already, without an admin: it gets one now."
                );
                (record, false)
            }
            State::Nothing => {
                let name = self.tenant_name.clone();
                (Record::new(tenant.clone(), name, operator.now()), true)
            }
        };
        let made = if self.invite {
            self.invited(operator, output, &new, &invitee).await
        } else {
            self.with_password(operator, output, &new, &invitee).await
        };
        let Err(failure) = made else {
            return Ok(());
        };
        // Perhaps somebody else has done the same at the same time.
        match state::look(operator, &tenant, &invitee).await {
            Ok(State::Done(user)) => already(operator, output, &user),
            _ => Err(failure),
        }
    }

    async fn with_password(
        &self,
        operator: &Operator,
        output: &Output,
        (record, is_new): &(Record, bool),
        invitee: &Invitee,
    ) -> Result<(), Failure> {
        let tenant = &record.tenant;
        let admin = Admin::operator(tenant.id.clone());
        let call = operator.call();
        let user = newcomer(&call, &tenant.id, invitee);
        let password = if self.password_stdin {
            ask::piped_password()?
        } else {
            ask::new_password(|password| Ok(judge(tenant, &user, password)?)).await?
        };
        let passwords = operator.passwords();
        let new = is_new.then_some(record);
        let with = (&operator.app, &passwords);
        let user = create(with, &call, &admin, (tenant, new), &user, &password).await?;
        report(operator, output, &user, None)?;
        how_to_sign_in(operator, &user);
        Ok(())
    }

    async fn invited(
        &self,
        operator: &Operator,
        output: &Output,
        (record, is_new): &(Record, bool),
        invitee: &Invitee,
    ) -> Result<(), Failure> {
        let admin = Admin::operator(record.tenant.id.clone());
        let (app, call) = (&operator.app, operator.call());
        if *is_new {
            // Where it ends here, the next try finds the tenant and goes on.
            tenants::found(app, &call, &admin, record).await?;
        }
        let invited = invite(app, &call, &admin, invitee).await?;
        let until = invited.expires_at.to_string();
        report(
            operator,
            output,
            &invited.user,
            Some((&invited.token, &until)),
        )?;
        how_to_accept(operator, &invited.token);
        Ok(())
    }
}

fn already(operator: &Operator, output: &Output, user: &User) -> Result<(), Failure> {
    eprintln!("It is there already, and nothing was changed: its password is the one that it had.");
    print(operator, output, user, (false, None))
}

fn report(
    operator: &Operator,
    output: &Output,
    user: &User,
    invite: Option<(&Zeroizing<String>, &str)>,
) -> Result<(), Failure> {
    print(operator, output, user, (true, invite))
}

fn print(
    operator: &Operator,
    output: &Output,
    user: &User,
    (made, invite): (bool, Option<(&Zeroizing<String>, &str)>),
) -> Result<(), Failure> {
    let done = Done {
        tenant_id: user.tenant_id.as_str(),
        user: UserBody::new(user, None),
        made,
        invite_token: invite.map(|(token, _)| token.as_str()),
        expires_at: invite.map(|(_, until)| until.to_owned()),
        api: &operator.api,
    };
    let mut fields = vec![
        ("tenant", user.tenant_id.to_string()),
        ("super_admin", user.email.clone()),
        ("username", or_dash(user.username.as_deref())),
        ("user id", user.id.to_string()),
        ("API", operator.api.clone()),
    ];
    if let Some((token, until)) = invite {
        fields.push(("invite token", token.to_string()));
        fields.push(("good until", until.to_owned()));
    }
    output.one(&done, &fields)
}
