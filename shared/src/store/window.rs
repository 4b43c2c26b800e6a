//! How often a limit has been used in one fixed window, counted before the work.

use serde::Deserialize;

use super::key::Key;
use super::write::{Change, Written};
use super::{Store, StoreError, parse};
use crate::clock::Timestamp;

/// The length of every window.
const WINDOW_SECONDS: i64 = 60;

/// A limit, and where its count stands in the window that is open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Window {
    /// The limit's name, as it stands in the key.
    pub name: &'static str,
    /// Who is counted.
    pub subject: String,
    /// The most that is let through in a window.
    pub limit: u32,
    /// How many have been let through, this call with them; the limit, once one was refused.
    pub count: u32,
    /// When the next window opens.
    pub reset: Timestamp,
    /// Which window this is, in lengths of a window since the Unix epoch.
    pub number: i64,
}

#[derive(Deserialize)]
struct Counted {
    count: u32,
}

impl Window {
    /// The window that is open at `now`, nothing counted in it yet.
    #[must_use]
    pub fn open(name: &'static str, subject: String, limit: u32, now: Timestamp) -> Self {
        let number = now.seconds().div_euclid(WINDOW_SECONDS);
        let reset = Timestamp::from_seconds((number + 1) * WINDOW_SECONDS);
        Self {
            name,
            subject,
            limit,
            count: 0,
            reset,
            number,
        }
    }

    /// How many more the window lets through.
    #[must_use]
    pub fn remaining(&self) -> u32 {
        self.limit.saturating_sub(self.count)
    }
}

impl Store {
    /// Counts one use, if the limit allows one more: `None` where it does not. A repeat by the SDK
    /// may count twice: then fewer get through, never more.
    ///
    /// # Errors
    ///
    /// When DynamoDB does not answer.
    pub async fn count(&self, window: &Window) -> Result<Option<Window>, StoreError> {
        let key = Key::window(window.name, &window.subject, window.number);
        let change = Change::update(key, "SET expires_at = :expires_at ADD #count :one")
            .when("attribute_not_exists(pk) OR #count < :limit")
            .value(":one", 1)?
            .value(":limit", window.limit)?
            .value(
                ":expires_at",
                window.reset.plus_seconds(WINDOW_SECONDS).seconds(),
            )?;
        let Written::Done(row) = self.write(&change).await? else {
            return Ok(None);
        };
        let Counted { count } = parse(row, "window")?;
        Ok(Some(Window {
            count,
            ..window.clone()
        }))
    }
}
