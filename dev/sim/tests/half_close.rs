//! Every order in which the two halves of a call can end, by END_STREAM, trailers, RST_STREAM or a refusal, crossing or
//! not: each side is told one end, the right one, and nothing is left.

use std::time::Duration;

use farcall_wire::grpc::{Code, Config};
use farcall_wire::h2::ErrorCode;
use farcall_wire::h2::frame::{flag, kind, rst_stream};
use sim::world::{Verb, World};
use sim::{Side, Wire};

const MILLISECOND: Duration = Duration::from_millis(1);
/// The length of the messages that stream.
const LARGE: usize = 60_000;

fn says(side: Side) -> Verb {
    Verb::Send { side, call: 0, length: 700 }
}

fn answers(code: Option<Code>, lengths: &[usize]) -> Verb {
    Verb::Answer { call: 0, lengths: lengths.to_vec(), code }
}

/// What a client may do, in order.
fn clients() -> Vec<Vec<Verb>> {
    let (say, finish, cancel) = (says(Side::Client), Verb::Finish(0), Verb::Cancel(0));
    vec![
        vec![],
        vec![finish.clone()],
        vec![say.clone()],
        vec![say.clone(), finish.clone()],
        vec![cancel.clone()],
        vec![say.clone(), cancel.clone()],
        vec![finish.clone(), cancel.clone()],
        vec![say, finish, cancel],
    ]
}

/// What a server may do, in order.
fn servers() -> Vec<Vec<Verb>> {
    let mut all = vec![vec![]];
    let ends = [
        answers(None, &[]),
        answers(None, &[900]),
        answers(Some(Code::NotFound), &[]),
        answers(Some(Code::NotFound), &[900]),
        Verb::Reset(0),
        Verb::Reject(0),
    ];
    for end in ends {
        all.push(vec![end.clone()]);
        all.push(vec![Verb::Head(0), end.clone()]);
        all.push(vec![Verb::Head(0), says(Side::Server), end]);
    }
    all
}

/// Every way to shuffle two sequences together.
fn merges(left: &[Verb], right: &[Verb]) -> Vec<Vec<Verb>> {
    let with = |first: &Verb, rest: Vec<Vec<Verb>>| {
        rest.into_iter().map(|rest| [vec![first.clone()], rest].concat()).collect::<Vec<_>>()
    };
    match (left, right) {
        ([], rest) | (rest, []) => vec![rest.to_vec()],
        ([first, left @ ..], [second, others @ ..]) => {
            let mut all = with(first, merges(left, right));
            all.extend(with(
                second,
                merges(std::slice::from_ref(first).iter().chain(left).cloned().collect::<Vec<_>>().as_slice(), others),
            ));
            all
        }
    }
}

fn new(wire: Wire) -> World {
    let mut world = World::new(Config::default(), Config::default(), wire);
    world.recording.start();
    world
}

/// What the client must be told: the first of these that reaches it.
fn expected(world: &World, verbs: &[Verb]) -> Vec<Option<Code>> {
    let has = |verb: &Verb| verbs.contains(verb);
    let mut all = vec![];
    if has(&Verb::Cancel(0)) || has(&Verb::Reset(0)) {
        all.push(Some(Code::Cancelled));
    }
    if has(&Verb::Reject(0)) {
        all.push(Some(Code::Unimplemented));
    }
    all.extend(verbs.iter().filter_map(|verb| match verb {
        Verb::Answer { code, .. } => Some(*code),
        _ => None,
    }));
    // Nothing of the server: it answers when everything comes to rest.
    let silent = !verbs.iter().any(|verb| matches!(verb, Verb::Answer { .. } | Verb::Reset(_) | Verb::Reject(_)));
    if silent && !has(&Verb::Cancel(0)) {
        all.push(None);
    }
    assert!(!all.is_empty(), "{:?}", world.book.entries);
    all
}

#[test]
fn every_order_of_ends_on_both_sides_is_told_once_and_rightly() {
    let mut worlds = 0;
    for client in clients() {
        for server in servers() {
            for verbs in merges(&client, &server) {
                // At once, so that everything crosses; within the latency; and one after the other.
                for pause in [Duration::ZERO, MILLISECOND / 2, 3 * MILLISECOND] {
                    let mut world = new(Wire::LAN);
                    world.apply_all(&[Verb::Open { timeout: None, eager: true }, Verb::Wait(5 * MILLISECOND)]);
                    for verb in &verbs {
                        world.apply_all(&[verb.clone(), Verb::Wait(pause)]);
                    }
                    world.come_to_rest();
                    let code = world.book.entries[0].done.expect("it is over").code;
                    let expected = expected(&world, &verbs);
                    assert!(
                        expected.contains(&code),
                        "{code:?}, not one of {expected:?}, after {verbs:?} by {pause:?}"
                    );
                    assert_eq!((world.client.over, world.server.over), (None, None), "{verbs:?} by {pause:?}");
                    worlds += 1;
                }
            }
        }
    }
    assert!(worlds > 1_000, "{worlds} orders");
}

/// RST_STREAM frames of one side, with their codes.
fn resets(world: &World, side: Side) -> Vec<ErrorCode> {
    let frames = world.recording.of_kind(side, kind::RST_STREAM);
    frames.map(|frame| rst_stream::parse(frame.head, &frame.payload).expect("RST_STREAM")).collect()
}

#[test]
fn an_early_answer_declines_a_request_that_still_streams() {
    for cut in 0..10 {
        for code in [None, Some(Code::Aborted)] {
            let wire = if cut == 0 { Wire::LAN } else { Wire::LAN.cut(cut) };
            let mut world = new(wire);
            // Not eager: the client is in the middle of it, held up by the window of its stream.
            world.apply(&Verb::Open { timeout: None, eager: false });
            for _ in 0..4 {
                world.apply_all(&[Verb::Send { side: Side::Client, call: 0, length: LARGE }, Verb::Wait(MILLISECOND)]);
            }
            world.apply(&answers(code, &[100]));
            world.apply(&Verb::Wait(10 * MILLISECOND));
            let done = world.book.entries[0].done.expect("the answer is enough");
            assert_eq!(done.code, code, "NO_ERROR behind the trailers changes nothing");
            assert_eq!(resets(&world, Side::Server), [ErrorCode::NoError], "the rest is declined");
            let frames: Vec<_> = world.recording.frames.iter().filter(|frame| frame.from == Side::Server).collect();
            let trailers = frames.iter().position(|frame| frame.head.has(flag::END_STREAM));
            let reset = frames.iter().position(|frame| frame.head.kind == kind::RST_STREAM);
            assert!(trailers < reset, "the answer comes first");
            // The connection is as good as new.
            world.apply_all(&[Verb::Open { timeout: None, eager: true }, Verb::Finish(1)]);
            world.come_to_rest();
            assert_eq!(world.book.entries[1].done.expect("it is over").code, None);
        }
    }
}

#[test]
fn a_request_that_ends_while_its_answer_is_under_way_is_no_error() {
    for moment in 0..12 {
        let mut world = new(Wire::LAN);
        world.apply_all(&[Verb::Open { timeout: None, eager: true }, says(Side::Client), Verb::Wait(5 * MILLISECOND)]);
        world.apply_all(&[answers(None, &[LARGE, LARGE]), Verb::Wait(moment * MILLISECOND / 4)]);
        world.apply_all(&[says(Side::Client), Verb::Finish(0)]);
        world.come_to_rest();
        assert_eq!(world.book.entries[0].done.expect("it is over").code, None);
        let told: Vec<_> = [Side::Client, Side::Server].into_iter().flat_map(|side| resets(&world, side)).collect();
        assert!(told.iter().all(|code| *code == ErrorCode::NoError), "{told:?}");
    }
}

#[test]
fn halves_that_are_unread_and_full_end_like_others() {
    for (client, server) in [(Verb::Cancel(0), Verb::Reset(0)), (Verb::Finish(0), Verb::Reset(0))] {
        for pause in [Duration::ZERO, MILLISECOND / 2, 3 * MILLISECOND] {
            for first in [true, false] {
                let mut world = new(Wire::LAN.cut(3));
                world.apply_all(&[Verb::Open { timeout: None, eager: false }, Verb::Wait(5 * MILLISECOND)]);
                for side in [Side::Client, Side::Server, Side::Client, Side::Server] {
                    world.apply(&Verb::Send { side, call: 0, length: LARGE });
                    world.apply(&Verb::Wait(MILLISECOND));
                }
                let verbs = if first { [&client, &server] } else { [&server, &client] };
                for verb in verbs {
                    world.apply_all(&[verb.clone(), Verb::Wait(pause)]);
                }
                world.come_to_rest();
                assert_eq!(world.book.entries[0].done.expect("it is over").code, Some(Code::Cancelled));
            }
        }
    }
}
