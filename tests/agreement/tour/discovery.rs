//! `discovery`, which reads the public keys.

use super::Tour;
use crate::exchange::Sent;

impl Tour {
    pub(super) async fn discovery(&mut self) {
        let path = "/.well-known/openid-configuration";
        self.visit(Sent::get(path)).await;
    }
}
