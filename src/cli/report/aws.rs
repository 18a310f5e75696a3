//! What is said about credentials and tokens.

use super::Report;
use crate::aws::Error;
use crate::cli::exit_status::ExitStatus;
use crate::target::nearest;

impl From<Error> for Report {
    fn from(error: Error) -> Self {
        let report = |status| Self::new(status, &error);
        match &error {
            Error::ProfileFiles(_) => report(ExitStatus::Usage)
                .hint("look at ~/.aws/config and ~/.aws/credentials, or where AWS_CONFIG_FILE points"),
            Error::ProfileMissing { profile, known } => {
                let hint = nearest(profile, known.iter().map(String::as_str)).map_or_else(
                    || format!("run aws configure sso --profile {profile}, or name another one with --profile"),
                    |near| format!("did you mean --profile {near}?"),
                );
                report(ExitStatus::Refused).hint(hint)
            }
            Error::ProfileInvalid { profile, .. } => {
                report(ExitStatus::Refused).hint(format!("run aws sts get-caller-identity --profile {profile}"))
            }
            Error::SsoExpired { profile, .. } => {
                report(ExitStatus::Refused).hint(format!("run aws sso login --profile {profile}"))
            }
            Error::NoCredentials { .. } => report(ExitStatus::Refused)
                .hint("name a profile with --profile, AWS_PROFILE, or profile = in a convention")
                .hint("on an EC2 instance, set AWS_EC2_METADATA_DISABLED=false to use its role"),
            Error::AccessDenied { profile: Some(profile), .. } => report(ExitStatus::Refused).hint(format!(
                "run aws sts get-caller-identity --profile {profile}; the role's trust policy must name you"
            )),
            Error::AccessDenied { profile: None, .. } => {
                report(ExitStatus::Refused).hint("run aws sts get-caller-identity to see who AWS thinks you are")
            }
            Error::CredentialsExpired { profile: Some(profile), .. } => {
                report(ExitStatus::Refused).hint(format!("renew the credentials of profile {profile}"))
            }
            Error::CredentialsExpired { profile: None, .. } => report(ExitStatus::Refused)
                .hint("renew the credentials in the environment, or name a profile with --profile"),
            Error::Unavailable { .. } => report(ExitStatus::Network),
            Error::Timeout { .. } => report(ExitStatus::Network)
                .hint("give it longer with --connect-timeout, or see what the profile waits for"),
            Error::Signing(_) => report(ExitStatus::Bug),
        }
    }
}
