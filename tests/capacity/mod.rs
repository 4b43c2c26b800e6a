//! `docs/capacity.md`: what each call takes, as measured on the wire, and what that costs.

mod audit;
mod clients;
mod cost;
mod credentials;
mod limits;
mod rotation;
mod sessions;
mod users;

use std::collections::BTreeMap;

use crate::wire::Done;
use crate::world::World;

const PAGE: &str = include_str!("../../docs/capacity.md");

/// What a call takes: requests, read units, write units; in hundredths, since a busy caller's count
/// is a fraction of a write.
type Taken = [u32; 3];

/// What calls take, by endpoint and kind of call.
type Rows = BTreeMap<[String; 2], Taken>;

const READS: [&str; 3] = ["GetItem", "BatchGetItem", "Query"];

/// What these calls to AWS took. A refused write reports nothing, and DynamoDB takes a unit for it.
fn taken(calls: &[Done]) -> Taken {
    let units = |reads: bool| {
        let of = calls
            .iter()
            .filter(|done| READS.contains(&done.call.operation.as_str()) == reads);
        of.fold(0.0, |sum, done| {
            sum + if done.status == 400 { 1.0 } else { done.units }
        })
    };
    let requests = u32::try_from(calls.len()).expect("few");
    [
        requests * 100,
        hundredths(units(true)),
        hundredths(units(false)),
    ]
}

/// A number of the page, or of DynamoDB, in hundredths.
fn hundredths(number: f64) -> u32 {
    format!("{:.0}", number * 100.0).parse().expect("a number")
}

/// What was measured so far.
struct Measured {
    world: World,
    rows: Rows,
}

impl Measured {
    /// Notes what a call has taken since the last time, what counts on the general limits aside.
    fn note(&mut self, endpoint: &str, kind: &str) {
        let taken = taken(&self.world.wire.work());
        self.note_taken(endpoint, kind, taken);
    }

    fn note_taken(&mut self, endpoint: &str, kind: &str, taken: Taken) {
        let key = [endpoint, kind].map(str::to_owned);
        let before = self.rows.insert(key, taken);
        assert!(before.is_none(), "{endpoint}, {kind} twice");
    }
}

/// The cells of the page's table whose first heading this is.
fn table(heading: &str) -> Vec<Vec<&'static str>> {
    let lines = PAGE
        .lines()
        .skip_while(|line| !line.starts_with(&format!("| {heading} |")));
    let rows = lines.skip(2).take_while(|line| line.starts_with('|'));
    let rows = rows.map(|line| line.trim_matches('|').split('|').map(str::trim).collect());
    rows.collect()
}

/// A row as the page has it.
fn line([endpoint, kind]: &[String; 2], taken: Taken) -> String {
    let [requests, reads, writes] = taken.map(|of| f64::from(of) / 100.0);
    format!("| {endpoint} | {kind} | {requests} | {reads} | {writes} |")
}

/// What the page says that calls take.
fn documented() -> Rows {
    let rows = table("Endpoint").into_iter().map(|cells| {
        let [endpoint, kind, numbers @ ..] = &cells[..] else {
            panic!("{cells:?}");
        };
        let numbers = numbers
            .iter()
            .map(|cell| hundredths(cell.parse().expect("a number")));
        let numbers: Vec<u32> = numbers.collect();
        let taken = numbers.try_into().expect("three numbers");
        ([endpoint, kind].map(|cell| (*cell).to_owned()), taken)
    });
    rows.collect()
}

#[tokio::test]
async fn the_page_on_capacity_has_what_each_call_takes() {
    let mut measured = Measured {
        world: World::new().await,
        rows: Rows::new(),
    };
    measured.limits().await;
    measured.logins().await;
    measured.sessions().await;
    measured.password_changes().await;
    measured.credentials().await;
    measured.users().await;
    measured.clients().await;
    measured.recording().await;
    measured.open_endpoints().await;
    measured.open_to_anyone().await;
    measured.rotations().await;
    let documented = documented();
    let other = measured
        .rows
        .iter()
        .filter(|(row, taken)| documented.get(*row) != Some(taken));
    let lines: Vec<String> = other.map(|(row, taken)| line(row, *taken)).collect();
    assert!(lines.is_empty(), "not on the page:\n{}", lines.join("\n"));
    for row in documented.keys() {
        assert!(measured.rows.contains_key(row), "{row:?} is not measured");
    }
}
