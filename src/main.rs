//! The program: captures its surroundings once, chooses the front door by the name it was called, runs the command line, and
//! turns the outcome into an exit code.

use std::process::ExitCode;

use rdsconn::os::Environment;

fn main() -> ExitCode {
    let environment = Environment::capture();
    #[cfg(target_os = "linux")]
    if rdsconn::os::launcher::is_called(environment.arguments()) {
        return launch(&environment);
    }
    rdsconn::cli::prepare_process();
    ExitCode::from(rdsconn::cli::run(&environment).code())
}

/// Becomes another program; whoever is here afterwards has failed. What was started for that knows why already.
#[cfg(target_os = "linux")]
fn launch(environment: &Environment) -> ExitCode {
    use std::io::Write as _;
    if let Err(error) = rdsconn::os::launcher::run(environment.arguments()) {
        // Nobody is left to tell if that fails.
        let _ = writeln!(std::io::stderr(), "error: {error}");
    }
    ExitCode::from(rdsconn::cli::ExitStatus::Usage.code())
}
