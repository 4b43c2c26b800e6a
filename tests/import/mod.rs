//! `gatehouse users import` and `gatehouse users export`, as an operator uses them.

mod drill;
mod export;
mod files;
mod interrupted;
pub mod proxy;
mod refused;
mod rule;
mod twice;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use local::Stores;
use serde_json::{Value, json};
use shared::app::{App as _, SignIn};
use shared::clock::Clock;
use shared::id::TenantId;
use shared::store::Store;
use shared::store::admins::AdminsRow;
use shared::store::key::Key;
use shared::store::tenant::{Policy, Tenant, TenantStatus};
use shared::store::user::User;
use shared::store::write::Change;
use shared::store::{list::Listed, parse};

use crate::cli::{CommandLine, Ran};
use crate::exchange::{Received, Sent, send};

/// The tenant of these tests.
pub const TENANT: &str = "acme";

/// `correct horse`, by Django's PBKDF2 with few rounds.
pub const HASH: &str = "pbkdf2_sha256$9$NaCl12345678$LzpabYtsGz4IARfpJCHpWi9qLL8WiS66BD9an6uh3b4=";
/// The password of [`HASH`].
pub const PASSWORD: &str = "correct horse";

/// An empty deployment with some tenants, and a folder for files.
pub struct Place {
    pub stores: Stores,
    pub gatehouse: CommandLine,
    pub store: Store,
    folder: PathBuf,
}

impl Place {
    /// In memory, with [`TENANT`].
    pub async fn new() -> Self {
        let stores = Stores::in_memory().await.expect("stores in memory");
        Self::on(stores, &[TENANT]).await
    }

    /// On these stores, with these tenants.
    pub async fn on(stores: Stores, tenants: &[&str]) -> Self {
        let gatehouse = CommandLine::on(&stores, "http://127.0.0.1:9000").await;
        let store = Store::new(&stores.environment(Clock::System).expect("settings"));
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(shared::random::uuid());
        fs::create_dir_all(&folder).expect("a folder");
        let place = Self {
            stores,
            gatehouse,
            store,
            folder,
        };
        place.with(tenants).await
    }

    /// With these tenants too.
    pub async fn with(self, tenants: &[&str]) -> Self {
        for id in tenants {
            let tenant = Tenant {
                id: TenantId::from(*id),
                status: TenantStatus::Active,
                policy: Policy::default(),
            };
            let row = Change::put(Key::tenant(&tenant.id), &tenant).expect("a row");
            self.store.write(&row).await.expect("the table answers");
        }
        self
    }

    /// A path in the folder.
    pub fn path(&self, name: &str) -> String {
        let path = self.folder.join(name);
        path.to_str().expect("a path").to_owned()
    }

    /// A file with this content.
    pub fn file(&self, name: &str, content: impl AsRef<[u8]>) -> String {
        let path = self.path(name);
        fs::write(&path, content).expect("a file");
        path
    }

    /// What a file in the folder holds; nothing where there is none.
    pub fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap_or_default()
    }

    /// Runs an import of this file into [`TENANT`].
    pub async fn import(&self, file: &str, more: &[&str]) -> Ran {
        let import = ["users", "import", file, "--tenant", TENANT, "--json"];
        self.gatehouse.run(&[&import, more].concat()).await
    }

    /// The refused rows of a report: line and reason.
    pub fn refused(&self, name: &str) -> Vec<(u64, String)> {
        let text = self.read(name);
        let rows = text.lines().map(|line| {
            let row: Value = serde_json::from_str(line).expect("JSON");
            let reason = row["reason"].as_str().expect("a reason").to_owned();
            (row["line"].as_u64().expect("a line"), reason)
        });
        rows.collect()
    }

    /// The users of a tenant by their e-mail addresses.
    pub async fn users(&self, tenant: &str) -> BTreeMap<String, User> {
        let tenant = TenantId::from(tenant);
        let listed = self.store.list(&tenant, Listed::Users, 5000, None);
        let (ids, more) = listed.await.expect("a list");
        assert!(!more);
        let keys: Vec<Key> = ids
            .iter()
            .map(|id| Key::user(&id.as_str().into()))
            .collect();
        let rows = self.store.read_all(&keys).await.expect("rows");
        let users = rows.into_iter().map(|row| {
            let user: User = parse(row.expect("a row"), "user").expect("a user");
            (user.email.clone(), user)
        });
        users.collect()
    }

    /// How many active admins a tenant has, by its count.
    pub async fn admins(&self, tenant: &str) -> u64 {
        let key = Key::admins(&tenant.into());
        let [row] = self.store.read([&key]).await.expect("the table answers");
        let row: Option<AdminsRow> = row.map(|row| parse(row, "admins").expect("a count"));
        row.map_or(0, |row| row.admin_count)
    }

    /// Signs somebody in.
    pub async fn login(&self, name: &str, password: &str) -> Received {
        let mut environment = self.stores.environment(Clock::System).expect("settings");
        environment.config.login_rate_limit = 1_000_000;
        let app: &SignIn = Box::leak(Box::new(SignIn::new(&environment)));
        send(app, login::handle, Sent::login(name, password)).await
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        // What is left is in a folder that `cargo clean` removes.
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// A line of JSON for somebody with a hash.
pub fn line(email: &str, more: &Value) -> String {
    let mut row = json!({"email": email, "password_hash": HASH});
    let (row_members, more) = (row.as_object_mut(), more.as_object());
    let (Some(row_members), Some(more)) = (row_members, more) else {
        panic!("an object");
    };
    row_members.extend(more.clone());
    format!("{row}\n")
}

/// What an import counted: imported, already there, refused.
#[track_caller]
pub fn counted(ran: &Ran) -> [u64; 3] {
    let document = ran.json();
    ["imported", "already_there", "refused"].map(|name| document[name].as_u64().expect("a count"))
}
