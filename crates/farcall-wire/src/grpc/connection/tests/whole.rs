//! What is taken whole, and what is told by events because it is not as usual.

use super::*;
use crate::error::Reason;
use crate::grpc::{Message, Status};

/// What happens to a call between its opening and the first look of the server.
type Send = fn(&mut Pair, CallId);

/// Reads what the client has written up to the request, and asks for the rest of it; then what the events tell.
fn take(pair: &mut Pair) -> (Option<Vec<u8>>, Vec<Event>) {
    drain(&mut pair.client, &mut pair.to_server);
    pair.server.handle_bytes(&mut pair.to_server, pair.now);
    let call = loop {
        match pair.server.poll_event(pair.now).expect("a request") {
            Event::Request { call, .. } => break call,
            event => assert!(!is_news(&event), "{event:?}"),
        }
    };
    let taken = pair.server.take_request(call).map(|message| message.payload.into_bytes().to_vec());
    (taken, pair.run().1)
}

#[test]
fn a_request_that_is_one_message_and_its_end_is_taken_without_events() {
    let mut pair = Pair::new();
    // The first one primes nothing: it is taken too.
    for text in [&b""[..], b"hello", &[7; 10_000]] {
        let id = pair.open(None);
        pair.client.send_last(id, &framed(&[text]).take());
        let (taken, told) = take(&mut pair);
        assert_eq!(taken.as_deref(), Some(text));
        assert!(told.is_empty(), "{told:?}");
        let call = id;
        assert!(pair.server.take_request(call).is_none(), "once");
        pair.server.reply(call, &ReplyHead::default(), &mut framed(&[b"bye"]), &ReplyEnd::OK);
        let (told, _) = pair.run();
        assert!(matches!(told.last(), Some(Event::Done { outcome: Outcome { status: Ok(()), .. }, .. })), "{told:?}");
    }
    assert_eq!((pair.server.open_calls(), pair.server.unfinished()), (0, 0));
}

#[test]
fn a_request_that_is_anything_else_is_told_by_events() {
    let cases: [(&str, Send); 6] = [
        ("two messages", |pair, id| pair.client.send_last(id, &framed(&[b"a", b"b"]).take())),
        ("none", |pair, id| pair.client.finish(id)),
        ("no end", |pair, id| pair.client.send(id, framed(&[b"a"]).take())),
        ("half a message", |pair, id| pair.client.send_last(id, &b"\0\0\0\0\x02a"[..].into())),
        ("compressed", |pair, id| pair.client.send_last(id, &b"\x01\0\0\0\x01a"[..].into())),
        ("more than a frame", |pair, id| pair.client.send_last(id, &framed(&[&[0; 20_000]]).take())),
    ];
    for (what, send) in cases {
        let mut pair = Pair::new();
        let id = pair.open(None);
        send(&mut pair, id);
        let (taken, told) = take(&mut pair);
        assert!(taken.is_none() && (what == "no end" || !told.is_empty()), "{what}: {told:?}");
        let two = told.iter().filter(|event| matches!(event, Event::Message { .. })).count();
        assert_eq!(two == 2, what == "two messages", "{told:?}");
    }
}

#[test]
fn a_request_over_the_limit_is_refused_by_events() {
    let mut pair = Pair::with(Config::default(), Config { receive_limit: 4, ..Config::default() });
    let id = pair.open(None);
    pair.client.send_last(id, &framed(&[b"hello"]).take());
    let (taken, told) = take(&mut pair);
    assert!(taken.is_none() && matches!(told[..], [Event::Cancelled { .. }]), "{told:?}");
}

#[test]
fn a_call_gets_its_own_request_and_no_other_ones() {
    let mut pair = Pair::new();
    let ids = [pair.open(None), pair.open(None)];
    // Both heads, then both bodies.
    ids.iter().zip([b"one", b"two"]).for_each(|(id, text)| pair.client.send_last(*id, &framed(&[text]).take()));
    drain(&mut pair.client, &mut pair.to_server);
    pair.server.handle_bytes(&mut pair.to_server, pair.now);
    let [first, second] = [(); 2].map(|()| {
        let news = std::iter::from_fn(|| pair.server.poll_event(pair.now)).find(is_news);
        let Some(Event::Request { call, .. }) = news else { panic!("expected a request, got {news:?}") };
        call
    });
    assert!(pair.server.take_request(second).is_none(), "what comes next is the first one's");
    let text = |message: Option<Message>| message.map(|message| message.payload.into_bytes());
    assert_eq!(text(pair.server.take_request(first)).as_deref(), Some(&b"one"[..]));
    assert_eq!(text(pair.server.take_request(second)).as_deref(), Some(&b"two"[..]));
}

#[test]
fn a_call_gets_its_own_reply_and_no_other_ones() {
    let (taken, told, mut pair) = answer(reply(ReplyEnd::OK), true);
    assert!(taken.is_some() && told.is_empty());
    let ids = [pair.open(None), pair.open(None)];
    ids.iter().for_each(|id| pair.client.send_last(*id, &framed(&[b"a"]).take()));
    pair.run();
    // Both heads, then both bodies, then both ends.
    let plain = ReplyHead::default();
    ids.iter().for_each(|id| pair.server.reply_head(*id, &plain));
    ids.iter().zip([b"one", b"two"]).for_each(|(id, text)| pair.server.send(*id, framed(&[text]).take()));
    drain(&mut pair.server, &mut pair.to_client);
    ids.iter().for_each(|id| pair.server.reply(*id, &plain, &mut framed(&[]), &ReplyEnd::OK));
    drain(&mut pair.server, &mut pair.to_client);
    pair.client.handle_bytes(&mut pair.to_client, pair.now);
    let told: Vec<_> = std::iter::from_fn(|| {
        let event = pair.client.poll_event(pair.now)?;
        ids.iter().for_each(|id| assert!(pair.client.take_reply(*id).is_none(), "behind {event:?}"));
        Some(event)
    })
    .collect();
    let texts: Vec<_> = told
        .into_iter()
        .filter_map(|event| match event {
            Event::Message { call, message, .. } => Some((call, message.payload.into_bytes())),
            _ => None,
        })
        .collect();
    assert_eq!(texts, [(ids[0], "one".into()), (ids[1], "two".into())]);
}

#[test]
fn nothing_is_taken_past_an_event_that_comes_before_it() {
    let mut pair = Pair::new();
    let (late, id) = (pair.open(Some(Duration::from_secs(1))), pair.open(None));
    pair.client.send_last(id, &framed(&[b"a"]).take());
    drain(&mut pair.client, &mut pair.to_server);
    pair.server.handle_bytes(&mut pair.to_server, pair.now);
    let mut begun = 0;
    while begun < 2 {
        begun += usize::from(matches!(pair.server.poll_event(pair.now), Some(Event::Request { .. })));
    }
    // A deadline passes before the rest is asked for.
    pair.now += Duration::from_secs(2);
    pair.server.handle_timeout(pair.now);
    assert!(pair.server.take_request(id).is_none());
    let next = pair.server.poll_event(pair.now);
    assert!(matches!(next, Some(Event::Cancelled { call, .. }) if call == late), "{next:?}");
    assert!(pair.server.take_request(id).is_some());
}

/// Lets the server answer a call, and the client read as far as the reply's headers; then what it takes and is told.
fn answer(answer: impl FnOnce(&mut Connection, CallId), primed: bool) -> (Option<Vec<u8>>, Vec<Event>, Pair) {
    let mut pair = Pair::new();
    // Lists that fill the header table are read, the next ones like them too, and those after them are known.
    for _ in 0..if primed { 3 } else { 0 } {
        let id = pair.open(None);
        pair.client.send_last(id, &framed(&[b"a"]).take());
        let (_, told) = pair.run();
        pair.server.reply(requested(&told).0, &ReplyHead::default(), &mut framed(&[b"b"]), &ReplyEnd::OK);
        pair.run();
    }
    let id = pair.open(None);
    pair.client.send_last(id, &framed(&[b"a"]).take());
    let (_, told) = pair.run();
    answer(&mut pair.server, requested(&told).0);
    drain(&mut pair.server, &mut pair.to_client);
    pair.client.handle_bytes(&mut pair.to_client, pair.now);
    let mut taken = None;
    let mut told = Vec::new();
    while let Some(event) = pair.client.poll_event(pair.now) {
        if matches!(event, Event::Headers { .. }) {
            taken = pair.client.take_reply(id).map(|message| message.payload.into_bytes().to_vec());
        } else if is_news(&event) {
            told.push(event);
        }
    }
    (taken, told, pair)
}

fn reply(end: ReplyEnd) -> impl FnOnce(&mut Connection, CallId) {
    move |server, call| server.reply(call, &ReplyHead::default(), &mut framed(&[b"bye"]), &end)
}

#[test]
fn a_reply_that_is_one_message_and_ok_is_taken_and_its_call_is_over() {
    let (taken, told, pair) = answer(reply(ReplyEnd::OK), true);
    assert_eq!(taken.as_deref(), Some(&b"bye"[..]));
    assert!(told.is_empty(), "{told:?}");
    assert_eq!((pair.client.open_calls(), pair.server.open_calls(), pair.client.unfinished()), (0, 0, 0));
}

#[test]
fn a_reply_that_is_anything_else_is_told_by_events() {
    let mut trailers = Metadata::new();
    trailers.append("a", "b").unwrap();
    let failed = ReplyEnd::from(Status::not_found("no"));
    for (told_of, (taken, told, _)) in [
        ("trailers that were not read before", answer(reply(ReplyEnd::OK), false)),
        ("a status", answer(reply(failed), true)),
        ("metadata", answer(reply(ReplyEnd { trailers, ..ReplyEnd::OK }), true)),
        (
            "no message",
            answer(|server, call| server.reply(call, &ReplyHead::default(), &mut framed(&[]), &ReplyEnd::OK), true),
        ),
        (
            "two",
            answer(
                |server, call| server.reply(call, &ReplyHead::default(), &mut framed(&[b"a", b"b"]), &ReplyEnd::OK),
                true,
            ),
        ),
        (
            "a reset",
            answer(
                |server, call| {
                    server.reply_head(call, &ReplyHead::default());
                    server.reset(call, Reason::Cancelled)
                },
                true,
            ),
        ),
    ] {
        assert!(taken.is_none() && matches!(told.last(), Some(Event::Done { .. })), "{told_of}: {told:?}");
    }
}
