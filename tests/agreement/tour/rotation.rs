//! The rotation of both secrets.

use super::{Tour, Visit};
use crate::exchange::Received;
use crate::rotation::{Begun, STEPS};

impl Tour {
    pub(super) async fn rotation(&mut self) {
        for begun in [
            Begun::keys(&self.world).await,
            Begun::passwords(&self.world).await,
        ] {
            for step in STEPS {
                self.world.wire.take();
                begun.step(step).await.expect(step);
                let calls = self.world.wire.take();
                self.visits.push(Visit {
                    function: "rotate-keys",
                    route: String::new(),
                    answer: Received::default(),
                    calls,
                });
            }
        }
    }
}
