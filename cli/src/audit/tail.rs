//! The log followed as it grows.

use std::time::Duration;

use clap::Args;
use shared::auth::audit_log::follow::Follower;
use shared::error::Error;
use shared::store::event::Event;

use super::{Which, cells, json};
use crate::failure::Failure;
use crate::interrupt::Interrupts;
use crate::operator::Operator;
use crate::output::{Output, harmless};

/// What is followed.
#[derive(Debug, Args)]
pub struct Tail {
    #[command(flatten)]
    which: Which,

    /// How late an event may come and still be shown, in seconds; each look reads so far back.
    #[arg(long, value_name = "SECONDS", default_value_t = 60, value_parser = clap::value_parser!(u32).range(1..=86_400))]
    late: u32,
}

/// Between two looks.
const PAUSE: Duration = Duration::from_secs(2);

impl Tail {
    /// Follows it until somebody stops it.
    pub async fn run(self, operator: &Operator, output: &Output) -> Result<(), Failure> {
        let interrupts = Interrupts::heeded();
        tokio::select! {
            ended = self.follow(operator, output) => ended,
            // That is how it ends.
            () = interrupts.next() => Ok(()),
        }
    }

    async fn follow(&self, operator: &Operator, output: &Output) -> Result<(), Failure> {
        let now = operator.now();
        let sought = self.which.sought(&operator.app, None, now).await?;
        let mut follower = Follower::new(sought, i64::from(self.late), now);
        loop {
            let more = match follower.poll(&operator.app, operator.now()).await {
                Ok((events, more)) => {
                    for event in &events {
                        output.line(&line(event, output)?)?;
                    }
                    more
                }
                Err(Error::Unavailable(why)) => {
                    eprintln!("gatehouse: {why}; going on");
                    false
                }
                Err(error) => return Err(error.into()),
            };
            if !more {
                operator.environment.clock.sleep(PAUSE).await;
            }
        }
    }
}

fn line(event: &Event, output: &Output) -> Result<String, Failure> {
    if output.json {
        return json(event);
    }
    let [time, kind, outcome, actor, subject, address, reason] =
        cells(event).map(|cell| harmless(&cell));
    Ok(format!(
        "{time}  {kind:26}  {outcome:7}  {actor:36}  {subject:36}  {address:15}  {reason}"
    ))
}
