//! An invite accepted: the user's first password and first session, together or not at all.

use zeroize::Zeroizing;

use super::hash;
use crate::app::{PASSWORDS_SECRET, SignIn, Signing};
use crate::auth::holder::Holder;
use crate::auth::issue;
use crate::auth::login::SignedIn;
use crate::auth::users::{TRIES, lost};
use crate::call::Call;
use crate::clock::Timestamp;
use crate::error::Error;
use crate::password::policy;
use crate::store::admins;
use crate::store::event::{Event, EventType, Outcome};
use crate::store::invite::Invite;
use crate::store::key::Key;
use crate::store::parse;
use crate::store::tenant::{Tenant, TenantStatus};
use crate::store::user::{User, UserStatus};

/// Accepts the invite with this token, and signs its user in.
///
/// # Errors
///
/// [`Error::InvitationInvalid`] for an invite that is unknown, used, ended or expired, or whose tenant
/// is not in use; [`Error::AddressRefused`]; [`Error::PasswordRejected`], after which the invite is
/// still good; [`Error::Unavailable`].
pub async fn accept(
    app: &SignIn,
    call: &Call,
    token: &str,
    password: &Zeroizing<String>,
) -> Result<SignedIn, Error> {
    let (keys, signing) = tokio::join!(
        app.passwords.keys(call.now),
        Signing::load(&app.base, &app.keys, call.now),
    );
    let keys = keys.map_err(|error| error.of(PASSWORDS_SECRET))?;
    let signing = signing?;
    let hash = hash(token);
    let [invite] = app.base.store.read([&Key::invite(&hash)]).await?;
    let invite: Option<Invite> = invite.map(|row| parse(row, "invite")).transpose()?;
    let live = |invite: &Invite| call.now < Timestamp::from_seconds(invite.expires_at);
    let Some(invite) = invite.filter(live) else {
        return refuse(app, call, None, "invite", Error::InvitationInvalid).await;
    };
    let (mut user, mut tenant) = invited(app, call, &invite, &hash).await?;
    let words = user.guessable_words();
    if let Err(advice) = policy::check(&tenant.policy.password, password, &words) {
        let refusal = Error::PasswordRejected(advice);
        return refuse(app, call, Some(&invite), "password_rejected", refusal).await;
    }
    let sealed = app.passwords.hash(&keys, &user.id, password)?;
    let event = call
        .event_by(
            EventType::AuthnLoginSuccess,
            Outcome::Success,
            &user.id,
            &user.tenant_id,
        )
        .because("invite");
    for _ in 0..TRIES {
        let active = accepted(&user, &sealed, call.now);
        let lifetimes = tenant.policy.lifetimes(&app.base.config);
        let holder = Holder::User(active.clone());
        let session = issue::new_session(call, &holder, lifetimes, signing.ring.mac().kid());
        let config = &app.base.config;
        let tokens = issue::tokens(call, config, &signing, &session, &holder, lifetimes)?;
        let mut changes = vec![user.accepted(&sealed, &event)?, session.made()?];
        changes.extend(admins::change(
            &user.tenant_id,
            false,
            active.is_active_admin(),
        )?);
        if app.base.store.make(&changes, &event).await? {
            return Ok(SignedIn {
                tokens,
                user: active,
            });
        }
        // Somebody changed the user first: read, and decide again.
        (user, tenant) = invited(app, call, &invite, &hash).await?;
    }
    Err(lost())
}

/// The user who is invited and its tenant, if the invite is the user's and the call from where the
/// tenant allows it.
async fn invited(
    app: &SignIn,
    call: &Call,
    invite: &Invite,
    hash: &str,
) -> Result<(User, Tenant), Error> {
    let keys = (Key::user(&invite.user_id), Key::tenant(&invite.tenant_id));
    let [user, tenant] = app.base.store.read([&keys.0, &keys.1]).await?;
    let user: Option<User> = user.map(|row| parse(row, "user")).transpose()?;
    let tenant: Option<Tenant> = tenant.map(|row| parse(row, "tenant")).transpose()?;
    let (Some(user), Some(tenant)) = (user, tenant) else {
        return refuse(app, call, Some(invite), "invite", Error::InvitationInvalid).await;
    };
    let current = user.invite.as_ref();
    let good = user.status == UserStatus::Invited
        && current.is_some_and(|current| current.hash == *hash)
        && user.tenant_id == tenant.id
        && tenant.status == TenantStatus::Active;
    if !good {
        return refuse(app, call, Some(invite), "invite", Error::InvitationInvalid).await;
    }
    if !tenant.policy.allows(call.address) {
        return refuse(app, call, Some(invite), "address", Error::AddressRefused).await;
    }
    Ok((user, tenant))
}

/// The user as it is when it has accepted.
fn accepted(user: &User, sealed: &str, now: Timestamp) -> User {
    User {
        status: UserStatus::Active,
        password_hash: Some(sealed.to_owned()),
        invite: None,
        version: user.version + 1,
        updated_at: now,
        ..user.clone()
    }
}

/// Records that an invite was not accepted, and why.
async fn refuse<T>(
    app: &SignIn,
    call: &Call,
    invite: Option<&Invite>,
    reason: &str,
    refusal: Error,
) -> Result<T, Error> {
    let event = Event {
        subject: invite.map(|invite| (&invite.user_id).into()),
        tenant_id: invite.map(|invite| invite.tenant_id.clone()),
        ..call.event(EventType::AuthnLoginFail, Outcome::Failure)
    }
    .because(reason);
    app.base.store.put_event(&event).await?;
    Err(refusal)
}
