//! The way that most replies take: headers, a small body and trailers, written in one go.
//!
//! It writes what `send` would write in three steps, and only where nothing stands in the way of any of them.

use super::connection::{Connection, Phase};
use super::event::StreamKey;
use super::frame::{FRAME_HEAD, data};
use super::prepared::{Part, Prepared};
use super::send::write_block;
use super::state::Input;
use super::stream::{Ending, Stream};

impl Connection {
    /// Writes a whole reply. `false`: the windows, the peer's limits or what waits before it do not allow that, and
    /// nothing was written.
    pub(crate) fn send_reply(
        &mut self,
        key: StreamKey,
        head: &mut Prepared,
        body: &[u8],
        trailers: &mut Prepared,
    ) -> bool {
        let lists = head.list_size().max(trailers.list_size());
        if self.phase == Phase::Over || lists > self.peer.header_list as usize {
            return false;
        }
        let Some((length, stream)) = self.take_past_line(key, body, Stream::has_sent_all) else { return false };
        (stream.answered, stream.send.ending) = (true, Ending::Sent);
        let (encoder, max_frame) = (&mut self.encoder, self.peer.max_frame);
        self.outbox.append(|out| {
            out.reserve(3 * FRAME_HEAD + body.len() + USUAL_BLOCKS);
            write_block(key.id, false, max_frame, &mut [Part::Prepared(head)], encoder, out);
            if length > 0 {
                data::encode_head(key.id, length, false, out);
                out.extend_from_slice(body);
            }
            write_block(key.id, true, max_frame, &mut [Part::Prepared(trailers)], encoder, out);
        });
        self.earn_by_frames(2 + u32::from(length > 0));
        self.advance(key, Input::SentEnd);
        self.let_go(key);
        true
    }
}

/// Bytes that the blocks of most replies need.
const USUAL_BLOCKS: usize = 16;
