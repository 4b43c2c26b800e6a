//! `GET /api/v1/audit-log` [002] [004]: what has happened in a tenant, newest first.
//!
//! For admins, of their own tenant; a `super_admin` may name another by `tenant_id`. `limit` and
//! `cursor` page through it; `type` (an event type's name), `actor` (an id), `from` and `to` (RFC 3339,
//! both included) choose. What one call looks at is bounded: while there is a `next_cursor` there may
//! be more, however few events a page has. 200; 400 for a parameter that is none; 401, 403 and 404 as
//! for every admin; 429.

use serde::Serialize;
use shared::app::Verifying;
use shared::auth::audit_log::{self, Position, Sought};
use shared::auth::{admin, limit};
use shared::clock::Timestamp;
use shared::error::Error;
use shared::http::event::EventBody;
use shared::http::page::{bad_cursor, cursor};
use shared::http::{Answer, Page, Request, bearer};
use shared::store::event::EventType;

/// A page of the log.
#[derive(Serialize)]
struct LogBody<'a> {
    events: Vec<EventBody<'a>>,
    next_cursor: Option<String>,
}

/// What its cursors are of.
const LIST: &str = "events";

/// Answers a page of the log.
///
/// # Errors
///
/// As the module says.
pub async fn handle(app: &'static Verifying, request: Request) -> Result<Answer, Error> {
    limit::admit_address(app, &request.call).await?;
    request.only("GET")?;
    let token = bearer::token(&request)?;
    let tenant = request.tenant();
    let admin = admin::authenticate(app, &request.call, token, tenant.as_deref()).await?;
    let page = Page::of(&request, LIST)?;
    let after = page.after.as_deref();
    let after = after.map(|after| Position::parse(after).ok_or_else(bad_cursor));
    let sought = Sought {
        tenant: admin.tenant,
        kind: kind(&request)?,
        actor: request.query("actor")?,
        from: moment(&request, "from")?,
        to: moment(&request, "to")?,
    };
    let now = request.call.now;
    let (events, next) = audit_log::read(app, &sought, page.limit, after.transpose()?, now).await?;
    Answer::ok(&LogBody {
        events: events.iter().map(EventBody::new).collect(),
        next_cursor: next.map(|next| cursor(LIST, next.as_str())),
    })
}

fn kind(request: &Request) -> Result<Option<EventType>, Error> {
    let Some(name) = request.query("type")? else {
        return Ok(None);
    };
    let kind = EventType::parse(&name);
    let unknown = || Error::BadRequest("type must be an audit event type".to_owned());
    kind.map(Some).ok_or_else(unknown)
}

fn moment(request: &Request, name: &str) -> Result<Option<Timestamp>, Error> {
    let Some(text) = request.query(name)? else {
        return Ok(None);
    };
    let moment = Timestamp::parse(&text);
    let unfit = || Error::BadRequest(format!("{name} must be a time, as in 2025-03-01T05:28:42Z"));
    moment.map(Some).ok_or_else(unfit)
}
