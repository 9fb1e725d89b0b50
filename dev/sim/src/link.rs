//! One direction of a connection: a socket buffer, a wire of some length and width, and what is on its way.
//!
//! It knows nothing of frames. Like TCP it keeps bytes in order, loses none, and hands them over in pieces that have
//! nothing to do with how they were written.

use std::collections::VecDeque;
use std::time::Duration;

use crate::Dice;

/// What a link is made of.
#[derive(Debug, Clone, Copy)]
pub struct Wire {
    /// Time that a byte travels.
    pub latency: Duration,
    /// Bytes per second.
    pub bandwidth: u64,
    /// Bytes that the sender's socket holds before they are on the wire. While it is more than half full it takes
    /// nothing: the sender feels back-pressure.
    pub buffer: usize,
    /// The seed by which bytes are cut into pieces anywhere; without one they arrive as they were written.
    pub cut: Option<u64>,
    /// Bytes that arrive together at most: with 1 everything comes byte by byte.
    pub piece: usize,
}

impl Wire {
    /// 1 ms, 1 Gbit/s, a socket buffer of 64 KiB, nothing cut.
    pub const LAN: Self = Self {
        latency: Duration::from_millis(1),
        bandwidth: 125_000_000,
        buffer: 64 << 10,
        cut: None,
        piece: LARGEST_PIECE,
    };

    /// The same wire, cutting bytes by `seed`.
    pub const fn cut(self, seed: u64) -> Self {
        Self { cut: Some(seed), ..self }
    }

    /// The same wire, on which bytes travel for `latency`.
    pub const fn latency(self, latency: Duration) -> Self {
        Self { latency, ..self }
    }

    /// The same wire with a width of `bandwidth` bytes per second.
    pub const fn bandwidth(self, bandwidth: u64) -> Self {
        Self { bandwidth, ..self }
    }

    /// The same wire, on which at most `piece` bytes arrive together.
    pub const fn pieces(self, piece: usize) -> Self {
        Self { piece, ..self }
    }

    /// Time that `bytes` need to get on the wire.
    pub fn time_for(&self, bytes: usize) -> Duration {
        Duration::from_nanos(nanos(bytes, self.bandwidth))
    }
}

/// One direction.
#[derive(Debug)]
pub struct Link {
    wire: Wire,
    dice: Option<Dice>,
    /// What is under way, in order.
    pieces: VecDeque<Piece>,
    /// Bytes in `pieces`.
    length: usize,
    /// When the last byte that was written will be on the wire.
    busy_until: Duration,
    held: bool,
    /// Nothing arrives before this time: what is under way then comes in one burst.
    stalled_until: Duration,
    /// Bytes that can still be read before the link breaks.
    left: Option<u64>,
    broken: bool,
    closed: bool,
}

/// Bytes that arrive together.
#[derive(Debug)]
struct Piece {
    arrives: Duration,
    bytes: Vec<u8>,
    /// How long it becomes if it is written to before it has left.
    length: usize,
}

impl Link {
    /// An empty link.
    pub fn new(wire: Wire) -> Self {
        let dice = wire.cut.map(Dice::new);
        let (pieces, length, busy_until) = (VecDeque::new(), 0, Duration::ZERO);
        let (held, stalled_until, left, broken, closed) = (false, Duration::ZERO, None, false, false);
        Self { wire, dice, pieces, length, busy_until, held, stalled_until, left, broken, closed }
    }

    /// Takes what there is room for; the number of bytes.
    pub fn write(&mut self, bytes: &[u8], now: Duration) -> usize {
        let mut rest = bytes.get(..self.room(now)).unwrap_or(bytes);
        let taken = rest.len();
        while !rest.is_empty() {
            // The end of one write and the beginning of the next may share a piece.
            let is_open = |piece: &&mut Piece| piece.bytes.len() < piece.length && self.busy_until > now;
            if self.pieces.back_mut().filter(is_open).is_none() {
                let most = self.wire.piece.clamp(1, LARGEST_PIECE);
                let length = self.dice.as_mut().map_or(rest.len().min(most), |dice| dice.cut(most));
                self.pieces.push_back(Piece { arrives: now, bytes: Vec::new(), length });
            }
            let Some(piece) = self.pieces.back_mut() else { break };
            let (first, later) = rest.split_at(rest.len().min(piece.length - piece.bytes.len()));
            self.busy_until = self.busy_until.max(now) + self.wire.time_for(first.len());
            piece.arrives = self.busy_until + self.wire.latency;
            piece.bytes.extend_from_slice(first);
            rest = later;
        }
        self.length += taken;
        taken
    }

    /// Bytes that the socket would take now.
    pub fn room(&self, now: Duration) -> usize {
        let waiting = self.waiting(now);
        // What is neither read nor waiting for the wire is under way; more of it than fits on the wire means that the
        // reader does not read.
        let pipe = (self.wire.bandwidth as f64 * self.wire.latency.as_secs_f64()) as usize;
        let unread = (2 * self.wire.buffer + pipe).saturating_sub(self.length);
        if self.closed || waiting > self.wire.buffer / 2 { 0 } else { (self.wire.buffer - waiting).min(unread) }
    }

    /// When the socket takes bytes again, if it is full now and that is only a matter of time.
    pub fn room_again(&self, now: Duration) -> Option<Duration> {
        let is_full = self.waiting(now) > self.wire.buffer / 2;
        is_full.then(|| self.busy_until.saturating_sub(self.wire.time_for(self.wire.buffer / 2)).max(now + TICK))
    }

    /// The next piece that has arrived.
    pub fn read(&mut self, now: Duration) -> Option<Vec<u8>> {
        if self.next_arrival()? > now {
            return None;
        }
        let mut bytes = self.pieces.pop_front()?.bytes;
        self.length -= bytes.len();
        if let Some(left) = &mut self.left {
            bytes.truncate(usize::try_from(*left).unwrap_or(usize::MAX));
            *left -= bytes.len() as u64;
        }
        if self.left == Some(0) {
            self.cut();
        }
        Some(bytes)
    }

    /// When the next piece arrives.
    pub fn next_arrival(&self) -> Option<Duration> {
        self.pieces.front().filter(|_| !self.held).map(|piece| piece.arrives.max(self.stalled_until))
    }

    /// Whether pieces are to be handed over one by one.
    pub fn cuts(&self) -> bool {
        self.dice.is_some() || self.wire.piece < LARGEST_PIECE
    }

    /// While a link is held nothing arrives: somebody has tripped over the cable.
    pub fn hold(&mut self, held: bool) {
        self.held = held;
    }

    /// Nothing arrives before `time`; then everything that should have come does.
    pub fn stall_until(&mut self, time: Duration) {
        self.stalled_until = self.stalled_until.max(time);
    }

    /// After `bytes` more the link breaks: what was under way behind them is lost, and the reader finds the end.
    pub fn break_after(&mut self, bytes: u64) {
        self.left = Some(bytes);
        if bytes == 0 {
            self.cut();
        }
    }

    /// Breaks now.
    fn cut(&mut self) {
        self.pieces.clear();
        (self.length, self.broken, self.closed, self.held) = (0, true, true, false);
    }

    /// Whether it has broken.
    pub fn is_broken(&self) -> bool {
        self.broken
    }

    /// The writer has closed its side.
    pub fn close(&mut self) {
        self.closed = true;
    }

    /// Whether the writer has closed, and everything that it wrote has been read.
    pub fn is_at_end(&self) -> bool {
        self.closed && self.pieces.is_empty()
    }

    /// Whether nothing is under way.
    pub fn is_empty(&self) -> bool {
        self.pieces.is_empty()
    }

    /// Bytes that wait for the wire.
    fn waiting(&self, now: Duration) -> usize {
        let time = self.busy_until.saturating_sub(now);
        (time.as_nanos() * u128::from(self.wire.bandwidth)).div_ceil(NANOS) as usize
    }
}

fn nanos(bytes: usize, bandwidth: u64) -> u64 {
    (bytes as u128 * NANOS).div_ceil(u128::from(bandwidth)) as u64
}

/// The shortest time that passes.
const TICK: Duration = Duration::from_nanos(1);
/// Nanoseconds of a second.
const NANOS: u128 = 1_000_000_000;
/// Bytes of a piece at most: what a read takes at once.
const LARGEST_PIECE: usize = 64 << 10;

#[cfg(test)]
mod tests {
    use super::*;

    const SLOW: Wire =
        Wire { latency: Duration::from_secs(1), bandwidth: 100, buffer: 200, cut: None, piece: LARGEST_PIECE };

    #[test]
    fn bytes_arrive_after_their_time_on_the_wire_and_its_latency() {
        let mut link = Link::new(SLOW);
        assert_eq!(link.write(&[1; 100], Duration::ZERO), 100);
        assert_eq!(link.next_arrival(), Some(Duration::from_secs(2)));
        assert_eq!(link.read(Duration::from_millis(1_999)), None);
        assert_eq!(link.read(Duration::from_secs(2)).map(|bytes| bytes.len()), Some(100));
        assert!(link.is_empty());
    }

    #[test]
    fn a_full_socket_takes_nothing_until_it_is_half_empty() {
        let mut link = Link::new(SLOW);
        assert_eq!(link.write(&[0; 500], Duration::ZERO), 200);
        assert_eq!(link.write(&[0; 300], Duration::from_millis(999)), 0);
        assert_eq!(link.room_again(Duration::ZERO), Some(Duration::from_secs(1)));
        assert_eq!(link.write(&[0; 300], Duration::from_secs(1)), 100);
    }

    #[test]
    fn a_reader_that_does_not_read_stops_the_writer() {
        let mut link = Link::new(SLOW);
        let written: usize = (0..1_000).map(|second| link.write(&[0; 500], Duration::from_secs(second))).sum();
        assert_eq!(written, 2 * 200 + 100, "two buffers and what is on the wire");
    }

    #[test]
    fn cut_bytes_are_the_same_bytes_in_the_same_order() {
        let mut link = Link::new(Wire::LAN.cut(3));
        let sent: Vec<u8> = (0..50_000_u32).map(|at| at as u8).collect();
        assert_eq!(link.write(&sent, Duration::ZERO), sent.len());
        let pieces: Vec<Vec<u8>> = std::iter::from_fn(|| link.read(Duration::from_secs(1))).collect();
        assert!(pieces.len() > 5);
        assert_eq!(pieces.concat(), sent);
    }

    #[test]
    fn pieces_have_nothing_to_do_with_writes() {
        let mut link = Link::new(Wire::LAN.cut(3));
        (0..1_000).for_each(|_| _ = link.write(b"nine byte", Duration::ZERO));
        let lengths = std::iter::from_fn(|| link.read(Duration::from_secs(1))).map(|piece| piece.len());
        let (within, across) = lengths.fold((0, 0), |(within, across), length| match length {
            0..9 => (within + 1, across),
            _ => (within, across + 1),
        });
        assert!(within > 0 && across > 0, "{within} pieces within a write, {across} across");
    }

    #[test]
    fn a_held_link_delivers_later_and_a_closed_one_ends() {
        let mut link = Link::new(SLOW);
        link.write(b"late", Duration::ZERO);
        link.hold(true);
        link.close();
        assert_eq!((link.next_arrival(), link.read(Duration::from_secs(9)), link.is_at_end()), (None, None, false));
        link.hold(false);
        assert!(link.read(Duration::from_secs(9)).is_some() && link.is_at_end());
    }
    #[test]
    fn a_stall_ends_in_a_burst() {
        let mut link = Link::new(SLOW);
        link.stall_until(Duration::from_secs(30));
        for second in 0..4 {
            link.write(&[0; 50], Duration::from_secs(second));
        }
        assert_eq!((link.next_arrival(), link.read(Duration::from_secs(29))), (Some(Duration::from_secs(30)), None));
        assert_eq!(std::iter::from_fn(|| link.read(Duration::from_secs(30))).flatten().count(), 200);
    }

    #[test]
    fn bytes_can_come_one_by_one() {
        let mut link = Link::new(SLOW.pieces(1));
        link.write(b"four", Duration::ZERO);
        let pieces: Vec<Vec<u8>> = std::iter::from_fn(|| link.read(Duration::from_secs(9))).collect();
        assert_eq!(pieces, [b"f", b"o", b"u", b"r"]);
    }

    #[test]
    fn a_broken_link_delivers_what_it_was_told_to_and_ends() {
        let mut link = Link::new(SLOW.pieces(3));
        link.write(b"abcdefgh", Duration::ZERO);
        link.break_after(4);
        let later = Duration::from_secs(9);
        assert_eq!((link.read(later), link.is_broken()), (Some(b"abc".to_vec()), false));
        assert_eq!((link.read(later), link.is_broken(), link.is_at_end()), (Some(b"d".to_vec()), true, true));
        assert_eq!((link.read(later), link.write(b"more", later)), (None, 0));
    }
}
