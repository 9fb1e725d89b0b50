//! Tests of the buffer that codecs write to.

use super::super::code::Code;
use super::super::percent::tests::Seeded;
use super::*;

fn large(byte: u8) -> Bytes {
    Bytes::from(vec![byte; SHARED_MIN])
}

fn message(buffer: &EncodeBuf) -> Vec<u8> {
    buffer.message().collect::<Vec<_>>().concat()
}

#[test]
fn a_message_gets_its_prefix() {
    let mut buffer = EncodeBuf::new(100);
    buffer.begin_message();
    buffer.put_slice(b"ab");
    buffer.tail().extend_from_slice(b"c");
    assert_eq!(buffer.end_message(false), Ok(3));
    buffer.begin_message();
    assert_eq!(buffer.end_message(true), Ok(0));
    assert_eq!(buffer.contiguous(), Some(&b"\0\0\0\0\x03abc\x01\0\0\0\0"[..]));
    assert_eq!((buffer.len(), buffer.limit(), buffer.is_empty()), (13, 100, false));
}

#[test]
fn a_large_piece_is_kept_and_a_small_one_is_copied() {
    let mut buffer = EncodeBuf::new(usize::MAX);
    let piece = large(7);
    buffer.put_slice(b"a");
    buffer.put_shared(piece.clone());
    buffer.put_shared(Bytes::from_static(b"b"));
    assert_eq!(buffer.contiguous(), None);
    assert_eq!(buffer.len(), SHARED_MIN + 2);
    let payload = buffer.take();
    let segments: Vec<_> = payload.segments().collect();
    assert_eq!((&segments[0][..], &segments[2][..]), (&b"a"[..], &b"b"[..]));
    assert_eq!(segments[1].as_ptr(), piece.as_ptr());
    assert!(buffer.is_empty());
}

#[test]
fn the_length_counts_shared_pieces_of_this_message_only() {
    let mut buffer = EncodeBuf::new(usize::MAX);
    for count in [1, 2] {
        buffer.begin_message();
        buffer.put_slice(b"x");
        (0..count).for_each(|_| buffer.put_shared(large(1)));
        assert_eq!(buffer.end_message(false), Ok(1 + count * SHARED_MIN));
    }
    let bytes = buffer.take().into_bytes();
    assert_eq!(bytes[..6], *b"\0\0\0\x10\x01x");
    assert_eq!(bytes[6 + SHARED_MIN..][..6], *b"\0\0\0\x20\x01x");
}

#[test]
fn a_message_over_the_limit_is_rolled_back() {
    let mut buffer = EncodeBuf::new(4);
    buffer.begin_message();
    buffer.put_slice(b"1234");
    buffer.end_message(false).unwrap();
    buffer.begin_message();
    buffer.put_slice(b"12345");
    let error = buffer.end_message(false).unwrap_err();
    assert_eq!(error, TooLarge { length: 5, limit: 4 });
    buffer.begin_message();
    buffer.put_shared(large(0));
    assert_eq!(buffer.end_message(false).unwrap_err().length, SHARED_MIN);
    assert_eq!(buffer.contiguous(), Some(&b"\0\0\0\0\x041234"[..]));
    let status = Status::from(error);
    assert_eq!(status.code(), Code::ResourceExhausted);
    assert!(status.message().contains("5 bytes") && status.message().contains("limit of 4 bytes"));
}

#[test]
fn a_limit_of_zero_allows_the_empty_message() {
    let mut buffer = EncodeBuf::new(0);
    buffer.begin_message();
    assert_eq!(buffer.end_message(false), Ok(0));
    buffer.begin_message();
    buffer.put_slice(b"1");
    buffer.end_message(false).unwrap_err();
    assert_eq!(buffer.len(), 5);
}

#[test]
fn roll_back_forgets_the_begun_message_only() {
    let mut buffer = EncodeBuf::new(usize::MAX);
    buffer.roll_back();
    buffer.put_slice(b"before");
    buffer.put_shared(large(1));
    for _ in 0..2 {
        buffer.begin_message();
        buffer.put_slice(b"x");
        buffer.put_shared(large(2));
        buffer.roll_back();
        assert_eq!(buffer.len(), 6 + SHARED_MIN);
    }
    buffer.begin_message();
    buffer.put_slice(b"lost");
    buffer.begin_message();
    buffer.put_slice(b"kept");
    buffer.end_message(false).unwrap();
    assert_eq!(buffer.len(), 6 + SHARED_MIN + 9, "a second beginning rolls the first back");
}

#[test]
fn ending_what_was_not_begun_does_nothing() {
    let mut buffer = EncodeBuf::new(1);
    buffer.put_slice(b"raw bytes");
    assert_eq!(buffer.end_message(false), Ok(0));
    buffer.replace_message(b"x");
    assert_eq!(buffer.message().count(), 0);
    assert_eq!(buffer.contiguous(), Some(&b"raw bytes"[..]));
}

#[test]
fn a_compressor_reads_the_body_and_replaces_it() {
    let mut buffer = EncodeBuf::new(10_000);
    buffer.put_shared(large(9));
    buffer.begin_message();
    buffer.put_shared(large(1));
    buffer.put_slice(b"ab");
    buffer.put_shared(large(2));
    buffer.put_shared(large(3));
    buffer.put_slice(b"c");
    assert_eq!(message(&buffer), [&large(1)[..], b"ab", &large(2), &large(3), b"c"].concat());
    buffer.replace_message(b"small");
    assert_eq!(message(&buffer), b"small");
    assert_eq!(buffer.end_message(true), Ok(5));
    assert_eq!(buffer.len(), SHARED_MIN + 10);
    assert_eq!(buffer.take().into_bytes()[SHARED_MIN..], *b"\x01\0\0\0\x05small");
}

#[test]
fn clear_keeps_some_capacity_and_gives_the_rest_back() {
    let mut buffer = EncodeBuf::new(usize::MAX);
    buffer.put_slice(&[0; 10_000]);
    buffer.clear();
    assert!(buffer.is_empty() && buffer.bytes.capacity() >= 10_000);
    buffer.begin_message();
    buffer.put_slice(&[0; 1_000_000]);
    buffer.put_shared(large(1));
    buffer.clear();
    assert!(buffer.is_empty() && buffer.bytes.capacity() <= KEPT);
    assert_eq!(buffer.end_message(false), Ok(0), "the begun message is gone too");
}

#[test]
fn taking_does_not_copy_what_fills_its_buffer() {
    let mut buffer = EncodeBuf::new(usize::MAX);
    buffer.put_slice(&[1; 9_000]);
    let pointer = buffer.contiguous().unwrap().as_ptr();
    assert_eq!(buffer.take().as_contiguous().unwrap().as_ptr(), pointer);
    assert_eq!(buffer.bytes.capacity(), 0);
}

#[test]
fn taking_copies_nothing_between_shared_pieces() {
    let mut buffer = EncodeBuf::new(usize::MAX);
    for _ in 0..3 {
        buffer.put_slice(&[1; 500]);
        buffer.put_shared(large(2));
    }
    let pointer = buffer.bytes.as_ptr();
    let payload = buffer.take();
    let own: Vec<_> = payload.segments().step_by(2).map(|segment| segment.as_ptr()).collect();
    assert_eq!(own, [pointer, pointer.wrapping_add(500), pointer.wrapping_add(1000)]);
}

#[test]
fn taking_a_little_leaves_a_large_buffer_for_the_next() {
    let mut buffer = EncodeBuf::new(usize::MAX);
    buffer.tail().reserve(KEPT);
    buffer.put_slice(b"little");
    assert_eq!(buffer.take().as_contiguous(), Some(&b"little"[..]));
    assert!(buffer.is_empty() && buffer.bytes.capacity() >= KEPT);
}

#[test]
fn taking_leaves_an_unfinished_message_out() {
    let mut buffer = EncodeBuf::new(usize::MAX);
    buffer.begin_message();
    buffer.end_message(false).unwrap();
    buffer.begin_message();
    buffer.put_shared(large(1));
    assert_eq!(buffer.take().into_bytes(), [0; 5][..]);
    assert!(buffer.take().is_empty());
}

#[test]
fn a_codec_that_shortens_the_tail_causes_no_panic() {
    let mut buffer = EncodeBuf::new(usize::MAX);
    buffer.put_slice(b"abc");
    buffer.begin_message();
    buffer.put_slice(b"abc");
    buffer.put_shared(large(1));
    buffer.put_slice(b"abc");
    buffer.tail().clear();
    assert_eq!(message(&buffer), large(1));
    buffer.end_message(false).unwrap();
    assert_eq!(buffer.take().into_bytes(), large(1));
}

#[test]
fn random_writing_agrees_with_a_plain_vector() {
    let mut random = Seeded(31);
    let mut buffer = EncodeBuf::new(30_000);
    for _ in 0..300 {
        let mut model = Vec::new();
        for _ in 0..random.below(6) {
            let mut body = Vec::new();
            buffer.begin_message();
            for _ in 0..random.below(6) {
                let data = random.bytes(10_000);
                body.extend_from_slice(&data);
                if random.below(2) == 0 { buffer.put_slice(&data) } else { buffer.put_shared(Bytes::from(data)) }
            }
            if random.below(5) == 0 {
                body = random.bytes(100);
                buffer.replace_message(&body);
            }
            assert_eq!(message(&buffer), body);
            if random.below(5) == 0 {
                buffer.roll_back();
            } else if buffer.end_message(false).is_ok() {
                model.extend_from_slice(&[0; 1]);
                model.extend_from_slice(&(body.len() as u32).to_be_bytes());
                model.extend_from_slice(&body);
            } else {
                assert!(body.len() > 30_000);
            }
            assert_eq!(buffer.len(), model.len());
        }
        assert!(buffer.contiguous().is_none_or(|bytes| bytes == model));
        assert_eq!(buffer.take().into_bytes(), model);
    }
}
