//! Rich errors between farcall and a foreign library: `users.v1.UserService/GetUser` that fails with every kind of detail.
//!
//! The same details stand in `peers/python/details.py`; each side reads the other's with its own library.

use std::collections::BTreeMap;
use std::time::Duration;

use farcall::{Call, Channel, Code, Inbound, Outbound, Status};
use farcall_protobuf::errors::{
    BadRequest, DebugInfo, Detail, ErrorInfo, FieldViolation, Help, Link, LocalizedMessage, OtherDetail,
    PreconditionFailure, PreconditionViolation, QuotaFailure, QuotaViolation, RequestInfo, ResourceInfo, RetryInfo,
    RichStatus,
};

use crate::Failure;
use crate::check::{expect, expect_status};
use crate::proto::users::v1::{
    ChatMessage, CreateUserRequest, CreateUsersResponse, GetUserRequest, ListUsersRequest, User, UserService,
    UserServiceClient,
};

/// The user whose absence is told with every detail.
pub const EVERY_KIND: &str = "every kind";
/// The user whose absence is told with details of another code.
pub const MISMATCH: &str = "mismatch";
/// The user whose absence is told with bytes that are no details.
pub const UNREADABLE: &str = "unreadable";

const MESSAGE: &str = "no user, 100 % sure \u{263a}";

/// One of each kind, every field set.
pub fn every_kind() -> Vec<Detail> {
    let localized = LocalizedMessage { locale: "de-CH".into(), message: "sch\u{f6}n w\u{e4}r's".into() };
    let field = FieldViolation {
        field: "users[2].name".into(),
        description: "must not be empty".into(),
        reason: "NAME_EMPTY".into(),
        localized_message: Some(localized.clone()),
    };
    let metadata = BTreeMap::from([("sku".into(), "4711".into())]);
    vec![
        BadRequest { field_violations: vec![field] }.into(),
        DebugInfo { stack_entries: vec!["inner".into(), "outer".into()], detail: "at noon".into() }.into(),
        ErrorInfo { reason: "STOCKOUT".into(), domain: "shop.example.com".into(), metadata }.into(),
        Help { links: vec![Link { description: "prices".into(), url: "https://example.com/p".into() }] }.into(),
        localized.into(),
        PreconditionFailure { violations: vec![condition()] }.into(),
        QuotaFailure { violations: vec![quota()] }.into(),
        RequestInfo { request_id: "request-7".into(), serving_data: "opaque".into() }.into(),
        ResourceInfo { owner: "ada".into(), ..ResourceInfo::new("users.v1.User", EVERY_KIND, "was deleted") }.into(),
        RetryInfo { retry_delay: Duration::new(3, 500_000_000) }.into(),
        OtherDetail { type_url: "type.example.com/example.Own".into(), value: vec![8, 7] }.into(),
    ]
}

fn condition() -> PreconditionViolation {
    PreconditionViolation { kind: "TOS".into(), subject: "example.com".into(), description: "accept them".into() }
}

fn quota() -> QuotaViolation {
    QuotaViolation {
        subject: "clientip:192.0.2.7".into(),
        description: "wait a day".into(),
        api_service: "shop.example.com".into(),
        quota_metric: "calls".into(),
        quota_id: "calls-a-day".into(),
        quota_dimensions: BTreeMap::from([("region".into(), "eu".into())]),
        quota_value: 10,
        future_quota_value: Some(12),
    }
}

/// Calls a server that fails as [`FailingUsers`] does, and judges what arrives.
///
/// # Errors
/// What was expected, and what came.
pub async fn check(channel: Channel) -> Result<(), Failure> {
    let users = UserServiceClient::new(channel);
    let get = |user_id: &str| users.get_user(GetUserRequest { user_id: user_id.into(), ..Default::default() });

    let status = get(EVERY_KIND).await.err().ok_or_else(|| Failure::new("expected a failure, got a user"))?;
    expect("details", status.all_details()?, every_kind())?;
    expect_status("every kind", Err::<(), _>(status), Code::NotFound, MESSAGE)?;

    let status = get(MISMATCH).await.err().ok_or_else(|| Failure::new("expected a failure, got a user"))?;
    let refused = status.all_details().map_err(|status| status.code());
    expect("details of another code", refused, Err(Code::Internal))?;

    let status = get(UNREADABLE).await.err().ok_or_else(|| Failure::new("expected a failure, got a user"))?;
    expect("details that cannot be read", status.all_details()?, Vec::new())
}

/// A service that has no users, and says so with details.
#[derive(Debug, Clone, Copy)]
pub struct FailingUsers;

impl UserService for FailingUsers {
    async fn get_user(&self, _: &Call, request: GetUserRequest) -> Result<User, Status> {
        let status = Status::not_found(MESSAGE);
        Err(match request.user_id.as_str() {
            EVERY_KIND => every_kind().into_iter().fold(status, RichStatus::with_detail),
            MISMATCH => {
                let other = Status::aborted(MESSAGE).with_detail(RetryInfo::default());
                status.with_details(other.details().to_vec())
            }
            UNREADABLE => status.with_details(vec![0xff]),
            other => Status::invalid_argument(format!("unknown id {other:?}: ask for {EVERY_KIND:?}")),
        })
    }

    async fn list_users(&self, call: &Call, _: ListUsersRequest, _: Outbound<User>) -> Result<(), Status> {
        Err(nothing_but_get_user(call))
    }

    async fn create_users(&self, call: &Call, _: Inbound<CreateUserRequest>) -> Result<CreateUsersResponse, Status> {
        Err(nothing_but_get_user(call))
    }

    async fn chat(&self, call: &Call, _: Inbound<ChatMessage>, _: Outbound<ChatMessage>) -> Result<(), Status> {
        Err(nothing_but_get_user(call))
    }
}

fn nothing_but_get_user(call: &Call) -> Status {
    Status::unimplemented(format!("{} is not served here: call GetUser", call.path()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proto::users::v1::UserServiceServer;
    use farcall::Router;

    #[tokio::test]
    async fn our_client_reads_what_our_server_writes() {
        let channel = Channel::over(Router::new().service(UserServiceServer::new(FailingUsers)));
        assert_eq!(check(channel).await, Ok(()));
    }
}
