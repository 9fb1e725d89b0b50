//! Randomness that a seed determines: SplitMix64. The order of the calls is the same in every run, their timing is not.

/// A generator of numbers.
#[derive(Debug, Clone)]
pub(crate) struct Dice(u64);

impl Dice {
    /// Other seeds give other numbers.
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next number.
    pub(crate) fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number from `least` to `most`, both included.
    pub(crate) fn between(&mut self, least: u64, most: u64) -> u64 {
        least + self.roll() % (most - least + 1)
    }

    /// True so many times in a hundred.
    pub(crate) fn percent(&mut self, chance: u64) -> bool {
        self.roll() % 100 < chance
    }

    /// A place in `weights`, each as likely as it weighs.
    pub(crate) fn weighed(&mut self, weights: &[u64]) -> usize {
        let mut left = self.roll() % weights.iter().sum::<u64>().max(1);
        for (place, weight) in weights.iter().enumerate() {
            match left.checked_sub(*weight) {
                Some(rest) => left = rest,
                None => return place,
            }
        }
        0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_is_a_sequence() {
        let rolls = |seed| std::iter::repeat_with(move || seed).scan(Dice::new(seed), |dice, _| Some(dice.roll()));
        assert!(rolls(7).take(100).eq(rolls(7).take(100)));
        assert!(rolls(7).take(100).ne(rolls(8).take(100)));
    }

    #[test]
    fn numbers_and_places_are_where_they_were_asked_for() {
        let mut dice = Dice::new(1);
        let mut places = [0; 3];
        for _ in 0..10_000 {
            assert!((3..=5).contains(&dice.between(3, 5)));
            places[dice.weighed(&[1, 0, 9])] += 1;
        }
        assert!(places[0] > 800 && places[1] == 0 && places[2] > 8_000, "{places:?}");
    }
}
