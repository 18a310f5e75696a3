//! Reads a user's file whole, up to a limit, and appends to one: for the files that belong to other programs.
//!
//! What a file's mode and owner mean is decided by the caller, who knows what the file is for. Named pipes and folders are
//! refused, so that nothing waits for ever on a path taken from a configuration file.

use std::fs::OpenOptions;
use std::io::{Error, ErrorKind, Read, Result, Seek, SeekFrom, Write};
use std::os::unix::fs::{DirBuilderExt, FileTypeExt, MetadataExt, OpenOptionsExt};
use std::path::Path;

/// A file's bytes, and who may touch it.
#[derive(Debug)]
pub struct WholeFile {
    /// All of it.
    pub bytes: Vec<u8>,
    /// The permission bits, for example `0o600`.
    pub mode: u32,
    /// The user that owns it.
    pub owner: u32,
}

impl WholeFile {
    /// Reads a file of at most `limit` bytes. A file that does not exist is `None`; one that cannot be read is an error.
    pub fn read(path: &Path, limit: usize) -> Result<Option<Self>> {
        let flags = rustix::fs::OFlags::NONBLOCK.bits().cast_signed();
        let file = match OpenOptions::new().read(true).custom_flags(flags).open(path) {
            Ok(file) => file,
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => return Ok(None),
            Err(error) => return Err(error),
        };
        let metadata = file.metadata()?;
        // `/dev/null` is a common way to say "no file".
        if !metadata.is_file() && !metadata.file_type().is_char_device() {
            return Err(Error::new(ErrorKind::InvalidInput, "not a regular file"));
        }
        let mut bytes = Vec::new();
        file.take(limit as u64 + 1).read_to_end(&mut bytes)?;
        if bytes.len() > limit {
            return Err(Error::new(ErrorKind::FileTooLarge, format!("more than {limit} bytes")));
        }
        Ok(Some(Self { bytes, mode: metadata.mode() & 0o7777, owner: metadata.uid() }))
    }
}

/// Appends one line to a file with a single write, so that two programs that append at once do not mix. A missing file is
/// made with mode 0600, a missing folder with 0700, and a last line without its newline gets one first.
pub fn append_line(path: &Path, line: &str) -> Result<()> {
    if let Some(folder) = path.parent() {
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    }
    let mut file = OpenOptions::new().read(true).append(true).create(true).mode(0o600).open(path)?;
    let mut text = String::with_capacity(line.len() + 2);
    if file.metadata()?.len() > 0 {
        let mut last = [0];
        file.seek(SeekFrom::End(-1))?;
        file.read_exact(&mut last)?;
        if last != *b"\n" {
            text.push('\n');
        }
    }
    text.push_str(line);
    text.push('\n');
    file.write_all(text.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn t14_a_named_pipe_does_not_hang_and_a_folder_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let pipe = folder.path().join("pipe");
        rustix::fs::mknodat(rustix::fs::CWD, &pipe, rustix::fs::FileType::Fifo, rustix::fs::Mode::RUSR, 0).unwrap();
        assert!(WholeFile::read(&pipe, 10).is_err());
        assert!(WholeFile::read(folder.path(), 10).is_err());
        assert!(WholeFile::read(&folder.path().join("absent"), 10).unwrap().is_none());
        assert_eq!(WholeFile::read(Path::new("/dev/null"), 10).unwrap().unwrap().bytes, b"");
    }

    #[test]
    fn a_file_over_the_limit_is_an_error_and_not_cut() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        append_line(&path, "0123456789").unwrap();
        assert!(WholeFile::read(&path, 10).is_err());
        assert_eq!(WholeFile::read(&path, 11).unwrap().unwrap().bytes, b"0123456789\n");
    }

    #[test]
    fn appending_makes_private_files_and_mends_a_missing_newline() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(".ssh/known_hosts");
        append_line(&path, "one").unwrap();
        let file = WholeFile::read(&path, 100).unwrap().unwrap();
        assert_eq!((file.bytes.as_slice(), file.mode), (&b"one\n"[..], 0o600));
        assert_eq!(path.parent().unwrap().metadata().unwrap().mode() & 0o777, 0o700);
        OpenOptions::new().append(true).open(&path).unwrap().write_all(b"two").unwrap();
        append_line(&path, "three").unwrap();
        assert_eq!(WholeFile::read(&path, 100).unwrap().unwrap().bytes, b"one\ntwo\nthree\n");
    }
}
