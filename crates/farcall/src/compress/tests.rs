//! Messages in and out of compression, and what a peer may do to it.

use farcall_wire::grpc::{Code, Message, Splitter};

use super::*;

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

fn received(encoding: Encoding, message: &Message, limit: u32) -> Received {
    Received { message: message.clone(), encoding, limit }
}

#[test]
fn what_is_compressed_inflates_to_the_same_up_to_the_limit() {
    let mut out = EncodeBuf::new(usize::MAX);
    for encoding in supported() {
        for bytes in [&b""[..], b"x", &[7; 100_000]] {
            write_bytes(encoding, bytes, &mut out);
            write_bytes(Encoding::Identity, bytes, &mut out);
            let [compressed, plain] = messages(&mut out).try_into().unwrap();
            assert!(compressed.compressed && !plain.compressed);
            let limit = u32::try_from(bytes.len()).unwrap();
            assert_eq!(open(received(encoding, &compressed, limit)).unwrap().into_bytes(), bytes, "{encoding}");
            assert_eq!(open(received(encoding, &plain, limit)).unwrap().into_bytes(), bytes, "{encoding}");
            if let Some(less) = limit.checked_sub(1) {
                let status = open(received(encoding, &compressed, less)).unwrap_err();
                assert_eq!(status.code(), Code::ResourceExhausted, "{encoding}, a byte over the limit");
            }
        }
    }
}

#[test]
fn a_written_message_is_compressed_in_its_place() {
    for encoding in supported() {
        let mut out = EncodeBuf::new(usize::MAX);
        write_bytes(Encoding::Identity, &[1; 50_000], &mut out);
        compress_written(encoding, &mut out);
        let [message] = messages(&mut out).try_into().unwrap();
        assert!(message.compressed && message.payload.len() < 1_000);
        assert_eq!(open(received(encoding, &message, 50_000)).unwrap().into_bytes(), [1; 50_000][..]);
    }
}

#[test]
fn a_bomb_costs_no_more_than_the_limit_and_names_both_sizes() {
    for encoding in supported() {
        let mut out = EncodeBuf::new(usize::MAX);
        write_bytes(encoding, &vec![0; 16 << 20], &mut out);
        let [bomb] = messages(&mut out).try_into().unwrap();
        assert!(bomb.payload.len() < 32 << 10, "{encoding}: {} bytes are no bomb", bomb.payload.len());
        let status = open(received(encoding, &bomb, 1_000_000)).unwrap_err();
        assert_eq!(status.code(), Code::ResourceExhausted, "{encoding}");
        let text = status.message();
        assert!(text.contains(&bomb.payload.len().to_string()) && text.contains("1000000"), "{text}");
    }
}

#[test]
fn broken_bytes_are_internal_wherever_they_break() {
    for encoding in supported() {
        let mut out = EncodeBuf::new(usize::MAX);
        write_bytes(encoding, b"some text that is long enough to be broken", &mut out);
        let [whole] = messages(&mut out).try_into().unwrap();
        let bytes = whole.payload.clone().into_bytes();
        let refused = |bytes: bytes::Bytes, what: &str| {
            let payload = Payload::from(bytes);
            let status = open(received(encoding, &Message { payload, ..whole.clone() }, 1_000)).unwrap_err();
            assert_eq!(status.code(), Code::Internal, "{encoding}, {what}");
            assert!(status.message().contains(encoding.name()), "{status}");
        };
        for length in 0..bytes.len() {
            refused(bytes.slice(..length), &format!("cut at {length}"));
        }
        refused([&bytes[..], b"more"].concat().into(), "with something behind it");
        refused(bytes::Bytes::from_static(b"no such format"), "not compressed at all");
    }
}

#[test]
fn a_message_in_many_pieces_inflates_as_one_in_one_piece() {
    let text: Vec<u8> = (0..60_000_u32).flat_map(|number| number.to_string().into_bytes()).collect();
    for encoding in supported() {
        let mut out = EncodeBuf::new(usize::MAX);
        write_bytes(encoding, &text, &mut out);
        let [message] = messages(&mut out).try_into().unwrap();
        for size in [1, 7, 16_384] {
            let mut payload = EncodeBuf::new(usize::MAX);
            let whole = message.payload.clone().into_bytes();
            whole.chunks(size).for_each(|piece| payload.put_shared(whole.slice_ref(piece)));
            let pieces = Message { payload: payload.take(), ..message.clone() };
            assert_eq!(open(received(encoding, &pieces, 4 << 20)).unwrap().into_bytes(), text, "{encoding}, {size}");
        }
    }
}

#[test]
fn what_others_compressed_inflates() {
    // Written by gzip 1.12, Python's zlib and zstd 1.5.4; the second frame of zstd by a pipe, so without its length.
    let frames: [(Encoding, &str); 4] = [
        (Encoding::Gzip, GZIP_FRAME),
        (Encoding::Deflate, ZLIB_FRAME),
        (Encoding::Zstd, ZSTD_FRAME),
        (Encoding::Zstd, ZSTD_PIPED_FRAME),
    ];
    for (encoding, frame) in frames.into_iter().filter(|(encoding, _)| supported().any(|ours| ours == *encoding)) {
        let bytes = (0..frame.len() / 2).map(|at| u8::from_str_radix(&frame[2 * at..2 * at + 2], 16).unwrap());
        let payload = Payload::from(bytes::Bytes::from_iter(bytes));
        let message = Message { compressed: true, payload, wire_len: 0 };
        let text = open(received(encoding, &message, 100)).unwrap().into_bytes();
        assert_eq!(text, "gRPC gRPC gRPC gRPC gRPC gRPC gRPC gRPC!\n", "{encoding}");
    }
}

#[cfg(feature = "deflate")]
#[test]
fn deflate_without_the_head_of_zlib_is_broken_bytes() {
    let mut encoder = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::default());
    std::io::Write::write_all(&mut encoder, &[5; 1_000]).unwrap();
    let payload = Payload::from(bytes::Bytes::from(encoder.finish().unwrap()));
    let message = Message { compressed: true, payload, wire_len: 0 };
    assert_eq!(open(received(Encoding::Deflate, &message, 4_000)).unwrap_err().code(), Code::Internal);
}

#[cfg(feature = "zstd")]
#[test]
fn a_window_that_would_cost_more_than_every_reader_has_is_refused() {
    // Magic number; a frame without its length; a window of 2^(10+17) = 128 MiB; one empty last block.
    let frame = [0x28, 0xb5, 0x2f, 0xfd, 0x00, 17 << 3, 0x01, 0x00, 0x00];
    let open_with = |window: u8, limit: u32| {
        let mut frame = frame;
        frame[5] = window << 3;
        let payload = Payload::from(bytes::Bytes::from(frame.to_vec()));
        open(received(Encoding::Zstd, &Message { compressed: true, payload, wire_len: 0 }, limit))
    };
    let status = open_with(17, 4 << 20).unwrap_err();
    assert!(status.code() == Code::Internal && status.message().contains("memory"), "{status}");
    assert_eq!(open_with(13, 1).unwrap().len(), 0, "8 MiB are common");
    assert_eq!(open_with(17, 128 << 20).unwrap().len(), 0, "whoever takes such messages takes such windows");
}

#[cfg(feature = "zstd")]
#[test]
fn a_frame_that_says_how_long_it_is_may_lie_about_it_and_gains_nothing() {
    // One segment of 2^30 bytes, of which there is one block of "x", a million times over.
    let frame = [0x28, 0xb5, 0x2f, 0xfd, 0xa0, 0, 0, 0, 0x40, 0x03, 0x00, 0x10, b'x'];
    let payload = Payload::from(bytes::Bytes::from(frame.to_vec()));
    let status = open(received(Encoding::Zstd, &Message { compressed: true, payload, wire_len: 0 }, 1 << 20));
    assert_eq!(status.unwrap_err().code(), Code::ResourceExhausted);
}

#[test]
fn a_compression_that_is_not_built_in_is_refused_by_name() {
    for encoding in Encoding::ALL.into_iter().filter(|encoding| format(*encoding).is_none()) {
        let message = Message { compressed: true, payload: Payload::from(&b"x"[..]), wire_len: 6 };
        let status = open(received(encoding, &message, 10)).unwrap_err();
        assert_eq!(status.code(), Code::Unimplemented);
        assert!(status.message().contains(encoding.name()), "{status}");
        let missing = missing(encoding);
        assert_eq!(missing.is_none(), encoding == Encoding::Identity);
        assert!(missing.is_none_or(|text| text.contains(&format!("feature `{encoding}`"))));
    }
}

#[test]
fn an_error_of_the_codec_or_the_limit_leaves_the_buffer_as_it_was() {
    for encoding in supported().chain([Encoding::Identity]) {
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

const GZIP_FRAME: &str = "1f8b08000000000000034b0f0a7056482748287201004fa4413a29000000";
const ZLIB_FRAME: &str = "789c4b0f0a705648274828720100f9ad0b6c";
const ZSTD_FRAME: &str = "28b52ffd24296d0000386752504320210a0100708a16b0cbe7b6";
const ZSTD_PIPED_FRAME: &str = "28b52ffd04586d0000386752504320210a0100708a16b0cbe7b6";

#[cfg(feature = "zstd")]
#[test]
fn a_zstd_frame_that_announces_more_than_it_holds_is_broken() {
    let frame: &[u8] = b"\x28\xb5\x2f\xfd\x20\x91\x01\0\0";
    let message = Message { compressed: true, payload: frame.into(), wire_len: 14 };
    let status = open(received(Encoding::Zstd, &message, 1_000)).unwrap_err();
    assert_eq!(status.code(), Code::Internal);
    assert!(status.message().contains("announces 145 bytes, but holds 0"), "{status:?}");
}
