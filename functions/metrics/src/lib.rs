//! `GET /metrics` [002]: how many events there have been, by type and outcome, in Prometheus' text
//! format. It names no tenant, user or secret, gives no reasons, and writes nothing.
//!
//! 200; 503 where the table is away. An instance remembers its answer for ten seconds. The counters
//! are the stack's, whichever instance answers: they follow what happens within seconds, and never step
//! back for whoever reads them every 15 seconds or less often.

use std::fmt::Write as _;
use std::sync::{Mutex, PoisonError};

use shared::app::{App, Verifying};
use shared::aws::Environment;
use shared::clock::Timestamp;
use shared::error::Error;
use shared::http::error::RETRY_SECONDS;
use shared::http::{Answer, Request};
use shared::store::counters::Counts;
use shared::store::event::{EventType, Outcome};

/// How long an instance remembers its answer.
const REMEMBERED_SECONDS: i64 = 10;
/// Prometheus' text format (docs "Exposition formats").
const CONTENT_TYPE: &str = "text/plain; version=0.0.4";

/// What the function holds: the table, and what it answered last.
#[derive(Debug)]
pub struct Metrics {
    base: Verifying,
    answered: Mutex<Option<Answered>>,
}

/// An answer, and until when it holds.
#[derive(Clone, Debug)]
struct Answered {
    text: Result<String, Error>,
    until: Timestamp,
}

impl App for Metrics {
    fn new(environment: &Environment) -> Self {
        Self {
            base: Verifying::new(environment),
            answered: Mutex::default(),
        }
    }

    fn base(&self) -> &Verifying {
        &self.base
    }

    // It verifies nothing, and may not read the keys.
    async fn warm(&self, _now: Timestamp) {}
}

/// Answers the counters.
///
/// # Errors
///
/// As the module says.
pub async fn handle(app: &'static Metrics, request: Request) -> Result<Answer, Error> {
    request.only("GET")?;
    let now = request.call.now;
    let text = match app.remembered(now) {
        Some(answered) => answered.text?,
        None => app.count(now).await?,
    };
    Ok(Answer::text(text, CONTENT_TYPE))
}

impl Metrics {
    fn remembered(&self, now: Timestamp) -> Option<Answered> {
        let answered = self.answered.lock().unwrap_or_else(PoisonError::into_inner);
        answered.clone().filter(|answered| now < answered.until)
    }

    async fn count(&self, now: Timestamp) -> Result<String, Error> {
        let counts = self.base.store.event_counts().await;
        let text = counts
            .map(|counts| exposition(&counts))
            .map_err(Error::from);
        // A refusal says when to come back, and is remembered until then.
        let seconds = if text.is_ok() {
            REMEMBERED_SECONDS
        } else {
            RETRY_SECONDS
        };
        let answered = Answered {
            text: text.clone(),
            until: now.plus_seconds(seconds),
        };
        *self.answered.lock().unwrap_or_else(PoisonError::into_inner) = Some(answered);
        text
    }
}

/// Every counter, those that stand at zero too: a rate needs a beginning.
fn exposition(counts: &Counts) -> String {
    let mut text = String::from(
        "# HELP gatehouse_events_total Audit events, by type and outcome.\n\
         # TYPE gatehouse_events_total counter\n",
    );
    for kind in EventType::ALL {
        for outcome in Outcome::ALL {
            let count = counts.get(&(kind, outcome)).copied().unwrap_or_default();
            let (kind, outcome) = (kind.name(), outcome.name());
            // Writing to a string does not fail.
            let _ = writeln!(
                text,
                "gatehouse_events_total{{type=\"{kind}\",outcome=\"{outcome}\"}} {count}"
            );
        }
    }
    text
}
