//! A flow-control window, one type for all four: ours and the peer's, of a stream and of the connection.
//!
//! RFC 9113 §5.2 and §6.9. It may be negative (§6.9.2), and never passes 2^31-1 (§6.9.1).

/// Bytes that may still be sent, or received.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Window(i64);

/// The window would pass 2^31-1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Overflow;

impl Window {
    /// A window of so many bytes.
    pub(super) const fn new(bytes: u32) -> Self {
        Self(bytes as i64)
    }

    /// Bytes that may pass now; 0 while the window is negative.
    pub(super) fn available(self) -> u32 {
        u32::try_from(self.0).unwrap_or(0)
    }

    /// What it stands at; below zero, nothing may pass until it has grown.
    pub(super) fn bytes(self) -> i64 {
        self.0
    }

    /// Takes `bytes`, if there are so many.
    pub(super) fn take(&mut self, bytes: u32) -> bool {
        //= RFC 9113 §6.9.1: frames without bytes pass, whatever the window
        let enough = bytes == 0 || i64::from(bytes) <= self.0;
        if enough {
            self.0 -= i64::from(bytes);
        }
        enough
    }

    /// Gives `bytes` back.
    pub(super) fn grow(&mut self, bytes: u32) -> Result<(), Overflow> {
        self.shift(i64::from(bytes))
    }

    /// Moves the window by a change of SETTINGS_INITIAL_WINDOW_SIZE.
    pub(super) fn shift(&mut self, by: i64) -> Result<(), Overflow> {
        //= RFC 9113 §6.9.2: a window can become negative, and nothing passes until it is positive
        self.0 += by;
        //= RFC 9113 §6.9.1: a window never passes 2^31-1
        if self.0 > MAX { Err(Overflow) } else { Ok(()) }
    }
}

/// The largest window, in bytes.
const MAX: i64 = (1 << 31) - 1;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_is_taken_from_until_it_is_too_small() {
        let mut window = Window::new(10);
        assert!(window.take(4) && window.take(6) && !window.take(1));
        assert!(window.take(0), "an empty frame needs no window");
        assert_eq!(window.available(), 0);
    }

    //= RFC 9113 §6.9.2: a window can become negative, and nothing passes until it is positive
    #[test]
    fn a_window_can_be_negative_and_recovers() {
        let mut window = Window::new(100);
        assert!(window.take(80));
        assert_eq!(window.shift(-60), Ok(()));
        assert_eq!((window, window.available()), (Window(-40), 0));
        assert!(window.take(0) && !window.take(1));
        assert_eq!(window.grow(50), Ok(()));
        assert_eq!(window.available(), 10);
    }

    //= RFC 9113 §6.9.1: a window never passes 2^31-1
    #[test]
    fn a_window_above_two_gigabytes_is_an_overflow() {
        let mut window = Window::new(u32::try_from(MAX).unwrap());
        assert_eq!(window.grow(1), Err(Overflow));
        let mut window = Window::new(1);
        assert_eq!(window.grow(u32::try_from(MAX).unwrap() - 1), Ok(()));
        assert_eq!(window.shift(1), Err(Overflow));
    }
}
