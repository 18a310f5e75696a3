//! Why a secret cannot be read, as facts. Words and hints are chosen in `cli::report`. No part of a secret is ever in here.

use std::time::Duration;

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
        source: ServiceFault,
    },
    /// The key that it is encrypted with cannot be used: disabled, deleted, or of another account.
    #[error("the KMS key of the secret {arn} cannot be used")]
    Key {
        /// Which one.
        arn: String,
        /// What AWS said.
        #[source]
        source: ServiceFault,
    },
    /// AWS does not know the access key, or not in that region.
    #[error("AWS in region {region} does not accept the credentials")]
    Stranger {
        /// The region that the ARN names.
        region: String,
        /// What AWS said.
        #[source]
        source: ServiceFault,
    },
    /// The credentials have ended.
    #[error("the AWS credentials have expired")]
    Expired {
        /// What AWS said.
        #[source]
        source: ServiceFault,
    },
    /// The clocks of AWS and of this machine differ by more than signatures allow.
    #[error("this machine's clock differs from that of AWS{}", by(.skew.as_ref()))]
    Clock {
        /// How far this clock is ahead, where AWS told the time; the sign is [`Skew`]'s.
        skew: Option<Skew>,
        /// What AWS said.
        #[source]
        source: ServiceFault,
    },
    /// AWS would not answer yet, however often it was asked.
    #[error("Secrets Manager did not answer after {calls} calls in {} s", took.as_secs())]
    Busy {
        /// How often it was asked.
        calls: u32,
        /// For how long.
        took: Duration,
        /// What AWS said last.
        #[source]
        source: ServiceFault,
    },
    /// No answer at all.
    #[error("Secrets Manager in region {region} cannot be reached")]
    Unreachable {
        /// The region that the ARN names.
        region: String,
        /// What the SDK said.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// No answer in time.
    #[error("Secrets Manager in region {region} did not answer within {} s", limit.as_secs_f32())]
    Timeout {
        /// The region that the ARN names.
        region: String,
        /// How long it had.
        limit: Duration,
    },
    /// Something answered that does not speak as Secrets Manager does. What it said is not shown: it may hold the secret.
    #[error(
        "what answered for Secrets Manager in region {region} gave no answer that can be read (HTTP status {status})"
    )]
    Garbage {
        /// The region that the ARN names.
        region: String,
        /// Of its answer.
        status: u16,
    },
    /// AWS refused for another reason.
    #[error("Secrets Manager does not give the secret {arn}")]
    Refused {
        /// Which one.
        arn: String,
        /// What AWS said.
        #[source]
        source: ServiceFault,
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

/// What an AWS service says when it refuses.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {message}")]
pub struct ServiceFault {
    /// For example `AccessDeniedException`.
    pub code: String,
    /// For people.
    pub message: String,
}

/// How far two clocks are apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Skew {
    /// Whole seconds.
    pub seconds: u64,
    /// Whether this machine's clock is the one that is ahead.
    pub is_ahead: bool,
}

fn by(skew: Option<&Skew>) -> String {
    skew.map_or_else(String::new, |Skew { seconds, is_ahead }| {
        format!(": it is {seconds} s {}", if *is_ahead { "ahead" } else { "behind" })
    })
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
