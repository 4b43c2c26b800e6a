//! `GET /healthz` [002]: the process answers. `GET /readyz`: so do the table and the keys in it.
//!
//! 200, or 503 with what is not ready. It names no tenant, user, version or secret, writes nothing,
//! and an instance remembers what it found for ten seconds.

use std::sync::{Mutex, PoisonError};

use lambda_http::http::StatusCode;
use serde::Serialize;
use shared::app::{App, Verifying};
use shared::aws::Environment;
use shared::clock::Timestamp;
use shared::error::Error;
use shared::http::{Answer, Request};
use shared::keys::published::Published;

/// What `healthz` answers.
#[derive(Serialize)]
struct HealthBody {
    status: &'static str,
}

/// What `readyz` answers.
#[derive(Serialize)]
struct ReadyBody {
    status: &'static str,
    checks: Checks,
}

/// What a stack needs to serve, and whether it is there.
#[derive(Clone, Copy, Debug, Serialize)]
struct Checks {
    table: &'static str,
    keys: &'static str,
}

const OK: &str = "ok";
const UNAVAILABLE: &str = "unavailable";
/// How long an instance remembers what it found.
const REMEMBERED_SECONDS: i64 = 10;

/// What the function holds: what every app does, and what it found last.
#[derive(Debug)]
pub struct Health {
    base: Verifying,
    found: Mutex<Option<(Checks, Timestamp)>>,
}

impl App for Health {
    fn new(environment: &Environment) -> Self {
        Self {
            base: Verifying::new(environment),
            found: Mutex::default(),
        }
    }

    fn base(&self) -> &Verifying {
        &self.base
    }

    async fn warm(&self, now: Timestamp) {
        self.base.warm(now).await;
    }
}

/// Answers whether the process, or all that it needs, is there.
///
/// # Errors
///
/// As the module says.
pub async fn handle(app: &'static Health, request: Request) -> Result<Answer, Error> {
    request.only("GET")?;
    if request.route() != "GET /readyz" {
        return Answer::ok(&HealthBody { status: OK });
    }
    let now = request.call.now;
    let (checks, found_at) = match app.remembered(now) {
        Some(found) => found,
        None => (app.check(now).await, now),
    };
    if checks.table == OK && checks.keys == OK {
        return Answer::ok(&ReadyBody { status: OK, checks });
    }
    let body = ReadyBody {
        status: UNAVAILABLE,
        checks,
    };
    let answer = Answer::json(StatusCode::SERVICE_UNAVAILABLE, &body)?;
    // Sooner, the answer would be the same.
    Ok(answer.retry_at(now, found_at.plus_seconds(REMEMBERED_SECONDS)))
}

impl Health {
    fn remembered(&self, now: Timestamp) -> Option<(Checks, Timestamp)> {
        let found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        found.filter(|(_, at)| now < at.plus_seconds(REMEMBERED_SECONDS))
    }

    /// Reads the public keys past every cache: the table is there if it answers, and the keys are if
    /// one of them can verify.
    async fn check(&self, now: Timestamp) -> Checks {
        let row = self.base.store.public_keys().await;
        let table = if matches!(&row, Err(error) if error.may_pass()) {
            UNAVAILABLE
        } else {
            OK
        };
        let published = row.and_then(Published::from_row);
        let keys = if published.is_ok_and(|keys| keys.has_key()) {
            OK
        } else {
            UNAVAILABLE
        };
        let checks = Checks { table, keys };
        *self.found.lock().unwrap_or_else(PoisonError::into_inner) = Some((checks, now));
        checks
    }
}
