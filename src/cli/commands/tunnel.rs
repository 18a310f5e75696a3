//! `rdsconn tunnel HOST`: holds a tunnel open for clients that somebody else starts.

use crate::cli::arguments::Tunnel;
use crate::cli::printer::Printer;
use crate::cli::report::Failure;
use crate::os::Environment;

pub(crate) fn run(_arguments: &Tunnel, _environment: &Environment, _printer: Printer) -> Result<(), Failure> {
    Ok(())
}
