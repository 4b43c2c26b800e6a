//! `docs/failures.md` names every call of every function, and the answer without it.

use std::collections::BTreeSet;

use super::flow::Need::{self, May, Must};
use super::flow::operation;
use super::{
    address, another_tenant, audit, authorizer, change_password, client_admin, clients,
    credentials, invites, login, refresh, rotation, token, users,
};

const PAGE: &str = include_str!("../../docs/failures.md");

/// Endpoint, call, request and answer.
type Row = [String; 4];

/// What records a refusal.
const EVENT: (&str, Need) = ("event", Must);

/// The calls that the tests of this folder break.
fn broken() -> BTreeSet<Row> {
    let mut flows: Vec<(&str, &[(&'static str, Need)])> = vec![
        ("login", &login::CALLS),
        ("login", &[("count with a wait", Must), ("rehash", May)]),
        ("login", &[EVENT]),
        ("refresh", &refresh::CALLS),
        ("refresh", &[("revoke", Must), EVENT]),
        ("refresh", &address::REFRESH),
        ("me", &token::READS),
        ("me", &address::WITH_TOKEN),
        ("validate", &token::READS),
        ("validate", &address::WITH_TOKEN),
        ("logout", &token::LOGOUT),
        ("logout", &[EVENT]),
        ("change-password", &change_password::CALLS),
        ("change-password", &[EVENT]),
        ("list-users", &users::LIST),
        ("list-users", &[EVENT]),
        ("invite-user", &invites::TAKE_OVER),
        ("invite-user", &[EVENT]),
        ("accept-invite", &invites::ACCEPT),
        ("accept-invite", &[EVENT]),
        ("update-user", &users::CHANGE),
        ("update-user", &users::RENAME),
        ("update-user", &[EVENT]),
        ("delete-user", &users::CHANGE),
        ("delete-user", &[EVENT]),
        ("authorizer", &authorizer::LIVE),
        ("authorizer", &authorizer::BY_CLAIMS),
        ("aws-credentials", &credentials::CALLS),
        ("aws-credentials", &[EVENT]),
        ("nvidia-credentials", &credentials::CALLS),
        ("nvidia-credentials", &[EVENT]),
        ("list-audit-log", &audit::LIST),
        ("list-audit-log", &[EVENT]),
        ("metrics", &audit::METRICS),
        ("client-auth", &clients::AUTH),
        ("client-auth", &clients::AUTH_REFUSED),
        ("client-refresh", &clients::REFRESH),
        ("client-refresh", &clients::STATUS),
        ("client-refresh", &[("revoke", Must), EVENT]),
        ("rotate-keys", &rotation::KEYS),
        ("rotate-keys", &rotation::PASSWORDS),
        ("jwks", &token::JWKS),
        ("discovery", &token::JWKS),
        ("readyz", &token::JWKS),
    ];
    flows.extend(another_tenant::ENDPOINTS.map(|endpoint| (endpoint, &another_tenant::NAMED[..])));
    let administration = [
        "list-clients",
        "create-client",
        "update-client",
        "delete-client",
        "create-client-key",
        "delete-client-key",
    ]
    .map(|endpoint| (endpoint, client_admin::administration(endpoint)));
    for (endpoint, calls) in &administration {
        flows.extend([(*endpoint, &calls[..]), (*endpoint, &[EVENT])]);
    }
    let rows = flows.iter().flat_map(|(endpoint, calls)| {
        calls.iter().map(|(call, need)| {
            let answer = match *endpoint {
                _ if *need == May => "as usual",
                // API Gateway's, whose authorizer has failed.
                "authorizer" => "500",
                // Lambda's, to Secrets Manager.
                "rotate-keys" => "fails",
                _ => "503",
            };
            [*endpoint, call, operation(call), answer].map(str::to_owned)
        })
    });
    rows.collect()
}

fn documented() -> BTreeSet<Row> {
    let lines = PAGE.lines().filter(|line| line.starts_with("| "));
    let rows = lines.map(|line| {
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        let [endpoint, call, request, _, answer] = cells[..] else {
            panic!("not five cells: {line}");
        };
        [endpoint, call, request, answer].map(str::to_owned)
    });
    rows.skip(1).collect()
}

#[test]
fn the_page_on_failures_has_the_calls_and_answers_that_are_tested() {
    let (documented, broken) = (documented(), broken());
    let missing: Vec<_> = broken.difference(&documented).collect();
    let more: Vec<_> = documented.difference(&broken).collect();
    assert!(missing.is_empty(), "not on the page: {missing:?}");
    assert!(more.is_empty(), "not tested: {more:?}");
}
