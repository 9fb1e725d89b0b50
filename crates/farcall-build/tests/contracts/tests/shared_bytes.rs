//! Fields of type `bytes` that share the buffers of messages, in both directions, and copy where they are small.

use contracts::shared::viewed::File;
use farcall::codec::{Decoder, EncodeBuf, Encoder, Payload};
use farcall_protobuf::Buffa;

fn file(length: usize) -> File {
    File { name: "name".to_owned(), content: vec![7; length].into(), ..Default::default() }
}

fn encoded(file: &File) -> Payload {
    let mut out = EncodeBuf::new(usize::MAX);
    Buffa.encode(file, &mut out).expect("it can be encoded");
    out.take()
}

#[test]
fn a_large_field_leaves_and_arrives_without_a_copy() {
    let sent = file(100_000);
    let payload = encoded(&sent);
    assert!(payload.segments().any(|piece| piece.as_ptr() == sent.content.as_ptr()), "it leaves as it is");
    let received = Payload::from(payload.into_bytes());
    let place = received.as_contiguous().expect("one piece").as_ptr_range();
    let decoded: File = Buffa.decode(received).expect("it can be decoded");
    assert_eq!(decoded, sent);
    assert!(place.contains(&decoded.content.as_ptr()), "it is where it was received");
}

#[test]
fn a_small_field_does_not_hold_the_buffer_that_it_came_in() {
    let sent = file(100);
    let received = Payload::from(encoded(&sent).into_bytes());
    let place = received.as_contiguous().expect("one piece").as_ptr_range();
    let decoded: File = Buffa.decode(received).expect("it can be decoded");
    assert_eq!(decoded, sent);
    assert!(!place.contains(&decoded.content.as_ptr()));
}
