//! A long, fat link: 100 ms there and back, 1 Gbit/s, 12.5 MB under way. One stream fills it, in either direction.
//!
//! The windows begin at 64 KiB, which is 0.5 % of that. The receiver finds out what the link holds by PING, and widens.

use std::time::Duration;

use sim::{Body, Pair, Script, Side, Wire};

/// 50 ms each way, 1 Gbit/s.
const WIRE: Wire = Wire { latency: Duration::from_millis(50), buffer: 256 << 10, ..Wire::LAN };
/// How often the ramp is measured.
const STEP: Duration = Duration::from_millis(100);

/// Runs one stream for `steps`; which part of the link its messages fill in each.
fn ramp(script: &Script, receiver: Side, wire: Wire, steps: usize) -> Vec<f64> {
    let mut pair = Pair::new(wire);
    pair.open(script);
    let mut before = 0;
    let mut parts = Vec::new();
    for step in 0..steps {
        pair.run_for(STEP);
        let received = pair.peer(receiver).calls.first().map_or(0, |log| log.bytes);
        let part = (received - before) as f64 / (wire.bandwidth as f64 * STEP.as_secs_f64());
        println!("{:4} ms  {:5.1} % {}", (step + 1) * 100, part * 100.0, "#".repeat((part * 50.0) as usize));
        before = received;
        parts.push(part);
    }
    parts
}

/// Which part of the link is filled in the last five round trips; by then the ramp is over.
fn steady(parts: &[f64]) -> f64 {
    let last = &parts[parts.len() - 5..];
    last.iter().sum::<f64>() / last.len() as f64
}

fn assert_filled(parts: &[f64]) {
    assert!(steady(parts) >= 0.8, "{:.1} % of the link in the steady state", steady(parts) * 100.0);
    let ramp = parts.iter().position(|part| *part >= 0.8).expect("it was reached");
    assert!(ramp < 20, "80 % were reached after {} round trips only", ramp + 1);
}

#[test]
fn one_download_fills_the_link() {
    let script = Script::download("/sim.Link/Download", Body::of_length(1 << 20, 64 << 10));
    assert_filled(&ramp(&script, Side::Client, WIRE, 25));
}

#[test]
fn one_upload_fills_the_link() {
    let script = Script::upload("/sim.Link/Upload", Body::of_length(1 << 20, 64 << 10));
    assert_filled(&ramp(&script, Side::Server, WIRE, 25));
}

#[test]
fn messages_as_large_as_the_limit_fill_the_link() {
    let script = Script::download("/sim.Link/Large", Body::of_length(1 << 20, 4 << 20));
    let parts = ramp(&script, Side::Client, WIRE, 40);
    assert!(steady(&parts) >= 0.8, "{:.1} % of the link in the steady state", steady(&parts) * 100.0);
}

#[test]
fn a_link_that_cuts_bytes_anywhere_is_filled_too() {
    let script = Script::download("/sim.Link/Cut", Body::of_length(1 << 20, 64 << 10));
    assert_filled(&ramp(&script, Side::Client, WIRE.cut(1), 22));
    let script = Script::upload("/sim.Link/Cut", Body::of_length(1 << 20, 64 << 10));
    assert_filled(&ramp(&script, Side::Server, WIRE.cut(2), 22));
}
