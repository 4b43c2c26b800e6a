//! Several instances of each function, and what a test asks them for.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use shared::address::Address;
use shared::app::{App, Changing, Sessions, SignIn, Verifying};
use shared::auth::login_name::LoginName;
use shared::id::{SessionId, UserId};
use shared::password::keys::PasswordKeys;
use shared::store::failures::Failures;
use shared::store::key::Key;
use shared::store::session::Session;
use shared::store::user::User;
use shared::store::write::Change;
use shared::store::{Item, parse};

use super::order::Racer;
use crate::exchange::{Received, Sent, send};
use crate::world::{ADDRESS, World};

/// The user of these tests, whose tenant takes any new password of seven characters.
pub const NAME: &str = "doctor.smith";
/// Its id.
pub const USER: &str = "user-123456";
/// Its first password.
pub const PASSWORD: &str = "secure-password";

/// What is wrong, if something is.
pub type Verdict = Result<(), String>;

/// That `holds`, or else what is wrong.
pub fn check(holds: bool, wrong: impl FnOnce() -> String) -> Verdict {
    if holds { Ok(()) } else { Err(wrong()) }
}

/// A world and its functions. Logins are limited by address only where a test says so.
#[derive(Debug)]
pub struct Fleet {
    /// The world.
    pub world: World,
    /// Instances of `login`.
    pub login: Vec<&'static SignIn>,
    /// Instances of `refresh` and `logout`.
    pub sessions: Vec<&'static Sessions>,
    /// Instances of `change-password`.
    pub changing: Vec<&'static Changing>,
    /// An instance of `me`.
    pub reading: &'static Verifying,
}

impl Fleet {
    /// `instances` of each function.
    pub async fn new(instances: usize) -> Self {
        let world = World::new().await;
        let (mut login, mut sessions, mut changing) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..instances {
            login.push(
                world
                    .instance_with(|config| config.login_rate_limit = 1_000_000)
                    .await,
            );
            sessions.push(world.instance().await);
            changing.push(world.instance().await);
        }
        let reading = world.instance().await;
        Self {
            world,
            login,
            sessions,
            changing,
            reading,
        }
    }

    /// The `n`th request goes to one instance after another.
    pub fn login(&self, n: usize, sent: Sent) -> Racer<Received> {
        let app = self.login[n % self.login.len()];
        Box::pin(send(app, login::handle, sent))
    }

    /// A refresh.
    pub fn refresh(&self, n: usize, token: &str) -> Racer<Received> {
        let app = self.sessions[n % self.sessions.len()];
        Box::pin(send(app, refresh::handle, Sent::refresh(token)))
    }

    /// A logout by access token.
    pub fn logout(&self, n: usize, access_token: &str) -> Racer<Received> {
        let app = self.sessions[n % self.sessions.len()];
        let sent = Sent::new("POST", "/api/auth/logout").bearer(access_token);
        Box::pin(send(app, logout::handle, sent))
    }

    /// A logout by refresh token.
    pub fn logout_by_refresh(&self, n: usize, token: &str) -> Racer<Received> {
        let app = self.sessions[n % self.sessions.len()];
        let sent = Sent::post("/api/auth/logout", &json!({"refreshToken": token}));
        Box::pin(send(app, logout::handle, sent))
    }

    /// A password change.
    pub fn change(&self, n: usize, access_token: &str, from: &str, to: &str) -> Racer<Received> {
        let app = self.changing[n % self.changing.len()];
        let body = json!({"currentPassword": from, "newPassword": to});
        let sent = Sent::post("/api/auth/change-password", &body).bearer(access_token);
        Box::pin(send(app, change_password::handle, sent))
    }

    /// Signs the user in, from [`ADDRESS`].
    pub async fn sign_in(&self, password: &str) -> Tokens {
        self.sign_in_from(password, ADDRESS).await
    }

    /// Signs the user in.
    pub async fn sign_in_from(&self, password: &str, address: &str) -> Tokens {
        let reply = self.patiently(password, address).await;
        assert_eq!(reply.status, 200, "{}", reply.body["message"]);
        Tokens::of(&reply)
    }

    /// Whether the user may sign in with this password.
    pub async fn opens(&self, password: &str) -> bool {
        let status = self.patiently(password, ADDRESS).await.status;
        assert!(matches!(status, 200 | 401), "{status}");
        status == 200
    }

    /// A login that waits as long as it is told to.
    async fn patiently(&self, password: &str, address: &str) -> Received {
        loop {
            let sent = Sent::login(NAME, password).from(address);
            let reply = self.login(0, sent).await;
            if reply.status != 429 {
                return reply;
            }
            let seconds = reply.header("retry-after").expect("how long");
            self.world.wait(seconds.parse().expect("seconds"));
        }
    }

    /// Whether `me` takes this access token.
    pub async fn takes(&self, access_token: &str) -> bool {
        let sent = Sent::get("/api/auth/me").bearer(access_token);
        send(self.reading, me::handle, sent).await.status == 200
    }

    /// Whether either of the tokens works; a refresh token that does is used by this.
    pub async fn live(&self, tokens: &Tokens) -> bool {
        self.takes(&tokens.access).await || self.refresh(0, &tokens.refresh).await.status == 200
    }

    /// The user's row.
    pub async fn user(&self) -> User {
        let row = self.world.row(&Key::user(&UserId::from(USER))).await;
        parse(row.expect("a user"), "user").expect("a user")
    }

    /// A session's row, as it is stored.
    pub async fn session_row(&self, id: &SessionId) -> Item {
        let row = self.world.row(&Key::session(&UserId::from(USER), id)).await;
        row.expect("a session")
    }

    /// A session.
    pub async fn session(&self, id: &SessionId) -> Session {
        parse(self.session_row(id).await, "session").expect("a session")
    }

    /// Moves a session to an epoch, behind everybody's back.
    pub async fn set_epoch(&self, tokens: &Tokens, epoch: u64) {
        let key = Key::session(&UserId::from(USER), &tokens.session());
        let change = Change::update(key, "SET epoch = :epoch").value(":epoch", epoch);
        self.world.change(change.expect("a change")).await;
    }

    /// The HMAC by which rows of failures know a name.
    pub async fn name_mac(&self, name: &str) -> String {
        let name = LoginName::parse("username", name).expect("a name");
        self.password_keys().await.name_mac(name.canonical())
    }

    /// The row of the user's failures from an address where the user has signed in.
    pub async fn known_address(&self, address: &str) -> Key {
        let address = Address::parse(address).expect("an address").counted();
        let address = self.password_keys().await.address_mac(&address);
        Key::known_address(&self.name_mac(NAME).await, &address)
    }

    async fn password_keys(&self) -> Arc<PasswordKeys> {
        let keys = self.login[0].passwords.keys(self.world.clock.now()).await;
        keys.expect("the keys of passwords")
    }

    /// A row of failures.
    pub async fn failures(&self, key: &Key) -> Failures {
        let row = self.world.row(key).await.expect("a row");
        parse(row, "failures").expect("failures")
    }

    /// Sets a row of failures, behind everybody's back: so many, the last of them now.
    pub async fn set_failures(&self, key: &Key, failures: u32, wait_seconds: Option<i64>) {
        let now = self.world.clock.now();
        let row = Failures {
            failures,
            counted_at: now,
            retry_at: wait_seconds.map(|seconds| now.plus_seconds(seconds)),
            attempt: "earlier".to_owned(),
            expires_at: now.plus_seconds(86_400).seconds(),
        };
        let row = Change::put(key.clone(), &row).expect("a row");
        self.world.change(row).await;
    }

    /// How many passwords the logins have hashed, each instance with its own count.
    pub fn login_hashes(&self) -> u64 {
        self.login.iter().map(|app| app.hashes()).sum()
    }

    /// How many passwords the password changes have hashed.
    pub fn changing_hashes(&self) -> u64 {
        self.changing.iter().map(|app| app.hashes()).sum()
    }
}

/// What a login or a refresh gave.
#[derive(Clone)]
pub struct Tokens {
    /// The access token.
    pub access: String,
    /// The refresh token.
    pub refresh: String,
}

impl Tokens {
    /// The tokens of an answer.
    pub fn of(reply: &Received) -> Self {
        Self {
            access: reply.member("accessToken").to_owned(),
            refresh: reply.member("refreshToken").to_owned(),
        }
    }

    /// Those of all answers that have some.
    pub fn of_all(replies: &[Received]) -> Vec<Self> {
        let given = replies
            .iter()
            .filter(|reply| reply.body["accessToken"].is_string());
        given.map(Self::of).collect()
    }

    /// Their session.
    pub fn session(&self) -> SessionId {
        let payload = self.refresh.split('.').nth(1).expect("a payload");
        let payload = URL_SAFE_NO_PAD.decode(payload).expect("base64url");
        let claims: Value = serde_json::from_slice(&payload).expect("claims");
        SessionId::from(claims["sid"].as_str().expect("a session"))
    }
}

/// How often each status was answered, as `200x63 401x1`.
pub fn statuses(replies: &[Received]) -> String {
    let mut counts = std::collections::BTreeMap::new();
    for reply in replies {
        *counts.entry(reply.status).or_insert(0) += 1;
    }
    let counts = counts
        .iter()
        .map(|(status, count)| format!("{status}x{count}"));
    counts.collect::<Vec<_>>().join(" ")
}
