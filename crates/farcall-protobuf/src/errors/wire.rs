//! Each kind of detail as its message, and back. The only file that knows how the message runtime writes their fields.

use std::time::Duration;

use super::kinds::{
    BadRequest, DebugInfo, ErrorInfo, FieldViolation, Help, Link, LocalizedMessage, PreconditionFailure,
    PreconditionViolation, QuotaFailure, QuotaViolation, RequestInfo, ResourceInfo, RetryInfo,
};
use crate::generated::google::rpc::{self, bad_request, help, precondition_failure, quota_failure};
use crate::{Message, MessageName};

/// A kind that has a message. Nobody outside can name it, so that nobody outside can implement it.
pub trait Wire: Sized {
    /// The message.
    type Wire: Message + MessageName;
    /// The message that has the same fields.
    fn into_wire(self) -> Self::Wire;
    /// The kind that has the same fields.
    fn from_wire(message: Self::Wire) -> Self;
}

/// Kinds and their messages: fields that are the same in both; lists of kinds; and, by hand, what else there is to do.
macro_rules! kinds {
    ($($kind:ident = $message:path {
        $($same:ident),* $(,)?
        $(; each $list:ident)?
        $(; to $to:expr, from $from:expr)?
    })+) => {$(
        impl Wire for $kind {
            type Wire = $message;

            fn into_wire(self) -> Self::Wire {
                let mut wire = Self::Wire::default();
                $(wire.$list = self.$list.into_iter().map(Wire::into_wire).collect();)?
                $($to(&mut wire, &self);)?
                $(wire.$same = self.$same;)*
                wire
            }

            fn from_wire(wire: Self::Wire) -> Self {
                let mut kind = Self::default();
                $($from(&mut kind, &wire);)?
                $(kind.$list = wire.$list.into_iter().map(Wire::from_wire).collect();)?
                $(kind.$same = wire.$same;)*
                kind
            }
        }
    )+};
}

kinds! {
    BadRequest = rpc::BadRequest { ; each field_violations }
    FieldViolation = bad_request::FieldViolation {
        field, description, reason;
        to |wire: &mut bad_request::FieldViolation, kind: &Self| {
            wire.localized_message = kind.localized_message.clone().map(Wire::into_wire).into();
        },
        from |kind: &mut Self, wire: &bad_request::FieldViolation| {
            kind.localized_message = wire.localized_message.as_option().cloned().map(Wire::from_wire);
        }
    }
    DebugInfo = rpc::DebugInfo { stack_entries, detail }
    ErrorInfo = rpc::ErrorInfo {
        reason, domain;
        to |wire: &mut rpc::ErrorInfo, kind: &Self| wire.metadata = kind.metadata.clone().into_iter().collect(),
        from |kind: &mut Self, wire: &rpc::ErrorInfo| kind.metadata = wire.metadata.clone().into_iter().collect()
    }
    Help = rpc::Help { ; each links }
    Link = help::Link { description, url }
    LocalizedMessage = rpc::LocalizedMessage { locale, message }
    PreconditionFailure = rpc::PreconditionFailure { ; each violations }
    PreconditionViolation = precondition_failure::Violation {
        subject, description;
        to |wire: &mut precondition_failure::Violation, kind: &Self| wire.r#type.clone_from(&kind.kind),
        from |kind: &mut Self, wire: &precondition_failure::Violation| kind.kind.clone_from(&wire.r#type)
    }
    QuotaFailure = rpc::QuotaFailure { ; each violations }
    QuotaViolation = quota_failure::Violation {
        subject, description, api_service, quota_metric, quota_id, quota_value, future_quota_value;
        to |wire: &mut quota_failure::Violation, kind: &Self| {
            wire.quota_dimensions = kind.quota_dimensions.clone().into_iter().collect();
        },
        from |kind: &mut Self, wire: &quota_failure::Violation| {
            kind.quota_dimensions = wire.quota_dimensions.clone().into_iter().collect();
        }
    }
    RequestInfo = rpc::RequestInfo { request_id, serving_data }
    ResourceInfo = rpc::ResourceInfo { resource_type, resource_name, owner, description }
    RetryInfo = rpc::RetryInfo {
        ;
        to |wire: &mut rpc::RetryInfo, kind: &Self| {
            wire.retry_delay = Some(kind.retry_delay.into()).into();
        },
        from |kind: &mut Self, wire: &rpc::RetryInfo| {
            kind.retry_delay = Duration::try_from((*wire.retry_delay).clone()).unwrap_or_default();
        }
    }
}
