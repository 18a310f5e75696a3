//! Reading calls to AWS services: what each failure means.
//!
//! Only for calls that change nothing. SQL has rules of its own, in `data_api`.

use std::future::Future;
use std::time::{Duration, SystemTime};

use super::patience::{Failed, patiently};
use aws_sdk_rds::config::http::HttpResponse;
use aws_sdk_rds::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_rds::primitives::{DateTime, DateTimeFormat};

/// AWS takes a signature that is up to five minutes off; a clock that is further off than this is to blame for a refusal.
pub(super) const TOLERATED_SKEW: Duration = Duration::from_mins(4);

/// Why a call to an AWS service failed.
#[derive(Debug, thiserror::Error)]
pub enum CallFault {
    /// The account may not do this.
    #[error("{message}")]
    Denied {
        /// What AWS said; names the account and the action.
        message: String,
    },
    /// The credentials are over.
    #[error("the security token has expired")]
    Expired,
    /// AWS does not know the keys, or they do not belong together.
    #[error("{message}")]
    UnknownKeys {
        /// What AWS said.
        message: String,
    },
    /// This machine's clock is wrong, so the signature was not accepted.
    #[error("this machine's clock is {} s {}", seconds.abs(), if *seconds < 0 { "behind" } else { "ahead" })]
    Clock {
        /// How far it is ahead of AWS's.
        seconds: i64,
    },
    /// Too many calls, for as long as was waited.
    #[error("AWS asked for fewer calls, {calls} times")]
    Throttled {
        /// How often it was tried.
        calls: u32,
    },
    /// Something else that the service says is wrong.
    #[error("{code}: {message}")]
    Refused {
        /// AWS's name for it, for example `ResourceNotFoundException`.
        code: String,
        /// What AWS said.
        message: String,
    },
    /// The service cannot be reached, or does not answer.
    #[error("the service cannot be reached")]
    Unreachable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// What answered is not the service, or it is out of order.
    #[error("the answer is none of the service's (HTTP status {status})")]
    Garbled {
        /// The HTTP status.
        status: u16,
    },
}

impl CallFault {
    /// AWS's own name for what is wrong, if it is none of the usual.
    pub fn code(&self) -> Option<&str> {
        match self {
            Self::Refused { code, .. } => Some(code),
            _ => None,
        }
    }
}

/// Makes a call, and makes it again while AWS asks for patience.
pub(super) async fn read<T, E, F>(call: impl Fn() -> F) -> Result<T, CallFault>
where
    F: Future<Output = Result<T, SdkError<E, HttpResponse>>>,
    E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
{
    patiently(call).await.map_err(|Failed { failure, calls, .. }| classify(failure, calls, SystemTime::now()))
}

fn classify<E>(error: SdkError<E, HttpResponse>, calls: u32, now: SystemTime) -> CallFault
where
    E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
{
    let Some(response) = error.raw_response() else { return CallFault::Unreachable(Box::new(error)) };
    let status = response.status().as_u16();
    let skew = response.headers().get("date").and_then(|date| skew(date, now));
    let Some(service) = error.as_service_error() else { return CallFault::Garbled { status } };
    let message = service.message().unwrap_or_default().to_owned();
    match (service.code(), status) {
        (Some(code), _) if is_throttling(code) => CallFault::Throttled { calls },
        (_, 429) => CallFault::Throttled { calls },
        (None, _) | (_, 500..) => CallFault::Garbled { status },
        (Some(code), _) if is_of_signature(code) => match skew {
            Some(seconds) if seconds.unsigned_abs() > TOLERATED_SKEW.as_secs() => CallFault::Clock { seconds },
            _ if code.starts_with("Expired") => CallFault::Expired,
            // Behind the first line some services repeat what was signed, the session token with it.
            _ => CallFault::UnknownKeys { message: message.lines().next().unwrap_or_default().to_owned() },
        },
        (Some(code), _) if code.contains("AccessDenied") || code == "UnauthorizedOperation" => {
            CallFault::Denied { message }
        }
        (Some(code), _) => CallFault::Refused { code: code.to_owned(), message },
    }
}

pub(super) fn is_throttling(code: &str) -> bool {
    code.contains("Throttl") || matches!(code, "TooManyRequestsException" | "RequestLimitExceeded" | "SlowDown")
}

/// Complaints about who signed, and when.
pub(super) fn is_of_signature(code: &str) -> bool {
    matches!(
        code,
        "ExpiredToken"
            | "ExpiredTokenException"
            | "RequestExpired"
            | "RequestTimeTooSkewed"
            | "InvalidSignatureException"
            | "SignatureDoesNotMatch"
            | "IncompleteSignature"
            | "InvalidClientTokenId"
            | "UnrecognizedClientException"
            | "InvalidAccessKeyId"
            | "MissingAuthenticationToken"
    )
}

/// How many seconds this machine is ahead of the service.
pub(super) fn skew(date: &str, now: SystemTime) -> Option<i64> {
    let theirs = DateTime::from_str(date, DateTimeFormat::HttpDate).ok()?;
    Some(DateTime::from(now).secs() - theirs.secs())
}
