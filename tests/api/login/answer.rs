//! What a login that succeeds is answered.

use serde_json::{Value, json};
use shared::app::SignIn;
use shared::store::tenant::TenantStatus;

use super::{
    NAME, PASSWORD, TENANT, USER, change_tenant, change_user, post, without_address_limit,
};
use crate::exchange::Sent;
use crate::world::World;

#[tokio::test]
async fn the_answer_has_every_member_of_the_contract_and_no_other() {
    let world = World::new().await;
    let app = world.instance::<SignIn>().await;
    let cases = [
        (
            ("doc@nuxera.ai", "Abcd1234"),
            604_800,
            json!({
                "id": "100",
                "username": null,
                "email": "doc@nuxera.ai",
                "email_verified": true,
                "name": "Doctor Hisham",
                "display_name": "Doctor Hisham",
                "organization": null,
                "aws_region": null,
                "role": "physician",
                "tenant_id": "nuxera",
                "status": "active",
                "is_active": true,
                "is_demo": false,
                "user_type": ["ai-medical-note"],
                "created_at": "2025-03-31T16:54:47.134Z",
                "updated_at": "2025-05-07T16:17:29.082Z",
                "last_login": "2025-03-01T05:29:00.000Z",
            }),
        ),
        (
            ("john", "securePassword123"),
            86_400,
            json!({
                "id": null,
                "username": "john",
                "email": "john@example.com",
                "email_verified": false,
                "name": "John Doe",
                "display_name": "John Doe",
                "organization": "Acme Corp",
                "aws_region": "eu-north-1",
                "role": "admin",
                "tenant_id": "acme",
                "status": "active",
                "is_active": true,
                "is_demo": false,
                "user_type": [],
                "created_at": "2025-03-01T05:29:00.000Z",
                "updated_at": "2025-03-01T05:29:00.000Z",
                "last_login": "2025-03-01T05:29:00.000Z",
            }),
        ),
    ];
    for (remaining, ((name, password), expires_in, mut user)) in ["4", "3"].into_iter().zip(cases) {
        let reply = post(app, Sent::login(name, password)).await;
        assert_eq!(reply.status, 200, "{}", reply.text);
        if user["id"].is_null() {
            user["id"] = reply.body["userId"].clone();
            assert_eq!(reply.member("userId").len(), 36, "a UUID");
        }
        let token = reply.member("token");
        let expected = json!({
            "success": true,
            "message": "Login successful",
            "token": token,
            "accessToken": token,
            "refreshToken": reply.member("refreshToken"),
            "tokenType": "Bearer",
            "expiresIn": expires_in,
            "userId": user["id"],
            "tenantId": user["tenant_id"],
            "user": user,
        });
        assert_eq!(reply.body, expected);
        let mut headers = reply.headers.clone();
        headers.sort();
        let expected = [
            ("cache-control", "no-store"),
            ("content-type", "application/json; charset=utf-8"),
            ("x-content-type-options", "nosniff"),
            ("x-ratelimit-limit", "5"),
            ("x-ratelimit-remaining", remaining),
            ("x-ratelimit-reset", "1740807000"),
        ];
        let expected = expected.map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert_eq!(headers, expected);
    }
}

#[tokio::test]
async fn either_member_holds_a_username_or_an_email_address_on_both_paths() {
    let world = World::new().await;
    let app = world.instance_with::<SignIn>(without_address_limit).await;
    let email = "doctor.smith@example.com";
    let names = [
        json!({"username": NAME}),
        json!({"username": email}),
        json!({"email": email}),
        json!({"email": NAME}),
        json!({"username": "DOCTOR.Smith"}),
        json!({"email": "Doctor.Smith@EXAMPLE.com"}),
        // username wins; an empty or null one counts as absent.
        json!({"username": NAME, "email": "user@example.com"}),
        json!({"username": NAME, "email": "no such name at all"}),
        json!({"username": NAME, "email": ""}),
        json!({"username": NAME, "email": null}),
        json!({"username": "", "email": email}),
        json!({"username": null, "email": NAME}),
        // Unknown members are ignored and can set nothing.
        json!({"username": NAME, "role": "super_admin", "tenant_id": "acme", "user": {"id": "1"}}),
        json!({"username": NAME, "Password": "another", "status": 7, "userId": [null, {}]}),
    ];
    for path in ["/api/auth/login", "/api/v1/auth/login"] {
        for body in &names {
            let mut body = body.clone();
            body["password"] = json!(PASSWORD);
            let reply = post(app, Sent::post(path, &body)).await;
            assert_eq!(reply.status, 200, "{path} {body} {}", reply.text);
            let seen = ["id", "role", "tenant_id", "status"].map(|name| &reply.body["user"][name]);
            assert_eq!(seen, [USER, "physician", TENANT, "active"], "{path} {body}");
        }
    }
}

#[tokio::test]
async fn the_body_may_come_in_base64_with_parameters_of_its_type_and_up_to_its_limits() {
    let world = World::new().await;
    let app = world.instance_with::<SignIn>(without_address_limit).await;
    let body = json!({"username": NAME, "password": PASSWORD}).to_string();
    let plain = || Sent::new("POST", "/api/auth/login").body(&body);
    let padded = format!("{body}{}", " ".repeat(16 * 1024 - body.len()));
    let deep = format!("{}{}", "[".repeat(100), "]".repeat(100));
    let nested = body.replace('}', &format!(",\"more\":{deep}}}"));
    let json = "application/json";
    let accepted = [
        plain().header("content-type", json),
        plain().header("content-type", "application/json; charset=utf-8"),
        plain().header("content-type", "Application/JSON;charset=UTF-8;x=1"),
        plain().header("content-type", " application/json "),
        plain().header("content-type", json).body(&padded),
        plain().header("content-type", json).body(&nested),
        plain()
            .header("content-type", json)
            .body(&format!("\r\n\t {body}\n")),
        plain().header("content-type", json).base64_body(
            "eyJ1c2VybmFtZSI6ImRvY3Rvci5zbWl0aCIsInBhc3N3b3JkIjoic2VjdXJlLXBhc3N3b3JkIn0=",
        ),
    ];
    for sent in accepted {
        let reply = post(app, sent.clone()).await;
        assert_eq!(reply.status, 200, "{sent:?} {}", reply.text);
    }
}

#[tokio::test]
async fn only_active_users_of_active_tenants_from_allowed_addresses_sign_in() {
    let world = World::new().await;
    let app = world.instance_with::<SignIn>(without_address_limit).await;
    let networks = ["203.0.113.0/28", "2001:db8:1::/48"];
    change_tenant(&world, TENANT, |tenant| {
        let networks = networks.map(|network| network.parse().expect("a network"));
        tenant.policy.allowed_cidrs = networks.into();
    })
    .await;
    let addresses = [
        ("203.0.113.0", 200),
        ("203.0.113.15", 200),
        ("203.0.113.16", 401),
        ("203.0.112.255", 401),
        ("::ffff:203.0.113.15", 200),
        ("::ffff:203.0.113.16", 401),
        ("2001:db8:1:ffff::1", 200),
        ("2001:db8:2::1", 401),
    ];
    for (address, expected) in addresses {
        let forwarded = Sent::login(NAME, PASSWORD)
            .from(address)
            .header("x-forwarded-for", "203.0.113.1")
            .header("forwarded", "for=203.0.113.1");
        let reply = post(app, forwarded).await;
        assert_eq!(reply.status, expected, "{address}");
    }
    let other_tenant = post(
        app,
        Sent::login("user@example.com", "password").from("203.0.113.16"),
    );
    assert_eq!(other_tenant.await.status, 200);

    change_tenant(&world, "2001", |tenant| {
        tenant.status = TenantStatus::Suspended;
    })
    .await;
    let reply = post(app, Sent::login("user@example.com", "password")).await;
    assert_eq!(reply.status, 401);
    change_tenant(&world, "2001", |tenant| {
        tenant.status = TenantStatus::Active;
    })
    .await;
    // A user's row of another tenant than its name's is nobody's way in.
    change_user(&world, "1005", |user| user.tenant_id = TENANT.into()).await;
    let reply = post(app, Sent::login("user@example.com", "password")).await;
    assert_eq!((reply.status, &reply.body["userId"]), (401, &Value::Null));
}

#[tokio::test]
async fn a_password_counts_byte_for_byte_up_to_1024_bytes() {
    let world = World::new().await;
    let app = world.instance_with::<SignIn>(without_address_limit).await;
    let keys = app.passwords.keys(world.clock.now()).await.expect("keys");
    let longest = format!("{}\0 é\u{fffd}", "x".repeat(1024 - 7));
    assert_eq!(longest.len(), 1024);
    let cases = [
        (longest.clone(), longest.replace('\0', "\u{1}")),
        (" \t\r\n ".to_owned(), " \t\r\n".to_owned()),
        ("rené".to_owned(), "rene\u{301}".to_owned()),
        (
            "\"\\/\u{8}\u{1f600}".to_owned(),
            "\"/\u{8}\u{1f600}".to_owned(),
        ),
    ];
    for (password, other) in cases {
        let hash = app.passwords.hash(&keys, &USER.into(), &password);
        change_user(&world, USER, |user| {
            user.password_hash = Some(hash.expect("a hash"));
        })
        .await;
        for (typed, expected) in [(&other, 401), (&password, 200)] {
            let reply = post(app, Sent::login(NAME, typed)).await;
            assert_eq!(reply.status, expected, "{typed:?}");
        }
    }
}
