//! What is said about logins, statements and certificates.

use super::Report;
use crate::cli::exit_status::ExitStatus;
use crate::mysql::{CertificateFault, Error, ServerFault};
use crate::session::{LoginPlan, Plan};
use crate::target::Auth;

/// `ER_ACCESS_DENIED_ERROR`.
const ACCESS_DENIED: u16 = 1045;
/// `ER_DBACCESS_DENIED_ERROR`.
const DATABASE_DENIED: u16 = 1044;
/// `ER_PLUGIN_IS_NOT_LOADED`.
const PLUGIN_NOT_LOADED: u16 = 1524;
/// `ER_BAD_DB_ERROR`.
const UNKNOWN_DATABASE: u16 = 1049;
/// `ER_CON_COUNT_ERROR`, `ER_HOST_IS_BLOCKED`, `ER_HOST_NOT_PRIVILEGED`, `ER_SERVER_SHUTDOWN`: about the server, not about you.
const NOT_NOW: [u16; 4] = [1040, 1129, 1130, 1053];

/// Reports an error of the database, with what the plan adds to it.
pub(crate) fn report(error: &Error, plan: &Plan) -> Report {
    let report = |status| Report::new(status, error);
    match error {
        Error::Unreachable { address, .. } => report(ExitStatus::Network).hint(format!(
            "see whether {address} is up and whether its security group lets {} in",
            if plan.bastion.is_empty() { "this machine" } else { "the bastion" }
        )),
        Error::Timeout { .. } => report(ExitStatus::Network).hint("give it longer with --connect-timeout SECONDS"),
        Error::NoTls { .. } => report(ExitStatus::Network)
            .hint(format!(
                "{} is never sent without TLS; is this really the RDS endpoint? run rdsconn explain",
                if plan.auth() == Auth::Iam { "a token" } else { "a password" }
            )),
        Error::WantsClear { .. } => {
            report(ExitStatus::Network).hint("log in with --ssl-mode VERIFY_IDENTITY, and --ssl-ca FILE if its root is not known")
        }
        Error::Plugin { .. } => report(ExitStatus::Network).hint(
            "there are caching_sha2_password, mysql_native_password, client_ed25519 and mysql_clear_password: run ALTER USER \
             … IDENTIFIED WITH one of them",
        ),
        Error::Certificate { fault, .. } => certificate(report(ExitStatus::Network), fault, plan),
        Error::Tls { .. } | Error::Protocol { .. } => report(ExitStatus::Network)
            .hint("is this really a MySQL server? run rdsconn explain to see what is dialled"),
        Error::Refused { fault, .. } => refused(report(ExitStatus::Refused), fault, plan),
        Error::Statement(_) => report(ExitStatus::Statement),
        Error::StatementTooLong { .. } => report(ExitStatus::Usage).hint("split it, for example into several INSERTs"),
        Error::Lost(_) | Error::Silent { .. } => report(ExitStatus::Incomplete)
            .hint("whether the statement took effect is not known: look before you run it again"),
        Error::LocalInfile => report(ExitStatus::Statement)
            .hint("LOAD DATA LOCAL is not supported: a server could ask for any file of this machine"),
        Error::Roots { .. } => {
            report(ExitStatus::Usage).hint("give a PEM file with --ssl-ca, RDSCONN_SSL_CA or ssl_ca =")
        }
        Error::Output(_) => report(ExitStatus::Incomplete),
    }
}

fn certificate(report: Report, fault: &CertificateFault, plan: &Plan) -> Report {
    let endpoint = &plan.endpoint.host;
    match fault {
        CertificateFault::UnknownIssuer => report
            .hint(match &plan.region {
                Some(region) => format!(
                    "the root of region {region} may be newer than this program, or not among the 27 regions it carries: \
                     download AWS's bundle {region}-bundle.pem and name it with --ssl-ca FILE or ssl_ca ="
                ),
                None => "name the file of the root that has signed it with --ssl-ca FILE or ssl_ca =".to_owned(),
            })
            .hint("if the region's bundle does not help either, somebody else is answering: stop here"),
        CertificateFault::WrongName { presented } if presented.is_empty() => {
            report.hint(format!("another server answered for {endpoint}: run rdsconn explain to see what is dialled"))
        }
        CertificateFault::WrongName { presented } => report.hint(format!(
            "it is for {}: set endpoint = to that name if this is the right server, and address = to what is dialled",
            presented.join(", ")
        )),
        CertificateFault::Expired | CertificateFault::NotYetValid => {
            report.hint("check this machine's clock with date; RDS rotates its certificates by itself")
        }
        CertificateFault::Other => report,
    }
}

/// Error 1045 has many causes and one text. The likely ones are listed with what is needed to rule them out.
fn refused(report: Report, fault: &ServerFault, plan: &Plan) -> Report {
    match fault.code {
        ACCESS_DENIED => denied(report, plan),
        PLUGIN_NOT_LOADED if plan.auth() == Auth::Iam => report.hint(
            "IAM authentication is off: run aws rds modify-db-cluster --enable-iam-database-authentication (or modify-db-instance)",
        ),
        UNKNOWN_DATABASE => report.hint("leave out -D and run show databases"),
        DATABASE_DENIED => match plan.user() {
            Some(user) => report.hint(format!("the server knows {user}, but {user} has no right on that database: run show grants")),
            None => report.hint("the server knows the user, who has no right on that database: run show grants"),
        },
        code if NOT_NOW.contains(&code) => Report { status: ExitStatus::Network, ..report },
        _ => report,
    }
}

fn denied(report: Report, plan: &Plan) -> Report {
    match &plan.login {
        LoginPlan::Token { user, region } => report
            .hint(format!(
                "the token was signed for region {region}, endpoint {}, user {user}: are all three right?",
                plan.endpoint
            ))
            .hint(format!(
                "the user must exist: CREATE USER '{user}' IDENTIFIED WITH AWSAuthenticationPlugin AS 'RDS' (names are \
                 case-sensitive)"
            ))
            .hint("your AWS identity needs rds-db:connect on arn:aws:rds-db:REGION:ACCOUNT:dbuser:RESOURCE-ID/USER")
            .hint("IAM authentication must be on: aws rds describe-db-clusters --query 'DBClusters[].IAMDatabaseAuthenticationEnabled'"),
        LoginPlan::Secret { arn } => report
            .hint(format!(
                "what the secret {arn} holds is not the password of that user on this database: is it the secret of another \
                 one? see --secret-arn"
            ))
            .hint("if it is being rotated just now, try again in a minute"),
        LoginPlan::Password { user } => report
            .hint(format!("type it again; names are case-sensitive, and {user} may be known from some hosts only"))
            .hint("if the user logs in with IAM, leave out --auth password"),
    }
}
