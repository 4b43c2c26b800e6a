//! A user and a client of nobody's, in a tenant of their own, who sign in and are gone again: every
//! function on that way, and its role, is used once. Whatever happens, they are removed; and where that
//! cannot be done, their rows expire within a day.

mod client;
mod made;
mod user;

use std::time::Duration;

use shared::auth::audit_log::Sought;
use shared::auth::audit_log::forward::forward;
use shared::store::event::EventType;

use super::Halt;
use super::endpoint::{Ask, Endpoint, Lost, Reply};
use super::report::{Report, Status};
use crate::operator::Operator;
use made::Made;

/// How long an event may take into the log, in looks a second apart.
const LOOKS: u32 = 30;
const PAUSE: Duration = Duration::from_secs(1);

/// What the checks of a way need.
struct Way<'a, 'r> {
    api: &'a Endpoint,
    operator: &'a Operator,
    report: &'a mut Report<'r>,
}

/// Lets them in and out.
pub async fn check(
    api: &Endpoint,
    operator: &Operator,
    report: &mut Report<'_>,
) -> Result<(), Halt> {
    let mut made = Made::new(operator);
    let mut way = Way {
        api,
        operator,
        report,
    };
    let gone = Box::pin(way.go(&mut made)).await;
    let removed = made.remove(operator).await;
    report.found("probe.removed", removed)?;
    gone
}

impl Way<'_, '_> {
    async fn go(&mut self, made: &mut Made) -> Result<(), Halt> {
        let tenant = made.tenant(self.operator).await;
        let there = tenant.is_ok();
        self.report.found("probe.tenant", tenant)?;
        if !there {
            self.report.skip(
                &["probe.user", "probe.client"],
                "there is no tenant to be in",
            )?;
            return Ok(());
        }
        let user = self.user(made).await?;
        self.client(made).await?;
        match user {
            Some(user) => self.audited(made, &user).await,
            None => Ok(self.report.skip(&["audit.log"], "nobody has signed in")?),
        }
    }

    /// Makes a call, and reports whether it is answered as it should be: by this status, and as `look`
    /// finds it. Gives the answer where it is.
    async fn step(
        &mut self,
        check: &'static str,
        ask: Ask<'_>,
        status: u16,
        look: impl FnOnce(&Reply) -> Result<String, String>,
    ) -> Result<Option<Reply>, Halt> {
        let reply = match self.api.send(ask).await {
            Err(Lost::Interrupted) => return Err(Halt::Interrupted),
            Err(Lost::Away(why)) => {
                self.report.say(Status::Fail, check, why)?;
                return Ok(None);
            }
            Ok(reply) => reply,
        };
        if reply.status != status {
            self.report.say(Status::Fail, check, reply.unexpected())?;
            return Ok(None);
        }
        let found = look(&reply);
        let good = found.is_ok();
        self.report.found(check, found)?;
        Ok(good.then_some(reply))
    }

    /// Whether the user's login comes into the audit log.
    async fn audited(&mut self, made: &Made, user: &str) -> Result<(), Halt> {
        let check = "audit.log";
        let sought = Sought {
            tenant: made.tenant.clone(),
            kind: Some(EventType::AuthnLoginSuccess),
            actor: Some(user.to_owned()),
            from: Some(made.began),
            to: None,
        };
        for look in 0..LOOKS {
            let now = self.operator.now();
            match Box::pin(forward(&self.operator.app, &sought, None, now)).await {
                Ok((events, _)) if !events.is_empty() => {
                    let detail = format!("the login is there after {look} s");
                    return Ok(self.report.say(Status::Ok, check, detail)?);
                }
                Ok(_) => {}
                Err(error) => {
                    return Ok(self.report.say(Status::Fail, check, error.to_string())?);
                }
            }
            tokio::select! {
                () = self.operator.environment.clock.sleep(PAUSE) => {}
                () = self.api.stopped() => return Err(Halt::Interrupted),
            }
        }
        let detail = format!("the login is not there after {LOOKS} s: see the log of audit");
        Ok(self.report.say(Status::Fail, check, detail)?)
    }
}

/// That nothing more is to be seen of an answer than its status.
fn fine(detail: &str) -> impl FnOnce(&Reply) -> Result<String, String> {
    let detail = detail.to_owned();
    |_| Ok(detail)
}
