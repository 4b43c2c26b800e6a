//! Limits by fixed windows, which hold over the whole fleet. Logins and credentials are counted one by
//! one, before the work. The two general limits are leased: an instance takes a small block of uses in
//! one write, and lets calls through by it without asking.

mod memory;

pub use memory::Limits;

use crate::app::Verifying;
use crate::call::Call;
use crate::clock::Timestamp;
use crate::error::Error;
use crate::id::{EventId, TenantId};
use crate::store::event::{Event, EventType, Outcome};
use crate::store::tenant::Tenant;
use crate::store::window::{Taken, Window};
use memory::Plan;

const LOGIN: &str = "login";
const CREDENTIAL: &str = "credential";
const ADDRESS: &str = "address";
const TENANT: &str = "tenant";

/// Counts a login attempt on the caller's address.
///
/// # Errors
///
/// [`Error::TooManyLogins`] when the limit is used up, [`Error::Unavailable`] when it cannot be
/// counted.
pub async fn admit_login(app: &Verifying, call: &Call) -> Result<(), Error> {
    admit(app, call, logins(app, call), Error::TooManyLogins).await
}

/// Refuses a login, without asking the table, from an address that is known to have used up its
/// limit.
///
/// # Errors
///
/// [`Error::TooManyLogins`].
pub fn refuse_used_up(app: &Verifying, call: &Call) -> Result<(), Error> {
    match app.limits.find_used_up(&logins(app, call)) {
        Some(window) => Err(refuse(call, &window, Error::TooManyLogins)),
        None => Ok(()),
    }
}

/// Counts an API key or an invite that is tried, on the caller's address.
///
/// # Errors
///
/// [`Error::RateLimited`] when the limit is used up, [`Error::Unavailable`] when it cannot be
/// counted.
pub async fn admit_credential(app: &Verifying, call: &Call) -> Result<(), Error> {
    let limit = app.config.credential_rate_limit;
    let window = Window::open(CREDENTIAL, call.address.counted(), limit, call.now);
    admit(app, call, window, Error::RateLimited).await
}

/// Counts any other call on the caller's address.
///
/// # Errors
///
/// As [`admit_credential`].
pub async fn admit_address(app: &Verifying, call: &Call) -> Result<(), Error> {
    let limit = app.config.address_rate_limit;
    let window = Window::open(ADDRESS, call.address.counted(), limit, call.now);
    admit(app, call, window, Error::RateLimited).await
}

/// Counts a call with a token of good signature on the token's tenant, once, however often the call
/// comes here.
///
/// # Errors
///
/// As [`admit_credential`].
pub async fn admit_tenant(app: &Verifying, call: &Call, tenant: &Tenant) -> Result<(), Error> {
    if call.is_counted_on(TENANT) {
        return Ok(());
    }
    let limit = tenant.policy.rate_limit(&app.config);
    let window = Window::open(TENANT, tenant.id.to_string(), limit, call.now);
    admit(app, call, window, Error::RateLimited).await
}

/// Refuses a call, without asking the table, with a token of a tenant that is known to have used up
/// its limit.
///
/// # Errors
///
/// [`Error::RateLimited`].
pub fn refuse_used_up_tenant(app: &Verifying, call: &Call, tenant: &TenantId) -> Result<(), Error> {
    let limit = app.config.tenant_rate_limit;
    let window = Window::open(TENANT, tenant.to_string(), limit, call.now);
    match app.limits.find_used_up(&window) {
        Some(window) => Err(refuse(call, &window, Error::RateLimited)),
        None => Ok(()),
    }
}

/// Counts a call on a window, if that allows one more.
async fn admit(
    app: &Verifying,
    call: &Call,
    window: Window,
    refusal: fn(Timestamp) -> Error,
) -> Result<(), Error> {
    let (uses, _lease) = match app.limits.plan(&window, is_leased(&window)) {
        Plan::Admit(window) => {
            call.counted_on(window);
            return Ok(());
        }
        Plan::Refuse => return Err(refuse(call, &window, refusal)),
        Plan::Take(uses, lease) => (uses, lease),
    };
    let first = match app.store.take(&window, uses, app.limits.id()).await? {
        Taken::Some { uses, count } => {
            call.counted_on(app.limits.taken(&window, uses, count));
            return Ok(());
        }
        Taken::None { first } => first,
    };
    let refused = refuse(call, &window, refusal);
    if first {
        record(app, call, &window).await?;
    }
    // Only now: what could not be recorded, the instance's next refusal has to record.
    app.limits.used_up(&window);
    Err(refused)
}

fn is_leased(window: &Window) -> bool {
    [ADDRESS, TENANT].contains(&window.name)
}

fn logins(app: &Verifying, call: &Call) -> Window {
    let limit = app.config.login_rate_limit;
    Window::open(LOGIN, call.address.counted(), limit, call.now)
}

fn refuse(call: &Call, window: &Window, refusal: fn(Timestamp) -> Error) -> Error {
    call.counted_on(window.clone().at(window.limit));
    refusal(window.reset)
}

/// Records a window's first refusal.
async fn record(app: &Verifying, call: &Call, window: &Window) -> Result<(), Error> {
    if !app.limits.is_to_record(window) {
        return Ok(());
    }
    let recorded = app.store.put_event_once(&first_refusal(call, window)).await;
    if recorded.is_err() {
        app.limits.has_not_recorded(window);
    }
    Ok(recorded?)
}

/// The event of a window's first refusal: its id is the window's.
fn first_refusal(call: &Call, window: &Window) -> Event {
    let id = format!("{}-{}-{}", window.name, window.subject, window.number);
    let tenant = (window.name == TENANT).then(|| TenantId::from(window.subject.as_str()));
    let event = call.event(EventType::ExcessRateLimitExceeded, Outcome::Failure);
    Event {
        id: EventId::from(id.as_str()),
        tenant_id: tenant,
        ..event
    }
    .because(window.name)
}
