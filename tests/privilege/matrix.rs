//! Every function against every row, every other function's among them, and every secret: denied, but
//! for what the tour has seen it use.

use std::collections::BTreeSet;

use serde_json::json;
use shared::clock::Timestamp;
use shared::store::event::{EventType, Outcome};
use shared::store::key::Key;

use super::ask::Ask;
use super::policy::Policy;
use super::proof::asked;
use super::template::{INDEX, QUEUE, TABLE, operator, secret};
use super::{ROLES, Role, Roles};

/// Everything that can be done with rows.
const ACTIONS: [&str; 14] = [
    "BatchGetItem",
    "BatchWriteItem",
    "ConditionCheckItem",
    "DeleteItem",
    "GetItem",
    "PartiQLDelete",
    "PartiQLInsert",
    "PartiQLSelect",
    "PartiQLUpdate",
    "PutItem",
    "Query",
    "ReadDataForReplication",
    "Scan",
    "UpdateItem",
];

/// What writes.
const WRITES: [&str; 7] = [
    "BatchWriteItem",
    "DeleteItem",
    "PartiQLDelete",
    "PartiQLInsert",
    "PartiQLUpdate",
    "PutItem",
    "UpdateItem",
];

/// A row of every entity, by its partition key.
fn rows() -> Vec<Key> {
    vec![
        Key::user(&"1".into()),
        Key::seen(&"1".into()),
        Key::session(&"1".into(), &"2".into()),
        Key::client_session(&"1".into(), &"2".into()),
        Key::client(&"1".into()),
        Key::api_key(&"1".into()),
        Key::invite("1"),
        Key::admins(&"1".into()),
        Key::login_name("1"),
        Key::strangers("1"),
        Key::tenant(&"1".into()),
        Key::window("login", "1", 1),
        Key::event(&"1".into()),
        Key::audit_position("1", &Timestamp::from_seconds(0).day(), 0, "1"),
        Key::counter(0, EventType::AuthnLoginSuccess, Outcome::Success),
        Key::mark("1"),
        Key::public_keys(),
    ]
}

/// What stands before the first `#`, and it: all that IAM can tell rows by.
fn prefix(partition: &str) -> &str {
    let end = partition.find('#').map_or(partition.len(), |at| at + 1);
    &partition[..end]
}

/// Every function's role, with and without operators named.
fn all() -> impl Iterator<Item = (&'static str, &'static Role)> {
    ROLES.iter().flat_map(Roles::all)
}

#[test]
fn the_matrix_has_a_row_of_every_entity_that_a_role_names() {
    let rows = rows();
    let known: BTreeSet<&str> = rows.iter().map(|row| prefix(row.partition())).collect();
    assert_eq!(known.len(), rows.len(), "an entity each");
    for (name, role) in all() {
        for key in role
            .grants()
            .iter()
            .filter_map(|grant| grant.key.as_deref())
        {
            let named = key.strip_suffix('*').unwrap_or(key);
            assert!(known.contains(named), "{name}: {key}");
        }
    }
}

#[tokio::test]
async fn no_function_reaches_a_row_that_it_does_not_use() {
    let asked = asked().await;
    let resources = [
        TABLE.to_owned(),
        format!("{INDEX}by_tenant"),
        format!("{INDEX}other"),
    ];
    let (mut allowed, mut denied) = (0, 0);
    for (name, role) in all() {
        let mut used = BTreeSet::new();
        for ask in asked.get(name).into_iter().flatten() {
            for key in &ask.keys {
                used.insert((&*ask.action, &*ask.resource, prefix(key)));
            }
        }
        for (action, resource) in ACTIONS
            .iter()
            .flat_map(|action| resources.iter().map(move |on| (action, on)))
        {
            for row in rows() {
                let mut ask = Ask::rows(action, &[row.partition()]);
                ask.resource.clone_from(resource);
                let uses = used.contains(&(&*ask.action, &**resource, prefix(row.partition())));
                assert_eq!(role.allows(&ask), uses, "{name}: {ask}");
                if uses {
                    allowed += 1;
                    continue;
                }
                denied += 1;
                // Nor beside one that it may use.
                for (_, _, key) in used
                    .iter()
                    .filter(|(of, on, _)| *of == ask.action && on == resource)
                {
                    let mut beside = Ask::rows(action, &[key, row.partition()]);
                    beside.resource.clone_from(resource);
                    assert!(!role.allows(&beside), "{name}: {beside}");
                }
            }
            // Nor what has no key, or one that is nobody's.
            for keys in [&[][..], &[""], &["*"], &["OTHER#1"], &["USER"], &["KEYS#1"]] {
                let mut ask = Ask::rows(action, keys);
                ask.resource.clone_from(resource);
                assert!(!role.allows(&ask), "{name}: {ask}");
            }
        }
    }
    assert!(allowed > 200 && denied > 10_000, "{allowed} {denied}");
}

#[tokio::test]
async fn no_function_reaches_a_secret_or_a_queue_that_it_does_not_use() {
    let asked = asked().await;
    let secrets = [
        secret(local::KEYS_SECRET),
        secret(local::PASSWORDS_SECRET),
        secret(&format!("{}acme", local::CREDENTIALS_PREFIX)),
    ];
    let of_secrets = [
        "DeleteSecret",
        "DescribeSecret",
        "GetSecretValue",
        "ListSecrets",
        "PutResourcePolicy",
        "PutSecretValue",
        "RotateSecret",
        "UpdateSecret",
        "UpdateSecretVersionStage",
    ];
    let of_queues = [
        "DeleteMessage",
        "PurgeQueue",
        "ReceiveMessage",
        "SendMessage",
    ];
    let mut everything: Vec<Ask> = Vec::new();
    for action in of_secrets {
        let action = format!("secretsmanager:{action}");
        everything.extend(secrets.iter().map(|secret| Ask::other(&action, secret)));
        let others = [secret("somebody-elses"), "*".to_owned()];
        everything.extend(others.iter().map(|secret| Ask::other(&action, secret)));
    }
    for action in of_queues {
        let action = format!("sqs:{action}");
        everything.extend([QUEUE, "*"].map(|queue| Ask::other(&action, queue)));
    }
    for (name, role) in all() {
        for ask in &everything {
            let tenants = secrets[2].rsplit_once("acme").expect("a tenant").0;
            let uses = asked.get(name).into_iter().flatten().any(|used| {
                let the_same = used.resource == ask.resource
                    || used.resource.starts_with(tenants) && ask.resource.starts_with(tenants);
                used.action == ask.action && the_same
            });
            assert_eq!(role.allows(ask), uses, "{name}: {ask}");
        }
    }
}

#[test]
fn the_tables_policy_denies_writes_to_the_public_keys_even_to_a_role_that_is_given_too_much() {
    let everything = Policy::parse(&json!({
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}],
    }));
    for (name, role) in all() {
        let role = role.with_own(&everything);
        for action in ACTIONS {
            let may = name == "rotate-keys" || !WRITES.contains(&action);
            let keys = Ask::rows(action, &["KEYS"]);
            assert_eq!(role.allows(&keys), may, "{name}: {keys}");
            let beside = Ask::rows(action, &["USER#1", "KEYS"]);
            assert_eq!(role.allows(&beside), may, "{name}: {beside}");
            let other = Ask::rows(action, &["USER#1"]);
            assert!(role.allows(&other), "{name}: {other}");
        }
    }
}

#[test]
fn the_public_keys_are_written_by_operators_and_where_they_are_named_by_no_other_person() {
    let everything = Policy::parse(&json!({
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}],
    }));
    let [unnamed, named] = &*ROLES;
    let writes = Ask::rows("UpdateItem", &["KEYS"]);
    let me = |roles: &Roles| roles.role("me").expect("a role").with_own(&everything);
    let as_person = |mut role: Role, arn: &str| {
        role.arn = arn.to_owned();
        role.allows(&writes)
    };
    let somebody = "arn:aws:iam::123456789012:role/developers/somebody";
    assert!(as_person(me(named), &operator()));
    assert!(!as_person(me(named), somebody));
    assert!(as_person(me(unnamed), somebody));
}
