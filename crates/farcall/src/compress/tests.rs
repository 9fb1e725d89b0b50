//! Messages in and out of compression, and what a peer may do to it.

use farcall_wire::grpc::{Code, Message, Splitter};

use super::*;

const GZIP: Encoding = Encoding::Gzip;

/// The messages that a buffer holds.
fn messages(out: &mut EncodeBuf) -> Vec<Message> {
    let mut splitter = Splitter::new(u32::MAX);
    splitter.push(out.take().into_bytes());
    std::iter::from_fn(|| splitter.next().unwrap()).collect()
}

fn write_bytes(encoding: Encoding, bytes: &[u8], out: &mut EncodeBuf) {
    write(encoding, out, |out| {
        out.put_slice(bytes);
        Ok(())
    })
    .unwrap();
}

fn received(message: &Message, limit: u32) -> Received {
    Received { message: message.clone(), encoding: GZIP, limit }
}

#[test]
fn what_is_compressed_inflates_to_the_same_up_to_the_limit() {
    let mut out = EncodeBuf::new(usize::MAX);
    for bytes in [&b""[..], b"x", &[7; 100_000]] {
        write_bytes(GZIP, bytes, &mut out);
        write_bytes(Encoding::Identity, bytes, &mut out);
        let [compressed, plain] = messages(&mut out).try_into().unwrap();
        assert!(compressed.compressed && !plain.compressed);
        let limit = u32::try_from(bytes.len()).unwrap();
        assert_eq!(open(received(&compressed, limit)).unwrap().into_bytes(), bytes);
        assert_eq!(open(received(&plain, limit)).unwrap().into_bytes(), bytes);
    }
}

#[test]
fn a_written_message_is_compressed_in_its_place() {
    let mut out = EncodeBuf::new(usize::MAX);
    write_bytes(Encoding::Identity, &[1; 50_000], &mut out);
    compress_written(GZIP, &mut out);
    let [message] = messages(&mut out).try_into().unwrap();
    assert!(message.compressed && message.payload.len() < 1_000);
    assert_eq!(open(received(&message, 50_000)).unwrap().into_bytes(), [1; 50_000][..]);
}

#[test]
fn a_bomb_costs_no_more_than_the_limit_and_names_both_sizes() {
    let mut out = EncodeBuf::new(usize::MAX);
    write_bytes(GZIP, &vec![0; 64 << 20], &mut out);
    let [bomb] = messages(&mut out).try_into().unwrap();
    let status = open(received(&bomb, 1_000_000)).unwrap_err();
    assert_eq!(status.code(), Code::ResourceExhausted);
    let text = status.message();
    assert!(text.contains(&bomb.payload.len().to_string()) && text.contains("1000000"), "{text}");
}

#[test]
fn broken_bytes_are_internal_wherever_they_break() {
    let mut out = EncodeBuf::new(usize::MAX);
    write_bytes(GZIP, b"some text that is long enough to be broken", &mut out);
    let [whole] = messages(&mut out).try_into().unwrap();
    let bytes = whole.payload.clone().into_bytes();
    for length in 0..bytes.len() {
        let payload = Payload::from(bytes.slice(..length));
        let status = open(received(&Message { payload, ..whole.clone() }, 1_000)).unwrap_err();
        assert_eq!(status.code(), Code::Internal, "cut at {length}");
    }
}

#[test]
fn a_compression_that_is_not_built_in_is_refused_by_name() {
    let message = Message { compressed: true, payload: Payload::from(&b"x"[..]), wire_len: 6 };
    let status = open(Received { message, encoding: Encoding::Zstd, limit: 10 }).unwrap_err();
    assert_eq!(status.code(), Code::Unimplemented);
    assert!(status.message().contains("zstd"), "{status}");
}

#[test]
fn an_error_of_the_codec_or_the_limit_leaves_the_buffer_as_it_was() {
    for encoding in [Encoding::Identity, GZIP] {
        let mut out = EncodeBuf::new(100);
        write_bytes(encoding, b"first", &mut out);
        let before = out.len();
        let refused = write(encoding, &mut out, |out| {
            out.put_slice(b"half");
            Err(CodecError::new("no"))
        });
        assert_eq!(refused, Err(Unwritten::Codec(CodecError::new("no"))));
        assert_eq!(out.len(), before);
    }
    let mut out = EncodeBuf::new(100);
    let refused = write(Encoding::Identity, &mut out, |out| {
        out.put_slice(&[0; 101]);
        Ok(())
    });
    assert!(matches!(refused, Err(Unwritten::TooLarge(_))) && out.is_empty());
}
