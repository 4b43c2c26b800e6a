//! The first try of a write comes in after its repeat, and after what came next: nothing is undone,
//! doubled or revived by it. Only a count of failures may stand one too high.

use shared::store::key::Key;

use super::fleet::{Fleet, NAME, PASSWORD, Tokens, Verdict, check};
use crate::exchange::{Sent, send};
use crate::wire::{Act, Call};
use crate::world::World;

/// What the late try does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Coming {
    /// What its condition allows.
    Conditional,
    /// Its work, whatever stands there: then something must go wrong.
    Unconditional,
}

/// From now on the first tries of such writes are held.
pub fn hold(world: &World, writes: impl Fn(&Call) -> bool + Send + Sync + 'static) {
    world.wire.rule(move |call| {
        if call.attempt == 1 && writes(call) {
            Act::Hold
        } else {
            Act::Pass
        }
    });
}

impl Coming {
    async fn come(self, world: &World) {
        let held = match self {
            Self::Conditional => world.wire.release().await,
            Self::Unconditional => world.wire.release_unconditionally().await,
        };
        assert_eq!(held, 1, "one try was held");
    }
}

/// An update of a row of this kind whose expression begins so.
pub fn update(prefix: &'static str, beginning: &'static str) -> impl Fn(&Call) -> bool {
    move |call| {
        let expression = call.body["UpdateExpression"].as_str().unwrap_or_default();
        call.operation == "UpdateItem" && call.touches(prefix) && expression.starts_with(beginning)
    }
}

async fn a_new_session(fleet: &Fleet, coming: Coming) -> Verdict {
    hold(&fleet.world, |call| {
        call.operation == "PutItem" && call.touches("SESSION#")
    });
    let tokens = fleet.sign_in(PASSWORD).await;
    fleet.world.wire.heal();
    fleet.logout(0, &tokens.access).await;
    coming.come(&fleet.world).await;
    check(!fleet.live(&tokens).await, || "it is back".to_owned())
}

async fn a_refresh(fleet: &Fleet, coming: Coming) -> Verdict {
    let first = fleet.sign_in(PASSWORD).await;
    hold(&fleet.world, update("SESSION#", "SET generation"));
    let second = Tokens::of(&fleet.refresh(0, &first.refresh).await);
    fleet.world.wire.heal();
    let third = Tokens::of(&fleet.refresh(0, &second.refresh).await);
    coming.come(&fleet.world).await;
    let generation = fleet.session(&first.session()).await.generation;
    check(generation == 3, || format!("back at {generation}"))?;
    check(fleet.live(&third).await, || "the line is dead".to_owned())
}

async fn a_refresh_before_a_logout(fleet: &Fleet, coming: Coming) -> Verdict {
    let first = fleet.sign_in(PASSWORD).await;
    hold(&fleet.world, update("SESSION#", "SET generation"));
    let second = Tokens::of(&fleet.refresh(0, &first.refresh).await);
    fleet.world.wire.heal();
    fleet.logout(0, &second.access).await;
    let ended = fleet.session_row(&first.session()).await;
    coming.come(&fleet.world).await;
    check(!fleet.live(&second).await, || "it is back".to_owned())?;
    check(ended == fleet.session_row(&first.session()).await, || {
        "an ended session went on".to_owned()
    })
}

/// It sets what is set already, whatever its condition says: nothing can go wrong with it.
async fn a_logout(fleet: &Fleet, coming: Coming) -> Verdict {
    let tokens = fleet.sign_in(PASSWORD).await;
    hold(&fleet.world, update("SESSION#", "SET revoked_at"));
    fleet.logout(0, &tokens.access).await;
    fleet.world.wire.heal();
    let ended = fleet.session_row(&tokens.session()).await;
    coming.come(&fleet.world).await;
    check(ended == fleet.session_row(&tokens.session()).await, || {
        "it has another end".to_owned()
    })
}

async fn a_free_failure(fleet: &Fleet, coming: Coming) -> Verdict {
    let key = Key::strangers(&fleet.name_mac("nobody").await);
    fleet.set_failures(&key, 4, None).await;
    hold(
        &fleet.world,
        update("FAIL#", "SET failures = if_not_exists"),
    );
    fleet.login(0, Sent::login("nobody", "a wrong guess")).await;
    fleet.world.wire.heal();
    coming.come(&fleet.world).await;
    let failures = fleet.failures(&key).await.failures;
    check(failures == 5, || format!("{failures} without a wait"))
}

/// The one thing that a late try may do: after a success it counts a failure that was none.
async fn a_free_failure_of_a_success(fleet: &Fleet, coming: Coming) -> Verdict {
    let key = Key::strangers(&fleet.name_mac(NAME).await);
    hold(
        &fleet.world,
        update("FAIL#", "SET failures = if_not_exists"),
    );
    fleet.sign_in_from(PASSWORD, "192.0.2.1").await;
    fleet.world.wire.heal();
    coming.come(&fleet.world).await;
    let failures = fleet.failures(&key).await;
    check(
        failures.failures == 1 && failures.retry_at.is_none(),
        || format!("{failures:?}"),
    )
}

async fn a_failure_with_a_wait(fleet: &Fleet, coming: Coming) -> Verdict {
    let key = Key::strangers(&fleet.name_mac("nobody.else").await);
    let guess = || fleet.login(0, Sent::login("nobody.else", "a wrong guess"));
    fleet.set_failures(&key, 5, None).await;
    hold(&fleet.world, update("FAIL#", "SET failures = :failures"));
    guess().await;
    fleet.world.wire.heal();
    fleet.world.wait(1);
    guess().await;
    let stood = fleet.failures(&key).await;
    check(stood.failures == 7, || format!("{stood:?}"))?;
    coming.come(&fleet.world).await;
    let stands = fleet.failures(&key).await;
    check(stands == stood, || format!("{stood:?} became {stands:?}"))
}

async fn a_cleared_count(fleet: &Fleet, coming: Coming) -> Verdict {
    let key = Key::strangers(&fleet.name_mac(NAME).await);
    hold(&fleet.world, update("FAIL#", "SET failures = :zero"));
    fleet.sign_in_from(PASSWORD, "192.0.2.2").await;
    fleet.world.wire.heal();
    let guess = Sent::login(NAME, "a wrong guess").from("192.0.2.3");
    fleet.login(0, guess).await;
    coming.come(&fleet.world).await;
    let failures = fleet.failures(&key).await.failures;
    check(failures == 1, || format!("{failures} failures"))
}

async fn a_known_address(fleet: &Fleet, coming: Coming) -> Verdict {
    hold(&fleet.world, |call| {
        call.operation == "PutItem" && call.touches("FAIL#")
    });
    fleet.sign_in_from(PASSWORD, "192.0.2.4").await;
    fleet.world.wire.heal();
    let guess = Sent::login(NAME, "a wrong guess").from("192.0.2.4");
    fleet.login(0, guess).await;
    coming.come(&fleet.world).await;
    let key = fleet.known_address("192.0.2.4").await;
    let failures = fleet.failures(&key).await.failures;
    check(failures == 1, || format!("{failures} failures"))
}

async fn a_password_change(fleet: &Fleet, coming: Coming) -> Verdict {
    let session = fleet.sign_in(PASSWORD).await;
    hold(&fleet.world, |call| call.operation == "TransactWriteItems");
    fleet
        .change(0, &session.access, PASSWORD, "the-second")
        .await;
    fleet.world.wire.heal();
    fleet
        .change(0, &session.access, "the-second", "the-third")
        .await;
    let stood = fleet.user().await;
    coming.come(&fleet.world).await;
    check(fleet.user().await == stood, || "it is undone".to_owned())?;
    check(!fleet.opens("the-second").await, || {
        "the earlier password works".to_owned()
    })?;
    check(fleet.opens("the-third").await, || {
        "the last password does not work".to_owned()
    })
}

async fn a_stronger_hash(fleet: &Fleet, coming: Coming) -> Verdict {
    let session = fleet.sign_in(PASSWORD).await;
    let strong = fleet
        .world
        .instance_with(|config| config.argon2.iterations = 3);
    let strong = strong.await;
    hold(&fleet.world, update("USER#", "SET password_hash"));
    let login = send(strong, login::handle, Sent::login(NAME, PASSWORD));
    check(Box::pin(login).await.status == 200, || "not in".to_owned())?;
    fleet.world.wire.heal();
    fleet
        .change(0, &session.access, PASSWORD, "the-second")
        .await;
    coming.come(&fleet.world).await;
    check(!fleet.opens(PASSWORD).await, || {
        "the old password works again".to_owned()
    })
}

/// Runs the cases on a fleet one after another, and says which came to what.
macro_rules! verdicts {
    ($coming:expr, $($case:ident),+ $(,)?) => {{
        let mut verdicts: Vec<(&str, Verdict)> = Vec::new();
        let mut fleet = Fleet::new(1).await;
        $(
            if fleet.user().await.version > 1 {
                // The case before has changed the password.
                fleet = Fleet::new(1).await;
            }
            verdicts.push((stringify!($case), $case(&fleet, $coming).await));
        )+
        verdicts
    }};
}

#[tokio::test]
async fn a_first_try_that_comes_after_its_repeat_undoes_doubles_and_revives_nothing() {
    let verdicts = verdicts!(
        Coming::Conditional,
        a_new_session,
        a_refresh,
        a_refresh_before_a_logout,
        a_logout,
        a_free_failure,
        a_free_failure_of_a_success,
        a_failure_with_a_wait,
        a_cleared_count,
        a_known_address,
        a_password_change,
        a_stronger_hash,
    );
    for (case, verdict) in verdicts {
        assert_eq!(verdict, Ok(()), "{case}");
    }
}

#[tokio::test]
async fn a_late_try_without_its_condition_does_harm() {
    let verdicts = verdicts!(
        Coming::Unconditional,
        a_new_session,
        a_refresh,
        a_refresh_before_a_logout,
        a_free_failure,
        a_failure_with_a_wait,
        a_cleared_count,
        a_known_address,
        a_password_change,
        a_stronger_hash,
    );
    for (case, verdict) in verdicts {
        assert!(verdict.is_err(), "{case}");
    }
}
