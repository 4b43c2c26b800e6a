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
    let limit = app.config.login_rate_limit;
    let window = Window::open("login", call.address.counted(), limit, call.now);
    let used_up = Window {
        count: limit,
        ..window.clone()
    };
    if app.used_up.has(&window, call.now) {
        call.counted_on(used_up);
        return Err(Error::TooManyLogins(window.reset));
    }
    if let Some(counted) = app.store.count(&window).await? {
        call.counted_on(counted);
        return Ok(());
    }
    // Where the event cannot be put, the answer shows the limit too.
    call.counted_on(used_up);
    app.store
        .put_event_once(&first_refusal(call, &window))
        .await?;
    // Not before: whoever is answered without asking the table relies on the event being there.
    app.used_up.remember(&window, call.now);
    Err(Error::TooManyLogins(window.reset))
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
