//! The client's way: in by its key, what its token opens, and its tenant's limit used up.

use zeroize::Zeroizing;

use serde_json::json;

use super::made::{CALLS, Made};
use super::{Halt, Lost, Reply, Status, Way};
use crate::doctor::endpoint::Ask;

/// What has no answer without the client's tokens.
const OF_AUTH: [&str; 4] = [
    "client.refresh",
    "client.trace",
    "client.users",
    "header.retry-after",
];

/// A window may end among the calls, and begin anew.
const MOST_CALLS: u32 = 2 * CALLS + 20;

const USERS: &str = "/api/v1/users";

fn tokens(reply: &Reply) -> Option<(Zeroizing<String>, Zeroizing<String>)> {
    let text = |name| reply.text(name).map(str::to_owned).map(Zeroizing::new);
    Some((text("access_token")?, text("refresh_token")?))
}

fn has_tokens(reply: &Reply) -> Result<String, String> {
    let tokens = tokens(reply).map(|_| "both tokens".to_owned());
    tokens.ok_or("the answer has not both tokens".to_owned())
}

impl Way<'_, '_> {
    /// Goes it.
    pub(super) async fn client(&mut self, made: &mut Made) -> Result<(), Halt> {
        let (id, key) = match made.client(self.operator).await {
            Ok(made) => made,
            Err(why) => {
                self.report.say(Status::Fail, "probe.client", why)?;
                self.report.skip(&["client.auth"], "there is no client")?;
                return Ok(self.report.skip(&OF_AUTH, "there is no client")?);
            }
        };
        self.report.say(Status::Ok, "probe.client", id.as_str())?;
        let text = key.text();
        let auth = Ask::new("client-auth", "POST", "/v1/auth").api_key(&text);
        let auth = self.step("client.auth", auth, 200, has_tokens).await?;
        let Some((mut access, mut refresh)) = auth.as_ref().and_then(tokens) else {
            return Ok(self.report.skip(&OF_AUTH, "the client has no token")?);
        };
        let body = json!({"refresh_token": *refresh});
        let renew = Ask::new("client-refresh", "POST", "/v1/auth/refresh").body(body);
        let renewed = self.step("client.refresh", renew, 200, has_tokens).await?;
        if let Some(renewed) = renewed.as_ref().and_then(tokens) {
            (access, refresh) = renewed;
        }
        if let Some(renewed) = self.trace(&refresh).await? {
            access = renewed;
        }
        let users = Ask::new("list-users", "GET", USERS).bearer(&access);
        let listed = |reply: &Reply| match reply.body["users"].as_array() {
            Some(users) => Ok(format!("{} of the tenant's", users.len())),
            None => Err("the answer has no users".to_owned()),
        };
        let listed = self.step("client.users", users, 200, listed).await?;
        if listed.is_none() {
            let why = "there is no call to repeat";
            return Ok(self.report.skip(&["header.retry-after"], why)?);
        }
        self.use_up(&access).await
    }

    /// Whether the document's TRACE reaches its function; the next access token, where it does.
    async fn trace(&mut self, refresh: &str) -> Result<Option<Zeroizing<String>>, Halt> {
        let check = "client.trace";
        let ask = Ask::new("client-refresh", "TRACE", "/v1/auth").bearer(refresh);
        let reply = match self.api.send(ask).await {
            Err(Lost::Interrupted) => return Err(Halt::Interrupted),
            Err(Lost::Away(why)) => {
                self.report
                    .say(Status::Warn, check, format!("not served: {why}"))?;
                return Ok(None);
            }
            Ok(reply) => reply,
        };
        match reply.status {
            200 => self.report.say(Status::Ok, check, "TRACE is served")?,
            500.. => self.report.say(Status::Fail, check, reply.unexpected())?,
            status => {
                let what =
                    format!("TRACE is not served ({status}): clients use POST /v1/auth/refresh");
                self.report.say(Status::Warn, check, what)?;
            }
        }
        Ok(tokens(&reply).map(|(access, _)| access))
    }

    /// Calls until the tenant's limit is used up, which is nobody else's.
    async fn use_up(&mut self, access: &str) -> Result<(), Halt> {
        let check = "header.retry-after";
        for _ in 0..MOST_CALLS {
            let ask = Ask::new("list-users", "GET", USERS).bearer(access);
            let reply = match self.api.send(ask).await {
                Err(Lost::Interrupted) => return Err(Halt::Interrupted),
                Err(Lost::Away(why)) => {
                    return Ok(self.report.say(Status::Fail, check, why)?);
                }
                Ok(reply) => reply,
            };
            match reply.status {
                200 => {}
                429 => {
                    let wait = reply.header("retry-after");
                    let wait = wait.map(|seconds| format!("arrives, as {seconds} s"));
                    let missing = "a 429 has none".to_owned();
                    return Ok(self.report.found(check, wait.ok_or(missing))?);
                }
                _ => {
                    let what = reply.unexpected();
                    return Ok(self.report.say(Status::Fail, check, what)?);
                }
            }
        }
        let what =
            format!("{MOST_CALLS} calls were let through where {CALLS} a minute are allowed");
        Ok(self.report.say(Status::Fail, check, what)?)
    }
}
