//! Demonstration data: the tenants and users of the API documents' own examples, so that these run
//! as they are printed. A deployed stack starts empty.

mod client;
mod credentials;

use shared::auth::login_name::LoginName;
use shared::aws::Environment;
use shared::clock::Timestamp;
use shared::id::{TenantId, UserId};
use shared::keys::secret::Secret;
use shared::password::Passwords;
use shared::password::policy::PasswordPolicy;
use shared::role::Role;
use shared::store::Store;
use shared::store::admins::AdminsRow;
use shared::store::key::Key;
use shared::store::list::Indexed;
use shared::store::login_name::LoginNameRow;
use shared::store::tenant::{Policy, Tenant, TenantStatus};
use shared::store::user::{User, UserStatus};
use shared::store::write::Change;

use crate::StackError;

pub use client::api_key;

/// A tenant: its id, how long its access tokens live, and whether it takes any new password from 7
/// characters on, as document 000 does.
const TENANTS: [(&str, i64, bool); 4] = [
    ("acme", 24 * HOUR, false),
    (ALICES, 24 * HOUR, false),
    ("2001", 15 * 60, false),
    // Loaded last: its row says that all is loaded.
    (LAST, 7 * 24 * HOUR, true),
];
const HOUR: i64 = 3600;
const LAST: &str = "nuxera";
const ALICES: &str = "00000000-0000-0000-0000-000000000001";

/// A user of the documents.
struct Shown {
    id: Option<&'static str>,
    tenant: &'static str,
    username: Option<&'static str>,
    email: &'static str,
    password: &'static str,
    role: &'static str,
    name: Option<&'static str>,
    of_nuxera: bool,
    of_acme: bool,
}

const NOBODY: Shown = Shown {
    id: None,
    tenant: "",
    username: None,
    email: "",
    password: "",
    role: "member",
    name: None,
    of_nuxera: false,
    of_acme: false,
};

const USERS: [Shown; 6] = [
    Shown {
        id: Some("user-123456"),
        tenant: LAST,
        username: Some("doctor.smith"),
        email: "doctor.smith@example.com",
        password: "secure-password",
        role: "physician",
        ..NOBODY
    },
    Shown {
        id: Some("100"),
        tenant: LAST,
        email: "doc@nuxera.ai",
        password: "Abcd1234",
        role: "physician",
        name: Some("Doctor Hisham"),
        of_nuxera: true,
        ..NOBODY
    },
    Shown {
        tenant: "acme",
        username: Some("john"),
        email: "john@example.com",
        password: "securePassword123",
        role: "admin",
        name: Some("John Doe"),
        of_acme: true,
        ..NOBODY
    },
    Shown {
        id: Some("00000000-0000-0000-0000-000000000010"),
        tenant: ALICES,
        email: "alice@acme.fr",
        password: "your-password",
        role: "admin",
        name: Some("Alice Martin"),
        ..NOBODY
    },
    Shown {
        tenant: ALICES,
        email: "victor@acme.fr",
        password: "viewer-password",
        role: "viewer",
        ..NOBODY
    },
    Shown {
        id: Some("1005"),
        tenant: "2001",
        email: "user@example.com",
        password: "password",
        ..NOBODY
    },
];

/// Loads the demonstration data, unless they have been loaded.
///
/// # Errors
///
/// When a store does not take them.
pub async fn load(environment: &Environment) -> Result<(), StackError> {
    let store = Store::new(environment);
    client::load(&store, environment.clock.now()).await?;
    let [loaded] = store
        .read([&Key::tenant(&LAST.into())])
        .await
        .map_err(failed)?;
    if loaded.is_some() {
        return Ok(());
    }
    credentials::make(environment).await?;
    let now = environment.clock.now();
    let secret = &environment.config.passwords_secret;
    let secret = Secret::new(environment.secrets_manager(), secret);
    let passwords = Passwords::new(secret, environment.config.argon2);
    let keys = passwords.keys(now).await.map_err(failed)?;
    for shown in &USERS {
        let mut user = shown.user(now);
        let sealed = passwords
            .hash(&keys, &user.id, shown.password)
            .map_err(failed)?;
        user.password_hash = Some(sealed);
        store
            .transact(&rows(&user).map_err(failed)?)
            .await
            .map_err(failed)?;
    }
    for (id, access_token_seconds, any_password) in TENANTS {
        let mut policy = Policy {
            access_token_seconds: Some(access_token_seconds),
            ..Policy::default()
        };
        if any_password {
            policy.password = PasswordPolicy {
                min_length: 7,
                check_strength: false,
            };
        }
        let tenant = Tenant {
            id: id.into(),
            status: TenantStatus::Active,
            policy,
        };
        let admins = USERS.iter().filter(|shown| shown.tenant == id);
        let admins = admins.filter(|shown| shown.role == "admin").count();
        let admins = AdminsRow {
            admin_count: u64::try_from(admins).map_err(failed)?,
        };
        let rows = [
            Change::put(Key::tenant(&tenant.id), &tenant).map_err(failed)?,
            Change::put(Key::admins(&tenant.id), &admins).map_err(failed)?,
        ];
        store.transact(&rows).await.map_err(failed)?;
    }
    Ok(())
}

impl Shown {
    fn user(&self, now: Timestamp) -> User {
        let text = |text: Option<&str>| text.map(str::to_owned);
        // 000 prints these: 2025-03-31T16:54:47.134Z and 2025-05-07T16:17:29.082Z.
        let printed = (
            Timestamp::from_millis(1_743_440_087_134),
            Timestamp::from_millis(1_746_634_649_082),
        );
        let (created_at, updated_at) = if self.of_nuxera { printed } else { (now, now) };
        User {
            id: self.id.map_or_else(UserId::random, UserId::from),
            tenant_id: TenantId::from(self.tenant),
            status: UserStatus::Active,
            role: Role::parse(self.role).expect("a role"),
            version: 1,
            epoch: 1,
            password_hash: None,
            invite: None,
            username: text(self.username),
            email: self.email.to_owned(),
            email_verified: self.of_nuxera,
            name: text(self.name),
            organization: text(self.of_acme.then_some("Acme Corp")),
            aws_region: text(self.of_acme.then_some("eu-north-1")),
            is_demo: false,
            user_type: self
                .of_nuxera
                .then(|| "ai-medical-note".to_owned())
                .into_iter()
                .collect(),
            created_at,
            updated_at,
        }
    }
}

/// The rows of a user: the profile, and a row for each login name.
fn rows(user: &User) -> Result<Vec<Change>, shared::error::Error> {
    let key = Key::user(&user.id);
    let profile = Indexed::new(user, &user.tenant_id, &key);
    let owner = LoginNameRow {
        user_id: user.id.clone(),
        tenant_id: user.tenant_id.clone(),
    };
    let mut rows = vec![Change::put(key.clone(), &profile)?];
    for name in user.username.iter().chain([&user.email]) {
        let name = LoginName::parse("username", name)?;
        rows.push(Change::put(Key::login_name(&name.hash()), &owner)?);
    }
    Ok(rows)
}

fn failed(error: impl std::fmt::Display) -> StackError {
    StackError(format!("the demonstration data cannot be loaded: {error}"))
}
