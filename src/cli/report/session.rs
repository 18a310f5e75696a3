//! What is said about plans, and which room's words serve when opening fails.

use super::{Report, mysql};
use crate::cli::exit_status::ExitStatus;
use crate::session::{Error, Plan, PlanError};
use crate::{aws, ssh};

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
            PlanError::NoBastion { .. } => {
                report.hint("name one with -J, RDSCONN_BASTION, or bastion = in a convention")
            }
            PlanError::NotAvailable { .. } => {
                report.hint("this version has route \"direct\" and \"tunnel\", auth \"iam\", and AWS profiles")
            }
        }
    }
}

/// Reports why a plan could not be opened.
pub(crate) fn report(error: Error<aws::Error, ssh::Error, crate::mysql::Error>, plan: &Plan) -> Report {
    match error {
        Error::Token(error) => error.into(),
        Error::Dial(error) => error.into(),
        Error::Login(error) => mysql::report(&error, plan),
        Error::Listener(_) => Report::new(ExitStatus::Network, &error),
    }
}
