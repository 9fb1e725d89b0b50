//! Faults that are planted on purpose are noticed: laws that nothing can break would prove nothing.

use std::sync::Once;

use sim::Side;
use sim::world::{Plant, Run};

/// In how many runs a planted fault has struck, and in how many of them a law was broken.
fn runs(side: Side, plant: Plant) -> (usize, usize) {
    // Hundreds of panics are wanted here; each with a backtrace would take minutes.
    static BRIEF: Once = Once::new();
    BRIEF.call_once(|| std::panic::set_hook(Box::new(|panic| eprintln!("{panic}"))));
    let (mut struck, mut noticed) = (0, 0);
    for seed in 0..SEEDS {
        match (Run { seed, plant: Some((side, plant)) }).run() {
            Ok(tally) => struck += usize::from(tally.struck),
            Err(failure) => {
                assert!(failure.struck, "seed {seed} fails by itself: {}", failure.what);
                (struck, noticed) = (struck + 1, noticed + 1);
            }
        }
    }
    (struck, noticed)
}

/// At least `percent` of the faults that struck are noticed. What strikes a call that is over, or a connection that ends
/// in that moment, does no harm that anybody could see.
fn assert_noticed(plants: &[Plant], percent: usize) {
    for plant in plants {
        for side in [Side::Client, Side::Server] {
            let (struck, noticed) = runs(side, *plant);
            assert!(struck >= 10, "{plant:?} at the {side:?} has struck {struck} times only");
            let told = noticed * 100 >= struck * percent;
            assert!(told, "{plant:?} at the {side:?} has struck {struck} times and was noticed {noticed} times");
        }
    }
}

#[test]
fn an_application_that_is_told_too_much_or_too_little_is_noticed() {
    use Plant::{DropsMessage, EndsTwice, NeverEnds, RepeatsMessage};
    assert_noticed(&[DropsMessage, RepeatsMessage, EndsTwice, NeverEnds], 90);
}

#[test]
fn bytes_that_are_lost_or_changed_are_noticed() {
    assert_noticed(&[Plant::LosesData], 90);
    assert_noticed(&[Plant::TurnsBit], 40);
}

#[test]
fn windows_that_are_counted_wrongly_are_noticed() {
    assert_noticed(&[Plant::LosesWindowUpdate, Plant::WidensWindow], 50);
}

#[test]
fn resets_that_are_lost_and_credit_that_is_kept_are_noticed() {
    // Most resets decline the rest of a call that is over; and most credit is that of a call's last message.
    assert_noticed(&[Plant::LosesReset, Plant::KeepsCredit], 25);
}

/// Seeds for each fault and side.
const SEEDS: u64 = 60;
