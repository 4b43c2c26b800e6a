//! A gateway before a stand-in for cargo-lambda's Invoke API, which remembers what it is given.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{StatusCode, Uri};
use local::gateway::{self, Route};
use local::{Serving, template::Template};
use reqwest::{Client, Method, RequestBuilder};
use serde_json::{Value, json};
use tokio::net::TcpListener;

/// A gateway with the template's routes and some that the template may have one day.
pub struct Stubbed {
    pub gateway: Serving,
    pub functions: Functions,
}

/// What the stand-in answers, and what it was given: function and event.
#[derive(Clone)]
pub struct Functions {
    answer: Arc<Mutex<(StatusCode, Value)>>,
    answers: Arc<Mutex<HashMap<String, (StatusCode, Value)>>>,
    given: Arc<Mutex<Vec<(String, Value)>>>,
}

impl Functions {
    pub fn answer(&self, status: StatusCode, answer: Value) {
        *self.answer.lock().unwrap() = (status, answer);
    }

    /// What one function answers, others as before.
    pub fn answer_of(&self, function: &str, status: StatusCode, answer: Value) {
        let mut answers = self.answers.lock().unwrap();
        answers.insert(function.to_owned(), (status, answer));
    }

    pub fn calls(&self) -> usize {
        self.given.lock().unwrap().len()
    }

    /// The last call's function and event.
    pub fn last(&self) -> (String, Value) {
        self.given.lock().unwrap().last().unwrap().clone()
    }
}

impl Stubbed {
    pub async fn start() -> Self {
        let functions = Functions {
            answer: Arc::new(Mutex::new((StatusCode::OK, json!({ "statusCode": 200 })))),
            answers: Arc::default(),
            given: Arc::default(),
        };
        let app = Router::new().fallback(invoke).with_state(functions.clone());
        let gateway = before(app).await;
        Self { gateway, functions }
    }

    pub fn request(&self, method: &str, path: &str) -> RequestBuilder {
        self.request_from(Ipv4Addr::LOCALHOST, method, path)
    }

    /// A request that comes from another address of the loopback network.
    pub fn request_from(&self, from: Ipv4Addr, method: &str, path: &str) -> RequestBuilder {
        let client = Client::builder()
            .no_proxy()
            .local_address(IpAddr::V4(from))
            .build()
            .unwrap();
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        client.request(method, format!("{}{path}", self.gateway.url))
    }
}

/// A gateway whose functions `app` serves.
pub async fn before(app: Router) -> Serving {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let app = app.layer(DefaultBodyLimit::disable());
    tokio::spawn(async { axum::serve(listener, app).await.unwrap() });
    let mut routes = Template::read().unwrap().routes().unwrap();
    routes.extend(Template::example().unwrap().routes().unwrap());
    for (method, path, function) in [
        ("GET", "/things/{id}", "one"),
        ("GET", "/things/all", "all"),
        ("DELETE", "/things/{id}/parts/{part_id}", "part"),
    ] {
        let (method, path) = (method.to_owned(), path.to_owned());
        routes.push(Route {
            method,
            path,
            function: function.to_owned(),
            authorizer: None,
        });
    }
    gateway::start(0, routes, &url).await.unwrap()
}

async fn invoke(
    State(functions): State<Functions>,
    uri: Uri,
    body: String,
) -> (StatusCode, String) {
    let function = uri.path().strip_prefix("/2015-03-31/functions/").unwrap();
    let function = function.strip_suffix("/invocations").unwrap().to_owned();
    let event = serde_json::from_str(&body).unwrap();
    let own = functions.answers.lock().unwrap().get(&function).cloned();
    functions.given.lock().unwrap().push((function, event));
    let (status, answer) = own.unwrap_or_else(|| functions.answer.lock().unwrap().clone());
    (status, answer.to_string())
}
