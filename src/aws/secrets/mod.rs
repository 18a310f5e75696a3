//! Reads a database login from Secrets Manager (`GetSecretValue`, the version labelled `AWSCURRENT`).
//!
//! Reading changes nothing, so what a busy service did not answer is asked again, with pauses that differ from one process
//! to the next. Nothing is kept anywhere: each login has its own reading.

use std::time::{Duration, SystemTime};

use aws_sdk_secretsmanager::Client;
use aws_sdk_secretsmanager::operation::get_secret_value::GetSecretValueOutput;

use self::content::Content;
use super::call::{self, CallFault};
use super::{Login, Service};
use crate::backend::AuthToken;
use crate::target::Arn;

mod content;
mod error;

pub use error::{SecretError, ShapeProblem};

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

impl Secrets {
    /// The user and the password that are in force now.
    pub async fn read(&self) -> Result<AuthToken, SecretError> {
        let region = Arn::parse(&self.arn).map(|arn| arn.region.to_owned()).unwrap_or_default();
        let service = Service { login: self.login.clone(), region };
        let client = Client::new(&service.configuration(Some(self.login.timeout)).await?);
        let answer = call::read(|| client.get_secret_value().secret_id(&self.arn).send()).await;
        let answer = answer.map_err(|fault| failure(self.arn.clone(), fault))?;
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
}

/// What only a secret can have wrong with it, by the "Errors" of `GetSecretValue` in Secrets Manager's reference.
fn failure(arn: String, fault: CallFault) -> SecretError {
    let (code, message) = match &fault {
        CallFault::Denied { message } if message.contains("kms:") || message.contains("Access to KMS") => {
            return SecretError::Denied { arn, action: "kms:Decrypt", fault };
        }
        CallFault::Denied { .. } => {
            return SecretError::Denied { arn, action: "secretsmanager:GetSecretValue", fault };
        }
        CallFault::Refused { code, message } => (code.as_str(), message.as_str()),
        _ => return SecretError::Call { arn, fault },
    };
    match code {
        "ResourceNotFoundException" if message.contains("staging label") => SecretError::NoCurrentValue { arn },
        "ResourceNotFoundException" => SecretError::Unknown { arn },
        "InvalidRequestException" if message.contains("deletion") || message.contains("deleted") => {
            SecretError::Deleted { arn }
        }
        "DecryptionFailure" | "DecryptionFailureException" => SecretError::Key { arn, fault },
        _ => SecretError::Call { arn, fault },
    }
}
