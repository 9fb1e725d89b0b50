//! The figures of several rounds: median, least and most.

/// One figure, measured several times.
#[derive(Debug, Clone, Default)]
pub struct Samples(Vec<f64>);

impl Samples {
    /// Adds a round's figure.
    pub fn push(&mut self, figure: f64) {
        let place = self.0.partition_point(|other| *other < figure);
        self.0.insert(place, figure);
    }

    /// The middle one; of an even number, the mean of the two in the middle. 0 when nothing was measured.
    pub fn median(&self) -> f64 {
        let middle = |index: usize| self.0.get(index).copied().unwrap_or_default();
        match self.0.len() {
            0 => 0.0,
            count if count % 2 == 1 => middle(count / 2),
            count => f64::midpoint(middle(count / 2 - 1), middle(count / 2)),
        }
    }

    /// The smallest.
    pub fn least(&self) -> f64 {
        self.0.first().copied().unwrap_or_default()
    }

    /// The largest.
    pub fn most(&self) -> f64 {
        self.0.last().copied().unwrap_or_default()
    }
}

impl FromIterator<f64> for Samples {
    fn from_iter<I: IntoIterator<Item = f64>>(figures: I) -> Self {
        let mut samples = Self::default();
        figures.into_iter().for_each(|figure| samples.push(figure));
        samples
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_the_middle_one_whatever_the_order() {
        let samples: Samples = [5.0, 1.0, 3.0].into_iter().collect();
        assert_eq!((samples.median(), samples.least(), samples.most()), (3.0, 1.0, 5.0));
    }

    #[test]
    fn the_median_of_an_even_number_lies_between_the_two_in_the_middle() {
        let samples: Samples = [4.0, 1.0, 3.0, 2.0].into_iter().collect();
        assert_eq!(samples.median(), 2.5);
        assert_eq!(Samples::default().median(), 0.0);
    }
}
