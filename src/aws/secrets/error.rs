//! Why a secret cannot be read, as facts. Words and hints are chosen in `cli::report`. No part of a secret is ever in here.

use crate::aws::CallFault;

/// Why Secrets Manager gave no user and password. `arn` is always that of the secret.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// Nobody to ask as.
    #[error(transparent)]
    Credentials(#[from] crate::aws::Error),
    /// There is none of that name in the region that its ARN names.
    #[error("Secrets Manager knows no secret {arn}")]
    Unknown {
        /// As it was given.
        arn: String,
    },
    /// It is there, and about to be deleted.
    #[error("the secret {arn} is scheduled for deletion")]
    Deleted {
        /// Which one.
        arn: String,
    },
    /// It is there and has no version that is in force.
    #[error("the secret {arn} has no current value")]
    NoCurrentValue {
        /// Which one.
        arn: String,
    },
    /// The caller may not do what reading it takes.
    #[error("AWS refused {action} on the secret {arn}")]
    Denied {
        /// Which one.
        arn: String,
        /// `secretsmanager:GetSecretValue` or `kms:Decrypt`.
        action: &'static str,
        /// What AWS said.
        #[source]
        fault: CallFault,
    },
    /// The key that it is encrypted with cannot be used: disabled, deleted, or of another account.
    #[error("the KMS key of the secret {arn} cannot be used")]
    Key {
        /// Which one.
        arn: String,
        /// What AWS said.
        #[source]
        fault: CallFault,
    },
    /// The call failed as any call can. Of an answer that could not be read there is nothing in it: it may hold the secret.
    #[error("the secret {arn} cannot be read")]
    Call {
        /// Which one.
        arn: String,
        /// Why.
        #[source]
        fault: CallFault,
    },
    /// It holds something else than a user and a password.
    #[error("the secret {arn} {problem}")]
    Shape {
        /// Which one.
        arn: String,
        /// What is wrong with it, without any of it.
        problem: ShapeProblem,
    },
}

/// Why a secret is no login. Reads on after "the secret …".
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ShapeProblem {
    /// Bytes in place of a text.
    #[error("is binary, not a text")]
    Binary,
    /// No JSON.
    #[error("is not a JSON object")]
    NotAnObject,
    /// A name is missing, or empty.
    #[error("has no {0:?}")]
    Missing(&'static str),
    /// A name has a value of another type.
    #[error("has a {0:?} that is not a text")]
    NotText(&'static str),
    /// No MySQL user can be called that.
    #[error("has a \"username\" that no MySQL user can have")]
    User,
    /// Nobody can log in with a password that holds one.
    #[error("has a \"password\" with a NUL character in it")]
    Nul,
}
