//! What API clients take, and the admins who look after them.

use serde_json::json;
use shared::app::Sessions;

use super::Measured;
use crate::client::{
    ID, KEY_ID, TENANT, auth, key, key_made, key_removed, listed, made, patched, refresh_by,
    removed,
};
use crate::exchange::{Sent, send};

impl Measured {
    pub(super) async fn clients(&mut self) {
        let app: &Sessions = self.world.instance().await;
        let tokens = self.world.sign_in_client(&key()).await;
        let received = send(app, client_auth::handle, auth(&key())).await;
        assert_eq!(received.status, 200, "{}", received.text);
        self.note("client-auth", "the usual");
        let unknown = key().replace("Worth", "worth");
        let received = send(app, client_auth::handle, auth(&unknown)).await;
        assert_eq!(received.status, 401, "{}", received.text);
        self.note("client-auth", "a key that is none");
        for kind in ["the usual", "an answer given again"] {
            let sent = refresh_by(&tokens.refresh);
            let received = send(app, client_refresh::handle, sent).await;
            assert_eq!(received.status, 200, "{}", received.text);
            self.note("client-refresh", kind);
        }
        let status = Sent::new("POST", "/v1/auth/refresh").bearer(&tokens.access);
        let received = send(app, client_refresh::handle, status).await;
        assert_eq!(received.status, 200, "{}", received.text);
        self.note("client-refresh", "whether a token is good");
        self.desk().await;
    }

    async fn desk(&mut self) {
        let desk = self.world.desk(TENANT).await;
        self.world.wire.take();
        let name = json!({"name": "another"});
        for (endpoint, kind, sent, status) in [
            ("list-clients", "a page of one", listed(), 200),
            ("create-client", "the usual", made(&name), 201),
            ("update-client", "another name", patched(ID, &name), 200),
            ("create-client-key", "the usual", key_made(ID), 201),
            (
                "delete-client-key",
                "the usual",
                key_removed(ID, KEY_ID),
                204,
            ),
            ("delete-client", "of one key", removed(ID), 204),
        ] {
            let received = desk.ask(sent).await;
            assert_eq!(received.status, status, "{endpoint}: {}", received.text);
            self.note(endpoint, kind);
        }
    }
}
