//! Users whom the operator brings in from elsewhere, one transaction each: the user, its names, and the
//! tenant's count where it is an active admin. Whoever is there already is left as it is, so that an
//! import may be repeated and may stop anywhere.

mod already;

use aws_lc_rs::digest::{Context, SHA256};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use zeroize::Zeroizing;

use super::{event_of, names};
use crate::app::Verifying;
use crate::auth::admin::Admin;
use crate::auth::login_name::LoginName;
use crate::call::Call;
use crate::clock::Timestamp;
use crate::error::Error;
use crate::id::{TenantId, UserId};
use crate::password::keys::PasswordKeys;
use crate::random;
use crate::role::Role;
use crate::store::event::{Event, EventType, Outcome};
use crate::store::invite::Invite;
use crate::store::key::Key;
use crate::store::login_name::LoginNameRow;
use crate::store::user::{CurrentInvite, User, UserStatus};
use crate::store::write::Change;
use crate::store::{admins, parse, seen};

/// Who is to be brought in, as the other system has it. The names are as [`LoginName::new_email`] and
/// [`LoginName::new_username`] take them.
pub struct Arrival {
    /// The id there; without one, an id is derived from tenant and e-mail address.
    pub id: Option<UserId>,
    /// The e-mail address, a login name.
    pub email: (String, LoginName),
    /// The other login name.
    pub username: Option<(String, LoginName)>,
    /// The role.
    pub role: Role,
    /// Active with a password hash, invited without, or suspended.
    pub status: UserStatus,
    /// The name to show.
    pub name: Option<String>,
    /// The user's organization.
    pub organization: Option<String>,
    /// The AWS region that the user works in.
    pub aws_region: Option<String>,
    /// Whether the address is known to be the user's.
    pub email_verified: bool,
    /// Whether this is a demonstration user.
    pub is_demo: bool,
    /// Kinds of user.
    pub user_type: Vec<String>,
    /// The hash of the password, of a scheme and a cost that [`crate::password`] checks.
    pub password_hash: Option<Zeroizing<String>>,
    /// Of an invited user: the invite, which stays good.
    pub invite: Option<CurrentInvite>,
    /// When the user was made there; else it is made now.
    pub created_at: Option<Timestamp>,
    /// When the user was last changed there.
    pub updated_at: Option<Timestamp>,
    /// When the user last signed in there.
    pub last_login: Option<Timestamp>,
}

/// A user to bring in, made ready: trying again writes the same.
pub struct Newcomer {
    user: User,
    arrival: Arrival,
    event: Event,
}

/// How often a newcomer is tried while what is in its way comes and goes.
const TRIES: u32 = 3;

/// What became of a newcomer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Came {
    /// It is a user now.
    New,
    /// It was one before, and is the same.
    Already,
    /// It cannot be one; why, without anything of its values.
    Refused(String),
}

/// The id of a user who has none: the same for the same tenant and e-mail address (a UUID of version 8,
/// RFC 9562, from their SHA-256).
#[must_use]
pub fn derived_id(tenant: &TenantId, email: &LoginName) -> UserId {
    let mut digest = Context::new(&SHA256);
    // No tenant's id has a NUL.
    for part in [tenant.as_str(), "\0", email.canonical()] {
        digest.update(part.as_bytes());
    }
    let digest = digest.finish();
    let bytes = digest.as_ref().first_chunk().copied().unwrap_or_default();
    let uuid = uuid::Builder::from_custom_bytes(bytes).into_uuid();
    UserId::from(uuid.to_string().as_str())
}

impl Newcomer {
    /// Makes a user of the admin's tenant ready: its password hash is sealed by `keys`.
    #[must_use]
    pub fn new(call: &Call, admin: &Admin, keys: &PasswordKeys, arrival: Arrival) -> Self {
        let id = arrival.id.clone();
        let id = id.unwrap_or_else(|| derived_id(&admin.tenant, &arrival.email.1));
        let sealed = arrival.password_hash.as_ref();
        let sealed = sealed.map(|phc| keys.seal(&id, phc));
        // An invited user without an invite has one that has expired: whoever invites the address again
        // takes its place.
        let invite = (arrival.status == UserStatus::Invited).then(|| {
            arrival.invite.clone().unwrap_or_else(|| CurrentInvite {
                hash: URL_SAFE_NO_PAD.encode(random::bytes::<32>()),
                expires_at: call.now.seconds(),
            })
        });
        let created = (EventType::UserCreated, Outcome::Success);
        let event = event_of(call, admin, created, Some(&id)).because("import");
        let created_at = arrival.created_at.unwrap_or(call.now);
        let user = User {
            id,
            tenant_id: admin.tenant.clone(),
            status: arrival.status,
            role: arrival.role.clone(),
            version: 1,
            epoch: 1,
            password_hash: sealed,
            invite,
            username: arrival.username.as_ref().map(|(text, _)| text.clone()),
            email: arrival.email.0.clone(),
            email_verified: arrival.email_verified,
            name: arrival.name.clone(),
            organization: arrival.organization.clone(),
            aws_region: arrival.aws_region.clone(),
            is_demo: arrival.is_demo,
            user_type: arrival.user_type.clone(),
            created_at,
            updated_at: arrival.updated_at.unwrap_or(created_at),
        };
        Self {
            user,
            arrival,
            event,
        }
    }

    /// Whether it counts among its tenant's active admins: those come one at a time, since each changes
    /// the one count.
    #[must_use]
    pub fn is_active_admin(&self) -> bool {
        self.user.is_active_admin()
    }

    fn changes(&self) -> Result<Vec<Change>, Error> {
        let user = &self.user;
        let owner = LoginNameRow {
            user_id: user.id.clone(),
            tenant_id: user.tenant_id.clone(),
        };
        let mut changes = vec![user.made(&self.event)?];
        for name in names(user)? {
            changes.push(owner.made(name, None)?);
        }
        changes.extend(admins::change(
            &user.tenant_id,
            false,
            user.is_active_admin(),
        )?);
        if let Some(invite) = &self.arrival.invite {
            let row = Invite {
                user_id: owner.user_id,
                tenant_id: owner.tenant_id,
                expires_at: invite.expires_at,
            };
            changes.push(row.made(&invite.hash)?);
        }
        if let Some(at) = self.arrival.last_login {
            changes.push(seen::login_at(&user.id, at)?);
        }
        Ok(changes)
    }
}

/// Brings a user in, unless it is there already.
///
/// # Errors
///
/// [`Error::Unavailable`], after which the same newcomer may be tried again; [`Error::Internal`] where what
/// is there is malformed.
pub async fn bring(
    app: &Verifying,
    newcomer: &Newcomer,
    keys: &PasswordKeys,
) -> Result<Came, Error> {
    let changes = newcomer.changes()?;
    for _ in 0..TRIES {
        if app.store.make(&changes, &newcomer.event).await? {
            return Ok(Came::New);
        }
        match foresee(app, newcomer, keys).await? {
            // Whoever was in the way has gone.
            Came::New => {}
            other => return Ok(other),
        }
    }
    // No failure of the table, which the whole import would wait for: the other rows can still come.
    Ok(Came::Refused(
        "others change the same rows all the time; import it again".to_owned(),
    ))
}

/// What would become of a newcomer now; nothing is written.
///
/// # Errors
///
/// As [`bring`].
pub async fn foresee(
    app: &Verifying,
    newcomer: &Newcomer,
    keys: &PasswordKeys,
) -> Result<Came, Error> {
    let mut wanted = vec![Key::user(&newcomer.user.id)];
    wanted.extend(names(&newcomer.user)?);
    let invite = newcomer.arrival.invite.as_ref();
    wanted.extend(invite.map(|invite| Key::invite(&invite.hash)));
    let mut rows = app.store.read_all(&wanted).await?.into_iter();
    if let Some(row) = rows.next().flatten() {
        return already::compare(newcomer, &parse(row, "user")?, keys);
    }
    let username = newcomer.user.username.as_ref().map(|_| "username");
    let invite = invite.map(|_| "invite_hash");
    // In the order in which they were asked for.
    let taken = username.into_iter().chain(["email"]).chain(invite);
    for (name, row) in taken.zip(rows) {
        if row.is_some() {
            return Ok(Came::Refused(format!("{name} is somebody else's")));
        }
    }
    Ok(Came::New)
}

/// Records an import into the admin's tenant or an export out of it.
///
/// # Errors
///
/// When the table is away.
pub async fn record(
    app: &Verifying,
    call: &Call,
    admin: &Admin,
    kind: EventType,
    what: &str,
) -> Result<(), Error> {
    let event = event_of(call, admin, (kind, Outcome::Success), None).because(what);
    Ok(app.store.put_event(&event).await?)
}
