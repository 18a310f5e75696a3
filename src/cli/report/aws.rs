//! What is said about credentials and tokens.

use std::sync::Arc;

use super::{Report, shell_word};
use crate::aws::{CallFault, Error};
use crate::cli::exit_status::ExitStatus;
use crate::credential;
use crate::target::nearest;

impl From<Error> for Report {
    fn from(error: Error) -> Self {
        let report = |status| Self::new(status, &error).without_empty_words();
        match &error {
            Error::ProfileFiles(_) => report(ExitStatus::Usage)
                .hint("look at ~/.aws/config and ~/.aws/credentials, or where AWS_CONFIG_FILE points"),
            Error::ProfileMissing { profile, known } => {
                let hint = nearest(profile, known.iter().map(String::as_str)).map_or_else(
                    || format!("run aws configure sso --profile {}, or name another one with --profile", shell_word(profile)),
                    |near| format!("did you mean --profile {}?", shell_word(&near)),
                );
                report(ExitStatus::Refused).hint(hint)
            }
            Error::ProfileInvalid { profile, .. } => {
                let mut report = report(ExitStatus::Refused);
                let profile = shell_word(profile);
                if report.causes.is_empty() {
                    report.causes.push("it names no access key, no role, no SSO session and no credential_process".to_owned());
                    report.hint(format!(
                        "run aws configure sso --profile {profile}, or aws configure --profile {profile} for an access key"
                    ))
                } else {
                    report.hint(format!("run aws configure list --profile {profile}, and edit ~/.aws/config"))
                }
            }
            Error::ProcessFailed { profile, .. } => {
                let profile = shell_word(profile);
                report(ExitStatus::Refused).hint(format!(
                    "run aws configure get credential_process --profile {profile} to see the program, then run that \
                     program: it must print JSON with Version 1"
                ))
            }
            Error::LoginSession { profile } => report(ExitStatus::Refused).hint(format!(
                "add a profile to ~/.aws/config with credential_process = aws configure export-credentials --profile {} \
                 --format process, and name that one",
                shell_word(profile)
            )),
            Error::SsoExpired { profile, .. } => {
                report(ExitStatus::Refused).hint(format!("run aws sso login --profile {}", shell_word(profile)))
            }
            Error::NoCredentials { .. } => report(ExitStatus::Refused)
                .hint("name a profile with --profile, AWS_PROFILE, or profile = in a convention")
                .hint("on an EC2 instance, set AWS_EC2_METADATA_DISABLED=false to use its role"),
            Error::AccessDenied { profile: Some(profile), .. } => report(ExitStatus::Refused).hint(format!(
                "run aws sts get-caller-identity --profile {}; the role's trust policy must name you",
                shell_word(profile)
            )),
            Error::AccessDenied { profile: None, .. } => {
                report(ExitStatus::Refused).hint("run aws sts get-caller-identity to see who AWS thinks you are")
            }
            Error::CredentialsExpired { profile: Some(profile), .. } => {
                report(ExitStatus::Refused).hint(format!(
                    "get new ones for profile {profile}; aws configure list --profile {} shows where they come from",
                    shell_word(profile)
                ))
            }
            Error::CredentialsExpired { profile: None, .. } => report(ExitStatus::Refused)
                .hint("renew the credentials in the environment, or name a profile with --profile"),
            Error::Unavailable { profile, .. } => {
                let profile = profile.as_ref().map(|profile| format!(" --profile {}", shell_word(profile)));
                report(ExitStatus::Network).hint(format!(
                    "check the network or VPN; aws sts get-caller-identity{} asks the same service",
                    profile.unwrap_or_default()
                ))
            }
            Error::Timeout { .. } => report(ExitStatus::Network)
                .hint("give it longer with --connect-timeout SECONDS, or see what the profile waits for"),
            Error::Call { action, fault } => call(action, fault),
            Error::NoCluster { .. } => report(ExitStatus::Refused)
                .hint("is it the right account and region? name the cluster with --cluster-arn and its secret with --secret-arn"),
            Error::Stored { name, source } => match source.downcast_ref::<Arc<credential::Error>>() {
                Some(error) => Self::from(error.as_ref()),
                None => report(ExitStatus::Refused).hint(format!("run rdsconn credential test {}", shell_word(name))),
            },
            Error::Signing(_) => {
                report(ExitStatus::Bug).hint("check this machine's clock with date; if it is right, report this as a bug")
            }
        }
    }
}

/// What is said about a failed call to a service.
pub(super) fn call(action: &str, fault: &CallFault) -> Report {
    let (status, hint) = advice(action, fault);
    Report::about(status, format!("{action} failed"), fault).without_empty_words().hint(hint)
}

/// What to do about it, and the status to end with.
pub(super) fn advice(action: &str, fault: &CallFault) -> (ExitStatus, String) {
    let (status, hint) = match fault {
        CallFault::Denied { .. } => return (ExitStatus::Refused, format!("your AWS identity needs {action}")),
        CallFault::Expired => (ExitStatus::Refused, "renew the credentials, for example with aws sso login"),
        CallFault::UnknownKeys { .. } => (
            ExitStatus::Refused,
            "run aws sts get-caller-identity to see whether AWS knows these keys; a region that the account has not \
             switched on knows nobody",
        ),
        CallFault::Clock { .. } => (ExitStatus::Refused, "set this machine's clock: run timedatectl"),
        CallFault::Throttled { .. } | CallFault::Broken { .. } => (ExitStatus::Network, "try again in a minute"),
        CallFault::Refused { .. } => (ExitStatus::Refused, "check --region, --profile and the ARNs"),
        CallFault::Timeout => (ExitStatus::Network, "give it longer with --connect-timeout SECONDS"),
        CallFault::Unreachable(_) => {
            (ExitStatus::Network, "check the network or VPN, and the region: --region, or the one in the ARN")
        }
        CallFault::Garbled { .. } => {
            (ExitStatus::Network, "is a proxy in between, or does AWS_ENDPOINT_URL point somewhere else?")
        }
    };
    (status, hint.to_owned())
}

/// What the SDK wraps every failure in. It tells nobody anything, and stands before what does.
const EMPTY_WORDS: [&str; 6] = [
    "an error occurred while loading credentials",
    "an error occurred while loading an access token",
    "the credential provider was not enabled",
    "the credentials provider was not properly configured",
    "dispatch failure",
    "service error",
];

impl Report {
    pub(super) fn without_empty_words(mut self) -> Self {
        self.causes.retain(|cause| !EMPTY_WORDS.contains(&cause.as_str()));
        self
    }
}
