//! New users of a tenant: with a password, or invited.

use clap::Args;
use serde::Serialize;
use shared::auth::admin::Admin;
use shared::auth::invite::{Invitee, invite};
use shared::auth::users::newcomer::newcomer;
use shared::auth::users::password::{create, judge};
use shared::http::user::UserBody;
use shared::role::Role;
use shared::store::user::User;
use zeroize::Zeroizing;

use super::list;
use crate::ask;
use crate::failure::Failure;
use crate::operator::Operator;
use crate::output::Output;
use crate::values::{self, Name};

/// Who it is.
#[derive(Debug, Args)]
struct Person {
    /// The tenant's id.
    tenant: String,
    /// The e-mail address, a login name.
    #[arg(long, value_name = "ADDRESS", value_parser = values::email)]
    email: Name,
    /// Another login name.
    #[arg(long, value_name = "NAME", value_parser = values::username)]
    username: Option<Name>,
    /// The role: super_admin, admin, viewer, or any other word for a plain member.
    #[arg(long, default_value = "member", value_parser = values::role)]
    role: Role,
    /// The name, for people.
    #[arg(long, value_parser = values::line)]
    name: Option<String>,
    /// The user's organization.
    #[arg(long, value_name = "NAME", value_parser = values::line)]
    organization: Option<String>,
}

/// A user who may sign in at once.
#[derive(Debug, Args)]
pub struct Create {
    #[command(flatten)]
    person: Person,
    /// Read the password from standard input, in place of asking for it.
    #[arg(long)]
    password_stdin: bool,
}

/// A user who is invited.
#[derive(Debug, Args)]
pub struct Invite {
    #[command(flatten)]
    person: Person,
}

#[derive(Serialize)]
struct InvitedBody<'a> {
    user: UserBody<'a>,
    invite_token: &'a str,
    expires_at: &'a str,
}

impl Person {
    fn invitee(self) -> Invitee {
        Invitee {
            email: self.email,
            username: self.username,
            role: self.role,
            name: self.name,
            organization: self.organization,
        }
    }
}

impl Create {
    /// Does it.
    pub async fn run(self, operator: &Operator, output: &Output) -> Result<(), Failure> {
        let tenant = operator.tenant(&self.person.tenant).await?;
        let admin = Admin::operator(tenant.id.clone());
        let call = operator.call();
        let user = newcomer(&call, &tenant.id, &self.person.invitee());
        let password = password(self.password_stdin, |password| {
            Ok(judge(&tenant, &user, password)?)
        })
        .await?;
        let passwords = operator.passwords();
        let with = (&operator.app, &passwords);
        let user = create(with, &call, &admin, (&tenant, None), &user, &password).await?;
        list::print(output, &user, None)?;
        how_to_sign_in(operator, &user);
        Ok(())
    }
}

/// A new password: from standard input, or typed twice.
pub async fn password(
    piped: bool,
    judge: impl Fn(&str) -> Result<(), Failure>,
) -> Result<Zeroizing<String>, Failure> {
    if piped {
        return ask::piped_password();
    }
    if !ask::at_terminal() {
        return Err(Failure::usage(
            "a password is asked for at a terminal; --password-stdin reads it from standard input",
        ));
    }
    ask::new_password(judge).await
}

impl Invite {
    /// Does it.
    pub async fn run(self, operator: &Operator, output: &Output) -> Result<(), Failure> {
        let admin = operator.admin_of(&self.person.tenant).await?;
        let invitee = self.person.invitee();
        let invited = invite(&operator.app, &operator.call(), &admin, &invitee).await?;
        let expires_at = invited.expires_at.to_string();
        let body = InvitedBody {
            user: UserBody::new(&invited.user, None),
            invite_token: &invited.token,
            expires_at: &expires_at,
        };
        let mut fields = list::fields(&invited.user, None);
        fields.push(("invite token", invited.token.to_string()));
        fields.push(("good until", expires_at.clone()));
        output.one(&body, &fields)?;
        how_to_accept(operator, &invited.token);
        Ok(())
    }
}

/// Says what a new user does next.
pub fn how_to_sign_in(operator: &Operator, user: &User) {
    let email = &user.email;
    eprintln!(
        "\nTo sign in:\n  curl -s {}/api/auth/login -H 'content-type: application/json' \\\n    \
         -d '{{\"email\": \"{email}\", \"password\": \"…\"}}'",
        operator.api
    );
}

/// Says what somebody does with an invite.
pub fn how_to_accept(operator: &Operator, token: &str) {
    eprintln!(
        "\nThe token is not shown again. Whoever has it sets the first password, and is signed in:\n  \
         curl -s {}/api/v1/auth/accept-invite -H 'content-type: application/json' \\\n    \
         -d '{{\"invite_token\": \"{token}\", \"password\": \"…\"}}'",
        operator.api
    );
}
