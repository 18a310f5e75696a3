//! `rdsconn conventions list | check | init`: what conventions there are, whether they are right, and a first one.

use std::path::PathBuf;

use crate::cli::arguments::{CommonOptions, Conventions};
use crate::cli::context::Context;
use crate::cli::exit_status::ExitStatus;
use crate::cli::printer::Printer;
use crate::cli::report::{Failure, Report, advice, file_advice};
use crate::cli::words::count;
use crate::config::{CheckError, CheckedFile, Location, check_conventions, write_starter};
use crate::os::Environment;
use crate::os::files::FileError;
use crate::query::escape_for_terminal;
use crate::target::{Convention, ConventionLayer};

/// Runs the command.
pub(crate) fn run(arguments: Conventions, environment: &Environment, printer: Printer) -> Result<(), Failure> {
    match arguments {
        Conventions::List { common } => list(&common, environment, printer),
        Conventions::Check { paths, common } => check(&paths, &common, environment, printer),
        Conventions::Init { common } => init(&common, environment, printer),
    }
}

fn list(common: &CommonOptions, environment: &Environment, printer: Printer) -> Result<(), Failure> {
    let context = Context::load(common, environment, printer)?;
    let conventions: Vec<&Convention> = context.settings.conventions().collect();
    let width = conventions.iter().map(|convention| convention.name().chars().count()).max().unwrap_or_default();
    let mut page = Vec::new();
    for convention in conventions {
        let layer = match convention.layer() {
            ConventionLayer::User => "user",
            ConventionLayer::BuiltIn => "built-in",
        };
        page.push(format!(
            "{:<width$}  {layer:<8}  {:<8}  {}  {}",
            escape_for_terminal(convention.name()),
            count(convention.test_count() as u64, "test"),
            convention.path().display(),
            escape_for_terminal(convention.pattern()),
        ));
    }
    printer.lines(&page).map_err(Failure::Output)
}

fn check(
    paths: &[PathBuf],
    common: &CommonOptions,
    environment: &Environment,
    printer: Printer,
) -> Result<(), Failure> {
    let own = paths.is_empty();
    let checked = if own {
        let folder = location(common, environment)?.conventions();
        check_conventions(&[folder], true).map_err(Report::from)?
    } else {
        check_conventions(paths, false).map_err(Report::from)?
    };
    if checked.is_empty() {
        printer.remark("no convention files were found; run rdsconn conventions init to begin one");
    }
    let mut page = Vec::new();
    let faulty = checked.iter().filter(|file| !describe(file, &mut page)).count();
    printer.lines(&page).map_err(Failure::Output)?;
    if faulty > 0 {
        let error = format!("{} of {} cannot be used", faulty, count(checked.len() as u64, "convention"));
        return Err(Report::usage(error).into());
    }
    if own {
        // The files beside the conventions are as much a part of what a name means.
        Context::load(common, environment, printer)?;
    }
    Ok(())
}

/// Adds what came of one file to the page; says whether it can be used.
fn describe(file: &CheckedFile, page: &mut Vec<String>) -> bool {
    match &file.outcome {
        Ok(convention) => {
            page.push(format!("{}: ok, {}", file.path.display(), count(convention.test_count() as u64, "test")));
            for warning in convention.warnings() {
                page.push(format!("{}: warning: {warning}", file.path.display()));
            }
            true
        }
        Err(CheckError::File(error)) => {
            page.push(escape_for_terminal(&error.to_string()).into_owned());
            // A file that was named to be checked is not one to begin.
            if !matches!(error, FileError::Missing { .. }) {
                page.push(format!("    hint: {}", escape_for_terminal(&file_advice(error))));
            }
            false
        }
        Err(CheckError::Faults { faults }) => {
            for fault in faults {
                page.push(format!("{}", escape_for_terminal(&fault.to_string())));
                if !fault.source_line.trim().is_empty() {
                    page.push(format!("    {}", escape_for_terminal(&fault.source_line)));
                }
                if let Some(advice) = advice(fault) {
                    page.push(format!("    hint: {advice}"));
                }
            }
            false
        }
    }
}

fn init(common: &CommonOptions, environment: &Environment, printer: Printer) -> Result<(), Failure> {
    let created = write_starter(&location(common, environment)?).map_err(Report::from)?;
    let mut page = Vec::new();
    for file in &created {
        let what = if file.is_new { "wrote" } else { "left as it is" };
        page.push(format!("{what} {}", file.path.display()));
    }
    printer.lines(&page).map_err(Failure::Output)?;
    printer.remark("edit them, then run rdsconn conventions check and rdsconn explain HOST");
    Ok(())
}

fn location(common: &CommonOptions, environment: &Environment) -> Result<Location, Failure> {
    Location::find(environment, common.config.as_deref()).ok_or_else(|| {
        Report {
            status: ExitStatus::Usage,
            error: "neither HOME nor XDG_CONFIG_HOME says where the configuration is".to_owned(),
            causes: Vec::new(),
            hints: vec!["name the file with --config FILE".to_owned()],
        }
        .into()
    })
}
