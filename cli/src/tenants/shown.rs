//! A tenant as it is shown, with the rules that are in force for it.

use serde::Serialize;
use shared::store::admins::AdminsRow;
use shared::store::key::Key;
use shared::store::parse;
use shared::store::tenant::record::Record;
use shared::store::tenant::{Lifetimes, Policy, TenantStatus};

use crate::failure::Failure;
use crate::operator::Operator;
use crate::output::{Output, or_dash};
use crate::values::spoken;

/// A tenant, for programs.
#[derive(Serialize)]
pub struct TenantBody<'a> {
    id: &'a str,
    name: Option<&'a str>,
    status: TenantStatus,
    created_at: Option<String>,
    policy: &'a Policy,
}

impl<'a> TenantBody<'a> {
    /// The tenant.
    pub fn new(record: &'a Record) -> Self {
        Self {
            id: record.tenant.id.as_str(),
            name: record.name.as_deref(),
            status: record.tenant.status,
            created_at: record.created_at.map(|moment| moment.to_string()),
            policy: &record.tenant.policy,
        }
    }

    /// A row of a table: id, name, status, when it was made.
    pub fn row(&self) -> [String; 4] {
        [
            self.id.to_owned(),
            or_dash(self.name),
            status(self.status).to_owned(),
            or_dash(self.created_at.as_deref()),
        ]
    }
}

/// One tenant, for programs: what is `null` in its policy is the deployment's, and in force stands what
/// comes of both.
#[derive(Serialize)]
struct Shown<'a> {
    #[serde(flatten)]
    tenant: TenantBody<'a>,
    active_admins: u64,
    in_force: InForce,
}

#[derive(Serialize)]
struct InForce {
    access_token_seconds: i64,
    refresh_idle_seconds: Option<i64>,
    session_seconds: i64,
    client_access_token_seconds: i64,
    client_refresh_idle_seconds: Option<i64>,
    client_session_seconds: i64,
    rate_limit: u32,
}

/// The status, as it is written.
fn status(status: TenantStatus) -> &'static str {
    match status {
        TenantStatus::Active => "active",
        TenantStatus::Suspended => "suspended",
    }
}

/// Shows a tenant.
pub async fn show(operator: &Operator, output: &Output, record: &Record) -> Result<(), Failure> {
    let tenant = &record.tenant;
    let [admins] = operator.app.store.read([&Key::admins(&tenant.id)]).await?;
    let admins: Option<AdminsRow> = admins.map(|row| parse(row, "admins")).transpose()?;
    let active_admins = admins.map_or(0, |admins| admins.admin_count);
    let config = &operator.environment.config;
    let policy = &tenant.policy;
    let (users, clients) = (policy.lifetimes(config), policy.client_lifetimes(config));
    let rate_limit = policy.rate_limit(config);
    let shown = Shown {
        tenant: TenantBody::new(record),
        active_admins,
        in_force: InForce {
            access_token_seconds: users.access,
            refresh_idle_seconds: users.refresh_idle,
            session_seconds: users.session,
            client_access_token_seconds: clients.access,
            client_refresh_idle_seconds: clients.refresh_idle,
            client_session_seconds: clients.session,
            rate_limit,
        },
    };
    let from = |own: bool| if own { "" } else { " (default)" };
    let mut fields = vec![
        ("tenant", tenant.id.to_string()),
        ("name", or_dash(record.name.as_deref())),
        ("status", status(tenant.status).to_owned()),
        ("created", or_dash(record.created_at)),
        ("active admins", active_admins.to_string()),
    ];
    let own = [
        policy.access_token_seconds.is_some(),
        policy.refresh_idle_seconds.is_some(),
        policy.refresh_max_seconds.is_some(),
    ];
    let names = ["access token", "refresh token, unused", "session"];
    fields.extend(lifetimes(names, users, own));
    let own = [
        policy.client_access_token_seconds.is_some(),
        policy.client_refresh_idle_seconds.is_some(),
        policy.client_refresh_max_seconds.is_some(),
    ];
    let names = [
        "client access token",
        "client refresh token, unused",
        "client session",
    ];
    fields.extend(lifetimes(names, clients, own));
    let own_limit = from(policy.rate_limit.is_some());
    fields.push(("calls a minute", format!("{rate_limit}{own_limit}")));
    fields.push(("new passwords", passwords(policy)));
    fields.push(("allowed networks", networks(policy)));
    output.one(&shown, &fields)
}

fn lifetimes(
    [access, idle, session]: [&'static str; 3],
    lifetimes: Lifetimes,
    own: [bool; 3],
) -> Vec<(&'static str, String)> {
    let spoken = |seconds: i64, own: bool| {
        let from = if own { "" } else { " (default)" };
        format!("{}{from}", spoken(seconds))
    };
    let Some(unused) = lifetimes.refresh_idle else {
        // The session ends with its one token.
        let none = "none is given".to_owned();
        return vec![(access, spoken(lifetimes.access, own[0])), (idle, none)];
    };
    vec![
        (access, spoken(lifetimes.access, own[0])),
        (idle, spoken(unused, own[1])),
        (session, spoken(lifetimes.session, own[2])),
    ]
}

fn passwords(policy: &Policy) -> String {
    let least = policy.password.min_length;
    let strength = if policy.password.check_strength {
        "hard to guess"
    } else {
        "any"
    };
    format!("at least {least} characters, {strength}")
}

fn networks(policy: &Policy) -> String {
    if policy.allowed_cidrs.is_empty() {
        return "any".to_owned();
    }
    let networks = policy.allowed_cidrs.iter().map(ToString::to_string);
    networks.collect::<Vec<_>>().join(", ")
}
