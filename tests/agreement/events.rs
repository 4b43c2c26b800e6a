//! `events/` has an event of every function as API Gateway would hand it over.

use std::fs;

use lambda_http::RequestExt as _;
use lambda_http::aws_lambda_events::apigw::ApiGatewayV2CustomAuthorizerV2Request;
use lambda_http::request::RequestContext;
use local::template::{Template, workspace};
use serde_json::Value;

use super::template::functions;

#[test]
fn every_event_is_of_a_route_of_its_function() {
    let functions = functions().into_iter();
    for (name, function) in functions.filter(|(_, function)| !function.routes.is_empty()) {
        let file = workspace().join("events").join(format!("{name}.json"));
        let text = fs::read_to_string(file).unwrap();
        let request = lambda_http::request::from_str(&text).expect("an event");
        let Some(RequestContext::ApiGatewayV2(context)) = request.request_context_ref() else {
            panic!("{name}: not an HTTP API's");
        };
        let route = context.route_key.as_deref().unwrap();
        assert!(function.routes.contains(route), "{name}: {route}");
        let (method, path) = route.split_once(' ').unwrap();
        let parameters = request.path_parameters();
        let path = parameters
            .iter()
            .fold(path.to_owned(), |path, (name, value)| {
                path.replace(&format!("{{{name}}}"), value)
            });
        assert_eq!(request.method().as_str(), method, "{name}");
        assert_eq!(request.uri().path(), path, "{name}");
        assert!(!path.contains('{'), "{name}: {path}");

        let event: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(event["version"], "2.0");
        assert_eq!(event["routeKey"], route);
        assert_eq!(event["rawPath"], path);
        assert_eq!(event["requestContext"]["http"]["path"], path);
        assert_eq!(event["requestContext"]["http"]["method"], method);
        if let Some(body) = event["body"].as_str() {
            let length = body.len().to_string();
            assert_eq!(event["headers"]["content-length"], length, "{name}");
            assert_eq!(event["headers"]["content-type"], "application/json");
            serde_json::from_str::<Value>(body).expect("a body of JSON");
        }
    }
}

#[test]
fn the_authorizers_event_is_of_a_route_of_the_example() {
    let file = workspace().join("events/authorizer.json");
    let text = fs::read_to_string(file).unwrap();
    let event: ApiGatewayV2CustomAuthorizerV2Request = serde_json::from_str(&text).unwrap();
    let route = event.route_key.as_deref().unwrap();
    let (method, path) = route.split_once(' ').unwrap();
    let routes = Template::example().unwrap().routes().unwrap();
    let found = routes.iter().find(|of| of.key() == route).expect("a route");
    assert_eq!(found.authorizer.as_ref().unwrap().function, "authorizer");
    let arn = event.route_arn.unwrap();
    assert!(arn.ends_with(&format!("/$default/{method}{path}")), "{arn}");
    let api = event.request_context.apiid.unwrap();
    assert!(arn.contains(&format!(":{api}/")), "{arn}");
    let token = event.headers["authorization"].to_str().unwrap();
    assert_eq!(event.identity_source.unwrap(), [token]);
}
