//! Rows that are not what they should be: refused, never guessed at, and nobody panics.

use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::json;
use shared::app::{App, Changing, Sessions, SignIn, Verifying};
use shared::error::Error;
use shared::http::{Answer, Request};

use super::refresh::signed_in;
use crate::exchange::{Sent, send};
use crate::world::{Rows, World};

/// What may stand in place of an attribute: nothing, or a value of another type.
pub fn wrongs(right: Option<&AttributeValue>) -> Vec<Option<AttributeValue>> {
    let wrongs = [
        AttributeValue::S("\u{0}not it".to_owned()),
        AttributeValue::N("-1.5".to_owned()),
        AttributeValue::N("99999999999999999999999999".to_owned()),
        AttributeValue::Bool(true),
        AttributeValue::M([("a".to_owned(), AttributeValue::Bool(true))].into()),
    ];
    let same = |wrong: &AttributeValue| {
        right.is_some_and(|right| std::mem::discriminant(right) == std::mem::discriminant(wrong))
    };
    let mut wrongs: Vec<_> = wrongs
        .into_iter()
        .filter(|wrong| !(same(wrong) && matches!(wrong, AttributeValue::S(_))))
        .filter(|wrong| right != Some(wrong))
        .map(Some)
        .collect();
    wrongs.push(None);
    wrongs
}

/// Calls the handler itself: a panic ends the test.
async fn call<A, H, F>(app: &'static A, handle: H, sent: Sent) -> Result<Answer, Error>
where
    A: App,
    H: Fn(&'static A, Request) -> F,
    F: Future<Output = Result<Answer, Error>>,
{
    let base = app.base();
    let request = Request::new(sent.into_request(), base.clock.now(), &base.config)?;
    handle(app, request).await
}

/// Puts every wrong value into every attribute of each row of this kind, and sends the request.
/// Gives how many were refused as malformed.
pub(super) async fn each_wrong<A, H, F>(
    world: &World,
    rows: &Rows,
    kind: &str,
    app: &'static A,
    handle: H,
    sent: &Sent,
) -> usize
where
    A: App,
    H: Fn(&'static A, Request) -> F + Copy,
    F: Future<Output = Result<Answer, Error>>,
{
    let mut refused = 0;
    for row in rows.iter().filter(|((pk, _), _)| pk.starts_with(kind)) {
        let (key, row) = row;
        // DynamoDB itself holds the types of the keys.
        let keys = ["pk", "sk", "tenant_pk", "tenant_sk"];
        for attribute in row.keys().filter(|name| !keys.contains(&name.as_str())) {
            for wrong in wrongs(row.get(attribute)) {
                let name = format!("{key:?} {attribute} {wrong:?}");
                let mut row = row.clone();
                match wrong {
                    Some(wrong) => row.insert(attribute.clone(), wrong),
                    None => row.remove(attribute),
                };
                world.restore(rows).await;
                world.put(row).await;
                match call(app, handle, sent.clone()).await {
                    Err(Error::Internal(what)) => {
                        assert!(!what.contains("panic"), "{name}");
                        refused += 1;
                    }
                    // What nothing reads, and what may be absent, does no harm; and a condition on it
                    // may not hold any more.
                    Ok(_)
                    | Err(
                        Error::LoginRefused
                        | Error::TokenInvalid
                        | Error::RefreshRefused
                        | Error::ApiKeyRefused
                        | Error::ClientSuspended
                        | Error::NotFound(_)
                        | Error::CurrentPasswordWrong
                        | Error::TooManyLogins(_)
                        | Error::Unavailable(_),
                    ) => {}
                    Err(other) => panic!("{name}: {other}"),
                }
            }
        }
    }
    world.restore(rows).await;
    refused
}

#[tokio::test]
async fn a_malformed_row_refuses_whoever_needs_it_and_nobody_panics() {
    let (world, tokens) = signed_in().await;
    let rows = world.rows().await;
    let verifying = world.instance::<Verifying>().await;
    let me = Sent::get("/api/auth/me").bearer(tokens.member("token"));
    for kind in ["SESSION#", "USER#", "TENANT#"] {
        let refused = each_wrong(&world, &rows, kind, verifying, me::handle, &me).await;
        assert!(refused > 0, "{kind}");
    }
    let sessions = world.instance::<Sessions>().await;
    let refresh = Sent::refresh(tokens.member("refreshToken"));
    for kind in ["USER#", "TENANT#", "SESSION#"] {
        each_wrong(&world, &rows, kind, sessions, refresh::handle, &refresh).await;
    }
    let logout = Sent::new("POST", "/api/auth/logout").bearer(tokens.member("token"));
    each_wrong(&world, &rows, "SESSION#", sessions, logout::handle, &logout).await;
    let me = send(verifying, me::handle, me).await;
    assert_eq!(me.status, 200, "{}", me.body["message"]);
}

#[tokio::test]
async fn a_login_at_malformed_rows_is_refused_and_nobody_panics() {
    let (world, tokens) = signed_in().await;
    let app = world
        .instance_with::<SignIn>(|config| config.login_rate_limit = 1_000_000)
        .await;
    let mut rows = world.rows().await;
    rows.retain(|(pk, _), _| !pk.starts_with("RATE#"));
    let login = Sent::login("doctor.smith", "secure-password");
    for kind in ["LOGIN#", "USER#", "TENANT#", "FAIL#"] {
        let refused = each_wrong(&world, &rows, kind, app, login::handle, &login).await;
        assert!(refused > 0, "{kind}");
    }
    let change = json!({"currentPassword": "secure-password", "newPassword": "another-password"});
    let change = Sent::post("/api/auth/change-password", &change).bearer(tokens.member("token"));
    let app = world.instance::<Changing>().await;
    for kind in ["SESSION#", "USER#"] {
        let refused = each_wrong(&world, &rows, kind, app, change_password::handle, &change).await;
        assert!(refused > 0, "{kind}");
    }
}

#[tokio::test]
async fn a_malformed_row_is_answered_500_and_its_kind_alone_is_logged() {
    let (world, tokens) = signed_in().await;
    let right = world.rows().await;
    let app = world.instance::<Verifying>().await;
    let me = Sent::get("/api/auth/me").bearer(tokens.member("token"));
    for (kind, what) in [("SESSION#", "session"), ("USER#user-123456", "user")] {
        let mut rows = right.iter().filter(|((pk, _), _)| pk.starts_with(kind));
        let (_, row) = rows.next().expect("a row");
        let mut row = row.clone();
        row.insert("epoch".to_owned(), AttributeValue::S("secret".to_owned()));
        world.put(row).await;
        let answer = send(app, me::handle, me.clone()).await;
        assert_eq!(answer.status, 500, "{}", answer.body["message"]);
        assert_eq!(answer.body["error"], "Internal server error");
        let refusal = call(app, me::handle, me.clone()).await.unwrap_err();
        assert_eq!(
            refusal,
            Error::Internal(format!("table: malformed row: {what}"))
        );
        world.restore(&right).await;
        assert_eq!(send(app, me::handle, me.clone()).await.status, 200);
    }
}
