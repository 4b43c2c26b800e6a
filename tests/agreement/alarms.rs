//! The template's alarms ring for what the functions measure.

use std::collections::{BTreeMap, BTreeSet};

use audit::ALARMING;
use lambda_http::http::StatusCode;
use serde_json::json;
use shared::log::Line;

use super::template::read;
use crate::world::START;

/// The metrics of the functions' own that alarms are for, with the function of each.
fn alarmed() -> BTreeMap<String, String> {
    let template = read();
    let resources = template["Resources"].as_object().unwrap().values();
    let alarms = resources.filter(|resource| {
        resource["Type"] == "AWS::CloudWatch::Alarm"
            && resource["Properties"]["Namespace"] == "Gatehouse"
    });
    let metrics = alarms.map(|alarm| {
        let of = &alarm["Properties"];
        let dimensions = of["Dimensions"].as_array().unwrap();
        let [dimension] = &dimensions[..] else {
            panic!("{dimensions:?}");
        };
        assert_eq!(dimension["Name"], "function");
        let function = dimension["Value"]["Ref"].as_str().expect("a function");
        let metric = of["MetricName"].as_str().expect("a name");
        (metric.to_owned(), function.to_owned())
    });
    metrics.collect()
}

#[test]
fn each_event_that_audit_measures_has_an_alarm_and_the_other_way_round() {
    let of_audit = alarmed().into_iter();
    let of_audit = of_audit.filter(|(_, function)| function == "AuditFunction");
    let alarmed: BTreeSet<String> = of_audit.map(|(metric, _)| metric).collect();
    let measured = ALARMING.iter().map(|kind| kind.name().to_owned());
    assert_eq!(alarmed, measured.collect());
    // What rotation measures of a ring.
    let of_ring = self::alarmed().remove("ring_bytes");
    assert_eq!(of_ring.as_deref(), Some("RotateKeysFunction"));
}

#[test]
fn what_a_call_measures_is_in_its_line_as_a_metric_of_its_function() {
    let line = Line {
        stage: "dev",
        route: "",
        request_id: "1",
        status: StatusCode::OK,
        error: None,
        notes: Vec::new(),
        metrics: [("authn_token_reuse", 2)].into(),
        hashes: 0,
        began: START,
        ended: START,
    };
    let json = line.json("gatehouse-dev-AuditFunction-1");
    let directive = json!({
        "Namespace": "Gatehouse",
        "Dimensions": [["function"]],
        "Metrics": [{"Name": "authn_token_reuse"}],
    });
    assert_eq!(json["_aws"]["CloudWatchMetrics"][1], directive);
    assert_eq!(json["authn_token_reuse"], 2);
    let quiet = Line {
        metrics: BTreeMap::new(),
        ..line
    };
    let directives = &quiet.json("f")["_aws"]["CloudWatchMetrics"];
    assert_eq!(directives.as_array().unwrap().len(), 1);
}
