//! A walk through every flow of every function, in process: what each answered, and what each asked
//! of AWS for it.

mod audit;
mod authorizer;
mod clients;
mod credentials;
mod discovery;
mod limits;
mod rotation;
mod users;

use serde_json::json;
use shared::app::{Changing, Sessions, SignIn, Verifying};
use shared::config::Argon2Cost;
use shared::store::key::Key;
use shared::store::tenant::{Policy, Tenant, TenantStatus};
use shared::store::write::Change;
use tokio::sync::OnceCell;

use audit::Log;
use clients::Clients;
use users::Users;

use crate::exchange::{Received, Sent, send};
use crate::wire::{Act, Done};
use crate::world::World;

/// One call: its route, its answer, and the calls to AWS that it made.
pub struct Visit {
    pub function: &'static str,
    /// Empty where the function is called by something other than a request.
    pub route: String,
    pub answer: Received,
    pub calls: Vec<Done>,
}

/// Every call of the walk, which is made once for all tests.
pub async fn visits() -> &'static [Visit] {
    static VISITS: OnceCell<Vec<Visit>> = OnceCell::const_new();
    VISITS.get_or_init(async || Tour::walk().await.visits).await
}

/// The walk so far.
struct Tour {
    world: World,
    visits: Vec<Visit>,
    functions: Functions,
    addresses: u8,
}

/// An instance of every function.
struct Functions {
    login: &'static SignIn,
    refresh: &'static Sessions,
    me: &'static Verifying,
    validate: &'static Verifying,
    logout: &'static Sessions,
    change_password: &'static Changing,
    authorizer: &'static ::authorizer::Authorizer,
    discovery: &'static Verifying,
    jwks: &'static Verifying,
    health: &'static health::Health,
    aws_credentials: &'static shared::credentials::Console,
    nvidia_credentials: &'static shared::credentials::Console,
    clients: Clients,
    log: Log,
    users: Users,
}

impl Functions {
    fn cold(world: &World) -> Self {
        Self {
            login: world.cold_instance(),
            refresh: world.cold_instance(),
            me: world.cold_instance(),
            validate: world.cold_instance(),
            logout: world.cold_instance(),
            change_password: world.cold_instance(),
            authorizer: world.cold_instance(),
            discovery: world.cold_instance(),
            jwks: world.cold_instance(),
            health: world.cold_instance(),
            aws_credentials: world.cold_instance(),
            nvidia_credentials: world.cold_instance(),
            clients: Clients::cold(world),
            log: Log::cold(world),
            users: Users::cold(world),
        }
    }

    async fn send(&self, route: &str, sent: Sent) -> (&'static str, Received) {
        if let Some(answered) = self.clients.send(route, sent.clone()).await {
            return answered;
        }
        if let Some(answered) = self.log.send(route, sent.clone()).await {
            return answered;
        }
        if let Some(answered) = self.users.send(route, sent.clone()).await {
            return answered;
        }
        match route.split_once(' ').unwrap().1 {
            "/api/auth/login" | "/api/v1/auth/login" => {
                ("login", send(self.login, login::handle, sent).await)
            }
            "/api/auth/refresh" => ("refresh", send(self.refresh, refresh::handle, sent).await),
            "/api/auth/me" => ("me", send(self.me, me::handle, sent).await),
            "/api/auth/validate" => {
                let answer = send(self.validate, validate::handle, sent).await;
                ("validate", answer)
            }
            "/api/auth/logout" => ("logout", send(self.logout, logout::handle, sent).await),
            "/api/auth/change-password" => {
                let app = self.change_password;
                (
                    "change-password",
                    send(app, change_password::handle, sent).await,
                )
            }
            "/.well-known/openid-configuration" => {
                let answer = send(self.discovery, ::discovery::handle, sent).await;
                ("discovery", answer)
            }
            "/.well-known/jwks.json" => ("jwks", send(self.jwks, jwks::handle, sent).await),
            "/healthz" | "/readyz" => ("health", send(self.health, health::handle, sent).await),
            "/api/auth/aws-credentials" => {
                let answer = send(self.aws_credentials, ::aws_credentials::handle, sent).await;
                ("aws-credentials", answer)
            }
            "/api/auth/nvidia-credentials" => {
                let answer =
                    send(self.nvidia_credentials, ::nvidia_credentials::handle, sent).await;
                ("nvidia-credentials", answer)
            }
            path => panic!("the tour does not know {path}"),
        }
    }
}

const LOGINS: [&str; 2] = ["/api/auth/login", "/api/v1/auth/login"];
const CHANGE: &str = "/api/auth/change-password";

impl Tour {
    async fn walk() -> Self {
        let world = World::new().await;
        let mut tour = Self {
            functions: Functions::cold(&world),
            world,
            visits: Vec::new(),
            addresses: 0,
        };
        tour.without_aws().await;
        tour.with_events_of_no_gateway().await;
        tour.logins().await;
        tour.sessions().await;
        tour.refreshes().await;
        tour.password_changes().await;
        tour.at_addresses_that_are_not_allowed().await;
        tour.credentials().await;
        tour.clients().await;
        tour.users().await;
        tour.open_endpoints().await;
        tour.discovery().await;
        tour.authorizer().await;
        tour.over_the_limits().await;
        tour.rotation().await;
        tour.audit().await;
        tour
    }

    async fn visit(&mut self, mut sent: Sent) -> Received {
        let route = sent.event()["routeKey"].as_str().unwrap().to_owned();
        self.world.wire.take();
        let (function, answer) = self.functions.send(&route, sent).await;
        let calls = self.world.wire.take();
        self.visits.push(Visit {
            function,
            route,
            answer: answer.clone(),
            calls,
        });
        answer
    }

    /// An address that has not signed in before.
    fn address(&mut self) -> String {
        self.addresses += 1;
        format!("198.51.100.{}", self.addresses)
    }

    async fn login(&mut self, name: &str, password: &str) -> Received {
        let from = self.address();
        let answer = self.visit(Sent::login(name, password).from(&from)).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        answer
    }

    /// Every route, with a token where it takes one.
    fn everywhere() -> Vec<Sent> {
        let mut all = vec![
            Sent::login("john", "securePassword123"),
            Sent::post(LOGINS[1], &json!({"username": "john", "password": "no"})),
            Sent::refresh("e30.e30.e30"),
            Sent::get("/api/auth/me").bearer("e30.e30.e30"),
            Sent::get("/api/auth/validate").bearer("e30.e30.e30"),
            Sent::new("POST", "/api/auth/logout").bearer("e30.e30.e30"),
            Sent::post(CHANGE, &json!({})).bearer("e30.e30.e30"),
            Sent::get("/.well-known/jwks.json"),
            Sent::get("/.well-known/openid-configuration"),
            Sent::get("/healthz"),
            Sent::get("/readyz"),
        ];
        all.extend(credentials::everywhere());
        all.extend(clients::everywhere());
        all.extend(audit::everywhere());
        all.extend(users::everywhere());
        all
    }

    /// Cold instances that reach nothing: 503.
    async fn without_aws(&mut self) {
        self.world
            .wire
            .rule(|_| Act::Fail(500, "InternalServerError"));
        for sent in Self::everywhere() {
            self.visit(sent).await;
        }
        self.world.wire.heal();
        // Nothing of that is remembered longer.
        self.functions = Functions::cold(&self.world);
    }

    /// What cannot come from an HTTP API: 500.
    async fn with_events_of_no_gateway(&mut self) {
        for mut sent in Self::everywhere() {
            sent.event()["requestContext"]["http"]["sourceIp"] = json!("nowhere");
            self.visit(sent).await;
        }
    }

    async fn logins(&mut self) {
        for path in LOGINS {
            let john = json!({"email": "john", "password": "securePassword123"});
            let from = self.address();
            // The second time from an address that is known.
            for _ in 0..2 {
                self.visit(Sent::post(path, &john).from(&from)).await;
            }
            let wrong = json!({"username": "john", "password": "wrong"});
            self.visit(Sent::post(path, &wrong).from(&from)).await;
            let nobody = json!({"username": "nobody", "password": "wrong"});
            self.visit(Sent::post(path, &nobody).from(&from)).await;
            self.bad_bodies(path, None).await;
            let from = self.address();
            for _ in 0..6 {
                self.visit(Sent::post(path, &json!({})).from(&from)).await;
            }
        }
        // Failures of one name until it has to wait.
        for _ in 0..7 {
            let from = self.address();
            self.visit(Sent::login("victor@acme.fr", "wrong").from(&from))
                .await;
        }
        // A hash weaker than the settings is made anew.
        let strong = Argon2Cost {
            iterations: 3,
            ..Argon2Cost::LEAST
        };
        let usual = self.functions.login;
        self.functions.login = self
            .world
            .cold_instance_with(|config| config.argon2 = strong);
        self.login("alice@acme.fr", "your-password").await;
        self.functions.login = usual;
    }

    /// Bodies that are refused for their shape.
    async fn bad_bodies(&mut self, path: &str, token: Option<&str>) {
        let large = format!("{{\"a\": \"{}\"}}", "a".repeat(16 << 10));
        for (content_type, body) in [
            ("application/json", "no"),
            ("application/json", &*large),
            ("text/plain", "{}"),
        ] {
            let from = self.address();
            let sent = Sent::new("POST", path).header("content-type", content_type);
            let sent = sent.body(body).from(&from);
            self.visit(match token {
                Some(token) => sent.bearer(token),
                None => sent,
            })
            .await;
        }
    }

    /// me, validate and logout.
    async fn sessions(&mut self) {
        let login = self.login("doctor.smith", "secure-password").await;
        let token = login.member("accessToken");
        for path in ["/api/auth/me", "/api/auth/validate"] {
            self.visit(Sent::get(path)).await;
            self.visit(Sent::get(path).bearer("e30.e30.e30")).await;
            self.visit(Sent::get(path).bearer(token)).await;
        }
        let other = self.login("doctor.smith", "secure-password").await;
        let body = json!({"refreshToken": other.member("refreshToken")});
        let logout = Sent::post("/api/auth/logout", &body);
        self.visit(logout.bearer(token)).await;
        self.visit(Sent::new("POST", "/api/auth/logout")).await;
        for path in ["/api/auth/me", "/api/auth/validate"] {
            self.visit(Sent::get(path).bearer(token)).await;
        }
    }

    async fn refreshes(&mut self) {
        self.bad_bodies("/api/auth/refresh", None).await;
        self.visit(Sent::refresh("e30.e30.e30")).await;
        let login = self.login("user@example.com", "password").await;
        let first = login.member("refreshToken");
        // Again: the answer may have been lost. Later: the session ends.
        for seconds in [0, 1, 3600] {
            self.world.wait(seconds);
            self.visit(Sent::refresh(first)).await;
        }
    }

    async fn password_changes(&mut self) {
        let change =
            |current: &str, new: &str| json!({"currentPassword": current, "newPassword": new});
        self.visit(Sent::post(CHANGE, &change("a", "b"))).await;
        let login = self.login("doc@nuxera.ai", "Abcd1234").await;
        let token = login.member("accessToken").to_owned();
        self.bad_bodies(CHANGE, Some(&token)).await;
        for (current, new) in [
            ("Abcd1234", "1234Acd"),
            ("Abcd1234", "short"),
            ("1234Acd", "1"),
        ] {
            self.visit(Sent::post(CHANGE, &change(current, new)).bearer(&token))
                .await;
        }
        for _ in 0..7 {
            self.visit(Sent::post(CHANGE, &change("wrong", "Abcd1234")).bearer(&token))
                .await;
        }
    }

    async fn at_addresses_that_are_not_allowed(&mut self) {
        let login = self.login("user@example.com", "password").await;
        let token = login.member("accessToken").to_owned();
        let tenant = Tenant {
            id: "2001".into(),
            status: TenantStatus::Active,
            policy: Policy {
                allowed_cidrs: vec!["192.0.2.0/24".parse().unwrap()],
                ..Policy::default()
            },
        };
        let row = Change::put(Key::tenant(&tenant.id), &tenant).unwrap();
        self.world.change(row).await;
        self.visit(Sent::get("/api/auth/me").bearer(&token)).await;
        self.visit(Sent::get("/api/auth/validate").bearer(&token))
            .await;
        let change = json!({"currentPassword": "password", "newPassword": "another"});
        self.visit(Sent::post(CHANGE, &change).bearer(&token)).await;
        self.visit(Sent::refresh(login.member("refreshToken")))
            .await;
    }

    async fn open_endpoints(&mut self) {
        self.visit(Sent::get("/.well-known/jwks.json")).await;
        self.visit(Sent::get("/healthz")).await;
        self.visit(Sent::get("/readyz")).await;
    }
}
