//! HEADERS and CONTINUATION: from fragments to a header list, and what the list means on its stream.
//!
//! Whatever becomes of a list, its block is decoded: the HPACK table is shared by all streams (RFC 9113 §4.3).

use std::sync::Arc;

use super::connection::{Connection, DEFAULT_WINDOW};
use super::event::{Event, Incident, StreamKey};
use super::fields::{Collector, Fields};
use super::frame::{FrameHead, continuation, headers, kind};
use super::goaway::Leaving;
use super::state::{Input, State};
use super::stream::Heard;
use super::streams::Standing;
use super::verdict::{self, Kind};
use crate::error::{Fault, Reason};

/// A header block that is not complete.
#[derive(Debug)]
pub(super) struct Block {
    pub(super) stream: u32,
    end_stream: bool,
    self_dependency: bool,
    bytes: Vec<u8>,
    continuations: u32,
}

/// Where a header block belongs.
#[derive(Debug, Clone, Copy)]
enum Place {
    /// A request that opens a stream.
    New,
    /// A list of a stream that is known.
    On(StreamKey, Kind),
    /// Nowhere: decoded and dropped, without or with a breach.
    Nowhere(Result<(), Fault>),
}

/// What became of a block.
enum List {
    Legal(Arc<Fields>),
    Malformed(&'static str),
    TooLarge,
}

impl Connection {
    pub(super) fn recv_headers(&mut self, head: FrameHead, payload: &[u8]) -> Result<(), Fault> {
        let frame = headers::parse(head, payload)?;
        if frame.end_headers {
            return self.recv_block(head.stream, frame.fragment, frame.end_stream, frame.self_dependency);
        }
        self.block = Some(Block {
            stream: head.stream,
            end_stream: frame.end_stream,
            self_dependency: frame.self_dependency,
            bytes: frame.fragment.to_vec(),
            continuations: 0,
        });
        Ok(())
    }

    pub(super) fn recv_continuation(&mut self, head: FrameHead, payload: &[u8]) -> Result<(), Fault> {
        let (fragment, end_headers) = continuation::parse(head, payload)?;
        let limit = self.continuation_limit();
        let Some(block) = &mut self.block else { return Ok(()) };
        block.continuations += 1;
        if block.continuations > limit {
            return Err(Fault::connection(Reason::TooManyContinuations { limit }));
        }
        block.bytes.extend_from_slice(fragment);
        if !end_headers {
            return Ok(());
        }
        let Some(block) = self.block.take() else { return Ok(()) };
        self.recv_block(block.stream, &block.bytes, block.end_stream, block.self_dependency)
    }

    /// CONTINUATION frames that a block of legal size may need, with room for a peer that fills them badly.
    fn continuation_limit(&self) -> u32 {
        (self.config.header_list_limit.div_ceil(self.config.max_frame_size) + 4).max(8)
    }

    fn recv_block(&mut self, id: u32, block: &[u8], end: bool, self_dependency: bool) -> Result<(), Fault> {
        let place = self.place(id, end)?;
        let kind = match place {
            Place::On(_, kind) => kind,
            Place::New | Place::Nowhere(_) => Kind::Request,
        };
        //= RFC 9113 §4.3: every block is decoded, whatever becomes of its list
        //= RFC 9113 §5.4: of all that is wrong with a frame, what ends the connection is what is told
        let list = self.decode(block, kind)?;
        match place {
            Place::Nowhere(Ok(())) => self.spend_glitch(),
            Place::Nowhere(Err(fault)) => Err(fault),
            Place::New => {
                self.streams.note_remote(id);
                let fault = self_dependency.then_some(Reason::SelfDependency { stream: id });
                self.recv_request(id, list, end, fault)
            }
            Place::On(key, kind) => self.recv_list(key, kind, list, end),
        }
    }

    /// Where a header block on stream `id` belongs. `Err` only for what ends the connection.
    fn place(&self, id: u32, end: bool) -> Result<Place, Fault> {
        let closed = Fault::connection(Reason::ClosedStream { kind: kind::HEADERS, stream: id });
        match self.streams.standing(id) {
            Standing::Known(key) => Ok(self.place_on(key, end)),
            //= RFC 9113 §5.1.1: the peer opens streams of its own parity only, each number larger than the last
            Standing::Idle if self.streams.is_local(id) => Err(Fault::connection(Reason::StreamId { stream: id })),
            //= RFC 9113 §5.1: HEADERS of a server never open a stream
            Standing::Idle if self.role == super::Role::Client => {
                Err(Fault::connection(Reason::StreamId { stream: id }))
            }
            Standing::Idle => Ok(Place::New),
            Standing::Reset => Ok(Place::Nowhere(Ok(()))),
            // A stream of ours may have been reset too long ago to be remembered: what the peer sent before it knew
            // must not cost the other streams
            Standing::Closed if self.streams.is_local(id) => {
                Ok(Place::Nowhere(Err(Fault::call(Reason::ClosedStream { kind: kind::HEADERS, stream: id }))))
            }
            //= RFC 9113 §5.1.1: a number that was passed over is closed, and can never be opened
            Standing::Closed if self.streams.was_skipped(id) => Err(Fault::connection(Reason::StreamId { stream: id })),
            //= RFC 9113 §5.1: HEADERS on a stream that both sides had ended may end the connection
            Standing::Closed => Ok(Place::Nowhere(Err(closed))),
        }
    }

    fn place_on(&self, key: StreamKey, end: bool) -> Place {
        let Some(stream) = self.streams.get(key) else { return Place::Nowhere(Ok(())) };
        let order = |what| Place::Nowhere(Err(Fault::call(Reason::MessageOrder { what })));
        match (stream.state, stream.heard) {
            (State::Closed, _) if !stream.given_up => Place::Nowhere(Ok(())),
            (State::HalfClosedRemote | State::Closed, _) => {
                Place::Nowhere(Err(Fault::call(Reason::ClosedStream { kind: kind::HEADERS, stream: key.id })))
            }
            (_, Heard::Nothing) => Place::On(key, Kind::Response),
            //= RFC 9113 §8.1: headers after the head are trailers, and trailers end the stream
            (_, Heard::Head) if !end => order("a second header list that does not end the stream"),
            (_, Heard::Head) => Place::On(key, Kind::Trailers),
        }
    }

    /// Decodes a block, or remembers it. `Err`: the table is lost, and the connection with it.
    fn decode(&mut self, block: &[u8], kind: Kind) -> Result<List, Fault> {
        let before = self.decoder.generation();
        if let Some(fields) = self.memo.find(block, before, kind) {
            return Ok(List::Legal(fields));
        }
        let mut collector = Collector::new(self.config.header_list_limit, self.config.header_count_limit);
        //= RFC 9113 §4.3: a block that does not decode is COMPRESSION_ERROR for the connection
        let compression =
            |error: super::hpack::HpackError| Fault::connection(Reason::HeaderCompression { what: error.what() });
        self.decoder.decode(block, &mut collector).map_err(compression)?;
        if collector.is_over() {
            return Ok(List::TooLarge);
        }
        let mut fields = collector.fields;
        match verdict::check(&fields, kind, self.config.strict_fields).and_then(|()| verdict::content_length(&fields)) {
            Ok(length) => fields.content_length = length,
            //= RFC 9113 §8.2.1: a field with a character that is not allowed makes its message malformed
            Err(what) => return Ok(List::Malformed(what)),
        }
        let fields = Arc::new(fields);
        if self.decoder.generation() == before {
            self.memo.keep(block, before, kind, &fields);
        }
        Ok(List::Legal(fields))
    }

    /// A request that opens a stream.
    fn recv_request(&mut self, id: u32, list: List, end: bool, fault: Option<Reason>) -> Result<(), Fault> {
        if self.leaving == Leaving::Last {
            //= RFC 9113 §6.8: above the last number told, blocks are decoded, DATA is counted, both are dropped
            self.streams.note_reset(id);
            self.budgets.add_under_way(self.config.stream_window.max(DEFAULT_WINDOW));
            return self.spend_glitch();
        }
        let limit = self.config.max_concurrent_streams;
        //= RFC 9113 §5.1.2: a stream above the limit is refused, so that the peer may try it again elsewhere
        //= RFC 9113 §8.7: a stream is called unprocessed only before the application has heard of it
        if self.streams.remote() >= limit as usize {
            return Err(Fault::call(Reason::TooManyStreams { limit }));
        }
        if let List::Malformed(what) = list {
            //= RFC 9113 §8.1.1: a malformed message is a stream error of type PROTOCOL_ERROR
            return Err(Fault::call(Reason::Malformed { what }));
        }
        if let Some(reason) = fault {
            return Err(Fault::call(reason));
        }
        if let (List::Legal(fields), true) = (&list, end) {
            //= RFC 9113 §8.1.1: a body that does not add up to content-length is malformed
            if fields.content_length.unwrap_or(0) > 0 {
                return Err(Fault::call(Reason::ContentLength));
            }
        }
        let key = self.insert_stream(id);
        self.deliver(key, list, false, end);
        Ok(())
    }

    /// A response, or trailers.
    fn recv_list(&mut self, key: StreamKey, kind: Kind, list: List, end: bool) -> Result<(), Fault> {
        let limit = self.config.header_list_limit;
        match &list {
            //= RFC 9113 §8.1.1: a malformed response is never told
            List::Malformed(what) => return Err(Fault::call(Reason::Malformed { what })),
            List::TooLarge => {
                self.events.push_back(Event::Incident(Incident::LargeHeaders { serial: key.id, limit, refused: true }));
                return Err(Fault::call(Reason::HeaderListTooLarge { limit }));
            }
            List::Legal(fields) if kind == Kind::Response && is_interim(fields) => {
                //= RFC 9113 §8.1: interim responses precede the final one and never end the stream
                let what = "an interim response ends the stream";
                return if end { Err(Fault::call(Reason::Malformed { what })) } else { self.spend_empty() };
            }
            List::Legal(_) => {}
        }
        let promised = self.streams.get(key).and_then(|stream| stream.promised);
        if end && promised.unwrap_or(0) > 0 {
            return Err(Fault::call(Reason::ContentLength));
        }
        self.deliver(key, list, kind == Kind::Trailers, end);
        Ok(())
    }

    fn deliver(&mut self, key: StreamKey, list: List, trailers: bool, end: bool) {
        self.budgets.end_of_empty();
        if let Some(stream) = self.streams.get_mut(key) {
            stream.heard = Heard::Head;
            stream.answered |= self.role == super::Role::Client;
            if let (List::Legal(fields), false) = (&list, trailers || end) {
                stream.promised = fields.content_length;
            }
        }
        let soft = self.config.header_list_soft;
        if let List::Legal(fields) = &list
            && fields.list_size() > soft as usize
        {
            let incident = Incident::LargeHeaders { serial: key.id, limit: soft, refused: false };
            self.events.push_back(Event::Incident(incident));
        }
        let event = match list {
            List::Legal(fields) => Event::Headers { stream: key, fields, trailers, end },
            List::TooLarge | List::Malformed(_) => {
                let limit = self.config.header_list_limit;
                self.events.push_back(Event::Incident(Incident::LargeHeaders { serial: key.id, limit, refused: true }));
                Event::Oversize { stream: key, end }
            }
        };
        self.events.push_back(event);
        if end {
            self.advance(key, Input::ReceivedEnd);
        }
    }
}

/// Whether a response is a 1xx.
fn is_interim(fields: &Fields) -> bool {
    fields.get(b":status").is_some_and(|status| status.starts_with(b"1"))
}
