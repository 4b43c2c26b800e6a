//! What counting takes, beside what a call takes for itself.

use shared::address::Address;
use shared::app::Verifying;
use shared::auth::limit::admit_address;
use shared::call::Call;
use shared::config::Config;

use super::{Measured, hundredths, taken};
use crate::world::ADDRESS;

impl Measured {
    pub(super) async fn limits(&mut self) {
        let set = |config: &mut Config| config.address_rate_limit = 1000;
        let app: &Verifying = self.world.instance_with(set).await;
        let other: &Verifying = self.world.instance_with(set).await;
        self.admit(app, 1).await;
        let quiet = taken(&self.world.wire.take());
        self.note_taken("a general limit", "a quiet caller", quiet);
        self.admit(app, 999).await;
        self.world.wait(60);
        self.world.wire.take();
        self.admit(app, 1000).await;
        let busy = taken(&self.world.wire.take()).map(|of| hundredths(f64::from(of) / 100_000.0));
        self.note_taken("a general limit", "a busy caller", busy);
        self.admit(app, 1).await;
        let first = taken(&self.world.wire.take());
        self.note_taken("a general limit", "the first refusal of a window", first);
        self.admit(other, 1).await;
        let first = taken(&self.world.wire.take());
        self.note_taken("a general limit", "another instance's first refusal", first);
        for app in [app, other] {
            self.admit(app, 1).await;
            assert!(self.world.wire.take().is_empty());
        }
        self.note_taken("a general limit", "every other refusal", [0; 3]);
        self.world.wait(60);
    }

    async fn admit(&self, app: &Verifying, calls: usize) {
        let address = Address::parse(ADDRESS).expect("an address");
        for _ in 0..calls {
            let call = Call::new(
                "r",
                self.world.clock.now(),
                address,
                "test/1",
                String::new(),
            );
            let _ = admit_address(app, &call).await;
        }
    }
}
