//! A descriptor that whoever started this program has opened for it, with a secret in it: read to the end of its first line.

use std::io;
use std::os::fd::OwnedFd;

use rustix::termios::isatty;
use secrecy::SecretString;
use secrecy::zeroize::Zeroizing;

/// The longest secret: longer than any that a server takes, and than a token that somebody has signed elsewhere.
const LIMIT: usize = 8 * 1024;

/// Standard input, output and error have other uses.
const FIRST: u16 = 3;

/// Why a descriptor gives no secret.
#[derive(Debug, thiserror::Error)]
pub enum HandedError {
    /// 0, 1 or 2.
    #[error("descriptor {number} is not free to hand over a password")]
    Standard {
        /// As given.
        number: u16,
    },
    /// Nobody has opened it, or it cannot be read.
    #[error("descriptor {number} cannot be read")]
    Unreadable {
        /// As given.
        number: u16,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// What is typed there would be shown.
    #[error("descriptor {number} is a terminal")]
    Terminal {
        /// As given.
        number: u16,
    },
    /// Nothing on the first line.
    #[error("the password is empty")]
    Empty,
    /// No end of the line in sight.
    #[error("the password is longer than {LIMIT} bytes")]
    TooLong,
    /// Not UTF-8, or with a NUL in it.
    #[error("the password is not UTF-8 text without NUL")]
    NotText,
}

/// The descriptor, ours alone: it is closed under its number, so that no program started from here finds it.
#[derive(Debug)]
pub struct HandedDescriptor {
    number: u16,
    descriptor: OwnedFd,
}

impl HandedDescriptor {
    /// Takes it. To be called before anything is opened: what has that number must be what was handed over.
    pub fn take(number: u16) -> Result<Self, HandedError> {
        if number < FIRST {
            return Err(HandedError::Standard { number });
        }
        let unreadable = |source| HandedError::Unreadable { number, source };
        let descriptor = duplicate(number).map_err(unreadable)?;
        // Safe Rust has no other way to close what it has not opened.
        nix::unistd::close(i32::from(number)).map_err(|error| unreadable(error.into()))?;
        if isatty(&descriptor) {
            return Err(HandedError::Terminal { number });
        }
        Ok(Self { number, descriptor })
    }

    /// The first line, without its end; nothing behind it is asked for. Closes the descriptor.
    pub fn first_line(self) -> Result<SecretString, HandedError> {
        let number = self.number;
        let mut line = Zeroizing::new(vec![0; LIMIT + 1]);
        let mut length = 0;
        let end = loop {
            if let Some(end) = line[..length].iter().position(|byte| *byte == b'\n') {
                break end;
            }
            if length == line.len() {
                return Err(HandedError::TooLong);
            }
            match rustix::io::read(&self.descriptor, &mut line[length..]) {
                Ok(0) => break length,
                Ok(read) => length += read,
                Err(rustix::io::Errno::INTR) => {}
                Err(error) => return Err(HandedError::Unreadable { number, source: error.into() }),
            }
        };
        let line = line[..end].strip_suffix(b"\r").unwrap_or(&line[..end]);
        match std::str::from_utf8(line) {
            Ok("") => Err(HandedError::Empty),
            Ok(text) if !text.contains('\0') => Ok(SecretString::from(text)),
            _ => Err(HandedError::NotText),
        }
    }
}

/// The same open file under a number of our own, closed when a program is started. Where the kernel does not give one's own
/// descriptors away, as in some containers, the file is opened once more.
fn duplicate(number: u16) -> io::Result<OwnedFd> {
    #[cfg(target_os = "linux")]
    {
        use rustix::process::{PidfdFlags, PidfdGetfdFlags, getpid, pidfd_getfd, pidfd_open};
        let ours = pidfd_open(getpid(), PidfdFlags::empty())?;
        match pidfd_getfd(ours, i32::from(number), PidfdGetfdFlags::empty()) {
            Err(rustix::io::Errno::PERM | rustix::io::Errno::NOSYS) => {}
            other => return Ok(other?),
        }
    }
    super::open_file(std::path::Path::new(&format!("/dev/fd/{number}"))).map(OwnedFd::from)
}

#[cfg(test)]
mod tests {
    use super::*;
    use secrecy::ExposeSecret as _;
    use std::io::Write as _;
    use std::os::fd::{AsRawFd as _, IntoRawFd as _};

    fn handed(text: &[u8]) -> HandedDescriptor {
        let (reader, mut writer) = io::pipe().unwrap();
        writer.write_all(text).unwrap();
        HandedDescriptor::take(u16::try_from(OwnedFd::from(reader).into_raw_fd()).unwrap()).unwrap()
    }

    fn line(text: &[u8]) -> Result<String, HandedError> {
        handed(text).first_line().map(|line| line.expose_secret().to_owned())
    }

    #[test]
    fn the_first_line_is_the_secret() {
        for (text, expected) in [
            (&b"hunter2"[..], "hunter2"),
            (b"hunter2\n", "hunter2"),
            (b"hunter2\r\n", "hunter2"),
            (b" hunt er2 \nsecond\n", " hunt er2 "),
            ("pässwörd#'\"\\\n".as_bytes(), "pässwörd#'\"\\"),
        ] {
            assert_eq!(line(text).unwrap(), expected);
        }
        let longest = "x".repeat(LIMIT);
        assert_eq!(line(format!("{longest}\n").as_bytes()).unwrap(), longest);
        assert!(matches!(line(&[b'x'; LIMIT + 1]), Err(HandedError::TooLong)));
        assert!(matches!(line(b""), Err(HandedError::Empty)));
        assert!(matches!(line(b"\nhunter2"), Err(HandedError::Empty)));
        assert!(matches!(line(b"hunter\xff\n"), Err(HandedError::NotText)));
        assert!(matches!(line(b"hun\0ter\n"), Err(HandedError::NotText)));
    }

    /// What is left open by the other side is not waited for once the line is there.
    #[test]
    fn an_open_pipe_is_not_waited_for() {
        let (reader, mut writer) = io::pipe().unwrap();
        writer.write_all(b"hunter2\n").unwrap();
        let number = u16::try_from(OwnedFd::from(reader).into_raw_fd()).unwrap();
        assert!(HandedDescriptor::take(number).unwrap().first_line().is_ok());
        drop(writer);
    }

    #[test]
    fn t15_it_is_closed_under_its_number() {
        let (reader, writer) = io::pipe().unwrap();
        let kept = reader.as_raw_fd();
        drop(writer);
        let number = u16::try_from(OwnedFd::from(reader).into_raw_fd()).unwrap();
        let taken = HandedDescriptor::take(number).unwrap();
        assert_ne!(taken.descriptor.as_raw_fd(), kept);
        let flags = rustix::io::fcntl_getfd(&taken.descriptor).unwrap();
        assert!(flags.contains(rustix::io::FdFlags::CLOEXEC));
    }

    #[test]
    fn what_cannot_be_one_is_refused() {
        for number in 0..3 {
            assert!(matches!(HandedDescriptor::take(number), Err(HandedError::Standard { .. })));
        }
        assert!(matches!(HandedDescriptor::take(60_000), Err(HandedError::Unreadable { .. })));
    }
}
