//! `gatehouse keys`, as an operator runs it.

use local::{KEYS_SECRET, Options, Stack};
use serde_json::Value;
use shared::clock::Clock;
use shared::store::Store;

use crate::cli::{CommandLine, demonstration, press, typed};
use crate::stack::running;

fn keys<'a>(listed: &'a Value, kind: &str, state: &str) -> Vec<&'a str> {
    let keys = listed["keys"].as_array().expect("keys").iter();
    let keys = keys.filter(|key| key["kind"] == kind && key["state"] == state);
    keys.map(|key| key["kid"].as_str().expect("a kid"))
        .collect()
}

#[tokio::test]
async fn keys_are_listed_revoked_and_published() {
    let (stores, gatehouse) = demonstration().await;
    let listed = gatehouse.json(&["keys", "list"]).await;
    for (kind, state) in [
        ("signing", "active"),
        ("signing", "next"),
        ("refresh", "active"),
        ("refresh", "next"),
        ("sealing", "active"),
        ("sealing", "next"),
        ("names", "active"),
    ] {
        assert_eq!(keys(&listed, kind, state).len(), 1, "{kind} {state}");
    }
    let text = gatehouse.done(&["keys", "list"]).await;
    assert_eq!(text.lines().count(), 8);
    assert!(!text.contains("private"));
    let signing = keys(&listed, "signing", "active")[0].to_owned();
    let mac = keys(&listed, "refresh", "next")[0].to_owned();
    for kid in [&signing, &mac] {
        let done = gatehouse.json(&["keys", "revoke", kid]).await;
        assert_eq!(done["revoked"], **kid);
    }
    let after = gatehouse.json(&["keys", "list"]).await;
    assert_eq!(
        keys(&after, "signing", "active"),
        keys(&listed, "signing", "next")
    );
    let of = |kid: &str| {
        let keys = after["keys"].as_array().expect("keys");
        keys.iter().find(|key| key["kid"] == *kid).cloned()
    };
    // Published until it leaves by age, and refused by whoever reads it; a MAC key is nowhere any more.
    for (kid, state) in [(&signing, "retired"), (&mac, "dropped")] {
        let key = of(kid).expect("the key");
        assert_eq!(
            (&key["state"], &key["revoked"]),
            (&state.into(), &true.into())
        );
    }
    let sealing = keys(&listed, "sealing", "active")[0];
    let refused = gatehouse.run(&["keys", "revoke", sealing]).await;
    refused.assert_failed(
        1,
        "that key seals password hashes, which nothing else opens: rotate it instead",
    );
    let refused = gatehouse.run(&["keys", "revoke", "nothing"]).await;
    refused.assert_failed(1, "there is no such key");

    let published = gatehouse.run(&["keys", "publish", "--json"]).await;
    assert_eq!(published.code, 0, "{published:?}");
    assert!(published.stderr.contains("not-before"), "{published:?}");
    assert_eq!(
        published.json()["revoked"].as_array().map(Vec::len),
        Some(2)
    );
    drop(stores);
}

#[tokio::test]
async fn not_before_asks_and_takes_a_moment_that_has_been() {
    let (stores, gatehouse) = demonstration().await;
    let not_before = async |arguments: &[&str]| {
        let arguments = [&["keys", "not-before"], arguments].concat();
        gatehouse.run(&arguments).await
    };
    let refused = not_before(&[]).await;
    refused.assert_failed(
        2,
        "--yes is needed where nobody can be asked whether that is meant",
    );
    let refused = not_before(&["yesterday", "--yes"]).await;
    assert_eq!(
        (refused.code, refused.stdout.as_str()),
        (2, ""),
        "{refused:?}"
    );
    let why = "invalid value 'yesterday' for '[MOMENT]': the moment must be `now`, or like 2025-03-01T05:28:42Z";
    assert!(refused.stderr.contains(why), "{refused:?}");
    let refused = not_before(&["2999-01-01T00:00:00Z", "--yes"]).await;
    refused.assert_failed(2, "the moment must not be in the future");
    let done = not_before(&["2025-03-01T05:28:42.5Z", "--yes", "--json"]).await;
    assert_eq!(done.json()["not_before"], "2025-03-01T05:28:43.000Z");
    let refused = not_before(&["2025-03-01T05:28:42Z", "--yes"]).await;
    refused.assert_failed(1, "not-before is later already, and never moves back");
    let done = not_before(&["--yes"]).await;
    assert_eq!(done.code, 0, "{done:?}");
    let environment = stores.environment(Clock::System).expect("settings");
    let row = Store::new(&environment).public_keys().await.expect("a row");
    assert_eq!(row.not_before.millis() % 1000, 0);
    let now = Clock::System.now().seconds();
    assert!((now - 60..=now + 1).contains(&row.not_before.seconds()));
}

#[tokio::test]
async fn at_a_terminal_not_before_waits_for_an_answer() {
    let (stores, gatehouse) = demonstration().await;
    let environment = stores.environment(Clock::System).expect("settings");
    let store = Store::new(&environment);
    let question = "Sign out everybody who signed in before";
    for (answer, code) in [
        (press(question, "\x03"), 130),
        (typed("[y/N]", ""), 1),
        (typed("[y/N]", "n"), 1),
    ] {
        let shown = gatehouse
            .at_terminal(&["keys", "not-before"], &[answer])
            .await;
        assert_eq!((shown.code, shown.sane), (code, true), "{shown:?}");
        let row = store.public_keys().await.expect("a row");
        assert_eq!(row.not_before.millis(), 0);
    }
    let yes = [typed("[y/N]", "y")];
    let shown = gatehouse.at_terminal(&["keys", "not-before"], &yes).await;
    assert_eq!((shown.code, shown.sane), (0, true), "{shown:?}");
    let row = store.public_keys().await.expect("a row");
    assert!(row.not_before.millis() > 0);
}

#[tokio::test]
async fn keys_are_rotated_by_the_function_of_the_running_stack() {
    let stack = running().await;
    let gatehouse = CommandLine::on(stack.stores(), stack.url()).await;
    let before = gatehouse.json(&["keys", "list"]).await;
    let done = gatehouse.json(&["keys", "rotate"]).await;
    let rotated = done["rotated"].as_array().expect("both");
    assert_eq!(rotated[0]["secret"], "keys");
    assert_eq!(rotated[0]["change"], "promoted");
    assert_eq!(rotated[1]["secret"], "passwords");
    let after = gatehouse.json(&["keys", "list"]).await;
    for (kind, rotated) in [("signing", &rotated[0]), ("sealing", &rotated[1])] {
        let active = keys(&after, kind, "active");
        assert_eq!(active, keys(&before, kind, "next"), "{kind}");
        assert_eq!(rotated["active"], active[0]);
    }
    // At once again: nothing is old enough.
    let done = gatehouse.json(&["keys", "rotate", "keys"]).await;
    assert_eq!(done["rotated"][0]["change"], "unchanged");
}

#[tokio::test]
async fn where_nothing_rotates_the_secrets_that_is_said() {
    let (_stores, gatehouse) = demonstration().await;
    let refused = gatehouse.run(&["keys", "rotate"]).await;
    refused.assert_failed(
        1,
        "Secrets Manager does not rotate keys: There is no function to rotate it.",
    );
}

#[tokio::test]
async fn a_rotation_that_was_killed_is_attempted_again() {
    let stack = Stack::start(Options::default()).await.expect("it starts");
    let gatehouse = CommandLine::on(stack.stores(), stack.url()).await;
    let environment = stack.stores().environment(Clock::System).expect("settings");
    // Begun, and no step done.
    let begun = environment.secrets_manager().put_secret_value();
    let begun = begun.secret_id(KEYS_SECRET).version_stages("AWSPENDING");
    let begun = begun.client_request_token(shared::random::uuid());
    begun.send().await.expect("it begins");
    let told = gatehouse.run(&["keys", "rotate", "keys"]).await;
    told.assert_failed(
        1,
        "Secrets Manager does not rotate keys: A previous rotation isn't complete. That rotation will \
         be reattempted. Run this again once that one has ended or been given up.",
    );
    for _ in 0..100 {
        let done = gatehouse.run(&["keys", "rotate", "keys"]).await;
        if done.code == 0 {
            return;
        }
        assert!(done.stderr.contains("reattempted"), "{done:?}");
    }
    panic!("it never ends");
}
