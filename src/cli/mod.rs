//! The command line: the one place that sees all rooms, prints, asks, and decides on exit codes.

mod arguments;
mod bastion;
mod behind;
mod commands;
mod context;
mod credentials;
mod exit_status;
mod passwords;
mod printer;
mod progress;
mod questions;
mod report;
mod results;
mod script;
mod shell_helper;
mod statements;
mod way;
mod words;

use std::thread::JoinHandle;

use clap::Parser as _;

pub use exit_status::ExitStatus;
pub use shell_helper::{answer_shell, is_shell_helper};

use crate::os::Environment;
use arguments::{Arguments, CacheCommand, Command, CommonOptions, Conventions, Helper};
use printer::Printer;
use report::{Failure, Report};

/// What must happen before anything else: no core files, and a panic becomes one exit code.
pub fn prepare_process() {
    crate::os::harden_process();
    let default_hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        crate::os::terminal::leave();
        default_hook(panic);
        bail_out();
    }));
}

/// Seeds the random generator on the side: the first handshake of a process would otherwise wait for it; see
/// `.cargo/config.toml`.
///
/// To drop it waits for the end. A process that ends while its generator is being seeded is aborted by the generator's
/// clean-up, about once in five hundred runs on a busy machine.
#[derive(Debug)]
struct WarmUp(Option<JoinHandle<()>>);

impl WarmUp {
    fn begin() -> Self {
        let seed = || {
            let mut byte = [0_u8; 1];
            // If it fails here it fails again, and is reported, where it is needed.
            let _ = aws_lc_rs::rand::fill(&mut byte);
        };
        Self(std::thread::Builder::new().name("random".to_owned()).spawn(seed).ok())
    }
}

impl Drop for WarmUp {
    fn drop(&mut self) {
        if let Some(thread) = self.0.take() {
            // It has nothing to panic about.
            let _ = thread.join();
        }
    }
}

#[expect(clippy::exit, reason = "a panic in any thread is a bug of the whole program, and has one exit code")]
fn bail_out() {
    std::process::exit(i32::from(ExitStatus::Bug.code()));
}

/// Runs the command line and says what came of it. Prints everything that is to be printed.
pub fn run(environment: &Environment) -> ExitStatus {
    let arguments = match Arguments::try_parse_from(environment.arguments()) {
        Ok(arguments) => arguments,
        Err(error) => {
            // Help and version go to stdout, mistakes to stderr; nobody is left to tell if that fails.
            let _ = error.print();
            return if error.use_stderr() { ExitStatus::Usage } else { ExitStatus::Success };
        }
    };
    let connects = matches!(arguments.command, None | Some(Command::Query(_) | Command::Exec(_) | Command::Tunnel(_)));
    let _warm_up = connects.then(WarmUp::begin);
    let printer = Printer::new(common(&arguments), environment);
    let outcome = dispatch(arguments, environment, printer);
    // A question may be open still, on another thread.
    crate::os::terminal::leave();
    match outcome {
        Ok(()) => ExitStatus::Success,
        Err(failure) => failure.conclude(printer),
    }
}

fn dispatch(arguments: Arguments, environment: &Environment, printer: Printer) -> Result<(), Failure> {
    match arguments.command {
        None => commands::query::run(&arguments.query, environment, printer),
        Some(Command::Query(query)) => commands::query::run(&query, environment, printer),
        Some(Command::Exec(exec)) => commands::exec::run(&exec, environment, printer),
        Some(Command::Tunnel(tunnel)) => commands::tunnel::run(&tunnel, environment, printer),
        Some(Command::Token(token)) => commands::token::run(&token, environment, printer),
        Some(Command::Explain(explain)) => commands::explain::run(&explain, environment, printer),
        Some(Command::Conventions(conventions)) => commands::conventions::run(conventions, environment, printer),
        Some(Command::Helper(helper)) => commands::helper::run(&helper, environment, printer),
        Some(Command::Credential(credential)) => commands::credential::run(credential, environment, printer),
        Some(Command::Cache(cache)) => commands::cache::run(&cache, environment, printer),
        Some(Command::Completions { shell }) => commands::generated::completions(printer, shell),
        Some(Command::Man { command }) => commands::generated::man(printer, &command),
    }
}

fn common(arguments: &Arguments) -> &CommonOptions {
    match &arguments.command {
        None | Some(Command::Completions { .. } | Command::Man { .. }) => &arguments.query.common,
        Some(Command::Query(query)) => &query.common,
        Some(Command::Exec(exec)) => &exec.common,
        Some(Command::Tunnel(tunnel)) => &tunnel.common,
        Some(Command::Token(token)) => &token.common,
        Some(Command::Explain(explain)) => &explain.common,
        Some(Command::Credential(credential)) => credential.common(),
        Some(
            Command::Conventions(
                Conventions::List { common } | Conventions::Check { common, .. } | Conventions::Init { common },
            )
            | Command::Helper(
                Helper::Install { common, .. } | Helper::Status { common, .. } | Helper::Uninstall { common, .. },
            )
            | Command::Cache(CacheCommand::List { common, .. } | CacheCommand::Clear { common }),
        ) => common,
    }
}
