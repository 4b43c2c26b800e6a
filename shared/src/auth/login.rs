//! Login: three round trips and one hash. An unknown name, a wrong password, a suspended or invited
//! user and an address not allowed take the same requests, the same hash and give the same answer.

use std::sync::Arc;
use std::time::Duration;

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use zeroize::Zeroizing;

use super::issue::{self, Tokens};
use super::limit::{admit_login, refuse_used_up};
use super::login_name::LoginName;
use super::throttle::{self, Attempt};
use crate::app::SignIn;
use crate::call::Call;
use crate::error::Error;
use crate::id::{TenantId, UserId};
use crate::keys::published::Published;
use crate::keys::ring::Ring;
use crate::password::Verdict;
use crate::password::keys::PasswordKeys;
use crate::store::event::{Event, EventType, Outcome};
use crate::store::failures::{Failures, FailuresRow};
use crate::store::key::Key;
use crate::store::login_name::LoginNameRow;
use crate::store::parse;
use crate::store::tenant::{Tenant, TenantStatus};
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
#[derive(Debug)]
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
        ring,
        published,
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
    let keys = app.passwords.keys_for(call.now, hash).await?;
    let verdict = app
        .passwords
        .verify(&keys, &user_id, hash, &credentials.password)?;
    let allowed = user
        .zip(tenant)
        .filter(|(user, tenant)| may_enter(call, user, tenant));
    let (Verdict::Right { weaker }, Some((user, tenant))) = (verdict, allowed) else {
        return refuse(app, call, &attempt, owner).await;
    };

    let lifetimes = tenant.policy.lifetimes(&app.base.config);
    let session = issue::new_session(call, &user, lifetimes, ring.mac().kid());
    let tokens = issue::tokens(
        call,
        &app.base.config,
        (&ring, &published),
        &session,
        &user,
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

/// What a login begins with.
struct Found {
    ring: Arc<Ring>,
    published: Arc<Published>,
    owner: Option<LoginNameRow>,
    known: Option<Failures>,
    known_key: Key,
    strangers: Key,
}

/// Looks up a name, and whether it has signed in from the caller's address. The keys are asked for
/// only where they are not remembered, and beside the count of the address: an attempt counts even
/// where there are no keys.
async fn find(app: &SignIn, call: &Call, name: &LoginName) -> Result<Found, Error> {
    let (keys, ring, published) = tokio::join!(
        app.passwords.keys(call.now),
        app.keys.get(call.now),
        app.base.published(call.now),
    );
    let (keys, ring, published) = (keys?, ring?, published?);
    let name_mac = keys.name_mac(name.canonical());
    let known_key = Key::known_address(&name_mac, &keys.address_mac(&call.address.counted()));
    let name_key = Key::login_name(&name.hash());
    let [owner, known] = app.base.store.read([&name_key, &known_key]).await?;
    let owner = owner.map(|row| parse(row, "login name")).transpose()?;
    let known: Option<Failures> = known.map(|row| parse(row, "failures")).transpose()?;
    Ok(Found {
        ring,
        published,
        owner,
        known: known.filter(|row| call.now.seconds() < row.expires_at),
        known_key,
        strangers: Key::strangers(&name_mac),
    })
}

/// Ids that cannot exist, derived from a name that is nobody's: reading them takes as long.
fn nobody(name: &LoginName) -> (UserId, TenantId) {
    let digest = digest(&SHA256, name.canonical().as_bytes());
    let id = format!("-{}", URL_SAFE_NO_PAD.encode(digest));
    (UserId::from(id.as_str()), TenantId::from(id.as_str()))
}

fn may_enter(call: &Call, user: &User, tenant: &Tenant) -> bool {
    user.status == UserStatus::Active
        && user.tenant_id == tenant.id
        && tenant.status == TenantStatus::Active
        && tenant.policy.allows(call.address)
}

/// Ends a login that failed, for whatever reason: one event, one answer.
async fn refuse(
    app: &SignIn,
    call: &Call,
    attempt: &Attempt,
    owner: Option<LoginNameRow>,
) -> Result<SignedIn, Error> {
    let kind = if attempt.locks {
        EventType::AuthnLoginLock
    } else {
        EventType::AuthnLoginFail
    };
    // A name that is nobody's is stored nowhere.
    let (subject, tenant_id) = owner.map(|owner| (owner.user_id, owner.tenant_id)).unzip();
    let event = Event {
        subject,
        tenant_id,
        ..call.event(kind, Outcome::Failure)
    };
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

/// Hashes a password anew whose stored hash is weaker than the settings ask for.
async fn strengthen(
    app: &SignIn,
    call: &Call,
    keys: &PasswordKeys,
    user: &User,
    weaker: bool,
    password: &str,
) {
    if !weaker {
        return;
    }
    let Ok(sealed) = app.passwords.hash(keys, &user.id, password) else {
        return call.note("the stronger hash was not made");
    };
    // Whoever changes the user meanwhile wins, and the next login tries again.
    if app.base.store.rehash(user, &sealed).await != Ok(true) {
        call.note("the stronger hash was not stored");
    }
}
