//! The applications on both sides: they play the scripts of their calls and note what they are told.

use std::time::{Duration, Instant};

use farcall_wire::grpc::{CallId, EncodeBuf, Event, Outcome, ReplyEnd, ReplyHead, Status};

use crate::{Log, Peer, Reply, Script, Side};

impl Peer {
    /// Takes all events of the engine. `true` if there was one.
    pub(crate) fn listen(&mut self, scripts: &[Script], at: Duration, now: Instant) -> bool {
        let mut heard = false;
        while let Some(event) = self.connection.poll_event(now) {
            self.handle(event, scripts, at);
            heard = true;
        }
        heard
    }

    /// Takes one event of the engine.
    fn handle(&mut self, event: Event, scripts: &[Script], at: Duration) {
        assert!(self.over.is_none(), "{:?} was told after the end: {event:?}", self.side);
        match event {
            Event::Request { call, head } => {
                let script = scripts.iter().position(|script| script.path == head.path).expect("a known script");
                let position = self.insert(Log::new(call, script, at));
                if scripts[script].reply == Reply::AtOnce {
                    self.begin_reply(position, scripts, at);
                }
            }
            Event::Message { call, message, credit } => {
                let position = self.position(call);
                let log = &mut self.calls[position];
                log.messages += 1;
                log.bytes += message.payload.len() as u64;
                log.held += u64::from(credit);
                let script = &scripts[log.script];
                if self.reads(script) {
                    self.release(position);
                }
            }
            Event::End { call } => {
                let position = self.position(call);
                self.calls[position].ended = true;
                if scripts[self.calls[position].script].reply == Reply::AtEnd {
                    self.begin_reply(position, scripts, at);
                }
            }
            Event::Done { call, outcome } => self.note_done(call, outcome, at),
            Event::Cancelled { call, status } => {
                let log = self.position(call);
                self.calls[log].end(Err(status), at);
                self.calls[log].writing = false;
                self.connection.close(call);
            }
            Event::Room { call, .. } => {
                let known = self.by_slot.get(call.slot()).copied().filter(|at| self.calls[*at].call == call);
                if let Some(position) = known {
                    self.go_on(position, scripts, at);
                }
            }
            Event::GoingAway { code, .. } => self.goaways.push(code),
            Event::Over { fault } => self.over = Some(fault),
            Event::Ready | Event::Headers { .. } | Event::Available | Event::Incident(_) => {}
        }
    }

    fn note_done(&mut self, call: CallId, Outcome { status, processed, .. }: Outcome, at: Duration) {
        let position = self.position(call);
        let log = &mut self.calls[position];
        log.end(status, at);
        log.processed = Some(processed);
        log.writing = false;
    }

    fn reads(&self, script: &Script) -> bool {
        match self.side {
            Side::Client => script.client_reads,
            Side::Server => script.server_reads,
        }
    }

    /// Gives back the credit of every message that a call holds.
    pub(crate) fn release(&mut self, position: usize) {
        let log = &mut self.calls[position];
        let credit = u32::try_from(std::mem::take(&mut log.held)).unwrap_or(u32::MAX);
        self.connection.release(log.call, credit);
    }

    /// Client: begins to send the request.
    pub(crate) fn begin_request(&mut self, position: usize, scripts: &[Script], at: Duration) {
        let log = &mut self.calls[position];
        log.to_write = scripts[log.script].request.count;
        log.writing = true;
        self.go_on(position, scripts, at);
    }

    /// Server: begins to reply.
    pub(crate) fn begin_reply(&mut self, position: usize, scripts: &[Script], at: Duration) {
        let log = &mut self.calls[position];
        if log.status.is_some() || log.writing {
            return;
        }
        log.to_write = scripts[log.script].replies.count;
        log.writing = true;
        self.go_on(position, scripts, at);
    }

    /// Writes messages while little of the call is queued, then its end.
    fn go_on(&mut self, position: usize, scripts: &[Script], at: Duration) {
        let log = &mut self.calls[position];
        let script = &scripts[log.script];
        if !log.writing {
            return;
        }
        let body = if self.side == Side::Client { &script.request } else { &script.replies };
        // The last message of a reply leaves together with the trailers, as generated code would send it.
        let apart = if self.side == Side::Server { log.to_write.min(1) } else { 0 };
        while log.to_write > apart && self.connection.queued_on(log.call) < WRITE_AHEAD {
            if self.side == Side::Server {
                self.connection.reply_head(log.call, &ReplyHead::default());
            }
            self.connection.send(log.call, body.framed());
            log.to_write -= 1;
        }
        if log.to_write > apart {
            return;
        }
        log.writing = false;
        match self.side {
            Side::Client if script.finishes => self.connection.finish(log.call),
            Side::Client => {}
            Side::Server => {
                let mut last = EncodeBuf::new(usize::MAX);
                if log.to_write > 0 {
                    body.framed().segments().for_each(|segment| last.put_shared(segment.clone()));
                }
                log.end(Ok(()), at);
                self.connection.reply(log.call, &ReplyHead::default(), &mut last, &end_of(script));
            }
        }
    }
}

fn end_of(script: &Script) -> ReplyEnd {
    match script.fails {
        None => ReplyEnd::OK,
        Some(code) => Status::new(code, "as the script says").into(),
    }
}

/// Bytes that an application queues on one call before it waits for room.
const WRITE_AHEAD: usize = 64 << 10;
