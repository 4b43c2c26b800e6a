//! A password change: one transaction of user and session. Every other session dies with it, being
//! of an earlier epoch.

use zeroize::Zeroizing;

use super::access::{self, Caller};
use super::throttle;
use crate::app::{Changing, PASSWORDS_SECRET};
use crate::call::Call;
use crate::error::Error;
use crate::password::{Verdict, policy};
use crate::store::event::{EventType, Outcome};
use crate::store::failures::FailuresRow;
use crate::store::key::Key;
use crate::store::user::User;

/// How often a change that others overtake is decided anew.
const TRIES: u32 = 3;

/// Changes the password of the user whose token this is.
///
/// # Errors
///
/// As [`access::authenticate`]; [`Error::CurrentPasswordWrong`], [`Error::PasswordRejected`],
/// [`Error::TooManyLogins`] while the session has to wait; [`Error::Unavailable`].
pub async fn change_password(
    app: &Changing,
    call: &Call,
    token: Option<&str>,
    mut caller: Caller,
    current: &Zeroizing<String>,
    new: &Zeroizing<String>,
) -> Result<(), Error> {
    let store = &app.base.store;
    if let Err(advice) = judge(&caller, current, new) {
        return reject(
            app,
            call,
            &caller.user,
            "rejected",
            Error::PasswordRejected(advice),
        )
        .await;
    }
    let row = FailuresRow::Shared(Key::current_password(&caller.session.id));
    let free = app.base.config.login_free_failures;
    let attempt = throttle::count(store, row, None, free, &call.request_id, call.now).await?;

    let event = call.event_by(
        EventType::AuthnPasswordChange,
        Outcome::Success,
        &caller.user.id,
        &caller.user.tenant_id,
    );
    for _ in 0..TRIES {
        let hash = caller.user.password_hash.as_deref();
        let keys = app.passwords.keys_for(call.now, hash).await;
        let keys = keys.map_err(|error| error.of(PASSWORDS_SECRET))?;
        let verdict = app
            .passwords
            .verify(&keys, &caller.user.id, hash, current)?;
        if verdict == Verdict::Wrong {
            let wrong = Error::CurrentPasswordWrong;
            return reject(app, call, &caller.user, "current_password", wrong).await;
        }
        let sealed = app.passwords.hash(&keys, &caller.user.id, new)?;
        let changes = [
            caller.user.new_password(&sealed, &event)?,
            caller.session.moved_to(caller.user.epoch + 1)?,
        ];
        if store.make(&changes, &event).await? {
            attempt.clear(store, call).await;
            return Ok(());
        }
        // Somebody changed the user first: read, and decide again.
        caller = access::authenticate(&app.base, call, token).await?;
    }
    Err(Error::Unavailable(
        "a password change was lost to others".to_owned(),
    ))
}

/// Whether the new password will do.
fn judge(caller: &Caller, current: &str, new: &str) -> Result<(), String> {
    if new == current {
        return Err("The new password must differ from the current one".to_owned());
    }
    let words = caller.user.guessable_words();
    policy::check(&caller.tenant.policy.password, new, &words)
}

async fn reject(
    app: &Changing,
    call: &Call,
    user: &User,
    reason: &str,
    error: Error,
) -> Result<(), Error> {
    let event = call
        .event_by(
            EventType::AuthnPasswordChangeFail,
            Outcome::Failure,
            &user.id,
            &user.tenant_id,
        )
        .because(reason);
    app.base.store.put_event(&event).await?;
    Err(error)
}
