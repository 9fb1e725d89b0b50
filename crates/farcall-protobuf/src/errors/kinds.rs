//! The kinds of details, as plain structs. None of the message runtime's types is in here: they may change without them.
//!
//! Fill them with `..Default::default()`: a kind may gain a field when its public contract does.

use std::collections::BTreeMap;
use std::time::Duration;

/// What is wrong with a request, field by field.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BadRequest {
    /// All of it, so that the caller can mend all at once.
    pub field_violations: Vec<FieldViolation>,
}

/// What is wrong with one field.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FieldViolation {
    /// The path of the field, as in `users[2].name`.
    pub field: String,
    /// What is wrong with it.
    pub description: String,
    /// The same as a constant, `NAME_EMPTY`; may be empty.
    pub reason: String,
    /// The same for people, in their language.
    pub localized_message: Option<LocalizedMessage>,
}

impl BadRequest {
    /// One field, and what is wrong with it.
    pub fn field(path: impl Into<String>, description: impl Into<String>) -> Self {
        Self::default().and_field(path, description)
    }

    /// One more field.
    #[must_use]
    pub fn and_field(mut self, path: impl Into<String>, description: impl Into<String>) -> Self {
        let violation =
            FieldViolation { field: path.into(), description: description.into(), ..FieldViolation::default() };
        self.field_violations.push(violation);
        self
    }
}

/// What a developer may want to know. Do not send it to callers that are not your own.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DebugInfo {
    /// The stack, innermost first.
    pub stack_entries: Vec<String>,
    /// Anything else.
    pub detail: String,
}

/// The cause as a constant that programs can act on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ErrorInfo {
    /// The constant, `STOCKOUT`, unique in its domain.
    pub reason: String,
    /// Whose constant it is, `shop.example.com`.
    pub domain: String,
    /// What belongs to it, as `"sku" => "4711"`.
    pub metadata: BTreeMap<String, String>,
}

/// Where to read more.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Help {
    /// The most useful first.
    pub links: Vec<Link>,
}

/// One address.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Link {
    /// What is found there.
    pub description: String,
    /// Where it is.
    pub url: String,
}

/// A message for people, in their language.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LocalizedMessage {
    /// The language, `fr-CH` (BCP 47).
    pub locale: String,
    /// The message.
    pub message: String,
}

/// What had to be so before the call, and was not.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PreconditionFailure {
    /// All of it.
    pub violations: Vec<PreconditionViolation>,
}

/// One condition that was not met.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PreconditionViolation {
    /// The kind of condition as a constant, `TERMS_OF_SERVICE`. The contract calls it `type`.
    pub kind: String,
    /// What it is about.
    pub subject: String,
    /// What the caller can do about it.
    pub description: String,
}

/// Which quota was used up.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct QuotaFailure {
    /// All of them.
    pub violations: Vec<QuotaViolation>,
}

/// One quota that was used up.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct QuotaViolation {
    /// Whose quota, `clientip:192.0.2.7`.
    pub subject: String,
    /// What the caller can do about it.
    pub description: String,
    /// The service that has the quota, if it is another one.
    pub api_service: String,
    /// What is counted.
    pub quota_metric: String,
    /// The name of the limit.
    pub quota_id: String,
    /// What it depends on, as `"region" => "eu"`.
    pub quota_dimensions: BTreeMap<String, String>,
    /// The limit when the call was made.
    pub quota_value: i64,
    /// The limit that is being rolled out.
    pub future_quota_value: Option<i64>,
}

/// By what the call can be found in the server's logs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RequestInfo {
    /// An opaque id.
    pub request_id: String,
    /// What only the server understands.
    pub serving_data: String,
}

/// Which thing the failure is about.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ResourceInfo {
    /// Its type, `users.v1.User`.
    pub resource_type: String,
    /// Its name or id.
    pub resource_name: String,
    /// Whose it is; may be empty.
    pub owner: String,
    /// What went wrong with it.
    pub description: String,
}

impl ResourceInfo {
    /// A thing by its type and its name, and what went wrong with it.
    pub fn new(kind: impl Into<String>, name: impl Into<String>, description: impl Into<String>) -> Self {
        let (resource_type, resource_name) = (kind.into(), name.into());
        Self { resource_type, resource_name, description: description.into(), ..Self::default() }
    }
}

/// When to try again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RetryInfo {
    /// How long to wait at least. A delay that was sent as less than nothing is read as zero.
    pub retry_delay: Duration,
}

/// A message of a kind that is not known here.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OtherDetail {
    /// Its type, `type.googleapis.com/` and the full name.
    pub type_url: String,
    /// Its bytes.
    pub value: Vec<u8>,
}
