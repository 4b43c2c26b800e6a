//! Every session of a tenant ended. A tenant has no epoch, which each call would have to compare, for a
//! command that is given once a year; so one is added to the epoch of each of its users and clients.
//! It takes a while: whoever wants nobody in before it is done suspends the tenant first.

use futures_util::StreamExt as _;
use futures_util::stream::iter;

use super::{event, is_there, revoke_all, signed_out};
use crate::app::Verifying;
use crate::auth::admin::Admin;
use crate::auth::holder::Holder;
use crate::call::Call;
use crate::error::Error;
use crate::id::{ClientId, UserId};
use crate::store::client::ClientStatus;
use crate::store::list::Listed;
use crate::store::session::Owner;
use crate::store::user::UserStatus;

/// So many users or clients are read at once …
const PAGE: usize = 100;
/// … and so many changed at a time.
const AT_ONCE: usize = 16;

/// Ends the sessions of some hundred users or clients, those after the id `after`; how many, and the id
/// after which there are more. Those that are suspended or only invited have none. Done again, it ends
/// what has been begun since.
///
/// # Errors
///
/// [`Error::Unavailable`]; part of it may be done then.
pub async fn revoke_page(
    app: &Verifying,
    call: &Call,
    admin: &Admin,
    listed: Listed,
    after: Option<&str>,
) -> Result<(u64, Option<String>), Error> {
    let (ids, more) = app.store.list(&admin.tenant, listed, PAGE, after).await?;
    let owner = |id: &String| match listed {
        Listed::Users => Owner::User(UserId::from(id.as_str())),
        Listed::Clients => Owner::Client(ClientId::from(id.as_str())),
    };
    let owners: Vec<Owner> = ids.iter().map(owner).collect();
    let keys: Vec<_> = owners.iter().map(Holder::key).collect();
    let rows = app.store.read_all(&keys).await?;
    let mut holders = Vec::with_capacity(owners.len());
    for (owner, row) in owners.iter().zip(rows) {
        let holder = row.map(|row| Holder::parse(owner, row)).transpose()?;
        holders.extend(holder.filter(|holder| is_there(holder, admin) && is_active(holder)));
    }
    let ended = holders
        .iter()
        .map(|holder| end(app, call, admin, holder))
        .collect::<Vec<_>>();
    let mut ended = iter(ended).buffer_unordered(AT_ONCE);
    let mut count = 0;
    while let Some(ended) = ended.next().await {
        ended?;
        count += 1;
    }
    Ok((count, ids.into_iter().next_back().filter(|_| more)))
}

async fn end(app: &Verifying, call: &Call, admin: &Admin, holder: &Holder) -> Result<(), Error> {
    let owner = holder.owner();
    let event = event(call, admin, &owner);
    if app
        .store
        .make(&[signed_out(holder, &event)?], &event)
        .await?
    {
        return Ok(());
    }
    match revoke_all(app, call, admin, &owner).await {
        // Whoever has been removed meanwhile has no session either.
        Err(Error::NotFound(_)) => Ok(()),
        ended => ended,
    }
}

/// Suspension has ended what there was.
fn is_active(holder: &Holder) -> bool {
    match holder {
        Holder::User(user) => user.status == UserStatus::Active,
        Holder::Client(client) => client.status == ClientStatus::Active,
    }
}
