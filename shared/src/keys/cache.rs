//! What an instance remembers of its keys: fresh for a minute, and for a quarter of an hour where
//! their source is away.

use std::sync::Arc;

use tokio::sync::Mutex;

use super::KeyError;
use crate::clock::Timestamp;

/// How long a value is used without asking again.
const FRESH_SECONDS: i64 = 60;
/// How long a value is used while its source does not answer.
const STALE_SECONDS: i64 = 15 * 60;
/// How often an unknown key id may have the source asked before its time.
const RELOAD_SECONDS: i64 = 30;
/// How long a source that failed is left alone. Where what is remembered is used instead, for as long
/// as between two reloads: a call should not wait for what it can do without.
const RETRY_SECONDS: i64 = 1;

/// One remembered value. The lock is held while loading, so that a crowd asks once.
#[derive(Debug)]
pub struct Cache<T> {
    state: Mutex<State<T>>,
}

#[derive(Debug)]
struct State<T> {
    value: Option<(Arc<T>, Timestamp)>,
    failed: Option<(KeyError, Timestamp)>,
    reloaded_at: Option<Timestamp>,
}

impl<T> Default for Cache<T> {
    fn default() -> Self {
        let state = State {
            value: None,
            failed: None,
            reloaded_at: None,
        };
        Self {
            state: Mutex::new(state),
        }
    }
}

impl<T> Cache<T> {
    /// The value as of `now`; `load` asks its source where what is remembered is not fresh.
    ///
    /// # Errors
    ///
    /// What `load` answered, when nothing young enough is remembered.
    pub async fn get(
        &self,
        now: Timestamp,
        load: impl AsyncFnOnce() -> Result<T, KeyError>,
    ) -> Result<Arc<T>, KeyError> {
        let mut state = self.state.lock().await;
        if let Some((value, loaded_at)) = &state.value
            && now < loaded_at.plus_seconds(FRESH_SECONDS)
        {
            return Ok(Arc::clone(value));
        }
        state.load(now, load).await
    }

    /// Asks the source again because of a key id that the remembered value does not know: at most
    /// every 30 seconds, since anyone can name an unknown id. In between, what is remembered.
    ///
    /// # Errors
    ///
    /// As [`Cache::get`].
    pub async fn reload(
        &self,
        now: Timestamp,
        load: impl AsyncFnOnce() -> Result<T, KeyError>,
    ) -> Result<Arc<T>, KeyError> {
        let mut state = self.state.lock().await;
        if let Some((value, loaded_at)) = &state.value {
            let last = state
                .reloaded_at
                .map_or(*loaded_at, |reloaded| reloaded.max(*loaded_at));
            if now < last.plus_seconds(RELOAD_SECONDS) {
                return Ok(Arc::clone(value));
            }
        }
        state.reloaded_at = Some(now);
        state.load(now, load).await
    }
}

impl<T> State<T> {
    async fn load(
        &mut self,
        now: Timestamp,
        load: impl AsyncFnOnce() -> Result<T, KeyError>,
    ) -> Result<Arc<T>, KeyError> {
        let young = |at: &Timestamp| now < at.plus_seconds(STALE_SECONDS);
        let usable = self
            .value
            .as_ref()
            .filter(|(_, loaded_at)| young(loaded_at));
        let pause = match &self.failed {
            Some((error, _)) if usable.is_some() && error.may_pass() => RELOAD_SECONDS,
            _ => RETRY_SECONDS,
        };
        let error = match &self.failed {
            Some((error, at)) if now < at.plus_seconds(pause) => error.clone(),
            _ => match load().await {
                Ok(value) => {
                    let value = Arc::new(value);
                    self.value = Some((Arc::clone(&value), now));
                    self.failed = None;
                    return Ok(value);
                }
                Err(error) => {
                    self.failed = Some((error.clone(), now));
                    error
                }
            },
        };
        match usable {
            // A source that is away is waited for; one that answers with something unfit is not.
            Some((value, _)) if error.may_pass() => Ok(Arc::clone(value)),
            _ => Err(error),
        }
    }
}
