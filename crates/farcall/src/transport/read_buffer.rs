//! One read buffer for each thread: a connection holds one only while it has part of a frame, or is being read.
//!
//! A thousand idle connections therefore hold no buffers, and busy ones share one that is warm in the cache.

use std::cell::Cell;

use bytes::BytesMut;

thread_local! {
    static SPARE: Cell<Option<BytesMut>> = const { Cell::new(None) };
}

/// Lets at least [`LEAST`] bytes be read into `bytes`.
pub(super) fn make_room(bytes: &mut BytesMut) {
    if bytes.capacity() == 0
        && let Some(spare) = SPARE.take()
    {
        *bytes = spare;
    }
    if bytes.capacity() - bytes.len() < LEAST {
        // Takes the whole buffer back if no message points into it any more, or else makes a new one.
        bytes.reserve(SIZE - bytes.len().min(SIZE - LEAST));
    }
}

/// Takes an empty buffer away from a connection that is going to sleep.
pub(super) fn give_back(bytes: &mut BytesMut) {
    if bytes.is_empty() && bytes.capacity() > 0 {
        SPARE.set(Some(std::mem::take(bytes)));
    }
}

/// Bytes of a buffer.
const SIZE: usize = 64 << 10;
/// Less room than a frame of the default size is not worth a system call.
const LEAST: usize = 16 << 10;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_idle_connection_holds_no_buffer_and_the_next_one_gets_it() {
        let (mut first, mut second) = (BytesMut::new(), BytesMut::new());
        make_room(&mut first);
        let place = first.as_ptr();
        give_back(&mut first);
        assert_eq!(first.capacity(), 0);
        make_room(&mut second);
        assert_eq!(second.as_ptr(), place);
    }

    #[test]
    fn a_connection_with_part_of_a_frame_keeps_its_buffer() {
        let mut bytes = BytesMut::new();
        make_room(&mut bytes);
        bytes.extend_from_slice(b"part");
        give_back(&mut bytes);
        assert_eq!(&bytes[..], b"part");
        make_room(&mut bytes);
        assert!(bytes.capacity() - bytes.len() >= LEAST);
        assert_eq!(&bytes[..], b"part");
    }
}
