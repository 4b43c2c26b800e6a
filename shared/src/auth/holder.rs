//! Who holds a session: a user or a client. What ends and renews sessions is the same for both.

use crate::app::Verifying;
use crate::config::Config;
use crate::error::Error;
use crate::id::{KeyId, TenantId};
use crate::store::client::Client;
use crate::store::key::Key;
use crate::store::session::Owner;
use crate::store::tenant::{Lifetimes, Tenant};
use crate::store::user::User;
use crate::store::{Item, StoreError, parse};

/// A user or a client, as stored now.
#[derive(Clone, Debug)]
pub enum Holder {
    /// A user.
    User(User),
    /// A client.
    Client(Client),
}

impl Holder {
    /// The key of an owner's row.
    #[must_use]
    pub fn key(owner: &Owner) -> Key {
        match owner {
            Owner::User(id) => Key::user(id),
            Owner::Client(id) => Key::client(id),
        }
    }

    /// An owner's row.
    ///
    /// # Errors
    ///
    /// When it is malformed.
    pub fn parse(owner: &Owner, row: Item) -> Result<Self, StoreError> {
        Ok(match owner {
            Owner::User(_) => Self::User(parse(row, "user")?),
            Owner::Client(_) => Self::Client(parse(row, "client")?),
        })
    }

    /// Whose sessions these are.
    #[must_use]
    pub fn owner(&self) -> Owner {
        match self {
            Self::User(user) => Owner::User(user.id.clone()),
            Self::Client(client) => Owner::Client(client.id.clone()),
        }
    }

    /// Its tenant.
    #[must_use]
    pub fn tenant_id(&self) -> &TenantId {
        match self {
            Self::User(user) => &user.tenant_id,
            Self::Client(client) => &client.tenant_id,
        }
    }

    /// Sessions of an earlier epoch are dead.
    #[must_use]
    pub fn epoch(&self) -> u64 {
        match self {
            Self::User(user) => user.epoch,
            Self::Client(client) => client.epoch,
        }
    }

    /// Whether it may have a session that was begun by the API key `key`, if by any: it, its tenant and
    /// the key are live.
    #[must_use]
    pub fn may_hold(&self, tenant: &Tenant, key: Option<&KeyId>) -> bool {
        match self {
            Self::User(user) => user.is_active_in(tenant),
            Self::Client(client) => {
                client.is_active_in(tenant) && key.is_some_and(|key| client.has_key(key))
            }
        }
    }

    /// The lifetimes of its tokens.
    #[must_use]
    pub fn lifetimes(&self, tenant: &Tenant, config: &Config) -> Lifetimes {
        match self {
            Self::User(_) => tenant.policy.lifetimes(config),
            Self::Client(_) => tenant.policy.client_lifetimes(config),
        }
    }
}

/// An owner and its tenant, as stored now; `None` where either is missing.
///
/// # Errors
///
/// When the table is away, or a row malformed.
pub async fn read(
    app: &Verifying,
    owner: &Owner,
    tenant: &TenantId,
) -> Result<Option<(Holder, Tenant)>, Error> {
    let keys = (Holder::key(owner), Key::tenant(tenant));
    let [Some(holder), Some(tenant)] = app.store.read([&keys.0, &keys.1]).await? else {
        return Ok(None);
    };
    Ok(Some((
        Holder::parse(owner, holder)?,
        parse(tenant, "tenant")?,
    )))
}
