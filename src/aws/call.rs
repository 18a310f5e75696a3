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
    /// The service is out of order, for as long as was waited.
    #[error("the service is out of order (HTTP status {status}, after {calls} calls)")]
    Broken {
        /// The HTTP status.
        status: u16,
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
    /// No answer within the time that a call has.
    #[error("no answer came in time")]
    Timeout,
    /// The service cannot be reached.
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
    patiently(call).await.map_err(|Failed { failure, calls }| classify(failure, calls, SystemTime::now()))
}

fn classify<E>(error: SdkError<E, HttpResponse>, calls: u32, now: SystemTime) -> CallFault
where
    E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
{
    let Some(response) = error.raw_response() else {
        return if is_timeout(&error) { CallFault::Timeout } else { CallFault::Unreachable(Box::new(error)) };
    };
    let status = response.status().as_u16();
    let skew = response.headers().get("date").and_then(|date| skew(date, now));
    if status >= 500 {
        return CallFault::Broken { status, calls };
    }
    let Some(service) = error.as_service_error() else { return CallFault::Garbled { status } };
    let message = service.message().unwrap_or_default().to_owned();
    match (service.code(), status) {
        (Some(code), _) if is_throttling(code) => CallFault::Throttled { calls },
        (_, 429) => CallFault::Throttled { calls },
        (None, _) => CallFault::Garbled { status },
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

fn is_timeout<E>(error: &SdkError<E, HttpResponse>) -> bool {
    match error {
        SdkError::TimeoutError(_) => true,
        SdkError::DispatchFailure(failure) => failure.is_timeout(),
        _ => false,
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

#[cfg(test)]
mod tests {
    use aws_sdk_rds::config::http::HttpResponse as Response;
    use aws_sdk_rds::error::{ConnectorError, ErrorMetadata};
    use aws_sdk_rds::operation::describe_db_clusters::DescribeDBClustersError as Failure;
    use aws_smithy_types::body::SdkBody;

    use super::*;

    /// `2026-11-21 12:00:00` UTC.
    const NOW: &str = "Sat, 21 Nov 2026 12:00:00 GMT";

    fn now() -> SystemTime {
        SystemTime::try_from(DateTime::from_str(NOW, DateTimeFormat::HttpDate).unwrap()).unwrap()
    }

    fn answer(status: u16, date: &str) -> Response {
        let mut response = Response::new(status.try_into().unwrap(), SdkBody::from("<html>hunter2</html>"));
        response.headers_mut().insert("date", date.to_owned());
        response
    }

    fn of(status: u16, code: Option<&str>, message: &str, date: &str) -> CallFault {
        let mut metadata = ErrorMetadata::builder().message(message);
        if let Some(code) = code {
            metadata = metadata.code(code);
        }
        let error = SdkError::service_error(Failure::generic(metadata.build()), answer(status, date));
        classify(error, 3, now())
    }

    #[test]
    fn r10_failures_are_told_apart() {
        let later = "Sat, 21 Nov 2026 12:05:00 GMT";
        for (status, code, message, date, expected) in [
            (400, "ThrottlingException", "Rate exceeded", NOW, "AWS asked for fewer calls, 3 times"),
            (429, "Whatever", "", NOW, "AWS asked for fewer calls, 3 times"),
            (503, "ServiceUnavailable", "", NOW, "the service is out of order (HTTP status 503, after 3 calls)"),
            (403, "AccessDenied", "User: x is not authorized", NOW, "User: x is not authorized"),
            (403, "UnauthorizedOperation", "no", NOW, "no"),
            (400, "ExpiredTokenException", "gone", NOW, "the security token has expired"),
            (403, "InvalidSignatureException", "Signature expired", later, "this machine's clock is 300 s behind"),
            (403, "SignatureDoesNotMatch", "it is\nIQoJtoken", NOW, "it is"),
            (403, "UnrecognizedClientException", "invalid", NOW, "invalid"),
            (404, "DBClusterNotFoundFault", "none", NOW, "DBClusterNotFoundFault: none"),
        ] {
            assert_eq!(of(status, Some(code), message, date).to_string(), expected, "{status} {code}");
        }
        assert!(matches!(of(302, None, "hunter2", NOW), CallFault::Garbled { status: 302 }));
        assert!(matches!(of(502, None, "hunter2", NOW), CallFault::Broken { status: 502, calls: 3 }));
    }

    /// T17: what came instead of an answer may be anything.
    #[test]
    fn t17_nothing_is_told_of_an_answer_that_cannot_be_read() {
        for (status, expected) in [(200, "(HTTP status 200)"), (500, "(HTTP status 500, after 1 calls)")] {
            let error = SdkError::<Failure, Response>::response_error("hunter2", answer(status, NOW));
            let fault = classify(error, 1, now());
            assert!(fault.to_string().ends_with(expected), "{fault}");
            assert!(!format!("{fault:?}").contains("hunter2"), "{fault:?}");
        }
    }

    #[test]
    fn silence_is_not_absence() {
        let failed = |error: ConnectorError| classify(SdkError::<Failure, Response>::dispatch_failure(error), 1, now());
        assert!(matches!(failed(ConnectorError::timeout("slow".into())), CallFault::Timeout));
        assert!(matches!(failed(ConnectorError::io("refused".into())), CallFault::Unreachable(_)));
        let error = SdkError::<Failure, Response>::timeout_error("slow");
        assert!(matches!(classify(error, 1, now()), CallFault::Timeout));
    }
}
