//! What the rules may know of the call they serve: no HTTP and no AWS types.

use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::address::Address;
use crate::clock::Timestamp;
use crate::id::{EventId, PrincipalId, TenantId};
use crate::store::event::{Event, EventType, Outcome};
use crate::store::window::Window;

/// The facts of one call, and what it has used of its limits.
#[derive(Debug)]
pub struct Call {
    /// The Lambda request id, which the caller is told and the log line has.
    pub request_id: String,
    /// The one reading of the clock that every decision of this call uses.
    pub now: Timestamp,
    /// The caller's address.
    pub address: Address,
    /// The caller's `user-agent`, cut at 128 bytes.
    pub user_agent: String,
    /// The `iss` of tokens: the setting, or the API's own address.
    pub issuer: String,
    limits: Mutex<Vec<Window>>,
    notes: Mutex<Vec<&'static str>>,
}

/// A user agent may be long; a row must not be.
const USER_AGENT_BYTES: usize = 128;

impl Call {
    /// A call that has used nothing of its limits yet.
    #[must_use]
    pub fn new(
        request_id: &str,
        now: Timestamp,
        address: Address,
        user_agent: &str,
        issuer: String,
    ) -> Self {
        let cut = user_agent.floor_char_boundary(USER_AGENT_BYTES);
        Self {
            request_id: request_id.to_owned(),
            now,
            address,
            user_agent: user_agent[..cut].to_owned(),
            issuer,
            limits: Mutex::default(),
            notes: Mutex::default(),
        }
    }

    /// Remembers a limit that this call was counted on.
    pub fn counted_on(&self, window: Window) {
        self.limits().push(window);
    }

    /// Whether this call was counted on the limit of this name.
    #[must_use]
    pub fn is_counted_on(&self, name: &str) -> bool {
        self.limits().iter().any(|window| window.name == name)
    }

    /// The limit that the answer shows, if the call was counted on one: of several, the one with the
    /// fewest left.
    #[must_use]
    pub fn limit(&self) -> Option<Window> {
        self.limits()
            .iter()
            .min_by_key(|window| window.remaining())
            .cloned()
    }

    fn limits(&self) -> MutexGuard<'_, Vec<Window>> {
        self.limits.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes something for the log that went wrong and does not change the answer.
    pub fn note(&self, what: &'static str) {
        self.notes
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(what);
    }

    /// What was noted.
    #[must_use]
    pub fn notes(&self) -> Vec<&'static str> {
        self.notes
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// An audit event of this call.
    #[must_use]
    pub fn event(&self, kind: EventType, outcome: Outcome) -> Event {
        Event {
            id: EventId::random(),
            kind,
            outcome,
            time: self.now,
            ip: self.address.to_string(),
            user_agent: self.user_agent.clone(),
            request_id: self.request_id.clone(),
            actor: None,
            subject: None,
            tenant_id: None,
            reason: None,
            key_id: None,
            from: None,
            to: None,
            previous_ip: None,
        }
    }

    /// An audit event of something that a user or a client did for themselves.
    #[must_use]
    pub fn event_by(
        &self,
        kind: EventType,
        outcome: Outcome,
        actor: impl Into<PrincipalId>,
        tenant: &TenantId,
    ) -> Event {
        let actor = actor.into();
        Event {
            actor: Some(actor.clone()),
            subject: Some(actor),
            tenant_id: Some(tenant.clone()),
            ..self.event(kind, outcome)
        }
    }
}
