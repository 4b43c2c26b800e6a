//! Sessions ended.

use clap::{ArgGroup, Args};
use indicatif::ProgressBar;
use serde_json::json;
use shared::auth::admin::Admin;
use shared::auth::sessions;
use shared::auth::sessions::tenant::revoke_page;
use shared::id::SessionId;
use shared::store::list::Listed;

use super::owner;
use crate::failure::Failure;
use crate::interrupt::{self, Interrupts};
use crate::operator::Operator;
use crate::output::Output;

/// Which sessions end.
#[derive(Debug, Args)]
#[command(group = ArgGroup::new("whose").required(true).args(["user", "client", "tenant"]))]
#[command(group = ArgGroup::new("which").required(true).args(["session", "all"]))]
pub struct Revoke {
    /// The session to end.
    #[arg(value_name = "SESSION", conflicts_with = "tenant")]
    session: Option<String>,

    /// A user's, by id, username or e-mail address.
    #[arg(long, value_name = "ID|NAME")]
    user: Option<String>,

    /// An API client's, by its id.
    #[arg(long, value_name = "ID")]
    client: Option<String>,

    /// Those of all users and clients of a tenant, which takes a while: to let nobody in meanwhile,
    /// suspend the tenant first.
    #[arg(long, value_name = "ID")]
    tenant: Option<String>,

    /// End all of them.
    #[arg(long)]
    all: bool,

    /// Go on with a tenant where an earlier call was stopped, at the place that it named.
    #[arg(long, value_name = "PLACE", conflicts_with_all = ["user", "client"])]
    after: Option<String>,
}

impl Revoke {
    /// Ends them.
    pub async fn run(self, operator: &Operator, output: &Output) -> Result<(), Failure> {
        if let Some(tenant) = &self.tenant {
            let place = self.after.as_deref().map(Place::parse).transpose()?;
            let admin = operator.admin_of(tenant).await?;
            return of_tenant(operator, output, &admin, place.unwrap_or_default()).await;
        }
        let (user, client) = (self.user.as_deref(), self.client.as_deref());
        let (owner, admin) = owner(&operator.app, user, client).await?;
        let (app, call) = (&operator.app, &operator.call());
        let Some(session) = &self.session else {
            sessions::revoke_all(app, call, &admin, &owner).await?;
            let ended = [("ended", "all sessions".to_owned())];
            return output.one(&json!({"ended": "all"}), &ended);
        };
        let id = SessionId::from(session.as_str());
        let ended = sessions::revoke(app, call, &admin, &owner, &id).await?;
        let what = if ended { "ended" } else { "had ended before" };
        output.one(
            &json!({"session": session, "ended": ended}),
            &[("session", session.clone()), ("state", what.to_owned())],
        )
    }
}

/// How far a tenant's users and clients have been gone through.
#[derive(Clone, Debug)]
struct Place {
    listed: Listed,
    after: Option<String>,
}

impl Default for Place {
    fn default() -> Self {
        let listed = Listed::Users;
        Self {
            listed,
            after: None,
        }
    }
}

impl Place {
    fn parse(text: &str) -> Result<Self, Failure> {
        let (listed, after) = text.split_once(':').unwrap_or((text, ""));
        let listed = match listed {
            "users" => Listed::Users,
            "clients" => Listed::Clients,
            _ => return Err(Failure::usage("--after must be a place that was named")),
        };
        let after = Some(after.to_owned()).filter(|after| !after.is_empty());
        Ok(Self { listed, after })
    }

    fn text(&self) -> String {
        let listed = match self.listed {
            Listed::Users => "users",
            Listed::Clients => "clients",
        };
        format!("{listed}:{}", self.after.as_deref().unwrap_or_default())
    }
}

async fn of_tenant(
    operator: &Operator,
    output: &Output,
    admin: &Admin,
    mut place: Place,
) -> Result<(), Failure> {
    let progress = ProgressBar::new_spinner();
    let (mut users, mut clients) = (0, 0);
    let interrupts = Interrupts::heeded();
    loop {
        let call = operator.call();
        let after = place.after.as_deref();
        let page = revoke_page(&operator.app, &call, admin, place.listed, after);
        let page = tokio::select! {
            page = page => page,
            () = interrupts.next() => {
                let done = stopped(users, clients, &place);
                return Err(interrupt::failure(format!("interrupted: {done}")));
            }
        };
        let (ended, next) = page.map_err(|error| {
            let why = Failure::from(error).message;
            Failure::in_part(format!("{why}: {}", stopped(users, clients, &place)))
        })?;
        match place.listed {
            Listed::Users => users += ended,
            Listed::Clients => clients += ended,
        }
        progress.set_message(format!(
            "{users} users and {clients} clients are signed out"
        ));
        progress.tick();
        match (&next, place.listed) {
            (Some(_), _) => place.after = next,
            (None, Listed::Users) => {
                place = Place {
                    listed: Listed::Clients,
                    after: None,
                };
            }
            (None, Listed::Clients) => break,
        }
    }
    progress.finish_and_clear();
    output.one(
        &json!({"users": users, "clients": clients}),
        &[
            ("users signed out", users.to_string()),
            ("clients signed out", clients.to_string()),
        ],
    )
}

fn stopped(users: u64, clients: u64, place: &Place) -> String {
    let place = place.text();
    format!(
        "{users} users and {clients} clients are signed out; go on with --after '{place}', or from the \
         beginning"
    )
}
