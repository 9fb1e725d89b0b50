//! The machine of one address: its whole table, and the walks through it that users notice.

use super::*;

const ALL_PHASES: [Phase; 6] =
    [Phase::Idle, Phase::Connecting, Phase::Ready, Phase::Backoff, Phase::Retrying, Phase::Shutdown];
const ALL_EVENTS: [Event; 8] = [
    Event::Connect,
    Event::Connected,
    Event::Failed,
    Event::Disconnected,
    Event::GoingAway,
    Event::RetryWanted,
    Event::RetryUnwanted,
    Event::ShutDown,
];

/// A subchannel without jitter, and a clock that only tests turn.
struct Bench {
    subchannel: Subchannel,
    now: Instant,
}

impl Bench {
    fn new() -> Self {
        let config = BackoffConfig { jitter: 0.0, ..BackoffConfig::default() };
        Self { subchannel: Subchannel::new(config, 1), now: Instant::now() }
    }

    fn after(&mut self, milliseconds: u64) -> Instant {
        self.now += Duration::from_millis(milliseconds);
        self.now
    }

    fn outputs(&mut self) -> Vec<Output> {
        std::iter::from_fn(|| self.subchannel.poll_output()).collect()
    }

    /// One attempt that fails `milliseconds` after it began.
    fn fail_after(&mut self, milliseconds: u64) {
        let now = self.after(milliseconds);
        self.subchannel.handle_failed(now);
    }

    fn wait_of_backoff(&self) -> Duration {
        self.subchannel.poll_timeout().expect("it is in its backoff").duration_since(self.now)
    }
}

fn connect(seconds: u64) -> Output {
    Output::Connect { timeout: Duration::from_secs(seconds) }
}

#[test]
fn the_arrows_are_these_and_no_others() {
    let mut picture = String::new();
    for phase in ALL_PHASES {
        for event in ALL_EVENTS {
            let tip = phase.after(event);
            if tip != phase {
                picture += &format!("{phase:?} + {event:?} -> {tip:?}\n");
            }
        }
    }
    let expected = "\
Idle + Connect -> Connecting
Idle + ShutDown -> Shutdown
Connecting + Connected -> Ready
Connecting + Failed -> Backoff
Connecting + Disconnected -> Backoff
Connecting + GoingAway -> Backoff
Connecting + ShutDown -> Shutdown
Ready + Failed -> Backoff
Ready + Disconnected -> Idle
Ready + GoingAway -> Idle
Ready + ShutDown -> Shutdown
Backoff + RetryWanted -> Retrying
Backoff + RetryUnwanted -> Idle
Backoff + ShutDown -> Shutdown
Retrying + Connected -> Ready
Retrying + Failed -> Backoff
Retrying + Disconnected -> Backoff
Retrying + GoingAway -> Backoff
Retrying + ShutDown -> Shutdown
";
    assert_eq!(picture, expected);
}

#[test]
fn it_is_idle_until_a_call_wants_it() {
    let mut bench = Bench::new();
    assert_eq!(bench.subchannel.state(), State::Idle);
    assert_eq!(bench.outputs(), []);
    assert_eq!(bench.subchannel.poll_timeout(), None);
    bench.subchannel.connect(bench.now);
    assert_eq!(bench.outputs(), [Output::State(State::Connecting), connect(20)]);
}

#[test]
fn many_calls_share_one_attempt() {
    let mut bench = Bench::new();
    for _ in 0..1000 {
        bench.subchannel.connect(bench.now);
    }
    assert_eq!(bench.outputs().len(), 2, "one change of state and one attempt");
}

#[test]
fn settings_from_the_server_make_it_ready() {
    let mut bench = Bench::new();
    bench.subchannel.connect(bench.now);
    bench.outputs();
    let now = bench.after(30);
    bench.subchannel.handle_connected(now);
    assert_eq!(bench.outputs(), [Output::State(State::Ready)]);
    assert_eq!(bench.subchannel.poll_timeout(), None);
    bench.subchannel.connect(bench.now);
    assert_eq!(bench.outputs(), [], "a call on a ready connection changes nothing");
}

#[test]
fn a_failed_attempt_waits_for_the_backoff_counted_from_its_start() {
    let mut bench = Bench::new();
    bench.subchannel.connect(bench.now);
    bench.outputs();
    bench.fail_after(300);
    assert_eq!(bench.outputs(), [Output::State(State::TransientFailure)]);
    assert_eq!(bench.wait_of_backoff(), Duration::from_millis(700));
}

#[test]
fn an_early_timeout_does_nothing() {
    let mut bench = Bench::new();
    bench.subchannel.connect(bench.now);
    bench.fail_after(0);
    bench.subchannel.connect(bench.now);
    bench.outputs();
    let now = bench.after(999);
    bench.subchannel.handle_timeout(now);
    assert_eq!(bench.outputs(), []);
    let now = bench.after(1);
    bench.subchannel.handle_timeout(now);
    assert_eq!(bench.outputs(), [connect(20)]);
}

#[test]
fn after_the_backoff_it_tries_again_where_a_call_waits() {
    let mut bench = Bench::new();
    bench.subchannel.connect(bench.now);
    bench.fail_after(100);
    bench.subchannel.connect(bench.now);
    bench.outputs();
    let now = bench.after(900);
    bench.subchannel.handle_timeout(now);
    assert_eq!(bench.outputs(), [connect(20)], "the failure sticks: no change of state is told");
    assert_eq!(bench.subchannel.state(), State::TransientFailure);
}

#[test]
fn after_the_backoff_it_is_idle_where_no_call_waits() {
    let mut bench = Bench::new();
    bench.subchannel.connect(bench.now);
    bench.fail_after(100);
    bench.outputs();
    let now = bench.after(900);
    bench.subchannel.handle_timeout(now);
    assert_eq!(bench.outputs(), [Output::State(State::Idle)]);
    assert_eq!(bench.subchannel.poll_timeout(), None);
}

#[test]
fn an_idle_spell_after_a_failure_does_not_shorten_the_backoff() {
    let mut bench = Bench::new();
    bench.subchannel.connect(bench.now);
    bench.fail_after(0);
    let now = bench.after(1000);
    bench.subchannel.handle_timeout(now);
    assert_eq!(bench.subchannel.state(), State::Idle);
    bench.subchannel.connect(bench.now);
    bench.fail_after(0);
    assert_eq!(bench.wait_of_backoff(), Duration::from_millis(1600));
}

#[test]
fn an_attempt_longer_than_its_backoff_may_be_followed_at_once() {
    let mut bench = Bench::new();
    bench.subchannel.connect(bench.now);
    bench.outputs();
    bench.fail_after(20_000);
    bench.subchannel.connect(bench.now);
    assert!(bench.subchannel.poll_timeout().is_some_and(|at| at <= bench.now), "the wait of 1 s has long passed");
    bench.subchannel.handle_timeout(bench.now);
    assert_eq!(bench.outputs(), [Output::State(State::TransientFailure), connect(20)], "but the failure was shown");
}

#[test]
fn waits_grow_while_attempts_fail_and_start_over_after_success() {
    let mut bench = Bench::new();
    bench.subchannel.connect(bench.now);
    let mut waits = Vec::new();
    for _ in 0..5 {
        bench.fail_after(0);
        bench.subchannel.connect(bench.now);
        let wait = bench.wait_of_backoff();
        waits.push(wait.as_millis());
        bench.now += wait;
        bench.subchannel.handle_timeout(bench.now);
    }
    assert_eq!(waits, [1000, 1600, 2560, 4096, 6553]);
    bench.subchannel.handle_connected(bench.now);
    assert_eq!(bench.subchannel.state(), State::Ready);
    bench.subchannel.handle_disconnected(bench.now);
    bench.subchannel.connect(bench.now);
    bench.fail_after(0);
    assert_eq!(bench.wait_of_backoff(), Duration::from_secs(1));
}

#[test]
fn the_timeout_of_an_attempt_grows_with_its_backoff() {
    let mut bench = Bench::new();
    bench.subchannel.connect(bench.now);
    for _ in 0..12 {
        bench.fail_after(0);
        bench.subchannel.connect(bench.now);
        bench.now += bench.wait_of_backoff();
        bench.subchannel.handle_timeout(bench.now);
    }
    assert_eq!(bench.outputs().last(), Some(&connect(120)));
}

#[test]
fn a_lost_connection_is_idle_and_not_a_failure() {
    for lose in [Subchannel::handle_disconnected, Subchannel::handle_going_away] {
        let mut bench = Bench::new();
        bench.subchannel.connect(bench.now);
        bench.subchannel.handle_connected(bench.now);
        bench.outputs();
        lose(&mut bench.subchannel, bench.now);
        assert_eq!(bench.outputs(), [Output::State(State::Idle)]);
        bench.subchannel.connect(bench.now);
        assert_eq!(bench.outputs(), [Output::State(State::Connecting), connect(20)], "the next call brings it back");
    }
}

#[test]
fn a_connection_that_dies_before_its_settings_was_a_failed_attempt() {
    for lose in [Subchannel::handle_disconnected, Subchannel::handle_going_away] {
        let mut bench = Bench::new();
        bench.subchannel.connect(bench.now);
        bench.outputs();
        lose(&mut bench.subchannel, bench.now);
        assert_eq!(bench.outputs(), [Output::State(State::TransientFailure)]);
        assert_eq!(bench.wait_of_backoff(), Duration::from_secs(1));
    }
}

#[test]
fn calls_are_admitted_as_the_state_says() {
    use Admission::{Fail, Go, Wait};
    let mut bench = Bench::new();
    let both = |bench: &Bench| (bench.subchannel.admit(false), bench.subchannel.admit(true));
    assert_eq!(both(&bench), (Wait, Wait), "idle");
    bench.subchannel.connect(bench.now);
    assert_eq!(both(&bench), (Wait, Wait), "connecting");
    bench.fail_after(0);
    assert_eq!(both(&bench), (Fail, Wait), "backoff");
    bench.subchannel.connect(bench.now);
    let now = bench.after(1000);
    bench.subchannel.handle_timeout(now);
    assert_eq!(both(&bench), (Fail, Wait), "another attempt under way, the failure sticks");
    bench.subchannel.handle_connected(bench.now);
    assert_eq!(both(&bench), (Go, Go), "ready");
    bench.subchannel.shut_down(bench.now);
    assert_eq!(both(&bench), (Fail, Fail), "shut down");
}

#[test]
fn a_call_that_fails_fast_keeps_the_attempts_going() {
    let mut bench = Bench::new();
    bench.subchannel.connect(bench.now);
    bench.fail_after(0);
    bench.outputs();
    // It fails at once, but its wish counts: a service that comes back is found without a lucky call.
    bench.subchannel.connect(bench.now);
    assert_eq!(bench.subchannel.admit(false), Admission::Fail);
    assert_eq!(bench.outputs(), [], "nothing begins before the backoff is over");
    let now = bench.after(1000);
    bench.subchannel.handle_timeout(now);
    assert_eq!(bench.outputs(), [connect(20)]);
}

#[test]
fn one_wish_is_good_for_one_attempt() {
    let mut bench = Bench::new();
    bench.subchannel.connect(bench.now);
    bench.fail_after(0);
    bench.subchannel.connect(bench.now);
    let now = bench.after(1000);
    bench.subchannel.handle_timeout(now);
    bench.fail_after(0);
    bench.outputs();
    bench.now += bench.wait_of_backoff();
    bench.subchannel.handle_timeout(bench.now);
    assert_eq!(bench.outputs(), [Output::State(State::Idle)]);
}

#[test]
fn a_shut_down_subchannel_stays_so_and_drops_attempts_not_begun() {
    let mut bench = Bench::new();
    bench.subchannel.connect(bench.now);
    bench.subchannel.shut_down(bench.now);
    assert_eq!(bench.outputs(), [Output::State(State::Connecting), Output::State(State::Shutdown)]);
    bench.subchannel.connect(bench.now);
    bench.subchannel.handle_connected(bench.now);
    bench.subchannel.handle_failed(bench.now);
    bench.subchannel.handle_timeout(bench.now);
    assert_eq!(bench.outputs(), []);
    assert_eq!(bench.subchannel.state(), State::Shutdown);
    assert_eq!(bench.subchannel.poll_timeout(), None);
}

#[test]
fn late_news_of_an_attempt_changes_nothing() {
    let mut bench = Bench::new();
    bench.subchannel.handle_connected(bench.now);
    bench.subchannel.handle_failed(bench.now);
    bench.subchannel.handle_disconnected(bench.now);
    assert_eq!(bench.outputs(), []);
    assert_eq!(bench.subchannel.state(), State::Idle);
}

#[test]
fn a_wait_without_bound_is_cut_to_what_a_clock_can_hold() {
    let config = BackoffConfig { initial: Duration::MAX, max: Duration::MAX, ..BackoffConfig::default() };
    let mut subchannel = Subchannel::new(config, 1);
    let now = Instant::now();
    subchannel.connect(now);
    subchannel.handle_failed(now);
    assert_eq!(subchannel.poll_timeout(), Some(now + LONGEST_WAIT));
}

/// What the shell would see go wrong if the machine were driven by anything at all.
struct Watch {
    state: State,
    /// An attempt was ordered, and its end was not reported.
    attempt: bool,
    /// When the next attempt may begin at the earliest.
    earliest: Option<Instant>,
}

impl Watch {
    fn take(&mut self, subchannel: &mut Subchannel, now: Instant) {
        while let Some(output) = subchannel.poll_output() {
            match output {
                Output::State(state) => {
                    assert_ne!(state, self.state, "a change of state changes it");
                    self.state = state;
                }
                Output::Connect { timeout } => {
                    assert!(!self.attempt, "one attempt at a time");
                    assert!(self.earliest.is_none_or(|at| now >= at), "no attempt within the backoff");
                    assert!(timeout >= Duration::from_secs(20) && timeout <= Duration::from_secs(144));
                    self.attempt = true;
                    self.earliest = Some(now + Duration::from_millis(800));
                }
            }
        }
        assert_eq!(self.state, subchannel.state(), "what was told is what is shown");
        if self.state == State::Ready {
            self.earliest = None;
        }
        let waits = self.state == State::TransientFailure && !self.attempt;
        assert_eq!(subchannel.poll_timeout().is_some(), waits, "a timer runs in the backoff and only there");
    }
}

#[test]
fn no_order_of_events_breaks_the_promises_to_the_shell() {
    for seed in 0..300_u64 {
        let mut random = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
        let mut now = Instant::now();
        let mut subchannel = Subchannel::new(BackoffConfig::default(), seed);
        let mut watch = Watch { state: State::Idle, attempt: false, earliest: None };
        for _ in 0..200 {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            now += Duration::from_millis((random >> 40) % 3000);
            let verb = (random >> 33) % 12;
            let was_attempt = watch.attempt;
            watch.attempt = watch.attempt && !(3..=6).contains(&verb);
            match verb {
                0..=2 => subchannel.connect(now),
                3 => subchannel.handle_connected(now),
                4 => subchannel.handle_failed(now),
                5 => subchannel.handle_disconnected(now),
                6 => subchannel.handle_going_away(now),
                _ => subchannel.handle_timeout(now),
            }
            assert!(!was_attempt || watch.attempt || subchannel.poll_timeout().is_some() || verb == 3);
            watch.take(&mut subchannel, now);
        }
    }
}
