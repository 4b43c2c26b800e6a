//! All sessions of a user or a client, for whoever counts or lists them.

use aws_sdk_dynamodb::operation::query::builders::QueryFluentBuilder;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnConsumedCapacity};
use serde::Deserialize;
use serde_json::json;

use super::key::sessions_partition;
use super::session::{Owner, Session};
use super::{Store, StoreError, parse, unavailable};
use crate::clock::Timestamp;
use crate::id::{SessionId, UserId};
use crate::log;

/// Of a user with more rows than these pages of a megabyte hold, some thousand sessions that ended
/// long ago, the rest is not looked at.
const MOST_PAGES: usize = 8;

/// What counts of a session.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct OpenSession {
    /// Its id, which is the row's sort key.
    #[serde(rename = "sk")]
    pub id: SessionId,
    /// The login that made it.
    pub created_at: Timestamp,
    /// Its user's epoch when it was made.
    pub epoch: u64,
}

impl Store {
    /// Every session of an owner whose row is there, dead ones too, in the order of their ids; and how
    /// many rows are malformed.
    ///
    /// # Errors
    ///
    /// When DynamoDB does not answer.
    pub async fn sessions(&self, owner: &Owner) -> Result<(Vec<Session>, usize), StoreError> {
        let ask = self.ask_for_sessions(owner.sessions());
        let (mut sessions, mut malformed) = (Vec::new(), 0);
        let mut start = None;
        loop {
            let page = ask.clone().set_exclusive_start_key(start).send();
            let answer = page.await.map_err(|error| unavailable(&error))?;
            for row in answer.items.unwrap_or_default() {
                match parse(row, "session") {
                    Ok(session) => sessions.push(session),
                    Err(_) => malformed += 1,
                }
            }
            start = answer.last_evaluated_key;
            if start.is_none() {
                return Ok((sessions, malformed));
            }
        }
    }

    /// The sessions of a user that have neither ended nor expired, of whichever epoch, in no order. A
    /// malformed row is passed over: it must not stop whoever asks at every login.
    ///
    /// # Errors
    ///
    /// When DynamoDB does not answer.
    pub async fn open_sessions(
        &self,
        user: &UserId,
        now: Timestamp,
    ) -> Result<Vec<OpenSession>, StoreError> {
        let ask = self
            .ask_for_sessions(sessions_partition(user))
            .filter_expression("attribute_not_exists(revoked_at) AND expires_at > :now")
            .projection_expression("sk, created_at, epoch")
            .expression_attribute_values(":now", AttributeValue::N(now.seconds().to_string()));
        let mut sessions = Vec::new();
        let mut start = None;
        for _ in 0..MOST_PAGES {
            let page = ask.clone().set_exclusive_start_key(start).send();
            let answer = page.await.map_err(|error| unavailable(&error))?;
            for row in answer.items.unwrap_or_default() {
                match parse(row, "session") {
                    Ok(session) => sessions.push(session),
                    Err(error) => log::print(&json!({"error": error.to_string()}).to_string()),
                }
            }
            start = answer.last_evaluated_key;
            if start.is_none() {
                break;
            }
        }
        Ok(sessions)
    }

    /// A question for the rows of a partition of sessions, as they are now: the login that asks must be
    /// among them.
    fn ask_for_sessions(&self, partition: String) -> QueryFluentBuilder {
        self.client
            .query()
            .table_name(&self.table)
            .key_condition_expression("pk = :pk")
            .expression_attribute_values(":pk", AttributeValue::S(partition))
            .consistent_read(true)
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
    }
}
