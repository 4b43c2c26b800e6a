//! A tenant and its policy, written by the operator alone.

pub mod record;

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

use crate::address::Address;
use crate::config::Config;
use crate::id::TenantId;
use crate::password::policy::PasswordPolicy;

/// A tenant.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Tenant {
    /// Its id.
    pub id: TenantId,
    /// Whether its users may sign in.
    pub status: TenantStatus,
    /// Its rules, where they are not the deployment's.
    #[serde(default)]
    pub policy: Policy,
}

/// Whether a tenant is in use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TenantStatus {
    /// Its users may sign in.
    Active,
    /// Nobody of it may.
    Suspended,
}

/// The rules of a tenant. What is absent is as the deployment has it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Policy {
    /// How long an access token lives, in seconds.
    pub access_token_seconds: Option<i64>,
    /// Whether a login gives a refresh token.
    pub refresh_tokens: bool,
    /// How long a refresh token lives from its last use, in seconds.
    pub refresh_idle_seconds: Option<i64>,
    /// How long a session lives from its login, in seconds.
    pub refresh_max_seconds: Option<i64>,
    /// How long an access token of a client lives, in seconds.
    pub client_access_token_seconds: Option<i64>,
    /// How long a refresh token of a client lives from its last use, in seconds.
    pub client_refresh_idle_seconds: Option<i64>,
    /// How long a session of a client lives, in seconds.
    pub client_refresh_max_seconds: Option<i64>,
    /// How many calls a minute its users and clients may make together.
    pub rate_limit: Option<u32>,
    /// What a new password has to be.
    pub password: PasswordPolicy,
    /// The networks that its users may come from; empty means any.
    pub allowed_cidrs: Vec<IpNet>,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            access_token_seconds: None,
            refresh_tokens: true,
            refresh_idle_seconds: None,
            refresh_max_seconds: None,
            client_access_token_seconds: None,
            client_refresh_idle_seconds: None,
            client_refresh_max_seconds: None,
            rate_limit: None,
            password: PasswordPolicy::default(),
            allowed_cidrs: Vec::new(),
        }
    }
}

/// No verifier keeps a retired signing key longer (16 days) than a token of it could live.
const LONGEST_ACCESS_SECONDS: i64 = 14 * 86_400;
/// Nor a MAC key (91 days).
const LONGEST_REFRESH_SECONDS: i64 = 90 * 86_400;

/// How long the tokens of a session live, in seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lifetimes {
    /// An access token, from its issue.
    pub access: i64,
    /// A refresh token, from its last use; `None` where there is none.
    pub refresh_idle: Option<i64>,
    /// The session, from its login.
    pub session: i64,
}

impl Policy {
    /// Whether users of this tenant may come from `address`.
    #[must_use]
    pub fn allows(&self, address: Address) -> bool {
        self.allowed_cidrs.is_empty() || address.is_within(&self.allowed_cidrs)
    }

    /// The lifetimes of its users' tokens.
    #[must_use]
    pub fn lifetimes(&self, config: &Config) -> Lifetimes {
        let access = self
            .access_token_seconds
            .unwrap_or(config.access_token_seconds);
        if !self.refresh_tokens {
            let access = access.min(LONGEST_ACCESS_SECONDS);
            return Lifetimes {
                access,
                refresh_idle: None,
                session: access,
            };
        }
        Lifetimes::bounded(
            access,
            self.refresh_idle_seconds
                .unwrap_or(config.refresh_idle_seconds),
            self.refresh_max_seconds
                .unwrap_or(config.refresh_max_seconds),
        )
    }

    /// The lifetimes of its clients' tokens.
    #[must_use]
    pub fn client_lifetimes(&self, config: &Config) -> Lifetimes {
        Lifetimes::bounded(
            self.client_access_token_seconds
                .unwrap_or(config.client_access_token_seconds),
            self.client_refresh_idle_seconds
                .unwrap_or(config.client_refresh_idle_seconds),
            self.client_refresh_max_seconds
                .unwrap_or(config.client_refresh_max_seconds),
        )
    }

    /// How many calls a minute its users and clients may make together.
    #[must_use]
    pub fn rate_limit(&self, config: &Config) -> u32 {
        self.rate_limit.unwrap_or(config.tenant_rate_limit)
    }
}

impl Lifetimes {
    /// No token outlives the session, nor any key that it is signed with.
    fn bounded(access: i64, idle: i64, session: i64) -> Self {
        let session = session.min(LONGEST_REFRESH_SECONDS);
        Self {
            access: access.min(LONGEST_ACCESS_SECONDS).min(session),
            refresh_idle: Some(idle.min(session)),
            session,
        }
    }
}
