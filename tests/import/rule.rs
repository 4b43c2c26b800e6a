//! The rule itself, in process: what a row takes, and that races leave the admins' count right.

use futures_util::future::join_all;
use shared::address::Address;
use shared::app::Changing;
use shared::auth::admin::Admin;
use shared::auth::login_name::LoginName;
use shared::auth::users::import::{Arrival, Came, Newcomer, bring, derived_id};
use shared::call::Call;
use shared::id::UserId;
use shared::role::Role;
use shared::store::user::UserStatus;
use zeroize::Zeroizing;

use super::HASH;
use crate::users::{ALICES, admin_count};
use crate::wire::Act;
use crate::world::World;

fn arrival(name: &str, role: &str) -> Arrival {
    let email = format!("{name}@example.org");
    Arrival {
        id: None,
        email: (
            email.clone(),
            LoginName::new_email(&email).expect("an address"),
        ),
        username: Some((
            name.to_owned(),
            LoginName::new_username(name).expect("a name"),
        )),
        role: Role::parse(role).expect("a role"),
        status: UserStatus::Active,
        name: Some("Jane Doe".to_owned()),
        organization: None,
        aws_region: None,
        email_verified: true,
        is_demo: false,
        user_type: Vec::new(),
        password_hash: Some(Zeroizing::new(HASH.to_owned())),
        invite: None,
        created_at: None,
        updated_at: None,
        last_login: None,
    }
}

fn call(world: &World) -> Call {
    let agent = "gatehouse/0.1.0 arn:aws:sts::123456789012:assumed-role/operator/somebody";
    let request = shared::random::uuid();
    Call::new(
        &request,
        world.clock.now(),
        Address::NONE,
        agent,
        String::new(),
    )
}

struct Importer {
    world: World,
    app: &'static Changing,
}

impl Importer {
    async fn new() -> Self {
        let world = World::new().await;
        let app = world.instance().await;
        Self { world, app }
    }

    async fn newcomer(&self, arrival: Arrival) -> Newcomer {
        let keys = self.app.passwords.keys(self.world.clock.now()).await;
        let admin = Admin::operator(ALICES.into());
        Newcomer::new(&call(&self.world), &admin, &keys.expect("keys"), arrival)
    }

    async fn bring(&self, newcomer: &Newcomer) -> Result<Came, shared::error::Error> {
        let keys = self.app.passwords.keys(self.world.clock.now()).await;
        bring(&self.app.base, newcomer, &keys.expect("keys")).await
    }
}

/// `docs/import.md` has these numbers.
#[tokio::test]
async fn a_row_is_one_request_and_a_handful_of_write_units() {
    let importer = Importer::new().await;
    let mut measured = Vec::new();
    let mut plain = arrival("plain", "member");
    plain.username = None;
    for arrival in [plain, arrival("named", "member"), arrival("boss", "admin")] {
        let newcomer = importer.newcomer(arrival).await;
        importer.world.wire.take();
        assert_eq!(importer.bring(&newcomer).await, Ok(Came::New));
        let done = importer.world.wire.take();
        let units: f64 = done.iter().map(|done| done.units).sum();
        measured.push((done.len(), units));
    }
    println!("requests and write units of a row: {measured:?}");
    assert_eq!(measured, [(1, 5.0), (1, 7.0), (1, 9.0)]);
    // Somebody who is there already: the refused transaction, and a look.
    let newcomer = importer.newcomer(arrival("named", "member")).await;
    importer.world.wire.take();
    assert_eq!(importer.bring(&newcomer).await, Ok(Came::Already));
    assert_eq!(importer.world.wire.take().len(), 2);
}

#[tokio::test]
async fn a_row_whose_answer_was_lost_knows_itself() {
    let importer = Importer::new().await;
    let newcomer = importer.newcomer(arrival("lost", "admin")).await;
    importer
        .world
        .wire
        .rule(|call| match call.operation.as_str() {
            "TransactWriteItems" => Act::Lose,
            _ => Act::Pass,
        });
    assert!(importer.bring(&newcomer).await.is_err());
    importer.world.wire.heal();
    assert_eq!(importer.bring(&newcomer).await, Ok(Came::New));
    assert_eq!(admin_count(&importer.world, ALICES).await, 2);
}

#[tokio::test]
async fn of_many_rows_at_once_for_one_name_one_wins_and_the_count_is_right() {
    let importer = Importer::new().await;
    let mut newcomers = Vec::new();
    for number in 0..12 {
        let mut arrival = arrival("same", "admin");
        arrival.id = Some(UserId::from(format!("racer-{number}").as_str()));
        newcomers.push(importer.newcomer(arrival).await);
    }
    let came = join_all(newcomers.iter().map(|newcomer| importer.bring(newcomer))).await;
    let new = came.iter().filter(|came| **came == Ok(Came::New)).count();
    assert_eq!(new, 1, "{came:?}");
    assert_eq!(admin_count(&importer.world, ALICES).await, 2);
}

/// The same race where the table heeds no condition: then all of them seem to win.
#[tokio::test]
async fn without_the_conditions_all_of_them_would_seem_to_win() {
    let importer = Importer::new().await;
    importer.world.wire.rule(|_| Act::Unconditional);
    for number in 0..3 {
        let mut arrival = arrival("same", "admin");
        arrival.id = Some(UserId::from(format!("racer-{number}").as_str()));
        let newcomer = importer.newcomer(arrival).await;
        assert_eq!(importer.bring(&newcomer).await, Ok(Came::New));
    }
    assert_eq!(admin_count(&importer.world, ALICES).await, 4);
}

#[test]
fn a_derived_id_is_the_tenants_and_the_canonical_addresss_alone() {
    let name = |text| LoginName::new_email(text).expect("an address");
    let id = |tenant: &str, text| derived_id(&tenant.into(), &name(text));
    assert_eq!(id("acme", "a@example.com"), id("acme", "A@Example.com"));
    assert_ne!(id("acme", "a@example.com"), id("acme", "b@example.com"));
    assert_ne!(id("acme", "a@example.com"), id("acm", "ea@example.com"));
    // A UUID of version 8 (RFC 9562), the same for ever: a second import of another release finds it.
    assert_eq!(
        id("acme", "a@example.com").as_str(),
        "f84fb2c2-aaef-87aa-8984-fda49b1ff934"
    );
}
