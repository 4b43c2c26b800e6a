//! The endpoints that take an access token, as one: what opens one opens all, and the rest is
//! refused by all.

use serde_json::json;
use shared::app::{Changing, Verifying};

use crate::exchange::{Received, Sent, send};
use crate::session::SignedIn;
use crate::world::World;

/// An endpoint that takes an access token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Endpoint {
    /// `GET /api/auth/me`
    Me,
    /// `GET /api/auth/validate`
    Validate,
    /// `POST /api/auth/change-password`, without the members that it needs.
    ChangePassword,
}

/// All of them.
pub const ALL: [Endpoint; 3] = [Endpoint::Me, Endpoint::Validate, Endpoint::ChangePassword];

/// `www-authenticate` where no token was given.
pub const CHALLENGE: &str = "Bearer";
/// `www-authenticate` where one was.
pub const INVALID_TOKEN: &str = r#"Bearer error="invalid_token""#;

/// An instance of each.
pub struct Guarded {
    verifying: &'static Verifying,
    changing: &'static Changing,
}

impl Guarded {
    /// New instances, their caches warm.
    pub async fn new(world: &World) -> Self {
        Self {
            verifying: world.instance().await,
            changing: world.instance().await,
        }
    }

    /// What an endpoint answers to a request of its own that `give` has given a token, or none.
    pub async fn ask(&self, endpoint: Endpoint, give: impl FnOnce(Sent) -> Sent) -> Received {
        match endpoint {
            Endpoint::Me => {
                let sent = give(Sent::get("/api/auth/me"));
                send(self.verifying, me::handle, sent).await
            }
            Endpoint::Validate => {
                let sent = give(Sent::get("/api/auth/validate"));
                send(self.verifying, validate::handle, sent).await
            }
            Endpoint::ChangePassword => {
                let sent = give(Sent::post("/api/auth/change-password", &json!({})));
                send(self.changing, change_password::handle, sent).await
            }
        }
    }

    /// Asserts that every endpoint takes what `give` gives.
    pub async fn assert_accepted(&self, what: &str, give: impl Fn(Sent) -> Sent) {
        for endpoint in ALL {
            let received = self.ask(endpoint, &give).await;
            if endpoint == Endpoint::ChangePassword {
                // The members are looked at once the token was found good.
                assert_eq!(received.status, 400, "{what}: {}", received.text);
                assert_eq!(received.member("message"), "currentPassword is required");
            } else {
                assert_eq!(received.status, 200, "{what}: {}", received.text);
            }
        }
    }

    /// Asserts that every endpoint finds no token in what `give` gives, and asks the table nothing.
    pub async fn assert_missing(&self, world: &World, what: &str, give: impl Fn(Sent) -> Sent) {
        for endpoint in ALL {
            let received = self.ask(endpoint, &give).await;
            let message = match endpoint {
                Endpoint::Validate => "No token provided",
                _ => "Invalid or missing authentication token",
            };
            assert_401(&received, message, CHALLENGE, what);
            assert_eq!(world.wire.work().len(), 0, "{what}, {endpoint:?}");
        }
    }

    /// Asserts that every endpoint refuses what `give` gives, with so many requests to the table.
    pub async fn assert_refused(
        &self,
        world: &World,
        what: &str,
        requests: usize,
        give: impl Fn(Sent) -> Sent,
    ) {
        for endpoint in ALL {
            let received = self.ask(endpoint, &give).await;
            let message = match endpoint {
                Endpoint::Validate => "Invalid or expired token",
                _ => "Invalid or missing authentication token",
            };
            assert_401(&received, message, INVALID_TOKEN, what);
            let calls = world.wire.work();
            assert_eq!(calls.len(), requests, "{what}, {endpoint:?}: {calls:#?}");
        }
    }

    /// Asserts that every endpoint refuses the token of a session for what its rows say, in one
    /// request.
    pub async fn assert_dead(&self, world: &World, what: &str, session: &SignedIn) {
        self.assert_refused(world, what, 1, |sent| sent.bearer(&session.access))
            .await;
    }
}

fn assert_401(received: &Received, message: &str, challenge: &str, what: &str) {
    assert_eq!(received.status, 401, "{what}: {}", received.text);
    let words = ["Authentication required", message, "Unauthorized"];
    received.assert_refusal(401, words, &[("www-authenticate", challenge)]);
}
