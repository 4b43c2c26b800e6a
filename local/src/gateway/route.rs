//! Which function a request goes to.

use std::collections::BTreeMap;

/// A route: a method and a path, and the function that serves them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// The method in capitals, or `ANY`.
    pub method: String,
    /// The path; a segment `{name}` stands for any one segment.
    pub path: String,
    /// The name of the function's binary.
    pub function: String,
    /// Who is asked before the function is called.
    pub authorizer: Option<Authorizer>,
}

/// A Lambda authorizer: payload 2.0, simple response, its answers never remembered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Authorizer {
    /// The name of its binary.
    pub function: String,
    /// The headers without which it is not asked.
    pub identity: Vec<String>,
}

impl Route {
    /// What the event calls this route, as in `GET /healthz`.
    #[must_use]
    pub fn key(&self) -> String {
        format!("{} {}", self.method, self.path)
    }

    fn serves(&self, method: &str) -> bool {
        self.method == "ANY" || self.method == method
    }

    /// What the path's parameters are in `path`, if that is one of this route's.
    fn parameters(&self, path: &str) -> Option<BTreeMap<&str, String>> {
        if self.path.split('/').count() != path.split('/').count() {
            return None;
        }
        let mut parameters = BTreeMap::new();
        for (wanted, found) in self.path.split('/').zip(path.split('/')) {
            let name = wanted
                .strip_prefix('{')
                .and_then(|name| name.strip_suffix('}'));
            match name {
                Some(name) if !found.is_empty() => {
                    parameters.insert(name, decode(found)?);
                }
                None if wanted == found => {}
                _ => return None,
            }
        }
        Some(parameters)
    }
}

/// A route that serves a request, and the path's parameters in it, decoded.
#[derive(Debug)]
pub struct Matched<'a> {
    pub route: &'a Route,
    pub parameters: BTreeMap<&'a str, String>,
}

/// The route of a request: a path without parameters goes before one with, and a method before
/// `ANY`. Paths are compared as sent, so that no other spelling is an alias.
pub fn find<'a>(routes: &'a [Route], method: &str, path: &str) -> Option<Matched<'a>> {
    let serving = routes.iter().filter(|route| route.serves(method));
    let matched = serving.filter_map(|route| {
        let parameters = route.parameters(path)?;
        Some(Matched { route, parameters })
    });
    matched.min_by_key(|matched| (matched.parameters.len(), matched.route.method == "ANY"))
}

/// Percent-decoded text (RFC 3986, section 2.1); `None` where that is no UTF-8.
pub fn decode(text: &str) -> Option<String> {
    let mut decoded = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [byte, after @ ..] = rest {
        let hex = after.first_chunk::<2>().filter(|_| *byte == b'%');
        let hex = hex.filter(|hex| hex.iter().all(u8::is_ascii_hexdigit));
        let value = hex.and_then(|hex| u8::from_str_radix(str::from_utf8(hex).ok()?, 16).ok());
        decoded.push(value.unwrap_or(*byte));
        rest = if value.is_some() { &after[2..] } else { after };
    }
    String::from_utf8(decoded).ok()
}
