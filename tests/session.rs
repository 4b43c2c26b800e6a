//! Users who are signed in, without the hash that a login costs; and tokens such as no login gives.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde_json::Value;
use shared::address::Address;
use shared::app::{Sessions, Signing};
use shared::auth::holder::Holder;
use shared::auth::issue;
use shared::call::Call;
use shared::id::{SessionId, TenantId, UserId};
use shared::keys::SigningAlgorithm;
use shared::keys::generate::new_ring;
use shared::store::event::{EventType, Outcome};
use shared::store::key::Key;
use shared::store::parse;
use shared::store::tenant::Tenant;
use shared::store::user::User;
use shared::store::write::Change;
use shared::token::access::{self, AccessClaims, Claims};
use shared::token::refresh::{self, RefreshClaims};

use crate::world::{ADDRESS, World};

/// What a login leaves its user with.
#[derive(Clone)]
pub struct SignedIn {
    /// The user.
    pub user: UserId,
    /// The user's tenant.
    pub tenant: TenantId,
    /// The session.
    pub session: SessionId,
    /// The access token.
    pub access: String,
    /// The refresh token; empty where the tenant has none.
    pub refresh: String,
}

impl SignedIn {
    /// The key of the session's row.
    pub fn session_key(&self) -> Key {
        Key::session(&self.user, &self.session)
    }

    /// The key of the user's row.
    pub fn user_key(&self) -> Key {
        Key::user(&self.user)
    }

    /// The key of the tenant's row.
    pub fn tenant_key(&self) -> Key {
        Key::tenant(&self.tenant)
    }
}

impl World {
    /// New keys, which sign by this algorithm, in place of those that are there.
    pub async fn sign_by(&self, algorithm: SigningAlgorithm) {
        let (secret, row) = new_ring(algorithm, self.clock.now()).expect("keys");
        let row = Change::put(Key::public_keys(), &row).expect("a row");
        self.change(row).await;
        let environment = self.environment();
        let put = environment.secrets_manager().put_secret_value();
        let put = put.secret_id(&environment.config.keys_secret);
        let put = put.secret_string(secret.to_string()).send().await;
        assert!(put.is_ok(), "the secret is not put");
        self.wire.take();
    }

    /// A new session of this user, made as a login makes it, from [`ADDRESS`].
    pub async fn sign_in(&self, user: &str) -> SignedIn {
        let app: &Sessions = self.instance().await;
        let now = self.clock.now();
        let address = Address::parse(ADDRESS).expect("an address");
        let issuer = app.base.config.issuer.clone();
        let call = Call::new("login", now, address, "test/1", issuer);
        let row = self.row(&Key::user(&user.into())).await.expect("a user");
        let user: User = parse(row, "user").expect("a user");
        let row = self.row(&Key::tenant(&user.tenant_id)).await;
        let tenant: Tenant = parse(row.expect("a tenant"), "tenant").expect("a tenant");
        let lifetimes = tenant.policy.lifetimes(&app.base.config);
        let signing = Signing::load(&app.base, &app.keys, now)
            .await
            .expect("keys");
        let mac_kid = signing.ring.mac().kid();
        let holder = Holder::User(user.clone());
        let session = issue::new_session(&call, &holder, lifetimes, mac_kid);
        let tokens = issue::tokens(
            &call,
            &app.base.config,
            &signing,
            &session,
            &holder,
            lifetimes,
        );
        let tokens = tokens.expect("tokens");
        let kind = EventType::AuthnLoginSuccess;
        let event = call.event_by(kind, Outcome::Success, &user.id, &user.tenant_id);
        let made = self.store.put_session(&session, &event).await;
        made.expect("the table answers");
        SignedIn {
            user: user.id,
            tenant: user.tenant_id,
            session: session.id,
            access: tokens.access,
            refresh: tokens.refresh.unwrap_or_default(),
        }
    }

    /// An access token like this one, well signed, with other claims.
    pub async fn access_token(&self, like: &str, alter: impl FnOnce(&mut AccessClaims)) -> String {
        let app: &Sessions = self.instance().await;
        let now = self.clock.now();
        let mut claims = access_claims(like);
        alter(&mut claims);
        let ring = app.keys.get(now).await.expect("keys");
        let published = app.base.published(now).await.expect("keys");
        let claims = Claims::User(claims);
        access::sign(&claims, ring.signer(&published).expect("a key")).expect("a token")
    }

    /// A refresh token like this one, well made, with other claims.
    pub async fn refresh_token(
        &self,
        like: &str,
        alter: impl FnOnce(&mut RefreshClaims),
    ) -> String {
        let app: &Sessions = self.instance().await;
        let mut claims = refresh_claims(like);
        alter(&mut claims);
        let ring = app.keys.get(self.clock.now()).await.expect("keys");
        refresh::sign(&claims, ring.mac()).expect("a token")
    }
}

/// What an access token says.
pub fn access_claims(token: &str) -> AccessClaims {
    serde_json::from_value(part(token, 1)).expect("claims")
}

/// What a refresh token says.
pub fn refresh_claims(token: &str) -> RefreshClaims {
    serde_json::from_value(part(token, 1)).expect("claims")
}

/// The key that a token names.
pub fn kid(token: &str) -> String {
    part(token, 0)["kid"].as_str().expect("a kid").to_owned()
}

/// The token with another signature.
pub fn tampered(token: &str) -> String {
    let (signed, signature) = token.rsplit_once('.').expect("three parts");
    let first = if signature.starts_with('A') { 'B' } else { 'A' };
    format!("{signed}.{first}{}", &signature[1..])
}

/// The token with another key id in its header, and its signature as it was.
pub fn with_kid(token: &str, kid: &str) -> String {
    let mut header = part(token, 0);
    header["kid"] = kid.into();
    let (_, rest) = token.split_once('.').expect("three parts");
    format!(
        "{}.{rest}",
        BASE64_URL_SAFE_NO_PAD.encode(header.to_string())
    )
}

fn part(token: &str, number: usize) -> Value {
    let part = token.split('.').nth(number).expect("three parts");
    let json = BASE64_URL_SAFE_NO_PAD.decode(part).expect("base64url");
    serde_json::from_slice(&json).expect("JSON")
}
