//! What goes back to MySQL Shell, to the byte. The Shell reads stdout and stderr from one pipe, trims both ends, and takes
//! exit status 0 for success; any other makes the whole text an error message that it shows.

use std::fmt::Write as _;
use std::io;

use secrecy::zeroize::Zeroizing;
use secrecy::{ExposeSecret as _, SecretString};

use super::request::SecretId;

/// What the Shell takes for "ask somebody else": it goes on to its prompt without a word. Compared as a whole.
pub const NOT_FOUND: &str = "Could not find the secret";
/// What a `store` for a server that is not ours is answered with when there is no other helper to pass it to.
const KEEPS_NOTHING: &str = "rdsconn signs tokens and keeps no passwords, and no other helper is set to keep this one";
/// Longest error text, in bytes: the Shell shows it whole.
const LONGEST_TEXT: usize = 1_000;

/// Everything that is said, and the exit status.
///
/// Errors go to stderr, as the reference helper's do: the Shell sees no difference, and a script finds nothing on stdout.
#[derive(PartialEq, Eq)]
pub struct Reply {
    /// 0 or 1; what another helper left, if it was passed on.
    pub status: u8,
    /// May hold a secret: wiped when dropped.
    pub stdout: Zeroizing<Vec<u8>>,
    /// An error's text with its newline, or nothing.
    pub stderr: Vec<u8>,
}

impl std::fmt::Debug for Reply {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let error = String::from_utf8_lossy(&self.stderr);
        f.debug_struct("Reply").field("status", &self.status).field("stderr", &error).finish_non_exhaustive()
    }
}

impl Reply {
    /// Success without a word.
    pub fn silence() -> Self {
        Self::success(Vec::new())
    }

    /// Success with this on stdout.
    pub fn success(stdout: Vec<u8>) -> Self {
        Self { status: 0, stdout: Zeroizing::new(stdout), stderr: Vec::new() }
    }

    /// Nothing here: the Shell asks the person.
    pub fn not_found() -> Self {
        Self::failure(NOT_FOUND)
    }

    /// Failure with one line that the Shell shows.
    pub fn failure(text: &str) -> Self {
        let mut stderr = one_line(text).into_bytes();
        stderr.push(b'\n');
        Self { status: 1, stdout: Zeroizing::new(Vec::new()), stderr }
    }

    /// The refusal of a password for somebody else's server.
    pub(super) fn keeps_nothing() -> Self {
        Self::failure(KEEPS_NOTHING)
    }

    /// Exactly what another program said, status included.
    pub(super) fn passed_on(status: u8, output: Zeroizing<Vec<u8>>) -> Self {
        Self { status, stdout: output, stderr: Vec::new() }
    }

    /// The version line. The Shell asks only for the exit status.
    pub(super) fn version() -> Self {
        Self::success(format!("rdsconn {}\n", env!("CARGO_PKG_VERSION")).into_bytes())
    }

    /// The answer to `get`: both spellings of the key, for both generations, in the reference helper's order.
    pub(super) fn secret(id: &SecretId, secret: &SecretString) -> Self {
        let secret = secret.expose_secret();
        // Sized at once: a buffer that grows leaves copies of the secret behind.
        let mut json = Vec::with_capacity(128 + 12 * id.url.len() + 6 * secret.len());
        begin_entry(&mut json, id);
        json.extend_from_slice(b",\"Secret\":");
        push_string(&mut json, secret);
        json.push(b'}');
        Self::success(json)
    }

    /// Writes it: all of stdout, then all of stderr. A Shell that has gone away is nobody's concern.
    pub fn write(&self, stdout: &mut dyn io::Write, stderr: &mut dyn io::Write) -> io::Result<()> {
        stdout.write_all(&self.stdout)?;
        stdout.flush()?;
        stderr.write_all(&self.stderr)?;
        stderr.flush()
    }
}

/// One entry of a list: no secret.
pub(super) fn entry(id: &SecretId) -> Vec<u8> {
    let mut json = Vec::new();
    begin_entry(&mut json, id);
    json.push(b'}');
    json
}

fn begin_entry(json: &mut Vec<u8>, id: &SecretId) {
    json.extend_from_slice(b"{\"SecretType\":");
    push_string(json, id.secret_type.name());
    for key in ["SecretID", "ServerURL"] {
        json.extend_from_slice(b",\"");
        json.extend_from_slice(key.as_bytes());
        json.extend_from_slice(b"\":");
        push_string(json, &id.url);
    }
}

/// A JSON string, escaping only what JSON demands.
fn push_string(json: &mut Vec<u8>, text: &str) {
    json.push(b'"');
    for byte in text.bytes() {
        match byte {
            b'"' | b'\\' => json.extend_from_slice(&[b'\\', byte]),
            0..0x20 => {
                let mut escape = String::with_capacity(6);
                // Writing to a String cannot fail.
                let _ = write!(escape, "\\u{byte:04X}");
                json.extend_from_slice(escape.as_bytes());
            }
            _ => json.push(byte),
        }
    }
    json.push(b'"');
}

/// A text on one line without anything that moves a terminal, cut where nobody reads on.
pub(super) fn one_line(text: &str) -> String {
    let is_unseen = |c: char| {
        c.is_control()
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
    };
    let mut line = String::new();
    for character in text.trim().chars() {
        let character = if is_unseen(character) { ' ' } else { character };
        if line.len() + character.len_utf8() > LONGEST_TEXT {
            line.push('…');
            break;
        }
        line.push(character);
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::helper::request::SecretType;

    #[test]
    fn a_secret_is_escaped_and_read_back_by_a_json_reader() {
        let secret = "quote\" back\\slash \n\t\u{1}\u{7f} ü €";
        let id = SecretId { secret_type: SecretType::Password, url: "a\"b@host".to_owned() };
        let reply = Reply::secret(&id, &SecretString::from(secret));
        let value: serde_json::Value = serde_json::from_slice(&reply.stdout).unwrap();
        assert_eq!(value["Secret"], secret);
        assert_eq!((&value["SecretID"], &value["ServerURL"]), (&"a\"b@host".into(), &"a\"b@host".into()));
        assert_eq!(value["SecretType"], "password");
    }

    #[test]
    fn t10_an_error_is_one_short_line() {
        let reply = Reply::failure("  first\nsecond\r\u{1b}[31m\u{202e}x\n");
        assert_eq!(reply.stderr, b"first second  [31m x\n");
        assert!(Reply::failure(&"é".repeat(5_000)).stderr.len() < 1_010);
        assert_eq!(reply.status, 1);
        assert!(reply.stdout.is_empty());
    }

    #[test]
    fn t17_debug_shows_no_secret() {
        let id = SecretId { secret_type: SecretType::Password, url: "u@h".to_owned() };
        let shown = format!("{:?}", Reply::secret(&id, &SecretString::from("CANARY")));
        assert!(!shown.contains("CANARY") && !shown.contains("67, 65"), "{shown}");
    }
}
