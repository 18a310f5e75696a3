//! What is said about files, conventions and host names.

use super::Report;
use crate::cli::exit_status::ExitStatus;
use crate::config::{Ambiguity, ConfigError, ResolveError};
use crate::os::files::FileError;
use crate::target::{Fault, HostError, LayerError, MatchFailure, Problem};

impl From<FileError> for Report {
    fn from(error: FileError) -> Self {
        let report = Self::new(ExitStatus::Usage, &error);
        match &error {
            FileError::Writable { path, is_folder: false, .. } => {
                report.hint(format!("if nobody has tampered with it, run chmod go-w {}", path.display()))
            }
            FileError::Writable { path, is_folder: true, .. } => {
                report.hint(format!("run chmod go-w {}, and look whether every file in it is yours", path.display()))
            }
            FileError::ForeignOwner { path, .. } => {
                report.hint(format!("if you trust what it says, run sudo chown \"$USER\" {}", path.display()))
            }
            FileError::Unreadable { path, .. } | FileError::NotAFile { path } => {
                report.hint(format!("run ls -ld {}", path.display()))
            }
            FileError::Missing { .. } => report.hint("run rdsconn conventions init to begin one"),
            FileError::Exists { path } => report.hint(format!("edit {}", path.display())),
            FileError::TooLarge { .. } | FileError::NotText { .. } | FileError::NotWritten { .. } => report,
        }
    }
}

impl From<ConfigError> for Report {
    fn from(error: ConfigError) -> Self {
        match error {
            ConfigError::File(error) => error.into(),
            ConfigError::Faults { faults } => of_faults(&faults),
            ConfigError::Variable { .. } => Self::new(ExitStatus::Usage, &error),
        }
    }
}

/// The first fault as the error, the others as its company, each with its own line.
fn of_faults(faults: &[Fault]) -> Report {
    let mut report = Report::usage(faults.first().map(ToString::to_string).unwrap_or_default());
    for fault in faults {
        if !fault.source_line.trim().is_empty() {
            report.causes.push(format!("{}: {}", fault.line, fault.source_line.trim_end()));
        }
        report.hints.extend(advice(fault));
    }
    let files: std::collections::BTreeSet<_> = faults.iter().map(|fault| &fault.path).collect();
    if faults.len() > 1 {
        report.hints.push(format!("{} more; run rdsconn conventions check to see all", faults.len() - 1));
    } else if let (Some(file), true) = (files.first(), report.hints.is_empty()) {
        report.hints.push(format!("edit {}:{}", file.display(), faults[0].line));
    }
    report.causes.truncate(1);
    report
}

/// What to do about one fault, where there is more to say than its place.
pub(crate) fn advice(fault: &Fault) -> Option<String> {
    match &fault.problem {
        Problem::UnknownKey { nearest: Some(nearest), .. } => Some(format!("did you mean {nearest}?")),
        Problem::Template { known, .. } | Problem::LookupWithoutCapture { known, .. } if known.is_empty() => {
            Some("the pattern has no named capture: write (?<name>...)".to_owned())
        }
        Problem::Template { known, .. } | Problem::LookupWithoutCapture { known, .. } => {
            Some(format!("the captures are {}", known.join(", ")))
        }
        Problem::UnknownKey { nearest: None, .. }
        | Problem::Syntax(_)
        | Problem::MissingKey { .. }
        | Problem::WrongKind { .. }
        | Problem::Repeated { .. }
        | Problem::Value { .. }
        | Problem::Setting { .. }
        | Problem::Pattern(_)
        | Problem::Test(_)
        | Problem::RepeatedHost { .. }
        | Problem::UnquotedHost { .. }
        | Problem::FileName => None,
    }
}

impl From<HostError> for Report {
    fn from(error: HostError) -> Self {
        let report = Self::new(ExitStatus::Usage, &error);
        match error {
            HostError::Password => report.hint("leave it out: rdsconn logs in with an IAM token"),
            HostError::Address { .. } => report.hint(
                "name the endpoint, and give the address with --address: the certificate is checked for the name",
            ),
            HostError::Name { .. } => {
                report.hint("a host name has letters, digits, '.', '_' and '-', at most 253 of them")
            }
            HostError::Port { .. }
            | HostError::Scheme { .. }
            | HostError::UrlOptions(_)
            | HostError::Encoding { .. }
            | HostError::Part { .. } => {
                report.hint("HOST is name, user@name:port/database, or mysql://user@name:port/database")
            }
        }
    }
}

impl From<ResolveError> for Report {
    fn from(error: ResolveError) -> Self {
        let report = |status| Self::new(status, &error);
        match &error {
            ResolveError::NothingMatches { alike, convention_count: 0, host_count: 0, .. } if alike.is_empty() => {
                report(ExitStatus::Resolve).hint("run rdsconn conventions init to begin a configuration")
            }
            ResolveError::NothingMatches { alike, .. } if alike.is_empty() => {
                report(ExitStatus::Resolve).hint("run rdsconn conventions list to see what is known")
            }
            ResolveError::NothingMatches { alike, .. } => {
                report(ExitStatus::Resolve).hint(format!("did you mean {}?", alike.join(" or ")))
            }
            ResolveError::NoEndpoint { known_by, .. } => {
                let files: Vec<_> = known_by.iter().map(|file| file.display().to_string()).collect();
                report(ExitStatus::Usage).hint(format!("add endpoint = to {}, or give --endpoint", files.join(" or ")))
            }
            ResolveError::Convention(failure) => of_match(failure),
            ResolveError::Ambiguous(ambiguity) => of_ambiguity(ambiguity),
            ResolveError::Layers(error) => of_layers(error),
        }
    }
}

fn of_ambiguity(ambiguity: &Ambiguity) -> Report {
    let Ambiguity { first, second, differences, .. } = ambiguity;
    let mut report = Report::new(ExitStatus::Resolve, ambiguity);
    for difference in differences {
        report.causes.push(format!(
            "{}: {} by {}, {} by {}",
            difference.field.name(),
            difference.first.as_deref().unwrap_or("not set"),
            first.path.display(),
            difference.second.as_deref().unwrap_or("not set"),
            second.path.display(),
        ));
    }
    report.hint(format!(
        "narrow one of the patterns, in {} or {}; or write the name down in hosts.toml",
        first.path.display(),
        second.path.display()
    ))
}

fn of_match(failure: &MatchFailure) -> Report {
    match failure {
        MatchFailure::UnknownKey { known, path, line, .. } => Report::new(ExitStatus::Resolve, failure)
            .hint(format!("the known ones are {}", known.join(", ")))
            .hint(format!("or add it at {}:{line}", path.display())),
        MatchFailure::Value { .. } => Report::new(ExitStatus::Usage, failure),
    }
}

fn of_layers(error: &LayerError) -> Report {
    let report = Report::new(ExitStatus::Usage, error);
    match error {
        LayerError::NoEndpoint => report.hint("give --endpoint, or write the name down in hosts.toml"),
        LayerError::NoBastion { .. } => report.hint("name one with -J, RDSCONN_BASTION, or bastion = in a convention"),
        LayerError::DirectWithBastion { .. } => report.hint("leave one of the two out"),
        LayerError::Value { .. } => report,
    }
}
