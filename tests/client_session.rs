//! API clients that are signed in, without the key that signs one in.

use shared::address::Address;
use shared::app::{Sessions, Signing};
use shared::auth::holder::Holder;
use shared::auth::issue;
use shared::call::Call;
use shared::id::{ClientId, KeyId, SessionId, TenantId};
use shared::scope::Scope;
use shared::store::client::{Client, ClientKey, ClientStatus};
use shared::store::event::{EventType, Outcome};
use shared::store::key::Key;
use shared::store::list::Indexed;
use shared::store::parse;
use shared::store::tenant::Tenant;
use shared::store::write::Change;

use crate::world::{ADDRESS, World};

/// A client with a session.
pub struct ClientSignedIn {
    /// The client.
    pub client: ClientId,
    /// The session.
    pub session: SessionId,
    /// The access token.
    pub access: String,
}

impl ClientSignedIn {
    /// The key of the client's row.
    pub fn client_key(&self) -> Key {
        Key::client(&self.client)
    }
}

impl World {
    /// A new client of this tenant that has this scope, and a session of it with all of that.
    pub async fn client_with_scope(&self, tenant: &str, scope: &str) -> ClientSignedIn {
        let now = self.clock.now();
        let scope = Scope::parse(scope).expect("a scope");
        let tenant_id = TenantId::from(tenant);
        let key = ClientKey {
            id: KeyId::random(),
            created_at: now,
        };
        let client = Client {
            id: ClientId::random(),
            tenant_id: tenant_id.clone(),
            name: "a client".to_owned(),
            scope: scope.clone(),
            status: ClientStatus::Active,
            version: 1,
            epoch: 1,
            keys: vec![key.clone()],
            created_at: now,
        };
        let row = Key::client(&client.id);
        let indexed = Indexed::new(&client, &tenant_id, &row);
        self.change(Change::put(row.clone(), &indexed).expect("a row"))
            .await;
        let app: &Sessions = self.instance().await;
        let address = Address::parse(ADDRESS).expect("an address");
        let issuer = app.base.config.issuer.clone();
        let call = Call::new("client-auth", now, address, "test/1", issuer);
        let tenant = self.row(&Key::tenant(&tenant_id)).await;
        let tenant: Tenant = parse(tenant.expect("a tenant"), "tenant").expect("a tenant");
        let config = &app.base.config;
        let lifetimes = tenant.policy.client_lifetimes(config);
        let signing = Signing::load(&app.base, &app.keys, now).await;
        let signing = signing.expect("keys");
        let holder = Holder::Client(client.clone());
        let mut session = issue::new_session(&call, &holder, lifetimes, signing.ring.mac().kid());
        session.key_id = Some(key.id);
        session.scope = Some(scope);
        let tokens = issue::tokens(&call, config, &signing, &session, &holder, lifetimes);
        let kind = EventType::AuthnLoginSuccess;
        let event = call.event_by(kind, Outcome::Success, &client.id, &tenant_id);
        let made = self.store.put_session(&session, &event).await;
        made.expect("the table answers");
        ClientSignedIn {
            client: client.id,
            session: session.id,
            access: tokens.expect("tokens").access,
        }
    }
}
