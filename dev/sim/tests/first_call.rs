//! Three unary calls, frame by frame: where to begin, to understand what farcall sends.
//!
//! The picture below is a snapshot: it is what two engines wrote over a link of 10 ms, and the test fails when a byte of
//! it changes. After a change that is meant, take the new one from `cargo test -p sim --test first_call -- --nocapture`.
//!
//! What to see in it:
//!
//! 1. Nobody waits for the other to begin. At 0 ms the client sends its preface (24 bytes before the first frame, not
//!    shown), its SETTINGS, and in the same breath its first call; the server sends its SETTINGS at 0 ms too.
//! 2. WINDOW_UPDATE on the connection widens its window from the 65,535 bytes that every connection begins with to 1 MiB.
//! 3. A request is HEADERS, then DATA: five bytes of prefix (not compressed, length 5), and the message. END_STREAM says
//!    that it was the last. The deadline travels as `grpc-timeout`.
//! 4. At 10 ms each side has the other's SETTINGS, and acknowledges them once.
//! 5. A reply is HEADERS, DATA, and HEADERS again: the trailers, which carry the status. They leave together.
//! 6. The second call says the same in a fifth of the bytes: HPACK has numbered the fields, and sends the numbers. Most
//!    of what is left is the deadline: its name has a number, its value is not worth one because it differs from call to
//!    call.
//! 7. The third fails: no message, and one HEADERS frame for head and status together.

use std::time::Duration;

use farcall_wire::grpc::Code;
use sim::{Body, Pair, Script, Wire};

#[test]
fn three_unary_calls_frame_by_frame() {
    let mut pair = Pair::new(Wire::LAN.latency(Duration::from_millis(10)));
    pair.recording.start();
    let hello = Script::unary("/greet.Greeter/Hello").timeout(Duration::from_secs(1));
    let first = pair.open(&hello);
    pair.run();
    let second = pair.open(&hello);
    pair.run();
    let fails = Script { replies: Body::none(), fails: Some(Code::NotFound), ..hello };
    let third = pair.open(&Script { path: "/greet.Greeter/Find", ..fails });
    pair.run();

    let picture = pair.recording.picture();
    println!("{picture}");
    assert!(pair.client.calls[first].is_ok() && pair.client.calls[second].is_ok());
    assert_eq!(pair.client.calls[third].error().code(), Code::NotFound);
    pair.assert_at_rest();
    for (shown, expected) in picture.lines().zip(PICTURE.lines()) {
        assert_eq!(shown, expected, "a line of the picture has changed");
    }
    assert_eq!(picture.lines().count(), PICTURE.lines().count());
}

#[test]
fn a_link_that_cuts_bytes_anywhere_changes_nothing_but_the_time() {
    let frames = |wire| {
        let mut pair = Pair::new(wire);
        pair.recording.start();
        pair.open(&Script::unary("/greet.Greeter/Hello"));
        pair.run();
        pair.assert_at_rest();
        assert!(pair.client.calls[0].is_ok());
        let of = |from| pair.recording.frames.iter().filter(move |frame| frame.from == from);
        let plain = |frame: &sim::Frame| (frame.head, frame.payload.clone());
        // The order of frames of different streams is a matter of time; what each stream says is not.
        let mut all: Vec<_> = of(sim::Side::Client).map(plain).chain(of(sim::Side::Server).map(plain)).collect();
        all.sort_by_key(|(head, payload)| (head.stream, head.kind, head.flags, payload.clone()));
        all
    };
    let whole = frames(Wire::LAN);
    for seed in 0..50 {
        assert_eq!(frames(Wire::LAN.cut(seed)), whole, "seed {seed}");
    }
}

const PICTURE: &str = r#"    0.000 ms  client ──▶  connection  SETTINGS
                                      ENABLE_PUSH = 0
                                      INITIAL_WINDOW_SIZE = 65536
                                      MAX_HEADER_LIST_SIZE = 16384
    0.000 ms  client ──▶  connection  WINDOW_UPDATE, 983041 more bytes
    0.000 ms  client ──▶  stream 1    HEADERS, 77 bytes
                                      :method: POST
                                      :scheme: http
                                      :path: /greet.Greeter/Hello
                                      :authority: server.example
                                      grpc-timeout: 1000000u
                                      te: trailers
                                      content-type: application/grpc
                                      user-agent: sim
    0.000 ms  client ──▶  stream 1    DATA, 10 bytes, END_STREAM: "\x00\x00\x00\x00\x05hello"
    0.000 ms  ◀── server  connection  SETTINGS
                                      MAX_CONCURRENT_STREAMS = 100
                                      INITIAL_WINDOW_SIZE = 65536
                                      MAX_HEADER_LIST_SIZE = 16384
    0.000 ms  ◀── server  connection  WINDOW_UPDATE, 983041 more bytes
   10.000 ms  client ──▶  connection  SETTINGS, acknowledged
   10.001 ms  ◀── server  connection  SETTINGS, acknowledged
   10.001 ms  ◀── server  stream 1    HEADERS, 14 bytes
                                      :status: 200
                                      content-type: application/grpc
   10.001 ms  ◀── server  stream 1    DATA, 10 bytes: "\x00\x00\x00\x00\x05world"
   10.001 ms  ◀── server  stream 1    HEADERS, 12 bytes, END_STREAM
                                      grpc-status: 0
   20.002 ms  client ──▶  stream 3    HEADERS, 16 bytes
                                      :method: POST
                                      :scheme: http
                                      :path: /greet.Greeter/Hello
                                      :authority: server.example
                                      grpc-timeout: 1000000u
                                      te: trailers
                                      content-type: application/grpc
                                      user-agent: sim
   20.002 ms  client ──▶  stream 3    DATA, 10 bytes, END_STREAM: "\x00\x00\x00\x00\x05hello"
   30.002 ms  ◀── server  stream 3    HEADERS, 2 bytes
                                      :status: 200
                                      content-type: application/grpc
   30.002 ms  ◀── server  stream 3    DATA, 10 bytes: "\x00\x00\x00\x00\x05world"
   30.002 ms  ◀── server  stream 3    HEADERS, 1 byte, END_STREAM
                                      grpc-status: 0
   40.003 ms  client ──▶  stream 5    HEADERS, 31 bytes
                                      :method: POST
                                      :scheme: http
                                      :path: /greet.Greeter/Find
                                      :authority: server.example
                                      grpc-timeout: 1000000u
                                      te: trailers
                                      content-type: application/grpc
                                      user-agent: sim
   40.003 ms  client ──▶  stream 5    DATA, 10 bytes, END_STREAM: "\x00\x00\x00\x00\x05hello"
   50.003 ms  ◀── server  stream 5    HEADERS, 30 bytes, END_STREAM
                                      :status: 200
                                      content-type: application/grpc
                                      grpc-status: 5
                                      grpc-message: as the script says
"#;
