//! Whatever any function does, the audit log has its events, each of them once.

use std::collections::BTreeMap;

use serde_json::Value;

use super::tour::visits;
use crate::calls::events;

#[tokio::test]
async fn every_event_of_every_function_is_in_the_audit_log_once() {
    let visits = visits().await;
    let mut logged: BTreeMap<&str, usize> = BTreeMap::new();
    let mut counted = 0;
    let calls = visits.iter().filter(|visit| visit.function == "audit");
    for done in calls.flat_map(|visit| &visit.calls) {
        let body = &done.call.body;
        let tables = body["RequestItems"].as_object().into_iter().flatten();
        for put in tables.flat_map(|(_, rows)| rows.as_array().into_iter().flatten()) {
            let id = &put["PutRequest"]["Item"]["id"]["S"];
            *logged.entry(id.as_str().expect("an id")).or_default() += 1;
        }
        for change in body["TransactItems"].as_array().into_iter().flatten() {
            let more = &change["Update"]["ExpressionAttributeValues"][":more"]["N"];
            counted += more
                .as_str()
                .map_or(0, |more| more.parse().expect("a number"));
        }
    }
    assert!(logged.values().all(|times| *times == 1), "{logged:?}");
    assert_eq!(logged.len(), counted);
    let mut kinds: BTreeMap<String, usize> = BTreeMap::new();
    // What is done after the log was last written is not in it yet.
    let last = visits.iter().rposition(|visit| visit.function == "audit");
    let before = &visits[..=last.expect("a batch")];
    for event in before.iter().flat_map(|visit| events(&visit.calls)) {
        let (id, kind) = (text(&event, "id"), text(&event, "type"));
        assert!(logged.contains_key(id), "{kind} is not in the log");
        *kinds.entry(kind.to_owned()).or_default() += 1;
    }
    for kind in [
        "authn_login_success",
        "authn_login_fail",
        "authn_login_lock",
        "authn_password_change",
        "authn_password_change_fail",
        "authn_token_created",
        "authn_token_reuse",
        "authn_token_revoked",
        "authz_change",
        "authz_fail",
        "excess_rate_limit_exceeded",
        "session_expired",
        "session_renewed",
        "user_archived",
        "user_created",
        "user_deleted",
        "user_updated",
    ] {
        assert!(kinds.contains_key(kind), "no {kind}: {kinds:?}");
    }
}

fn text<'a>(event: &'a Value, name: &str) -> &'a str {
    event[name].as_str().expect("a text")
}
