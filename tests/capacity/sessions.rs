//! What users' sessions take: sign in, stay signed in, sign out.

use health::Health;
use serde_json::json;
use shared::app::{Changing, Sessions, SignIn, Verifying};

use super::Measured;
use crate::exchange::{Received, Sent, send};

impl Measured {
    pub(super) async fn logins(&mut self) {
        let set = |config: &mut shared::config::Config| config.login_rate_limit = 3;
        let app: &SignIn = self.world.instance_with(set).await;
        let other: &SignIn = self.world.instance_with(set).await;
        for (app, password, status, kind) in [
            (app, "secure-password", 200, "from a new address"),
            (app, "secure-password", 200, "from a known address"),
            (app, "another-password", 401, "a wrong password"),
            (app, "secure-password", 429, "the first over the limit"),
            (
                other,
                "secure-password",
                429,
                "another instance's first over the limit",
            ),
            (other, "secure-password", 429, "every other over the limit"),
        ] {
            let sent = Sent::login("doctor.smith", password);
            let received = send(app, login::handle, sent).await;
            assert_eq!(received.status, status, "{kind}");
            self.note("login", kind);
        }
    }

    pub(super) async fn sessions(&mut self) {
        let user = self.world.sign_in("1005").await;
        let sessions: &Sessions = self.world.instance().await;
        let app: &Verifying = self.world.instance().await;
        let ok = |received: Received| assert_eq!(received.status, 200, "{}", received.text);
        for kind in ["the usual", "an answer given again"] {
            ok(send(sessions, refresh::handle, Sent::refresh(&user.refresh)).await);
            self.note("refresh", kind);
        }
        ok(send(
            app,
            me::handle,
            Sent::get("/api/auth/me").bearer(&user.access),
        )
        .await);
        self.note("me", "the usual");
        let sent = Sent::get("/api/auth/validate").bearer(&user.access);
        ok(send(app, validate::handle, sent).await);
        self.note("validate", "the usual");
        let sent = Sent::get("/api/auth/validate").bearer("e30.e30.e30");
        assert_eq!(send(app, validate::handle, sent).await.status, 401);
        self.note("validate", "a token that is not ours");
        let sent = Sent::new("POST", "/api/auth/logout").bearer(&user.access);
        ok(send(sessions, logout::handle, sent).await);
        self.note("logout", "of one session");
        self.world.wait(31);
        let replayed = send(sessions, refresh::handle, Sent::refresh(&user.refresh)).await;
        assert_eq!(replayed.status, 401);
        self.note("refresh", "of an ended session");
    }

    pub(super) async fn password_changes(&mut self) {
        let user = self.world.sign_in("user-123456").await;
        let app: &Changing = self.world.instance().await;
        for (current, new, status, kind) in [
            ("wrong", "another-password", 400, "a wrong current password"),
            (
                "secure-password",
                "short",
                400,
                "a new password that will not do",
            ),
            ("secure-password", "another-password", 200, "the usual"),
        ] {
            let body = json!({"currentPassword": current, "newPassword": new});
            let sent = Sent::post("/api/auth/change-password", &body).bearer(&user.access);
            let received = send(app, change_password::handle, sent).await;
            assert_eq!(received.status, status, "{}", received.text);
            self.note("change-password", kind);
        }
    }

    pub(super) async fn open_endpoints(&mut self) {
        let app: &Verifying = self.world.cold_instance();
        for kind in ["once a minute for each instance", "the usual"] {
            send(app, jwks::handle, Sent::get("/.well-known/jwks.json")).await;
            self.note("jwks", kind);
        }
        let app: &Health = self.world.instance().await;
        for kind in ["every 10 s for each instance", "the usual"] {
            send(app, health::handle, Sent::get("/readyz")).await;
            self.note("readyz", kind);
        }
        send(app, health::handle, Sent::get("/healthz")).await;
        self.note("healthz", "the usual");
    }
}
