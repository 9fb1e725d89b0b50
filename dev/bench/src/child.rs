//! The processes that are measured, as the parent holds them. Each is this program again, kept to a core of its own.

pub mod call;
pub mod load;
pub mod pair;
pub mod serve;

use std::io::{BufRead, BufReader, Write};
use std::net::SocketAddr;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Duration;

use crate::Failure;
use crate::load::closed::{Measured, Window};
use crate::peer::{Client, Peer};
use crate::runtime::Runtime;

/// How a server process is started.
#[derive(Debug, Clone, Copy)]
pub struct Setup {
    /// Which implementation.
    pub peer: Peer,
    /// On which runtime.
    pub runtime: Runtime,
    /// Whether handlers suspend once.
    pub suspend: bool,
    /// The core it keeps to; the multi-threaded runtime with two workers takes them all.
    pub core: usize,
}

/// A server in a process of its own. Ends when it is dropped.
pub struct Server {
    process: Process,
    /// Where it listens.
    pub address: SocketAddr,
}

/// A client in a process of its own. Ends when it is dropped.
pub struct Caller {
    process: Process,
}

impl Server {
    /// Starts a server, and calls it with a real client to see that it answers as it should.
    ///
    /// # Errors
    /// When it does not come up, or answers wrong.
    pub fn start(setup: Setup) -> Result<Self, Failure> {
        Self::start_with(&[], setup)
    }

    /// The same, run by another program: `valgrind` and its options.
    ///
    /// # Errors
    /// As [`Server::start`].
    pub fn start_with(runner: &[String], setup: Setup) -> Result<Self, Failure> {
        let manner = match (setup.suspend, runner.is_empty()) {
            (true, _) => "suspend",
            (false, true) => "ready",
            (false, false) => "counted",
        };
        let cores = setup.runtime.cores(setup.core);
        let words = ["serve", &setup.peer.to_string(), &setup.runtime.to_string(), manner, &cores];
        let mut process = Process::start(runner, &words)?;
        let address = process.read()?.parse()?;
        let server = Self { process, address };
        if setup.peer != Peer::Floor {
            server.check().map_err(|error| format!("{} answers a client of tonic wrong: {error}", setup.peer))?;
        }
        Ok(server)
    }

    /// Its process.
    pub fn id(&self) -> u32 {
        self.process.child.id()
    }

    /// Tells it to end, and waits for it.
    ///
    /// # Errors
    /// When it does not end well.
    pub fn stop(self) -> Result<(), Failure> {
        self.process.stop()
    }

    fn check(&self) -> Result<(), Failure> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(async {
            tokio::time::timeout(PATIENCE, async {
                type Reference = crate::proto::tonic::bench_client::BenchClient<tonic::transport::Channel>;
                let mut client = <Reference as Client>::connect(self.address).await?;
                Client::get(&mut client).await?;
                let bytes = Client::download(&mut client, 3, 1000).await?;
                if bytes == 3000 {
                    Ok(())
                } else {
                    Err(Failure::from(format!("3 chunks of 1000 bytes brought {bytes}")))
                }
            })
            .await?
        })
    }
}

impl Caller {
    /// Starts a client with so many calls in flight on one channel.
    ///
    /// # Errors
    /// When it does not come up, or cannot connect.
    pub fn start(
        peer: Peer,
        runtime: Runtime,
        in_flight: usize,
        server: SocketAddr,
        core: usize,
    ) -> Result<Self, Failure> {
        let (peer, runtime, cores) = (peer.to_string(), runtime.to_string(), runtime.cores(core));
        let words = ["call", &peer, &runtime, &in_flight.to_string(), &server.to_string(), &cores];
        let mut process = Process::start(&[], &words)?;
        match process.read()?.as_str() {
            "ready" => Ok(Self { process }),
            other => Err(format!("the client said {other:?} instead of ready").into()),
        }
    }

    /// Lets it call for a time. `server` in the result is the CPU time of the client: it is what is measured here.
    ///
    /// # Errors
    /// When a call fails.
    pub fn measure(&mut self, window: Window, other: u32) -> Result<Measured, Failure> {
        let before = crate::clock::of(other)?;
        self.process.write(&format!("{} {}", window.warm.as_nanos(), window.measured.as_nanos()))?;
        let line = self.process.read()?;
        let share = (window.measured.as_secs_f64()) / (window.measured + window.warm).as_secs_f64();
        let numbers: Vec<u64> = line.split(' ').map(str::parse).collect::<Result<_, _>>()?;
        let &[messages, cpu, elapsed] = numbers.as_slice() else {
            return Err(format!("the client said {line:?}").into());
        };
        Ok(Measured {
            messages,
            server: Duration::from_nanos(cpu),
            elapsed: Duration::from_nanos(elapsed),
            load: (crate::clock::of(other)? - before).mul_f64(share),
        })
    }
}

struct Process {
    child: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
}

impl Process {
    fn start(runner: &[String], words: &[&str]) -> Result<Self, Failure> {
        let this = std::env::current_exe()?;
        let mut command = match runner.split_first() {
            None => Command::new(this),
            Some((program, options)) => {
                let mut command = Command::new(program);
                command.args(options).arg(this);
                command
            }
        };
        let mut child = command.args(words).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let input = child.stdin.take();
        let output = BufReader::new(child.stdout.take().ok_or("a child without output")?);
        Ok(Self { child, input, output })
    }

    fn read(&mut self) -> Result<String, Failure> {
        let mut line = String::new();
        match self.output.read_line(&mut line)? {
            0 => Err("the measured process ended too early; what it said stands above".into()),
            _ => Ok(line.trim_end().to_owned()),
        }
    }

    fn write(&mut self, line: &str) -> Result<(), Failure> {
        let input = self.input.as_mut().ok_or("the measured process has ended")?;
        Ok(writeln!(input, "{line}")?)
    }

    fn stop(mut self) -> Result<(), Failure> {
        self.input = None;
        let status = self.child.wait()?;
        if status.success() { Ok(()) } else { Err(format!("the measured process ended with {status}").into()) }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Both fail only for a process that has ended, which is what is wanted.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// How long a server may take for the first calls: under valgrind everything is slow.
const PATIENCE: Duration = Duration::from_secs(60);
