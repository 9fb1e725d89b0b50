//! The backoff against the numbers of gRPC's `connection-backoff.md`.

use super::*;

fn seconds(value: f64) -> Duration {
    Duration::from_secs_f64(value)
}

fn without_jitter() -> BackoffConfig {
    BackoffConfig { jitter: 0.0, ..BackoffConfig::default() }
}

#[test]
fn the_defaults_are_those_of_the_specification() {
    let config = BackoffConfig::default();
    assert_eq!(config.initial, seconds(1.0));
    assert_eq!(config.multiplier, 1.6);
    assert_eq!(config.max, seconds(120.0));
    assert_eq!(config.jitter, 0.2);
    assert_eq!(config.min_connect_timeout, seconds(20.0));
    assert_eq!(config.validate(), Ok(()));
}

#[test]
fn waits_grow_by_the_multiplier_up_to_the_maximum() {
    let mut backoff = Backoff::new(without_jitter(), 7);
    let waits: Vec<f64> = (0..13).map(|_| (backoff.next_delay().as_secs_f64() * 1000.0).round() / 1000.0).collect();
    assert_eq!(
        waits,
        [1.0, 1.6, 2.56, 4.096, 6.554, 10.486, 16.777, 26.844, 42.95, 68.719, 109.951, 120.0, 120.0],
        "1 s, then 1.6 times as long each, then 120 s"
    );
}

#[test]
fn thirteen_retries_take_about_540_seconds() {
    // The interop test of the specification watches a dead server for 540 s and expects about 13 retries.
    let mut backoff = Backoff::new(without_jitter(), 7);
    let mut elapsed = Duration::ZERO;
    let mut retries = 0;
    loop {
        elapsed += backoff.next_delay();
        if elapsed > seconds(540.0) {
            break;
        }
        retries += 1;
    }
    assert!((12..=14).contains(&retries), "{retries} retries");
}

#[test]
fn every_wait_stays_within_its_jitter() {
    for seed in 0..200 {
        let mut random = Backoff::new(BackoffConfig::default(), seed);
        let mut plain = Backoff::new(without_jitter(), seed);
        for _ in 0..14 {
            let (wait, middle) = (random.next_delay().as_secs_f64(), plain.next_delay().as_secs_f64());
            assert!(
                wait >= middle * 0.8 - 1e-6 && wait <= middle * 1.2 + 1e-6,
                "{wait} is not within 20 % of {middle}"
            );
        }
    }
}

#[test]
fn jitter_reaches_both_sides_and_its_middle_is_the_plain_wait() {
    let waits: Vec<f64> =
        (0..2000).map(|seed| Backoff::new(BackoffConfig::default(), seed).next_delay().as_secs_f64()).collect();
    let mean = waits.iter().sum::<f64>() / waits.len() as f64;
    assert!((mean - 1.0).abs() < 0.01, "the mean is {mean}");
    assert!(waits.iter().any(|wait| *wait < 0.82), "none is near the lower end");
    assert!(waits.iter().any(|wait| *wait > 1.18), "none is near the upper end");
}

#[test]
fn jitter_does_not_feed_back_into_growth() {
    let mut backoff = Backoff::new(BackoffConfig::default(), 3);
    let last = (0..100).map(|_| backoff.next_delay()).last();
    assert!(last.is_some_and(|wait| wait >= seconds(96.0) && wait <= seconds(144.0)), "{last:?}");
}

#[test]
fn one_seed_gives_one_sequence_and_two_seeds_give_two() {
    let sequence = |seed| {
        let mut backoff = Backoff::new(BackoffConfig::default(), seed);
        (0..8).map(|_| backoff.next_delay()).collect::<Vec<_>>()
    };
    assert_eq!(sequence(42), sequence(42));
    assert_ne!(sequence(42), sequence(43), "clients that start together disperse");
}

#[test]
fn reset_starts_again_from_the_first_wait() {
    let mut backoff = Backoff::new(without_jitter(), 7);
    for _ in 0..12 {
        backoff.next_delay();
    }
    assert_eq!(backoff.connect_timeout(), seconds(120.0));
    backoff.reset();
    assert_eq!(backoff.connect_timeout(), seconds(20.0));
    assert_eq!(backoff.next_delay(), seconds(1.0));
}

#[test]
fn an_attempt_may_take_its_wait_but_never_less_than_the_minimum() {
    let mut backoff = Backoff::new(without_jitter(), 7);
    assert_eq!(backoff.connect_timeout(), seconds(20.0), "before the first attempt");
    for _ in 0..7 {
        backoff.next_delay();
        assert_eq!(backoff.connect_timeout(), seconds(20.0), "waits up to 16.8 s are below the minimum");
    }
    assert_eq!(backoff.next_delay(), backoff.connect_timeout(), "26.8 s is above it");
}

#[test]
fn a_field_out_of_range_is_refused_by_its_name_with_its_value() {
    let good = BackoffConfig::default();
    let cases = [
        (BackoffConfig { initial: Duration::ZERO, ..good }, "`initial` is 0 s"),
        (BackoffConfig { multiplier: 0.5, ..good }, "`multiplier` is 0.5; choose 1 or more"),
        (BackoffConfig { multiplier: f64::NAN, ..good }, "`multiplier` is NaN"),
        (BackoffConfig { multiplier: f64::INFINITY, ..good }, "`multiplier` is inf"),
        (BackoffConfig { max: seconds(0.5), ..good }, "`max` is 500ms, below `initial`; choose 1s or more"),
        (BackoffConfig { jitter: 1.0, ..good }, "`jitter` is 1; choose"),
        (BackoffConfig { jitter: -0.1, ..good }, "`jitter` is -0.1; choose"),
        (BackoffConfig { jitter: f64::NAN, ..good }, "`jitter` is NaN"),
        (BackoffConfig { min_connect_timeout: Duration::ZERO, ..good }, "`min_connect_timeout` is 0 s"),
    ];
    for (config, part) in cases {
        let text = config.validate().expect_err(part).to_string();
        assert!(text.starts_with("connection backoff: ") && text.contains(part), "{text}");
    }
}

#[test]
fn a_refused_configuration_still_cannot_panic() {
    let wild = [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, -5.0, 1e300];
    for value in wild {
        let config = BackoffConfig { multiplier: value, jitter: value, ..BackoffConfig::default() };
        let mut backoff = Backoff::new(config, 1);
        for _ in 0..20 {
            backoff.next_delay();
            backoff.connect_timeout();
        }
    }
    let longest = BackoffConfig { initial: Duration::MAX, max: Duration::MAX, ..BackoffConfig::default() };
    let mut backoff = Backoff::new(longest, 1);
    backoff.next_delay();
    backoff.next_delay();
}

#[test]
fn the_generator_is_split_mix_64() {
    // The first outputs for seed 1234567, as published with the reference implementation.
    let mut random = SplitMix64(1_234_567);
    assert_eq!(random.next(), 6_457_827_717_110_365_317);
    assert_eq!(random.next(), 3_203_168_211_198_807_973);
    assert_eq!(random.next(), 9_817_491_932_198_370_423);
}
