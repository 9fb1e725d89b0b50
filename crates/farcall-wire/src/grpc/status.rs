//! A failed call: a code, a message for people, and what else travels with them.
//!
//! A `Status` is never OK. What caused it stays on this side: there is no `From<io::Error>`, which would show paths and
//! addresses to the peer; [`OrStatus`] says in one step what the peer is told and what is kept.

use std::borrow::Cow;
use std::error::Error;
use std::fmt;
use std::sync::Arc;

use bytes::Bytes;

use super::code::Code;
use super::metadata::Metadata;
use crate::error::Fault;

/// Why a call failed. At most 40 bytes; one with a literal message allocates nothing.
#[derive(Clone)]
pub struct Status {
    message: Cow<'static, str>,
    code: Code,
    extra: Option<Box<Extra>>,
}

/// What few statuses have.
#[derive(Clone, Default)]
struct Extra {
    details: Bytes,
    metadata: Metadata,
    source: Option<Arc<dyn Error + Send + Sync>>,
    raw_code: Option<u32>,
}

const NO_METADATA: &Metadata = &Metadata::new();

/// Declares one constructor for each code.
macro_rules! constructors {
    ($( $(#[$doc:meta])* $name:ident => $code:ident; )+) => {
        impl Status {
            $( $(#[$doc])*
            pub fn $name(message: impl Into<Cow<'static, str>>) -> Self {
                Self::new(Code::$code, message)
            } )+
        }
    };
}

constructors! {
    /// [`Code::Cancelled`] with a message for the peer.
    cancelled => Cancelled;
    /// [`Code::Unknown`] with a message for the peer.
    unknown => Unknown;
    /// [`Code::InvalidArgument`] with a message for the peer.
    invalid_argument => InvalidArgument;
    /// [`Code::DeadlineExceeded`] with a message for the peer.
    deadline_exceeded => DeadlineExceeded;
    /// [`Code::NotFound`] with a message for the peer.
    not_found => NotFound;
    /// [`Code::AlreadyExists`] with a message for the peer.
    already_exists => AlreadyExists;
    /// [`Code::PermissionDenied`] with a message for the peer.
    permission_denied => PermissionDenied;
    /// [`Code::ResourceExhausted`] with a message for the peer.
    resource_exhausted => ResourceExhausted;
    /// [`Code::FailedPrecondition`] with a message for the peer.
    failed_precondition => FailedPrecondition;
    /// [`Code::Aborted`] with a message for the peer.
    aborted => Aborted;
    /// [`Code::OutOfRange`] with a message for the peer.
    out_of_range => OutOfRange;
    /// [`Code::Unimplemented`] with a message for the peer.
    unimplemented => Unimplemented;
    /// [`Code::Internal`] with a message for the peer.
    internal => Internal;
    /// [`Code::Unavailable`] with a message for the peer.
    unavailable => Unavailable;
    /// [`Code::DataLoss`] with a message for the peer.
    data_loss => DataLoss;
    /// [`Code::Unauthenticated`] with a message for the peer.
    unauthenticated => Unauthenticated;
}

impl Status {
    /// A failure with a message that the peer is told.
    pub fn new(code: Code, message: impl Into<Cow<'static, str>>) -> Self {
        Self { message: message.into(), code, extra: None }
    }

    /// With details: a serialized `google.rpc.Status`, which travels as `grpc-status-details-bin`.
    pub fn with_details(mut self, details: impl Into<Bytes>) -> Self {
        self.extra_mut().details = details.into();
        self
    }

    /// With metadata that travels in the trailers beside the status; replaces what was there.
    pub fn with_metadata(mut self, metadata: Metadata) -> Self {
        self.extra_mut().metadata = metadata;
        self
    }

    /// With what caused it: any error, boxed or not, or a text. It stays on this side and is never sent.
    pub fn with_source(mut self, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        self.extra_mut().source = Some(Arc::from(source.into()));
        self
    }

    /// With the number that the peer sent, where that is not the number of the code. 0 changes nothing: a status is
    /// never OK.
    pub fn with_raw_code(mut self, number: u32) -> Self {
        if number != self.raw_code() && number != 0 {
            self.extra_mut().raw_code = Some(number);
        }
        self
    }

    /// What kind of failure it is.
    pub fn code(&self) -> Code {
        self.code
    }

    /// What the peer said, or is told; may be empty.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The details as they travel in `grpc-status-details-bin`; empty if there are none.
    pub fn details(&self) -> &[u8] {
        self.extra.as_ref().map_or(&[], |extra| &extra.details)
    }

    /// The trailers that travel with the status.
    pub fn metadata(&self) -> &Metadata {
        self.extra.as_ref().map_or(NO_METADATA, |extra| &extra.metadata)
    }

    /// What caused it on this side.
    pub fn source(&self) -> Option<&(dyn Error + Send + Sync + 'static)> {
        self.extra.as_ref()?.source.as_deref()
    }

    /// The number in `grpc-status` as it was received: gRPC may define codes that this library does not know, and their
    /// code is [`Code::Unknown`]. The number of the code where nothing was received.
    pub fn raw_code(&self) -> u32 {
        self.extra.as_ref().and_then(|extra| extra.raw_code).unwrap_or(self.code.number())
    }

    fn extra_mut(&mut self) -> &mut Extra {
        self.extra.get_or_insert_default()
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.message() {
            "" => f.write_str(self.code.name()),
            message => write!(f, "{}: {message}", self.code),
        }
    }
}

impl fmt::Debug for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = f.debug_struct("Status");
        out.field("code", &self.code).field("message", &self.message);
        if let Some(number) = self.extra.as_ref().and_then(|extra| extra.raw_code) {
            out.field("raw_code", &number);
        }
        if !self.details().is_empty() {
            out.field("details", &format_args!("{} bytes", self.details().len()));
        }
        if !self.metadata().is_empty() {
            out.field("metadata", self.metadata());
        }
        if let Some(source) = self.source() {
            out.field("source", &source);
        }
        out.finish()
    }
}

impl Error for Status {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(self.extra.as_ref()?.source.as_deref()?)
    }
}

impl From<Fault> for Status {
    /// The row of the one table that belongs to the fault's reason.
    fn from(fault: Fault) -> Self {
        Self::new(fault.reason.grpc(), fault.reason.to_string())
    }
}

/// Says what the peer is told about an error that is ours.
pub trait OrStatus<T> {
    /// The value, or a status with this code and this message. An error is kept as the status' source on this side.
    ///
    /// # Errors
    /// The status, where there is no value.
    fn or_status(self, code: Code, message: impl Into<Cow<'static, str>>) -> Result<T, Status>;
}

impl<T, E: Into<Box<dyn Error + Send + Sync>>> OrStatus<T> for Result<T, E> {
    fn or_status(self, code: Code, message: impl Into<Cow<'static, str>>) -> Result<T, Status> {
        self.map_err(|error| Status::new(code, message).with_source(error))
    }
}

impl<T> OrStatus<T> for Option<T> {
    fn or_status(self, code: Code, message: impl Into<Cow<'static, str>>) -> Result<T, Status> {
        self.ok_or_else(|| Status::new(code, message))
    }
}

#[cfg(test)]
mod tests;
