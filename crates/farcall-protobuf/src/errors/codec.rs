//! Details as bytes: `google.rpc.Status` in `grpc-status-details-bin`.
//!
//! //= W35: the code in the details is the one in grpc-status, and what cannot be read is ignored
//!
//! (That there is exactly one value is seen to where the trailers are read.)

use farcall::Status;
use farcall::codec::{Decoder, EncodeBuf, Encoder, Payload};

use super::kinds::{
    BadRequest, DebugInfo, ErrorInfo, Help, LocalizedMessage, OtherDetail, PreconditionFailure, QuotaFailure,
    RequestInfo, ResourceInfo, RetryInfo,
};
use super::wire::Wire;
use super::{Detail, DetailKind};
use crate::generated::google::rpc;
use crate::well_known::Any;
use crate::{Buffa, Message, MessageName};

/// What stands before the full name of a type in an `Any`.
const TYPE_URL: &str = "type.googleapis.com/";

/// The details of a status, where they belong to it.
pub(super) fn read(status: &Status) -> Result<Vec<Any>, Status> {
    let Some(rich) = parsed(status) else { return Ok(Vec::new()) };
    let wanted = status.raw_code();
    if u32::try_from(rich.code) != Ok(wanted) {
        let text = format!("grpc-status-details-bin mismatch: its code is {}, and grpc-status is {wanted}", rich.code);
        return Err(Status::internal(text).with_source(status.clone()));
    }
    Ok(rich.details)
}

fn parsed(status: &Status) -> Option<rpc::Status> {
    let bytes = status.details();
    if bytes.is_empty() { None } else { decoded(bytes) }
}

/// The status with one detail more.
pub(super) fn appended(status: Status, detail: Detail) -> Status {
    let mut details = read(&status).unwrap_or_default();
    details.push(packed(detail));
    let rich = rpc::Status {
        code: i32::try_from(status.raw_code()).unwrap_or_default(),
        message: status.message().to_owned(),
        details,
        ..Default::default()
    };
    status.with_details(encoded(&rich))
}

/// A detail of this kind, if it is one that can be read.
pub(super) fn unpacked<T: DetailKind>(any: &Any) -> Option<T> {
    let name = any.type_url.rsplit('/').next().unwrap_or_default();
    if name != T::Wire::FULL_NAME { None } else { decoded(&any.value).map(T::from_wire) }
}

fn decoded<T: Message + MessageName>(bytes: &[u8]) -> Option<T> {
    Buffa.decode(Payload::from(bytes::Bytes::copy_from_slice(bytes))).ok()
}

fn encoded<T: Message + MessageName>(message: &T) -> bytes::Bytes {
    let mut out = EncodeBuf::new(usize::MAX);
    match Buffa.encode(message, &mut out) {
        Ok(()) => out.take().into_bytes(),
        // 2 GiB and more: no peer would take it.
        Err(_) => bytes::Bytes::new(),
    }
}

fn boxed<T: Wire>(kind: T) -> Any {
    Any {
        type_url: format!("{TYPE_URL}{}", T::Wire::FULL_NAME),
        value: encoded(&kind.into_wire()).to_vec().into(),
        ..Default::default()
    }
}

/// The kinds that travel as a message of their own.
macro_rules! kinds {
    ($($kind:ident),+) => {
        $(
            impl DetailKind for $kind {}

            impl From<$kind> for Detail {
                fn from(detail: $kind) -> Self {
                    Self::$kind(detail)
                }
            }
        )+

        fn packed(detail: Detail) -> Any {
            match detail {
                $(Detail::$kind(kind) => boxed(kind),)+
                Detail::Other(OtherDetail { type_url, value }) => {
                    Any { type_url, value: value.into(), ..Default::default() }
                }
            }
        }

        /// The detail as its kind; one that is unknown, or cannot be read, as its bytes.
        pub(super) fn known_or_other(any: Any) -> Detail {
            $(
                if let Some(detail) = unpacked::<$kind>(&any) {
                    return detail.into();
                }
            )+
            Detail::Other(OtherDetail { type_url: any.type_url, value: any.value.to_vec() })
        }
    };
}

kinds!(
    BadRequest,
    DebugInfo,
    ErrorInfo,
    Help,
    LocalizedMessage,
    PreconditionFailure,
    QuotaFailure,
    RequestInfo,
    ResourceInfo,
    RetryInfo
);

impl From<OtherDetail> for Detail {
    fn from(detail: OtherDetail) -> Self {
        Self::Other(detail)
    }
}
