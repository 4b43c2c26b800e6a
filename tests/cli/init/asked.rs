//! `gatehouse init` at a terminal.

use serde_json::{Value, json};

use super::super::{Shown, Step, empty, hidden, press, typed};
use super::{PASSWORD, login};

fn answers() -> [Step; 7] {
    [
        typed("Id of the first tenant", "acme"),
        typed("Its name", "Acme Corp"),
        typed("E-mail address", "root@acme.example"),
        typed("A username", "root"),
        typed("The super_admin's name", "Ríoghnach Ó Súilleabháin"),
        hidden("Password", PASSWORD),
        hidden("The same again", PASSWORD),
    ]
}

fn assert_made(shown: &Shown) {
    assert_eq!((shown.code, shown.sane), (0, true), "{shown:?}");
    assert!(!shown.screen.contains(PASSWORD), "{shown:?}");
    assert!(shown.screen.contains("Ríoghnach"), "{shown:?}");
}

#[tokio::test]
async fn at_a_terminal_it_asks_for_everything_and_shows_no_password() {
    let (stores, gatehouse) = empty().await;
    let shown = gatehouse.at_terminal(&["init"], &answers()).await;
    assert_made(&shown);
    assert_eq!(shown.echo, [true, true, true, true, true, false, false]);
    let received = login(&stores, "ROOT", PASSWORD).await;
    assert_eq!(received.status, 200, "{}", received.text);
    let tenant = gatehouse.json(&["tenants", "show", "acme"]).await;
    assert_eq!(tenant["name"], "Acme Corp");
}

#[tokio::test]
async fn what_is_typed_wrong_is_said_and_asked_again() {
    let (stores, gatehouse) = empty().await;
    let steps = [
        typed("Id of the first tenant", "-"),
        typed("begins with a letter or a digit", "acme"),
        typed("Its name", ""),
        typed("E-mail address", "root"),
        typed("email must have one @", "root@acme.example"),
        typed("A username", "ro ot"),
        typed("no spaces", ""),
        typed("The super_admin's name", ""),
        hidden("Password", "tooshort1"),
        hidden("at least 12 characters.", "password12345"),
        hidden("Password", "root@acme.example"),
        hidden("Password", PASSWORD),
        hidden("The same again", "three blind mice in June"),
        hidden("not the same.", PASSWORD),
        hidden("The same again", PASSWORD),
    ];
    let shown = gatehouse.at_terminal(&["init"], &steps).await;
    assert_eq!(shown.code, 0, "{shown:?}");
    for secret in ["tooshort1", "password12345", PASSWORD] {
        assert!(!shown.screen.contains(secret), "{shown:?}");
    }
    let received = login(&stores, "root@acme.example", PASSWORD).await;
    assert_eq!(received.body["user"]["username"], Value::Null);
}

#[tokio::test]
async fn stopped_at_a_question_or_at_the_password_it_changes_nothing_and_gives_the_terminal_back() {
    let (stores, gatehouse) = empty().await;
    let mut steps = answers().to_vec();
    steps.truncate(5);
    for last in [
        press("Password", "\0\x03"),
        press("Password", "\0\x01"),
        // Ctrl-D.
        press("Password", "\0\x04"),
    ] {
        let steps = [steps.clone(), vec![last]].concat();
        let shown = gatehouse.at_terminal(&["init"], &steps).await;
        let (code, said) = if steps[5].1.as_deref() == Some("\0\x04") {
            (1, "gatehouse: no answer, and nothing was done\n")
        } else {
            (130, "\ngatehouse: interrupted\n")
        };
        assert_eq!((shown.code, shown.sane), (code, true), "{shown:?}");
        assert!(shown.screen.ends_with(said), "{shown:?}");
    }
    let steps = [press("Id of the first", "ac\x03")];
    let shown = gatehouse.at_terminal(&["init"], &steps).await;
    assert_eq!((shown.code, shown.sane), (130, true), "{shown:?}");
    assert!(
        shown.screen.ends_with("^C\ngatehouse: interrupted\n"),
        "{shown:?}"
    );
    let tenants = gatehouse.json(&["tenants", "list"]).await;
    assert_eq!(tenants, json!({"tenants": []}));
    let received = login(&stores, "root@acme.example", PASSWORD).await;
    assert_eq!(received.status, 401);
}
