//! The audit log: what has happened in a tenant, or in none.

mod export;
mod span;
mod tail;

use clap::builder::PossibleValuesParser;
use clap::{Args, Subcommand};
use shared::app::Verifying;
use shared::auth::audit_log::{self, Sought};
use shared::clock::Timestamp;
use shared::http::event::EventBody;
use shared::id::{PrincipalId, TenantId};
use shared::store::event::{Event, EventType};
use shared::store::key::Key;

use crate::failure::Failure;
use crate::operator::Operator;
use crate::output::{Output, or_dash};
use span::Moment;

/// The audit log.
#[derive(Debug, Subcommand)]
pub enum Audit {
    /// List events, newest first.
    List(List),
    /// Follow the log, a line for each event as it comes, until Ctrl-C.
    Tail(tail::Tail),
    /// Write all events of a span as JSON lines, oldest first.
    Export(export::Export),
}

/// Which events.
#[derive(Debug, Args)]
pub struct Which {
    /// Whose log: a tenant's id, or `-` for the events that are no tenant's.
    #[arg(long, value_name = "ID", allow_hyphen_values = true)]
    tenant: String,

    /// Only from this moment on: RFC 3339, a day, or as in 15m, 2h or 7d ago.
    #[arg(long, value_name = "TIME")]
    from: Option<Moment>,

    /// Only events of this type.
    #[arg(long = "type", value_name = "TYPE", value_parser = types())]
    kind: Option<String>,

    /// Only what this user or client has done, by its id.
    #[arg(long, value_name = "ID")]
    actor: Option<String>,
}

fn types() -> PossibleValuesParser {
    PossibleValuesParser::new(EventType::ALL.map(EventType::name))
}

/// What is listed.
#[derive(Debug, Args)]
pub struct List {
    #[command(flatten)]
    which: Which,

    /// Only up to this moment.
    #[arg(long, value_name = "TIME")]
    to: Option<Moment>,

    /// At most so many; all of a span are for `export`.
    #[arg(long, value_name = "COUNT", default_value_t = 50)]
    limit: usize,
}

impl Audit {
    /// Does it.
    pub async fn run(self, operator: &Operator, output: &Output) -> Result<(), Failure> {
        match self {
            Self::List(list) => list.run(operator, output).await,
            Self::Tail(tail) => tail.run(operator, output).await,
            Self::Export(export) => export.run(operator, output).await,
        }
    }
}

impl Which {
    /// What that is, now.
    async fn sought(
        &self,
        app: &Verifying,
        to: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<Sought, Failure> {
        let tenant = TenantId::from(self.tenant.as_str());
        // A name that is mistyped must not look like a log without events.
        if self.tenant != "-" {
            let [row] = app.store.read([&Key::tenant(&tenant)]).await?;
            row.ok_or_else(|| Failure::new(format!("there is no tenant {tenant}")))?;
        }
        Ok(Sought {
            tenant,
            kind: self.kind.as_deref().and_then(EventType::parse),
            actor: self.actor.clone(),
            from: self.from.map(|from| from.start(now)),
            to,
        })
    }
}

impl List {
    async fn run(&self, operator: &Operator, output: &Output) -> Result<(), Failure> {
        let now = operator.now();
        let to = self.to.map(|to| to.end(now));
        let sought = self.which.sought(&operator.app, to, now).await?;
        let mut events = Vec::new();
        let mut after = None;
        while events.len() < self.limit {
            let wanted = self.limit - events.len();
            let (page, next) = audit_log::read(&operator.app, &sought, wanted, after, now).await?;
            events.extend(page);
            after = next;
            if after.is_none() {
                break;
            }
        }
        if output.json {
            return events
                .iter()
                .try_for_each(|event| output.line(&json(event)?));
        }
        let columns = [
            "TIME", "TYPE", "OUTCOME", "ACTOR", "SUBJECT", "ADDRESS", "REASON",
        ];
        output.list("events", &events, columns, cells)
    }
}

/// An event as a line of JSON, with the members that the API gives it.
fn json(event: &Event) -> Result<String, Failure> {
    serde_json::to_string(&EventBody::new(event))
        .map_err(|_| Failure::new("an event cannot be written as JSON"))
}

/// An event for people.
fn cells(event: &Event) -> [String; 7] {
    let who = |who: Option<&PrincipalId>| or_dash(who);
    [
        event.time.to_string(),
        event.kind.name().to_owned(),
        event.outcome.name().to_owned(),
        who(event.actor.as_ref()),
        who(event.subject.as_ref()),
        event.ip.clone(),
        or_dash(event.reason.as_ref()),
    ]
}
