//! Joins the rooms: settings, target, plan, tokens, bastion and gate of one run.

use std::future::{Future, ready};
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::aws::{Profiles, Tokens};
use crate::backend::{Stage, Statements as _};
use crate::cli::arguments::{CommonOptions, TargetOptions};
use crate::cli::commands::query::Stop;
use crate::cli::exit_status::ExitStatus;
use crate::cli::printer::Printer;
use crate::cli::progress::{Silent, StageLines};
use crate::cli::questions::TerminalQuestions;
use crate::cli::report::{self, Failure, Report};
use crate::config::{Overrides, Resolution, Settings};
use crate::mysql::{self, Gate};
use crate::os::Environment;
use crate::session::{self, Connected, Open, Plan, Via};
use crate::ssh::{self, SshSession};
use crate::target::{Field, HostArgument, Origin, Target};

/// For each stage, unless `--connect-timeout` says otherwise.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// One thread: nothing here computes for long, and the tunnel was measured faster without hand-overs between threads.
pub(crate) fn runtime() -> Result<tokio::runtime::Runtime, Failure> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Report::new(ExitStatus::Bug, &error).into())
}
