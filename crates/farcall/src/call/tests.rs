//! A call's state without a connection: what each handle is told, who is woken, what is said to the owner.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Poll, Wake, Waker};

use bytes::Bytes;
use farcall_wire::grpc::{
    Code, Config, Connection, EncodeBuf, Encoding, Message, Metadata, Outcome, Payload, Processed, RequestHead, Status,
};

use super::Held;
use super::state::{CallState, Role, SEND_QUOTA};
use crate::transport::Peer;
use crate::transport::mailbox::{Command, Mailbox};

#[derive(Default)]
struct Wakes(AtomicUsize);

impl Wake for Wakes {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

/// A call, its mailbox, and a waker that counts.
struct Bench {
    call: Arc<CallState>,
    mailbox: Arc<Mailbox>,
    wakes: Arc<Wakes>,
    waker: Waker,
}

impl Bench {
    fn new(role: Role) -> Self {
        let (mailbox, wakes) = (Mailbox::new(), Arc::new(Wakes::default()));
        let call = CallState::new(role, Arc::clone(&mailbox), Peer::Memory, 1 << 20);
        let waker = Waker::from(Arc::clone(&wakes));
        Self { call, mailbox, wakes, waker }
    }

    /// The names of what was said to the owner since the last time.
    fn commands(&self) -> Vec<&'static str> {
        let mut commands = Vec::new();
        self.mailbox.take(&mut commands);
        let name = |command: &Command| match command {
            Command::Flush(_) => "flush",
            Command::Finish(_) => "finish",
            Command::Cancel(_) => "cancel",
            Command::Release(_) => "release",
            Command::Client(_) | Command::Server(_) => "other",
        };
        commands.iter().map(name).collect()
    }

    fn send(&self, length: usize) -> Poll<Result<(), Code>> {
        let poll = self.call.poll_send(&self.waker, &mut |out: &mut EncodeBuf, _: Encoding| {
            out.begin_message();
            out.put_slice(&vec![0; length]);
            out.end_message(false)?;
            Ok(())
        });
        poll.map_err(|status| status.code())
    }

    /// The length of the next message.
    fn receive(&self) -> Poll<Result<Option<usize>, Code>> {
        let poll = self.call.poll_message(&self.waker);
        poll.map_ok(|received| received.map(|received| received.message.payload.len())).map_err(|status| status.code())
    }

    fn deliver(&self, length: usize) -> u32 {
        let credit = length as u32;
        let message = Message { compressed: false, payload: Payload::from(vec![0; length]), wire_len: credit };
        self.call.deliver(message, credit)
    }

    fn end(&self, status: Result<(), Status>) {
        let outcome = Outcome { status, trailers: Metadata::new(), processed: Processed::Perhaps };
        self.call.deliver_outcome(outcome, Held::default());
    }

    fn wakes(&self) -> usize {
        self.wakes.0.swap(0, Ordering::SeqCst)
    }
}

const OK: Poll<Result<(), Code>> = Poll::Ready(Ok(()));

#[test]
fn many_small_messages_are_one_flush() {
    let bench = Bench::new(Role::Server);
    for _ in 0..100 {
        assert_eq!(bench.send(10), OK);
    }
    assert_eq!(bench.commands(), ["flush"]);
    assert_eq!(bench.call.take_outgoing().len(), 100 * 15);
    assert_eq!(bench.send(10), OK);
    assert_eq!(bench.commands(), ["flush"]);
}

#[test]
fn a_sender_waits_once_its_quota_is_spent_and_is_woken_by_room() {
    let bench = Bench::new(Role::Server);
    let quota = usize::try_from(SEND_QUOTA).unwrap();
    assert_eq!(bench.send(quota - 5 - 1), OK);
    // One byte is left: one message more may be queued, however long.
    assert_eq!(bench.send(1_000), OK);
    assert_eq!(bench.send(0), Poll::Pending);
    bench.call.room(1_000);
    assert_eq!((bench.wakes(), bench.send(0)), (0, Poll::Pending));
    bench.call.room(5);
    assert_eq!((bench.wakes(), bench.send(0)), (1, OK));
}

#[test]
fn a_message_that_cannot_be_written_leaves_nothing_behind() {
    let bench = Bench::new(Role::Client);
    let failed = bench.call.poll_send(&bench.waker, &mut |_, _| Err(Status::internal("no")));
    assert!(failed.map_err(|status| status.code()) == Poll::Ready(Err(Code::Internal)));
    assert!(bench.commands().is_empty());
    assert!(bench.call.take_outgoing().is_empty());
}

#[test]
fn a_client_is_told_what_became_of_its_call_when_it_sends() {
    let early_ok = Bench::new(Role::Client);
    early_ok.end(Ok(()));
    assert_eq!(early_ok.send(1), OK);
    assert!(early_ok.commands().is_empty());
    let failed = Bench::new(Role::Client);
    failed.end(Err(Status::not_found("")));
    assert_eq!(failed.send(1), Poll::Ready(Err(Code::NotFound)));
    let finished = Bench::new(Role::Client);
    finished.call.finish();
    finished.call.finish();
    assert_eq!(finished.commands(), ["finish"]);
    assert_eq!(finished.send(1), Poll::Ready(Err(Code::Internal)));
}

#[test]
fn the_end_wakes_a_sender_that_waits_for_room() {
    let bench = Bench::new(Role::Client);
    assert_eq!(bench.send(100_000), OK);
    assert_eq!(bench.send(1), Poll::Pending);
    bench.end(Err(Status::aborted("")));
    assert_eq!((bench.wakes(), bench.send(1)), (1, Poll::Ready(Err(Code::Aborted))));
}

#[test]
fn messages_come_in_order_before_the_end_even_when_that_is_a_failure() {
    let bench = Bench::new(Role::Client);
    assert_eq!(bench.receive(), Poll::Pending);
    assert_eq!(bench.deliver(3), 0);
    assert_eq!(bench.wakes(), 1);
    bench.deliver(4);
    bench.end(Err(Status::data_loss("")));
    assert_eq!(bench.receive(), Poll::Ready(Ok(Some(3))));
    assert_eq!(bench.receive(), Poll::Ready(Ok(Some(4))));
    assert_eq!(bench.receive(), Poll::Ready(Err(Code::DataLoss)));
    assert_eq!(bench.receive(), Poll::Ready(Err(Code::DataLoss)));
}

#[test]
fn a_servers_requests_end_when_the_client_has_finished() {
    let bench = Bench::new(Role::Server);
    bench.deliver(1);
    bench.call.deliver_end();
    assert_eq!(bench.receive(), Poll::Ready(Ok(Some(1))));
    assert_eq!(bench.receive(), Poll::Ready(Ok(None)));
}

#[test]
fn credit_goes_back_when_the_inbox_is_empty_or_much_is_due() {
    let bench = Bench::new(Role::Server);
    for _ in 0..3 {
        bench.deliver(10_000);
    }
    assert_eq!(bench.receive(), Poll::Ready(Ok(Some(10_000))));
    assert!(bench.commands().is_empty(), "10,000 bytes can wait");
    assert_eq!(bench.receive(), Poll::Ready(Ok(Some(10_000))));
    assert_eq!(bench.commands(), ["release"]);
    assert_eq!(bench.call.take_credit(), 20_000);
    assert_eq!(bench.receive(), Poll::Ready(Ok(Some(10_000))));
    assert_eq!(bench.commands(), ["release"]);
    assert_eq!(bench.call.take_credit(), 10_000);
}

#[test]
fn what_nobody_wants_any_more_gives_its_credit_back() {
    let bench = Bench::new(Role::Server);
    bench.deliver(100);
    bench.deliver(200);
    bench.call.abandon();
    assert_eq!(bench.commands(), ["release"]);
    assert_eq!(bench.call.take_credit(), 300);
    assert_eq!(bench.deliver(50), 50);
}

#[test]
fn a_cut_is_told_to_everyone_at_once_and_only_once() {
    let bench = Bench::new(Role::Server);
    bench.deliver(1);
    assert_eq!(bench.send(100_000), OK);
    assert_eq!(bench.send(1), Poll::Pending);
    assert!(bench.call.poll_cut(&bench.waker).is_pending());
    assert!(!bench.call.watch_as_runner(&bench.waker));
    assert!(bench.call.cut(Status::cancelled("gone")));
    assert_eq!(bench.wakes(), 3);
    assert!(!bench.call.cut(Status::aborted("again")));
    assert_eq!(bench.receive(), Poll::Ready(Err(Code::Cancelled)));
    assert_eq!(bench.send(1), Poll::Ready(Err(Code::Cancelled)));
    assert!(bench.call.poll_cut(&bench.waker).is_ready());
    assert!(bench.call.watch_as_runner(&bench.waker));
}

#[test]
fn a_cut_reaches_the_calls_made_inside_but_a_return_does_not() {
    let (parent, child) = (Bench::new(Role::Server), Bench::new(Role::Client));
    parent.call.link(&child.call).unwrap();
    parent.call.cut(Status::deadline_exceeded(""));
    assert_eq!(child.commands(), ["cancel"]);
    assert_eq!(child.receive(), Poll::Ready(Err(Code::DeadlineExceeded)));
    assert_eq!(parent.call.link(&child.call).unwrap_err().code(), Code::DeadlineExceeded);

    let (parent, child) = (Bench::new(Role::Server), Bench::new(Role::Client));
    parent.call.link(&child.call).unwrap();
    parent.call.close();
    assert!(!parent.call.cut(Status::cancelled("too late")));
    assert!(child.commands().is_empty());
    assert_eq!(child.receive(), Poll::Pending);
    parent.call.link(&child.call).unwrap();
}

#[test]
fn a_handler_that_makes_calls_without_end_does_not_remember_them_all() {
    let parent = Bench::new(Role::Server);
    let alive = Bench::new(Role::Client);
    parent.call.link(&alive.call).unwrap();
    for _ in 0..10_000 {
        parent.call.link(&Bench::new(Role::Client).call).unwrap();
    }
    assert!(parent.call.lock().links.children() <= 32);
    parent.call.cut(Status::cancelled(""));
    assert_eq!(alive.commands(), ["cancel"]);
}

#[test]
fn a_finished_state_is_used_again_only_if_nobody_holds_it() {
    let Bench { call, .. } = Bench::new(Role::Server);
    call.lock().send.head_left = true;
    let held = Arc::clone(&call);
    let (left, spare) = call.leave();
    assert!(left.is_some_and(|left| !left.cut) && spare.is_none() && held.lock().over, "whoever holds it is told");

    let Bench { call, .. } = Bench::new(Role::Server);
    call.lock().send.head_left = true;
    call.cut(Status::cancelled(""));
    let (left, spare) = call.leave();
    assert!(left.is_some_and(|left| left.cut));
    let spare = spare.expect("nobody else holds it");
    let shared = spare.lock();
    assert!(!shared.over && shared.cut.is_none() && !shared.send.head_left && shared.receive.limit == 1 << 20);
}

#[test]
fn a_call_that_nobody_spoke_to_leaves_nothing_behind() {
    let Bench { call, .. } = Bench::new(Role::Server);
    let (left, spare) = call.leave();
    let (left, spare) = (left.map(|left| left.cut), spare.expect("nobody else holds it"));
    assert_eq!(left, None);
    spare.lock().send.trailers.append("told", "yes").unwrap();
    let (left, spare) = spare.leave();
    assert_eq!(left.unwrap().trailers.len(), 1);
    assert!(spare.unwrap().leave().0.is_none(), "and is as good as new afterwards");
}

#[test]
fn a_batch_finds_the_room_that_the_last_one_needed_and_no_more_than_a_quota_and_a_half() {
    let bench = Bench::new(Role::Server);
    let room = |bench: &Bench| {
        bench.call.take_outgoing();
        bench.call.room(1 << 20);
        assert_eq!(bench.send(1), Poll::Ready(Ok(())));
        bench.call.lock().send.outgoing.tail().capacity()
    };
    (0..40).for_each(|_| assert_eq!(bench.send(1_000), Poll::Ready(Ok(()))));
    assert!((40_000..80_000).contains(&room(&bench)));
    assert!(room(&bench) <= 2 << 10, "it was one byte the last time");
    (0..40).for_each(|_| assert_eq!(bench.send(10_000), Poll::Ready(Ok(()))));
    bench.call.room(1 << 20);
    assert!(room(&bench) <= 96 << 10);
}

#[test]
fn small_messages_that_wait_hold_no_read_buffer() {
    for role in [Role::Client, Role::Server] {
        let (bench, buffer) = (Bench::new(role), Bytes::from(vec![7; 64 << 10]));
        let message = |length| Message { compressed: false, payload: buffer.slice(..length).into(), wire_len: 5 };
        bench.call.deliver(message(10), 15);
        let held_by_first = !buffer.is_unique();
        assert_eq!(held_by_first, role == Role::Client, "a client's first message is taken soon, or nobody wants it");
        bench.call.lock().receive.inbox.pop_front();
        bench.call.deliver(message(20_000), 20_005);
        assert!(!buffer.is_unique(), "what is large is not copied");
        bench.call.lock().receive.inbox.pop_front();
        bench.call.deliver(message(0), 5);
        (0..100).for_each(|_| _ = bench.call.deliver(message(4_096), 4_101));
        assert!(buffer.is_unique(), "what waits behind another is copied");
    }
}

#[test]
fn what_nobody_will_send_any_more_holds_up_no_other_call() {
    for role in [Role::Client, Role::Server] {
        let bench = Bench::new(role);
        let mut conn = Connection::client(Config::default(), std::time::Instant::now());
        let head = RequestHead { path: "/a.B/C".into(), ..RequestHead::default() };
        bench.call.lock().id = Some(conn.open(&head, None).unwrap());
        assert_eq!(bench.send(1_000), Poll::Ready(Ok(())));
        let backlog = &bench.call.mailbox().backlog;
        assert!(backlog.bytes() >= 1_000);
        match role {
            Role::Client => {
                let status = Err(Status::unavailable(""));
                let outcome = Outcome { status, trailers: Metadata::new(), processed: Processed::Perhaps };
                bench.call.deliver_outcome(outcome, Held::default());
            }
            Role::Server => bench.call.close(),
        }
        assert_eq!(backlog.bytes(), 0, "though the handle is kept");
    }
}

#[test]
fn a_closed_server_call_fails_whoever_still_holds_its_streams() {
    let bench = Bench::new(Role::Server);
    assert_eq!(bench.receive(), Poll::Pending);
    bench.call.close();
    assert_eq!(bench.wakes(), 1);
    assert_eq!(bench.receive(), Poll::Ready(Err(Code::Cancelled)));
    assert_eq!(bench.send(1), Poll::Ready(Err(Code::Cancelled)));
    assert!(bench.commands().is_empty());
}
