//! One target of dev/fuzz under libFuzzer: `FUZZ_TARGET` names it, `run` beside this folder sets everything up.
//!
//! Half of the mutations are libFuzzer's, half those of dev/fuzz, which know the records of the structured targets.
#![no_main]

use std::sync::OnceLock;

use fuzz::{Random, Target, mutate, target};
use libfuzzer_sys::{fuzz_mutator, fuzz_target, fuzzer_mutate};

fuzz_target!(|data: &[u8]| {
    (chosen().run)(data);
});

fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    if seed % 2 == 0 {
        return fuzzer_mutate(data, size, max_size);
    }
    let mut random = Random::new(seed.into());
    let input = data.get(..size).unwrap_or_default();
    let changed = mutate::mutate(input, input, max_size.min(chosen().longest), &mut random);
    data.iter_mut().zip(&changed).for_each(|(place, byte)| *place = *byte);
    changed.len()
});

/// The target that the environment names.
fn chosen() -> &'static Target {
    static CHOSEN: OnceLock<Target> = OnceLock::new();
    CHOSEN.get_or_init(|| {
        let name = std::env::var("FUZZ_TARGET").unwrap_or_default();
        target(&name).copied().unwrap_or_else(|| {
            panic!("FUZZ_TARGET is `{name}`: set it to a name that `cargo run -p fuzz -- --help` lists")
        })
    })
}
