//! Two peers in one thread: every byte that one writes, the other reads at once.

mod peer_limits;
mod whole;

use std::time::Duration;

use bytes::Buf;

use std::sync::Arc;

use super::*;
use crate::grpc::RequestHead;
use crate::grpc::{Code, EncodeBuf, Metadata, Outcome, Processed, ReplyEnd, ReplyHead};

/// A client and a server, and what each was told.
struct Pair {
    client: Connection,
    server: Connection,
    to_server: BytesMut,
    to_client: BytesMut,
    now: Instant,
}

impl Pair {
    fn new() -> Self {
        Self::with(Config::default(), Config::default())
    }

    fn with(client: Config, server: Config) -> Self {
        let now = Instant::now();
        let (client, server) = (Connection::client(client, now), Connection::server(server, now));
        let mut pair = Self { client, server, to_server: BytesMut::new(), to_client: BytesMut::new(), now };
        pair.run();
        pair
    }

    /// Exchanges bytes until both are silent; returns what the client and the server were told.
    fn run(&mut self) -> (Vec<Event>, Vec<Event>) {
        let (mut client, mut server) = (Vec::new(), Vec::new());
        loop {
            let before = (client.len(), server.len());
            let moved = drain(&mut self.client, &mut self.to_server) + drain(&mut self.server, &mut self.to_client);
            self.server.handle_bytes(&mut self.to_server, self.now);
            self.client.handle_bytes(&mut self.to_client, self.now);
            client.extend(std::iter::from_fn(|| self.client.poll_event(self.now)).filter(is_news));
            server.extend(std::iter::from_fn(|| self.server.poll_event(self.now)).filter(is_news));
            if moved == 0 && before == (client.len(), server.len()) {
                return (client, server);
            }
        }
    }

    fn pass(&mut self, time: Duration) {
        self.now += time;
        self.client.handle_timeout(self.now);
        self.server.handle_timeout(self.now);
    }

    fn open(&mut self, timeout: Option<Duration>) -> CallId {
        let head = RequestHead { path: "/a.B/C".into(), authority: "test".into(), timeout, ..RequestHead::default() };
        self.client.open(&head, timeout.map(|timeout| self.now + timeout)).unwrap()
    }
}

fn drain(from: &mut Connection, to: &mut BytesMut) -> usize {
    let mut moved = 0;
    while !from.outbox().is_empty() {
        let outbox = from.outbox();
        let length = outbox.chunk().len();
        to.extend_from_slice(outbox.chunk());
        outbox.advance(length);
        moved += length;
    }
    moved
}

fn is_news(event: &Event) -> bool {
    !matches!(event, Event::Incident(_) | Event::Available | Event::Ready | Event::Room { .. })
}

fn framed(messages: &[&[u8]]) -> EncodeBuf {
    let mut buffer = EncodeBuf::new(usize::MAX);
    for message in messages {
        buffer.begin_message();
        buffer.put_slice(message);
        buffer.end_message(false).unwrap();
    }
    buffer
}

fn requested(events: &[Event]) -> (CallId, Arc<RequestHead>) {
    events
        .iter()
        .find_map(|event| match event {
            Event::Request { call, head } => Some((*call, Arc::clone(head))),
            _ => None,
        })
        .expect("a request")
}

fn messages(events: &[Event]) -> Vec<Vec<u8>> {
    let bytes = |event: &Event| match event {
        Event::Message { message, .. } => Some(message.payload.clone().into_bytes().to_vec()),
        _ => None,
    };
    events.iter().filter_map(bytes).collect()
}

fn outcome(events: Vec<Event>) -> Outcome {
    let mut done: Vec<Outcome> = events
        .into_iter()
        .filter_map(|event| match event {
            Event::Done { outcome, .. } => Some(outcome),
            _ => None,
        })
        .collect();
    assert_eq!(done.len(), 1, "every call ends exactly once");
    done.pop().unwrap()
}

#[test]
fn a_unary_call_goes_there_and_back_and_leaves_nothing() {
    let mut pair = Pair::new();
    let call = pair.open(None);
    pair.client.send(call, framed(&[b"hello"]).take());
    pair.client.finish(call);
    let (_, told) = pair.run();
    let (id, head) = requested(&told);
    assert_eq!((head.path.as_str(), head.authority.as_str()), ("/a.B/C", "test"));
    assert_eq!(messages(&told), [b"hello"]);
    assert!(matches!(told.last(), Some(Event::End { call }) if *call == id));
    let mut trailers = Metadata::new();
    trailers.append("x-end", "1").unwrap();
    let end = ReplyEnd { status: Ok(()), trailers };
    pair.server.reply(id, &ReplyHead::default(), &mut framed(&[b"world"]), &end);
    let (told, _) = pair.run();
    assert_eq!(messages(&told), [b"world"]);
    assert!(matches!(&told[0], Event::Headers { .. }));
    let outcome = outcome(told);
    assert!(outcome.status.is_ok());
    assert_eq!(outcome.trailers.get("x-end"), Some("1"));
    assert_eq!((pair.client.open_calls(), pair.server.open_calls()), (0, 0));
    assert_eq!((pair.client.calls.len(), pair.server.calls.len()), (0, 0));
}

#[test]
fn an_error_before_any_message_is_trailers_only() {
    let mut pair = Pair::new();
    let call = pair.open(None);
    let (_, told) = pair.run();
    let (id, _) = requested(&told);
    let status = Status::not_found("no user 7 ☺").with_details(&b"\x08\x05"[..]);
    pair.server.reply(id, &ReplyHead::default(), &mut framed(&[]), &status.into());
    let (told, _) = pair.run();
    assert!(matches!(&told[..], [Event::Done { .. }]), "no headers before the end");
    let status = outcome(told).status.unwrap_err();
    assert_eq!((status.code(), status.message()), (Code::NotFound, "no user 7 ☺"));
    assert_eq!(status.details(), b"\x08\x05");
    assert_eq!((pair.client.open_calls(), pair.server.open_calls()), (0, 0));
    pair.client.finish(call);
    pair.client.send(call, framed(&[b"late"]).take());
    assert!(pair.client.outbox().is_empty(), "a call that is over sends nothing");
}

#[test]
fn a_large_message_passes_small_windows_both_ways() {
    let mut pair = Pair::new();
    let large = vec![7; 3 << 20];
    let call = pair.open(None);
    pair.client.send(call, framed(&[&large]).take());
    pair.client.finish(call);
    let (_, told) = pair.run();
    assert_eq!(messages(&told), [&large[..]]);
    let (id, _) = requested(&told);
    pair.server.reply(id, &ReplyHead::default(), &mut framed(&[&large, b"x"]), &ReplyEnd::OK);
    let (mut client, _) = pair.run();
    let credit = client.iter().find_map(|event| match event {
        Event::Message { credit, .. } => Some(*credit),
        _ => None,
    });
    pair.client.release(call, credit.unwrap());
    client.extend(pair.run().0);
    assert_eq!(messages(&client), [&large[..], b"x"]);
    assert!(outcome(client).status.is_ok());
}

#[test]
fn a_slow_reader_holds_its_window_and_one_message_at_most() {
    let mut config = Config::default();
    config.h2.max_window = 65_536;
    let mut pair = Pair::with(config, Config::default());
    let call = pair.open(None);
    let (_, told) = pair.run();
    let (id, _) = requested(&told);
    let message = vec![1; 40_000];
    for _ in 0..10 {
        pair.server.send(id, framed(&[&message]).take());
    }
    pair.server.reply_head(id, &ReplyHead::default());
    let mut received = Vec::new();
    for round in 0..10 {
        let (told, _) = pair.run();
        for event in told {
            if let Event::Message { credit, .. } = event {
                received.push(credit);
            }
        }
        let held: u32 = received.iter().sum();
        assert!(held <= 65_536 + 40_005, "{held} bytes are held in round {round}");
        for credit in received.drain(..) {
            pair.client.release(call, credit);
        }
    }
    assert_eq!(pair.server.queued_on(id), 0, "everything has left");
}

#[test]
fn an_oversize_message_fails_its_call_naming_both_sizes_and_no_other() {
    let mut pair = Pair::with(Config::default(), Config { receive_limit: 100, ..Config::default() });
    let (bad, good) = (pair.open(None), pair.open(None));
    pair.client.send(bad, framed(&[&[0; 101]]).take());
    pair.client.send(good, framed(&[&[0; 100]]).take());
    pair.client.finish(good);
    let (client, server) = pair.run();
    let status = outcome(client).status.unwrap_err();
    assert_eq!(status.code(), Code::ResourceExhausted);
    assert!(status.message().contains("101") && status.message().contains("100"), "{status}");
    let cancelled = server.iter().filter(|event| matches!(event, Event::Cancelled { .. })).count();
    assert_eq!((cancelled, messages(&server).len()), (1, 1));
    assert_eq!(pair.server.open_calls(), 2, "a cancelled call holds its slot until its handler has ended");
    let id = server.iter().find_map(|event| match event {
        Event::Cancelled { call, .. } => Some(*call),
        _ => None,
    });
    pair.server.close(id.unwrap());
    assert_eq!(pair.server.open_calls(), 1);
}

#[test]
fn a_deadline_ends_the_call_on_both_sides() {
    let mut pair = Pair::new();
    pair.open(Some(Duration::from_millis(50)));
    let (_, told) = pair.run();
    let (id, head) = requested(&told);
    assert_eq!(head.timeout, Some(Duration::from_millis(50)));
    assert_eq!(pair.client.poll_timeout(), Some(pair.now + Duration::from_millis(50)));
    pair.pass(Duration::from_millis(50));
    let (client, server) = pair.run();
    assert_eq!(outcome(client).status.unwrap_err().code(), Code::DeadlineExceeded);
    assert!(matches!(&server[..], [Event::Cancelled { call, .. }] if *call == id));
    pair.server.close(id);
    assert_eq!((pair.client.open_calls(), pair.server.open_calls()), (0, 0));
    assert_eq!((pair.client.poll_timeout(), pair.server.poll_timeout()), (None, None));
}

#[test]
fn a_server_whose_clock_is_ahead_says_so_by_status_unless_messages_are_in_the_way() {
    let cases = [(None, Code::DeadlineExceeded), (Some(1), Code::DeadlineExceeded), (Some(1 << 20), Code::Cancelled)];
    for (reply, expected) in cases {
        let mut pair = Pair::new();
        let timeout = Some(Duration::from_millis(50));
        let head = RequestHead { path: "/a.B/C".into(), timeout, ..RequestHead::default() };
        // The client is told no deadline: its own would come first.
        pair.client.open(&head, None).unwrap();
        let (_, told) = pair.run();
        let (id, _) = requested(&told);
        if let Some(length) = reply {
            // The longest fills the client's window, since the message before it is never released.
            pair.server.send(id, framed(&[&[1], &vec![0; length]]).take());
            pair.run();
        }
        pair.pass(Duration::from_millis(50));
        let (client, server) = pair.run();
        assert_eq!(outcome(client).status.unwrap_err().code(), expected, "{reply:?}");
        assert!(matches!(&server[..], [Event::Cancelled { status, .. }] if status.code() == Code::DeadlineExceeded));
        pair.server.close(id);
        let (_, rest) = pair.run();
        assert!(rest.is_empty(), "{rest:?}");
        assert_eq!((pair.client.open_calls(), pair.server.open_calls()), (0, 0));
    }
}

#[test]
fn a_cancelled_call_is_told_to_the_server_once() {
    let mut pair = Pair::new();
    let call = pair.open(None);
    let (_, told) = pair.run();
    let (id, _) = requested(&told);
    pair.client.reset(call, Reason::Cancelled);
    let (client, server) = pair.run();
    assert_eq!(outcome(client).status.unwrap_err().code(), Code::Cancelled);
    assert!(matches!(&server[..], [Event::Cancelled { call, .. }] if *call == id));
    pair.server.reply(id, &ReplyHead::default(), &mut framed(&[b"late"]), &ReplyEnd::OK);
    assert!(pair.server.outbox().is_empty());
    pair.server.close(id);
    assert_eq!(pair.server.open_calls(), 0);
}

#[test]
fn a_graceful_shutdown_loses_no_call_that_was_sent() {
    let mut pair = Pair::new();
    let first = pair.open(None);
    let (_, told) = pair.run();
    let (first_id, _) = requested(&told);
    pair.server.shut_down(pair.now);
    // Before the GOAWAY arrives, the client has sent another call.
    let second = pair.open(None);
    let (client, server) = pair.run();
    assert!(matches!(&client[..], [Event::GoingAway { code: ErrorCode::NoError, .. }, ..]));
    assert_eq!(pair.client.available_calls(), 0);
    let (second_id, _) = requested(&server);
    for id in [first_id, second_id] {
        pair.server.reply(id, &ReplyHead::default(), &mut framed(&[b"done"]), &ReplyEnd::OK);
    }
    let (client, _) = pair.run();
    let done = client.iter().filter(|event| matches!(event, Event::Done { outcome, .. } if outcome.status.is_ok()));
    assert_eq!(done.count(), 2, "{first:?} and {second:?} are answered");
    assert!(pair.server.is_drained() && pair.client.is_drained());
}

#[test]
fn the_end_of_the_connection_ends_every_call() {
    let mut pair = Pair::new();
    pair.open(None);
    let (_, told) = pair.run();
    let (id, _) = requested(&told);
    pair.server.handle_eof();
    pair.client.handle_eof();
    let (client, server) = pair.run();
    let outcome = outcome(client);
    assert_eq!((outcome.status.unwrap_err().code(), outcome.processed), (Code::Unavailable, Processed::Perhaps));
    assert!(matches!(&server[..], [Event::Cancelled { call, .. }, Event::Over { fault: Some(_) }] if *call == id));
    assert!(pair.client.is_drained());
}

/// 300 calls with a deadline, all of them at a server that answers none, and what the client is told when it gives up.
fn give_up_many(timeout: Duration, give_up: impl Fn(&mut Pair, &[CallId])) -> Vec<Event> {
    let mut server = Config::default();
    server.h2.max_concurrent_streams = 1_000;
    let mut pair = Pair::with(Config::default(), server);
    let calls: Vec<CallId> = (0..300).map(|_| pair.open(Some(timeout))).collect();
    pair.run();
    give_up(&mut pair, &calls);
    pair.run().0
}

#[test]
fn deadlines_that_pass_together_cost_no_connection() {
    let told = give_up_many(Duration::from_millis(50), |pair, _| {
        pair.now += Duration::from_millis(50);
        // The client's clock is first, and each deadline is a reset to the server.
        pair.client.handle_timeout(pair.now);
    });
    assert_eq!(told.iter().filter(|event| matches!(event, Event::Done { .. })).count(), 300);
    assert!(!told.iter().any(|event| matches!(event, Event::GoingAway { .. } | Event::Over { .. })), "{told:?}");
}

#[test]
fn resets_long_before_the_deadline_spend_the_budget() {
    let told = give_up_many(Duration::from_secs(10), |pair, calls| {
        for &call in calls {
            pair.client.reset(call, Reason::Cancelled);
        }
    });
    let calm = |event: &Event| matches!(event, Event::GoingAway { code: ErrorCode::EnhanceYourCalm, .. });
    assert!(told.iter().any(calm), "{told:?}");
}

#[test]
fn calls_above_the_limit_are_refused_as_unprocessed_and_slots_come_back() {
    let mut server = Config::default();
    server.h2.max_concurrent_streams = 2;
    let mut pair = Pair::with(Config::default(), server);
    assert_eq!(pair.client.available_calls(), 2);
    let calls = [pair.open(None), pair.open(None)];
    let head = RequestHead { path: "/a.B/C".into(), ..RequestHead::default() };
    assert_eq!(pair.client.open(&head, None), Err(Refused));
    pair.run();
    pair.client.reset(calls[0], Reason::Cancelled);
    let third = pair.open(None);
    let (client, server) = pair.run();
    let refused = client.iter().any(
        |event| matches!(event, Event::Done { call, outcome } if *call == third && outcome.processed == Processed::No),
    );
    assert!(refused, "the first still holds its slot on the server: {server:?}");
}

#[test]
fn bytes_cut_anywhere_mean_the_same() {
    for step in [1, 2, 7, 9, 10] {
        let now = Instant::now();
        let (mut client, mut server) =
            (Connection::client(Config::default(), now), Connection::server(Config::default(), now));
        let head = RequestHead { path: "/a.B/C".into(), ..RequestHead::default() };
        let call = client.open(&head, None).unwrap();
        client.send(call, framed(&[b"one", b"", b"three"]).take());
        client.finish(call);
        let (mut sent, mut read) = (BytesMut::new(), BytesMut::new());
        drain(&mut client, &mut sent);
        let mut told = Vec::new();
        for piece in sent.chunks(step) {
            read.extend_from_slice(piece);
            server.handle_bytes(&mut read, now);
            told.extend(std::iter::from_fn(|| server.poll_event(now)));
        }
        assert_eq!(messages(&told), [&b"one"[..], b"", b"three"], "pieces of {step} bytes");
        assert!(matches!(told.last(), Some(Event::End { .. })));
    }
}

#[test]
fn what_is_not_grpc_is_answered_as_http() {
    use crate::h2::Indexing;
    let cases: [(&str, &str, &str); 3] =
        [("POST", "text/plain", "415"), ("GET", "application/grpc", "405"), ("POST", "application/grpc-web", "415")];
    for (method, content_type, expected) in cases {
        let now = Instant::now();
        let mut client = h2::Connection::client(h2::Config::default(), now);
        let mut server = Connection::server(Config::default(), now);
        let mut fields = Fields::new();
        for (name, value) in
            [(":method", method), (":scheme", "http"), (":path", "/a.B/C"), ("content-type", content_type)]
        {
            fields.push(name.as_bytes(), value.as_bytes(), Indexing::Plain);
        }
        client.open(&fields, true).unwrap();
        let length = client.outbox().len();
        let mut bytes = BytesMut::from(&client.outbox().copy_to_bytes(length)[..]);
        server.handle_bytes(&mut bytes, now);
        while server.poll_event(now).is_some() {}
        let length = server.outbox().len();
        let mut bytes = BytesMut::from(&server.outbox().copy_to_bytes(length)[..]);
        client.handle_bytes(&mut bytes, now);
        let status = std::iter::from_fn(|| client.poll_event()).find_map(|event| match event {
            h2::Event::Headers { fields, .. } => fields.get(b":status").map(<[u8]>::to_vec),
            _ => None,
        });
        assert_eq!(status.as_deref(), Some(expected.as_bytes()), "{method} {content_type}");
    }
}

/// A server's call that waits for its reply.
fn asked(pair: &mut Pair) -> CallId {
    let call = pair.open(None);
    pair.client.finish(call);
    let (_, events) = pair.run();
    requested(&events).0
}

#[test]
fn a_good_reply_without_a_message_has_no_frame_of_data() {
    let mut pair = Pair::new();
    let call = asked(&mut pair);
    pair.server.reply(call, &ReplyHead::default(), &mut EncodeBuf::new(usize::MAX), &ReplyEnd::OK);
    let outbox = pair.server.outbox();
    let bytes = outbox.copy_to_bytes(outbox.remaining());
    let mut kinds = Vec::new();
    let mut rest = &bytes[..];
    while let [_, high, low, kind, ..] = rest {
        kinds.push(*kind);
        rest = &rest[9 + usize::from(u16::from_be_bytes([*high, *low]))..];
    }
    assert_eq!(kinds, [1, 1], "head and trailers");
}

#[test]
fn half_of_a_message_never_leaves() {
    let mut pair = Pair::new();
    let call = asked(&mut pair);
    let mut body = EncodeBuf::new(usize::MAX);
    body.begin_message();
    body.put_slice(b"a codec that panics here");
    pair.server.reply(call, &ReplyHead::default(), &mut body, &Status::unknown("the handler panicked").into());
    let (client, _) = pair.run();
    let [Event::Done { outcome, .. }] = &client[..] else { panic!("{client:?}") };
    assert_eq!(outcome.status.as_ref().unwrap_err().message(), "the handler panicked");
}
