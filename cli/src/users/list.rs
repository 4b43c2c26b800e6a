//! Users of a tenant, shown; and which one is meant.

use clap::Args;
use shared::auth::login_name::LoginName;
use shared::auth::users::list::{Seen, list, one};
use shared::clock::Timestamp;
use shared::error::Error;
use shared::http::user::{OneUserBody, UserBody};
use shared::id::{TenantId, UserId};
use shared::store::key::Key;
use shared::store::login_name::LoginNameRow;
use shared::store::parse;
use shared::store::user::User;

use crate::failure::Failure;
use crate::operator::Operator;
use crate::output::{Output, or_dash};

/// How many users one request asks for.
const PAGE: usize = 100;

/// A tenant's users.
#[derive(Debug, Args)]
pub struct List {
    /// The tenant's id.
    tenant: String,
}

/// A user.
#[derive(Debug, Args)]
pub struct Named {
    /// The tenant's id.
    tenant: String,
    /// The user's id, e-mail address or username.
    user: String,
}

/// One user.
#[derive(Debug, Args)]
pub struct Show {
    #[command(flatten)]
    named: Named,
}

impl List {
    /// Prints them, in the order of their ids.
    pub async fn run(self, operator: &Operator, output: &Output) -> Result<(), Failure> {
        let tenant = operator.tenant(&self.tenant).await?.id;
        let mut users: Vec<Seen> = Vec::new();
        let mut after: Option<String> = None;
        loop {
            let page = list(&operator.app, (&tenant, None), PAGE, after.as_deref());
            let (page, next) = page.await?;
            users.extend(page);
            let Some(next) = next else { break };
            after = Some(next);
        }
        if output.json {
            let bodies = users.iter().map(|(user, seen)| UserBody::new(user, *seen));
            let bodies: Vec<_> = bodies.collect();
            return output.list("users", &bodies, [], |_| []);
        }
        let columns = [
            "ID",
            "E-MAIL",
            "USERNAME",
            "NAME",
            "ROLE",
            "STATUS",
            "LAST LOGIN",
        ];
        output.list(
            "users",
            &users.iter().map(row).collect::<Vec<_>>(),
            columns,
            Clone::clone,
        )
    }
}

fn row((user, last_login): &Seen) -> [String; 7] {
    [
        user.id.to_string(),
        user.email.clone(),
        or_dash(user.username.as_deref()),
        or_dash(user.name.as_deref()),
        user.role.as_str().to_owned(),
        user.status.name().to_owned(),
        or_dash(*last_login),
    ]
}

impl Show {
    /// Prints it.
    pub async fn run(self, operator: &Operator, output: &Output) -> Result<(), Failure> {
        let (tenant, id) = self.named.find(operator).await?;
        let (user, last_login) = one(&operator.app, (&tenant, None), &id).await?;
        print(output, &user, last_login)
    }
}

/// Prints one user.
pub fn print(output: &Output, user: &User, last_login: Option<Timestamp>) -> Result<(), Failure> {
    let body = OneUserBody::new(user, last_login);
    output.one(&body, &fields(user, last_login))
}

/// A user, for people.
pub fn fields(user: &User, last_login: Option<Timestamp>) -> Vec<(&'static str, String)> {
    vec![
        ("id", user.id.to_string()),
        ("e-mail", user.email.clone()),
        ("username", or_dash(user.username.as_deref())),
        ("name", or_dash(user.name.as_deref())),
        ("organization", or_dash(user.organization.as_deref())),
        ("role", user.role.as_str().to_owned()),
        ("status", user.status.name().to_owned()),
        ("tenant", user.tenant_id.to_string()),
        ("created", user.created_at.to_string()),
        ("last login", or_dash(last_login)),
    ]
}

impl Named {
    /// The tenant, which has to be there, and the id of the user of it who is meant.
    pub async fn find(&self, operator: &Operator) -> Result<(TenantId, UserId), Failure> {
        let tenant = operator.tenant(&self.tenant).await?.id;
        let id = UserId::from(self.user.as_str());
        match one(&operator.app, (&tenant, None), &id).await {
            Ok(_) => return Ok((tenant, id)),
            Err(Error::NotFound(_)) => {}
            Err(error) => return Err(error.into()),
        }
        let none = || Failure::new(format!("tenant {tenant} has no user {}", self.user));
        // What is no name is nobody's.
        let name = LoginName::parse("user", &self.user).map_err(|_| none())?;
        let store = &operator.app.store;
        let [row] = store.read([&Key::login_name(&name.hash())]).await?;
        let row: Option<LoginNameRow> = row.map(|row| parse(row, "login name")).transpose()?;
        let row = row.filter(|row| row.tenant_id == tenant).ok_or_else(none)?;
        Ok((tenant, row.user_id))
    }
}
