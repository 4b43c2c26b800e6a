//! The keys of an API client, two at most: a new one is handed out before the old one is ended, and
//! nothing has to stand still meanwhile.

use super::admin::Admin;
use super::client::{change, event};
use crate::api_key::ApiKey;
use crate::app::Verifying;
use crate::call::Call;
use crate::error::Error;
use crate::id::{ClientId, KeyId};
use crate::store::client::MOST_KEYS;
use crate::store::event::{Event, EventType};

/// Gives a client one key more.
///
/// # Errors
///
/// [`Error::NotFound`]; [`Error::Conflict`] where it has two; [`Error::Unavailable`].
pub async fn create(
    app: &Verifying,
    call: &Call,
    admin: &Admin,
    client: &ClientId,
) -> Result<ApiKey, Error> {
    let key = ApiKey::random();
    let event = Event {
        key_id: Some(key.id().clone()),
        ..event(call, admin, EventType::AuthnTokenCreated, client)
    };
    change(app, admin, client, &event, |client| {
        if client.keys.len() >= MOST_KEYS {
            let what = "The client has two keys: delete one before you make another";
            return Err(Error::Conflict(what));
        }
        Ok((client.with_key(&key, &event)?.into(), ()))
    })
    .await?;
    Ok(key)
}

/// Ends one of a client's keys, and all that it has signed in for by it.
///
/// # Errors
///
/// [`Error::NotFound`]; [`Error::Unavailable`].
pub async fn delete(
    app: &Verifying,
    call: &Call,
    admin: &Admin,
    client: &ClientId,
    id: &KeyId,
) -> Result<(), Error> {
    let event = Event {
        key_id: Some(id.clone()),
        ..event(call, admin, EventType::AuthnTokenRevoked, client)
    };
    change(app, admin, client, &event, |client| {
        if !client.has_key(id) {
            return Err(Error::NotFound("The client has no such key"));
        }
        Ok((client.without_key(id, &event)?.into(), ()))
    })
    .await
}
