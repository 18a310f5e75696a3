//! What is said about SQL that is run through the Data API.

use super::aws::call;
use super::{Report, shell_word};
use crate::aws::data_api::{DataApiError, KeyFault, StatementFault, TransactionEnd, cluster_name};
use crate::cli::exit_status::ExitStatus;

/// `ER_BAD_DB_ERROR`.
const UNKNOWN_DATABASE: u16 = 1049;
/// `ER_NO_DB_ERROR`.
const NO_DATABASE: u16 = 1046;
/// `ER_DBACCESS_DENIED_ERROR`.
const DATABASE_DENIED: u16 = 1044;

/// The way out of every limit that only the Data API has.
const TUNNEL: &str = "or use --route tunnel, which has no such limit";

impl From<DataApiError> for Report {
    fn from(error: DataApiError) -> Self {
        match error {
            DataApiError::Account(error) => error.into(),
            DataApiError::Call { action, fault } => call(action, &fault),
            DataApiError::Incomplete { rows, source } => incomplete(rows, Self::from(*source)),
            error => report(&error),
        }
    }
}

/// Reports why SQL did not run. `line` is where the statement began, where it helps to say so.
pub(crate) fn data_api(error: DataApiError, line: Option<u64>) -> Report {
    let fault = match &error {
        DataApiError::Statement(fault) => Some(fault.clone()),
        _ => None,
    };
    let mut report = Report::from(error);
    if let (Some(line), Some(fault)) = (line, fault) {
        report.error = fault.at_line(line);
    }
    report
}

/// Rows that are not all: nothing that the cause alone would mean is as important.
fn incomplete(rows: u64, cause: Report) -> Report {
    let mut causes = vec![cause.error];
    causes.extend(cause.causes);
    let error = format!("the result is incomplete after {rows} rows");
    Report { status: ExitStatus::Incomplete, error, causes, hints: cause.hints }
}

fn report(error: &DataApiError) -> Report {
    let new = |status| Report::new(status, error);
    let said = |status, message: &String| {
        let mut report = new(status);
        if !message.is_empty() {
            report.causes.push(message.clone());
        }
        report
    };
    match error {
        DataApiError::Account(_) | DataApiError::Call { .. } | DataApiError::Incomplete { .. } => {
            // Their own words are chosen above.
            new(ExitStatus::Bug)
        }
        DataApiError::Renewal(_) => new(ExitStatus::Refused).hint("renew the credentials, for example with aws sso login"),
        DataApiError::NotText { .. } => new(ExitStatus::Usage)
            .hint("give bytes as X'...' or as a parameter: -p NAME:blob=BASE64")
            .hint(TUNNEL),
        DataApiError::RequestTooLarge { .. } => {
            new(ExitStatus::Usage).hint("split the statement, for example into several INSERTs").hint(TUNNEL)
        }
        DataApiError::Statement(fault) => statement(new(ExitStatus::Statement), fault),
        DataApiError::Refused { .. } => new(ExitStatus::Statement).hint(
            "the Data API takes one statement a call, and not every kind: run it with --route tunnel if it needs a session",
        ),
        DataApiError::ResponseTooLarge => new(ExitStatus::Statement)
            .hint("add a LIMIT, select fewer columns, or read it in pages with --page-by COLUMN")
            .hint(TUNNEL),
        DataApiError::RowTooLarge => new(ExitStatus::Statement)
            .hint("leave the large columns out, or cut them with LEFT(column, 60000)")
            .hint(TUNNEL),
        DataApiError::UnsupportedResult { .. } => new(ExitStatus::Statement)
            .hint("convert the column, for example with CAST(column AS CHAR) or ST_AsText(column)")
            .hint(TUNNEL),
        DataApiError::StatementTimeout { continues: true } => new(ExitStatus::Incomplete)
            .hint("it still runs: look with SHOW PROCESSLIST, and do not run it again before it has ended"),
        DataApiError::StatementTimeout { continues: false } => new(ExitStatus::Statement)
            .hint("for DDL, add --continue-after-timeout")
            .hint(TUNNEL),
        DataApiError::TransactionGone { end, message, .. } => transaction(said(ExitStatus::Statement, message), *end),
        DataApiError::EndpointNotEnabled { cluster } => new(ExitStatus::Refused)
            .hint(format!("run aws rds enable-http-endpoint --resource-arn {}", shell_word(cluster)))
            .hint(format!(
                "for Aurora Serverless v1, run aws rds modify-db-cluster --enable-http-endpoint --db-cluster-identifier {}",
                shell_word(cluster_name(cluster))
            )),
        DataApiError::Denied { action, cluster, message } => said(ExitStatus::Refused, message)
            .hint(format!("your AWS identity needs {action} on {cluster}"))
            .hint("a whole session needs rds-data:ExecuteStatement, BeginTransaction, CommitTransaction and RollbackTransaction"),
        DataApiError::SecretDenied { action, secret, message } => said(ExitStatus::Refused, message).hint(
            if action.starts_with("kms:") {
                format!("your AWS identity needs {action} on the key that encrypts {secret}")
            } else {
                format!("your AWS identity needs {action} on {secret}")
            },
        ),
        DataApiError::SecretShape { secret, message } => said(ExitStatus::Refused, message).hint(format!(
            "it must be JSON with \"username\" and \"password\": run aws secretsmanager get-secret-value --secret-id {} \
             --query SecretString",
            shell_word(secret)
        )),
        DataApiError::UnknownSecret { message, .. } => said(ExitStatus::Refused, message)
            .hint("run aws secretsmanager list-secrets, and name the right one with --secret-arn or secret_arn ="),
        DataApiError::LoginRefused { secret, .. } => new(ExitStatus::Refused).hint(format!(
            "user or password in {secret} are not the database's: rotate it with aws secretsmanager rotate-secret \
             --secret-id {}, or name another one with --secret-arn",
            shell_word(secret)
        )),
        DataApiError::UnknownCluster { region, message, .. } => said(ExitStatus::Refused, message).hint(format!(
            "run aws rds describe-db-clusters --region {} --query 'DBClusters[].DBClusterArn'; is it the right account?",
            shell_word(region)
        )),
        DataApiError::WrongRegion { message, .. } => said(ExitStatus::Refused, message)
            .hint("check --region, the region in the cluster's ARN, and AWS_ENDPOINT_URL_RDS_DATA"),
        DataApiError::Resuming { .. } => {
            new(ExitStatus::Network).hint("it was woken up by this: try again in a minute")
        }
        DataApiError::Unavailable { .. } => new(ExitStatus::Network).hint(
            "run aws rds describe-db-clusters to see its status; the Data API needs a writer that is up, and of no T class",
        ),
        DataApiError::Unreachable(_) => new(ExitStatus::Network).hint("check the network or VPN, and --region"),
        DataApiError::NotTheApi { location, .. } => {
            let report = new(ExitStatus::Network)
                .hint("is a proxy in between, or does AWS_ENDPOINT_URL_RDS_DATA point somewhere else?");
            match location {
                Some(location) => report.hint(format!("it redirects to {location}, which is never followed")),
                None => report,
            }
        }
        DataApiError::Lost { .. } | DataApiError::Silent { .. } | DataApiError::Garbled { .. } => {
            new(ExitStatus::Incomplete)
                .hint("whether the statement took effect is not known: look before you run it again")
        }
        DataApiError::Value { column, .. } => new(ExitStatus::Incomplete)
            .hint(format!("select it as text: CAST({column} AS CHAR)"))
            .hint("the statement has run; or use --route tunnel, where values are exact"),
        DataApiError::Key { reason, .. } => key(new(ExitStatus::Usage), reason),
        DataApiError::NotMade(_) => new(ExitStatus::Bug),
        DataApiError::Output(_) => new(ExitStatus::Incomplete),
    }
}

fn statement(report: Report, fault: &StatementFault) -> Report {
    match fault.code {
        Some(NO_DATABASE) => report.hint("name a database with -D, or write DATABASE.TABLE: USE does not last"),
        Some(UNKNOWN_DATABASE) => report.hint("name another one with -D, or leave it out and run show databases"),
        Some(DATABASE_DENIED) => report.hint("the user in the secret has no right on that database: run show grants"),
        _ => report,
    }
}

fn transaction(report: Report, end: TransactionEnd) -> Report {
    let report = report.hint("nothing that was done in it has taken effect");
    match end {
        TransactionEnd::Idle => report.hint("let no more than 3 minutes pass between two statements"),
        TransactionEnd::Old => report.hint("commit at least once in 24 hours"),
        TransactionEnd::Other => report.hint(
            "the Data API ends a transaction after 3 idle minutes, after 24 hours, and after an error such as a result that \
             is too large",
        ),
    }
}

fn key(report: Report, reason: &KeyFault) -> Report {
    match reason {
        KeyFault::Missing | KeyFault::Ambiguous(_) => {
            report.hint("name a column by the name that it has in the result, or give it one with AS")
        }
        KeyFault::Type(_) | KeyFault::Inexact | KeyFault::Order => report
            .hint("page by a unique column of whole numbers, decimals, times, text or bytes, such as the primary key"),
        KeyFault::Null | KeyFault::NotUnique(_) => {
            report.hint("page by a column whose values are unique and not NULL, such as the primary key")
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::time::Duration;

    use super::*;
    use crate::aws::data_api::Request;
    use crate::aws::{self, CallFault};

    const CLUSTER: &str = "arn:aws:rds:eu-west-1:123456789012:cluster:orders";
    const SECRET: &str = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:orders-AbCdEf";

    /// One of each, with its exit code and a word that its hints must have.
    fn all() -> Vec<(DataApiError, u8, &'static str)> {
        use DataApiError as E;
        let (cluster, secret, message) = (|| CLUSTER.to_owned(), || SECRET.to_owned(), || "said so".to_owned());
        let fault = |code| StatementFault { code, state: None, message: "no".into() };
        let source = || "it broke".into();
        let request = Request::Statement;
        let gone = |end| E::TransactionGone { end, idle: Duration::ZERO, age: Duration::ZERO, message: message() };
        let key = |reason| E::Key { column: "id".into(), reason };
        let incomplete = |source| E::Incomplete { rows: 3, source: Box::new(source) };
        let action = "rds-data:ExecuteStatement";
        vec![
            (E::Account(aws::Error::LoginSession { profile: "p".into() }), 4, "credential_process"),
            (E::Renewal(source()), 4, "renew"),
            (E::Call { action, fault: CallFault::Expired }, 4, "renew"),
            (E::Call { action, fault: CallFault::Clock { seconds: 600 } }, 4, "clock"),
            (E::Call { action, fault: CallFault::Throttled { calls: 5 } }, 5, "again"),
            (E::NotText { at: 3 }, 2, "--route tunnel"),
            (E::RequestTooLarge { bytes: 5_000_000 }, 2, "split"),
            (E::Statement(fault(Some(1064))), 1, ""),
            (E::Statement(fault(Some(1046))), 1, "-D"),
            (E::Statement(fault(Some(1049))), 1, "-D"),
            (E::Refused { request, code: "ValidationException".into(), message: message() }, 1, "--route tunnel"),
            (E::ResponseTooLarge, 1, "LIMIT"),
            (E::ResponseTooLarge, 1, "--page-by"),
            (E::ResponseTooLarge, 1, "--route tunnel"),
            (E::RowTooLarge, 1, "--route tunnel"),
            (E::UnsupportedResult { message: message() }, 1, "CAST"),
            (E::StatementTimeout { continues: false }, 1, "--continue-after-timeout"),
            (E::StatementTimeout { continues: true }, 7, "still runs"),
            (gone(TransactionEnd::Idle), 1, "3 minutes"),
            (gone(TransactionEnd::Old), 1, "24 hours"),
            (gone(TransactionEnd::Other), 1, "3 idle minutes"),
            (
                E::EndpointNotEnabled { cluster: cluster() },
                4,
                "aws rds enable-http-endpoint --resource-arn arn:aws:rds:",
            ),
            (E::EndpointNotEnabled { cluster: cluster() }, 4, "--db-cluster-identifier orders"),
            (E::Denied { action: action.into(), cluster: cluster(), message: message() }, 4, action),
            (E::SecretDenied { action: "kms:Decrypt".into(), secret: secret(), message: message() }, 4, "kms:Decrypt"),
            (E::SecretShape { secret: secret(), message: message() }, 4, "\"username\""),
            (E::UnknownSecret { secret: secret(), message: message() }, 4, "--secret-arn"),
            (E::LoginRefused { secret: secret(), fault: fault(Some(1045)) }, 4, "rotate-secret"),
            (
                E::UnknownCluster { cluster: cluster(), region: "eu-west-1".into(), message: message() },
                4,
                "--region eu-west-1",
            ),
            (E::WrongRegion { region: "eu-west-1".into(), message: message() }, 4, "--region"),
            (E::Resuming { waited: Duration::from_secs(90) }, 5, "again"),
            (E::Unavailable { code: "DatabaseUnavailableException".into(), message: message() }, 5, "writer"),
            (E::Unreachable(source()), 5, "network"),
            (E::NotTheApi { status: 302, location: Some("https://x/".into()) }, 5, "redirects to https://x/"),
            (E::Lost { request, source: source() }, 7, "not known"),
            (E::Silent { request, limit: Duration::from_mins(1) }, 7, "not known"),
            (E::Garbled { request, status: 502, reason: message() }, 7, "not known"),
            (E::Value { column: "d".into(), type_name: "DECIMAL".into() }, 7, "CAST(d AS CHAR)"),
            (key(KeyFault::Missing), 2, "AS"),
            (key(KeyFault::Ambiguous(2)), 2, "AS"),
            (key(KeyFault::Type("DOUBLE".into())), 2, "primary key"),
            (key(KeyFault::Null), 2, "primary key"),
            (key(KeyFault::NotUnique("7".into())), 2, "unique"),
            (incomplete(key(KeyFault::NotUnique("7".into()))), 2, "unique"),
            (incomplete(E::Unreachable(source())), 7, "network"),
            (incomplete(E::Call { action, fault: CallFault::Expired }), 7, "renew"),
            (incomplete(E::Statement(fault(Some(1317)))), 1, ""),
            (E::NotMade(source()), 70, ""),
            (E::Output(io::Error::other("full")), 7, ""),
        ]
    }

    #[test]
    fn r29_every_error_has_its_exit_code_and_a_way_out() {
        for (error, code, word) in all() {
            let said = format!("{error:?}");
            let report = Report::from(error);
            assert_eq!(report.status.code(), code, "{said}");
            assert!(
                report.hints.iter().any(|hint| hint.contains(word)) || word.is_empty(),
                "{said}: {:?}",
                report.hints
            );
            // A clause: it begins with no capital, but for a name in capitals.
            let first: Vec<char> = report.error.chars().take(2).collect();
            assert!(!first[0].is_uppercase() || first[1].is_uppercase(), "{report:?}");
            assert!(!report.causes.contains(&report.error), "{report:?}");
        }
    }

    #[test]
    fn an_incomplete_result_says_so_first_and_then_why() {
        let source = Box::new(DataApiError::Unreachable("refused".into()));
        let report = Report::from(DataApiError::Incomplete { rows: 100, source });
        assert_eq!(report.error, "the result is incomplete after 100 rows");
        assert_eq!(report.causes, ["the Data API cannot be reached", "refused"]);
    }
}
