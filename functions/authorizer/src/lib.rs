//! The authorizer of a team's own API: no route, API Gateway calls it before each call of that API
//! (HTTP API, Lambda authorizer, payload 2.0, simple response).
//!
//! It answers `isAuthorized: true` and, as `context`, whose token it is: `sub`, `tenant_id`,
//! `client_id`, and of a user `role`, of a client `scope`; texts, and what a token has not is left
//! out. It answers `isAuthorized: false` where there is no good token of a live session, from an address
//! that the tenant does not allow, and beyond a limit. It fails where it cannot tell. API Gateway words
//! all of these itself: 403, and 500.
//!
//! Address and tenant are counted as on every endpoint of ours. Whether the session is live is looked
//! up for tokens that live longer than an hour always, for others by `LIVE_CHECK_SHORT_TOKENS`. Without
//! it a token is good until its end, whatever has become of its session, its user or its client; its
//! tenant is then remembered for a minute.

mod tenants;

use lambda_http::aws_lambda_events::apigw::ApiGatewayV2CustomAuthorizerV2Request;
use lambda_http::http::HeaderMap;
use serde::{Deserialize as _, Serialize};
use serde_json::Value;
use shared::app::{App, Verifying};
use shared::auth::access::{self, Principal};
use shared::auth::holder::Holder;
use shared::auth::limit;
use shared::aws::Environment;
use shared::call::Call;
use shared::clock::Timestamp;
use shared::config::Config;
use shared::error::Error;
use shared::http::{bearer, request};
use shared::id::PrincipalId;
use shared::lambda::Invocation;
use shared::store::event::{EventType, Outcome};
use shared::store::tenant::Tenant;
use shared::token::access::Claims;

use tenants::Tenants;

/// A token that lives longer, in seconds, is never taken without a look at its session.
const SHORT_SECONDS: i64 = 3600;

/// What is answered.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Answer {
    is_authorized: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    context: Option<Context>,
}

/// Whose token it is: what the team's own functions are told.
#[derive(Debug, Serialize)]
struct Context {
    sub: String,
    tenant_id: String,
    client_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    role: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    scope: Option<String>,
}

/// What the function holds: what every app does, and tenants that it has seen.
#[derive(Debug)]
pub struct Authorizer {
    base: Verifying,
    tenants: Tenants,
}

impl App for Authorizer {
    fn new(environment: &Environment) -> Self {
        Self {
            base: Verifying::new(environment),
            tenants: Tenants::default(),
        }
    }

    fn base(&self) -> &Verifying {
        &self.base
    }

    async fn warm(&self, now: Timestamp) {
        self.base.warm(now).await;
    }
}

/// Answers whether a call may reach the team's own API.
///
/// # Errors
///
/// Where it cannot tell: the table or the keys are away, a row is malformed, or the event is not API
/// Gateway's.
pub async fn handle(
    app: &'static Authorizer,
    invocation: Invocation<Value>,
) -> Result<Answer, Error> {
    let asked = Asked::read(&invocation, &app.base.config)?;
    match authorize(app, &asked).await {
        Ok(context) => Ok(Answer {
            is_authorized: true,
            context: Some(context),
        }),
        Err(
            refusal @ (Error::TokenMissing
            | Error::TokenInvalid
            | Error::TokenExpired
            | Error::AddressRefused
            | Error::RateLimited(_)),
        ) => {
            invocation.refused(refusal);
            Ok(Answer {
                is_authorized: false,
                context: None,
            })
        }
        Err(failure) => Err(failure),
    }
}

/// What is asked: the call's facts and its headers.
struct Asked {
    call: Call,
    headers: HeaderMap,
}

impl Asked {
    /// Takes them from the event. The API that it names is the team's, so it cannot tell the issuer:
    /// that has to be set.
    fn read(invocation: &Invocation<Value>, config: &Config) -> Result<Self, Error> {
        if config.issuer.is_empty() {
            return Err(Error::Internal("ISSUER must be set".to_owned()));
        }
        let event = ApiGatewayV2CustomAuthorizerV2Request::deserialize(&invocation.event);
        // Serde's words may quote a value.
        let event =
            event.map_err(|_| Error::Internal("the event is no authorizer's".to_owned()))?;
        let call = request::call(
            &event.request_context,
            &invocation.request_id,
            invocation.now,
            config.issuer.clone(),
        )?;
        Ok(Self {
            call,
            headers: event.headers,
        })
    }
}

async fn authorize(app: &Authorizer, asked: &Asked) -> Result<Context, Error> {
    let (base, call) = (&app.base, &asked.call);
    limit::admit_address(base, call).await?;
    let token = bearer::among(&asked.headers)?;
    if !base.config.live_check_short_tokens {
        let claims = access::verify(base, call, token).await?;
        let (iat, exp) = claims.times();
        if exp - iat <= SHORT_SECONDS {
            return by_claims(app, call, claims).await;
        }
    }
    let principal = access::authenticate_any(base, call, token).await?;
    Ok(Context::live(&principal))
}

/// Takes a short token's word for whose it is, if its tenant lets it in.
async fn by_claims(app: &Authorizer, call: &Call, claims: Claims) -> Result<Context, Error> {
    let base = &app.base;
    let tenant = app.tenants.get(base, claims.tenant_id(), call.now).await?;
    let tenant = tenant.ok_or(Error::TokenInvalid)?;
    limit::admit_tenant(base, call, &tenant).await?;
    if !tenant.policy.allows(call.address) {
        return refuse_address(base, call, &claims, &tenant).await;
    }
    Ok(Context::claimed(claims))
}

/// Records that a good token came from an address that its tenant does not allow.
async fn refuse_address<T>(
    base: &Verifying,
    call: &Call,
    claims: &Claims,
    tenant: &Tenant,
) -> Result<T, Error> {
    let (kind, outcome) = (EventType::AuthzFail, Outcome::Failure);
    let event = call.event_by(kind, outcome, &claims.owner(), &tenant.id);
    base.store.put_event(&event.because("address")).await?;
    Err(Error::AddressRefused)
}

impl Context {
    /// By what is stored now.
    fn live(principal: &Principal) -> Self {
        let (role, scope) = match &principal.holder {
            Holder::User(user) => (Some(user.role.as_str().to_owned()), None),
            Holder::Client(_) => (None, principal.scope().map(|scope| scope.to_string())),
        };
        Self {
            sub: PrincipalId::from(&principal.holder.owner()).to_string(),
            tenant_id: principal.tenant.id.to_string(),
            client_id: principal.claims.client_id().to_owned(),
            role,
            scope,
        }
    }

    /// By what the token says.
    fn claimed(claims: Claims) -> Self {
        let sub = PrincipalId::from(&claims.owner()).to_string();
        let tenant_id = claims.tenant_id().to_string();
        let client_id = claims.client_id().to_owned();
        let (role, scope) = match claims {
            Claims::User(claims) => (Some(claims.role), None),
            Claims::Client(claims) => (None, Some(claims.scope.to_string())),
        };
        Self {
            sub,
            tenant_id,
            client_id,
            role,
            scope,
        }
    }
}
