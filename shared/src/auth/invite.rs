//! An invite: a new user without a password, and a token that lets whoever has it set the first one.

pub mod accept;

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use zeroize::Zeroizing;

use super::admin::Admin;
use super::login_name::LoginName;
use super::users::change::may_be_given;
use super::users::{TRIES, event_of, lost, names, refuse_conflict};
use crate::app::Verifying;
use crate::call::Call;
use crate::clock::Timestamp;
use crate::error::Error;
use crate::id::UserId;
use crate::random;
use crate::role::Role;
use crate::store::event::{Event, EventType, Outcome};
use crate::store::invite::{Invite, LIFETIME_SECONDS};
use crate::store::key::Key;
use crate::store::login_name::LoginNameRow;
use crate::store::parse;
use crate::store::user::{CurrentInvite, User, UserStatus};
use crate::store::write::Change;

/// Whom an admin invites. The names are as [`LoginName::new_email`] and [`LoginName::new_username`]
/// take them.
#[derive(Clone)]
pub struct Invitee {
    /// The e-mail address, a login name.
    pub email: (String, LoginName),
    /// The other login name.
    pub username: Option<(String, LoginName)>,
    /// The role.
    pub role: Role,
    /// The name to show.
    pub name: Option<String>,
    /// The user's organization.
    pub organization: Option<String>,
}

/// A user who is invited.
pub struct Invited {
    /// The user.
    pub user: User,
    /// What accepts the invite: shown this once.
    pub token: Zeroizing<String>,
    /// When the invite expires.
    pub expires_at: Timestamp,
}

/// A name that is wanted, and the user with an expired invite who has it.
struct Claim {
    name: Key,
    before: Option<User>,
}

/// Invites a user into the admin's tenant. A name that an expired invite holds is taken from it, and
/// its user is removed.
///
/// # Errors
///
/// [`Error::RoleAboveOwn`], [`Error::BadRequest`] for a role that only the command line gives;
/// [`Error::Conflict`] where a name is somebody's; [`Error::Unavailable`].
pub async fn invite(
    app: &Verifying,
    call: &Call,
    admin: &Admin,
    invitee: &Invitee,
) -> Result<Invited, Error> {
    may_be_given(app, call, admin, &invitee.role).await?;
    let token = Zeroizing::new(URL_SAFE_NO_PAD.encode(random::bytes::<32>()));
    let expires_at = call.now.plus_seconds(LIFETIME_SECONDS).seconds();
    let user = user(call, admin, invitee, hash(&token), expires_at);
    let created = (EventType::UserCreated, Outcome::Success);
    let event = event_of(call, admin, created, Some(&user.id));
    for _ in 0..TRIES {
        let claims = match claims(app, call, invitee).await? {
            Ok(claims) => claims,
            Err(conflict) => {
                let refused = (EventType::UserCreated, Outcome::Failure);
                let event = event_of(call, admin, refused, None);
                return refuse_conflict(app, event, conflict).await;
            }
        };
        let changes = changes(call, &user, &claims, &event)?;
        if app.store.make(&changes, &event).await? {
            return Ok(Invited {
                user,
                token,
                expires_at: Timestamp::from_seconds(expires_at),
            });
        }
        // Somebody took a name first: read, and decide again.
    }
    Err(lost())
}

/// The hash by which the table knows an invite's token.
fn hash(token: &str) -> String {
    URL_SAFE_NO_PAD.encode(digest(&SHA256, token.as_bytes()))
}

fn user(call: &Call, admin: &Admin, invitee: &Invitee, hash: String, expires_at: i64) -> User {
    User {
        id: UserId::random(),
        tenant_id: admin.tenant.clone(),
        status: UserStatus::Invited,
        role: invitee.role.clone(),
        version: 1,
        epoch: 1,
        password_hash: None,
        invite: Some(CurrentInvite { hash, expires_at }),
        username: invitee.username.as_ref().map(|(text, _)| text.clone()),
        email: invitee.email.0.clone(),
        // Whoever accepts the invite has its token, which proves no address.
        email_verified: false,
        name: invitee.name.clone(),
        organization: invitee.organization.clone(),
        aws_region: None,
        is_demo: false,
        user_type: Vec::new(),
        created_at: call.now,
        updated_at: call.now,
    }
}

/// The names that an invitee is to have, where they are there for the taking; or why not.
async fn claims(
    app: &Verifying,
    call: &Call,
    invitee: &Invitee,
) -> Result<Result<Vec<Claim>, (&'static str, &'static str)>, Error> {
    let taken = [
        ("email_taken", "The email is taken"),
        ("username_taken", "The username is taken"),
    ];
    let wanted = [Some(&invitee.email), invitee.username.as_ref()];
    let wanted = wanted.into_iter().flatten();
    let keys: Vec<Key> = wanted
        .map(|(_, name)| Key::login_name(&name.hash()))
        .collect();
    let rows = app.store.read_all(&keys).await?;
    let mut claims = Vec::with_capacity(keys.len());
    for ((name, row), taken) in keys.into_iter().zip(rows).zip(taken) {
        let Some(row) = row else {
            claims.push(Claim { name, before: None });
            continue;
        };
        let owner: LoginNameRow = parse(row, "login name")?;
        let [before] = app.store.read([&Key::user(&owner.user_id)]).await?;
        let before: Option<User> = before.map(|row| parse(row, "user")).transpose()?;
        let before = before.filter(|user| user.is_expired_invite(call.now));
        if before.is_none() {
            return Ok(Err(taken));
        }
        claims.push(Claim { name, before });
    }
    Ok(Ok(claims))
}

/// The changes that make the user, its names and its invite, and remove those whose expired invites
/// had the names.
fn changes(
    call: &Call,
    user: &User,
    claims: &[Claim],
    event: &Event,
) -> Result<Vec<Change>, Error> {
    let owner = LoginNameRow {
        user_id: user.id.clone(),
        tenant_id: user.tenant_id.clone(),
    };
    let mut changes = vec![user.made(event)?];
    let mut removed: Vec<&UserId> = Vec::new();
    for Claim { name, before } in claims {
        let id = before.as_ref().map(|before| &before.id);
        changes.push(owner.made(name.clone(), id)?);
        let Some(before) = before
            .as_ref()
            .filter(|before| !removed.contains(&&before.id))
        else {
            continue;
        };
        removed.push(&before.id);
        let mut others = names(before)?;
        others.retain(|other| claims.iter().all(|claim| claim.name != *other));
        changes.extend(before.removed(others, &expired(call, before))?);
    }
    if let Some(current) = &user.invite {
        let invite = Invite {
            user_id: owner.user_id,
            tenant_id: owner.tenant_id,
            expires_at: current.expires_at,
        };
        changes.push(invite.made(&current.hash)?);
    }
    Ok(changes)
}

/// The event of a user who is removed since its invite has expired. It may be another tenant's, whose
/// admins are told neither who took the name nor from where.
fn expired(call: &Call, user: &User) -> Event {
    Event {
        subject: Some((&user.id).into()),
        tenant_id: Some(user.tenant_id.clone()),
        ip: String::new(),
        user_agent: String::new(),
        ..call.event(EventType::UserDeleted, Outcome::Success)
    }
    .because("invite_expired")
}
