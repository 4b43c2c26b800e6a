//! Limits by fixed windows, counted before the work and exact over the whole fleet.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::app::Verifying;
use crate::call::Call;
use crate::clock::Timestamp;
use crate::error::Error;
use crate::id::EventId;
use crate::store::event::{Event, EventType, Outcome};
use crate::store::tenant::Tenant;
use crate::store::window::Window;

/// What an instance remembers of limits that are used up: no more is asked of the table until the
/// window ends.
#[derive(Debug, Default)]
pub struct UsedUp {
    until: Mutex<HashMap<(&'static str, String), Timestamp>>,
}

/// When so many subjects are remembered, those whose window has ended are forgotten.
const MANY: usize = 1024;

impl UsedUp {
    fn has(&self, window: &Window, now: Timestamp) -> bool {
        let key = (window.name, window.subject.clone());
        self.lock().get(&key).is_some_and(|until| now < *until)
    }

    fn remember(&self, window: &Window, now: Timestamp) {
        let mut until = self.lock();
        if until.len() >= MANY {
            until.retain(|_, reset| now < *reset);
        }
        until.insert((window.name, window.subject.clone()), window.reset);
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<(&'static str, String), Timestamp>> {
        self.until.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Counts a login attempt on the caller's address.
///
/// # Errors
///
/// [`Error::TooManyLogins`] when the limit is used up, [`Error::Unavailable`] when it cannot be
/// counted.
pub async fn admit_login(app: &Verifying, call: &Call) -> Result<(), Error> {
    admit(app, call, logins(app, call), Error::TooManyLogins).await
}

/// Counts an API key or an invite that is tried, on the caller's address.
///
/// # Errors
///
/// [`Error::RateLimited`] when the limit is used up, [`Error::Unavailable`] when it cannot be
/// counted.
pub async fn admit_credential(app: &Verifying, call: &Call) -> Result<(), Error> {
    let limit = app.config.credential_rate_limit;
    let window = Window::open("credential", call.address.counted(), limit, call.now);
    admit(app, call, window, Error::RateLimited).await
}

/// Counts any other call on the caller's address.
///
/// # Errors
///
/// As [`admit_credential`].
pub async fn admit_address(app: &Verifying, call: &Call) -> Result<(), Error> {
    let limit = app.config.address_rate_limit;
    let window = Window::open("address", call.address.counted(), limit, call.now);
    admit(app, call, window, Error::RateLimited).await
}

/// Counts a call with a token of good signature on the token's tenant.
///
/// # Errors
///
/// As [`admit_credential`].
pub async fn admit_tenant(app: &Verifying, call: &Call, tenant: &Tenant) -> Result<(), Error> {
    let limit = tenant.policy.rate_limit(&app.config);
    let window = Window::open("tenant", tenant.id.to_string(), limit, call.now);
    admit(app, call, window, Error::RateLimited).await
}

/// Counts a call on a window, if that allows one more.
async fn admit(
    app: &Verifying,
    call: &Call,
    window: Window,
    refusal: fn(Timestamp) -> Error,
) -> Result<(), Error> {
    if app.used_up.has(&window, call.now) {
        return Err(refuse(call, &window, refusal));
    }
    if let Some(counted) = app.store.count(&window).await? {
        call.counted_on(counted);
        return Ok(());
    }
    let refused = refuse(call, &window, refusal);
    app.store
        .put_event_once(&first_refusal(call, &window))
        .await?;
    // Only now: without the event, the next refusal has to put it.
    app.used_up.remember(&window, call.now);
    Err(refused)
}

/// Refuses a login, without asking the table, from an address that is known to have used up its
/// limit.
///
/// # Errors
///
/// [`Error::TooManyLogins`].
pub fn refuse_used_up(app: &Verifying, call: &Call) -> Result<(), Error> {
    let window = logins(app, call);
    if app.used_up.has(&window, call.now) {
        return Err(refuse(call, &window, Error::TooManyLogins));
    }
    Ok(())
}

fn logins(app: &Verifying, call: &Call) -> Window {
    let limit = app.config.login_rate_limit;
    Window::open("login", call.address.counted(), limit, call.now)
}

fn refuse(call: &Call, window: &Window, refusal: fn(Timestamp) -> Error) -> Error {
    call.counted_on(Window {
        count: window.limit,
        ..window.clone()
    });
    refusal(window.reset)
}

/// The event of a window's first refusal: its id is the window's, so that of all who are refused one
/// puts it.
fn first_refusal(call: &Call, window: &Window) -> Event {
    let id = format!("{}-{}-{}", window.name, window.subject, window.number);
    let event = call.event(EventType::ExcessRateLimitExceeded, Outcome::Failure);
    Event {
        id: EventId::from(id.as_str()),
        ..event
    }
    .because(window.name)
}
