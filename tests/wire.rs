//! What lies between the store and DynamoDB in a test: it counts calls and units, and delays,
//! repeats, withholds or loses what a test tells it to.

mod message;

use std::collections::BTreeSet;
use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
    SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use serde_json::Value;
use shared::clock::Clock;

use message::{describing, error, from_version, holder, response, unconditional, units, whole};

/// One try of one call to AWS.
#[derive(Clone, Debug)]
pub struct Call {
    /// The operation: `GetItem`, `BatchGetItem`, `UpdateItem`, `GetSecretValue`, …
    pub operation: String,
    /// The request's body.
    pub body: Value,
    /// Which try of this call it is, from 1 on.
    pub attempt: u32,
    /// How many tries the wire has seen before this one.
    pub number: usize,
    /// In which round trip it went out, from 1 on since the last [`Wire::take`]: one more than the
    /// last of those whose answers were there before.
    pub round: u32,
}

impl Call {
    /// Whether the request names a key that begins with `prefix`.
    pub fn touches(&self, prefix: &str) -> bool {
        self.body
            .to_string()
            .contains(&format!("{{\"S\":\"{prefix}"))
    }
}

/// What becomes of a call.
#[derive(Clone, Debug)]
pub enum Act {
    /// It reaches AWS, and the answer comes back.
    Pass,
    /// AWS answers with this error and does nothing.
    Fail(u16, &'static str),
    /// There is no connection; nothing is done.
    Refuse,
    /// It is done, and the answer is lost.
    Lose,
    /// It is done, and the answer comes so late: the clock is moved meanwhile.
    Late(Duration),
    /// It is done twice, and the second answer comes back.
    Twice,
    /// It does not arrive until [`Wire::release`]; the caller sees a broken connection.
    Hold,
    /// It is done whatever its condition says.
    Unconditional,
    /// AWS answers this body with status 200 and does nothing.
    Answer(Value),
    /// It waits until it gets hold of this, keeps that until it is over, and this becomes of it.
    Turn(Turn, Box<Act>),
    /// AWS answers this body with status 400 and does nothing.
    Refusal(Value),
    /// It is done, and the answer comes so late, time passing for everybody in small steps: whoever
    /// waits for a deadline wakes when it has come, and calls at the same time are late at the same
    /// time. For one request at a time: time stands while another call is on its way.
    Slow(Duration),
}

/// What only one call holds at a time.
pub type Turn = Arc<tokio::sync::Mutex<()>>;

/// What came of a call.
#[derive(Clone, Debug)]
pub struct Done {
    /// The call.
    pub call: Call,
    /// The status of the answer, 0 if there was none.
    pub status: u16,
    /// The capacity units that DynamoDB reported; a refused write reports none.
    pub units: f64,
}

type Rule = Arc<dyn Fn(&Call) -> Act + Send + Sync>;

/// The wire. Clones share everything.
#[derive(Clone)]
pub struct Wire {
    inner: SharedHttpClient,
    clock: Clock,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    rule: Option<Rule>,
    seen: usize,
    done: Vec<Done>,
    held: Vec<(HttpRequest, SharedHttpConnector)>,
    under_way: usize,
    /// When the slow ones of those are due, and their numbers.
    due: BTreeSet<(i64, usize)>,
}

impl fmt::Debug for Wire {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Wire")
    }
}

impl Wire {
    /// A wire before `inner`.
    pub fn new(inner: SharedHttpClient, clock: Clock) -> Self {
        Self {
            inner,
            clock,
            state: Arc::default(),
        }
    }

    /// From now on `rule` decides what becomes of each call.
    pub fn rule(&self, rule: impl Fn(&Call) -> Act + Send + Sync + 'static) {
        self.state.lock().unwrap().rule = Some(Arc::new(rule));
    }

    /// From now on the first `reads` of `BatchGetItem` are answered so, and every other call passes.
    pub fn first_reads(&self, answer: Value, reads: usize) {
        let seen = AtomicUsize::new(0);
        self.rule(move |call| {
            if call.operation == "BatchGetItem" && seen.fetch_add(1, Ordering::Relaxed) < reads {
                return Act::Answer(answer.clone());
            }
            Act::Pass
        });
    }

    /// From now on every call passes.
    pub fn heal(&self) {
        self.state.lock().unwrap().rule = None;
    }

    /// What came of the calls since the last time this was asked.
    pub fn take(&self) -> Vec<Done> {
        std::mem::take(&mut self.state.lock().unwrap().done)
    }

    /// As [`Wire::take`], without what counts on the general limits, of an address and of a tenant: that
    /// is much or little as the instance has been used, and measured where limits are tested.
    pub fn work(&self) -> Vec<Done> {
        let mut done = self.take();
        done.retain(|done| {
            !["address", "tenant"]
                .iter()
                .any(|limit| done.call.touches(&format!("RATE#{limit}#")))
        });
        done
    }

    /// Lets the held calls arrive now; gives how many there were.
    pub async fn release(&self) -> usize {
        let held = std::mem::take(&mut self.state.lock().unwrap().held);
        let count = held.len();
        for (request, connector) in held {
            let _ = connector.call(request).await;
        }
        count
    }

    /// Lets the held calls arrive now, and be done whatever their conditions say; gives how many
    /// there were.
    pub async fn release_unconditionally(&self) -> usize {
        for (request, _) in &mut self.state.lock().unwrap().held {
            unconditional(request);
        }
        self.release().await
    }

    fn decide(&self, call: &Call) -> Act {
        let rule = self.state.lock().unwrap().rule.clone();
        rule.map_or(Act::Pass, |rule| rule(call))
    }

    async fn carry(
        self,
        mut request: HttpRequest,
        connector: SharedHttpConnector,
    ) -> Result<HttpResponse, ConnectorError> {
        let call = self.seen(&request);
        crate::privilege::check(&call.operation, &call.body);
        let _under_way = UnderWay::begin(&self.state, call.number);
        let broken = || Err(ConnectorError::io("the connection broke".into()));
        let mut act = self.decide(&call);
        let mut turns = Vec::new();
        while let Act::Turn(turn, then) = act {
            turns.push(turn.lock_owned().await);
            act = *then;
        }
        let answer = match act {
            Act::Pass => connector.call(request).await,
            Act::Fail(status, code) => Ok(error(status, code)),
            Act::Answer(body) => Ok(response(200, &body)),
            Act::Refusal(body) => Ok(response(400, &body)),
            Act::Slow(by) => {
                let answer = connector.call(request).await;
                self.pass(by, call.number).await;
                answer
            }
            Act::Refuse => broken(),
            Act::Lose => {
                let _ = connector.call(request).await?;
                broken()
            }
            Act::Late(by) => {
                let answer = connector.call(request).await;
                self.clock.advance(by);
                // Whoever waits for a deadline that has passed by now wakes first.
                for _ in 0..8 {
                    tokio::task::yield_now().await;
                }
                answer
            }
            Act::Twice => {
                let again = request.try_clone().expect("a body in memory");
                let _ = connector.call(request).await?;
                connector.call(again).await
            }
            Act::Hold => {
                self.state.lock().unwrap().held.push((request, connector));
                broken()
            }
            Act::Unconditional => {
                if call.operation == "UpdateSecretVersionStage" {
                    let holder = self.holder(&request, &call, &connector).await?;
                    from_version(&mut request, &holder);
                } else {
                    unconditional(&mut request);
                }
                connector.call(request).await
            }
            Act::Turn(..) => unreachable!("it has had its turn"),
        };
        let (answer, status, units) = match answer {
            Ok(answer) => {
                let answer = whole(answer).await?;
                let (status, units) = (answer.status().as_u16(), units(&answer));
                (Ok(answer), status, units)
            }
            Err(error) => (Err(error), 0, 0.0),
        };
        self.state.lock().unwrap().done.push(Done {
            call,
            status,
            units,
        });
        answer
    }

    /// The version that has the stage which a call moves.
    async fn holder(
        &self,
        request: &HttpRequest,
        call: &Call,
        connector: &SharedHttpConnector,
    ) -> Result<String, ConnectorError> {
        let described = connector.call(describing(request, &call.body)).await?;
        Ok(holder(&whole(described).await?, &call.body))
    }

    fn seen(&self, request: &HttpRequest) -> Call {
        let header = |name| request.headers().get(name).unwrap_or_default();
        let target = header("x-amz-target");
        let attempt = header("amz-sdk-request")
            .split(';')
            .find_map(|part| part.trim().strip_prefix("attempt="))
            .and_then(|attempt| attempt.parse().ok());
        let body = request.body().bytes().unwrap_or_default();
        let mut state = self.state.lock().unwrap();
        let number = state.seen;
        state.seen += 1;
        let rounds = state.done.iter().map(|done| done.call.round);
        let round = rounds.max().unwrap_or(0) + 1;
        Call {
            operation: target.rsplit('.').next().unwrap_or_default().to_owned(),
            body: serde_json::from_slice(body).unwrap_or_default(),
            attempt: attempt.unwrap_or(1),
            number,
            round,
        }
    }
}

impl Wire {
    /// Lets time pass until `by` from now, when nothing else is on its way.
    async fn pass(&self, by: Duration, number: usize) {
        const STEP: Duration = Duration::from_millis(250);
        // So often the caller may go on with what it has before time does.
        const QUIET: u32 = 6;
        let by = i64::try_from(by.as_millis()).expect("a time");
        let until = self.clock.now().millis() + by;
        self.state.lock().unwrap().due.insert((until, number));
        let mut quiet = 0;
        loop {
            let left = until - self.clock.now().millis();
            let Ok(left) = u64::try_from(left) else {
                return;
            };
            if left == 0 {
                return;
            }
            tokio::task::yield_now().await;
            let may_pass = {
                let state = self.state.lock().unwrap();
                state.under_way == state.due.len() && state.due.first() == Some(&(until, number))
            };
            quiet = if may_pass { quiet + 1 } else { 0 };
            if quiet >= QUIET {
                self.clock.advance(STEP.min(Duration::from_millis(left)));
                quiet = 0;
            }
        }
    }
}

/// A call on its way, until it ends or its caller gives it up.
struct UnderWay {
    state: Arc<Mutex<State>>,
    number: usize,
}

impl UnderWay {
    fn begin(state: &Arc<Mutex<State>>, number: usize) -> Self {
        state.lock().unwrap().under_way += 1;
        let state = Arc::clone(state);
        Self { state, number }
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        let mut state = self.state.lock().unwrap();
        state.under_way -= 1;
        state.due.retain(|(_, number)| *number != self.number);
    }
}

impl HttpClient for Wire {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        let inner = self.inner.http_connector(settings, components);
        SharedHttpConnector::new(Connector {
            wire: self.clone(),
            inner,
        })
    }
}

#[derive(Debug)]
struct Connector {
    wire: Wire,
    inner: SharedHttpConnector,
}

impl HttpConnector for Connector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let (wire, inner) = (self.wire.clone(), self.inner.clone());
        HttpConnectorFuture::new(async move { wire.carry(request, inner).await })
    }
}
