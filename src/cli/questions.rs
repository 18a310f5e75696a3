//! Asks a person: passphrases and unknown host keys. Only on the terminal itself, never on stdin, and nobody where there is none.

use std::path::Path;

use secrecy::SecretString;

use crate::backend::{HostKeyQuestion, Questions};
use crate::os::terminal;
use crate::query::escape_for_terminal;

/// How often a passphrase may be mistyped.
const ATTEMPTS: u32 = 3;

/// Questions on the controlling terminal.
#[derive(Debug, Clone, Copy)]
pub(crate) struct TerminalQuestions;

impl Questions for TerminalQuestions {
    fn key_passphrase(&self, key: &Path, attempt: u32) -> Option<SecretString> {
        if attempt >= ATTEMPTS {
            return None;
        }
        let again = if attempt == 0 { "" } else { "Wrong passphrase. " };
        let key = key.display().to_string();
        terminal::ask_secret(&format!("{again}Passphrase for {}: ", escape_for_terminal(&key)))
    }

    fn trust_host_key(&self, question: &HostKeyQuestion) -> bool {
        let prompt = format!(
            "No file knows the host key of {}.\n{} fingerprint is {}\nTrust it, and add it to {}? (yes/no) ",
            question.host,
            question.algorithm,
            question.fingerprint,
            question.known_hosts.display()
        );
        loop {
            match terminal::ask(&prompt).as_deref().map(str::trim) {
                Some("yes") => return true,
                Some("no") | None => return false,
                Some(_) => {}
            }
        }
    }
}
