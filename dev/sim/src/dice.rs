//! Randomness that is the same in every run: SplitMix64.

/// A generator of numbers that a seed determines.
#[derive(Debug, Clone)]
pub struct Dice(u64);

impl Dice {
    /// A generator; other seeds give other numbers.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next number.
    pub fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `end`, which must not be 0.
    pub fn below(&mut self, end: u64) -> u64 {
        self.roll() % end
    }

    /// A length of at most `most`, and at least 1: short ones are as frequent as long ones, because that is where a
    /// frame head, a prefix or a header block is cut.
    pub fn cut(&mut self, most: usize) -> usize {
        let upto = [1, 9, 100, 16_384][self.below(4) as usize];
        (1 + self.below(upto) as usize).min(most)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_is_a_sequence() {
        let rolls = |seed| {
            let mut dice = Dice::new(seed);
            [dice.roll(), dice.roll(), dice.roll()]
        };
        assert_eq!(rolls(7), rolls(7));
        assert_ne!(rolls(7), rolls(8));
    }

    #[test]
    fn cuts_are_between_one_byte_and_what_there_is() {
        let mut dice = Dice::new(1);
        let cuts: Vec<usize> = (0..10_000).map(|_| dice.cut(5_000)).collect();
        assert!(cuts.contains(&1) && cuts.contains(&9) && cuts.contains(&5_000));
        assert!(cuts.iter().all(|cut| (1..=5_000).contains(cut)));
    }
}
