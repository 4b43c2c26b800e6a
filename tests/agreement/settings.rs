//! Environment variables and their bounds: the template sets what `shared::config` reads.

use std::cell::RefCell;
use std::collections::BTreeSet;

use serde_json::{Value, json};
use shared::config::{Config, StartError};
use shared::http::error::RETRY_SECONDS;
use shared::keys::SigningAlgorithm;

use super::template::{functions, read};

/// What Lambda itself sets.
const OF_LAMBDA: [&str; 3] = [
    "AWS_REGION",
    "AWS_LAMBDA_FUNCTION_NAME",
    "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
];
/// What is heeded only where `STAGE=local`, which the template cannot set.
const OF_LOCAL: [&str; 3] = [
    "AWS_ENDPOINT_URL_DYNAMODB",
    "AWS_ENDPOINT_URL_SECRETS_MANAGER",
    "AWS_ENDPOINT_URL_SQS",
];

/// Seconds that the clocks of two instances may be apart.
const APART: i64 = 5;

/// The settings with those that must be set, and `name` as given.
fn config(name: &str, value: &str) -> Result<Config, StartError> {
    Config::from(|wanted| match wanted {
        _ if wanted == name => Some(value.to_owned()),
        "STAGE" | "AWS_REGION" | "TABLE_NAME" | "AUDIENCE" => Some("set".to_owned()),
        _ => None,
    })
}

#[test]
fn the_template_sets_exactly_the_variables_that_the_functions_read() {
    let wanted = RefCell::new(BTreeSet::new());
    for stage in ["local", "prod"] {
        let read = Config::from(|name| {
            wanted.borrow_mut().insert(name.to_owned());
            match name {
                "STAGE" => Some(stage.to_owned()),
                "AWS_REGION" | "TABLE_NAME" | "AUDIENCE" => Some("set".to_owned()),
                _ => None,
            }
        });
        read.unwrap();
    }
    let mut wanted = wanted.into_inner();
    for name in OF_LAMBDA.iter().chain(&OF_LOCAL) {
        assert!(wanted.remove(*name), "{name} is read no more");
    }

    let template = read();
    let shared = &template["Globals"]["Function"]["Environment"]["Variables"];
    let mut set: BTreeSet<String> = shared.as_object().unwrap().keys().cloned().collect();
    for function in functions().values() {
        set.extend(function.environment.keys().cloned());
    }
    assert_eq!(set, wanted);
}

#[test]
fn no_stage_of_the_template_is_the_local_one() {
    let template = read();
    let stages = &template["Parameters"]["Stage"]["AllowedValues"];
    assert!(!stages.as_array().unwrap().contains(&"local".into()));
    for name in OF_LOCAL {
        let text = std::fs::read_to_string(local::template::workspace().join("template.yaml"));
        assert!(!text.unwrap().contains(name), "{name}");
    }
    // And elsewhere they are not heeded.
    let config = config("AWS_ENDPOINT_URL_DYNAMODB", "http://127.0.0.1:1").unwrap();
    assert_eq!(config.dynamodb_endpoint, None);
}

#[test]
fn parameters_have_the_defaults_and_bounds_that_the_functions_check_again() {
    let template = read();
    let variables = &template["Globals"]["Function"]["Environment"]["Variables"];
    let defaults = format!("{:?}", config("", "").unwrap());
    let mut numbers = 0;
    for (name, value) in variables.as_object().unwrap() {
        let parameter = &template["Parameters"][value["Ref"].as_str().unwrap()];
        if parameter["Type"] != "Number" {
            continue;
        }
        let number = |member: &str| parameter[member].as_i64().expect("a bound");
        let with = |value: i64| config(name, &value.to_string());
        let default = with(number("Default")).expect("the default is allowed");
        assert_eq!(format!("{default:?}"), defaults, "{name}");
        for (bound, beyond) in [("MinValue", -1), ("MaxValue", 1)] {
            assert!(with(number(bound)).is_ok(), "{name}: {bound}");
            assert!(with(number(bound) + beyond).is_err(), "{name}: {bound}");
        }
        numbers += 1;
    }
    assert_eq!(numbers, 17);
}

#[test]
fn the_algorithms_of_the_parameter_are_those_that_the_functions_take() {
    let template = read();
    let name = "SIGNING_ALGORITHM";
    let variables = &template["Globals"]["Function"]["Environment"]["Variables"];
    let parameter = &template["Parameters"][variables[name]["Ref"].as_str().unwrap()];
    let names = SigningAlgorithm::ALL.map(SigningAlgorithm::name);
    assert_eq!(parameter["AllowedValues"], json!(names));
    assert_eq!(parameter["Default"], "RS256");
    let default = config("", "").unwrap().signing_algorithm;
    assert_eq!(default, SigningAlgorithm::Rs256);
    for algorithm in SigningAlgorithm::ALL {
        let read = config(name, algorithm.name()).unwrap();
        assert_eq!(read.signing_algorithm, algorithm);
    }
    for wrong in ["HS256", "none", "rs256", "Ed25519"] {
        assert!(config(name, wrong).is_err(), "{wrong}");
    }
}

#[test]
fn a_call_and_its_repeat_fit_into_the_shortest_grace_of_a_lost_refresh() {
    let template = read();
    let timeout = template["Globals"]["Function"]["Timeout"].as_i64().unwrap();
    let parameters = &template["Parameters"];
    let grace = parameters["RefreshGraceSeconds"]["MinValue"]
        .as_i64()
        .unwrap();
    assert!(timeout + RETRY_SECONDS + APART < grace);
    assert!(timeout < 30, "API Gateway waits no longer");
    for (name, function) in functions() {
        assert_eq!(function.properties.get("Timeout"), None::<&Value>, "{name}");
    }
}

#[test]
fn the_authorizer_is_told_the_issuer_and_whether_to_look_at_sessions() {
    let template = read();
    let of_it = &functions()["authorizer"].environment;
    let address = "https://${Api}.execute-api.${AWS::Region}.${AWS::URLSuffix}";
    let issuer = json!({"If": ["HasIssuer", {"Ref": "Issuer"}, {"Sub": address}]});
    assert_eq!(of_it["ISSUER"], issuer);
    assert_eq!(template["Outputs"]["Issuer"]["Value"], issuer);
    let name = "LIVE_CHECK_SHORT_TOKENS";
    let parameter = of_it[name]["Ref"].as_str().unwrap();
    let parameter = &template["Parameters"][parameter];
    assert_eq!(parameter["AllowedValues"], json!(["true", "false"]));
    let default = config(name, parameter["Default"].as_str().unwrap()).unwrap();
    assert!(default.live_check_short_tokens && config("", "").unwrap().live_check_short_tokens);
    assert!(!config(name, "false").unwrap().live_check_short_tokens);
    for wrong in ["yes", "1", "True", " true"] {
        assert!(config(name, wrong).is_err(), "{wrong}");
    }
}
