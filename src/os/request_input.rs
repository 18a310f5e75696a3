//! A pipe that a request arrives on: read to its end, or only as far as it is filled already. Wiped when dropped.

use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use secrecy::zeroize::Zeroizing;

/// The reading end of a pipe, or a file.
#[derive(Debug)]
pub struct RequestInput(OwnedFd);

impl RequestInput {
    /// Standard input. Nothing is read by opening it.
    pub fn stdin() -> io::Result<Self> {
        io::stdin().as_fd().try_clone_to_owned().map(Self)
    }

    /// Any descriptor.
    pub fn of(descriptor: impl Into<OwnedFd>) -> Self {
        Self(descriptor.into())
    }

    /// Everything up to the end. More than `limit` bytes is an error of the kind [`io::ErrorKind::FileTooLarge`].
    pub fn read_to_end(&self, limit: usize) -> io::Result<Zeroizing<Vec<u8>>> {
        let mut bytes = Zeroizing::new(Vec::with_capacity(FIRST_PIECE));
        while self.read_piece(&mut bytes, limit)? {}
        Ok(bytes)
    }

    /// What is there, or arrives within `patience`; goes on until it `is_complete`, the pipe ends, or nothing more comes
    /// within `patience`. A pipe that is left open is never waited for.
    pub fn read_ready(
        &self,
        limit: usize,
        patience: Duration,
        is_complete: impl Fn(&[u8]) -> bool,
    ) -> io::Result<Zeroizing<Vec<u8>>> {
        let mut bytes = Zeroizing::new(Vec::with_capacity(FIRST_PIECE));
        while self.is_ready(patience)? {
            if !self.read_piece(&mut bytes, limit)? || is_complete(&bytes) {
                break;
            }
        }
        Ok(bytes)
    }

    fn is_ready(&self, patience: Duration) -> io::Result<bool> {
        let mut descriptors = [PollFd::new(&self.0, PollFlags::IN)];
        let patience = Timespec::try_from(patience).map_err(io::Error::other)?;
        match poll(&mut descriptors, Some(&patience)) {
            Ok(count) => Ok(count > 0),
            Err(rustix::io::Errno::INTR) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// Reads once. `false` at the end.
    fn read_piece(&self, bytes: &mut Zeroizing<Vec<u8>>, limit: usize) -> io::Result<bool> {
        if bytes.len() == bytes.capacity() {
            // A vector that grows by itself would leave what it held where it was.
            let mut larger = Zeroizing::new(Vec::with_capacity(bytes.capacity() * 2));
            larger.extend_from_slice(bytes);
            *bytes = larger;
        }
        let read = loop {
            match rustix::io::read(&self.0, rustix::buffer::spare_capacity(&mut **bytes)) {
                Err(rustix::io::Errno::INTR) => {}
                read => break read?,
            }
        };
        if bytes.len() > limit {
            return Err(io::Error::new(io::ErrorKind::FileTooLarge, format!("more than {limit} bytes")));
        }
        Ok(read > 0)
    }
}

/// Holds every request but that of a very long secret.
const FIRST_PIECE: usize = 8 * 1024;

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    const NOW: Duration = Duration::ZERO;

    #[test]
    fn an_open_pipe_is_not_waited_for() {
        let (reader, mut writer) = io::pipe().unwrap();
        let input = RequestInput::of(reader);
        assert!(input.read_ready(100, NOW, |_| false).unwrap().is_empty());
        writer.write_all(b"{}").unwrap();
        assert_eq!(**input.read_ready(100, NOW, |_| false).unwrap(), *b"{}");
        writer.write_all(b"{}[]").unwrap();
        assert_eq!(**input.read_ready(100, NOW, |bytes| bytes.starts_with(b"{}")).unwrap(), *b"{}[]");
    }

    #[test]
    fn a_closed_pipe_is_read_to_its_end() {
        let (reader, mut writer) = io::pipe().unwrap();
        let long = vec![7_u8; 30_000];
        writer.write_all(&long).unwrap();
        drop(writer);
        let input = RequestInput::of(reader);
        assert_eq!(**input.read_to_end(30_000).unwrap(), *long);
        assert!(input.read_ready(100, NOW, |_| false).unwrap().is_empty());
    }

    #[test]
    fn more_than_the_limit_is_an_error_and_not_cut() {
        let (reader, mut writer) = io::pipe().unwrap();
        writer.write_all(&vec![7_u8; 30_001]).unwrap();
        let error = RequestInput::of(reader).read_to_end(30_000).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::FileTooLarge);
    }
}
