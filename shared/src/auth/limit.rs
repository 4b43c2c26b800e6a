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

/// The window that a login attempt from the caller's address is to be counted on.
///
/// # Errors
///
/// [`Error::TooManyLogins`] when the instance remembers that it is used up: nothing is asked then.
pub fn login_window(app: &Verifying, call: &Call) -> Result<Window, Error> {
    let limit = app.config.login_rate_limit;
    let window = Window::open("login", call.address.counted(), limit, call.now);
    if app.used_up.has(&window, call.now) {
        return Err(refused(call, window));
    }
    Ok(window)
}

/// Counts an attempt on a window.
///
/// # Errors
///
/// [`Error::TooManyLogins`] when the limit is used up, [`Error::Unavailable`] when it cannot be
/// counted.
pub async fn admit(app: &Verifying, call: &Call, window: Window) -> Result<(), Error> {
    if let Some(counted) = app.store.count(&window).await? {
        call.counted_on(counted);
        return Ok(());
    }
    match app
        .store
        .put_event_once(&first_refusal(call, &window))
        .await
    {
        Ok(()) => app.used_up.remember(&window, call.now),
        // The next call that is refused tries again.
        Err(_) => call.note("the event of a used-up limit was not written"),
    }
    Err(refused(call, window))
}

fn refused(call: &Call, window: Window) -> Error {
    let (limit, reset) = (window.limit, window.reset);
    call.counted_on(Window {
        count: limit,
        ..window
    });
    Error::TooManyLogins(reset)
}

/// Counts a login that ends with `error` before it has begun: every attempt counts, and the answer
/// shows the limit.
///
/// # Errors
///
/// `error`, or that of [`admit`].
pub async fn count_and_refuse<T>(app: &Verifying, call: &Call, error: Error) -> Result<T, Error> {
    admit(app, call, login_window(app, call)?).await?;
    Err(error)
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
