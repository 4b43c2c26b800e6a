//! A request as API Gateway hands it over (HTTP API, payload 2.0), with the facts of the call.

use std::sync::Arc;

use lambda_http::aws_lambda_events::apigw::ApiGatewayV2httpRequestContext;
use lambda_http::http::{HeaderMap, header};
use lambda_http::request::RequestContext;
use lambda_http::{Body, RequestExt};

use super::Members;
use crate::address::Address;
use crate::call::Call;
use crate::clock::Timestamp;
use crate::config::Config;
use crate::error::Error;

/// The largest body that is read, in bytes.
const LARGEST_BODY: usize = 16 * 1024;

/// One request.
pub struct Request {
    /// What the rules may know of it.
    pub call: Arc<Call>,
    inner: lambda_http::Request,
}

impl Request {
    /// Takes the facts of the call from what API Gateway says of it, and from nothing else: no
    /// forwarded header, no `Host`.
    ///
    /// # Errors
    ///
    /// [`Error::Internal`] when the event is no HTTP API's.
    pub fn new(
        inner: lambda_http::Request,
        now: Timestamp,
        config: &Config,
    ) -> Result<Self, Error> {
        let context = context(&inner).ok_or_else(|| not_from_gateway("request context"))?;
        let issuer = if config.issuer.is_empty() {
            let api = context
                .apiid
                .as_deref()
                .ok_or_else(|| not_from_gateway("apiId"))?;
            let suffix = if config.region.starts_with("cn-") {
                ".cn"
            } else {
                ""
            };
            format!(
                "https://{api}.execute-api.{}.amazonaws.com{suffix}",
                config.region
            )
        } else {
            config.issuer.clone()
        };
        let call = call(context, &request_id(&inner), now, issuer)?;
        Ok(Self {
            call: Arc::new(call),
            inner,
        })
    }

    /// The route that API Gateway chose, as the template has it: `POST /api/auth/login`.
    #[must_use]
    pub fn route(&self) -> &str {
        route(&self.inner)
    }

    /// The headers.
    #[must_use]
    pub fn headers(&self) -> &HeaderMap {
        self.inner.headers()
    }

    /// A parameter of the path, decoded, as the route names it. Never taken from the path itself.
    ///
    /// # Errors
    ///
    /// [`Error::Internal`] where the route has no such parameter.
    pub fn path_parameter(&self, name: &str) -> Result<String, Error> {
        let parameters = self.inner.path_parameters();
        let value = parameters.first(name).map(str::to_owned);
        value.ok_or_else(|| not_from_gateway("path parameter"))
    }

    /// A parameter of the query, decoded; an empty one counts as absent.
    ///
    /// # Errors
    ///
    /// [`Error::BadRequest`] where it is given twice.
    pub fn query(&self, name: &str) -> Result<Option<String>, Error> {
        let parameters = self.inner.query_string_parameters();
        let mut values = parameters.all(name).unwrap_or_default().into_iter();
        let value = values.next().filter(|value| !value.is_empty());
        if values.next().is_some() {
            return Err(Error::BadRequest(format!("{name} is given twice")));
        }
        Ok(value.map(str::to_owned))
    }

    /// The tenant that the query names, for an admin of several; two names are one that nobody has.
    #[must_use]
    pub fn tenant(&self) -> Option<String> {
        let parameters = self.inner.query_string_parameters();
        let names = parameters.all("tenant_id")?.join(",");
        Some(names).filter(|names| !names.is_empty())
    }

    /// Refuses every method but `method`.
    ///
    /// # Errors
    ///
    /// [`Error::MethodNotAllowed`].
    pub fn only(&self, method: &'static str) -> Result<(), Error> {
        self.only_of(method, method)
    }

    /// Refuses every method but `method`, of a path whose methods `all` lists: another function serves
    /// the others.
    ///
    /// # Errors
    ///
    /// [`Error::MethodNotAllowed`].
    pub fn only_of(&self, method: &str, all: &'static str) -> Result<(), Error> {
        if self.inner.method().as_str() == method {
            Ok(())
        } else {
            Err(Error::MethodNotAllowed(all))
        }
    }

    /// The members of the JSON object in the body. An empty body has none.
    ///
    /// # Errors
    ///
    /// [`Error::UnsupportedMediaType`], [`Error::PayloadTooLarge`], [`Error::BadRequest`].
    pub fn members(&self) -> Result<Members, Error> {
        if !self.is_json() {
            return Err(Error::UnsupportedMediaType);
        }
        if self.headers().contains_key(header::CONTENT_ENCODING) {
            return Err(Error::BadRequest(
                "content-encoding is not supported".to_owned(),
            ));
        }
        let body = self.body();
        if body.len() > LARGEST_BODY {
            return Err(Error::PayloadTooLarge);
        }
        Members::parse(body)
    }

    /// As [`Request::members`], where a body is for the caller to send or not: without one, its type
    /// says nothing.
    ///
    /// # Errors
    ///
    /// As [`Request::members`].
    pub fn optional_members(&self) -> Result<Members, Error> {
        if self.body().is_empty() {
            return Ok(Members::default());
        }
        self.members()
    }

    fn body(&self) -> &[u8] {
        match self.inner.body() {
            Body::Text(text) => text.as_bytes(),
            Body::Binary(bytes) => bytes,
            _ => &[],
        }
    }

    fn is_json(&self) -> bool {
        let mut types = self.headers().get_all(header::CONTENT_TYPE).iter();
        let (Some(value), None) = (types.next(), types.next()) else {
            return false;
        };
        let essence = value
            .to_str()
            .unwrap_or_default()
            .split(';')
            .next()
            .unwrap_or_default();
        essence.trim().eq_ignore_ascii_case("application/json")
    }
}

/// The facts of a call: what API Gateway says of it in `context`, and nothing else.
///
/// # Errors
///
/// [`Error::Internal`] where it says no address.
pub fn call(
    context: &ApiGatewayV2httpRequestContext,
    request_id: &str,
    now: Timestamp,
    issuer: String,
) -> Result<Call, Error> {
    let source = context.http.source_ip.as_deref().and_then(Address::parse);
    let address = source.ok_or_else(|| not_from_gateway("sourceIp"))?;
    let user_agent = context.http.user_agent.as_deref().unwrap_or_default();
    Ok(Call::new(request_id, now, address, user_agent, issuer))
}

/// The id that Lambda gave the request.
#[must_use]
pub fn request_id(request: &lambda_http::Request) -> String {
    request
        .lambda_context_ref()
        .map(|context| context.request_id.clone())
        .unwrap_or_default()
}

/// The route of a request.
#[must_use]
pub fn route(request: &lambda_http::Request) -> &str {
    context(request)
        .and_then(|context| context.route_key.as_deref())
        .unwrap_or_default()
}

fn context(request: &lambda_http::Request) -> Option<&ApiGatewayV2httpRequestContext> {
    match request.request_context_ref() {
        Some(RequestContext::ApiGatewayV2(context)) => Some(context),
        _ => None,
    }
}

fn not_from_gateway(what: &str) -> Error {
    Error::Internal(format!("the event has no {what}: not from an HTTP API"))
}
