//! One row after another becomes a user. Many are under way at a time, and each is done whole or not at all.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io;
use std::time::Duration;

use shared::auth::admin::Admin;
use shared::auth::users::import::{Arrival, Came, Newcomer, bring, foresee};
use shared::error::Error;
use shared::http::members::Members;
use shared::id::TenantId;
use shared::password::Passwords;
use shared::store::key::Key;
use tokio::sync::Mutex;
use zeroize::Zeroizing;

use super::checkpoint::Slowest;
use super::records::{Position, Record};
use super::row::{self, Rules};
use crate::failure::Failure;
use crate::operator::Operator;
use crate::users::members::MEMBERS;

/// So many names of members that nobody knows are told.
const UNKNOWN: usize = 50;

/// What rows become users by.
pub struct Arriving<'a> {
    /// The deployment.
    pub operator: &'a Operator,
    /// What says which hashes can be checked, and seals them.
    pub passwords: &'a Passwords,
    /// The columns of CSV.
    pub header: Option<Vec<String>>,
    /// The tenant of all rows, or `None` where each names its own.
    pub tenant: Option<TenantId>,
    /// Whether a row may have a `super_admin`.
    pub allow_super_admin: bool,
    /// Whether to look alone.
    pub dry_run: bool,
    /// How long a table that is away is waited for, in seconds.
    pub patience: u32,
    /// The id of the run, which all its events have.
    pub run: String,
    /// What has been seen so far.
    pub seen: RefCell<Seen>,
    /// Active admins come one at a time: each changes the one count of its tenant.
    pub admins: Mutex<()>,
}

/// What the rows of a run have in common.
#[derive(Default)]
pub struct Seen {
    /// Names of members that nobody knows, and whether each has been told.
    unknown: BTreeMap<String, bool>,
    /// The tenants that rows have named, and whether they are there.
    tenants: BTreeMap<String, bool>,
    /// The most work of a hash of each scheme, and that hash until it has been measured.
    costliest: BTreeMap<&'static str, (u64, Option<Zeroizing<String>>)>,
}

/// What came of a row.
pub struct Arrived {
    /// The line in which it begins.
    pub line: u64,
    /// Where it ends.
    pub end: Position,
    /// The tenant, where that is known.
    pub tenant: Option<TenantId>,
    /// What came of it.
    pub came: Came,
}

impl Arriving<'_> {
    /// Makes a row a user.
    ///
    /// # Errors
    ///
    /// When the file or the table cannot be read.
    pub async fn row(&self, record: io::Result<Record>) -> Result<Arrived, Failure> {
        let record = record
            .map_err(|error| Failure::new(format!("the file cannot be read further: {error}")))?;
        let mut arrived = Arrived {
            line: record.line,
            end: record.end,
            tenant: self.tenant.clone(),
            came: Came::New,
        };
        arrived.came = match self.arrival(record.text).await? {
            Err(why) => Came::Refused(why),
            Ok((tenant, arrival)) => {
                arrived.tenant = Some(tenant.clone());
                self.bring(tenant, arrival).await?
            }
        };
        Ok(arrived)
    }

    /// The tenant and the user of a row's text; or why there is none.
    async fn arrival(
        &self,
        text: Result<String, &str>,
    ) -> Result<Result<(TenantId, Arrival), String>, Failure> {
        let text = text.map_err(str::to_owned);
        let members = match text.and_then(|text| self.members(&text)) {
            Ok(members) => members,
            Err(why) => return Ok(Err(why)),
        };
        let tenant = match self.tenant_of(&members).await? {
            Ok(tenant) => tenant,
            Err(why) => return Ok(Err(why)),
        };
        Ok(self.user(&members).map(|arrival| (tenant, arrival)))
    }

    fn members(&self, text: &str) -> Result<Members, String> {
        let members = match &self.header {
            Some(header) => row::of_csv(text, header),
            None => row::of_json(text),
        }?;
        for name in members.names().filter(|name| !MEMBERS.contains(name)) {
            self.seen.borrow_mut().know_nothing_of(name);
        }
        Ok(members)
    }

    fn user(&self, members: &Members) -> Result<Arrival, String> {
        let arrival = row::arrival(
            members,
            &Rules {
                allow_super_admin: self.allow_super_admin,
                passwords: self.passwords,
            },
        )?;
        if let Some(hash) = &arrival.password_hash
            && let Ok(stored) = self.passwords.stored(hash)
        {
            let mut seen = self.seen.borrow_mut();
            let (work, costliest) = seen.costliest.entry(stored.scheme()).or_default();
            if stored.work() > *work {
                (*work, *costliest) = (stored.work(), Some(hash.clone()));
            }
        }
        Ok(arrival)
    }

    /// The tenant of a row; or why it has none.
    async fn tenant_of(&self, members: &Members) -> Result<Result<TenantId, String>, Failure> {
        let named = match row::text(members, "tenant_id") {
            Ok(named) => named,
            Err(why) => return Ok(Err(why)),
        };
        let Some(tenant) = &self.tenant else {
            let Some(named) = named else {
                return Ok(Err("tenant_id is required with --all".to_owned()));
            };
            let known = self.seen.borrow().tenants.get(named).copied();
            let tenant = TenantId::from(named);
            let is_there = match known {
                Some(known) => known,
                None => {
                    self.patiently(async || self.is_there(&tenant).await)
                        .await?
                }
            };
            self.seen
                .borrow_mut()
                .tenants
                .insert(named.to_owned(), is_there);
            let missing = "there is no tenant of this tenant_id";
            return Ok(is_there.then_some(tenant).ok_or(missing.to_owned()));
        };
        if named.is_some_and(|named| named != tenant.as_str()) {
            return Ok(Err("tenant_id is another tenant's".to_owned()));
        }
        Ok(Ok(tenant.clone()))
    }

    async fn is_there(&self, tenant: &TenantId) -> Result<bool, Error> {
        let [row] = self.operator.app.store.read([&Key::tenant(tenant)]).await?;
        Ok(row.is_some())
    }

    async fn bring(&self, tenant: TenantId, arrival: Arrival) -> Result<Came, Failure> {
        let app = &self.operator.app;
        let mut call = self.operator.call();
        call.request_id.clone_from(&self.run);
        let keys = self
            .patiently(async || Ok(self.passwords.keys(self.operator.now()).await?))
            .await?;
        let newcomer = Newcomer::new(&call, &Admin::operator(tenant), &keys, arrival);
        if self.dry_run {
            return self
                .patiently(async || foresee(app, &newcomer, &keys).await)
                .await;
        }
        let turn = if newcomer.is_active_admin() {
            Some(self.admins.lock().await)
        } else {
            None
        };
        let came = self
            .patiently(async || bring(app, &newcomer, &keys).await)
            .await;
        drop(turn);
        came
    }

    /// Measures what the costliest hashes take that have come since the last time; `slowest` is what took
    /// longest so far.
    ///
    /// # Errors
    ///
    /// When there is no memory for one.
    pub fn measure(&self, slowest: &mut Option<Slowest>) -> Result<(), Failure> {
        for (scheme, (_, hash)) in &mut self.seen.borrow_mut().costliest {
            let Some(hash) = hash.take() else {
                continue;
            };
            let began = self.operator.now();
            let checked = self.passwords.try_out(&hash);
            checked.map_err(|error| Failure::new(error.to_string()))?;
            let milliseconds = self.operator.now().millis() - began.millis();
            if slowest
                .as_ref()
                .is_none_or(|slowest| milliseconds > slowest.milliseconds)
            {
                let scheme = (*scheme).to_owned();
                *slowest = Some(Slowest {
                    scheme,
                    milliseconds,
                });
            }
        }
        Ok(())
    }

    /// Does something again for as long as the table is away, with longer and longer pauses.
    pub async fn patiently<T>(
        &self,
        mut what: impl AsyncFnMut() -> Result<T, Error>,
    ) -> Result<T, Failure> {
        let (mut waited, mut pause) = (0, 1);
        loop {
            match what().await {
                Err(Error::Unavailable(_)) if waited < self.patience => {}
                done => return Ok(done?),
            }
            let clock = &self.operator.environment.clock;
            clock.sleep(Duration::from_secs(u64::from(pause))).await;
            waited += pause;
            pause = (pause * 2).min(30);
        }
    }
}

impl Seen {
    fn know_nothing_of(&mut self, name: &str) {
        if self.unknown.len() < UNKNOWN {
            let name: String = name.escape_debug().take(64).collect();
            self.unknown.entry(name).or_insert(false);
        }
    }

    /// The names of members that nobody knows and that have not been told.
    pub fn untold(&mut self) -> Vec<String> {
        let untold = self.unknown.iter_mut().filter(|(_, told)| !**told);
        let untold = untold.map(|(name, told)| {
            *told = true;
            name.clone()
        });
        untold.collect()
    }
}
