//! The server process as its parent holds it. It ends when this is dropped.

use std::net::SocketAddr;
use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};

use crate::Failure;
use crate::ledger::Counts;
use crate::serve::REPORT;

/// The server process.
pub(crate) struct Server {
    child: Child,
    input: ChildStdin,
    output: Lines<BufReader<ChildStdout>>,
    /// Where it listens.
    pub(crate) address: SocketAddr,
    /// Its number.
    pub(crate) process: u32,
}

impl Server {
    /// Starts this program again as a server.
    ///
    /// # Errors
    /// When it does not come up.
    pub(crate) async fn start() -> Result<Self, Failure> {
        let mut command = Command::new(std::env::current_exe()?);
        command.arg("serve").stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true);
        let mut child = command.spawn()?;
        let input = child.stdin.take().ok_or("a child without input")?;
        let output = BufReader::new(child.stdout.take().ok_or("a child without output")?).lines();
        let process = child.id().ok_or("the server has ended at once")?;
        let mut server = Self { child, input, output, address: SocketAddr::from(([127, 0, 0, 1], 0)), process };
        server.address = server.read().await?.parse()?;
        Ok(server)
    }

    /// Stops it in one of the two ways, and waits until it listens again.
    ///
    /// # Errors
    /// When it does not.
    pub(crate) async fn again(&mut self, how: &str) -> Result<(), Failure> {
        let line = self.ask(how).await?;
        if line == self.address.to_string() {
            return Ok(());
        }
        Err(format!("the server said {line:?} after {how}, it should listen on {}", self.address).into())
    }

    /// What its handlers did so far.
    ///
    /// # Errors
    /// When it does not say.
    pub(crate) async fn counts(&mut self) -> Result<Counts, Failure> {
        let line = self.ask(REPORT).await?;
        Ok(Counts::read(&line).ok_or_else(|| format!("the server said {line:?} instead of its counts"))?)
    }

    /// Lets it end in order.
    ///
    /// # Errors
    /// When it does not end, or not well.
    pub(crate) async fn stop(self) -> Result<(), Failure> {
        let Self { mut child, input, .. } = self;
        drop(input);
        let status = tokio::time::timeout(PATIENCE, child.wait()).await.map_err(|_| "the server did not end")??;
        if status.success() { Ok(()) } else { Err(format!("the server ended with {status}").into()) }
    }

    async fn ask(&mut self, line: &str) -> Result<String, Failure> {
        self.input.write_all(format!("{line}\n").as_bytes()).await?;
        self.read().await
    }

    async fn read(&mut self) -> Result<String, Failure> {
        let line = tokio::time::timeout(PATIENCE, self.output.next_line()).await;
        Ok(line.map_err(|_| "the server says nothing")??.ok_or("the server has ended; its words stand above")?)
    }
}

/// More than a shutdown in order may take.
const PATIENCE: Duration = Duration::from_secs(120);
