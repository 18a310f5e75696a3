//! The program: captures its surroundings once, runs the command line, and turns the outcome into an exit code.

use std::process::ExitCode;

use rdsconn::os::Environment;

fn main() -> ExitCode {
    rdsconn::cli::prepare_process();
    ExitCode::from(rdsconn::cli::run(&Environment::capture()).code())
}
