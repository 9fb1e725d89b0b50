//! Tests of the payload: what is copied, what is not, and that the bytes are always the same.

use super::super::percent::tests::Seeded;
use super::*;

fn many(parts: &[&[u8]]) -> Payload {
    let mut payload = Payload::default();
    for part in parts {
        payload.push(Bytes::copy_from_slice(part));
    }
    payload
}

fn bytes(payload: &Payload) -> Vec<u8> {
    payload.segments().flat_map(|segment| segment.to_vec()).collect()
}

#[test]
fn one_segment_is_handed_through_without_a_copy() {
    let whole = Bytes::from(vec![7; 5000]);
    for payload in [Payload::from(whole.clone()), {
        let mut p = Payload::default();
        p.push(whole.clone());
        p
    }] {
        assert!(payload.rest.is_none());
        assert_eq!(payload.as_contiguous().unwrap().as_ptr(), whole.as_ptr());
        assert_eq!(payload.segments().count(), 1);
        assert_eq!(payload.into_bytes().as_ptr(), whole.as_ptr());
    }
}

#[test]
fn what_is_small_can_be_copied_out_of_the_buffer_that_it_came_in() {
    let buffer = Bytes::from(vec![7; 5000]);
    let mut small = Payload::from(buffer.slice(..100));
    small.compact(99);
    assert_eq!(small.as_contiguous().unwrap().as_ptr(), buffer.as_ptr(), "it is longer than that");
    small.compact(100);
    assert_ne!(small.as_contiguous().unwrap().as_ptr(), buffer.as_ptr());
    assert_eq!(small.as_contiguous(), Some(&buffer[..100]));
    let copied = small.as_contiguous().unwrap().as_ptr();
    small.compact(100);
    assert_eq!(small.as_contiguous().unwrap().as_ptr(), copied, "once is enough");
    drop(small);
    assert!(buffer.is_unique());
}

#[test]
fn an_empty_payload_has_no_segments() {
    for payload in [Payload::default(), Payload::from(vec![]), Payload::from(&b""[..]), many(&[b"", b""])] {
        assert!(payload.is_empty());
        assert_eq!((payload.segments().count(), payload.len()), (0, 0));
        assert_eq!(payload.as_contiguous(), Some(&b""[..]));
        assert!(payload.into_bytes().is_empty());
    }
    assert_eq!(Payload::from(&b"static"[..]).len(), 6);
    assert_eq!(Payload::from(vec![1, 2]).as_contiguous(), Some(&[1, 2][..]));
}

#[test]
fn large_segments_stay_apart_and_are_not_copied() {
    let (one, two) = (Bytes::from(vec![1; SMALL]), Bytes::from(vec![2; 9000]));
    let mut payload = Payload::from(one.clone());
    payload.push(two.clone());
    let pointers: Vec<_> = payload.segments().map(|segment| segment.as_ptr()).collect();
    assert_eq!(pointers, [one.as_ptr(), two.as_ptr()]);
    assert_eq!(payload.as_contiguous(), None);
    assert_eq!(payload.into_bytes(), [&one[..], &two[..]].concat());
}

#[test]
fn tiny_pieces_become_one_segment() {
    let mut payload = Payload::default();
    let source = Bytes::from_static(b"0123456789");
    for index in 0..20_000 {
        payload.push(source.slice(index % 10..index % 10 + 1));
    }
    assert_eq!((payload.segments().count(), payload.len()), (1, 20_000));
    assert_eq!(&payload.as_contiguous().unwrap()[19_990..], b"0123456789");
}

#[test]
fn a_tiny_piece_behind_a_large_one_is_copied_apart() {
    let large = Bytes::from(vec![1; 4000]);
    let mut payload = Payload::from(large.clone());
    for _ in 0..100 {
        payload.push(Bytes::from_static(b"tiny"));
    }
    assert_eq!(payload.segments().count(), 2);
    payload.push(large);
    payload.push(Bytes::from_static(b"tiny"));
    assert_eq!((payload.segments().count(), payload.len()), (4, 8404));
}

#[test]
fn a_tiny_piece_lets_go_of_the_buffer_it_came_in() {
    let buffer = Bytes::from(vec![3; 60_000]);
    let mut payload = Payload::from(buffer.slice(..10));
    payload.push(buffer.slice(10..20));
    payload.push(buffer.slice(20..30));
    assert!(buffer.is_unique());
    assert_eq!(bytes(&payload), [3; 30]);
}

#[test]
fn a_clone_is_not_changed_by_what_the_other_gets() {
    let mut one = many(&[b"a", b"b"]);
    let two = one.clone();
    one.push(Bytes::from_static(b"c"));
    assert_eq!((bytes(&one), bytes(&two)), (b"abc".to_vec(), b"ab".to_vec()));
}

#[test]
fn a_reader_sees_all_segments_in_order() {
    let mut payload = many(&[&[1; 2000], &[2; 3000], &[3; 10]]);
    let mut slices = [IoSlice::new(&[]); 5];
    assert_eq!(payload.chunks_vectored(&mut slices), 3);
    assert_eq!(slices.iter().map(|slice| slice.len()).collect::<Vec<_>>(), [2000, 3000, 10, 0, 0]);
    assert_eq!(payload.chunks_vectored(&mut slices[..2]), 2);
    assert_eq!((payload.remaining(), payload.chunk().len()), (5010, 2000));
    payload.advance(2000);
    assert_eq!(payload.get_u8(), 2);
    payload.advance(2999);
    assert_eq!((payload.chunk(), payload.segments().count()), (&[3; 10][..], 1));
    payload.advance(99);
    assert!(payload.is_empty() && !payload.has_remaining());
}

#[test]
fn copies_out_of_one_segment_share_it() {
    let whole = Bytes::from(vec![1; 4000]);
    let mut payload = many(&[]);
    payload.push(whole.clone());
    payload.push(Bytes::from(vec![2; 4000]));
    assert_eq!(payload.copy_to_bytes(1000).as_ptr(), whole.as_ptr());
    assert_eq!(payload.copy_to_bytes(3000).as_ptr(), whole[1000..].as_ptr());
    assert_eq!(payload.copy_to_bytes(9000), [2; 4000][..]);
    assert!(payload.is_empty());
}

#[test]
fn a_payload_can_grow_while_it_is_read() {
    let mut payload = many(&[b"ab", b"cd"]);
    payload.advance(3);
    payload.push(Bytes::from_static(b"ef"));
    assert_eq!(bytes(&payload), b"def");
    payload.advance(3);
    let large = Bytes::from(vec![9; 2000]);
    payload.push(large.clone());
    assert_eq!(payload.as_contiguous().unwrap().as_ptr(), large.as_ptr());
}

#[test]
fn debug_shows_sizes_and_no_bytes() {
    assert_eq!(format!("{:?}", many(&[&[1; 2000], b"x"])), "Payload(2001 bytes in 2 segments)");
}

#[test]
fn random_pushes_and_reads_agree_with_a_plain_queue() {
    let mut random = Seeded(21);
    for _ in 0..200 {
        let mut payload = Payload::default();
        let mut model = Vec::new();
        for _ in 0..random.below(40) {
            match random.below(5) {
                0..3 => {
                    let size = [10, 1024, 3000][random.below(3)];
                    let data = random.bytes(size);
                    model.extend_from_slice(&data);
                    payload.push(Bytes::from(data));
                }
                3 => {
                    let count = random.below(2000);
                    payload.advance(count);
                    model.drain(..count.min(model.len()));
                }
                _ => {
                    let count = random.below(3000);
                    let taken: Vec<u8> = model.drain(..count.min(model.len())).collect();
                    assert_eq!(payload.copy_to_bytes(count), taken);
                }
            }
            assert_eq!((payload.len(), payload.is_empty()), (model.len(), model.is_empty()));
            assert!(payload.segments().all(|segment| !segment.is_empty()));
        }
        assert_eq!(bytes(&payload), model);
        assert_eq!(payload.clone().into_bytes(), model);
        assert_eq!(payload.as_contiguous().is_some(), payload.segments().count() <= 1);
    }
}
