//! The prices on the page, from what the page says that calls take.

use super::{PAGE, Taken, documented, table};
use crate::agreement::template::read;

/// A call whose price the page has.
struct Priced {
    name: &'static str,
    /// Its row among what calls take.
    row: [&'static str; 2],
    /// Whether it is counted on the general limits.
    counted: bool,
    milliseconds: f64,
    megabytes: f64,
    /// What `audit` is given of it: a batch of [`BATCH`].
    recorded: Option<&'static str>,
}

const CALLS: [Priced; 3] = [
    Priced {
        name: "logins",
        row: ["login", "from a known address"],
        counted: false,
        milliseconds: 40.0,
        megabytes: 1769.0,
        recorded: Some("three logins"),
    },
    Priced {
        name: "refreshes",
        row: ["refresh", "the usual"],
        counted: true,
        milliseconds: 12.0,
        megabytes: 256.0,
        recorded: Some("three refreshes"),
    },
    Priced {
        name: "validations",
        row: ["validate", "the usual"],
        counted: true,
        milliseconds: 10.0,
        megabytes: 256.0,
        recorded: None,
    },
];

/// Dollars for a million of each, but a GB of log lines.
const API: f64 = 1.0;
const INVOCATIONS: f64 = 0.2;
const GB_SECONDS: f64 = 13.3334;
const READ_UNITS: f64 = 0.125;
const WRITE_UNITS: f64 = 0.625;
const LOG_GB: f64 = 0.5;
const LOG_BYTES: f64 = 600.0;

/// How many events share a call of `audit`: a million a month are 0.39 a second, two in the five seconds
/// for which a first one waits.
const BATCH: f64 = 3.0;
/// What such a call takes, at the 256 MB of most functions.
const AUDIT_MILLISECONDS: f64 = 50.0;

/// Lambda's price of a million calls.
fn lambda(milliseconds: f64, megabytes: f64) -> f64 {
    INVOCATIONS + milliseconds / 1000.0 * megabytes / 1024.0 * GB_SECONDS
}

/// The price of a million events that are recorded in batches: units, function and log line.
fn audit([_, reads, writes]: Taken) -> f64 {
    let batch = f64::from(reads) / 100.0 * READ_UNITS
        + f64::from(writes) / 100.0 * WRITE_UNITS
        + lambda(AUDIT_MILLISECONDS, 256.0)
        + LOG_BYTES / 1000.0 * LOG_GB;
    batch / BATCH
}

#[test]
fn the_prices_on_the_page_are_those_of_what_calls_take() {
    let documented = documented();
    let of = |row: [&str; 2]| documented[&row.map(str::to_owned)];
    let expected: Vec<Vec<String>> = CALLS
        .iter()
        .map(|call| {
            let [_, reads, mut writes]: Taken = of(call.row);
            if call.counted {
                let [quiet, busy] = ["a quiet caller", "a busy caller"];
                writes += of(["a general limit", quiet])[2] + of(["a general limit", busy])[2];
            }
            let prices = [
                API,
                lambda(call.milliseconds, call.megabytes),
                f64::from(reads) / 100.0 * READ_UNITS,
                f64::from(writes) / 100.0 * WRITE_UNITS,
                call.recorded
                    .map_or(0.0, |batch| audit(of(["audit", batch]))),
                LOG_BYTES / 1000.0 * LOG_GB,
            ];
            let cells = prices.iter().copied().chain([prices.iter().sum()]);
            let cells = cells.map(|price| format!("{:.2}", price + 1e-9));
            std::iter::once(call.name.to_owned()).chain(cells).collect()
        })
        .collect();
    assert_eq!(table("A million"), expected);
}

/// So many alarms of an account cost nothing (CloudWatch pricing, free tier).
const FREE_ALARMS: usize = 10;

#[test]
fn an_idle_stack_costs_its_secrets_and_has_no_more_alarms_than_are_free() {
    let template = read();
    let resources = template["Resources"].as_object().unwrap();
    let with = |kind: &str| {
        resources
            .values()
            .filter(|resource| resource["Type"] == kind)
            .count()
    };
    let secrets = with("AWS::SecretsManager::Secret");
    let alarms = with("AWS::CloudWatch::Alarm");
    assert!(alarms <= FREE_ALARMS, "{alarms}");
    let cents = 40 * secrets;
    let price = format!(
        "An idle stack costs ${}.{:02} a month",
        cents / 100,
        cents % 100
    );
    assert!(PAGE.contains(&price), "{price}");
}
