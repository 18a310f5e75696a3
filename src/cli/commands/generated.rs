//! Completion scripts and manual pages, made from the definition of the command line.

use clap::CommandFactory as _;
use clap_complete::Shell as Generator;

use crate::cli::arguments::{Arguments, Shell};
use crate::cli::printer::Printer;
use crate::cli::{Failure, Report};

/// Prints the completion script of a shell.
pub(crate) fn completions(printer: Printer, shell: Shell) -> Result<(), Failure> {
    let generator = match shell {
        Shell::Bash => Generator::Bash,
        Shell::Elvish => Generator::Elvish,
        Shell::Fish => Generator::Fish,
        Shell::Powershell => Generator::PowerShell,
        Shell::Zsh => Generator::Zsh,
    };
    let mut script = Vec::new();
    clap_complete::generate(generator, &mut Arguments::command(), "rdsconn", &mut script);
    printer.data(&String::from_utf8_lossy(&script)).map_err(Failure::Output)
}

/// Prints the manual page of a command.
pub(crate) fn man(printer: Printer, path: &[String]) -> Result<(), Failure> {
    let mut command = Arguments::command();
    command.build();
    let mut name = "rdsconn".to_owned();
    for step in path {
        let Some(inner) = command.find_subcommand(step) else {
            return Err(Report::usage(format!("there is no command {step:?}")).into());
        };
        name = format!("{name}-{step}");
        command = inner.clone();
    }
    let mut page = Vec::new();
    let command = command.name(name.clone()).bin_name(name.replace('-', " "));
    clap_mangen::Man::new(command).render(&mut page).map_err(Failure::Output)?;
    printer.data(&String::from_utf8_lossy(&page)).map_err(Failure::Output)
}
