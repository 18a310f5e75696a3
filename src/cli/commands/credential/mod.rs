//! `rdsconn credential add|list|show|test|remove|export`: AWS keys that are stored under a name.
//!
//! `export` prints a secret because it is asked to, as `token` does; no other of these shows any.

use std::sync::Arc;

use crate::cli::arguments::CredentialCommand;
use crate::cli::context::run_until_signal;
use crate::cli::credentials::Credentials;
use crate::cli::exit_status::ExitStatus;
use crate::cli::printer::Printer;
use crate::cli::report::{Failure, Report};
use crate::credential::{KeyringFault, Name, process_output};
use crate::os::Environment;
use crate::query::escape_for_terminal;

mod add;
mod answers;
mod profile;
mod shown;
mod test;

/// Runs the command.
pub(crate) fn run(command: CredentialCommand, environment: &Environment, printer: Printer) -> Result<(), Failure> {
    let credentials = Credentials::new(environment, printer);
    match command {
        CredentialCommand::Add(add) => add::run(&add, environment, printer),
        CredentialCommand::List { json, .. } => shown::list(&credentials, json, printer),
        CredentialCommand::Show { name, json, .. } => shown::show(&credentials, &name, json, printer),
        CredentialCommand::Test(test) => test::run(*test, environment, printer),
        CredentialCommand::Remove { name, force, .. } => remove(&credentials, &name, force, printer),
        CredentialCommand::Export { name, .. } => export(&credentials, &name, printer),
    }
}

fn remove(credentials: &Credentials, name: &str, force: bool, printer: Printer) -> Result<(), Failure> {
    let name: Name = name.parse().map_err(Report::from)?;
    let (vault, removing) = (Arc::clone(&credentials.vault), name.clone());
    let removed = run_until_signal(on_thread(move || {
        vault.remove(&removing, force).map_err(|error| {
            let report = Report::from(&error);
            let is_stuck = matches!(
                error,
                crate::credential::Error::Damaged { .. }
                    | crate::credential::Error::File { .. }
                    | crate::credential::Error::Keyring(_)
            );
            if is_stuck { report.hint(format!("or run rdsconn credential remove {removing} --force")) } else { report }
        })
    }))?;
    if let Some(fault) = &removed.left_behind {
        tell_left_behind(fault, printer);
    }
    printer.remark(&format!("removed {name}"));
    Ok(())
}

fn export(credentials: &Credentials, name: &str, printer: Printer) -> Result<(), Failure> {
    let name: Name = name.parse().map_err(Report::from)?;
    let stored = credentials.vault.source(&name).map_err(Report::from)?;
    let keys = run_until_signal(on_thread(move || stored.open().map_err(|error| Report::from(error.as_ref()))))?;
    printer.data(&process_output(&keys)).map_err(Failure::Output)
}

/// Does what may ask a person or wait for the keyring, while signals are heard.
async fn on_thread<T: Send + 'static>(work: impl FnOnce() -> Result<T, Report> + Send + 'static) -> Result<T, Failure> {
    let done = tokio::task::spawn_blocking(work).await;
    Ok(done.map_err(|error| Report::new(ExitStatus::Bug, &error))??)
}

/// Nothing leads to it any more, but it is still a secret.
fn tell_left_behind(fault: &KeyringFault, printer: Printer) {
    printer.remark(&format!("warning: the old secret is still in the keyring: {}", in_a_line(fault)));
}

/// An error and its causes, each said once.
fn in_a_line(error: &dyn std::error::Error) -> String {
    let Report { error, causes, .. } = Report::new(ExitStatus::Usage, error);
    let said: Vec<String> = std::iter::once(error).chain(causes).collect();
    escape_for_terminal(&said.join(": ")).into_owned()
}
