//! What a login begins with: the keys, whose the name is, and whether it is known from the caller's
//! address.

use super::login_name::LoginName;
use crate::app::{PASSWORDS_SECRET, SignIn, Signing};
use crate::call::Call;
use crate::error::Error;
use crate::store::failures::Failures;
use crate::store::key::Key;
use crate::store::login_name::LoginNameRow;
use crate::store::parse;

/// What a login begins with.
pub(super) struct Found {
    pub signing: Signing,
    pub owner: Option<LoginNameRow>,
    pub known: Option<Failures>,
    pub known_key: Key,
    pub strangers: Key,
}

/// Looks up a name, and whether it has signed in from the caller's address. The keys are asked for
/// only where they are not remembered, and beside the count of the address: an attempt counts even
/// where there are no keys.
pub(super) async fn find(app: &SignIn, call: &Call, name: &LoginName) -> Result<Found, Error> {
    let (keys, signing) = tokio::join!(
        app.passwords.keys(call.now),
        Signing::load(&app.base, &app.keys, call.now),
    );
    let keys = keys.map_err(|error| error.of(PASSWORDS_SECRET))?;
    let signing = signing?;
    let name_mac = keys.name_mac(name.canonical());
    let known_key = Key::known_address(&name_mac, &keys.address_mac(&call.address.counted()));
    let name_key = Key::login_name(&name.hash());
    let [owner, known] = app.base.store.read([&name_key, &known_key]).await?;
    let owner = owner.map(|row| parse(row, "login name")).transpose()?;
    let known: Option<Failures> = known.map(|row| parse(row, "failures")).transpose()?;
    Ok(Found {
        signing,
        owner,
        known: known.filter(|row| call.now.seconds() < row.expires_at),
        known_key,
        strangers: Key::strangers(&name_mac),
    })
}
