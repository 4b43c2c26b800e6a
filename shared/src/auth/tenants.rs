//! Tenants, which the operator alone makes and changes.

use super::admin::Admin;
use crate::app::Verifying;
use crate::call::Call;
use crate::error::Error;
use crate::id::{PrincipalId, TenantId};
use crate::store::event::{Event, EventType, Outcome};
use crate::store::tenant::TenantStatus;
use crate::store::tenant::record::Record;
use crate::store::write::Change;
use crate::store::{StoreError, TRIES};

/// The longest id, in bytes: it stands in keys, tokens, paths and the names of secrets.
const LONGEST_ID: usize = 64;

/// Takes the id of a new tenant: letters, digits, `-`, `_` and `.`, of which the first is a letter or a
/// digit. So none is `-`, which stands for no tenant, and all fit into keys, paths and names of secrets.
#[must_use]
pub fn new_id(text: &str) -> Option<TenantId> {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    let begins_well = text.starts_with(|first: char| first.is_ascii_alphanumeric());
    (begins_well && text.len() <= LONGEST_ID && text.bytes().all(fits)).then(|| text.into())
}

/// Makes a tenant; whether it was not there before.
///
/// # Errors
///
/// [`Error::Unavailable`].
pub async fn found(
    app: &Verifying,
    call: &Call,
    admin: &Admin,
    new: &Record,
) -> Result<bool, Error> {
    let event = event(call, admin, EventType::UserCreated, "tenant");
    Ok(app.store.make(&[new.made(&event)?], &event).await?)
}

/// The change that makes a tenant together with its first user.
pub(super) fn founded(call: &Call, admin: &Admin, new: &Record) -> Result<Change, StoreError> {
    new.made(&event(call, admin, EventType::UserCreated, "tenant"))
}

/// Changes a tenant as `decide` says of it; gives it as it is then. What is so already is not written.
/// Whoever loses against another change reads and decides again, so that neither change is lost.
///
/// # Errors
///
/// [`Error::NotFound`]; what `decide` refuses; [`Error::Unavailable`].
pub async fn change(
    app: &Verifying,
    call: &Call,
    admin: &Admin,
    decide: impl Fn(&Record) -> Result<Record, Error>,
) -> Result<Record, Error> {
    for _ in 0..TRIES {
        let before = app.store.tenant_record(&admin.tenant).await?;
        let before = before.ok_or(Error::NotFound("There is no such tenant"))?;
        let after = decide(&before)?;
        if after == before {
            return Ok(after);
        }
        let event = changed(call, admin, &before, &after)?;
        let change = before.changed_to(&after, &event)?;
        if app.store.make(&[change], &event).await? {
            return Ok(after);
        }
    }
    let what = "a change of a tenant was lost to others three times";
    Err(Error::Unavailable(what.to_owned()))
}

/// The event of a change: a suspension is what weighs most, and all that has changed is its reason.
fn changed(call: &Call, admin: &Admin, before: &Record, after: &Record) -> Result<Event, Error> {
    let mut what = Vec::new();
    let status = before.tenant.status != after.tenant.status;
    let named = [(status, "status"), (before.name != after.name, "name")];
    what.extend(
        named
            .iter()
            .filter(|(differs, _)| *differs)
            .map(|(_, what)| (*what).to_owned()),
    );
    let members = |record: &Record| {
        serde_json::to_value(&record.tenant.policy).map_err(|_| StoreError::Malformed("tenant"))
    };
    let (was, is) = (members(before)?, members(after)?);
    let members = is.as_object().into_iter().flatten();
    let differing = members.filter(|(name, value)| was.get(name) != Some(value));
    what.extend(differing.map(|(name, _)| name.clone()));
    let kind = match after.tenant.status {
        TenantStatus::Suspended if status => EventType::UserArchived,
        _ => EventType::UserUpdated,
    };
    let reason = format!("tenant {}", what.join(" "));
    Ok(event(call, admin, kind, &reason))
}

/// An event of something that is done to a tenant, which is its subject.
#[must_use]
pub fn event(call: &Call, admin: &Admin, kind: EventType, reason: &str) -> Event {
    let event = call.event_by(kind, Outcome::Success, admin.id(), &admin.tenant);
    Event {
        subject: Some(PrincipalId::from(admin.tenant.as_str())),
        ..event
    }
    .because(reason)
}
