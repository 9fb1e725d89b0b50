//! What the handles of a channel and its one driver share: the mailbox, the settings, and what is known of the connection.
//!
//! Nothing here connects or sends. The driver is a task that the first call spawns; it ends with the last handle, or
//! with its runtime, in which case the next call spawns another.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use farcall_policy::State;
use farcall_wire::grpc::{Metadata, Outcome, Processed, Status};
use tokio::runtime::Handle;
use tokio::sync::watch;

use super::opening::{ClientCommand, Opening};
use super::settings::Settings;
use crate::call::{CallState, Held};
use crate::transport::mailbox::{Command, Mailbox};

/// Shared by handles and driver.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) mailbox: Arc<Mailbox>,
    pub(super) settings: Settings,
    /// What calls name in `:authority`.
    pub(super) authority: String,
    pub(super) user_agent: String,
    /// How errors name the server.
    pub(super) target: String,
    pub(super) standing: watch::Sender<Standing>,
    /// A driver exists, or is about to.
    running: AtomicBool,
}

/// What is known of the connection.
#[derive(Debug)]
pub(super) struct Standing {
    pub(super) state: State,
    /// Why the last attempt to connect failed; kept while the state is TRANSIENT_FAILURE.
    pub(super) failure: Option<Status>,
}

impl Shared {
    pub(super) fn new(settings: Settings, authority: String, user_agent: String, target: String) -> Arc<Self> {
        Arc::new(Self {
            mailbox: Mailbox::new(),
            settings,
            authority,
            user_agent,
            target,
            standing: watch::Sender::new(Standing { state: State::Idle, failure: None }),
            running: AtomicBool::new(false),
        })
    }

    /// The driver has ended, with its runtime or by a panic: nobody empties the mailbox until another is spawned.
    /// What comes too late for `take` finds that there is no driver, see [`Handles::open`]: each side writes, then looks at
    /// what the other wrote, all in one order.
    pub(super) fn driver_ended(&self, commands: &mut Vec<Command>) {
        self.running.store(false, Ordering::SeqCst);
        self.mailbox.take(commands);
    }
}

/// The driver's future, before it is spawned.
pub(super) type Driver = Pin<Box<dyn Future<Output = ()> + Send>>;

/// What all clones of a channel hold; its end tells the driver.
pub(super) struct Handles {
    pub(super) shared: Arc<Shared>,
    driver: Box<dyn Fn(Arc<Shared>) -> Driver + Send + Sync>,
}

impl Handles {
    pub(super) fn new(shared: Arc<Shared>, driver: impl Fn(Arc<Shared>) -> Driver + Send + Sync + 'static) -> Self {
        Self { shared, driver: Box::new(driver) }
    }

    /// Hands a call to the driver, which is spawned on the caller's runtime if there is none.
    ///
    /// # Errors
    /// INTERNAL outside of a runtime.
    pub(super) fn open(&self, opening: Opening) -> Result<(), Status> {
        if !self.shared.running.load(Ordering::SeqCst) {
            Handle::try_current().map_err(|_| no_runtime())?;
        }
        self.push(ClientCommand::Open(opening));
        // The driver may have ended after the first look; then it has not seen the call, or has failed it already.
        if self.shared.running.load(Ordering::SeqCst) { Ok(()) } else { self.start() }
    }

    pub(super) fn push(&self, command: ClientCommand) {
        self.shared.mailbox.push(Command::Client(command));
    }

    fn start(&self) -> Result<(), Status> {
        let runtime = Handle::try_current().map_err(|_| no_runtime())?;
        if !self.shared.running.swap(true, Ordering::SeqCst) {
            runtime.spawn((self.driver)(Arc::clone(&self.shared)));
        }
        Ok(())
    }
}

impl Drop for Handles {
    fn drop(&mut self) {
        self.push(ClientCommand::Closed);
    }
}

impl fmt::Debug for Handles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handles").field("target", &self.shared.target).finish_non_exhaustive()
    }
}

/// Ends a call that is on no connection.
pub(super) fn fail(state: &CallState, status: Status) {
    let outcome = Outcome { status: Err(status), trailers: Metadata::new(), processed: Processed::No };
    state.deliver_outcome(outcome, Held::default());
}

fn no_runtime() -> Status {
    Status::internal(
        "a call needs a tokio runtime with I/O and time enabled: await it under #[tokio::main], or inside of Runtime::block_on",
    )
}
