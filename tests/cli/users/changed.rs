//! Users changed and removed by the operator.

use serde_json::json;
use shared::app::{App as _, Verifying};
use shared::clock::Clock;

use super::super::init::login;
use super::super::{demonstration, events, hidden, press, typed};
use super::PASSWORD;
use crate::exchange::{Sent, send};
use crate::users::ALICES;

#[tokio::test]
async fn role_name_and_status_are_changed_and_a_last_admin_stays() {
    let (stores, gatehouse) = demonstration().await;
    let update =
        |flags: &[&'static str]| [&["users", "update", ALICES, "victor@acme.fr"], flags].concat();
    let arguments = update(&["--role", "super_admin", "--name", "Victor"]);
    let user = gatehouse.json(&arguments).await["user"].clone();
    assert_eq!(
        (&user["role"], &user["name"]),
        (&json!("super_admin"), &json!("Victor"))
    );
    let changed = events(&stores).await.pop().unwrap();
    assert_eq!(changed["type"], "authz_change");
    assert_eq!(
        (&changed["from"], &changed["to"]),
        (&json!("viewer"), &json!("super_admin"))
    );
    assert_eq!(changed["actor"], "operator");
    let user = gatehouse.json(&update(&["--status", "suspended"])).await["user"].clone();
    assert_eq!(user["status"], "suspended");
    assert_eq!(
        login(&stores, "victor@acme.fr", "viewer-password")
            .await
            .status,
        401
    );
    let ran = gatehouse.run(&[
        "users",
        "update",
        ALICES,
        "alice@acme.fr",
        "--role",
        "viewer",
    ]);
    ran.await.assert_failed(
        1,
        "The tenant's last admin cannot be demoted, suspended or removed",
    );
    let ran = gatehouse.run(&update(&[])).await;
    ran.assert_failed(2, "what is to be changed? --name, --role or --status");
}

#[tokio::test]
async fn a_user_is_removed_only_when_that_is_meant() {
    let (stores, gatehouse) = demonstration().await;
    let delete = ["users", "delete", ALICES, "victor@acme.fr"];
    let ran = gatehouse.run(&delete).await;
    ran.assert_failed(
        2,
        "--yes is needed where nobody can be asked whether that is meant",
    );
    for (answer, code) in [
        (typed("for good? [y/N]", ""), 1),
        (press("[y/N]", "\x03"), 130),
    ] {
        let shown = gatehouse.at_terminal(&delete, &[answer]).await;
        assert_eq!((shown.code, shown.sane), (code, true), "{shown:?}");
    }
    assert_eq!(
        login(&stores, "victor@acme.fr", "viewer-password")
            .await
            .status,
        200
    );
    let shown = gatehouse.at_terminal(&delete, &[typed("[y/N]", "y")]).await;
    assert_eq!(shown.code, 0, "{shown:?}");
    assert!(
        shown.screen.contains("Remove victor@acme.fr ("),
        "{shown:?}"
    );
    assert_eq!(
        login(&stores, "victor@acme.fr", "viewer-password")
            .await
            .status,
        401
    );
    let ran = gatehouse.run(&[&delete[..], &["--yes"]].concat()).await;
    ran.assert_failed(1, &format!("tenant {ALICES} has no user victor@acme.fr"));
}

#[tokio::test]
async fn a_new_password_ends_every_session_of_its_user() {
    let (stores, gatehouse) = demonstration().await;
    let before = login(&stores, "user@example.com", "password").await;
    let reset = ["users", "reset-password", "2001", "user@example.com"];
    let steps = [
        hidden("Password", PASSWORD),
        hidden("The same again", PASSWORD),
    ];
    let shown = gatehouse.at_terminal(&reset, &steps).await;
    assert_eq!((shown.code, shown.sane), (0, true), "{shown:?}");
    assert!(
        shown
            .screen
            .ends_with("1005 has the new password, and is signed out everywhere.\n")
    );
    let app = Verifying::new(&stores.environment(Clock::System).unwrap());
    let app: &Verifying = Box::leak(Box::new(app));
    let sent = Sent::get("/api/auth/me").bearer(before.member("token"));
    assert_eq!(send(app, me::handle, sent).await.status, 401);
    assert_eq!(
        login(&stores, "user@example.com", "password").await.status,
        401
    );
    assert_eq!(
        login(&stores, "user@example.com", PASSWORD).await.status,
        200
    );
    let changed = events(&stores).await;
    let changed = changed
        .iter()
        .find(|event| event["type"] == "authn_password_change");
    let changed = changed.unwrap();
    assert_eq!(
        (&changed["actor"], &changed["subject"]),
        (&json!("operator"), &json!("1005"))
    );

    gatehouse
        .done(&["users", "invite", "2001", "--email", "new@example.com"])
        .await;
    let reset = [
        "users",
        "reset-password",
        "2001",
        "new@example.com",
        "--password-stdin",
    ];
    let ran = gatehouse.run_with(&reset, PASSWORD).await;
    ran.assert_failed(
        1,
        "an invited user sets the first password, by accepting the invite",
    );
}
