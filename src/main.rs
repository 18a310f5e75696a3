//! The program: captures its surroundings once, chooses the front door by the name it was called, runs the command line, and
//! turns the outcome into an exit code.

use std::process::ExitCode;

use rdsconn::cli::ExitStatus;
use rdsconn::os::{Environment, signals};

fn main() -> ExitCode {
    let environment = Environment::capture();
    #[cfg(target_os = "linux")]
    if rdsconn::os::launcher::is_called(environment.arguments()) {
        return launch(&environment);
    }
    if rdsconn::cli::is_shell_helper(&environment) {
        return ExitCode::from(rdsconn::cli::answer_shell(&environment));
    }
    rdsconn::cli::prepare_process();
    let status = rdsconn::cli::run(&environment);
    if let ExitStatus::Signal(number) = status {
        // A shell ends a loop when the command in it dies of Ctrl-C, and goes on when it ends with 130 by itself.
        drop(signals::end_by(number));
    }
    ExitCode::from(status.code())
}

/// Becomes another program; whoever is here afterwards has failed. What was started for that knows why already.
#[cfg(target_os = "linux")]
fn launch(environment: &Environment) -> ExitCode {
    use std::io::Write as _;
    if let Err(error) = rdsconn::os::launcher::run(environment.arguments()) {
        // Nobody is left to tell if that fails.
        let _ = writeln!(std::io::stderr(), "error: {error}");
    }
    ExitCode::from(ExitStatus::Usage.code())
}
