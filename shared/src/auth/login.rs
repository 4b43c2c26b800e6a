//! Login: three round trips and one hash. An unknown name, a wrong password, a suspended or invited
//! user and an address not allowed take the same requests, the same hash and give the same answer.

use std::time::Duration;

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use zeroize::Zeroizing;

use super::holder::Holder;
use super::issue::{self, Tokens};
use super::limit::{admit_login, refuse_used_up};
use super::login_name::LoginName;
use super::lookup::{Found, find};
use super::throttle::{self, Attempt};
use crate::app::{PASSWORDS_SECRET, SignIn};
use crate::call::Call;
use crate::error::Error;
use crate::id::{TenantId, UserId};
use crate::password::Verdict;
use crate::password::keys::PasswordKeys;
use crate::store::event::{Event, EventType, Outcome};
use crate::store::failures::FailuresRow;
use crate::store::key::Key;
use crate::store::login_name::LoginNameRow;
use crate::store::parse;
use crate::store::tenant::Tenant;
use crate::store::user::{User, UserStatus};

/// Who wants in, and with what.
#[derive(Debug)]
pub struct Credentials {
    /// The login name.
    pub name: LoginName,
    /// The password.
    pub password: Zeroizing<String>,
}

/// A user who has signed in.
pub struct SignedIn {
    /// The tokens of the new session.
    pub tokens: Tokens,
    /// The user.
    pub user: User,
}

/// Signs a user in.
///
/// # Errors
///
/// [`Error::LoginRefused`], without a reason; [`Error::TooManyLogins`] for an address over its limit
/// or a name that has to wait; [`Error::Unavailable`] when keys or table are away.
pub async fn login(
    app: &SignIn,
    call: &Call,
    credentials: &Credentials,
) -> Result<SignedIn, Error> {
    refuse_used_up(&app.base, call)?;
    let (admitted, found) = tokio::join!(
        admit_login(&app.base, call),
        find(app, call, &credentials.name)
    );
    admitted?;
    let Found {
        signing,
        owner,
        known,
        known_key,
        strangers,
    } = found?;
    let store = &app.base.store;

    let row = match known {
        Some(_) => FailuresRow::Known(known_key.clone()),
        None => FailuresRow::Shared(strangers.clone()),
    };
    let (user_id, tenant_id) = owner.as_ref().map_or_else(
        || nobody(&credentials.name),
        |owner| (owner.user_id.clone(), owner.tenant_id.clone()),
    );
    let (user_key, tenant_key) = (Key::user(&user_id), Key::tenant(&tenant_id));
    let free = app.base.config.login_free_failures;
    let (counted, rows) = tokio::join!(
        throttle::count(
            store,
            row,
            Some(strangers),
            free,
            &call.request_id,
            call.now
        ),
        store.read([&user_key, &tenant_key])
    );
    let attempt = counted?;
    let [user, tenant] = rows?;
    let user: Option<User> = user.map(|row| parse(row, "user")).transpose()?;
    let tenant: Option<Tenant> = tenant.map(|row| parse(row, "tenant")).transpose()?;

    let hash = user.as_ref().and_then(|user| user.password_hash.as_deref());
    let keys = app.passwords.keys_for(call.now, hash).await;
    let keys = keys.map_err(|error| error.of(PASSWORDS_SECRET))?;
    let verdict = app
        .passwords
        .verify(&keys, &user_id, hash, &credentials.password)?;
    let (user, tenant, weaker) = match enter(call, verdict, user, tenant) {
        Ok(entered) => entered,
        Err(reason) => return refuse(app, call, &attempt, owner, reason).await,
    };

    let lifetimes = tenant.policy.lifetimes(&app.base.config);
    let holder = Holder::User(user.clone());
    let session = issue::new_session(call, &holder, lifetimes, signing.ring.mac().kid());
    let tokens = issue::tokens(
        call,
        &app.base.config,
        &signing,
        &session,
        &holder,
        lifetimes,
    )?;
    let event = call.event_by(
        EventType::AuthnLoginSuccess,
        Outcome::Success,
        &user.id,
        &user.tenant_id,
    );
    let (made, ..) = tokio::join!(
        store.put_session(&session, &event),
        attempt.clear(store, call),
        remember_address(app, call, &attempt, known_key),
        strengthen(app, call, &keys, &user, weaker, &credentials.password),
    );
    made?;
    Ok(SignedIn { tokens, user })
}

/// Ids that cannot exist, derived from a name that is nobody's: reading them takes as long.
fn nobody(name: &LoginName) -> (UserId, TenantId) {
    let digest = digest(&SHA256, name.canonical().as_bytes());
    let id = format!("-{}", URL_SAFE_NO_PAD.encode(digest));
    (UserId::from(id.as_str()), TenantId::from(id.as_str()))
}

/// The user and the tenant, and whether the stored hash is a weak one; or why not, which is for the
/// event alone.
fn enter(
    call: &Call,
    verdict: Verdict,
    user: Option<User>,
    tenant: Option<Tenant>,
) -> Result<(User, Tenant, bool), &'static str> {
    let (Some(user), Some(tenant)) = (user, tenant) else {
        return Err("name");
    };
    if user.status == UserStatus::Invited {
        return Err("invited");
    }
    let Verdict::Right { weaker } = verdict else {
        return Err("password");
    };
    if user.status != UserStatus::Active {
        return Err("suspended");
    }
    if !user.is_active_in(&tenant) {
        return Err("tenant");
    }
    if !tenant.policy.allows(call.address) {
        return Err("address");
    }
    Ok((user, tenant, weaker))
}

/// Ends a login that failed, for whatever reason: one event, one answer.
async fn refuse(
    app: &SignIn,
    call: &Call,
    attempt: &Attempt,
    owner: Option<LoginNameRow>,
    reason: &str,
) -> Result<SignedIn, Error> {
    let kind = if attempt.locks {
        EventType::AuthnLoginLock
    } else {
        EventType::AuthnLoginFail
    };
    // A name that is nobody's is stored nowhere.
    let owner = owner.map(|owner| ((&owner.user_id).into(), owner.tenant_id));
    let (subject, tenant_id) = owner.unzip();
    let event = Event {
        subject,
        tenant_id,
        ..call.event(kind, Outcome::Failure)
    }
    .because(reason);
    app.base.store.put_event(&event).await?;
    let floor = i64::from(app.base.config.failed_login_floor_ms);
    let spent = app.base.clock.now().millis() - call.now.millis();
    if let Ok(left) = u64::try_from(floor - spent)
        && left > 0
    {
        app.base.clock.sleep(Duration::from_millis(left)).await;
    }
    Err(Error::LoginRefused)
}

/// An address from which a name has signed in is counted apart from strangers' for 30 days.
async fn remember_address(app: &SignIn, call: &Call, attempt: &Attempt, key: Key) {
    if attempt.is_from_known_address() {
        return;
    }
    // The login stands without it; the next one from here tries again.
    if app
        .base
        .store
        .make_known(key, &call.request_id, call.now)
        .await
        .is_err()
    {
        call.note("the address was not made known");
    }
}

/// Hashes a password anew whose stored hash is weaker than the settings ask for; one that is sealed
/// under a retired key is sealed anew, without another hash.
async fn strengthen(
    app: &SignIn,
    call: &Call,
    keys: &PasswordKeys,
    user: &User,
    weaker: bool,
    password: &str,
) {
    let stored = user.password_hash.as_deref().unwrap_or_default();
    let sealed = if weaker {
        app.passwords.hash(keys, &user.id, password)
    } else {
        let Some(resealed) = keys.reseal(&user.id, stored) else {
            return;
        };
        resealed
    };
    let Ok(sealed) = sealed else {
        return call.note("the stronger hash was not made");
    };
    // Whoever changes the user meanwhile wins, and the next login tries again.
    if app.base.store.rehash(user, &sealed).await != Ok(true) {
        call.note("the stronger hash was not stored");
    }
}
