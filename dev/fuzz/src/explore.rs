//! The driver: keeps inputs that reach something new, changes them, and tells what panics.
//!
//! It reads no clock and no randomness but its seed: the same seed makes the same run. Whoever wants it bounded in time
//! counts outside.

use std::collections::{HashMap, HashSet};
use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::mutate::mutate;
use crate::{Random, Reach, Target};

/// Whether inputs that reach something new are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Guidance {
    /// They are, and become seeds themselves.
    ByReach,
    /// They are not: seeds are changed again and again. For comparison.
    Blind,
}

/// An input that panics.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The input, as short as it could be made.
    pub input: Vec<u8>,
    /// What the panic said.
    pub message: String,
    /// After how many executions.
    pub executions: u64,
}

/// A run of one target.
#[derive(Debug)]
pub struct Explorer {
    target: Target,
    guidance: Guidance,
    random: Random,
    kept: Vec<Kept>,
    /// How many executions had each feature.
    seen: HashMap<u64, u64>,
    reach: Reach,
    executions: u64,
}

/// An input that reached something new when it came.
#[derive(Debug)]
struct Kept {
    input: Vec<u8>,
    /// What it was the first to have.
    first: Vec<u64>,
    chosen: u64,
}

impl Explorer {
    /// Without seeds.
    pub fn new(target: Target, guidance: Guidance, seed: u64) -> Self {
        let (random, kept, seen) = (Random::new(seed), Vec::new(), HashMap::new());
        Self { target, guidance, random, kept, seen, reach: Reach::default(), executions: 0 }
    }

    /// Runs a seed and keeps it.
    ///
    /// # Errors
    /// The seed panics.
    pub fn seed(&mut self, input: &[u8]) -> Result<(), Finding> {
        self.run(input)?;
        if self.kept.last().is_none_or(|kept| kept.input != input) {
            self.keep(input, Vec::new());
        }
        Ok(())
    }

    /// Changes one input and runs it.
    ///
    /// # Errors
    /// It panics.
    pub fn step(&mut self) -> Result<(), Finding> {
        let (base, other) = (self.choose(), self.random.below(self.kept.len()));
        let empty = Vec::new();
        let bytes = |at: usize| self.kept.get(at).map_or(&empty, |kept| &kept.input);
        let input = mutate(bytes(base), bytes(other), self.target.longest, &mut self.random);
        self.run(&input)
    }

    /// Runs an input; keeps it if it reaches something new.
    fn run(&mut self, input: &[u8]) -> Result<(), Finding> {
        self.executions += 1;
        match attempt(self.target, input) {
            Ok(reach) => {
                let mut first = Vec::new();
                for feature in reach.features() {
                    let times = self.seen.entry(feature).or_default();
                    *times += 1;
                    if *times == 1 {
                        first.push(feature);
                    }
                }
                if !first.is_empty() {
                    self.reach.join(&reach);
                    if self.guidance == Guidance::ByReach && self.kept.len() < MOST_KEPT {
                        self.keep(input, first);
                    }
                }
                Ok(())
            }
            Err(message) => Err(Finding { input: input.to_vec(), message, executions: self.executions }),
        }
    }

    fn keep(&mut self, input: &[u8], first: Vec<u64>) {
        self.kept.push(Kept { input: input.to_vec(), first, chosen: 0 });
    }

    /// The cheapest of four, one of them among the newest half of the time.
    fn choose(&mut self) -> usize {
        let count = self.kept.len();
        let newest = count.saturating_sub(1 + self.random.below(1 + count / 8));
        let first = if self.random.one_in(2) { newest } else { self.random.below(count) };
        let four = [first, self.random.below(count), self.random.below(count), self.random.below(count)];
        let at = four.into_iter().min_by_key(|at| self.kept.get(*at).map(|kept| self.price(kept))).unwrap_or(0);
        if let Some(kept) = self.kept.get_mut(at) {
            kept.chosen += 1;
        }
        at
    }

    /// How common by now is what it was the first to have, and how often it was chosen.
    fn price(&self, kept: &Kept) -> u64 {
        let times = kept.first.iter().filter_map(|feature| self.seen.get(feature));
        times.min().copied().unwrap_or(self.executions).saturating_add(kept.chosen * kept.chosen)
    }

    /// How many inputs were run.
    pub fn executions(&self) -> u64 {
        self.executions
    }

    /// What all of them reached.
    pub fn reach(&self) -> &Reach {
        &self.reach
    }

    /// The inputs that were kept, in the order of their coming.
    pub fn kept(&self) -> impl Iterator<Item = &[u8]> {
        self.kept.iter().map(|kept| kept.input.as_slice())
    }
}

/// Runs one input; what the panic said, if it panics.
///
/// # Errors
/// The panic's message.
pub fn attempt(target: Target, input: &[u8]) -> Result<Reach, String> {
    catch_unwind(AssertUnwindSafe(|| (target.run)(input))).map_err(|panic| {
        let text = panic.downcast_ref::<String>().map(String::as_str);
        text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("a panic without words").to_owned()
    })
}

/// Makes a finding shorter while it still panics in the same words; numbers in them may differ.
pub fn shorten(target: Target, finding: &Finding) -> Vec<u8> {
    let wanted = words(&finding.message);
    let panics = |input: &[u8]| attempt(target, input).is_err_and(|message| words(&message) == wanted);
    let mut input = finding.input.clone();
    for size in [256, 64, 16, 8, 4, 2, 1] {
        let mut at = input.len();
        while at > 0 {
            at = at.saturating_sub(size);
            let mut shorter = input.clone();
            shorter.drain(at..(at + size).min(input.len()));
            if panics(&shorter) {
                input = shorter;
            }
        }
    }
    for at in 0..input.len() {
        let mut simpler = input.clone();
        simpler[at] = 0;
        if simpler != input && panics(&simpler) {
            input = simpler;
        }
    }
    input
}

/// The first line of a text without its digits.
fn words(text: &str) -> String {
    text.lines().next().unwrap_or_default().chars().filter(|letter| !letter.is_ascii_digit()).collect()
}

/// The fewest of `inputs`, short ones first, that reach what all of them reach beyond `known`.
pub fn distil(target: Target, known: &[Vec<u8>], inputs: &[Vec<u8>]) -> Vec<Vec<u8>> {
    let mut seen = HashSet::new();
    let mut is_new = |input: &[u8]| {
        let features = attempt(target, input).map(|reach| reach.features()).unwrap_or_default();
        features.into_iter().fold(false, |new, feature| seen.insert(feature) | new)
    };
    for input in known {
        is_new(input);
    }
    let mut sorted: Vec<&Vec<u8>> = inputs.iter().collect();
    sorted.sort_by_key(|input| (input.len(), input.as_slice()));
    sorted.into_iter().filter(|input| is_new(input)).cloned().collect()
}

/// Inputs that are kept at most: a few thousand are usual.
const MOST_KEPT: usize = 50_000;

#[cfg(test)]
mod tests {
    use super::*;

    /// Panics on a byte over 200 behind two zeros.
    fn broken(bytes: &[u8]) -> Reach {
        let mut reach = Reach::default();
        for pair in bytes.windows(2) {
            reach.note("pair", u32::from(pair == [0, 0]));
        }
        assert!(!bytes.windows(3).any(|three| three[..2] == [0, 0] && three[2] > 200), "a byte over {}", bytes.len());
        reach
    }

    const BROKEN: Target = Target { name: "broken", about: "", run: broken, longest: 100 };

    #[test]
    fn the_same_seed_makes_the_same_run() {
        let run = |seed| {
            let mut explorer = Explorer::new(BROKEN, Guidance::ByReach, seed);
            explorer.seed(b"some bytes").unwrap();
            std::iter::repeat_with(|| explorer.step()).take(100_000).find_map(Result::err)
        };
        let finding = run(1).expect("a finding");
        assert_eq!(run(1), Some(finding.clone()));
        assert_ne!(run(2), Some(finding));
    }

    #[test]
    fn a_finding_is_made_short() {
        let input = [&[1; 40][..], &[0, 0, 0, 250], &[7; 20]].concat();
        let finding = Finding { message: attempt(BROKEN, &input).unwrap_err(), input, executions: 1 };
        assert_eq!(shorten(BROKEN, &finding), [0, 0, 250]);
    }

    #[test]
    fn what_adds_nothing_is_not_kept() {
        let inputs = [b"abcdef".to_vec(), b"ab".to_vec(), vec![0, 0], b"ab".to_vec()];
        assert_eq!(distil(BROKEN, &[], &inputs), [vec![0, 0], b"ab".to_vec(), b"abcdef".to_vec()]);
        assert_eq!(distil(BROKEN, &[b"xy".to_vec()], &inputs), [vec![0, 0], b"abcdef".to_vec()]);
    }
}
