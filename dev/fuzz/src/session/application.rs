//! What an application may rely on: each call is told of once, in order, and ends exactly once.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use farcall_wire::Reason;
use farcall_wire::grpc::{CallId, Connection, EncodeBuf, Event, Outcome, ReplyEnd, ReplyHead, RequestHead, Status};
use farcall_wire::h2::Role;

/// What an application does by itself when it hears of something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Manners {
    /// Nothing: the target says what is done, and when.
    Passive,
    /// Gives credit back at once, takes what has come whole, answers requests at their end, and closes what was cancelled.
    Brisk,
    /// Answers before the request has come, with a body, and gives credit back at the end only.
    Hasty,
}

/// The application's side of all calls.
#[derive(Debug)]
pub struct Application {
    role: Role,
    manners: Manners,
    calls: BTreeMap<CallId, Known>,
    /// Answered while something of them may still wait to be heard.
    answered: BTreeSet<CallId>,
    last_serial: u32,
    over: bool,
    /// What was heard and is still to be answered.
    due: Option<Due>,
}

/// What an application knows of one call.
#[derive(Debug, Default)]
struct Known {
    headers: bool,
    ended: bool,
    cancelled: bool,
    credit: u32,
}

#[derive(Debug, Clone, Copy)]
enum Due {
    Began(CallId),
    Came(CallId),
    Ended(CallId),
    Cancelled(CallId),
}

impl Application {
    /// Without calls.
    pub fn new(role: Role, manners: Manners) -> Self {
        Self {
            role,
            manners,
            calls: BTreeMap::new(),
            answered: BTreeSet::new(),
            last_serial: 0,
            over: false,
            due: None,
        }
    }

    /// Calls that have not ended; those that are cancelled and not closed count.
    pub fn open(&self) -> usize {
        self.calls.len()
    }

    /// Whether the connection has ended.
    pub fn is_over(&self) -> bool {
        self.over
    }

    /// Which side this is.
    pub fn role(&self) -> Role {
        self.role
    }

    /// A call by a number that wraps around, if there are any.
    pub fn pick(&self, number: u8) -> Option<CallId> {
        let count = self.calls.len();
        self.calls.keys().nth(usize::from(number) % count.max(1)).copied()
    }

    /// Those that were cancelled and not closed.
    pub fn cancelled(&self) -> Vec<CallId> {
        self.calls.iter().filter(|(_, known)| known.cancelled).map(|(call, _)| *call).collect()
    }

    /// Client: opens a call.
    pub fn begin(&mut self, engine: &mut Connection, head: &RequestHead, deadline: Option<Duration>, now: Instant) {
        let room = engine.available_calls();
        match engine.open(head, deadline.and_then(|after| now.checked_add(after))) {
            Ok(call) => {
                assert!(room > 0 && call.serial() > self.last_serial, "{call:?} where {room} have room");
                self.last_serial = call.serial();
                assert!(self.calls.insert(call, Known::default()).is_none());
            }
            Err(_) => assert_eq!(room, 0, "a call is refused although there is room"),
        }
    }

    /// Server: answers a call to its end.
    pub fn reply(&mut self, engine: &mut Connection, call: CallId, body: &mut EncodeBuf, end: &ReplyEnd) {
        if self.calls.get(&call).is_some_and(|known| known.cancelled) {
            return self.close(engine, call);
        }
        engine.reply(call, &ReplyHead::default(), body, end);
        assert!(body.is_empty(), "a reply leaves the buffer empty");
        self.let_go(call);
    }

    /// Server: lets go of a call that was cancelled.
    pub fn close(&mut self, engine: &mut Connection, call: CallId) {
        engine.close(call);
        if self.calls.get(&call).is_some_and(|known| known.cancelled) {
            self.calls.remove(&call);
        }
    }

    /// Ends a call by force.
    pub fn reset(&mut self, engine: &mut Connection, call: CallId, reason: Reason) {
        engine.reset(call, reason);
        if self.role == Role::Server {
            self.let_go(call);
        }
    }

    /// Nothing new happens to this call; what waits to be told of it may still come.
    fn let_go(&mut self, call: CallId) {
        if self.calls.remove(&call).is_some() {
            self.answered.insert(call);
        }
    }

    /// Everything was heard that waited.
    pub fn heard_all(&mut self) {
        self.answered.clear();
    }

    /// Gives back at most so much of a call's credit.
    pub fn release(&mut self, engine: &mut Connection, call: CallId, most: u32) {
        let Some(known) = self.calls.get_mut(&call) else { return };
        let credit = known.credit.min(most);
        known.credit -= credit;
        engine.release(call, credit);
    }

    /// What has come whole of a call that begins, as events would have told of it, if the manners are to ask for it.
    pub fn take_whole(&self, engine: &mut Connection, event: &Event) -> Vec<Event> {
        let (Event::Request { call, .. } | Event::Headers { call, .. }) = *event else { return Vec::new() };
        let (taken, end) = match (self.manners, self.role) {
            (Manners::Passive | Manners::Hasty, _) => return Vec::new(),
            (Manners::Brisk, Role::Server) => (engine.take_request(call), Event::End { call }),
            (Manners::Brisk, Role::Client) => (engine.take_reply(call), Event::Done { call, outcome: Outcome::OK }),
        };
        let told = |message| vec![Event::Message { call, message, credit: 0 }, end];
        taken.map(told).unwrap_or_default()
    }

    /// Hears of something, and holds it to what was heard before.
    pub fn note(&mut self, event: Event) {
        let late = match &event {
            Event::Message { call, .. }
            | Event::End { call }
            | Event::Cancelled { call, .. }
            | Event::Room { call, .. } => self.answered.contains(call),
            _ => false,
        };
        match event {
            _ if late => {}
            Event::Request { call, .. } => {
                assert!(!self.over && self.role == Role::Server);
                assert!(call.serial() > self.last_serial, "{call:?} after {}", self.last_serial);
                self.last_serial = call.serial();
                assert!(self.calls.insert(call, Known::default()).is_none(), "{call:?} begins twice");
                self.due = Some(Due::Began(call));
            }
            Event::Headers { call, .. } => {
                assert!(!std::mem::replace(&mut self.known(call).headers, true), "headers of {call:?} come twice");
            }
            Event::Message { call, credit, .. } => {
                let client = self.role == Role::Client;
                let known = self.known(call);
                assert!(!known.ended && !known.cancelled, "a message of {call:?} after its end");
                assert!(known.headers || !client, "a message of {call:?} before its headers");
                known.credit = known.credit.checked_add(credit).expect("credit below 4 GiB");
                self.due = Some(Due::Came(call));
            }
            Event::End { call } => {
                assert!(self.role == Role::Server);
                let known = self.known(call);
                assert!(!known.cancelled && !std::mem::replace(&mut known.ended, true), "{call:?} ends twice");
                self.due = Some(Due::Ended(call));
            }
            Event::Cancelled { call, .. } => {
                assert!(self.role == Role::Server);
                assert!(!std::mem::replace(&mut self.known(call).cancelled, true), "{call:?} is cancelled twice");
                self.due = Some(Due::Cancelled(call));
            }
            Event::Done { call, .. } => {
                assert!(self.role == Role::Client);
                self.known(call);
                self.calls.remove(&call);
            }
            Event::Room { call, .. } => {
                self.known(call);
            }
            Event::Over { .. } => assert!(!std::mem::replace(&mut self.over, true), "over twice"),
            Event::Ready | Event::Available | Event::GoingAway { .. } | Event::Incident(_) => {}
        }
    }

    fn known(&mut self, call: CallId) -> &mut Known {
        assert!(!self.over, "{call:?} is told of after the end of the connection");
        self.calls.get_mut(&call).unwrap_or_else(|| panic!("{call:?} is told of and is not open"))
    }

    /// Does what the manners say of what was heard last; whether that was anything.
    pub fn answer(&mut self, engine: &mut Connection) -> bool {
        let Some(due) = self.due.take().filter(|_| self.manners != Manners::Passive) else { return false };
        let hasty = self.manners == Manners::Hasty;
        match due {
            Due::Began(call) if hasty => {
                let end = if call.serial() % 4 == 1 { Status::not_found("no").into() } else { ReplyEnd::OK };
                let mut body = framed(1, 20_000 * (call.serial() as usize % 3));
                self.reply(engine, call, &mut body, &end);
            }
            Due::Came(call) if !hasty => self.release(engine, call, u32::MAX),
            Due::Ended(call) => {
                self.release(engine, call, u32::MAX);
                let mut body = framed(1, call.serial() as usize % 7);
                self.reply(engine, call, &mut body, &ReplyEnd::OK);
            }
            Due::Cancelled(call) => self.close(engine, call),
            Due::Began(_) | Due::Came(_) => return false,
        }
        true
    }

    /// The connection is over, and every call with it.
    pub fn assert_over(&self) {
        assert!(self.over, "the connection is not over");
        assert!(self.calls.values().all(|known| known.cancelled), "calls outlive their connection: {:?}", self.calls);
    }
}

/// So many messages of this length, each with its prefix.
pub fn framed(count: usize, length: usize) -> EncodeBuf {
    let mut buffer = EncodeBuf::new(usize::MAX);
    for _ in 0..count {
        buffer.begin_message();
        buffer.put_slice(&vec![7; length]);
        buffer.end_message(false).expect("no limit is set");
    }
    buffer
}
