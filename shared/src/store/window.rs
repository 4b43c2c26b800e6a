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

/// What was had of a window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taken {
    /// Something.
    Some {
        /// So many uses: all that were asked for, or the last that there were.
        uses: u32,
        /// How many are gone with them, over the whole fleet.
        count: u32,
    },
    /// Nothing: the limit is used up.
    None {
        /// Whether the first refusal of the window was this one, or an earlier one of this taker.
        first: bool,
    },
}

#[derive(Deserialize)]
struct Row {
    count: u32,
    /// The count before the last taking …
    began: u32,
    /// … and who took.
    taker: String,
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

    /// The window where so many have been let through.
    #[must_use]
    pub fn at(mut self, count: u32) -> Self {
        self.count = count.min(self.limit);
        self
    }
}

impl Store {
    /// Takes up to `uses` of a window, in one write whatever comes of it.
    ///
    /// The count itself cannot be taken twice: each taking has the numbers from where it began to
    /// where it ended, and of those the ones below the limit are good. A taking that began at the
    /// limit or beyond has none, and is the window's first refusal: after it the condition fails, so
    /// that in the whole fleet there is one that knows this of itself, and every other refusal costs a
    /// refused write. A repeat by the SDK may take twice: then fewer get through, never more.
    ///
    /// # Errors
    ///
    /// When DynamoDB does not answer.
    pub async fn take(&self, window: &Window, uses: u32, taker: &str) -> Result<Taken, StoreError> {
        let key = Key::window(window.name, &window.subject, window.number);
        let take = "SET expires_at = :expires_at, taker = :taker, \
                    began = if_not_exists(#count, :zero) ADD #count :uses";
        let change = Change::update(key, take)
            .when("attribute_not_exists(pk) OR began < :limit")
            .value(":zero", 0)?
            .value(":uses", uses)?
            .value(":taker", taker)?
            .value(":limit", window.limit)?
            .value(
                ":expires_at",
                window.reset.plus_seconds(WINDOW_SECONDS).seconds(),
            )?;
        let row = match self.write(&change).await? {
            Written::Done(row) => parse::<Row>(row, "window")?,
            Written::Refused(None) => return Err(StoreError::Malformed("window")),
            Written::Refused(Some(row)) => {
                let row: Row = parse(row, "window")?;
                return Ok(Taken::None {
                    first: row.taker == taker,
                });
            }
        };
        let good = window.limit.saturating_sub(row.began).min(uses);
        if good == 0 {
            return Ok(Taken::None { first: true });
        }
        Ok(Taken::Some {
            uses: good,
            count: row.count.min(window.limit),
        })
    }
}
