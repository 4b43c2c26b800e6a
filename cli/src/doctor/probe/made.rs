//! What the probe has made, and has to remove.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use shared::api_key::ApiKey;
use shared::auth::admin::Admin;
use shared::auth::client;
use shared::auth::invite::{Invited, Invitee, invite};
use shared::auth::login_name::LoginName;
use shared::auth::{tenants, users};
use shared::clock::Timestamp;
use shared::error::Error;
use shared::id::{ClientId, TenantId, UserId};
use shared::random;
use shared::role::Role;
use shared::scope::Scope;
use shared::store::client::ClientStatus;
use shared::store::key::Key;
use shared::store::list::Listed;
use shared::store::tenant::record::Record;
use shared::store::write::Change;
use zeroize::Zeroizing;

use crate::operator::Operator;

/// Calls a minute that the probe's tenant has: enough for its way, and few enough to use up.
pub const CALLS: u32 = 20;
/// Tokens of the probe live no longer, in seconds.
const LIFETIME_SECONDS: i64 = 300;
/// Rows of the probe that were not removed expire then, in seconds.
const LEFT_SECONDS: i64 = 86_400;
/// There are never more.
const MOST: usize = 10;

/// What the probe has made.
pub struct Made {
    /// When it began.
    pub began: Timestamp,
    /// Its tenant: another each time, so that no run is counted on another's limits.
    pub tenant: TenantId,
    /// Its user's name.
    pub email: String,
    founded: bool,
    users: Vec<UserId>,
    clients: Vec<ClientId>,
}

impl Made {
    /// Nothing yet.
    pub fn new(operator: &Operator) -> Self {
        let id = random::uuid();
        let short = &id[..8];
        Self {
            began: operator.now(),
            tenant: TenantId::from(format!("gatehouse-doctor-{short}").as_str()),
            // No mail can reach it (RFC 2606).
            email: format!("doctor-{short}@gatehouse.invalid"),
            founded: false,
            users: Vec::new(),
            clients: Vec::new(),
        }
    }

    fn admin(&self) -> Admin {
        Admin::operator(self.tenant.clone())
    }

    /// Makes the tenant.
    pub async fn tenant(&mut self, operator: &Operator) -> Result<String, String> {
        let name = Some("A probe of gatehouse doctor".to_owned());
        let mut record = Record::new(self.tenant.clone(), name, self.began);
        let policy = &mut record.tenant.policy;
        policy.rate_limit = Some(CALLS);
        for lifetime in [
            &mut policy.access_token_seconds,
            &mut policy.refresh_idle_seconds,
            &mut policy.refresh_max_seconds,
            &mut policy.client_access_token_seconds,
            &mut policy.client_refresh_idle_seconds,
            &mut policy.client_refresh_max_seconds,
        ] {
            *lifetime = Some(LIFETIME_SECONDS);
        }
        let (app, call) = (&operator.app, operator.call());
        // An answer that is lost leaves it there.
        self.founded = true;
        let founded = tenants::found(app, &call, &self.admin(), &record).await;
        if !founded.map_err(|error| error.to_string())? {
            self.founded = false;
            return Err(format!("{} is there already", self.tenant));
        }
        self.passes(operator, Key::tenant(&self.tenant)).await?;
        Ok(self.tenant.to_string())
    }

    /// Invites the user, a plain member.
    pub async fn user(&mut self, operator: &Operator) -> Result<Invited, String> {
        let words = |error: Error| error.to_string();
        let name = LoginName::new_email(&self.email).map_err(words)?;
        let name_key = Key::login_name(&name.hash());
        let invitee = Invitee {
            email: (self.email.clone(), name),
            username: None,
            role: Role::parse("member").ok_or("member is no role")?,
            name: None,
            organization: None,
        };
        let (app, call) = (&operator.app, operator.call());
        let invited = invite(app, &call, &self.admin(), &invitee).await;
        let invited = invited.map_err(words)?;
        let id = invited.user.id.clone();
        self.users.push(id.clone());
        self.passes(operator, Key::user(&id)).await?;
        self.passes(operator, name_key).await?;
        Ok(invited)
    }

    /// Makes the client, which may read users.
    pub async fn client(&mut self, operator: &Operator) -> Result<(ClientId, ApiKey), String> {
        let scope = Scope::parse("read:users").ok_or("read:users is no scope")?;
        let (app, call) = (&operator.app, operator.call());
        let name = "A probe of gatehouse doctor".to_owned();
        let status = ClientStatus::Active;
        let made = client::create(app, &call, &self.admin(), name, scope, status).await;
        let (described, key) = made.map_err(|error| error.to_string())?;
        let id = described.client.id;
        self.clients.push(id.clone());
        self.passes(operator, Key::client(&id)).await?;
        self.passes(operator, Key::api_key(key.id())).await?;
        Ok((id, key))
    }

    /// Has a row go by itself, should it be left.
    async fn passes(&self, operator: &Operator, row: Key) -> Result<(), String> {
        let expires_at = self.began.plus_seconds(LEFT_SECONDS).seconds();
        let change = Change::update(row, "SET expires_at = :expires_at")
            .when("attribute_exists(pk)")
            .value(":expires_at", expires_at);
        let change = change.map_err(|error| error.to_string())?;
        let written = operator.app.store.write(&change).await;
        written.map(|_| ()).map_err(|error| error.to_string())
    }

    /// Removes all of it; what is left where that fails expires by itself.
    pub async fn remove(&self, operator: &Operator) -> Result<String, String> {
        if !self.founded {
            return Ok("there was nothing to remove".to_owned());
        }
        let removed = Box::pin(self.removed(operator)).await;
        removed
            .map(|()| "the user, the client and the tenant are gone".to_owned())
            .map_err(|error| {
                let why = Error::to_string(&error);
                format!("{why}: {} is left, and expires within a day", self.tenant)
            })
    }

    async fn removed(&self, operator: &Operator) -> Result<(), Error> {
        let (app, admin) = (&operator.app, &self.admin());
        // What was made without an answer of it is in the index alone.
        let (users, _) = app
            .store
            .list(&self.tenant, Listed::Users, MOST, None)
            .await?;
        let users = users.iter().map(|id| UserId::from(id.as_str()));
        let mut users: Vec<UserId> = users.chain(self.users.iter().cloned()).collect();
        users.sort();
        users.dedup();
        for user in users {
            gone(users::remove::remove(app, &operator.call(), admin, &user).await)?;
        }
        let (clients, _) = app
            .store
            .list(&self.tenant, Listed::Clients, MOST, None)
            .await?;
        let clients = clients.iter().map(|id| ClientId::from(id.as_str()));
        let mut clients: Vec<ClientId> = clients.chain(self.clients.iter().cloned()).collect();
        clients.sort();
        clients.dedup();
        for id in clients {
            gone(client::delete(app, &operator.call(), admin, &id).await)?;
        }
        // It has no user who could miss it, and its log stays.
        let tenant = Change::delete(Key::tenant(&self.tenant));
        app.store.transact(&[tenant]).await?;
        Ok(())
    }
}

/// That it is gone is well, whoever has removed it.
fn gone(removed: Result<(), Error>) -> Result<(), Error> {
    match removed {
        Err(Error::NotFound(_)) => Ok(()),
        other => other,
    }
}

/// A password that nobody knows but this process.
pub fn password() -> Zeroizing<String> {
    Zeroizing::new(BASE64_URL_SAFE_NO_PAD.encode(random::bytes::<24>()))
}
