//! Failures that say why, in types: the details of `google.rpc`, which every gRPC library can read.
//!
//! What is sent stands in `grpc-status-details-bin`; the bytes are made and read in `codec`, the types stand in `kinds`.
//!
//! ```
//! use farcall::Status;
//! use farcall_protobuf::errors::{BadRequest, RetryInfo, RichStatus};
//!
//! // In a handler:
//! let status = Status::invalid_argument("the user has no name")
//!     .with_detail(BadRequest::field("name", "must not be empty"));
//!
//! // At the caller, who has got this status:
//! let cause: Option<BadRequest> = status.detail()?;
//! assert_eq!(cause.expect("was sent").field_violations[0].field, "name");
//! assert_eq!(status.detail::<RetryInfo>()?, None);
//! # Ok::<(), Status>(())
//! ```
//!
//! Details travel in the trailers, whose size the peer bounds (8 KiB is what every library takes): keep them short.

mod codec;
mod kinds;
#[cfg(test)]
mod tests;
mod wire;

use farcall::Status;

pub use kinds::{
    BadRequest, DebugInfo, ErrorInfo, FieldViolation, Help, Link, LocalizedMessage, OtherDetail, PreconditionFailure,
    PreconditionViolation, QuotaFailure, QuotaViolation, RequestInfo, ResourceInfo, RetryInfo,
};

/// A detail of a failure, of any kind.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Detail {
    /// What is wrong with a request, field by field.
    BadRequest(BadRequest),
    /// What a developer may want to know, and no user.
    DebugInfo(DebugInfo),
    /// The cause as a constant that programs can act on.
    ErrorInfo(ErrorInfo),
    /// Where to read more.
    Help(Help),
    /// A message for people, in their language.
    LocalizedMessage(LocalizedMessage),
    /// What had to be so before the call, and was not.
    PreconditionFailure(PreconditionFailure),
    /// Which quota was used up.
    QuotaFailure(QuotaFailure),
    /// By what the call can be found in the server's logs.
    RequestInfo(RequestInfo),
    /// Which thing the failure is about.
    ResourceInfo(ResourceInfo),
    /// When to try again.
    RetryInfo(RetryInfo),
    /// A message that is none of these, or whose bytes could not be read.
    Other(OtherDetail),
}

/// A kind of detail that can be asked for by its type. Implemented for the structs of this module, and for no others.
pub trait DetailKind: wire::Wire {}

/// A [`Status`] with typed details.
pub trait RichStatus: Sized {
    /// Adds a detail behind those that are there.
    ///
    /// Bytes that [`Status::with_details`] has set stay if they are a `google.rpc.Status` with the code of this status,
    /// and are replaced otherwise.
    #[must_use]
    fn with_detail(self, detail: impl Into<Detail>) -> Self;

    /// The first detail of this kind. `None` where there is none, and where the bytes cannot be read.
    ///
    /// # Errors
    ///
    /// INTERNAL, when the details are those of another failure: they name another code than the status does. Nothing in
    /// them can be trusted then. (The bytes themselves, [`Status::details`], are still there.)
    fn detail<T: DetailKind>(&self) -> Result<Option<T>, Status>;

    /// All details, in the order in which they were added; those of unknown kinds as [`Detail::Other`].
    ///
    /// # Errors
    ///
    /// As [`detail`](Self::detail).
    fn all_details(&self) -> Result<Vec<Detail>, Status>;
}

impl RichStatus for Status {
    fn with_detail(self, detail: impl Into<Detail>) -> Self {
        codec::appended(self, detail.into())
    }

    fn detail<T: DetailKind>(&self) -> Result<Option<T>, Status> {
        let all = codec::read(self)?;
        Ok(all.iter().find_map(codec::unpacked))
    }

    fn all_details(&self) -> Result<Vec<Detail>, Status> {
        Ok(codec::read(self)?.into_iter().map(codec::known_or_other).collect())
    }
}
