//! Names: what they may be, and whose they are.

use serde_json::json;
use shared::app::SignIn;
use shared::auth::login_name::LoginName;
use shared::store::key::Key;
use shared::store::login_name::LoginNameRow;
use shared::store::write::Change;

use super::{PASSWORD, TENANT, USER, post, status, without_address_limit};
use crate::exchange::Sent;
use crate::world::{ADDRESS, World};

#[tokio::test]
async fn a_name_of_a_bad_shape_is_refused_by_its_member_and_never_quoted() {
    let world = World::new().await;
    let app = world.instance_with::<SignIn>(without_address_limit).await;
    let spaces = "have no spaces and no control characters";
    let long = "be at most 254 bytes long";
    let at = |bytes: usize| format!("{}@example.com", "x".repeat(bytes - 12));
    let cases = [
        (" canary".to_owned(), spaces),
        ("canary ".to_owned(), spaces),
        ("can ary".to_owned(), spaces),
        ("canary\t".to_owned(), spaces),
        ("canary\n".to_owned(), spaces),
        ("canary\0".to_owned(), spaces),
        ("canary\u{1b}[2J".to_owned(), spaces),
        ("canary\u{7f}".to_owned(), spaces),
        ("canary\u{85}".to_owned(), spaces),
        ("canary\u{a0}".to_owned(), spaces),
        ("canary\u{3000}".to_owned(), spaces),
        ("canary@canary@example.com".to_owned(), "have at most one @"),
        ("x".repeat(255), long),
        (at(255), long),
        // Bytes, not characters.
        ("é".repeat(128), long),
    ];
    for (name, what) in cases {
        for member in ["username", "email"] {
            let mut body = json!({"password": PASSWORD});
            body[member] = json!(name);
            world.wire.take();
            let reply = post(app, Sent::post("/api/auth/login", &body)).await;
            let message = format!("{member} must {what}");
            let seen = (reply.status, reply.member("message"));
            assert_eq!(seen, (400, message.as_str()), "{name:?}");
            assert!(!reply.text.contains("canary"), "{}", reply.text);
            assert_eq!(world.wire.take().len(), 1, "only counted: {name:?}");
        }
    }
    for name in ["x".repeat(254), at(254), "é".repeat(127)] {
        assert_eq!(status(app, &name, PASSWORD, ADDRESS).await, 401, "{name}");
    }
}

#[tokio::test]
async fn a_name_is_one_however_it_is_written_and_what_only_looks_like_it_is_nobodys() {
    let world = World::new().await;
    let app = world.instance_with::<SignIn>(without_address_limit).await;
    let owner = LoginNameRow {
        user_id: USER.into(),
        tenant_id: TENANT.into(),
    };
    for name in ["rené.kelvin", "fi@example.com"] {
        let name = LoginName::parse("username", name).expect("a name");
        let key = Key::login_name(&name.hash());
        world.change(Change::put(key, &owner).expect("a row")).await;
    }
    let names = [
        ("rené.kelvin", 200),
        ("rene\u{301}.kelvin", 200),
        ("RENÉ.Kelvin", 200),
        ("RENE\u{301}.KELVIN", 200),
        ("rene.kelvin", 401),
        // Kelvin's K, a long s, a full-width @, a ligature.
        ("rené.\u{212a}elvin", 401),
        ("doctor.\u{17f}mith", 401),
        ("doctor.smith\u{ff20}example.com", 401),
        ("ｄoctor.smith", 401),
        ("\u{fb01}@example.com", 401),
        ("fi@example.com", 200),
        ("Fİ@example.com", 401),
        ("doctor.smith\u{200b}", 401),
        ("doctоr.smith", 401),
    ];
    for (name, expected) in names {
        assert_eq!(
            status(app, name, PASSWORD, ADDRESS).await,
            expected,
            "{name:?}"
        );
    }
}
