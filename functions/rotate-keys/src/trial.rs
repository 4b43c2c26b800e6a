//! Tokens that are made for no one, to see that keys can make and check them.

use shared::clock::Timestamp;
use shared::id::{SessionId, TenantId, UserId};
use shared::keys::KeyError;
use shared::keys::published::Published;
use shared::keys::ring::Ring;
use shared::store::session::Owner;
use shared::token::access::{self, AccessClaims, CLIENT_ID, Claims, Expected};
use shared::token::refresh::{self, RefreshClaims};

const NOBODY: &str = "rotate-keys";

/// Signs an access token and a refresh token by the ring's active keys, and verifies both as every
/// function would.
///
/// # Errors
///
/// [`KeyError::Refused`] where one of them is not what it should be.
pub(crate) fn tokens(ring: &Ring, published: &Published, now: Timestamp) -> Result<(), KeyError> {
    // `not_before` may lie ahead, by less than a second.
    let now = now.max(published.not_before());
    let issued_at = now.seconds();
    // Whoever would get hold of these could do nothing with them: no API has this issuer.
    let claims = Claims::User(AccessClaims {
        iss: NOBODY.to_owned(),
        aud: NOBODY.to_owned(),
        sub: UserId::from(NOBODY),
        client_id: CLIENT_ID.to_owned(),
        sid: SessionId::from(NOBODY),
        jti: NOBODY.to_owned(),
        iat: issued_at,
        exp: issued_at + 1,
        email: String::new(),
        tenant_id: TenantId::from(NOBODY),
        role: NOBODY.to_owned(),
    });
    let token = access::sign(&claims, ring.signer(published)?)?;
    let expected = Expected {
        issuer: NOBODY,
        audience: NOBODY,
    };
    let verified = access::verify(&token, published, &expected, now);
    if verified.as_ref() != Ok(&claims) {
        return Err(KeyError::Refused(
            "an access token is not verified by what is published",
        ));
    }
    let claims = RefreshClaims {
        owner: Owner::User(UserId::from(NOBODY)),
        tenant_id: TenantId::from(NOBODY),
        key_id: None,
        sid: SessionId::from(NOBODY),
        generation: 1,
        exp: issued_at + 1,
        session_exp: issued_at + 1,
    };
    let token = refresh::sign(&claims, ring.mac())?;
    let verified = refresh::verify(&token, ring, now);
    if verified.as_ref() != Ok(&claims) {
        return Err(KeyError::Refused(
            "a refresh token is not verified by its ring",
        ));
    }
    Ok(())
}
