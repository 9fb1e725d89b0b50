//! The soak cases and the heavy ones over sockets: what they count, and that they fail where they should.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use clap::Parser;
use farcall::server::Shutdown;
use farcall::{Channel, Server};
use interop::Failure;
use interop::cases::Case;
use interop::proto::grpc::testing::TestServiceServer;
use interop::service::InteropService;
use interop::soak::{SoakFlags, soak};

#[derive(Parser)]
struct Line {
    #[command(flatten)]
    soak: SoakFlags,
}

fn flags(line: &str) -> SoakFlags {
    Line::parse_from(["soak"].into_iter().chain(line.split_whitespace())).soak
}

async fn start(receive_limit: u32) -> (String, Shutdown) {
    let service = TestServiceServer::new(InteropService::new());
    let bound = Server::builder().receive_limit(receive_limit).service(service).bind("127.0.0.1:0").await.unwrap();
    let started = (bound.local_addr().to_string(), bound.shutdown_handle());
    tokio::spawn(bound.serve());
    started
}

/// The verdict, and how many channels were opened.
async fn run(line: &str, each_opens: bool) -> (Result<(), Failure>, u32) {
    let (target, shutdown) = start(4 << 20).await;
    let opened = Arc::new(AtomicU32::new(0));
    let (count, to) = (Arc::clone(&opened), target.clone());
    let open = move || {
        count.fetch_add(1, Ordering::SeqCst);
        Channel::new(&to).unwrap()
    };
    let verdict = soak(flags(line), &target, each_opens, open).await;
    shutdown.begin();
    (verdict, opened.load(Ordering::SeqCst))
}

/// Limits that no machine passes.
const PATIENT: &str = "--soak_per_iteration_max_acceptable_latency_ms 60000";

fn told(verdict: (Result<(), Failure>, u32)) -> String {
    verdict.0.unwrap_err().to_string()
}

#[test]
fn the_defaults_are_those_of_the_description() {
    let flags = flags("");
    assert_eq!((flags.soak_iterations, flags.soak_max_failures, flags.soak_num_threads), (10, 0, 1));
    assert_eq!(flags.soak_per_iteration_max_acceptable_latency_ms, 1_000);
    assert_eq!((flags.soak_request_size, flags.soak_response_size), (271_828, 314_159));
    assert_eq!((flags.soak_overall_timeout_seconds, flags.soak_min_time_ms_between_rpcs), (None, 0));
    assert_eq!(flags.overall(), Duration::from_secs(10));
}

#[tokio::test]
async fn a_soak_of_calls_has_one_channel_and_a_soak_of_channels_one_for_each() {
    assert_eq!(run(PATIENT, false).await, (Ok(()), 1));
    assert_eq!(run(PATIENT, true).await, (Ok(()), 10));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn threads_share_the_iterations_evenly_or_not_at_all() {
    assert_eq!(run(&format!("{PATIENT} --soak_iterations 12 --soak_num_threads 4"), true).await, (Ok(()), 12));
    let uneven = run("--soak_num_threads 3", false).await;
    assert!(told(uneven).contains("10 iterations cannot be shared among 3 threads"));
}

#[tokio::test]
async fn failures_are_counted_and_some_may_be_let_pass() {
    // A reply beyond what the service makes is refused by it, each time.
    let failing = format!("{PATIENT} --soak_iterations 3 --soak_response_size 100000000");
    let text = told(run(&failing, false).await);
    assert!(text.contains("at most 0 failures, got 3") && text.contains("100000000"), "{text}");
    assert_eq!(run(&format!("{failing} --soak_max_failures 3"), false).await, (Ok(()), 1));
    let slow = "--soak_per_iteration_max_acceptable_latency_ms 0 --soak_overall_timeout_seconds 60";
    assert!(told(run(slow, false).await).contains("at most 0 failures, got 10"));
}

#[tokio::test]
async fn time_that_is_too_short_for_all_is_a_failure_however_many_may_fail() {
    let line = "--soak_overall_timeout_seconds 0 --soak_max_failures 10";
    assert!(told(run(line, false).await).contains("expected 10 iterations within 0ns, got 0"));
    let line = "--soak_overall_timeout_seconds 1 --soak_min_time_ms_between_rpcs 3600000 --soak_iterations 2";
    assert!(told(run(line, false).await).contains("expected 2 iterations within 1s"));
}

#[tokio::test]
async fn a_very_large_request_needs_a_server_that_takes_it() {
    let case = Case::find("very_large_request").unwrap();
    let (target, usual) = start(4 << 20).await;
    let refused = case.run(Channel::new(&target).unwrap()).await.unwrap_err().to_string();
    assert!(refused.contains("RESOURCE_EXHAUSTED"), "{refused}");
    let (target, roomy) = start(11 << 20).await;
    assert_eq!(case.run(Channel::new(&target).unwrap()).await, Ok(()));
    usual.begin();
    roomy.begin();
}
