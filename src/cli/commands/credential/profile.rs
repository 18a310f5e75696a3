//! `--aws-profile`: a profile in the AWS configuration file that gets its keys from here.

use std::path::{Path, PathBuf};

use crate::aws::{NewProfile, NewProfileError, Profiles};
use crate::cli::exit_status::ExitStatus;
use crate::cli::printer::Printer;
use crate::cli::report::{Failure, Report};
use crate::credential::{Name, Region};
use crate::os::{Environment, WholeFile, append_line, links};
use crate::query::escape_for_terminal;

/// Larger than any configuration file.
const LARGEST: usize = 4 << 20;

/// A profile that can be added.
pub(super) struct Profile {
    name: String,
    path: PathBuf,
    program: PathBuf,
}

impl Profile {
    /// Checks that it can be added; `name` is empty where it is called as the credential.
    pub(super) async fn check(name: &str, credential: &Name, environment: &Environment) -> Result<Self, Failure> {
        let name = if name.is_empty() { credential.as_str() } else { name };
        let Some(path) = config_file(environment) else {
            let report = Report::usage("the AWS configuration file is not known".to_owned());
            return Err(report.hint("set HOME or AWS_CONFIG_FILE").into());
        };
        let program = links::this_program()
            .map_err(|error| Report::about(ExitStatus::Usage, "this program cannot be found on disk", &error))?;
        let profile = Self { name: name.to_owned(), path, program };
        profile.section(credential, &Region::default())?;
        if Profiles::load().await.map_err(Report::from)?.contains(name) || profile.is_written()? {
            let report = Report::usage(format!("AWS profile {name:?} is defined already"));
            return Err(report
                .hint("give another name with --aws-profile NAME; a profile is never overwritten")
                .into());
        }
        Ok(profile)
    }

    /// Adds it at the end of the file; what is there stays as it is.
    pub(super) fn add(&self, credential: &Name, region: &Region, printer: Printer) -> Result<(), Failure> {
        let section = self.section(credential, region)?;
        let is_empty = matches!(WholeFile::read(&self.path, LARGEST), Ok(None)) || self.text()?.is_empty();
        let text = if is_empty { section } else { format!("\n{section}") };
        append_line(&self.path, &text).map_err(|error| {
            Report::about(ExitStatus::Usage, format!("{} cannot be written", self.path.display()), &error)
                .hint(format!("run ls -l {}; the credential itself is stored", self.path.display()))
        })?;
        let line = format!("added AWS profile {} to {}", self.name, self.path.display());
        printer.lines(&[escape_for_terminal(&line).into_owned()]).map_err(Failure::Output)
    }

    fn section(&self, credential: &Name, region: &Region) -> Result<String, Report> {
        let arguments = ["credential", "export", credential.as_str()];
        let profile =
            NewProfile { name: &self.name, region: region.as_str(), program: &self.program, arguments: &arguments };
        profile.section().map_err(|error| {
            let report = Report::new(ExitStatus::Usage, &error);
            match error {
                NewProfileError::Name { .. } => report.hint("take letters, digits, '.', '_', '-', '+' and '@'"),
                NewProfileError::Program { .. } => {
                    report.hint("AWS's tools would not read such a path alike; install rdsconn in another folder")
                }
            }
        })
    }

    /// Whether the file has a section of this name that the SDK passes over, such as one without a line in it.
    fn is_written(&self) -> Result<bool, Report> {
        let is_header = |line: &str| {
            let inside = line.trim().strip_prefix('[')?.split(']').next()?.trim();
            let name = inside.strip_prefix("profile").filter(|rest| rest.starts_with(char::is_whitespace));
            let name = name.or((inside == "default").then_some(inside))?;
            Some(name.trim().trim_matches(['"', '\'']) == self.name)
        };
        Ok(self.text()?.lines().any(|line| is_header(line) == Some(true)))
    }

    fn text(&self) -> Result<String, Report> {
        let unreadable = |error| {
            Report::about(ExitStatus::Usage, format!("{} cannot be read", self.path.display()), &error)
                .hint(format!("run ls -l {}", self.path.display()))
        };
        let file = WholeFile::read(&self.path, LARGEST).map_err(unreadable)?;
        Ok(file.map(|file| String::from_utf8_lossy(&file.bytes).into_owned()).unwrap_or_default())
    }
}

/// Where the AWS CLI looks.
fn config_file(environment: &Environment) -> Option<PathBuf> {
    let Some(named) = environment.path("AWS_CONFIG_FILE") else {
        return environment.home().map(|home| home.join(".aws/config"));
    };
    match named.strip_prefix("~") {
        Ok(rest) => environment.home().map(|home| home.join(rest)),
        Err(_) => Some(named).filter(|named| named != Path::new("")),
    }
}
