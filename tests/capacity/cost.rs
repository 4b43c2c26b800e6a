//! The prices on the page, from what the page says that calls take.

use std::collections::BTreeMap;

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
/// API Gateway's own line of a call.
const ACCESS_LOG_BYTES: f64 = 400.0;

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
                (LOG_BYTES + ACCESS_LOG_BYTES) / 1000.0 * LOG_GB,
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

/// What a month of a resource costs in cents while nobody calls, by its type; of an alarm beyond those
/// that are free. Whatever else is in the template has to be priced before it can be there.
const IDLE: [(&str, usize); 16] = [
    // The domain's certificate is free; a Route 53 zone, which is not the stack's, is $0.50.
    ("AWS::ApiGatewayV2::ApiMapping", 0),
    ("AWS::ApiGatewayV2::DomainName", 0),
    ("AWS::CloudWatch::Alarm", 10),
    ("AWS::CloudWatch::Dashboard", 300),
    // On demand, and its stream is read by Lambda; storage of nothing.
    ("AWS::DynamoDB::Table", 0),
    ("AWS::IAM::Role", 0),
    ("AWS::KMS::Key", 100),
    ("AWS::Lambda::Permission", 0),
    ("AWS::Logs::LogGroup", 0),
    ("AWS::Route53::RecordSet", 0),
    ("AWS::SNS::Topic", 0),
    ("AWS::SQS::Queue", 0),
    ("AWS::SecretsManager::RotationSchedule", 0),
    ("AWS::SecretsManager::Secret", 40),
    ("AWS::Serverless::Function", 0),
    ("AWS::Serverless::HttpApi", 0),
];

/// Dollars as the page writes them.
fn dollars(cents: usize) -> String {
    format!("${}.{:02}", cents / 100, cents % 100)
}

#[test]
fn an_idle_stack_costs_less_than_a_dollar_and_what_costs_more_is_off_by_default() {
    let template = read();
    let resources = template["Resources"].as_object().unwrap();
    let (mut always, mut by_parameter, mut alarms) = (0, BTreeMap::new(), 0);
    for (name, resource) in resources {
        let kind = resource["Type"].as_str().unwrap();
        let priced = IDLE.iter().find(|(priced, _)| *priced == kind);
        let (_, cents) = priced.unwrap_or_else(|| panic!("what does {name} cost, {kind}?"));
        match resource["Condition"].as_str() {
            _ if kind == "AWS::CloudWatch::Alarm" => alarms += 1,
            None => always += cents,
            Some(condition) => *by_parameter.entry(condition).or_insert(0) += cents,
        }
    }
    assert!(alarms <= FREE_ALARMS, "{alarms}");
    assert!(always < 100, "{always} cents");
    let price = format!("An idle stack costs {} a month", dollars(always));
    assert!(PAGE.contains(&price), "{price}");
    // Each is a parameter whose default is off, and a line of the page.
    let switches = [
        ("HasOwnKey", "EncryptionKey", "aws"),
        ("HasDashboard", "Dashboard", "false"),
    ];
    for (condition, parameter, off) in switches {
        let cents = by_parameter.remove(condition).expect("a price");
        assert_eq!(template["Parameters"][parameter]["Default"], off);
        let line = format!("`{parameter}`: {} a month", dollars(cents));
        assert!(PAGE.contains(&line), "{line}");
    }
    assert!(
        by_parameter.values().all(|cents| *cents == 0),
        "{by_parameter:?}"
    );
    // And the alarms of a stack beside another, whose account has no free ones left.
    let line = format!("{alarms} alarms are {}", dollars(10 * alarms));
    assert!(PAGE.contains(&line), "{line}");
}
