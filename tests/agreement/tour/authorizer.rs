//! `authorizer`, which no route leads to.

use serde_json::{Value, json};
use shared::config::Config;
use shared::store::key::Key;

use super::{Tour, Visit};
use crate::api::authorizer::clients::robot;
use crate::api::authorizer::{Asked, ask};
use crate::exchange::Received;

impl Tour {
    pub(super) async fn authorizer(&mut self) {
        let user = self.world.sign_in("user-123456").await;
        let client = robot(&self.world).await;
        for token in [&user.access, &client.access] {
            self.authorize(Asked::new(token)).await;
        }
        // The first call beyond a limit, and an address that the tenant does not allow, are recorded.
        let usual = self.functions.authorizer;
        let limit = |config: &mut Config| config.address_rate_limit = 1;
        self.functions.authorizer = self.world.cold_instance_with(limit);
        for _ in 0..2 {
            self.authorize(Asked::new("no").from("198.51.100.250"))
                .await;
        }
        let claims_alone = |config: &mut Config| config.live_check_short_tokens = false;
        self.functions.authorizer = self.world.cold_instance_with(claims_alone);
        let short = self.world.sign_in("1005").await;
        let cidrs = |row: &mut Value| row["policy"]["allowed_cidrs"] = json!([]);
        let before = self.world.alter(&Key::tenant(&"2001".into()), cidrs).await;
        self.authorize(Asked::new(&short.access)).await;
        self.world
            .put_json(&Key::tenant(&"2001".into()), &before)
            .await;
        self.functions.authorizer = usual;
    }

    async fn authorize(&mut self, asked: Asked) {
        self.world.wire.take();
        let answer = ask(self.functions.authorizer, asked).await;
        let body: Value = answer.expect("it can tell");
        let answer = Received {
            status: 200,
            headers: Vec::new(),
            text: body.to_string(),
            body,
        };
        self.visits.push(Visit {
            function: "authorizer",
            route: String::new(),
            answer,
            calls: self.world.wire.take(),
        });
    }
}
