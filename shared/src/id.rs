//! Typed ids: a user's cannot be taken for a session's. On the wire and in the table all are
//! opaque strings; new ones are UUIDs.

use std::fmt;

use serde::{Deserialize, Serialize};

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// A new random id.
            #[must_use]
            pub fn random() -> Self {
                Self(crate::random::uuid())
            }

            /// The id as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl From<&str> for $name {
            fn from(id: &str) -> Self {
                Self(id.to_owned())
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

id!(
    /// A user's id, the `sub` of their tokens.
    UserId
);
id!(
    /// A session's id, the `sid` of its tokens.
    SessionId
);
id!(
    /// A tenant's id.
    TenantId
);
id!(
    /// The id of an API client, the `sub` and the `client_id` of its tokens.
    ClientId
);
id!(
    /// The id of an API key, the part of it that is no secret.
    KeyId
);
id!(
    /// Who does something, or to whom it is done: a user's id, a client's, or that of a key tried.
    PrincipalId
);
id!(
    /// An audit event's id.
    EventId
);

impl From<&UserId> for PrincipalId {
    fn from(id: &UserId) -> Self {
        Self(id.0.clone())
    }
}

impl From<&ClientId> for PrincipalId {
    fn from(id: &ClientId) -> Self {
        Self(id.0.clone())
    }
}

impl From<&KeyId> for PrincipalId {
    fn from(id: &KeyId) -> Self {
        Self(id.0.clone())
    }
}
