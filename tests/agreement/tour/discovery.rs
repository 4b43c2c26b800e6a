//! `discovery`, which asks nobody.

use serde_json::json;

use super::Tour;
use crate::exchange::Sent;

impl Tour {
    pub(super) async fn discovery(&mut self) {
        let path = "/.well-known/openid-configuration";
        self.visit(Sent::get(path)).await;
        let mut nowhere = Sent::get(path);
        nowhere.event()["requestContext"]["http"]["sourceIp"] = json!("nowhere");
        self.visit(nowhere).await;
    }
}
