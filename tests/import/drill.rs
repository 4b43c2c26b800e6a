//! The restore drill: what one deployment exports, an empty one with other keys takes, and everybody is who
//! they were.

use std::collections::BTreeMap;

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use local::{Ports, Stores};
use serde_json::{Value, json};
use shared::app::{App as _, SignIn};
use shared::clock::Clock;
use shared::store::user::User;

use super::{PASSWORD, Place, TENANT, counted, line};
use crate::exchange::send;
use crate::users::accept;

/// What an invited user was sent.
const TOKEN: &str = "an invite that was sent before everything was lost";

const LIBRARIES: &str = include_str!("../vectors/passwords/hashes.json");

/// A user for each kind of hash, and one for each status.
fn rows() -> (String, Vec<(String, String)>) {
    let vectors: Value = serde_json::from_str(LIBRARIES).expect("vectors");
    let made = vectors["made"].as_array().expect("vectors");
    let (mut rows, mut logins) = (String::new(), Vec::new());
    for (number, vector) in made.iter().enumerate() {
        let email = format!("user{number}@example.com");
        let more = json!({
            "id": format!("{number:05}"),
            "username": format!("user{number}"),
            "name": "\u{fc}, \"quoted\"",
            "role": if number % 10 == 0 { "admin" } else { "member" },
            "user_type": ["a", "b"],
            "created_at": "2020-01-02T03:04:05.678Z",
            "updated_at": "2021-01-02T03:04:05.678Z",
            "last_login": "2022-01-02T03:04:05.678Z",
            "password_hash": vector["hash"],
        });
        rows.push_str(&line(&email, &more));
        let password = vector["password"].as_str().expect("a password");
        logins.push((email, password.to_owned()));
    }
    let hash = BASE64_URL_SAFE_NO_PAD.encode(digest(&SHA256, TOKEN.as_bytes()));
    for more in [
        json!({"email": "suspended@example.com", "status": "suspended"}),
        json!({"email": "nobody@example.com", "status": "suspended", "password_hash": null}),
        json!({"email": "late@example.com", "status": "invited", "password_hash": null}),
        json!({
            "email": "invited@example.com", "status": "invited", "password_hash": null,
            "invite_hash": hash, "invite_expires_at": "2099-01-01T00:00:00Z",
        }),
    ] {
        rows.push_str(&line("", &more));
    }
    (rows, logins)
}

/// The users without what is sealed, and so is never the same twice.
async fn unsealed(place: &Place) -> BTreeMap<String, User> {
    let mut users = place.users(TENANT).await;
    for user in users.values_mut() {
        user.password_hash = user.password_hash.take().map(|_| String::new());
    }
    users
}

#[tokio::test]
async fn everybody_signs_in_with_the_old_password_after_export_loss_and_import() {
    let old = Place::new().await;
    let (rows, logins) = rows();
    let file = old.file("users.jsonl", rows);
    let ran = old.import(&file, &[]).await;
    assert_eq!(
        ran.code,
        0,
        "{ran:?} {}",
        old.read("users.jsonl.refused.jsonl")
    );
    for format in ["jsonl", "csv"] {
        // A folder has keys of its own.
        let folder = old.path(&format!("stores-{format}"));
        let stores = Stores::start(Ports::default(), Some(folder.into())).await;
        let new = Place::on(stores.expect("stores"), &[TENANT]).await;
        let export = |place: &Place| {
            let (gatehouse, out) = (
                place.gatehouse.clone(),
                place.path(&format!("out.{format}")),
            );
            async move {
                let export = ["users", "export", "--tenant", TENANT, "--with-hashes"];
                let form = ["--format", format, "--out", &out];
                let ran = gatehouse.run(&[&export[..], &form[..]].concat()).await;
                assert_eq!(ran.code, 0, "{ran:?}");
                assert!(ran.stderr.contains("PASSWORD HASHES"), "{ran:?}");
                let text = std::fs::read_to_string(&out).expect("an export");
                (out, text)
            }
        };
        let (out, exported) = export(&old).await;
        let ran = new.import(&out, &[]).await;
        assert_eq!(
            ran.code,
            0,
            "{ran:?} {}",
            old.read(&format!("out.{format}.refused.jsonl"))
        );
        assert_eq!(
            counted(&ran)[0],
            u64::try_from(logins.len() + 4).expect("few")
        );
        assert_eq!(unsealed(&new).await, unsealed(&old).await);
        assert_eq!(new.admins(TENANT).await, old.admins(TENANT).await);
        let (_, again) = export(&new).await;
        assert_eq!(again, exported);
        std::fs::remove_file(out).expect("it is there");

        for (name, password) in &logins {
            let received = new.login(name, password).await;
            assert_eq!(received.status, 200, "{name}: {}", received.text);
        }
        let suspended = new.login("suspended@example.com", PASSWORD).await;
        assert_eq!(suspended.status, 401);
        let environment = new.stores.environment(Clock::System).expect("settings");
        let app: &SignIn = Box::leak(Box::new(SignIn::new(&environment)));
        let sent = accept(TOKEN, "three blind mice in May");
        let received = send(app, accept_invite::handle, sent).await;
        assert_eq!(received.status, 200, "{}", received.text);
    }
}
