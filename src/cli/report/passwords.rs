//! What is said about passwords: of secrets, and of what a person types or hands over.

use super::aws::advice;
use super::{Report, shell_word};
use crate::aws::{SecretError, ShapeProblem};
use crate::cli::exit_status::ExitStatus;
use crate::cli::passwords::PasswordError;
use crate::os::HandedError;
use crate::target::{Arn, Origin};

impl From<PasswordError> for Report {
    fn from(error: PasswordError) -> Self {
        match error {
            PasswordError::Token(error) => error.into(),
            PasswordError::Secret(error) => error.into(),
            PasswordError::OtherUser { ref user, ref named, .. } => {
                let leave_out = match &named.origin {
                    Origin::Flag(flag) => format!("leave {flag} out"),
                    Origin::Variable(name) => format!("run unset {name}"),
                    _ => format!("leave {}@ out of HOST", named.user),
                };
                Self::new(ExitStatus::Usage, &error)
                    .hint(format!("{leave_out} to log in as {user}"))
                    .hint(format!("or name the secret of {} with --secret-arn", named.user))
            }
            PasswordError::NotTyped { .. } => Self::bug(error),
        }
    }
}

impl From<SecretError> for Report {
    fn from(error: SecretError) -> Self {
        let report = |status| Self::new(status, &error).without_empty_words();
        match error {
            SecretError::Credentials(error) => error.into(),
            SecretError::Unknown { ref arn } => report(ExitStatus::Refused)
                .hint(format!("see which there are: aws secretsmanager list-secrets{}", region(arn)))
                .hint("the region is the one in the ARN; an ARN ends in a hyphen and six characters"),
            SecretError::Deleted { ref arn } => report(ExitStatus::Refused).hint(format!(
                "run aws secretsmanager restore-secret --secret-id {}{}, or name another with --secret-arn",
                shell_word(arn),
                region(arn)
            )),
            SecretError::NoCurrentValue { ref arn } => report(ExitStatus::Refused).hint(format!(
                "no version is labelled AWSCURRENT: run aws secretsmanager list-secret-version-ids --secret-id {}{}",
                shell_word(arn),
                region(arn)
            )),
            SecretError::Denied { ref arn, action: "kms:Decrypt", .. } => report(ExitStatus::Refused)
                .hint(format!(
                    "your AWS identity needs kms:Decrypt on the key of the secret: run aws secretsmanager describe-secret \
                     --secret-id {}{} --query KmsKeyId",
                    shell_word(arn),
                    region(arn)
                ))
                .hint("the key's own policy must allow it, too"),
            SecretError::Denied { ref arn, action, .. } => report(ExitStatus::Refused)
                .hint(format!("your AWS identity needs {action} on {arn}; aws sts get-caller-identity shows who you are")),
            SecretError::Key { ref arn, .. } => report(ExitStatus::Refused).hint(format!(
                "see whether it is enabled: aws secretsmanager describe-secret --secret-id {}{} --query KmsKeyId, then aws kms \
                 describe-key",
                shell_word(arn),
                region(arn)
            )),
            SecretError::Call { ref fault, .. } => {
                let (status, hint) = advice("secretsmanager:GetSecretValue", fault);
                report(status).hint(hint)
            }
            SecretError::Shape { problem, .. } => {
                let report = report(ExitStatus::Usage).hint(r#"a login is a JSON text like {"username": "app", "password": "…"}"#);
                match problem {
                    ShapeProblem::Binary => report.hint("store it as a secret string"),
                    ShapeProblem::NotAnObject
                    | ShapeProblem::Missing(_)
                    | ShapeProblem::NotText(_)
                    | ShapeProblem::User
                    | ShapeProblem::Nul => report.hint("name the secret of a database user with --secret-arn"),
                }
            }
        }
    }
}

/// The region of an ARN, as an option of the AWS CLI.
fn region(arn: &str) -> String {
    Arn::parse(arn).map(|arn| format!(" --region {}", shell_word(arn.region))).unwrap_or_default()
}

impl From<HandedError> for Report {
    fn from(error: HandedError) -> Self {
        let report = Self::new(ExitStatus::Usage, &error);
        match error {
            HandedError::Standard { .. } => report.hint("use another: --password-fd 3 3<FILE"),
            HandedError::Unreadable { number, .. } => report.hint(format!(
                "open it for rdsconn: {number}<FILE behind the command, or {number}< <(COMMAND) in bash"
            )),
            HandedError::Terminal { .. } => {
                report.hint("leave --password-fd out: the password is asked for on the terminal, and not shown")
            }
            HandedError::Empty => report.hint("a user without a password cannot log in from here"),
            HandedError::TooLong => report.hint("only the first line is read: does it end?"),
            HandedError::NotText => report.hint("store the password as UTF-8 text on one line"),
        }
    }
}
