//! Reads a database login from Secrets Manager (`GetSecretValue`, the version labelled `AWSCURRENT`).
//!
//! Reading changes nothing, so what a busy service did not answer is asked again, with pauses that differ from one process
//! to the next. Nothing is kept anywhere: each login has its own reading.

use std::time::{Duration, SystemTime};

use aws_sdk_secretsmanager::Client;
use aws_sdk_secretsmanager::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_secretsmanager::operation::get_secret_value::{GetSecretValueError, GetSecretValueOutput};
use aws_sdk_secretsmanager::primitives::{DateTime, DateTimeFormat};

use self::content::Content;
use super::patience::{Failed, is_busy, patiently};
use super::{Login, Service};
use crate::backend::AuthToken;
use crate::target::Arn;

mod content;
mod error;

pub use error::{SecretError, ServiceFault, ShapeProblem, Skew};

/// How long a password is offered before it is read again: rotation leaves the old one good for about as long.
const LIFETIME: Duration = Duration::from_mins(1);

/// One secret.
#[derive(Debug)]
pub struct Secrets {
    /// Who reads.
    pub login: Login,
    /// Which one. Its ARN says where it is.
    pub arn: String,
}

type Failure = SdkError<GetSecretValueError>;

impl Secrets {
    /// The user and the password that are in force now.
    pub async fn read(&self) -> Result<AuthToken, SecretError> {
        let region = Arn::parse(&self.arn).map(|arn| arn.region.to_owned()).unwrap_or_default();
        let service = Service { login: self.login.clone(), region };
        let limit = self.login.timeout;
        let client = Client::new(&service.configuration(Some(limit)).await?);
        let call = || client.get_secret_value().secret_id(&self.arn).send();
        let answer = patiently(call).await.map_err(|failed| self.classify(&service.region, failed))?;
        let Content { user, password } = self.content(answer)?;
        Ok(AuthToken { user, secret: password, not_after: SystemTime::now() + LIFETIME, may_be_stale: true })
    }

    fn content(&self, answer: GetSecretValueOutput) -> Result<Content, SecretError> {
        let content = match (answer.secret_string, answer.secret_binary) {
            (Some(text), _) => Content::parse(secrecy::zeroize::Zeroizing::new(text).as_str()),
            (None, Some(_)) => Err(ShapeProblem::Binary),
            (None, None) => return Err(SecretError::NoCurrentValue { arn: self.arn.clone() }),
        };
        content.map_err(|problem| SecretError::Shape { arn: self.arn.clone(), problem })
    }

    /// Tells the SDK's failures apart. Of an answer that could not be read nothing is passed on but its status.
    fn classify(&self, region: &str, Failed { failure, calls, took }: Failed<GetSecretValueError>) -> SecretError {
        let region = region.to_owned();
        let status = failure.raw_response().map(|answer| answer.status().as_u16()).unwrap_or_default();
        let skew = skew(&failure, SystemTime::now());
        match failure {
            SdkError::ServiceError(context) => {
                let error = context.into_err();
                match fault(&error) {
                    Some(source) if is_busy(status, &source.code) => SecretError::Busy { calls, took, source },
                    Some(source) => self.refusal(region, skew, source),
                    None if is_busy(status, "") => SecretError::Busy { calls, took, source: unnamed(status) },
                    None => SecretError::Garbage { region, status },
                }
            }
            SdkError::TimeoutError(_) => SecretError::Timeout { region, limit: self.login.timeout },
            SdkError::DispatchFailure(failure) if failure.is_timeout() => {
                SecretError::Timeout { region, limit: self.login.timeout }
            }
            SdkError::ResponseError(_) if is_busy(status, "") => {
                SecretError::Busy { calls, took, source: unnamed(status) }
            }
            SdkError::ResponseError(_) => SecretError::Garbage { region, status },
            // Nothing of an answer is in these.
            failure => SecretError::Unreachable { region, source: Box::new(failure) },
        }
    }

    /// By the codes in the "Errors" of `GetSecretValue` and in "Common Errors" of Secrets Manager's reference.
    fn refusal(&self, region: String, skew: Option<Skew>, source: ServiceFault) -> SecretError {
        let arn = self.arn.clone();
        let says = |word: &str| source.message.contains(word);
        match source.code.as_str() {
            "ResourceNotFoundException" if says("staging label") => SecretError::NoCurrentValue { arn },
            "ResourceNotFoundException" => SecretError::Unknown { arn },
            "InvalidRequestException" if says("deletion") || says("deleted") => SecretError::Deleted { arn },
            "AccessDeniedException" | "AccessDenied" => {
                let action =
                    if says("kms:") || says("Access to KMS") { "kms:Decrypt" } else { "secretsmanager:GetSecretValue" };
                SecretError::Denied { arn, action, source }
            }
            "DecryptionFailure" | "DecryptionFailureException" => SecretError::Key { arn, source },
            "ExpiredTokenException" | "ExpiredToken" => SecretError::Expired { source },
            "InvalidSignatureException" | "RequestExpired" | "RequestTimeTooSkewed" | "SignatureDoesNotMatch"
                if says("expired")
                    || says("yet current")
                    || says("skew")
                    || skew.is_some_and(|skew| skew.seconds > 240) =>
            {
                SecretError::Clock { skew, source }
            }
            "UnrecognizedClientException"
            | "InvalidClientTokenId"
            | "IncompleteSignature"
            | "InvalidSignatureException"
            | "SignatureDoesNotMatch"
            | "MissingAuthenticationToken" => SecretError::Stranger { region, source },
            _ => SecretError::Refused { arn, source },
        }
    }
}

/// What the service said of itself. `None` where it was not Secrets Manager that answered.
fn fault(error: &GetSecretValueError) -> Option<ServiceFault> {
    let code = error.code()?.to_owned();
    Some(ServiceFault { code, message: error.message().unwrap_or("no more was said").to_owned() })
}

/// A refusal without a name, as a proxy on the way to the service gives it.
fn unnamed(status: u16) -> ServiceFault {
    ServiceFault { code: format!("HTTP status {status}"), message: "no more was said".to_owned() }
}

/// How far the clocks are apart, by the time that the answer bears.
fn skew(failure: &Failure, now: SystemTime) -> Option<Skew> {
    let date = failure.raw_response()?.headers().get("date")?;
    let theirs = SystemTime::try_from(DateTime::from_str(date, DateTimeFormat::HttpDate).ok()?).ok()?;
    Some(match now.duration_since(theirs) {
        Ok(ahead) => Skew { seconds: ahead.as_secs(), is_ahead: true },
        Err(behind) => Skew { seconds: behind.duration().as_secs(), is_ahead: false },
    })
}
