//! Reads decisions out of an input: what is missing is 0, so that every input means something.

/// What is left of an input.
#[derive(Debug, Clone, Copy)]
pub struct Input<'a>(&'a [u8]);

impl<'a> Input<'a> {
    /// All of it.
    pub fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// Whether nothing is left.
    pub fn is_empty(self) -> bool {
        self.0.is_empty()
    }

    /// The next byte.
    pub fn byte(&mut self) -> u8 {
        let (first, rest) = self.0.split_first().unwrap_or((&0, &[]));
        self.0 = rest;
        *first
    }

    /// The next two bytes as a number.
    pub fn short(&mut self) -> u16 {
        u16::from_be_bytes([self.byte(), self.byte()])
    }

    /// At most so many bytes.
    pub fn take(&mut self, count: usize) -> &'a [u8] {
        let (taken, rest) = self.0.split_at(count.min(self.0.len()));
        self.0 = rest;
        taken
    }

    /// Bytes whose number the next byte tells.
    pub fn counted(&mut self) -> &'a [u8] {
        let count = self.byte();
        self.take(usize::from(count))
    }

    /// Everything.
    pub fn rest(&mut self) -> &'a [u8] {
        std::mem::take(&mut self.0)
    }
}

/// Cuts bytes in pieces whose lengths follow from `plan`; 0 leaves them whole, and so does the 300th cut what is left.
pub fn pieces(bytes: &[u8], plan: u8) -> impl Iterator<Item = &[u8]> {
    let mut random = crate::Random::new(u64::from(plan));
    let longest = [1, 2, 9, 17, 64, 300, 4_000, 70_000][usize::from(plan % 8)];
    let (mut rest, mut cuts) = (bytes, 300);
    std::iter::from_fn(move || {
        cuts -= i32::from(cuts > 0);
        let length = if plan == 0 || cuts == 0 { rest.len() } else { 1 + random.below(longest) };
        let (piece, after) = rest.split_at(length.min(rest.len()));
        rest = after;
        (!piece.is_empty()).then_some(piece)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_input_that_is_used_up_reads_as_zeros() {
        let mut input = Input::new(&[2, 7, 8, 1]);
        assert_eq!((input.counted(), input.short(), input.byte()), (&[7, 8][..], 256, 0));
        assert!(input.is_empty() && input.counted().is_empty() && input.rest().is_empty());
    }

    #[test]
    fn pieces_are_all_of_it_in_order() {
        let bytes: Vec<u8> = (0..=255).cycle().take(3_000).collect();
        for plan in 0..=255 {
            assert_eq!(pieces(&bytes, plan).collect::<Vec<_>>().concat(), bytes);
        }
        assert_eq!(pieces(&bytes, 0).count(), 1);
    }
}
