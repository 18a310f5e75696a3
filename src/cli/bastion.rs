//! Logs in to a target's bastion, as often as a command needs it: the first time before the user's eyes, later in silence.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::progress::StageLines;
use super::questions::TerminalQuestions;
use crate::backend::{Connect, Progress as _, Stage};
use crate::query::escape_for_terminal;
use crate::ssh::{self, LearnedHostKey, SshSession};
use crate::target::BastionName;

/// How one target's bastion is logged in to.
#[derive(Debug)]
pub(crate) struct BastionLogin {
    hops: Vec<BastionName>,
    settings: ssh::Settings,
    stages: StageLines,
    /// Whether the stage has been shown; what comes after that is nobody's news, and a client may have the terminal.
    was_shown: AtomicBool,
}

impl BastionLogin {
    pub(crate) fn new(hops: Vec<BastionName>, settings: ssh::Settings, stages: StageLines) -> Self {
        Self { hops, settings, stages, was_shown: AtomicBool::new(false) }
    }

    /// The bastion's name as the user knows it.
    pub(crate) fn name(&self) -> String {
        self.hops.iter().map(|hop| hop.host.as_str()).collect::<Vec<_>>().join(", ")
    }

    async fn log_in(&self) -> Result<SshSession, ssh::Error> {
        let is_first = !self.was_shown.swap(true, Ordering::Relaxed);
        let name = self.name();
        if is_first {
            self.stages.begin(Stage::Bastion, &name);
        }
        let questions = Arc::new(TerminalQuestions { stages: self.stages.clone() });
        let session = ssh::open(&self.hops, &self.settings, questions).await?;
        if is_first {
            self.stages.end(Stage::Bastion, &name);
            if let Some(learned) = session.learned_host_key() {
                self.stages.remark(&escape_for_terminal(&learned_remark(&learned)));
            }
        }
        Ok(session)
    }
}

impl Connect for Arc<BastionLogin> {
    type Dialer = SshSession;

    async fn connect(&self) -> Result<SshSession, ssh::Error> {
        self.log_in().await
    }
}

fn learned_remark(learned: &LearnedHostKey) -> String {
    let key = &learned.key;
    match &learned.not_recorded {
        None => format!("note: added {} {} to {}", key.host, key.fingerprint, key.known_hosts.display()),
        Some(reason) => format!("note: the host key of {} could not be recorded: {reason}", key.host),
    }
}
