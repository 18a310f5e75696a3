//! Why no token can be had, as facts. Words and hints are chosen in `cli::report`.

use std::time::{Duration, SystemTime};

use super::CallFault;

/// Why credentials could not be loaded or a token could not be signed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The AWS configuration files cannot be read or parsed.
    #[error("the AWS configuration files cannot be read")]
    ProfileFiles(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// No file defines the profile.
    #[error("AWS profile {profile:?} is not defined")]
    ProfileMissing {
        /// The profile asked for.
        profile: String,
        /// Every profile that is defined.
        known: Vec<String>,
    },
    /// The profile is defined, but names no source of credentials, or an impossible one.
    #[error("AWS profile {profile:?} cannot give credentials")]
    ProfileInvalid {
        /// The profile asked for.
        profile: String,
        /// What the SDK said.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The program that the profile names as `credential_process` failed, or printed no credentials.
    #[error("the credential_process of AWS profile {profile:?} gave no credentials")]
    ProcessFailed {
        /// The profile asked for.
        profile: String,
        /// What the SDK said; holds the program's standard error, never its standard output.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The profile uses `login_session`, for which the SDK would need a second signature algorithm.
    #[error("AWS profile {profile:?} uses login_session, which this version does not support")]
    LoginSession {
        /// The profile asked for.
        profile: String,
    },
    /// The SSO session behind the profile has ended, or was never begun.
    #[error("the SSO session of AWS profile {profile:?} has expired")]
    SsoExpired {
        /// The profile to log in with: the asked one, or the one that it takes its credentials from.
        profile: String,
        /// What the SDK said.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// No profile was named, and neither the environment nor the default profile has credentials.
    #[error("no AWS credentials were found")]
    NoCredentials {
        /// What the SDK said.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// AWS refused to hand out credentials.
    #[error("AWS refused credentials for {}", who(profile.as_ref()))]
    AccessDenied {
        /// The profile asked for, if one was.
        profile: Option<String>,
        /// What AWS said.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The source of the credentials did not answer, or failed.
    #[error("AWS credentials of {} cannot be loaded", who(profile.as_ref()))]
    Unavailable {
        /// The profile asked for, if one was.
        profile: Option<String>,
        /// What the SDK said.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The credentials end before a token could be used.
    #[error("the AWS credentials of {} have expired", who(profile.as_ref()))]
    CredentialsExpired {
        /// The profile asked for, if one was.
        profile: Option<String>,
        /// When they end.
        expiry: SystemTime,
    },
    /// Credentials did not arrive in time.
    #[error("AWS credentials of {} did not arrive within {} s", who(profile.as_ref()), limit.as_secs_f32())]
    Timeout {
        /// The profile asked for, if one was.
        profile: Option<String>,
        /// How long they had.
        limit: Duration,
    },
    /// A call to an AWS service failed.
    #[error("{action} failed")]
    Call {
        /// What was called, as policies name it, for example `rds:DescribeDBClusters`.
        action: &'static str,
        /// Why.
        #[source]
        fault: CallFault,
    },
    /// RDS knows no such cluster.
    #[error("RDS knows no cluster of {of}")]
    NoCluster {
        /// The endpoint or the ARN.
        of: String,
    },
    /// The keys that are stored under a name cannot be had.
    #[error("the stored credential {name:?} cannot be used")]
    Stored {
        /// The name.
        name: String,
        /// What the store said.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// Signing itself failed; a bug, or a clock before 1970.
    #[error("the token cannot be signed")]
    Signing(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl Error {
    pub(super) fn call(action: &'static str, fault: CallFault) -> Self {
        Self::Call { action, fault }
    }
}

fn who(profile: Option<&String>) -> String {
    profile.map_or_else(|| "the default credential chain".to_owned(), |profile| format!("profile {profile:?}"))
}
