//! Tests of the splitter: any cut of the stream gives the same messages.

use super::super::percent::tests::Seeded;
use super::*;

fn wire(flag: u8, body: &[u8]) -> Vec<u8> {
    let mut out = vec![flag];
    out.extend_from_slice(&(body.len() as u32).to_be_bytes());
    out.extend_from_slice(body);
    out
}

fn drain(splitter: &mut Splitter) -> Vec<Message> {
    std::iter::from_fn(|| splitter.next().unwrap()).collect()
}

fn feed(splitter: &mut Splitter, data: &[u8]) -> Vec<Message> {
    splitter.push(Bytes::copy_from_slice(data));
    drain(splitter)
}

#[test]
fn whole_messages_are_slices_of_what_was_pushed() {
    let data = Bytes::from([wire(0, b"abc"), wire(1, &[7; 3000]), wire(0, b"")].concat());
    let mut splitter = Splitter::new(4096);
    splitter.push(data.clone());
    let messages = drain(&mut splitter);
    let body = |index: usize| messages[index].payload.as_contiguous().unwrap();
    assert_eq!((body(0), body(2)), (&b"abc"[..], &b""[..]));
    assert_eq!(body(0).as_ptr(), data[5..].as_ptr());
    assert_eq!(body(1).as_ptr(), data[13..].as_ptr());
    assert_eq!(messages.iter().map(|message| message.compressed).collect::<Vec<_>>(), [false, true, false]);
    assert_eq!(messages.iter().map(|message| message.wire_len).collect::<Vec<_>>(), [8, 3005, 5]);
    assert_eq!((splitter.end(), splitter.unfinished()), (Ok(()), 0));
    drop(messages);
    assert!(data.is_unique(), "the splitter holds on to nothing");
}

#[test]
fn single_bytes_are_enough() {
    let mut splitter = Splitter::new(100);
    let mut messages = Vec::new();
    for byte in [wire(0, b"hello"), wire(0, b""), wire(1, b"x")].concat() {
        messages.extend(feed(&mut splitter, &[byte]));
    }
    let bodies: Vec<_> = messages.into_iter().map(|message| message.payload.into_bytes()).collect();
    assert_eq!(bodies, [&b"hello"[..], b"", b"x"]);
    splitter.end().unwrap();
}

#[test]
fn pushes_wait_for_their_turn() {
    let mut splitter = Splitter::new(100);
    for byte in [wire(0, b"ab"), wire(0, b"cd")].concat() {
        splitter.push(Bytes::from(vec![byte]));
    }
    splitter.push(Bytes::new());
    assert_eq!(drain(&mut splitter).len(), 2);
    splitter.end().unwrap();
}

#[test]
fn a_flag_that_is_not_defined_ends_the_call() {
    for flag in 2..=255 {
        let mut splitter = Splitter::new(100);
        splitter.push(Bytes::from([wire(0, b"good"), wire(flag, b"bad")].concat()));
        assert_eq!(splitter.next().unwrap().unwrap().payload.len(), 4);
        let fault = Fault::call(Reason::MessageFlag { flag });
        assert_eq!(splitter.next().unwrap_err(), fault);
        splitter.push(Bytes::from(wire(0, b"good")));
        assert_eq!(splitter.next().unwrap_err(), fault, "it stays so");
        assert_eq!((splitter.end(), splitter.unfinished()), (Err(fault), 0));
    }
}

#[test]
fn a_message_over_the_limit_is_refused_by_its_prefix() {
    let mut splitter = Splitter::new(4);
    assert_eq!(feed(&mut splitter, &wire(0, b"1234")).len(), 1);
    splitter.push(Bytes::from_static(&[0, 0, 0, 0, 5]));
    let fault = splitter.next().unwrap_err();
    assert_eq!(fault, Fault::call(Reason::MessageTooLarge { length: 5, limit: 4 }));
}

#[test]
fn a_limit_of_zero_allows_the_empty_message_only() {
    let mut splitter = Splitter::new(0);
    assert_eq!(feed(&mut splitter, &wire(0, b"")).len(), 1);
    splitter.push(Bytes::from(wire(0, b"1")));
    splitter.next().unwrap_err();
}

#[test]
fn the_largest_limit_leaves_room_for_the_prefix() {
    let mut splitter = Splitter::new(u32::MAX);
    splitter.push(Bytes::from_static(&[0, 0xff, 0xff, 0xff, 0xff]));
    let limit = u64::from(u32::MAX) - 5;
    let reason = Reason::MessageTooLarge { length: u32::MAX.into(), limit };
    assert_eq!(splitter.next().unwrap_err(), Fault::call(reason));
}

#[test]
fn nothing_is_allocated_by_the_announced_length() {
    let mut splitter = Splitter::new(u32::MAX);
    assert!(feed(&mut splitter, &[0, 0xf0, 0, 0, 0, 1, 2, 3]).is_empty());
    assert_eq!(splitter.unfinished(), 8);
    let State::Body { payload, missing, .. } = &splitter.state else { panic!("{splitter:?}") };
    assert_eq!((payload.len(), *missing), (3, 0xf000_0000 - 3));
}

#[test]
fn an_end_within_a_message_says_what_is_missing() {
    let mut splitter = Splitter::new(100);
    let whole = wire(0, b"0123456789");
    let expected = [0, 4, 3, 2, 1, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0];
    splitter.end().unwrap();
    for (byte, missing) in whole.iter().zip(&expected[1..]) {
        assert_eq!(feed(&mut splitter, &[*byte]).len(), usize::from(*missing == 0));
        let truncated = Err(Fault::call(Reason::MessageTruncated { missing: *missing }));
        assert_eq!(splitter.end(), if *missing == 0 { Ok(()) } else { truncated });
    }
}

#[test]
fn unfinished_counts_prefix_and_body() {
    let mut splitter = Splitter::new(100);
    for (index, byte) in wire(0, b"0123456789").iter().enumerate() {
        assert_eq!(splitter.unfinished(), index);
        feed(&mut splitter, &[*byte]);
    }
    assert_eq!(splitter.unfinished(), 0);
}

#[test]
fn a_small_unfinished_piece_lets_go_of_the_read_buffer() {
    let buffer = Bytes::from([&wire(0, &[1; 5000])[..50], &[9; 60_000]].concat());
    let mut splitter = Splitter::new(10_000);
    splitter.push(buffer.slice(..3));
    drain(&mut splitter);
    assert!(buffer.is_unique());
    splitter.push(buffer.slice(3..50));
    drain(&mut splitter);
    assert!(buffer.is_unique());
    assert_eq!(splitter.unfinished(), 50);
}

#[test]
fn large_pieces_of_a_message_are_not_copied() {
    let data = Bytes::from(wire(0, &[5; 20_000]));
    let mut splitter = Splitter::new(20_000);
    splitter.push(data.slice(..5000));
    assert!(drain(&mut splitter).is_empty());
    splitter.push(data.slice(5000..));
    let payload = drain(&mut splitter).pop().unwrap().payload;
    let pointers: Vec<_> = payload.segments().map(|segment| segment.as_ptr()).collect();
    assert_eq!(pointers, [data[5..].as_ptr(), data[5000..].as_ptr()]);
}

#[test]
fn any_cut_gives_the_same_messages() {
    let mut random = Seeded(41);
    for round in 0..300 {
        let messages: Vec<(u8, Vec<u8>)> = (0..random.below(8))
            .map(|_| {
                (random.below(2) as u8, {
                    let end = [2, 50, 6000][random.below(3)];
                    random.bytes(end)
                })
            })
            .collect();
        let mut stream = Bytes::from(messages.iter().flat_map(|(flag, body)| wire(*flag, body)).collect::<Vec<_>>());
        let most = [3, 100, 3000, 40_000][round % 4];
        let mut splitter = Splitter::new(6000);
        let mut out = Vec::new();
        while !stream.is_empty() {
            splitter.push(stream.split_to((1 + random.below(most)).min(stream.len())));
            if random.below(3) > 0 {
                out.extend(drain(&mut splitter));
            }
        }
        out.extend(drain(&mut splitter));
        splitter.end().unwrap();
        assert!(out.iter().all(|message| message.wire_len as usize == message.payload.len() + 5));
        let out: Vec<_> =
            out.into_iter().map(|message| (message.compressed as u8, message.payload.into_bytes().to_vec())).collect();
        assert_eq!(out, messages);
    }
}

#[test]
fn random_bytes_never_panic() {
    let mut random = Seeded(42);
    for _ in 0..3_000 {
        let mut splitter = Splitter::new(1000);
        for _ in 0..random.below(10) {
            let mut data = random.bytes(30);
            data.iter_mut().for_each(|byte| *byte %= 3);
            splitter.push(Bytes::from(data));
            while let Ok(Some(_)) = splitter.next() {}
        }
        let _ = (splitter.end(), splitter.unfinished());
    }
}
