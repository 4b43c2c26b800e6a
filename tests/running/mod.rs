//! The whole stack with the real function binaries, through real HTTP.

mod addresses;
mod allowed;
mod clients;
mod invoke;
mod log;
mod logs;
mod panics;
mod protected;
mod restart;

use std::net::Ipv4Addr;

use local::Stack;
use reqwest::header::HeaderMap;
use reqwest::{Client, Method, RequestBuilder};
use serde_json::{Value, json};
use shared::auth::login_name::LoginName;
use shared::clock::Clock;
use shared::store::key::Key;
use shared::store::login_name::LoginNameRow;
use shared::store::write::Change;
use shared::store::{Store, parse};

/// A caller at an address of the loopback network, any of which Linux lets it bind to.
struct Caller {
    client: Client,
    url: String,
}

impl Caller {
    fn at(stack: &Stack, address: [u8; 4]) -> Self {
        let client = Client::builder()
            .no_proxy()
            .local_address(Some(Ipv4Addr::from(address).into()));
        Self {
            client: client.build().unwrap(),
            url: stack.url().to_owned(),
        }
    }

    fn request(&self, method: &str, path: &str) -> RequestBuilder {
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        self.client.request(method, format!("{}{path}", self.url))
    }

    async fn get(&self, path: &str, token: &str) -> Reply {
        reply(self.request("GET", path).bearer_auth(token)).await
    }

    async fn post(&self, path: &str, body: &Value) -> Reply {
        reply(self.request("POST", path).json(body)).await
    }

    async fn login(&self, name: &str, password: &str) -> Reply {
        let body = json!({"username": name, "password": password});
        self.post("/api/auth/login", &body).await
    }
}

/// What came back.
#[derive(Debug)]
struct Reply {
    status: u16,
    headers: HeaderMap,
    body: Value,
    text: String,
}

impl Reply {
    /// A string member of the body.
    fn member(&self, name: &str) -> &str {
        self.body[name]
            .as_str()
            .unwrap_or_else(|| panic!("no {name}, status {}", self.status))
    }
}

async fn reply(request: RequestBuilder) -> Reply {
    let answer = request.send().await.expect("the stack answers");
    let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
    let text = answer.text().await.expect("a body of text");
    Reply {
        status,
        headers,
        body: serde_json::from_str(&text).unwrap_or_default(),
        text,
    }
}

/// One more login name for a demonstration user, so that what one test counts on a name is no
/// other test's.
async fn alias(stack: &Stack, of: &str) -> String {
    let environment = stack.stores().environment(Clock::System).unwrap();
    let store = Store::new(&environment);
    let key = |name| Key::login_name(&LoginName::parse("username", name).unwrap().hash());
    let [row] = store.read([&key(of)]).await.unwrap();
    let row: LoginNameRow = parse(row.expect("a demonstration user"), "login name").unwrap();
    let alias = shared::random::uuid();
    let row = Change::put(key(&alias), &row).unwrap();
    store.write(&row).await.unwrap();
    alias
}
