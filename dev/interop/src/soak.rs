//! `rpc_soak` and `channel_soak`: many `large_unary` calls in a row, on one channel or each on its own, with a limit of
//! time for each and for all. Verdicts are reached at the end, when every call has been timed.

use std::time::{Duration, Instant};

use clap::Args;
use farcall::Channel;
use tokio::time::timeout_at;

use crate::Failure;
use crate::cases::requests::{LARGE_REPLY, LARGE_REQUEST, unary};
use crate::check::expect_zeros;
use crate::proto::grpc::testing::TestServiceClient;

/// The two cases.
pub const SOAKS: [&str; 2] = ["rpc_soak", "channel_soak"];

/// The official flags, with their defaults.
#[derive(Debug, Clone, Args)]
#[command(rename_all = "snake_case")]
pub struct SoakFlags {
    /// Calls to make, all threads together.
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..))]
    pub soak_iterations: u32,
    /// Calls that may fail or take too long.
    #[arg(long, default_value_t = 0)]
    pub soak_max_failures: u32,
    /// How long a call may take, in milliseconds.
    #[arg(long, default_value_t = 1_000)]
    pub soak_per_iteration_max_acceptable_latency_ms: u64,
    /// How long all calls may take, in seconds; what each may take times their number unless given.
    #[arg(long)]
    pub soak_overall_timeout_seconds: Option<u64>,
    /// Time from the start of a call to the start of the thread's next one, in milliseconds.
    #[arg(long, default_value_t = 0)]
    pub soak_min_time_ms_between_rpcs: u64,
    /// Bytes of payload of a request.
    #[arg(long, default_value_t = LARGE_REQUEST)]
    pub soak_request_size: usize,
    /// Bytes of payload of a reply.
    #[arg(long, default_value_t = LARGE_REPLY)]
    pub soak_response_size: usize,
    /// Calls at a time; the number of iterations must be a multiple of it.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    pub soak_num_threads: u32,
}

/// What became of one call.
struct Iteration {
    took: Duration,
    verdict: Result<(), Failure>,
}

impl SoakFlags {
    /// How long all calls may take.
    pub fn overall(&self) -> Duration {
        let default = Duration::from_millis(self.soak_per_iteration_max_acceptable_latency_ms) * self.soak_iterations;
        self.soak_overall_timeout_seconds.map_or(default, Duration::from_secs)
    }
}

/// Runs the soak; `open` makes a channel to `peer`, whose name stands in each line of the log (stderr).
///
/// # Errors
/// Which limit was passed: too many failures, or too little time for all calls; or threads that the calls cannot be
/// shared among.
pub async fn soak(
    flags: SoakFlags,
    peer: &str,
    each_opens: bool,
    open: impl Fn() -> Channel + Clone + Send + Sync + 'static,
) -> Result<(), Failure> {
    let (iterations, threads) = (flags.soak_iterations, flags.soak_num_threads);
    if iterations % threads != 0 {
        let text = format!("{iterations} iterations cannot be shared among {threads} threads: choose a multiple");
        return Err(Failure::new(text));
    }
    let shared = (!each_opens).then(&open);
    let end = tokio::time::Instant::now() + flags.overall();
    let workers: Vec<_> = (0..threads)
        .map(|thread| {
            let worker = Worker {
                flags: flags.clone(),
                peer: peer.to_owned(),
                first: thread * (iterations / threads),
                open: open.clone(),
                shared: shared.clone(),
            };
            tokio::spawn(worker.run(iterations / threads, end))
        })
        .collect();
    let mut done = Vec::new();
    for worker in workers {
        done.extend(worker.await.map_err(|error| Failure::new(format!("a thread's task: {error}")))?);
    }
    judge(&flags, done)
}

struct Worker<O> {
    flags: SoakFlags,
    peer: String,
    /// The number of its first iteration.
    first: u32,
    open: O,
    shared: Option<Channel>,
}

impl<O: Fn() -> Channel> Worker<O> {
    /// Makes its share of the calls, or as many as `end` leaves time for.
    async fn run(self, calls: u32, end: tokio::time::Instant) -> Vec<Iteration> {
        let mut done = Vec::new();
        let pause = Duration::from_millis(self.flags.soak_min_time_ms_between_rpcs);
        for number in self.first..self.first + calls {
            let next = tokio::time::Instant::now() + pause;
            let Ok(iteration) = timeout_at(end, self.call()).await else { break };
            self.log(number, &iteration);
            done.push(iteration);
            if timeout_at(end, tokio::time::sleep_until(next)).await.is_err() {
                break;
            }
        }
        done
    }

    async fn call(&self) -> Iteration {
        let began = Instant::now();
        // A channel of its own is opened within the time, and goes at the end of this function, behind it.
        let channel = self.shared.clone().unwrap_or_else(&self.open);
        let flags = &self.flags;
        let request = unary(flags.soak_request_size, flags.soak_response_size);
        let reply = TestServiceClient::new(channel.clone()).unary_call(request).await;
        let took = began.elapsed();
        let verdict = match reply {
            Ok(reply) => expect_zeros("reply", &reply.payload, flags.soak_response_size),
            Err(status) => Err(status.into()),
        };
        let limit = Duration::from_millis(flags.soak_per_iteration_max_acceptable_latency_ms);
        let verdict = match verdict {
            Ok(()) if took > limit => Err(Failure::new(format!("expected an end within {limit:?}, got {took:?}"))),
            verdict => verdict,
        };
        Iteration { took, verdict }
    }

    fn log(&self, number: u32, iteration: &Iteration) {
        let head = format!("soak iteration: {number} elapsed_ms: {} peer: {}", iteration.took.as_millis(), self.peer);
        match &iteration.verdict {
            Ok(()) => eprintln!("{head} succeeded"),
            Err(failure) => eprintln!("{head} failed: {failure}"),
        }
    }
}

fn judge(flags: &SoakFlags, done: Vec<Iteration>) -> Result<(), Failure> {
    let mut times: Vec<u128> = done.iter().map(|iteration| iteration.took.as_millis()).collect();
    times.sort_unstable();
    let at = |part: usize| times.get((times.len() * part).div_ceil(100).saturating_sub(1)).copied().unwrap_or(0);
    let failures = done.iter().filter(|iteration| iteration.verdict.is_err()).count();
    eprintln!(
        "soak iterations: {} of {}, failures: {failures}, elapsed_ms: median {}, 90th percentile {}, most {}",
        done.len(),
        flags.soak_iterations,
        at(50),
        at(90),
        at(100)
    );
    if done.len() < flags.soak_iterations as usize {
        let (ran, all, time) = (done.len(), flags.soak_iterations, flags.overall());
        return Err(Failure::new(format!("expected {all} iterations within {time:?}, got {ran}")));
    }
    if failures > flags.soak_max_failures as usize {
        let first = done.into_iter().find_map(|iteration| iteration.verdict.err());
        let first = first.map(|failure| failure.to_string()).unwrap_or_default();
        let most = flags.soak_max_failures;
        return Err(Failure::new(format!("expected at most {most} failures, got {failures}, the first: {first}")));
    }
    Ok(())
}
