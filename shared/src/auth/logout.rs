//! Logout: ends the session of whatever good token is given, expired or not. A missing, dead or
//! foreign token has nothing to end, and that is well too.

use super::limit;
use crate::app::Sessions;
use crate::call::Call;
use crate::error::Error;
use crate::id::{SessionId, TenantId, UserId};
use crate::store::event::{EventType, Outcome};
use crate::store::key::Key;
use crate::store::parse;
use crate::store::session::Owner;
use crate::store::tenant::Tenant;
use crate::token::access::{Claims, TokenError};
use crate::token::refresh::RefreshTokenError;

/// A session that a token names.
type Named = (UserId, SessionId, TenantId);

/// Ends the sessions that the tokens name: one write each.
///
/// # Errors
///
/// [`Error::RateLimited`] where the tenant has used up its limit; [`Error::Unavailable`] when keys or table are away: then nothing may be taken as ended.
pub async fn logout(
    app: &Sessions,
    call: &Call,
    access_token: Option<&str>,
    refresh_token: Option<&str>,
) -> Result<(), Error> {
    let by_access = match access_token {
        Some(token) => of_access_token(app, call, token).await?,
        None => None,
    };
    let by_refresh = match refresh_token {
        Some(token) => of_refresh_token(app, call, token).await?,
        None => None,
    };
    if let Some((_, _, tenant)) = by_access.as_ref().or(by_refresh.as_ref()) {
        count(app, call, tenant).await?;
    }
    let second = by_refresh.filter(|named| by_access.as_ref() != Some(named));
    for (user, session, tenant) in by_access.into_iter().chain(second) {
        let event = call
            .event_by(EventType::SessionExpired, Outcome::Success, &user, &tenant)
            .because("logout");
        let session = Key::session(&user, &session);
        app.base.store.revoke(session, &event).await?;
    }
    Ok(())
}

/// Counts the call on the tenant of a good token.
async fn count(app: &Sessions, call: &Call, tenant: &TenantId) -> Result<(), Error> {
    limit::refuse_used_up_tenant(&app.base, call, tenant)?;
    let [tenant] = app.base.store.read([&Key::tenant(tenant)]).await?;
    let Some(tenant) = tenant else {
        return Ok(());
    };
    let tenant: Tenant = parse(tenant, "tenant")?;
    limit::admit_tenant(&app.base, call, &tenant).await
}

async fn of_access_token(app: &Sessions, call: &Call, token: &str) -> Result<Option<Named>, Error> {
    let verified = app
        .base
        .verify_access_token(token, &call.issuer, call.now)
        .await?;
    let claims = match verified {
        Ok(claims) => claims,
        Err(TokenError::Expired(claims)) => *claims,
        Err(TokenError::Invalid | TokenError::UnknownKey) => return Ok(None),
    };
    // A client's session is not for this endpoint to end.
    let Claims::User(claims) = claims else {
        return Ok(None);
    };
    Ok(Some((claims.sub, claims.sid, claims.tenant_id)))
}

async fn of_refresh_token(
    app: &Sessions,
    call: &Call,
    token: &str,
) -> Result<Option<Named>, Error> {
    let claims = match app.verify_refresh_token(token, call.now).await? {
        Ok(claims) => claims,
        Err(RefreshTokenError::Expired(claims)) => *claims,
        Err(RefreshTokenError::Invalid | RefreshTokenError::UnknownKey) => return Ok(None),
    };
    let Owner::User(user) = claims.owner else {
        return Ok(None);
    };
    Ok(Some((user, claims.sid, claims.tenant_id)))
}
