//! What is said about files, conventions and host names.

use super::{Report, path_word, shell_word};
use crate::cli::exit_status::ExitStatus;
use crate::config::{Ambiguity, ConfigError, ResolveError};
use crate::os::files::{FileError, folder_of};
use crate::target::{Fault, HostError, LayerError, MatchFailure, Origin, Problem};

impl From<FileError> for Report {
    fn from(error: FileError) -> Self {
        Self::new(ExitStatus::Usage, &error).hint(file_advice(&error))
    }
}

/// What to do about a file that is not read or not written.
pub(crate) fn file_advice(error: &FileError) -> String {
    match error {
        FileError::Writable { path, is_folder: false, .. } => {
            format!("if nobody has tampered with it, run chmod go-w {}", path_word(path))
        }
        FileError::Writable { path, is_folder: true, .. } => {
            format!("run chmod go-w {}, and look whether every file in it is yours", path_word(path))
        }
        FileError::ForeignOwner { path, .. } => {
            format!("if you trust what it says, run sudo chown \"$USER\" {}", path_word(path))
        }
        FileError::Unreadable { path, .. } | FileError::NotAFile { path } | FileError::TooLarge { path, .. } => {
            format!("run ls -ld {}", path_word(path))
        }
        FileError::Missing { path } => {
            format!("run rdsconn conventions init --config {} to begin one", path_word(path))
        }
        FileError::Exists { path } => format!("edit {}", path.display()),
        FileError::NotText { path, line } => {
            format!("edit {}:{line}, or run iconv to turn the file into UTF-8", path.display())
        }
        FileError::NotWritten { path, .. } => {
            format!("run ls -ld {} and df {}", path_word(folder_of(path)), path_word(folder_of(path)))
        }
    }
}

impl From<ConfigError> for Report {
    fn from(error: ConfigError) -> Self {
        match error {
            ConfigError::File(error) => error.into(),
            ConfigError::Faults { faults } => of_faults(&faults),
            ConfigError::Variable { ref name } => {
                Self::new(ExitStatus::Usage, &error).hint(format!("run unset {name}, or set it to text in UTF-8"))
            }
        }
    }
}

/// The first fault with its line and what to do about it, and how many there are beside it.
fn of_faults(faults: &[Fault]) -> Report {
    let Some((first, others)) = faults.split_first() else { return Report::usage(String::new()) };
    let mut report = Report::usage(first.to_string());
    if !first.source_line.trim().is_empty() {
        report.causes.push(format!("line {}: {}", first.line, first.source_line.trim()));
    }
    let report = report.hint(advice(first).unwrap_or_else(|| format!("edit {}:{}", first.path.display(), first.line)));
    match others.len() {
        0 => report,
        1 => report.hint("one more fault was found; run rdsconn conventions check to see it"),
        count => report.hint(format!("{count} more faults were found; run rdsconn conventions check to see them")),
    }
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
        Problem::UnquotedHost { key } => Some(format!("put the whole name in quotes: [hosts.\"{key}.…\"]")),
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
        MatchFailure::Value { origin, .. } => Report::new(ExitStatus::Usage, failure).hint(mend(origin)),
    }
}

/// Where a value that is not allowed can be changed.
fn mend(origin: &Origin) -> String {
    match origin {
        Origin::Flag(flag) => format!("give another value to {flag}; rdsconn explain --help says what it takes"),
        Origin::Variable(name) => format!("set {name} to another value, or run unset {name}"),
        Origin::Host => "HOST is name, user@name:port/database, or mysql://user@name:port/database".to_owned(),
        Origin::File { path, line } | Origin::Defaults { path, line } | Origin::Convention { path, line, .. } => {
            format!("edit {}:{line}", path.display())
        }
        Origin::AwsProfile(profile) => format!("run aws configure list --profile {}", shell_word(profile)),
        Origin::StoredCredential(name) => format!("run rdsconn credential show {}", shell_word(name)),
        Origin::EndpointName | Origin::Follows(_) | Origin::BuiltIn => {
            "run rdsconn explain to see where each value comes from".to_owned()
        }
    }
}

fn of_layers(error: &LayerError) -> Report {
    let report = Report::new(ExitStatus::Usage, error);
    match error {
        LayerError::NoEndpoint => report.hint("give --endpoint, or write the name down in hosts.toml"),
        LayerError::NoBastion { .. } => report.hint("name one with -J, RDSCONN_BASTION, or bastion = in a convention"),
        LayerError::DirectWithBastion { .. } | LayerError::ProfileBesideCredential { .. } => {
            report.hint("leave one of the two out")
        }
        LayerError::Value { origin, .. } => report.hint(mend(origin)),
    }
}
