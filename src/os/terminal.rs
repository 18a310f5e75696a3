//! The controlling terminal: questions go to it directly, so that stdin and stdout stay free for data.

use std::fs::OpenOptions;
use std::io::{self, BufRead as _, BufReader, Write as _};

use secrecy::SecretString;

/// Asks for a line, shown as it is typed. `None` where there is no terminal, or at its end.
pub fn ask(prompt: &str) -> Option<String> {
    let answer = || -> io::Result<Option<String>> {
        let terminal = OpenOptions::new().read(true).write(true).open("/dev/tty")?;
        (&terminal).write_all(prompt.as_bytes())?;
        let mut line = String::new();
        let read = BufReader::new(&terminal).read_line(&mut line)?;
        Ok((read > 0).then_some(line))
    };
    answer().ok().flatten()
}

/// Asks for a secret, not shown. `None` where there is no terminal, or at its end.
pub fn ask_secret(prompt: &str) -> Option<SecretString> {
    let terminal = OpenOptions::new().read(true).write(true).open("/dev/tty").ok()?;
    drop(terminal);
    rpassword::prompt_password(prompt).ok().map(SecretString::from)
}
