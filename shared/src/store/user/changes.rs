//! The changes of a user. Each is conditional on the version that was read, and adds one.

use serde::Serialize;

use super::{User, UserStatus};
use crate::store::event::Event;
use crate::store::key::Key;
use crate::store::list::Indexed;
use crate::store::login_name;
use crate::store::write::Change;
use crate::store::{REMOVED_SECONDS, StoreError};

/// A new user among those of its tenant, with the event of it.
#[derive(Serialize)]
struct NewUser<'a> {
    #[serde(flatten)]
    user: Indexed<'a, User>,
    event: &'a Event,
}

impl User {
    /// The change that makes the user; its names are made in the same transaction.
    ///
    /// # Errors
    ///
    /// When the row cannot be written as it is.
    pub fn made(&self, event: &Event) -> Result<Change, StoreError> {
        let key = Key::user(&self.id);
        let row = NewUser {
            user: Indexed::new(self, &self.tenant_id, &key),
            event,
        };
        Ok(Change::put(key.clone(), &row)?.when("attribute_not_exists(pk)"))
    }

    /// The change that gives the user a new password: every session ends, being of an earlier epoch.
    ///
    /// # Errors
    ///
    /// When the row cannot be written as it is.
    pub fn new_password(&self, sealed: &str, event: &Event) -> Result<Change, StoreError> {
        self.next(", password_hash = :hash, epoch = :epoch", event)?
            .value(":hash", sealed)?
            .value(":epoch", self.epoch + 1)
    }

    /// The change that ends every session of the user, all being of an earlier epoch then.
    ///
    /// # Errors
    ///
    /// When the row cannot be written as it is.
    pub fn signed_out(&self, event: &Event) -> Result<Change, StoreError> {
        self.next(", epoch = :epoch", event)?
            .value(":epoch", self.epoch + 1)
    }

    /// The change to the name, role, status, epoch and invite of `after`.
    ///
    /// # Errors
    ///
    /// When the row cannot be written as it is.
    pub fn changed_to(&self, after: &Self, event: &Event) -> Result<Change, StoreError> {
        let mut set = ", #role = :role, #status = :status, epoch = :epoch".to_owned();
        if after.name.is_some() {
            set.push_str(", #name = :name");
        }
        if after.invite.is_none() {
            set.push_str(" REMOVE invite");
        }
        let change = self
            .next(&set, event)?
            .value(":role", &after.role)?
            .value(":status", after.status)?
            .value(":epoch", after.epoch)?;
        match &after.name {
            Some(name) => change.value(":name", name),
            None => Ok(change),
        }
    }

    /// The change by which the user accepts the invite that it has: it gets its first password.
    ///
    /// # Errors
    ///
    /// When the row cannot be written as it is.
    pub fn accepted(&self, sealed: &str, event: &Event) -> Result<Change, StoreError> {
        let set = ", password_hash = :hash, #status = :status REMOVE invite";
        self.next(set, event)?
            .value(":hash", sealed)?
            .value(":status", UserStatus::Active)
    }

    /// The changes that remove the user: every session ends, no list has it, the names with these keys
    /// are free, and nothing that says who it was is left. The row goes later.
    ///
    /// # Errors
    ///
    /// When a row cannot be written as it is.
    pub fn removed(&self, names: Vec<Key>, event: &Event) -> Result<Vec<Change>, StoreError> {
        let expires_at = event.time.plus_seconds(REMOVED_SECONDS).seconds();
        let set = ", #status = :status, epoch = :epoch, email = :none, email_verified = :no, \
                   expires_at = :expires_at REMOVE username, #name, organization, aws_region, \
                   user_type, password_hash, invite, tenant_pk, tenant_sk";
        let removed = self
            .next(set, event)?
            .value(":status", UserStatus::Deleted)?
            .value(":epoch", self.epoch + 1)?
            .value(":none", "")?
            .value(":no", false)?
            .value(":expires_at", expires_at)?;
        let mut changes = vec![removed];
        for name in names {
            changes.push(login_name::freed(name, &self.id)?);
        }
        Ok(changes)
    }

    /// A change of the row as it was read, and of no later one; `set` goes on after what every change
    /// sets.
    fn next(&self, set: &str, event: &Event) -> Result<Change, StoreError> {
        let set = format!("SET version = :next, updated_at = :now, #event = :event{set}");
        Change::update(Key::user(&self.id), &set)
            .when("version = :version")
            .value(":version", self.version)?
            .value(":next", self.version + 1)?
            .value(":now", event.time)?
            .value(":event", event)
    }
}
