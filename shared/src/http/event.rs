//! An audit event, as admins and the operator see it.

use serde::Serialize;

use crate::id::{KeyId, PrincipalId, TenantId};
use crate::store::event::Event;

/// One event. What it has not is null.
#[derive(Debug, Serialize)]
pub struct EventBody<'a> {
    id: &'a str,
    #[serde(rename = "type")]
    kind: &'a str,
    outcome: &'a str,
    time: String,
    actor: Option<&'a str>,
    subject: Option<&'a str>,
    tenant_id: Option<&'a str>,
    ip: &'a str,
    user_agent: &'a str,
    request_id: &'a str,
    reason: Option<&'a str>,
    key_id: Option<&'a str>,
    from: Option<&'a str>,
    to: Option<&'a str>,
    previous_ip: Option<&'a str>,
}

impl<'a> EventBody<'a> {
    /// The event.
    #[must_use]
    pub fn new(event: &'a Event) -> Self {
        Self {
            id: event.id.as_str(),
            kind: event.kind.name(),
            outcome: event.outcome.name(),
            time: event.time.to_string(),
            actor: event.actor.as_ref().map(PrincipalId::as_str),
            subject: event.subject.as_ref().map(PrincipalId::as_str),
            tenant_id: event.tenant_id.as_ref().map(TenantId::as_str),
            ip: &event.ip,
            user_agent: &event.user_agent,
            request_id: &event.request_id,
            reason: event.reason.as_deref(),
            key_id: event.key_id.as_ref().map(KeyId::as_str),
            from: event.from.as_deref(),
            to: event.to.as_deref(),
            previous_ip: event.previous_ip.as_deref(),
        }
    }
}
