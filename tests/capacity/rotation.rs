//! What a rotation takes, in all its four steps.

use super::Measured;
use crate::rotation::Begun;

impl Measured {
    pub(super) async fn rotations(&mut self) {
        let keys = Begun::keys(&self.world).await;
        keys.run().await.expect("it rotates");
        self.note("rotate-keys", "of the keys");
        let passwords = Begun::passwords(&self.world).await;
        passwords.run().await.expect("it rotates");
        self.note("rotate-keys", "of the sealing keys");
    }
}
