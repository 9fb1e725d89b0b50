//! The house's one protocol error: who is to blame, how far it reaches, and why.
//!
//! Nothing else in the house turns one code into another: a [`Reason`] has a row in the table below, and the row says
//! what an HTTP/2 peer is told (RFC 9113 §7) and what a gRPC application is told.

use core::fmt;

use crate::grpc::Code;
use crate::h2::ErrorCode;

/// A breach of the protocol, or a bound that was reached, with its reach.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fault {
    /// How much ends because of it.
    pub reach: Reach,
    /// What happened.
    pub reason: Reason,
}

/// How much a fault ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// One call (RFC 9113 §5.4.2, a stream error).
    Call,
    /// Every call on the connection (RFC 9113 §5.4.1, a connection error).
    Connection,
}

/// Who caused a fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Blame {
    /// The application on this side.
    Caller,
    /// The program at the other end.
    Peer,
    /// This library, or a bound that was set on this side.
    Here,
}

impl Fault {
    /// A fault that ends one call.
    pub const fn call(reason: Reason) -> Self {
        Self { reach: Reach::Call, reason }
    }

    /// A fault that ends the connection.
    pub const fn connection(reason: Reason) -> Self {
        Self { reach: Reach::Connection, reason }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let reach = match self.reach {
            Reach::Call => "stream error",
            Reach::Connection => "connection error",
        };
        write!(f, "{reach} {}: {}", self.reason.http2(), self.reason)
    }
}

impl core::error::Error for Fault {}

/// Declares [`Reason`] together with the one table: variant, blame, HTTP/2 code, gRPC code, text.
macro_rules! reasons {
    ($( $(#[$doc:meta])* $name:ident $({ $($field:ident : $ty:ty),+ })? => $blame:ident, $http2:ident, $grpc:ident, $text:literal; )+) => {
        /// Why a call or a connection failed; one row of the table each.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        #[non_exhaustive]
        pub enum Reason {
            $( $(#[$doc])* $name $({ $(#[allow(missing_docs)] $field: $ty),+ })?, )+
        }

        impl Reason {
            /// Who caused it.
            pub const fn blame(&self) -> Blame {
                match self { $( Self::$name $({ $($field: _),+ })? => Blame::$blame, )+ }
            }

            /// What an HTTP/2 peer is told.
            pub const fn http2(&self) -> ErrorCode {
                match self { $( Self::$name $({ $($field: _),+ })? => ErrorCode::$http2, )+ }
            }

            /// What the application is told.
            pub const fn grpc(&self) -> Code {
                match self { $( Self::$name $({ $($field: _),+ })? => Code::$grpc, )+ }
            }

            /// The name of the row, as logs and tests spell it.
            pub const fn name(&self) -> &'static str {
                match self { $( Self::$name $({ $($field: _),+ })? => stringify!($name), )+ }
            }

            /// Every row's name, in the table's order.
            pub const NAMES: &'static [&'static str] = &[$( stringify!($name) ),+];
        }

        impl fmt::Display for Reason {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                match self { $( Self::$name $({ $($field),+ })? => write!(f, $text $($(, $field = $field)+)?), )+ }
            }
        }
    };
}

reasons! {
    // Frames, RFC 9113 §4 and §6.
    /// A frame longer than SETTINGS_MAX_FRAME_SIZE (§4.2).
    FrameTooLarge { length: u32, limit: u32 } => Peer, FrameSizeError, Internal, "a frame of {length} bytes passes the limit of {limit}";
    /// A frame whose length its kind does not allow (§4.2).
    FrameSize { kind: u8, length: u32 } => Peer, FrameSizeError, Internal, "a frame of kind {kind} cannot be {length} bytes long";
    /// Padding as long as the frame, or longer (§6.1).
    Padding { kind: u8 } => Peer, ProtocolError, Internal, "padding fills the whole frame of kind {kind}";
    /// A frame that belongs to a stream came on stream 0 (§6).
    StreamZero { kind: u8 } => Peer, ProtocolError, Internal, "a frame of kind {kind} needs a stream, but came on stream 0";
    /// A frame that belongs to the connection came on a stream (§6).
    StreamNotZero { kind: u8, stream: u32 } => Peer, ProtocolError, Internal, "a frame of kind {kind} belongs to stream 0, but came on stream {stream}";
    /// A stream that depends on itself (RFC 7540 §5.3.1, kept as a check).
    SelfDependency { stream: u32 } => Peer, ProtocolError, Internal, "stream {stream} depends on itself";
    /// A setting outside its range (§6.5.2).
    SettingValue { id: u16, value: u32 } => Peer, ProtocolError, Internal, "setting {id} cannot be {value}";
    /// SETTINGS_INITIAL_WINDOW_SIZE above 2^31-1 (§6.5.2).
    InitialWindow { value: u32 } => Peer, FlowControlError, Internal, "an initial window of {value} bytes passes 2147483647";
    /// WINDOW_UPDATE with an increment of 0 (§6.9).
    ZeroIncrement { stream: u32 } => Peer, ProtocolError, Internal, "a window update of 0 bytes on stream {stream}";
    /// A window above 2^31-1 (§6.9.1).
    WindowOverflow { stream: u32 } => Peer, FlowControlError, Internal, "the send window of stream {stream} passes 2147483647";
    /// More DATA than the window allows (§6.9.1).
    WindowExceeded { stream: u32 } => Peer, FlowControlError, Internal, "more data than the window of stream {stream} allows";
    /// PUSH_PROMISE although push is disabled, or from a client (§8.4).
    Push => Peer, ProtocolError, Internal, "a pushed stream, which was never allowed";
    /// A promised stream that is 0 or odd (§5.1.1).
    PromisedStream { stream: u32 } => Peer, ProtocolError, Internal, "stream {stream} cannot be promised";
    /// A frame between a header block and its CONTINUATION (§6.10).
    ContinuationExpected { kind: u8 } => Peer, ProtocolError, Internal, "a frame of kind {kind} interrupts a header block";
    /// CONTINUATION without a header block (§6.10).
    ContinuationUnexpected { stream: u32 } => Peer, ProtocolError, Internal, "CONTINUATION on stream {stream} continues nothing";
    /// More CONTINUATION frames than a block of legal size needs.
    TooManyContinuations { limit: u32 } => Peer, EnhanceYourCalm, ResourceExhausted, "a header block in more than {limit} CONTINUATION frames";
    /// A header block that HPACK cannot decode (RFC 7541).
    HeaderCompression { what: &'static str } => Peer, CompressionError, Internal, "the header block does not decode: {what}";

    // Connection and streams, RFC 9113 §3 and §5.
    /// The client's connection preface is wrong (§3.4).
    Preface => Peer, ProtocolError, Internal, "the connection does not begin with the HTTP/2 preface";
    /// The first frame is not SETTINGS (§3.4).
    SettingsFirst { kind: u8 } => Peer, ProtocolError, Internal, "the peer does not speak HTTP/2 here: its first frame must be SETTINGS, but was of kind {kind}";
    /// The preface or the first SETTINGS did not come in time.
    HandshakeTimeout => Peer, SettingsTimeout, Unavailable, "the peer did not finish the HTTP/2 handshake in time";
    /// Our SETTINGS were not acknowledged in time (§6.5.3).
    SettingsTimeout => Peer, SettingsTimeout, Unavailable, "the peer did not acknowledge our settings in time";
    /// A frame on a stream that was never opened (§5.1).
    IdleStream { kind: u8, stream: u32 } => Peer, ProtocolError, Internal, "a frame of kind {kind} on stream {stream}, which is idle";
    /// A stream id of the wrong parity, or not larger than those before it (§5.1.1).
    StreamId { stream: u32 } => Peer, ProtocolError, Internal, "stream {stream} cannot be opened: its number is used, or belongs to this side";
    /// A frame on a stream that the peer had ended (§5.1).
    ClosedStream { kind: u8, stream: u32 } => Peer, StreamClosed, Internal, "a frame of kind {kind} on stream {stream}, which the peer had ended";
    /// More streams than SETTINGS_MAX_CONCURRENT_STREAMS (§5.1.2).
    TooManyStreams { limit: u32 } => Peer, RefusedStream, Unavailable, "more than {limit} concurrent streams";
    /// The peer closed the connection in the middle of something.
    Disconnected => Peer, NoError, Unavailable, "the connection was closed by the peer";
    /// The socket failed.
    Broken => Here, NoError, Unavailable, "the connection broke";

    // Header lists, RFC 9113 §8.
    /// A malformed header section (§8.1.1).
    Malformed { what: &'static str } => Peer, ProtocolError, Internal, "malformed header section: {what}";
    /// A header list above its bounds.
    HeaderListTooLarge { limit: u32 } => Peer, EnhanceYourCalm, ResourceExhausted, "a header list passes the limit of {limit} bytes or its limit of fields";
    /// DATA that does not add up to content-length (§8.1.1).
    ContentLength => Peer, ProtocolError, Internal, "the data does not add up to content-length";
    /// DATA where headers are due, headers where the stream should end (§8.1).
    MessageOrder { what: &'static str } => Peer, ProtocolError, Internal, "frames out of order: {what}";

    // What a peer may do legally, but not without end.
    /// Control frames that the peer does not read.
    ControlFlood { limit: u32 } => Peer, EnhanceYourCalm, ResourceExhausted, "more than {limit} control frames wait for the peer to read them";
    /// Streams that the peer reset, or made this side reset, before they were answered.
    ResetFlood { limit: u32 } => Peer, EnhanceYourCalm, ResourceExhausted, "more than {limit} streams were reset before their response";
    /// DATA without bytes, or interim responses, one after the other.
    EmptyFrames { limit: u32 } => Peer, EnhanceYourCalm, ResourceExhausted, "more than {limit} frames in a row that say nothing";
    /// Frames that are legal and of no use.
    Glitches { limit: u32 } => Peer, EnhanceYourCalm, ResourceExhausted, "more than {limit} frames of no use";
    /// Pings beyond the keepalive rule (gRFC A8).
    TooManyPings { limit: u32 } => Peer, EnhanceYourCalm, ResourceExhausted, "more than {limit} pings too soon after the one before: ping less often";
    /// A window that stayed shut while bytes waited for it.
    SendStall { seconds: u64 } => Peer, Cancel, Unavailable, "the peer did not open its window for {seconds} s while data waited";
    /// A header list that the peer has said it does not take (RFC 9113 §6.5.2).
    PeerHeaderList { size: u32, limit: u32 } => Caller, InternalError, ResourceExhausted, "a header list of {size} bytes passes the peer's limit of {limit}: send less metadata";
    /// Too many entries in one SETTINGS frame.
    SettingsFlood { limit: u32 } => Peer, EnhanceYourCalm, ResourceExhausted, "more than {limit} entries in a SETTINGS frame";

    // gRPC.
    /// A message flag other than 0 and 1.
    MessageFlag { flag: u8 } => Peer, Cancel, Internal, "invalid message flag {flag}: only 0 and 1 are defined";
    /// A message that is longer than the receiver allows.
    MessageTooLarge { length: u64, limit: u64 } => Peer, Cancel, ResourceExhausted, "a message of {length} bytes passes the receive limit of {limit} bytes";
    /// Unfinished messages on one connection hold more than their budget.
    UnfinishedMessages { limit: u64 } => Peer, Cancel, ResourceExhausted, "unfinished messages on this connection pass {limit} bytes";
    /// The stream ended within a message.
    MessageTruncated { missing: u64 } => Peer, Cancel, Internal, "the stream ended {missing} bytes before the end of a message";
    /// A compressed message where no compression was agreed (W21).
    CompressedWithoutEncoding => Peer, Cancel, Internal, "message flag 1 says compressed, but grpc-encoding names no compression";
    /// A compressed message in a compression that this side does not know (W23).
    UnknownEncoding => Peer, Cancel, Internal, "a message is compressed by an algorithm that this side did not offer";
    /// A second message where one is due, or none (W38).
    Cardinality { expected: &'static str } => Peer, Cancel, Unimplemented, "the method takes {expected}: the other side sent another number of messages";
    /// The deadline passed.
    DeadlineExceeded => Here, Cancel, DeadlineExceeded, "the deadline passed";
    /// Our side of the call gave up.
    Cancelled => Caller, Cancel, Cancelled, "the call was cancelled";
}

#[cfg(test)]
mod tests;
