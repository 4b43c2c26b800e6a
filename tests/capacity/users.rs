//! What the users of a tenant take, its log, and what else anybody may ask.

use metrics::Metrics;
use serde_json::json;
use shared::app::{SignIn, Verifying};

use super::Measured;
use crate::exchange::{Sent, send};
use crate::users::{ALICE, Invited, PASSWORD, accept, delete, invite, list, read, update};

impl Measured {
    pub(super) async fn users(&mut self) {
        let token = self.world.sign_in(ALICE).await.access;
        let app: &Verifying = self.world.instance().await;
        let sign_in: &SignIn = self.world.instance().await;
        let received = send(app, list_users::handle, list().bearer(&token)).await;
        assert_eq!(received.status, 200, "{}", received.text);
        self.note("list-users", "a page of two");
        let received = send(app, list_users::handle, read(ALICE).bearer(&token)).await;
        assert_eq!(received.status, 200, "{}", received.text);
        self.note("list-users", "one user");
        let body = json!({"email": "bob@acme.fr", "role": "member"});
        let received = send(app, invite_user::handle, invite(&body).bearer(&token)).await;
        assert_eq!(received.status, 201, "{}", received.text);
        self.note("invite-user", "the usual");
        let bob = Invited::of(&received);
        let received = send(sign_in, accept_invite::handle, accept(&bob.token, PASSWORD)).await;
        assert_eq!(received.status, 200, "{}", received.text);
        self.note("accept-invite", "the usual");
        for (kind, body) in [
            ("another name", json!({"name": "Bob"})),
            ("made an admin", json!({"role": "admin"})),
        ] {
            let sent = update(&bob.id, &body).bearer(&token);
            let received = send(app, update_user::handle, sent).await;
            assert_eq!(received.status, 200, "{}", received.text);
            self.note("update-user", kind);
        }
        let received = send(app, delete_user::handle, delete(&bob.id).bearer(&token)).await;
        assert_eq!(received.status, 204, "{}", received.text);
        self.note("delete-user", "an admin");
        let sent = Sent::get("/api/v1/audit-log").bearer(&token);
        let received = send(app, list_audit_log::handle, sent).await;
        assert_eq!(received.status, 200, "{}", received.text);
        self.note("list-audit-log", "nothing in its days");
    }

    pub(super) async fn open_to_anyone(&mut self) {
        let app: &Metrics = self.world.instance().await;
        for kind in ["every 10 s for each instance", "the usual"] {
            send(app, metrics::handle, Sent::get("/metrics")).await;
            self.note("metrics", kind);
        }
        let app: &Verifying = self.world.cold_instance();
        for kind in ["once a minute for each instance", "the usual"] {
            let sent = Sent::get("/.well-known/openid-configuration");
            send(app, discovery::handle, sent).await;
            self.note("discovery", kind);
        }
    }
}
