//! The whole: stores, functions, and the API in front of them.

use std::path::PathBuf;

use shared::clock::Clock;
use shared::config::Config;

use crate::functions::{self, Functions, Output};
use crate::serving::Serving;
use crate::settings::setting;
use crate::stores::{Ports, Stores};
use crate::stream::{self, Polling};
use crate::template::Template;
use crate::{StackError, demonstration, gateway};

/// How a stack is started. By default in memory, on free ports, silently.
#[derive(Clone, Debug)]
pub struct Options {
    /// Where to listen.
    pub ports: Ports,
    /// Where users, sessions and keys are kept; `None` is in memory.
    pub data_dir: Option<PathBuf>,
    /// Environment variables of the functions, before the stack's own and the process's.
    pub settings: Vec<(String, String)>,
    /// Whether an empty stack loads the demonstration data.
    pub demonstration: bool,
    /// Is told each step, and each log line of a function.
    pub tell: fn(&str),
}

impl Default for Options {
    fn default() -> Self {
        Self {
            ports: Ports::default(),
            data_dir: None,
            settings: Vec::new(),
            demonstration: true,
            tell: |_| {},
        }
    }
}

/// A stack that runs. It ends when this is dropped, and when this process ends in whatever way.
#[derive(Debug)]
pub struct Stack {
    gateway: Serving,
    streams: Vec<Polling>,
    functions: Functions,
    stores: Stores,
}

/// Says which setting the functions would not start with: their own word would be lost in a log.
fn check(environment: &[(String, String)]) -> Result<(), StackError> {
    let config = Config::from(|wanted| {
        let ours = environment.iter().rfind(|(name, _)| name == wanted);
        ours.map(|(_, value)| value.clone())
            .or_else(|| setting(wanted))
    });
    config.map(|_| ()).map_err(|error| StackError(error.0))
}

impl Stack {
    /// Starts a stack, and waits until every function answers.
    ///
    /// # Errors
    ///
    /// When a port or the folder is in use, the folder cannot be written, cargo-lambda is missing,
    /// or a function does not build or answer. Whatever was started has ended again.
    pub async fn start(options: Options) -> Result<Self, StackError> {
        let tell = options.tell;
        let template = Template::read()?;
        tell("starting DynamoDB and Secrets Manager");
        let stores = Stores::start(options.ports, options.data_dir).await?;
        if options.demonstration {
            demonstration::load(&stores.environment(Clock::System)?).await?;
        }
        // The functions' issuer is the gateway, which needs the functions' address: so the
        // gateway's listener comes first, and calls wait in it.
        let address = functions::free_port()?;
        let functions_url = format!("http://{address}");
        // On AWS a team's own API has an address of its own.
        let example = Template::example()?;
        let mut routes = template.routes()?;
        routes.extend(example.routes()?);
        let gateway = gateway::start(options.ports.gateway, routes.clone(), &functions_url).await?;
        tell("looking whether the functions are built, and starting them");
        let mut environment = stores.settings(&gateway.url);
        environment.extend(options.settings);
        check(&environment)?;
        let output = Output::new(stores.data_dir(), tell)?;
        let functions = Functions::start(address, environment, output).await?;
        functions.wake(&template.functions()?, &routes).await?;
        functions.output.show();
        stores.rotate_by(&functions_url);
        let start = |source| stream::start(source, &stores, &functions_url);
        let streams = template.stream_sources()?.into_iter().map(start);
        let streams = streams.collect::<Result<_, _>>()?;
        Ok(Self {
            gateway,
            streams,
            functions,
            stores,
        })
    }

    /// Where the API is, as a URL without a path.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.gateway.url
    }

    /// The stores.
    #[must_use]
    pub fn stores(&self) -> &Stores {
        &self.stores
    }

    /// Where the functions' Lambda Invoke API is, as a URL without a path.
    #[must_use]
    pub fn functions_url(&self) -> &str {
        &self.functions.url
    }

    /// Everything that the functions have printed; empty for a stack with a folder, which has it in
    /// `functions.log`.
    #[must_use]
    pub fn output(&self) -> String {
        self.functions.output.text()
    }

    /// Waits until the functions have ended without being asked to.
    pub async fn ended(&self) {
        self.functions.ended().await;
    }

    /// Ends everything, and waits until it has ended.
    pub async fn stop(self) {
        drop(self.gateway);
        drop(self.streams);
        self.functions.stop().await;
    }
}
