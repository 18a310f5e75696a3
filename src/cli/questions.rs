//! Asks a person: passphrases and unknown host keys. Only on the terminal itself, never on stdin, and nobody where there is none.

use std::path::Path;

use secrecy::SecretString;

use super::progress::StageLines;
use crate::backend::{HostKeyQuestion, Questions};
use crate::os::terminal;
use crate::query::escape_for_terminal;

/// Questions on the controlling terminal, between the lines of the stages.
#[derive(Debug, Clone)]
pub(crate) struct TerminalQuestions {
    /// What else is shown there.
    pub stages: StageLines,
}

impl TerminalQuestions {
    /// The password of a database user, not shown.
    pub(crate) fn password(&self, user: &str, host: &str) -> Option<SecretString> {
        let prompt = format!("Password for {}@{host}: ", escape_for_terminal(user));
        self.stages.while_asking(|| terminal::ask_secret(&prompt))
    }
}

impl Questions for TerminalQuestions {
    fn key_passphrase(&self, key: &Path, attempt: u32) -> Option<SecretString> {
        let again = if attempt <= 1 { "" } else { "Wrong passphrase. " };
        let key = key.display().to_string();
        let prompt = format!("{again}Passphrase for {}: ", escape_for_terminal(&key));
        self.stages.while_asking(|| terminal::ask_secret(&prompt))
    }

    fn trust_host_key(&self, question: &HostKeyQuestion) -> bool {
        let prompt = format!(
            "No file knows the host key of {}.\n{} fingerprint is {}\nTrust it, and add it to {}? (yes/no) ",
            question.host,
            question.algorithm,
            question.fingerprint,
            escape_for_terminal(&question.known_hosts.display().to_string())
        );
        self.stages.while_asking(|| {
            loop {
                match terminal::ask(&prompt).as_deref().map(str::trim) {
                    Some("yes") => return true,
                    Some("no") | None => return false,
                    Some(_) => {}
                }
            }
        })
    }
}
