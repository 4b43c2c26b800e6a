//! Several instances of the functions for users, and what must be true of a tenant's rows whoever has
//! raced.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use shared::app::{SignIn, Verifying};
use shared::auth::login_name::LoginName;
use shared::store::key::Key;

use super::fleet::{Verdict, check};
use super::order::Racer;
use crate::exchange::{Received, Sent, send};
use crate::users::{Users, accept, delete, invite, update};
use crate::world::{Rows, World};

/// A world, instances of its functions, and its rows as each race begins.
pub struct Tenants {
    pub users: Users,
    verifying: Vec<&'static Verifying>,
    sign_in: Vec<&'static SignIn>,
    rows: Rows,
}

impl Tenants {
    /// So many instances, and the rows that `arrange` leaves; gives what that gives, too.
    pub async fn new<T>(instances: usize, arrange: impl AsyncFnOnce(&Users) -> T) -> (Self, T) {
        let users = Users::new().await;
        let (mut verifying, mut sign_in) = (Vec::new(), Vec::new());
        for _ in 0..instances {
            verifying.push(users.world.instance().await);
            sign_in.push(users.world.instance().await);
        }
        let arranged = arrange(&users).await;
        let rows = users.world.rows().await;
        let tenants = Self {
            users,
            verifying,
            sign_in,
            rows,
        };
        (tenants, arranged)
    }

    pub fn world(&self) -> &World {
        &self.users.world
    }

    /// Makes the table what it was.
    pub async fn begin(&self) {
        self.world().restore(&self.rows).await;
    }

    fn verifying(&self, n: usize) -> &'static Verifying {
        self.verifying[n % self.verifying.len()]
    }

    /// The `n`th request goes to one instance after another.
    pub fn update(&self, n: usize, token: &str, id: &str, body: &Value) -> Racer<Received> {
        let sent = update(id, body).bearer(token);
        Box::pin(send(self.verifying(n), update_user::handle, sent))
    }

    /// A removal.
    pub fn delete(&self, n: usize, token: &str, id: &str) -> Racer<Received> {
        let sent = delete(id).bearer(token);
        Box::pin(send(self.verifying(n), delete_user::handle, sent))
    }

    /// An invite.
    pub fn invite(&self, n: usize, token: &str, body: &Value) -> Racer<Received> {
        let sent = invite(body).bearer(token);
        Box::pin(send(self.verifying(n), invite_user::handle, sent))
    }

    /// An invite accepted.
    pub fn accept(&self, n: usize, token: &str, password: &str) -> Racer<Received> {
        let app = self.sign_in[n % self.sign_in.len()];
        Box::pin(send(app, accept_invite::handle, accept(token, password)))
    }

    /// Whether `me` takes this access token.
    pub async fn takes(&self, token: &str) -> bool {
        let sent = Sent::get("/api/auth/me").bearer(token);
        send(self.verifying[0], me::handle, sent).await.status == 200
    }

    /// Whether the user is let in by this password.
    pub async fn opens(&self, name: &str, password: &str) -> bool {
        let sent = Sent::login(name, password);
        send(self.sign_in[0], login::handle, sent).await.status == 200
    }

    /// That each tenant's count is that of its active admins, and that each name is one user's, who has
    /// it, and each user's names are theirs.
    pub async fn truth(&self) -> Verdict {
        let rows = self.world().rows().await;
        let json = |row: &shared::store::Item| -> Value {
            serde_dynamo::from_item(row.clone()).expect("a row is JSON")
        };
        let of = |kind: &'static str| {
            let rows = rows.iter();
            rows.filter(move |((pk, _), _)| pk.starts_with(kind))
        };
        let mut names: BTreeMap<String, Value> = BTreeMap::new();
        let mut admins: BTreeMap<String, u64> = BTreeMap::new();
        for (_, row) in of("USER#") {
            let user = json(row);
            let tenant = user["tenant_id"].as_str().expect("a tenant").to_owned();
            let is_admin = user["role"] == "admin" && user["status"] == "active";
            *admins.entry(tenant).or_default() += u64::from(is_admin);
            if user["status"] == "deleted" {
                check(user.get("tenant_pk").is_none(), || {
                    "a removed user is listed".to_owned()
                })?;
                continue;
            }
            for name in [&user["email"], &user["username"]] {
                let Some(name) = name.as_str() else { continue };
                let name = LoginName::parse("name", name).map_err(|_| "no name".to_owned())?;
                let key = Key::login_name(&name.hash()).partition().to_owned();
                let twice = names.insert(key, user["id"].clone());
                check(twice.is_none(), || "two users have one name".to_owned())?;
            }
        }
        let owners = of("LOGIN#").map(|((pk, _), row)| (pk.clone(), json(row)["user_id"].clone()));
        let owners: BTreeMap<String, Value> = owners.collect();
        check(owners == names, || {
            "the names are not their users'".to_owned()
        })?;
        for ((pk, _), row) in of("ADMINS#") {
            let tenant = pk.strip_prefix("ADMINS#").expect("a tenant");
            let (counted, there) = (json(row)["admin_count"].clone(), admins.get(tenant));
            let there = there.copied().unwrap_or_default();
            check(counted == json!(there), || {
                format!("{counted} counted, {there} there")
            })?;
        }
        Ok(())
    }
}
