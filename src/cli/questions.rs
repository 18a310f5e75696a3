//! Asks a person: passphrases and unknown host keys. Only on the terminal itself, never on stdin, and nobody where there is none.

use std::path::Path;

use secrecy::SecretString;

use crate::backend::{HostKeyQuestion, Questions};
use crate::os::terminal;
use crate::query::escape_for_terminal;

/// Takes the line of running stages off the terminal; the question gets a line of its own.
const CLEAR: &str = "\r\x1b[K";

/// Questions on the controlling terminal.
#[derive(Debug, Clone, Copy)]
pub(crate) struct TerminalQuestions;

impl Questions for TerminalQuestions {
    fn key_passphrase(&self, key: &Path, attempt: u32) -> Option<SecretString> {
        let again = if attempt <= 1 { "" } else { "Wrong passphrase. " };
        let key = key.display().to_string();
        terminal::ask_secret(&format!("{CLEAR}{again}Passphrase for {}: ", escape_for_terminal(&key)))
    }

    fn trust_host_key(&self, question: &HostKeyQuestion) -> bool {
        let prompt = format!(
            "{CLEAR}No file knows the host key of {}.\n{} fingerprint is {}\nTrust it, and add it to {}? (yes/no) ",
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
