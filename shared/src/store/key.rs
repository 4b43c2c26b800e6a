//! The keys of the table. The partition key is the privilege boundary: IAM can hold a function to
//! prefixes of it and to nothing finer, so rows that different functions may write never share one.

use aws_sdk_dynamodb::types::AttributeValue;

use super::Item;
use super::event::{Event, EventType, Outcome};
use crate::id::{ClientId, EventId, KeyId, SessionId, TenantId, UserId};

/// The audit log of a day and tenant, and the counters, have so many partitions: one takes no more than
/// 1,000 writes a second.
pub const SHARDS: u8 = 4;

/// In place of the tenant of events that have none; no tenant may have this name.
const NO_TENANT: &str = "-";

/// Which of the partitions something of this id is in.
#[must_use]
pub fn shard_of(id: &str) -> u8 {
    id.bytes().fold(0, u8::wrapping_add) % SHARDS
}

/// The partition key of a part of the counters.
#[must_use]
pub fn counters_partition(shard: u8) -> String {
    format!("COUNT#{shard}")
}

/// The partition key of a user's sessions.
#[must_use]
pub fn sessions_partition(user: &UserId) -> String {
    format!("SESSION#{user}")
}

/// The partition key of a client's sessions.
#[must_use]
pub fn client_sessions_partition(client: &ClientId) -> String {
    format!("CSESSION#{client}")
}

/// Where an event stands in the audit log of its day: by time, then by id.
#[must_use]
pub fn audit_position(event: &Event) -> String {
    format!("{}#{}", event.time, event.id)
}

/// A row's partition and sort key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    pk: String,
    sk: String,
}

impl Key {
    fn new(pk: String, sk: &str) -> Self {
        Self {
            pk,
            sk: sk.to_owned(),
        }
    }

    /// A user's profile.
    #[must_use]
    pub fn user(id: &UserId) -> Self {
        Self::new(format!("USER#{id}"), "PROFILE")
    }

    /// When a user was last seen; written by `audit` alone.
    #[must_use]
    pub fn seen(id: &UserId) -> Self {
        Self::new(format!("SEEN#{id}"), "SEEN")
    }

    /// One session of a user.
    #[must_use]
    pub fn session(user: &UserId, id: &SessionId) -> Self {
        Self::new(sessions_partition(user), id.as_str())
    }

    /// One session of a client.
    #[must_use]
    pub fn client_session(client: &ClientId, id: &SessionId) -> Self {
        Self::new(client_sessions_partition(client), id.as_str())
    }

    /// A client.
    #[must_use]
    pub fn client(id: &ClientId) -> Self {
        Self::new(format!("CLIENT#{id}"), "PROFILE")
    }

    /// An API key.
    #[must_use]
    pub fn api_key(id: &KeyId) -> Self {
        Self::new(format!("CKEY#{id}"), "KEY")
    }

    /// When an API key was last used; written by `audit` alone.
    #[must_use]
    pub fn key_seen(id: &KeyId) -> Self {
        Self::new(format!("SEEN#{id}"), "SEEN")
    }

    /// An invite; `hash` is the SHA-256 of its token.
    #[must_use]
    pub fn invite(hash: &str) -> Self {
        Self::new(format!("INVITE#{hash}"), "INVITE")
    }

    /// How many active admins a tenant has.
    #[must_use]
    pub fn admins(tenant: &TenantId) -> Self {
        Self::new(format!("ADMINS#{tenant}"), "COUNT")
    }

    /// Whose a login name is; `hash` is the SHA-256 of the canonical name.
    #[must_use]
    pub fn login_name(hash: &str) -> Self {
        Self::new(format!("LOGIN#{hash}"), "NAME")
    }

    /// Failures of a name from addresses where it has not signed in; `name` is its HMAC.
    #[must_use]
    pub fn strangers(name: &str) -> Self {
        Self::new(format!("FAIL#{name}"), "STRANGERS")
    }

    /// Failures of a name from one address where it has signed in; both are HMACs.
    #[must_use]
    pub fn known_address(name: &str, address: &str) -> Self {
        Self::new(format!("FAIL#{name}"), address)
    }

    /// Wrong current passwords of one session.
    #[must_use]
    pub fn current_password(session: &SessionId) -> Self {
        Self::new(format!("FAIL#{session}"), "CURRENT")
    }

    /// A tenant and its policy.
    #[must_use]
    pub fn tenant(id: &TenantId) -> Self {
        Self::new(format!("TENANT#{id}"), "PROFILE")
    }

    /// How often a limit was used in one window by one subject.
    #[must_use]
    pub fn window(limit: &str, subject: &str, window: i64) -> Self {
        Self::new(format!("RATE#{limit}#{subject}#{window}"), "RATE")
    }

    /// An event that changed no state.
    #[must_use]
    pub fn event(id: &EventId) -> Self {
        Self::new(format!("EVENT#{id}"), "EVENT")
    }

    /// An event in the audit log. It comes from the event alone: the same event is the same row, however
    /// often it is put.
    #[must_use]
    pub fn audit(event: &Event) -> Self {
        let tenant = event.tenant_id.as_ref().map_or(NO_TENANT, TenantId::as_str);
        let shard = shard_of(event.id.as_str());
        let position = audit_position(event);
        Self::audit_position(tenant, &event.time.day(), shard, &position)
    }

    /// A position in one of the partitions that the audit log of a tenant and a day has.
    #[must_use]
    pub fn audit_position(tenant: &str, day: &str, shard: u8, position: &str) -> Self {
        Self::new(format!("AUDIT#{tenant}#{day}#{shard}"), position)
    }

    /// How often events of one type ended in one way, as far as one of the counters' partitions has it.
    #[must_use]
    pub fn counter(shard: u8, kind: EventType, outcome: Outcome) -> Self {
        let counted = format!("{}#{}", kind.name(), outcome.name());
        Self::new(counters_partition(shard), &counted)
    }

    /// Up to where a shard of the table's stream has been counted.
    #[must_use]
    pub fn mark(stream_shard: &str) -> Self {
        Self::new(format!("MARK#{stream_shard}"), "MARK")
    }

    /// The public keys.
    #[must_use]
    pub fn public_keys() -> Self {
        Self::new("KEYS".to_owned(), "JWKS")
    }

    /// The partition key.
    #[must_use]
    pub fn partition(&self) -> &str {
        &self.pk
    }

    /// The key as DynamoDB takes it.
    #[must_use]
    pub fn item(&self) -> Item {
        Item::from([
            ("pk".to_owned(), AttributeValue::S(self.pk.clone())),
            ("sk".to_owned(), AttributeValue::S(self.sk.clone())),
        ])
    }

    /// Whether `item` is the row with this key.
    #[must_use]
    pub fn is_of(&self, item: &Item) -> bool {
        let is = |name: &str, value: &String| {
            item.get(name).and_then(|attribute| attribute.as_s().ok()) == Some(value)
        };
        is("pk", &self.pk) && is("sk", &self.sk)
    }
}
