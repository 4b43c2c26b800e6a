//! Every route from addresses that have used up all limits.

use shared::store::window::Window;

use super::Tour;

impl Tour {
    pub(super) async fn over_the_limits(&mut self) {
        let config = self.world.environment().config.clone();
        for sent in Self::everywhere() {
            let address = self.address();
            for (name, limit) in [
                ("login", config.login_rate_limit),
                ("credential", config.credential_rate_limit),
                ("address", config.address_rate_limit),
            ] {
                let window = Window::open(name, address.clone(), limit, self.world.clock.now());
                let taken = self.world.store.take(&window, limit, "another").await;
                taken.expect("the table answers");
            }
            self.visit(sent.from(&address)).await;
        }
    }
}
