//! The rules of a tenant, as flags.

use std::net::IpAddr;

use clap::Args;
use ipnet::IpNet;
use shared::error::Error;
use shared::password::policy::PasswordPolicy;
use shared::store::tenant::Policy;

use crate::values::{self, Setting};

/// How many networks a tenant may have: its row is read with every call.
const MOST_NETWORKS: usize = 50;

/// The rules of a tenant.
#[derive(Debug, Args)]
#[command(next_help_heading = "Rules (`default`: as the deployment has it)")]
pub struct PolicyFlags {
    /// How long an access token lives, from 1m to 14d.
    #[arg(long, value_name = "TIME", value_parser = values::access)]
    access_token: Option<Setting<i64>>,
    /// Whether a login gives a refresh token: on or off.
    #[arg(long, value_name = "ON|OFF", value_parser = values::switch)]
    refresh_tokens: Option<Setting<bool>>,
    /// How long a refresh token lives from its last use, from 1m to 90d.
    #[arg(long, value_name = "TIME", value_parser = values::refresh)]
    refresh_idle: Option<Setting<i64>>,
    /// How long a session lives from its login, from 1m to 90d.
    #[arg(long, value_name = "TIME", value_parser = values::refresh)]
    refresh_max: Option<Setting<i64>>,
    /// How long an access token of an API client lives, from 1m to 14d.
    #[arg(long, value_name = "TIME", value_parser = values::access)]
    client_access_token: Option<Setting<i64>>,
    /// How long a refresh token of an API client lives from its last use, from 1m to 90d.
    #[arg(long, value_name = "TIME", value_parser = values::refresh)]
    client_refresh_idle: Option<Setting<i64>>,
    /// How long a session of an API client lives, from 1m to 90d.
    #[arg(long, value_name = "TIME", value_parser = values::refresh)]
    client_refresh_max: Option<Setting<i64>>,
    /// How many calls a minute its users and clients may make together.
    #[arg(long, value_name = "NUMBER", value_parser = values::rate)]
    rate_limit: Option<Setting<u32>>,
    /// The fewest characters of a new password, from 6 to 64.
    #[arg(long, value_name = "NUMBER", value_parser = values::length)]
    password_min_length: Option<Setting<u32>>,
    /// Whether new passwords that are common or easy to guess are refused: on or off.
    #[arg(long, value_name = "ON|OFF", value_parser = values::switch)]
    password_check_strength: Option<Setting<bool>>,
    /// The networks that its users and clients may come from, separated by commas; `default` is any.
    #[arg(long, value_name = "CIDR,…", value_parser = networks)]
    allowed_cidrs: Option<Setting<Networks>>,
    /// One network more that they may come from.
    #[arg(long, value_name = "CIDR", value_parser = network)]
    allow_cidr: Vec<IpNet>,
    /// A network that they may come from no more.
    #[arg(long, value_name = "CIDR", value_parser = network)]
    disallow_cidr: Vec<IpNet>,
}

/// Several networks.
#[derive(Clone, Debug, Default)]
struct Networks(Vec<IpNet>);

impl PolicyFlags {
    /// Whether none is given.
    pub fn is_empty(&self) -> bool {
        let lifetimes = [
            self.access_token,
            self.refresh_idle,
            self.refresh_max,
            self.client_access_token,
            self.client_refresh_idle,
            self.client_refresh_max,
        ];
        let none = lifetimes.iter().all(Option::is_none)
            && self.refresh_tokens.is_none()
            && self.rate_limit.is_none()
            && self.password_min_length.is_none()
            && self.password_check_strength.is_none();
        none && self.allowed_cidrs.is_none()
            && self.allow_cidr.is_empty()
            && self.disallow_cidr.is_empty()
    }

    /// Makes the rules what the flags say.
    ///
    /// # Errors
    ///
    /// [`Error::BadRequest`] where that cannot be.
    pub fn apply(&self, policy: &mut Policy) -> Result<(), Error> {
        for (flag, rule) in [
            (self.access_token, &mut policy.access_token_seconds),
            (self.refresh_idle, &mut policy.refresh_idle_seconds),
            (self.refresh_max, &mut policy.refresh_max_seconds),
            (
                self.client_access_token,
                &mut policy.client_access_token_seconds,
            ),
            (
                self.client_refresh_idle,
                &mut policy.client_refresh_idle_seconds,
            ),
            (
                self.client_refresh_max,
                &mut policy.client_refresh_max_seconds,
            ),
        ] {
            if let Some(setting) = flag {
                *rule = setting.own();
            }
        }
        let default = Policy::default();
        if let Some(setting) = self.refresh_tokens {
            policy.refresh_tokens = setting.own().unwrap_or(default.refresh_tokens);
        }
        if let Some(setting) = self.rate_limit {
            policy.rate_limit = setting.own();
        }
        let PasswordPolicy {
            min_length,
            check_strength,
        } = default.password;
        if let Some(setting) = self.password_min_length {
            policy.password.min_length = setting.own().unwrap_or(min_length);
        }
        if let Some(setting) = self.password_check_strength {
            policy.password.check_strength = setting.own().unwrap_or(check_strength);
        }
        self.apply_networks(&mut policy.allowed_cidrs)
    }

    fn apply_networks(&self, allowed: &mut Vec<IpNet>) -> Result<(), Error> {
        let refused = |what: String| Err(Error::BadRequest(what));
        if let Some(setting) = self.allowed_cidrs.clone() {
            *allowed = setting.own().unwrap_or_default().0;
        }
        for network in &self.disallow_cidr {
            if !allowed.contains(network) {
                return refused(format!(
                    "{network} is none of the networks that are allowed"
                ));
            }
            allowed.retain(|other| other != network);
            // Of none at all any would be allowed, which is not what was meant.
            if allowed.is_empty() && self.allow_cidr.is_empty() {
                return refused(format!(
                    "{network} is the last one that is allowed: without it any would be, which \
                     --allowed-cidrs default says"
                ));
            }
        }
        for network in &self.allow_cidr {
            if !allowed.contains(network) {
                allowed.push(*network);
            }
        }
        if allowed.len() > MOST_NETWORKS {
            return refused(format!(
                "a tenant may have {MOST_NETWORKS} networks, and no more"
            ));
        }
        Ok(())
    }
}

/// A network, or a single address.
fn network(text: &str) -> Result<IpNet, String> {
    let address = || text.parse::<IpAddr>().ok().map(IpNet::from);
    let network: Option<IpNet> = text.parse().ok().or_else(address);
    let network = network.ok_or("a network, as in 203.0.113.0/24 or 2001:db8::/32")?;
    if network.trunc() != network {
        return Err(format!(
            "{} is the network that this address is in",
            network.trunc()
        ));
    }
    Ok(network)
}

fn networks(text: &str) -> Result<Setting<Networks>, String> {
    if text == "default" {
        return Ok(Setting::Default);
    }
    let mut networks: Vec<IpNet> = Vec::new();
    for part in text.split(',') {
        let network = network(part.trim())?;
        if !networks.contains(&network) {
            networks.push(network);
        }
    }
    Ok(Setting::Own(Networks(networks)))
}
