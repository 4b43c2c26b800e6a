//! Limits by fixed windows, counted before the work and exact over the whole fleet.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::app::Verifying;
use crate::call::Call;
use crate::clock::Timestamp;
use crate::error::Error;
use crate::id::EventId;
use crate::store::event::{Event, EventType, Outcome};
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
    refuse_used_up(app, call)?;
    let window = logins(app, call);
    if let Some(counted) = app.store.count(&window).await? {
        call.counted_on(counted);
        return Ok(());
    }
    let refusal = refuse(call, &window);
    app.store
        .put_event_once(&first_refusal(call, &window))
        .await?;
    // Only now: without the event, the next refusal has to put it.
    app.used_up.remember(&window, call.now);
    Err(refusal)
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
        return Err(refuse(call, &window));
    }
    Ok(())
}

fn logins(app: &Verifying, call: &Call) -> Window {
    let limit = app.config.login_rate_limit;
    Window::open("login", call.address.counted(), limit, call.now)
}

fn refuse(call: &Call, window: &Window) -> Error {
    call.counted_on(Window {
        count: window.limit,
        ..window.clone()
    });
    Error::TooManyLogins(window.reset)
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
