//! A client signs in by its API key [004]. A key that is nobody's and one of another secret take the
//! same requests and give the same answer; whoever has the right one is told what stands against it.

use super::holder::Holder;
use super::issue::{self, Tokens};
use crate::api_key::{ApiKey, NoApiKey};
use crate::app::{Sessions, Signing};
use crate::call::Call;
use crate::error::Error;
use crate::id::{ClientId, KeyId, TenantId};
use crate::scope::Scope;
use crate::store::api_key::ApiKeyRow;
use crate::store::client::{Client, ClientStatus};
use crate::store::event::{Event, EventType, Outcome};
use crate::store::key::Key;
use crate::store::parse;
use crate::store::session::Session;
use crate::store::tenant::{Tenant, TenantStatus};

/// Signs a client in, for `wanted` of its scope, or for all of it.
///
/// # Errors
///
/// [`Error::ApiKeyRefused`]; with the right key [`Error::ClientSuspended`], also for a suspended
/// tenant, [`Error::AddressRefused`] and [`Error::ScopeRefused`]; [`Error::Unavailable`] when keys or
/// table are away.
pub async fn sign_in(
    app: &Sessions,
    call: &Call,
    api_key: &str,
    wanted: Option<Scope>,
) -> Result<Tokens, Error> {
    let key = match ApiKey::parse(api_key) {
        Ok(key) => key,
        Err(NoApiKey(id)) => {
            let failed = Failed::by("form", Error::ApiKeyRefused);
            return refuse(app, call, id.as_ref(), None, failed).await;
        }
    };
    let store = &app.base.store;
    let row = Key::api_key(key.id());
    let (signing, row) = tokio::join!(
        Signing::load(&app.base, &app.keys, call.now),
        store.read([&row])
    );
    let (signing, [row]) = (signing?, row?);
    let row: Option<ApiKeyRow> = row.map(|row| parse(row, "API key")).transpose()?;
    let (client, tenant) = row.as_ref().map_or_else(
        || nobody(key.id()),
        |row| (row.client_id.clone(), row.tenant_id.clone()),
    );
    let rows = (Key::client(&client), Key::tenant(&tenant));
    let [client, tenant] = store.read([&rows.0, &rows.1]).await?;
    let client: Option<Client> = client.map(|row| parse(row, "client")).transpose()?;
    let tenant: Option<Tenant> = tenant.map(|row| parse(row, "tenant")).transpose()?;

    let entered = enter(call, &key, row.as_ref(), client, tenant);
    let (client, tenant) = match entered {
        Ok(entered) => entered,
        Err(failed) => return refuse(app, call, Some(key.id()), row.as_ref(), failed).await,
    };
    let by_client = |kind, outcome| Event {
        key_id: Some(key.id().clone()),
        ..call.event_by(kind, outcome, &client.id, &tenant.id)
    };
    let scope = wanted.unwrap_or_else(|| client.scope.clone());
    if let Some(beyond) = client.scope.first_beyond(&scope) {
        let event = by_client(EventType::AuthzFail, Outcome::Failure).because("scope");
        store.put_event(&event).await?;
        let what = format!("The client does not have the scope {beyond}");
        return Err(Error::ScopeRefused(what));
    }

    let event = by_client(EventType::AuthnLoginSuccess, Outcome::Success);
    let holder = Holder::Client(client);
    let lifetimes = holder.lifetimes(&tenant, &app.base.config);
    let session = Session {
        key_id: Some(key.id().clone()),
        scope: Some(scope),
        ..issue::new_session(call, &holder, lifetimes, signing.ring.mac().kid())
    };
    let tokens = issue::tokens(
        call,
        &app.base.config,
        &signing,
        &session,
        &holder,
        lifetimes,
    )?;
    store.put_session(&session, &event).await?;
    Ok(tokens)
}

/// Ids that cannot exist, derived from a key's that is nobody's: reading them takes as long.
fn nobody(key: &KeyId) -> (ClientId, TenantId) {
    let id = format!("-{key}");
    (ClientId::from(id.as_str()), TenantId::from(id.as_str()))
}

/// Why a client does not get in.
struct Failed {
    /// For the event alone.
    reason: &'static str,
    /// For the caller.
    refusal: Error,
    /// Whether it was the client that asked: the key was right.
    is_client: bool,
}

impl Failed {
    /// A key that is not right.
    fn by(reason: &'static str, refusal: Error) -> Self {
        Self {
            reason,
            refusal,
            is_client: false,
        }
    }

    /// What stands against a client with the right key.
    fn with_right_key(reason: &'static str, refusal: Error) -> Self {
        Self {
            is_client: true,
            ..Self::by(reason, refusal)
        }
    }
}

/// The client whose key this is, and its tenant, if it may come in.
fn enter(
    call: &Call,
    key: &ApiKey,
    row: Option<&ApiKeyRow>,
    client: Option<Client>,
    tenant: Option<Tenant>,
) -> Result<(Client, Tenant), Failed> {
    let hash = key.hash();
    let Some(row) = row else {
        return Err(Failed::by("key", Error::ApiKeyRefused));
    };
    if row.hash != hash {
        return Err(Failed::by("secret", Error::ApiKeyRefused));
    }
    let client = client.filter(|client| client.tenant_id == row.tenant_id);
    let (Some(client), Some(tenant)) = (client, tenant) else {
        return Err(Failed::by("client", Error::ApiKeyRefused));
    };
    if row.revoked_at.is_some() || !client.has_key(key.id()) {
        return Err(Failed::by("revoked", Error::ApiKeyRefused));
    }
    if client.status != ClientStatus::Active {
        return Err(Failed::with_right_key("suspended", Error::ClientSuspended));
    }
    if tenant.status != TenantStatus::Active {
        return Err(Failed::with_right_key("tenant", Error::ClientSuspended));
    }
    if !tenant.policy.allows(call.address) {
        return Err(Failed::with_right_key("address", Error::AddressRefused));
    }
    Ok((client, tenant))
}

/// Ends an attempt that failed: one event, of the client where the key is one's, else of the key that
/// was tried.
async fn refuse(
    app: &Sessions,
    call: &Call,
    tried: Option<&KeyId>,
    row: Option<&ApiKeyRow>,
    failed: Failed,
) -> Result<Tokens, Error> {
    let client = row.map(|row| (&row.client_id).into());
    let event = Event {
        actor: client.clone().filter(|_| failed.is_client),
        subject: client.or_else(|| tried.map(Into::into)),
        tenant_id: row.map(|row| row.tenant_id.clone()),
        key_id: tried.filter(|_| row.is_some()).cloned(),
        ..call.event(EventType::AuthnLoginFail, Outcome::Failure)
    }
    .because(failed.reason);
    app.base.store.put_event(&event).await?;
    Err(failed.refusal)
}
