//! `POST /api/auth/change-password`: which new passwords are taken.

use serde_json::json;
use shared::app::{Changing, SignIn};
use shared::password::policy::{PasswordPolicy, check};
use shared::store::key::Key;

use super::change_password::{CURRENT, NEW, USER, assert_changed, change};
use crate::calls::{cost, events};
use crate::exchange::{Received, Sent, send};
use crate::world::World;

#[track_caller]
fn assert_rejected(received: &Received, advice: &str) {
    received.assert_refusal(400, ["Password rejected", advice, advice], &[]);
}

#[tokio::test]
async fn a_rejected_password_costs_no_hash_and_no_failure_and_is_recorded() {
    let world = World::new().await;
    let user = world.sign_in(USER).await;
    let app: &Changing = world.instance().await;
    let hashed = app.passwords.hashes();
    let received = change(app, &user, "whatever", "too short").await;
    assert_rejected(&received, "The password must have at least 12 characters.");
    assert_eq!(app.passwords.hashes(), hashed);
    let calls = world.wire.work();
    assert_eq!(cost(&calls), (2, 1.0));
    let recorded = events(&calls);
    assert_eq!(recorded.len(), 1);
    assert_eq!(recorded[0]["type"], json!("authn_password_change_fail"));
    assert_eq!(recorded[0]["outcome"], json!("failure"));
    assert_eq!(recorded[0]["reason"], json!("rejected"));
    assert_eq!(recorded[0]["subject"], json!(USER));
    let count = Key::current_password(&user.session);
    assert!(world.row(&count).await.is_none());
}

#[tokio::test]
async fn a_password_that_is_easy_to_guess_is_rejected_with_advice() {
    let world = World::new().await;
    let user = world.sign_in(USER).await;
    let app: &Changing = world.instance().await;
    for easy in [
        "passwordpassword",
        "qwertyuiop123",
        "aaaaaaaaaaaaaaaa",
        "abcdefghijklmn",
        "iloveyou2024!",
        "gatehousegatehouse",
    ] {
        let advice = check(&PasswordPolicy::default(), easy, &[]);
        let advice = advice.expect_err("it is easy to guess");
        assert_rejected(&change(app, &user, CURRENT, easy).await, &advice);
        assert!(advice.len() > 20 && !advice.contains(easy), "{advice}");
    }
    assert_changed(&change(app, &user, CURRENT, NEW).await);
}

#[tokio::test]
async fn the_users_tenants_and_organizations_words_make_a_password_easy() {
    let world = World::new().await;
    let policy = PasswordPolicy {
        min_length: 10,
        ..PasswordPolicy::default()
    };
    let user = world.sign_in("user-123456").await;
    world
        .alter(&user.user_key(), |row| {
            row["username"] = json!("xylographer");
            row["email"] = json!("vortiginous@quibblethorpe.example");
            row["name"] = json!("Zebedee Tumbleforth");
            row["organization"] = json!("Frobnicators Ltd");
        })
        .await;
    world
        .alter(&user.tenant_key(), |row| {
            row["policy"] = json!({"password": policy});
        })
        .await;
    let app: &Changing = world.instance().await;
    for theirs in [
        "xylographer7",
        "vortiginous7",
        "Quibblethorpe7",
        "Tumbleforth7",
        "Frobnicators",
        "nuxera7Kq2",
    ] {
        assert_eq!(check(&policy, theirs, &[]), Ok(()), "{theirs}");
        let received = change(app, &user, "secure-password", theirs).await;
        assert_eq!(received.status, 400, "{theirs}");
        assert_eq!(received.member("error"), "Password rejected");
    }
}

#[tokio::test]
async fn characters_are_counted_in_code_points() {
    let world = World::new().await;
    let user = world.sign_in(USER).await;
    let app: &Changing = world.instance().await;
    // Eleven of four bytes each, and a twelfth.
    let eleven = "\u{1f9a9}\u{1f6b2}\u{1f319}\u{1f9c9}\u{1f3b7}\u{1f9f6}\u{1f30b}\u{1f9ed}\u{1fa81}\u{1f99c}\u{1f3d4}";
    assert_eq!(eleven.len(), 44);
    let received = change(app, &user, CURRENT, eleven).await;
    assert_rejected(&received, "The password must have at least 12 characters.");
    let twelve = format!("{eleven}\u{1f43f}");
    assert_changed(&change(app, &user, CURRENT, &twelve).await);
}

#[tokio::test]
async fn the_current_password_is_no_new_one() {
    let world = World::new().await;
    let user = world.sign_in(USER).await;
    let app: &Changing = world.instance().await;
    let message = "The new password must differ from the current one";
    for password in [CURRENT, NEW] {
        assert_rejected(&change(app, &user, password, password).await, message);
    }
    // Another letter case is another password.
    assert_changed(&change(app, &user, CURRENT, NEW).await);
    assert_changed(&change(app, &user, NEW, &NEW.replace('c', "C")).await);
}

#[tokio::test]
async fn a_tenants_own_rules_hold_for_its_users() {
    let world = World::new().await;
    let user = world.sign_in("100").await;
    let app: &Changing = world.instance().await;
    // As document 000 prints it: seven characters, however easy.
    let received = change(app, &user, "Abcd1234", "1234Ac").await;
    assert_rejected(&received, "The password must have at least 7 characters.");
    assert_changed(&change(app, &user, "Abcd1234", "1234Acd").await);
    world
        .alter(&user.tenant_key(), |row| {
            row["policy"]["password"] = json!({"min_length": 20});
        })
        .await;
    let received = change(app, &user, "1234Acd", &NEW[..19]).await;
    assert_rejected(&received, "The password must have at least 20 characters.");
    let received = change(app, &user, "1234Acd", &"1234".repeat(5)).await;
    assert_eq!(received.member("error"), "Password rejected");
    assert_changed(&change(app, &user, "1234Acd", &NEW[..20]).await);
}

#[tokio::test]
async fn a_password_is_taken_byte_for_byte_up_to_1024_of_them() {
    let world = World::new().await;
    let user = world.sign_in("100").await;
    let app: &Changing = world.instance().await;
    let hashed = app.passwords.hashes();
    let long = "\u{e9}".repeat(512);
    for (member, current, new) in [
        ("newPassword", "Abcd1234", format!("{long}a")),
        ("currentPassword", &format!("{long}a")[..], NEW.to_owned()),
    ] {
        let what = format!("{member} must be at most 1024 bytes");
        let received = change(app, &user, current, &new).await;
        received.assert_refusal(400, ["Bad request", &what, &what], &[]);
    }
    assert_eq!(app.passwords.hashes(), hashed);
    assert_changed(&change(app, &user, "Abcd1234", &long).await);
    let odd = " A\0b\u{212b}\t\u{65}\u{301} ";
    assert_changed(&change(app, &user, &long, odd).await);
    let sign_in: &SignIn = world
        .instance_with(|config| config.login_rate_limit = 100)
        .await;
    for (password, status) in [
        (" A", 401),
        (odd.trim(), 401),
        (" A\0b\u{c5}\t\u{65}\u{301} ", 401),
        (" A\0b\u{212b}\t\u{e9} ", 401),
        (" a\0b\u{212b}\t\u{65}\u{301} ", 401),
        (odd, 200),
    ] {
        let sent = Sent::login("doc@nuxera.ai", password);
        let received = send(sign_in, login::handle, sent).await;
        assert_eq!(received.status, status, "{}", received.text);
    }
}
