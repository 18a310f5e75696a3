//! What is said about SQL on the Data API.

use super::{Report, aws, shell_word};
use crate::aws::data_api::{DataApiError, KeyFault, TransactionEnd, cluster_name};
use crate::cli::exit_status::ExitStatus;

const LOOK_FIRST: &str = "whether the statement took effect is not known: look before you run it again";

/// Reports why SQL did not run. `line` is where the statement began, where it helps to say so.
pub(crate) fn report(error: DataApiError, line: Option<u64>) -> Report {
    let mut report = words(error);
    if let (Some(line), ExitStatus::Statement) = (line, report.status) {
        report.error = match report.error.split_once(": ") {
            Some((code, message)) if code.starts_with("ERROR") => format!("{code} at line {line}: {message}"),
            _ => format!("line {line}: {}", report.error),
        };
    }
    report
}

fn words(error: DataApiError) -> Report {
    let report = |status| Report::new(status, &error);
    match &error {
        DataApiError::Account(_) | DataApiError::Incomplete { .. } => nested(error),
        DataApiError::Renewal(_) => report(ExitStatus::Refused).hint("log in again, for example with aws sso login"),
        DataApiError::Call { action, fault } => aws::call(action, fault),
        DataApiError::NotText { .. } => {
            report(ExitStatus::Usage).hint("write bytes as X'…', or use -p name:blob=BASE64")
        }
        DataApiError::RequestTooLarge { .. } => {
            report(ExitStatus::Usage).hint("split the statement, or use another route: --route tunnel")
        }
        DataApiError::Statement(_) | DataApiError::Refused { .. } => report(ExitStatus::Statement),
        DataApiError::ResponseTooLarge => report(ExitStatus::Statement)
            .hint("add LIMIT, or read it in pages by a unique column: --page-by COLUMN")
            .hint("or use another route, on which rows are streamed: --route tunnel"),
        DataApiError::RowTooLarge => report(ExitStatus::Statement)
            .hint("select fewer columns, or SUBSTRING() of the long ones; --route tunnel has no such limit"),
        DataApiError::UnsupportedResult { .. } => {
            report(ExitStatus::Statement).hint("CAST the column to CHAR, or use another route: --route tunnel")
        }
        DataApiError::StatementTimeout { continues: true } => {
            report(ExitStatus::Incomplete).hint("it goes on in the database: see SHOW PROCESSLIST for when it is done")
        }
        DataApiError::StatementTimeout { continues: false } => report(ExitStatus::Statement)
            .hint("for DDL add --continue-after-timeout; for a long query use another route: --route tunnel")
            .hint("split the work, for example with LIMIT"),
        DataApiError::TransactionGone { end, .. } => report(ExitStatus::Statement).hint(match end {
            TransactionEnd::Idle => "send the statements without long waits between them; nothing of it has lasted",
            TransactionEnd::Old => "split the work into several transactions; nothing of it has lasted",
            TransactionEnd::Other => "nothing of it has lasted: run it again",
        }),
        DataApiError::EndpointNotEnabled { cluster } => report(ExitStatus::Refused)
            .hint(format!("run aws rds enable-http-endpoint --resource-arn {}", shell_word(cluster)))
            .hint(format!(
                "Aurora Serverless v1: aws rds modify-db-cluster --db-cluster-identifier {} --enable-http-endpoint",
                shell_word(cluster_name(cluster))
            )),
        DataApiError::Denied { action, cluster, .. } => {
            report(ExitStatus::Refused).hint(format!("allow {action} on {cluster} for this identity"))
        }
        DataApiError::SecretDenied { action, secret, .. } => {
            report(ExitStatus::Refused).hint(format!("allow {action} on {secret} for this identity"))
        }
        DataApiError::SecretShape { .. } => report(ExitStatus::Refused)
            .hint("the secret must be JSON with \"username\" and \"password\"; name another one with --secret-arn"),
        DataApiError::UnknownSecret { .. } => {
            report(ExitStatus::Refused).hint("run aws secretsmanager list-secrets, and name one with --secret-arn")
        }
        DataApiError::LoginRefused { .. } => report(ExitStatus::Refused).hint(
            "the password in the secret is not the database's: rotate it, or name another secret with --secret-arn",
        ),
        DataApiError::UnknownCluster { .. } | DataApiError::WrongRegion { .. } => report(ExitStatus::Refused)
            .hint("run rdsconn explain: is the ARN right, and is it of this account and region?"),
        DataApiError::Resuming { .. } => report(ExitStatus::Network).hint("it is waking up: try again in a minute"),
        DataApiError::Unavailable { .. } => report(ExitStatus::Network)
            .hint("the statement has not run; run aws rds describe-db-clusters to see how the cluster is"),
        DataApiError::Unreachable(_) => {
            report(ExitStatus::Network).hint("check the network or VPN, and --region; nothing was sent")
        }
        DataApiError::NotTheApi { .. } => report(ExitStatus::Network)
            .hint("is a proxy in between, or does AWS_ENDPOINT_URL_RDS_DATA point somewhere else?"),
        DataApiError::Lost { .. } | DataApiError::Silent { .. } | DataApiError::Garbled { .. } => {
            report(ExitStatus::Incomplete).hint(LOOK_FIRST)
        }
        DataApiError::Value { .. } => {
            report(ExitStatus::Incomplete).hint("CAST the column to CHAR, or use another route: --route tunnel")
        }
        DataApiError::Key { reason, .. } => {
            let report = report(ExitStatus::Statement);
            match reason {
                KeyFault::Missing | KeyFault::Ambiguous(_) => {
                    report.hint("name a column of the result as it is printed")
                }
                _ => report.hint("name a column without NULL in which no value comes twice, such as the primary key"),
            }
        }
        DataApiError::NotMade(_) => report(ExitStatus::Bug),
        DataApiError::Output(_) => report(ExitStatus::Incomplete),
    }
}

/// Errors that have words of their own inside.
fn nested(error: DataApiError) -> Report {
    match error {
        DataApiError::Account(error) => error.into(),
        DataApiError::Incomplete { rows, source } => {
            let mut report = words(*source);
            report
                .causes
                .insert(0, std::mem::replace(&mut report.error, format!("the result is incomplete after {rows} rows")));
            report.status = ExitStatus::Incomplete;
            report
        }
        other => Report::bug(other),
    }
}
