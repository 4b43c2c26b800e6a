//! Servers in this process: where they listen, and that they end with the stack.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::LazyLock;

use tokio::net::TcpListener;
use tokio::process::{Child, Command};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::oneshot;

use crate::StackError;

/// Serves all stacks of the process. A test's own runtime ends with the test, a stack may outlive
/// it; and a store that works on threads of its own lets racers really race.
static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| {
    let runtime = Builder::new_multi_thread()
        .worker_threads(4)
        .enable_all()
        .build();
    runtime.expect("the system gives threads")
});

/// A server, which ends when this is dropped.
#[derive(Debug)]
pub struct Serving {
    /// Where it is, as a URL without a path.
    pub url: String,
    _end: oneshot::Sender<()>,
}

/// What ends a server: it comes when its [`Serving`] is dropped.
pub type Ended = oneshot::Receiver<()>;

impl Serving {
    /// Starts `server` on `port` of the loopback interface (0: a free one); `setting` is the
    /// variable that chooses the port.
    ///
    /// # Errors
    ///
    /// When the port is in use.
    pub(crate) async fn start<F, S>(setting: &str, port: u16, server: S) -> Result<Self, StackError>
    where
        S: FnOnce(TcpListener, Ended) -> F,
        F: Future<Output = ()> + Send + 'static,
    {
        let (listener, address) = listen(setting, port).await?;
        let (end, ended) = oneshot::channel();
        RUNTIME.spawn(server(listener, ended));
        Ok(Self {
            url: format!("http://{address}"),
            _end: end,
        })
    }
}

/// Runs `task` on the threads of the servers.
pub fn spawn(task: impl Future<Output = ()> + Send + 'static) {
    RUNTIME.spawn(task);
}

/// Starts a child whose pipes, too, outlive the runtime of the test that asked for it.
pub fn child(command: &mut Command) -> std::io::Result<Child> {
    let _entered = RUNTIME.enter();
    command.spawn()
}

async fn listen(setting: &str, port: u16) -> Result<(TcpListener, SocketAddr), StackError> {
    let failed = |error: std::io::Error| match error.kind() {
        std::io::ErrorKind::AddrInUse => StackError::port_in_use(setting, port),
        _ => StackError(format!("cannot listen on port {port}: {error}")),
    };
    // A listener belongs to the runtime that makes it.
    let listening = RUNTIME
        .spawn(TcpListener::bind((Ipv4Addr::LOCALHOST, port)))
        .await;
    let listener = listening
        .map_err(|error| failed(error.into()))?
        .map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    Ok((listener, address))
}
