//! API clients that are signed in.

use serde_json::json;
use shared::address::Address;
use shared::app::{Sessions, Signing};
use shared::auth::holder::Holder;
use shared::auth::issue;
use shared::call::Call;
use shared::id::{KeyId, SessionId};
use shared::scope::Scope;
use shared::store::client::{Client, ClientKey, ClientStatus};
use shared::store::event::{EventType, Outcome};
use shared::store::key::Key;
use shared::store::parse;
use shared::store::tenant::Tenant;
use shared::store::write::Change;

use super::{Asked, ask, client, no};
use crate::world::{ADDRESS, World};

/// A client of tenant acme with a session.
pub struct SignedInClient {
    pub id: &'static str,
    pub session: SessionId,
    pub access: String,
}

const ID: &str = "robot";
const KEY: &str = "key1";

impl World {
    /// Makes the client `robot` of tenant acme, of scope `read:interactions write:policies`, and a
    /// session of it for the first of the two.
    pub async fn sign_in_client(&self) -> SignedInClient {
        let now = self.clock.now();
        let row = Client {
            id: ID.into(),
            tenant_id: "acme".into(),
            name: "Robot".to_owned(),
            scope: Scope::parse("read:interactions write:policies").unwrap(),
            status: ClientStatus::Active,
            version: 1,
            epoch: 1,
            keys: vec![ClientKey {
                id: KEY.into(),
                created_at: now,
            }],
            created_at: now,
        };
        self.change(Change::put(Key::client(&row.id), &row).unwrap())
            .await;
        let app: &Sessions = self.instance().await;
        let address = Address::parse(ADDRESS).unwrap();
        let issuer = app.base.config.issuer.clone();
        let call = Call::new("client-auth", now, address, "test/1", issuer);
        let tenant = self.row(&Key::tenant(&row.tenant_id)).await.unwrap();
        let tenant: Tenant = parse(tenant, "tenant").unwrap();
        let lifetimes = tenant.policy.client_lifetimes(&app.base.config);
        let signing = Signing::load(&app.base, &app.keys, now).await.unwrap();
        let holder = Holder::Client(row);
        let mut session = issue::new_session(&call, &holder, lifetimes, signing.ring.mac().kid());
        session.key_id = Some(KeyId::from(KEY));
        session.scope = Scope::parse("read:interactions");
        let config = &app.base.config;
        let tokens = issue::tokens(&call, config, &signing, &session, &holder, lifetimes).unwrap();
        let kind = EventType::AuthnLoginSuccess;
        let event = call.event_by(kind, Outcome::Success, &holder.owner(), holder.tenant_id());
        self.store.put_session(&session, &event).await.unwrap();
        SignedInClient {
            id: ID,
            session: session.id,
            access: tokens.access,
        }
    }
}

#[tokio::test]
async fn a_client_is_known_by_its_id_and_the_scope_that_it_still_has() {
    let world = World::new().await;
    let app = world.instance().await;
    let robot = world.sign_in_client().await;
    let asked = Asked::new(&robot.access);
    let yes = |scope| client(robot.id, "acme", scope);
    assert_eq!(ask(app, asked.clone()).await, Ok(yes("read:interactions")));
    let key = Key::client(&robot.id.into());
    world
        .alter(&key, |row| row["scope"] = json!("write:policies"))
        .await;
    assert_eq!(ask(app, asked.clone()).await, Ok(yes("")));
    world
        .alter(&key, |row| row["scope"] = json!("admin:all"))
        .await;
    assert_eq!(ask(app, asked).await, Ok(yes("read:interactions")));
}

#[tokio::test]
async fn a_client_is_refused_once_it_its_key_its_session_or_its_tenant_is_gone() {
    let world = World::new().await;
    let app = world.instance().await;
    let robot = world.sign_in_client().await;
    let asked = Asked::new(&robot.access);
    let client_key = Key::client(&robot.id.into());
    let session = Key::client_session(&robot.id.into(), &robot.session);
    let tenant = Key::tenant(&"acme".into());
    for (key, member, value) in [
        (&client_key, "status", json!("suspended")),
        (&client_key, "status", json!("deleted")),
        (&client_key, "keys", json!([])),
        (&client_key, "epoch", json!(2)),
        (&client_key, "tenant_id", json!("2001")),
        (&session, "revoked_at", json!(world.clock.now())),
        (&session, "client_id", json!("gatehouse")),
        (&tenant, "status", json!("suspended")),
    ] {
        let before = world.alter(key, |row| row[member] = value).await;
        assert_eq!(ask(app, asked.clone()).await, Ok(no()), "{member}");
        world.put_json(key, &before).await;
        let answer = ask(app, asked.clone()).await.unwrap();
        assert_eq!(answer["isAuthorized"], true, "{member}");
    }
}
