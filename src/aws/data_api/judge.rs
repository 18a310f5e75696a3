//! What a failed request means, and whether it may be made again. Pure.

use std::error::Error as _;
use std::time::{Duration, SystemTime};

use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_rdsdata::config::http::HttpResponse;
use aws_sdk_rdsdata::error::{ProvideErrorMetadata, SdkError};

use super::super::CallFault;
use super::super::call::{TOLERATED_SKEW, is_of_signature, is_throttling, skew};
use super::witness::{Answer, Witness};
use super::{DataApiError, IDLE_LIMIT, Request, TRANSACTION_LIMIT, TransactionEnd, fault};

/// `ER_ACCESS_DENIED_ERROR`.
const LOGIN_REFUSED: u16 = 1045;

type Source = Box<dyn std::error::Error + Send + Sync>;

/// What was asked, of whom and when.
#[derive(Debug, Clone, Copy)]
pub(super) struct Case<'a> {
    pub(super) request: Request,
    pub(super) cluster: &'a str,
    pub(super) secret: &'a str,
    pub(super) region: &'a str,
    pub(super) continues: bool,
    pub(super) limit: Duration,
    pub(super) now: SystemTime,
    /// How long the transaction has been left alone, and how long ago it began.
    pub(super) transaction: (Duration, Duration),
}

/// What comes of a failure.
#[derive(Debug)]
pub(super) enum Verdict {
    /// It is final.
    Final(DataApiError),
    /// The service did not accept the request, and may do so in a while.
    Again(Again),
}

/// Why a request may be made again.
#[derive(Debug)]
pub(super) enum Again {
    /// The service asked for fewer calls.
    Throttled,
    /// The cluster resumes.
    Resuming,
    /// Nothing was handed to a connection.
    Unreached(Source),
}

/// Judges a failure by what the SDK says and what the witness saw.
pub(super) fn judge<E>(error: SdkError<E, HttpResponse>, witness: &Witness, case: &Case<'_>) -> Verdict
where
    E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
{
    let request = case.request;
    if let Some(bytes) = witness.oversize() {
        return Verdict::Final(DataApiError::RequestTooLarge { bytes });
    }
    if let (SdkError::ServiceError(service), Some(answer)) = (&error, witness.answer()) {
        let (code, message) = (service.err().code(), service.err().message().unwrap_or_default());
        return match code {
            Some(code) => of_the_service(&answer, code, message, case),
            None if answer.status < 300 => of_somebody_else(&answer, "it is not the JSON that was expected", case),
            None => of_somebody_else(&answer, "it names no error", case),
        };
    }
    let is_timeout = matches!(&error, SdkError::TimeoutError(_));
    if witness.may_have_arrived() {
        return match witness.answer() {
            Some(answer) if !answer.is_json => of_somebody_else(&answer, "it is not JSON", case),
            Some(answer) if answer.is_empty => of_somebody_else(&answer, "it says nothing of an outcome", case),
            _ if is_timeout => Verdict::Final(DataApiError::Silent { request, limit: case.limit }),
            _ => Verdict::Final(DataApiError::Lost { request, source: cause(error) }),
        };
    }
    if is_renewal(&error) {
        return Verdict::Final(DataApiError::Renewal(cause(error)));
    }
    match error {
        SdkError::ConstructionFailure(_) => Verdict::Final(DataApiError::NotMade(cause(error))),
        error => Verdict::Again(Again::Unreached(cause(error))),
    }
}

/// The error without the SDK's own wrapping.
fn cause<E>(error: SdkError<E, HttpResponse>) -> Source
where
    E: std::error::Error + Send + Sync + 'static,
{
    error.into_source().unwrap_or_else(|error| Box::new(error))
}

fn is_renewal<E: std::error::Error + 'static>(error: &SdkError<E, HttpResponse>) -> bool {
    let mut source = error.source();
    while let Some(error) = source {
        if error.is::<CredentialsError>() {
            return true;
        }
        source = error.source();
    }
    false
}

/// An answer that is not in the service's own form. Where it says that it went no further, the statement did not run; else
/// nobody knows.
fn of_somebody_else(answer: &Answer, reason: &str, case: &Case<'_>) -> Verdict {
    let status = answer.status;
    match status {
        // RFC 6585: it was not processed.
        429 => Verdict::Again(Again::Throttled),
        300..500 => Verdict::Final(DataApiError::NotTheApi { status, location: answer.location.clone() }),
        _ => Verdict::Final(DataApiError::Garbled { request: case.request, status, reason: reason.to_owned() }),
    }
}

/// An error in the service's own form: <https://docs.aws.amazon.com/rdsdataservice/latest/APIReference/API_ExecuteStatement.html>.
fn of_the_service(answer: &Answer, code: &str, message: &str, case: &Case<'_>) -> Verdict {
    if is_throttling(code) || answer.status == 429 {
        return Verdict::Again(Again::Throttled);
    }
    let message = message.to_owned();
    let (cluster, secret) = (case.cluster.to_owned(), case.secret.to_owned());
    Verdict::Final(match code {
        "DatabaseResumingException" => return Verdict::Again(Again::Resuming),
        "StatementTimeoutException" => DataApiError::StatementTimeout { continues: case.continues },
        "TransactionNotFoundException" => transaction(message, case),
        "UnsupportedResultException" => {
            too_large(&message.to_lowercase()).unwrap_or(DataApiError::UnsupportedResult { message })
        }
        "HttpEndpointNotEnabledException" => DataApiError::EndpointNotEnabled { cluster },
        "InvalidSecretException" => DataApiError::SecretShape { secret, message },
        "DatabaseUnavailableException"
        | "DatabaseNotFoundException"
        | "ServiceUnavailableError"
        | "InvalidResourceStateException" => DataApiError::Unavailable { code: code.to_owned(), message },
        "RequestEntityTooLargeException" => DataApiError::RequestTooLarge { bytes: super::REQUEST_LIMIT },
        code if is_of_signature(code) => signature(answer, code, message, case),
        // The service has failed in the middle of something, and says nothing about how far it had come.
        _ if answer.status >= 500 => {
            let reason = format!("{code}: {message}");
            DataApiError::Garbled { request: case.request, status: answer.status, reason }
        }
        code => by_message(code, message, case),
    })
}

/// Of a message in lower case: whether the result is larger than the service can answer.
fn too_large(text: &str) -> Option<DataApiError> {
    let says = |words: &[&str]| words.iter().any(|words| text.contains(words));
    if says(&["response size limit", "response exceeded size limit"]) {
        return Some(DataApiError::ResponseTooLarge);
    }
    // The second is the driver's name for a row that does not fit the buffer which the service gives it.
    says(&["row exceed", "packet for query is too large", "row size limit"]).then_some(DataApiError::RowTooLarge)
}

/// The errors that one code stands for many of: what they are about is in their text.
fn by_message(code: &str, message: String, case: &Case<'_>) -> DataApiError {
    let (cluster, secret) = (case.cluster.to_owned(), case.secret.to_owned());
    let text = message.to_ascii_lowercase();
    let says = |words: &str| text.contains(words);
    let is_database = code == "DatabaseErrorException";
    if is_database || code == "BadRequestException" {
        if let Some(error) = too_large(&text) {
            return error;
        }
        if !is_database && says("transaction") && says("not found") {
            return transaction(message, case);
        }
        let fault = fault::parse(&message);
        if fault.code == Some(LOGIN_REFUSED) || fault.code.is_none() && text.starts_with("access denied for user") {
            return DataApiError::LoginRefused { secret, fault };
        }
        if is_database || fault.code.is_some() || fault.state.is_some() {
            return DataApiError::Statement(fault);
        }
    }
    if says("httpendpoint is") || says("http endpoint is") {
        return DataApiError::EndpointNotEnabled { cluster };
    }
    if let Some(action) = refused_action(&message).map(str::to_owned) {
        return denied(&action, message, case);
    }
    let is_about_secret = code == "SecretsErrorException" || says("secret");
    if is_about_secret {
        let is_absent = says("not found") || says("can't find") || says("doesn't exist") || says("does not exist");
        return match () {
            () if is_absent => DataApiError::UnknownSecret { secret, message },
            () if says("kms") || says("decrypt") => denied("kms:Decrypt", message, case),
            () if says("denied") || says("not authorized") => denied("secretsmanager:GetSecretValue", message, case),
            () => DataApiError::SecretShape { secret, message },
        };
    }
    if code.contains("AccessDenied") || code == "ForbiddenException" {
        return denied(case.request.action(), message, case);
    }
    if code == "NotFoundException" || says("not found") && (says("cluster") || says("resource")) {
        return DataApiError::UnknownCluster { cluster, region: case.region.to_owned(), message };
    }
    if code == "BadRequestException" {
        return DataApiError::Statement(fault::parse(&message));
    }
    DataApiError::Refused { request: case.request, code: code.to_owned(), message }
}

/// `… is not authorized to perform: ACTION on resource: …`.
fn refused_action(message: &str) -> Option<&str> {
    let (_, rest) = message.split_once("not authorized to perform: ")?;
    rest.split_whitespace().next().filter(|action| action.contains(':'))
}

fn denied(action: &str, message: String, case: &Case<'_>) -> DataApiError {
    let action_name = action.to_owned();
    if action.starts_with("rds-data:") || action.starts_with("rds:") {
        DataApiError::Denied { action: action_name, cluster: case.cluster.to_owned(), message }
    } else {
        DataApiError::SecretDenied { action: action_name, secret: case.secret.to_owned(), message }
    }
}

fn transaction(message: String, case: &Case<'_>) -> DataApiError {
    let (idle, age) = case.transaction;
    let end = match () {
        () if age >= TRANSACTION_LIMIT => TransactionEnd::Old,
        () if idle >= IDLE_LIMIT => TransactionEnd::Idle,
        () => TransactionEnd::Other,
    };
    DataApiError::TransactionGone { end, idle, age, message }
}

/// Complaints about who signed, where and when.
fn signature(answer: &Answer, code: &str, message: String, case: &Case<'_>) -> DataApiError {
    if message.contains("scoped to a valid region") || message.contains("correct region") {
        return DataApiError::WrongRegion { region: case.region.to_owned(), message };
    }
    let ahead = answer.date.as_deref().and_then(|date| skew(date, case.now));
    let fault = match ahead.filter(|seconds| seconds.unsigned_abs() > TOLERATED_SKEW.as_secs()) {
        Some(seconds) if !code.starts_with("ExpiredToken") => CallFault::Clock { seconds },
        _ if code.starts_with("Expired") => CallFault::Expired,
        _ => CallFault::UnknownKeys { message },
    };
    DataApiError::Call { action: case.request.action(), fault }
}
