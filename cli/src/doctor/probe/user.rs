//! The user's way: an invite accepted, a login, what a token opens, and out again.

use serde_json::json;
use zeroize::Zeroizing;

use super::made::{Made, password};
use super::{Halt, Reply, Status, Way, fine};
use crate::doctor::endpoint::Ask;

/// What has no answer without a login.
const OF_LOGIN: [&str; 7] = [
    "user.me",
    "user.validate",
    "user.refresh",
    "user.change-password",
    "user.logout",
    "user.refused",
    "user.refresh-refused",
];

/// The tokens of an answer.
fn tokens(reply: &Reply) -> Option<(Zeroizing<String>, Zeroizing<String>)> {
    let text = |name| reply.text(name).map(str::to_owned).map(Zeroizing::new);
    Some((text("accessToken")?, text("refreshToken")?))
}

fn has_tokens(reply: &Reply) -> Result<String, String> {
    let tokens = tokens(reply).map(|_| "both tokens".to_owned());
    tokens.ok_or("the answer has not both tokens".to_owned())
}

impl Way<'_, '_> {
    /// Goes it; gives the user's id, where it has signed in.
    pub(super) async fn user(&mut self, made: &mut Made) -> Result<Option<String>, Halt> {
        let invited = match made.user(self.operator).await {
            Ok(invited) => invited,
            Err(why) => {
                self.report.say(Status::Fail, "probe.user", why)?;
                self.report
                    .skip(&["user.invite", "user.login"], "there is no user")?;
                self.report.skip(&OF_LOGIN, "there is no user")?;
                return Ok(None);
            }
        };
        let id = invited.user.id.to_string();
        self.report.say(Status::Ok, "probe.user", id.as_str())?;
        let first = password();
        let body = json!({"invite_token": *invited.token, "password": *first});
        let accept = Ask::new("accept-invite", "POST", "/api/v1/auth/accept-invite").body(body);
        let accepted = self.step("user.invite", accept, 200, has_tokens).await?;
        if accepted.is_none() {
            self.report
                .skip(&["user.login"], "the user has no password")?;
            self.report.skip(&OF_LOGIN, "the user has no password")?;
            return Ok(None);
        }
        let body = json!({"email": made.email, "password": *first});
        let login = Ask::new("login", "POST", "/api/auth/login").body(body);
        let login = self.step("user.login", login, 200, has_tokens).await?;
        let Some((mut access, mut refresh)) = login.as_ref().and_then(tokens) else {
            self.report.skip(&OF_LOGIN, "there was no login")?;
            return Ok(None);
        };
        let me = Ask::new("me", "GET", "/api/auth/me").bearer(&access);
        let is_user = |reply: &Reply| match reply.text("id") {
            Some(found) if found == id => Ok("the user".to_owned()),
            _ => Err("another user than the one who signed in".to_owned()),
        };
        self.step("user.me", me, 200, is_user).await?;
        let validate = Ask::new("validate", "GET", "/api/auth/validate").bearer(&access);
        self.step("user.validate", validate, 200, fine("the token is good"))
            .await?;
        let body = json!({"refreshToken": *refresh});
        let renew = Ask::new("refresh", "POST", "/api/auth/refresh").body(body);
        let renewed = self.step("user.refresh", renew, 200, has_tokens).await?;
        if let Some(renewed) = renewed.as_ref().and_then(tokens) {
            (access, refresh) = renewed;
        }
        let body = json!({"currentPassword": *first, "newPassword": *password()});
        let change = Ask::new("change-password", "POST", "/api/auth/change-password");
        let change = change.bearer(&access).body(body);
        self.step("user.change-password", change, 200, fine("changed"))
            .await?;
        let logout = Ask::new("logout", "POST", "/api/auth/logout").bearer(&access);
        self.step("user.logout", logout, 200, fine("logged out"))
            .await?;
        let me = Ask::new("me", "GET", "/api/auth/me").bearer(&access);
        let dead = fine("its token opens nothing any more");
        self.step("user.refused", me, 401, dead).await?;
        let body = json!({"refreshToken": *refresh});
        let renew = Ask::new("refresh", "POST", "/api/auth/refresh").body(body);
        let dead = fine("its refresh token renews nothing any more");
        self.step("user.refresh-refused", renew, 401, dead).await?;
        Ok(Some(id))
    }
}
