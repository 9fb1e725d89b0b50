//! Latency under a load that does not wait: at 80 % of what each server can do, and at 80 % of what tonic can do.

use super::Effort;
use crate::child::{Server, Setup};
use crate::clock;
use crate::load::closed::{self, Window};
use crate::load::{Job, Method, open};
use crate::peer::Peer;
use crate::runtime::Runtime;
use crate::{Failure, samples::Samples};

/// The latencies of one server at one rate.
#[derive(Debug)]
pub struct Latency {
    /// Which.
    pub peer: Peer,
    /// What the rate is 80 % of.
    pub of: &'static str,
    /// Calls a second.
    pub rate: f64,
    /// For each of [`Latency::QUANTILES`], in microseconds; or why there are none.
    pub microseconds: Result<Vec<f64>, String>,
}

impl Latency {
    /// What is told; the last one is the longest.
    pub const QUANTILES: [(&'static str, f64); 5] =
        [("p50", 0.5), ("p90", 0.9), ("p99", 0.99), ("p99.9", 0.999), ("max", 1.0)];
}

/// Measures all servers: first what they can do, then the latencies.
///
/// # Errors
/// When a server does not start, or fails in the closed loop.
pub fn latencies(effort: &Effort) -> Result<Vec<Latency>, Failure> {
    let mut servers = Vec::new();
    for peer in Peer::GRPC {
        let setup = Setup { peer, runtime: Runtime::Current, suspend: false, core: clock::MEASURED_CORE };
        let server = Server::start(setup)?;
        let peak = peak(&job(peer, &server), &server, effort.window)?;
        servers.push((peer, server, peak));
    }
    let tonic = servers.iter().find(|(peer, ..)| *peer == Peer::Tonic).map_or(0.0, |(_, _, peak)| *peak);
    let mut all = Vec::new();
    for (of, common) in [("its own peak", None), ("tonic's peak", Some(tonic))] {
        for (peer, server, peak) in &servers {
            let rate = common.unwrap_or(*peak) * LOAD;
            let measured =
                open::latencies(&Job { calls: MOST, ..job(*peer, server) }, rate, effort.latency / 10, effort.latency);
            let quantiles = measured.map(|latencies| {
                let value = |(_, quantile)| latencies.value_at_quantile(quantile) as f64 / 1000.0;
                Latency::QUANTILES.map(value).to_vec()
            });
            all.push(Latency { peer: *peer, of, rate, microseconds: quantiles.map_err(|error| error.to_string()) });
        }
    }
    Ok(all)
}

fn peak(job: &Job, server: &Server, window: Window) -> Result<f64, Failure> {
    let mut rates = Samples::default();
    for _ in 0..3 {
        rates.push(closed::timed(job, server.id(), window)?.rate());
    }
    Ok(rates.median())
}

fn job(peer: Peer, server: &Server) -> Job {
    let method = Method::Get { metadata: false };
    Job { peer, address: server.address, connections: CONNECTIONS, calls: CALLS, method }
}

/// Connections of the closed and of the open loop.
const CONNECTIONS: usize = 10;
/// Calls in flight on each in the closed loop.
const CALLS: usize = 10;
/// Calls in flight on each in the open loop at most: servers allow no more.
const MOST: usize = 100;
/// The share of the peak.
const LOAD: f64 = 0.8;
