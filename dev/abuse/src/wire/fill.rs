//! Messages that never end, as far as the peer's windows let them in.

use std::sync::LazyLock;

use super::{FRAME, Frames, Raw};
use crate::failure::Failure;

/// A message of 4 MiB without its last byte.
pub(crate) static UNFINISHED: LazyLock<Vec<u8>> =
    LazyLock::new(|| [&[0, 0, 0x40, 0, 0][..], &vec![7; (4 << 20) - 1]].concat());

impl Raw {
    /// Sends the same body on each of the streams, in turns, until no window opens again within a `pause`; how much.
    pub(crate) fn fill_windows(
        &mut self,
        streams: &[u32],
        body: &[u8],
        pause: impl Fn() -> Result<(), Failure>,
    ) -> Result<usize, Failure> {
        let (mut sent, mut all) = (vec![0; streams.len()], 0);
        loop {
            let mut moved = false;
            for (stream, sent) in streams.iter().zip(&mut sent) {
                let room = (self.window(*stream).saturating_sub(*sent)).min(self.window(0).saturating_sub(all));
                let step = room.min(body.len() - *sent).min(FRAME);
                if step > 0 {
                    self.send(&Frames::new().data(*stream, &body[*sent..*sent + step], false));
                    (*sent, all, moved) = (*sent + step, all + step, true);
                }
            }
            let granted = self.seen().granted.clone();
            if !moved {
                pause()?;
                if self.seen().granted == granted {
                    return Ok(all);
                }
            }
        }
    }

    /// Bytes that may be sent on a stream, or on the connection (0), from its beginning on.
    pub(crate) fn window(&self, stream: u32) -> usize {
        65_535 + self.seen().granted.get(&stream).copied().unwrap_or(0) as usize
    }
}
