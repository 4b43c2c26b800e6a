//! API clients, as the admins of their tenant make, see, change and remove them.

use super::admin::Admin;
use crate::api_key::ApiKey;
use crate::app::Verifying;
use crate::call::Call;
use crate::clock::Timestamp;
use crate::error::Error;
use crate::id::ClientId;
use crate::scope::Scope;
use crate::store::api_key::KeySeen;
use crate::store::client::{Client, ClientKey, ClientStatus};
use crate::store::event::{Event, EventType, Outcome};
use crate::store::key::Key;
use crate::store::list::Listed;
use crate::store::write::Change;
use crate::store::{TRIES, parse};

/// No client has a longer id, in bytes.
const LONGEST_ID: usize = 128;

/// A client, and when each of its keys was last used.
#[derive(Clone, Debug)]
pub struct Described {
    /// The client.
    pub client: Client,
    /// In the order of its keys; `None` for one that never was.
    pub last_used: Vec<Option<Timestamp>>,
}

/// What becomes of a client. What is `None` stays.
#[derive(Clone, Debug, Default)]
pub struct Update {
    /// Its name.
    pub name: Option<String>,
    /// Its scope.
    pub scope: Option<Scope>,
    /// Its status, active or suspended.
    pub status: Option<ClientStatus>,
}

/// The scope in the member `scope` of a request.
///
/// # Errors
///
/// [`Error::BadRequest`].
pub fn scope(text: &str) -> Result<Scope, Error> {
    Scope::parse(text).ok_or_else(|| {
        let what = "scope must be words of a-z, 0-9, _, :, . and -, with single spaces between, \
                    and at most 256 bytes";
        Error::BadRequest(what.to_owned())
    })
}

/// Makes a client, with its first key.
///
/// # Errors
///
/// [`Error::Unavailable`].
pub async fn create(
    app: &Verifying,
    call: &Call,
    admin: &Admin,
    name: String,
    scope: Scope,
    status: ClientStatus,
) -> Result<(Described, ApiKey), Error> {
    let key = ApiKey::random();
    let client = Client {
        id: ClientId::random(),
        tenant_id: admin.tenant.clone(),
        name,
        scope,
        status,
        version: 1,
        epoch: 1,
        keys: vec![ClientKey {
            id: key.id().clone(),
            created_at: call.now,
        }],
        created_at: call.now,
    };
    let event = Event {
        key_id: Some(key.id().clone()),
        ..event(call, admin, EventType::AuthnTokenCreated, &client.id)
    };
    let changes = client.made(&key, &event)?;
    for _ in 0..TRIES {
        if app.store.make(&changes, &event).await? {
            let last_used = vec![None];
            return Ok((Described { client, last_used }, key));
        }
    }
    Err(lost())
}

/// At most `limit` of the tenant's clients, in the order of their ids, after the id `after`; and the
/// last id, where there are more.
///
/// # Errors
///
/// [`Error::Unavailable`].
pub async fn list(
    app: &Verifying,
    admin: &Admin,
    limit: usize,
    after: Option<&str>,
) -> Result<(Vec<Described>, Option<String>), Error> {
    let (ids, more) = app
        .store
        .list(&admin.tenant, Listed::Clients, limit, after)
        .await?;
    let keys: Vec<Key> = ids
        .iter()
        .map(|id| Key::client(&ClientId::from(id.as_str())))
        .collect();
    let mut clients = Vec::with_capacity(keys.len());
    for row in app.store.read_all(&keys).await?.into_iter().flatten() {
        let client: Client = parse(row, "client")?;
        // The index is a moment behind the table.
        if is_shown(&client, admin) {
            clients.push(client);
        }
    }
    let last = ids.into_iter().next_back().filter(|_| more);
    let last_used = last_used(app, &clients.iter().collect::<Vec<_>>()).await?;
    let described = clients.into_iter().zip(last_used);
    let described = described.map(|(client, last_used)| Described { client, last_used });
    Ok((described.collect(), last))
}

/// Changes a client. A suspension ends all that it has signed in for.
///
/// # Errors
///
/// [`Error::NotFound`]; [`Error::Unavailable`].
pub async fn update(
    app: &Verifying,
    call: &Call,
    admin: &Admin,
    id: &ClientId,
    update: &Update,
) -> Result<Described, Error> {
    let event = event(call, admin, EventType::UserUpdated, id);
    for _ in 0..TRIES {
        let before = find(app, admin, id).await?;
        let last_used = last_used(app, &[&before]).await?.concat();
        let client = update.of(&before);
        if client == before {
            return Ok(Described { client, last_used });
        }
        let event = updated(&event, &before, &client);
        let changes = [before.changed_to(&client, &event)?];
        if app.store.make(&changes, &event).await? {
            return Ok(Described { client, last_used });
        }
    }
    Err(lost())
}

impl Update {
    /// What the client is then.
    fn of(&self, before: &Client) -> Client {
        let mut after = before.clone();
        if let Some(name) = &self.name {
            after.name.clone_from(name);
        }
        if let Some(scope) = &self.scope {
            after.scope.clone_from(scope);
        }
        if let Some(status) = self.status {
            after.status = status;
        }
        if after.status == ClientStatus::Suspended && before.status != after.status {
            after.epoch += 1;
        }
        after
    }
}

/// The event of an update: by what weighs most in it, with all that it changes as its reason.
fn updated(event: &Event, before: &Client, after: &Client) -> Event {
    let name = before.name != after.name;
    let scope = before.scope != after.scope;
    let status = before.status != after.status;
    let kind = match (status, after.status) {
        (true, ClientStatus::Suspended) => EventType::AuthnTokenRevoked,
        _ if scope => EventType::AuthzChange,
        _ => EventType::UserUpdated,
    };
    let changed = [(status, "status"), (scope, "scope"), (name, "name")];
    let changed = changed.iter().filter(|(differs, _)| *differs);
    let changed: Vec<_> = changed.map(|(_, what)| *what).collect();
    Event {
        kind,
        from: scope.then(|| before.scope.to_string()),
        to: scope.then(|| after.scope.to_string()),
        ..event.clone()
    }
    .because(&changed.join(" "))
}

/// Removes a client, with its keys and all that it has signed in for.
///
/// # Errors
///
/// [`Error::NotFound`]; [`Error::Unavailable`].
pub async fn delete(
    app: &Verifying,
    call: &Call,
    admin: &Admin,
    id: &ClientId,
) -> Result<(), Error> {
    let event = event(call, admin, EventType::AuthnTokenRevoked, id).because("deleted");
    change(app, admin, id, &event, |client| {
        Ok((client.removed(&event)?, ()))
    })
    .await
}

/// An event of something that an admin does to a client.
pub(super) fn event(call: &Call, admin: &Admin, kind: EventType, client: &ClientId) -> Event {
    Event {
        actor: Some(admin.id()),
        subject: Some(client.into()),
        tenant_id: Some(admin.tenant.clone()),
        ..call.event(kind, Outcome::Success)
    }
}

/// Changes a client as `decide` says of its row. Whoever loses against another change reads and decides
/// again.
pub(super) async fn change<T>(
    app: &Verifying,
    admin: &Admin,
    id: &ClientId,
    event: &Event,
    decide: impl Fn(&Client) -> Result<(Vec<Change>, T), Error>,
) -> Result<T, Error> {
    for _ in 0..TRIES {
        let (changes, result) = decide(&find(app, admin, id).await?)?;
        if app.store.make(&changes, event).await? {
            return Ok(result);
        }
    }
    Err(lost())
}

fn lost() -> Error {
    Error::Unavailable("a change of a client was lost to others three times".to_owned())
}

async fn find(app: &Verifying, admin: &Admin, id: &ClientId) -> Result<Client, Error> {
    if id.as_str().len() > LONGEST_ID {
        return Err(no_such_client());
    }
    let [row] = app.store.read([&Key::client(id)]).await?;
    let client: Option<Client> = row.map(|row| parse(row, "client")).transpose()?;
    client
        .filter(|client| is_shown(client, admin))
        .ok_or_else(no_such_client)
}

fn is_shown(client: &Client, admin: &Admin) -> bool {
    client.tenant_id == admin.tenant && client.status != ClientStatus::Deleted
}

fn no_such_client() -> Error {
    Error::NotFound("There is no such client")
}

/// When each of the clients' keys was last used: `audit` writes it a moment later.
async fn last_used(
    app: &Verifying,
    clients: &[&Client],
) -> Result<Vec<Vec<Option<Timestamp>>>, Error> {
    let keys = clients.iter().flat_map(|client| &client.keys);
    let keys: Vec<Key> = keys.map(|key| Key::key_seen(&key.id)).collect();
    let mut seen = Vec::with_capacity(keys.len());
    for row in app.store.read_all(&keys).await? {
        let row: Option<KeySeen> = row.map(|row| parse(row, "last use")).transpose()?;
        seen.push(row.and_then(|row| row.last_used_at));
    }
    let mut seen = seen.into_iter();
    let of_one = |client: &&Client| seen.by_ref().take(client.keys.len()).collect();
    Ok(clients.iter().map(of_one).collect())
}
