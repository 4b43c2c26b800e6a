//! The rules of a tenant, flag by flag.

use serde_json::{Value, json};

use super::super::empty;

/// A flag, a value of it, where that stands in the policy and as what; and two values that are refused.
type Rule = (
    &'static str,
    &'static str,
    &'static str,
    Value,
    [&'static str; 2],
);

fn rules() -> [Rule; 11] {
    let own = "10.0.0.0/8,2001:db8::/32";
    [
        (
            "access-token",
            "14d",
            "/access_token_seconds",
            json!(1_209_600),
            ["59s", "15d"],
        ),
        (
            "refresh-tokens",
            "off",
            "/refresh_tokens",
            json!(false),
            ["no", ""],
        ),
        (
            "refresh-idle",
            "60s",
            "/refresh_idle_seconds",
            json!(60),
            ["0m", "91d"],
        ),
        (
            "refresh-max",
            "90d",
            "/refresh_max_seconds",
            json!(7_776_000),
            ["30", "2161h"],
        ),
        (
            "client-access-token",
            "1m",
            "/client_access_token_seconds",
            json!(60),
            ["-1m", "20161m"],
        ),
        (
            "client-refresh-idle",
            "15d",
            "/client_refresh_idle_seconds",
            json!(1_296_000),
            ["d", "1y"],
        ),
        (
            "client-refresh-max",
            "30d",
            "/client_refresh_max_seconds",
            json!(2_592_000),
            ["1.5d", "99999999999999999999d"],
        ),
        (
            "rate-limit",
            "1000000",
            "/rate_limit",
            json!(1_000_000),
            ["0", "1000001"],
        ),
        (
            "password-min-length",
            "64",
            "/password/min_length",
            json!(64),
            ["5", "65"],
        ),
        (
            "password-check-strength",
            "off",
            "/password/check_strength",
            json!(false),
            ["yes", "1"],
        ),
        (
            "allowed-cidrs",
            own,
            "/allowed_cidrs",
            json!(["10.0.0.0/8", "2001:db8::/32"]),
            ["10.0.0.1/8", "ten"],
        ),
    ]
}

#[tokio::test]
async fn each_rule_is_set_within_its_bounds_and_taken_back_by_default() {
    let (_stores, gatehouse) = empty().await;
    gatehouse.done(&["tenants", "create", "acme"]).await;
    let before = gatehouse.json(&["tenants", "show", "acme"]).await;
    for (flag, good, member, value, bad) in rules() {
        let flag = format!("--{flag}");
        let set = |value: &str| {
            let value = format!("{flag}={value}");
            [
                "tenants".to_owned(),
                "set".to_owned(),
                "acme".to_owned(),
                value,
            ]
        };
        for bad in bad {
            let arguments = set(bad);
            let ran = gatehouse
                .run(&arguments.each_ref().map(String::as_str))
                .await;
            assert_eq!(ran.code, 2, "{arguments:?}: {ran:?}");
            assert!(
                ran.stderr.contains("invalid value"),
                "{arguments:?}: {ran:?}"
            );
        }
        let arguments = set(good);
        let after = gatehouse
            .json(&arguments.each_ref().map(String::as_str))
            .await;
        assert_eq!(
            after["policy"].pointer(member),
            Some(&value),
            "{arguments:?}"
        );
        let arguments = set("default");
        let after = gatehouse
            .json(&arguments.each_ref().map(String::as_str))
            .await;
        assert_eq!(after, before, "{arguments:?}");
    }
    let ran = gatehouse.run(&["tenants", "set", "acme"]).await;
    ran.assert_failed(2, "what is to be changed? --help lists what can be");
}

#[tokio::test]
async fn networks_are_added_and_taken_away_one_by_one() {
    let (_stores, gatehouse) = empty().await;
    gatehouse.done(&["tenants", "create", "acme"]).await;
    let set = async |flags: &[&str]| {
        let arguments = [&["tenants", "set", "acme"], flags].concat();
        let tenant = gatehouse.json(&arguments).await;
        tenant["policy"]["allowed_cidrs"].clone()
    };
    let one = set(&["--allow-cidr", "203.0.113.7"]).await;
    assert_eq!(one, json!(["203.0.113.7/32"]));
    let two = set(&["--allow-cidr", "10.0.0.0/8", "--allow-cidr", "10.0.0.0/8"]).await;
    assert_eq!(two, json!(["203.0.113.7/32", "10.0.0.0/8"]));
    let other = set(&["--disallow-cidr", "203.0.113.7"]).await;
    assert_eq!(other, json!(["10.0.0.0/8"]));
    // Without its last network a tenant would be open to all: nobody means that by taking one away.
    let ran = gatehouse.run(&["tenants", "set", "acme", "--disallow-cidr", "10.0.0.0/8"]);
    ran.await.assert_failed(
        1,
        "10.0.0.0/8 is the last one that is allowed: without it any would be, which --allowed-cidrs \
         default says",
    );
    let ran = gatehouse
        .run(&["tenants", "set", "acme", "--disallow-cidr", "11.0.0.0/8"])
        .await;
    ran.assert_failed(1, "11.0.0.0/8 is none of the networks that are allowed");
    assert_eq!(set(&["--allowed-cidrs", "default"]).await, json!([]));
}
