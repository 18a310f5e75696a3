//! What is said about plans, and which room's words serve when opening fails.

use super::{Report, mysql, path_word};
use crate::cli::exit_status::ExitStatus;
use crate::cli::passwords::PasswordError;
use crate::os::PrivateSocketError;
use crate::session::{DataApiPlanError, Error, ListenAddressError, ListenError, Plan, PlanError};
use crate::ssh;

impl From<PlanError> for Report {
    fn from(error: PlanError) -> Self {
        let report = Self::new(ExitStatus::Usage, &error);
        match error {
            PlanError::NoUser { .. } => {
                report.hint("give one with -u, RDSCONN_USER, user@HOST, or user = in a convention")
            }
            PlanError::NoRegion { .. } => {
                report.hint("give one with --region, RDSCONN_REGION, or region = in a convention or in the AWS profile")
            }
            PlanError::NoSecret { .. } => {
                report.hint("give its ARN with --secret-arn, RDSCONN_SECRET_ARN, or secret_arn = in a convention")
            }
            PlanError::NoBastion { .. } => {
                report.hint("name one with -J, RDSCONN_BASTION, or bastion = in a convention")
            }
            PlanError::NoConnection => {
                report.hint("run SQL on it, rdsconn HOST 'select 1', or choose another route with --route tunnel")
            }
        }
    }
}

impl From<DataApiPlanError> for Report {
    fn from(error: DataApiPlanError) -> Self {
        let report = Self::new(ExitStatus::Usage, &error);
        match error {
            DataApiPlanError::NoCluster => report.hint("give --cluster-arn, or --endpoint to have it looked up"),
            DataApiPlanError::NoRegion => {
                report.hint("give one with --region or RDSCONN_REGION, or name the cluster with --cluster-arn")
            }
            DataApiPlanError::OtherRegion { .. } => report.hint("leave out the region: the ARN says it"),
            DataApiPlanError::SecretElsewhere { .. } => report
                .hint("the Data API reads secrets of its own region only; replicate the secret, or name another one"),
            DataApiPlanError::Password => {
                report.hint("name a secret with --secret-arn, or use another route with --route tunnel")
            }
        }
    }
}

/// Reports why a plan could not be opened.
pub(crate) fn report(error: Error<PasswordError, ssh::Error, crate::mysql::Error>, plan: &Plan) -> Report {
    match error {
        Error::Password(error) => error.into(),
        Error::Dial(error) => error.into(),
        Error::Login(error) => mysql::report(&error, plan),
        Error::Listener(_) => Report::new(ExitStatus::Network, &error),
    }
}

impl From<ListenAddressError> for Report {
    fn from(error: ListenAddressError) -> Self {
        let report = Self::new(ExitStatus::Usage, &error);
        match error {
            ListenAddressError::Form { .. } => {
                report.hint("for example --listen 127.0.0.1:3307; port 0 is any that is free")
            }
            ListenAddressError::NotLoopback { .. } => {
                report.hint("a tunnel is for this user of this machine only; give 127.0.0.1:PORT or unix:PATH")
            }
        }
    }
}

impl From<ListenError> for Report {
    fn from(error: ListenError) -> Self {
        let report = Self::new(ExitStatus::Network, &error);
        match &error {
            ListenError::PortTaken { .. } => report.hint("choose another, or 127.0.0.1:0 for any that is free"),
            ListenError::Port { .. } => report.hint("choose one above 1023, or 127.0.0.1:0 for any that is free"),
            ListenError::Socket(PrivateSocketError::Taken { path }) => {
                report.hint(format!("run fuser {} to see who has it", path_word(path)))
            }
            ListenError::Socket(PrivateSocketError::InTheWay { path }) => {
                report.hint(format!("run ls -l {}, and choose another path or remove it", path_word(path)))
            }
            ListenError::Socket(PrivateSocketError::OpenFolder { path, .. }) => {
                report.hint(format!("run chmod 700 {}, or choose a folder of your own", path_word(path)))
            }
            ListenError::Socket(PrivateSocketError::TooLong { .. }) => report.hint("choose a shorter one"),
            ListenError::Socket(PrivateSocketError::NotMade { path, .. }) => {
                report.hint(format!("run ls -ld {}", path_word(path.parent().unwrap_or(path))))
            }
        }
    }
}
