//! A tenant's credentials for others' services.

use super::Tour;
use crate::exchange::Sent;

const PATHS: [&str; 2] = ["/api/auth/aws-credentials", "/api/auth/nvidia-credentials"];

/// Each of them, with a token that is none.
pub fn everywhere() -> Vec<Sent> {
    PATHS
        .map(|path| Sent::get(path).bearer("e30.e30.e30"))
        .into()
}

impl Tour {
    pub(super) async fn credentials(&mut self) {
        for sent in everywhere() {
            assert_eq!(self.visit(sent).await.status, 401);
        }
        // John's tenant has both, Alice's neither, and the doctor is no admin.
        for (name, password, status) in [
            ("john", "securePassword123", 200),
            ("alice@acme.fr", "your-password", 404),
            ("doctor.smith", "secure-password", 403),
        ] {
            let login = self.login(name, password).await;
            for path in PATHS {
                let sent = Sent::get(path).bearer(login.member("accessToken"));
                assert_eq!(self.visit(sent).await.status, status, "{path}");
            }
        }
    }
}
