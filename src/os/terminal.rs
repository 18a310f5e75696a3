//! The controlling terminal: questions go to it directly, so that stdin and stdout stay free for data.

use std::fs::{File, OpenOptions};
use std::io::{self, BufRead as _, BufReader, Write as _};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use rustix::termios::{LocalModes, OptionalActions, SpecialCodeIndex, Termios, tcgetattr, tcsetattr};
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
    let _hidden = Hidden::begin(&terminal).ok()?;
    (&terminal).write_all(prompt.as_bytes()).ok()?;
    match rpassword::read_password() {
        Ok(answer) => Some(SecretString::from(answer)),
        Err(error) if error.kind() == io::ErrorKind::Interrupted => {
            // Ctrl-C: the signal is on its way and ends the program. An answer now, even none, would race with it.
            restore();
            std::thread::park_timeout(SIGNAL_LIMIT);
            None
        }
        Err(_) => None,
    }
}

/// How long the signal of a Ctrl-C may take to end the program.
const SIGNAL_LIMIT: Duration = Duration::from_secs(5);

/// A terminal that does not show what is typed, until this is dropped. It begins before the prompt is printed: whoever
/// answers at once, a paste or a program, would be seen otherwise. What was typed before is discarded, as ssh does.
struct Hidden;

/// How the terminal was before it was hidden.
static BEFORE: Mutex<Option<(File, Termios)>> = Mutex::new(None);

impl Hidden {
    fn begin(terminal: &File) -> io::Result<Self> {
        let before = tcgetattr(terminal)?;
        let mut hidden = before.clone();
        // As the reader wants it, from the start: a key that is read in one mode and meant in another is lost.
        hidden.local_modes.remove(LocalModes::ECHO | LocalModes::ECHONL | LocalModes::ICANON | LocalModes::ISIG);
        hidden.special_codes[SpecialCodeIndex::VMIN] = 1;
        hidden.special_codes[SpecialCodeIndex::VTIME] = 0;
        let copy = terminal.try_clone()?;
        *BEFORE.lock().unwrap_or_else(PoisonError::into_inner) = Some((copy, before));
        tcsetattr(terminal, OptionalActions::Flush, &hidden)?;
        Ok(Self)
    }
}

impl Drop for Hidden {
    fn drop(&mut self) {
        restore();
    }
}

/// Makes the terminal show again what is typed. For the end of the program: a signal may end it while a thread still waits
/// for an answer.
pub fn restore() {
    if let Some((terminal, before)) = BEFORE.lock().unwrap_or_else(PoisonError::into_inner).take() {
        // A terminal that has gone shows nothing any more.
        let _ = tcsetattr(&terminal, OptionalActions::Now, &before);
    }
}
