//! Runs a program in our place: with our whole environment, one argument, a request on its standard input, and one pipe for
//! everything that it says.

use std::io;
use std::os::fd::OwnedFd;
use std::path::Path;
use std::process::{ExitStatus, Stdio};

use secrecy::zeroize::Zeroizing;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::unix::pipe;

use super::Environment;

/// What a program said, its two streams as one, and how it ended. Wiped when dropped.
pub struct Said {
    /// How it ended.
    pub status: ExitStatus,
    /// Stdout and stderr in the order in which they were written.
    pub output: Zeroizing<Vec<u8>>,
}

/// Runs a program to its end, with the variable `added` beside our own, however long that takes: it may be asking a person. One that says more than `limit` bytes is
/// killed.
///
/// Nothing is taken out of the environment, other than for programs of our own choosing: whoever started us would have
/// started this program with the same environment, and it may need all of it.
#[expect(clippy::disallowed_methods, reason = "src/os is the one place that starts programs")]
pub async fn run_in_our_place(
    program: &Path,
    argument: &str,
    request: &[u8],
    environment: &Environment,
    added: (&str, &str),
    limit: usize,
) -> io::Result<Said> {
    let (reader, writer) = io::pipe()?;
    let mut command = tokio::process::Command::new(program);
    command
        .arg(argument)
        .env_clear()
        .envs(environment.variables())
        .env(added.0, added.1)
        .stdin(Stdio::piped())
        .stdout(writer.try_clone()?)
        .stderr(writer)
        .kill_on_drop(true);
    let mut child = command.spawn()?;
    // It holds our ends of the pipe, whose end would never come.
    drop(command);
    let stdin = child.stdin.take();
    let send = async {
        if let Some(mut stdin) = stdin {
            // A program that does not read its request may still answer.
            let _ = stdin.write_all(request).await;
            let _ = stdin.shutdown().await;
        }
    };
    let (output, ()) = tokio::join!(read(reader.into(), limit), send);
    let output = output?;
    Ok(Said { status: child.wait().await?, output })
}

async fn read(reader: OwnedFd, limit: usize) -> io::Result<Zeroizing<Vec<u8>>> {
    let mut reader = pipe::Receiver::from_owned_fd(reader)?;
    let mut bytes = Zeroizing::new(Vec::with_capacity(16 * 1024));
    loop {
        if bytes.len() == bytes.capacity() {
            // A vector that grows by itself would leave what it held where it was.
            let mut larger = Zeroizing::new(Vec::with_capacity(bytes.capacity() * 2));
            larger.extend_from_slice(&bytes);
            bytes = larger;
        }
        if reader.read_buf(&mut *bytes).await? == 0 {
            return Ok(bytes);
        }
        if bytes.len() > limit {
            return Err(io::Error::new(io::ErrorKind::FileTooLarge, format!("it said more than {limit} bytes")));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs::Permissions;
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[expect(clippy::disallowed_methods, reason = "a copy has to be made by another process")]
    async fn run(script: &str, request: &[u8], limit: usize) -> io::Result<Said> {
        let folder = tempfile::tempdir().unwrap();
        let (text, path) = (folder.path().join("text"), folder.path().join("program"));
        crate::os::files::create_private(&text, &format!("#!/bin/sh\n{script}")).unwrap();
        std::fs::set_permissions(&text, Permissions::from_mode(0o700)).unwrap();
        // Written by another process: a file that this one has open for writing cannot be run by it.
        assert!(std::process::Command::new("/bin/cp").arg(&text).arg(&path).status().unwrap().success());
        let environment = Environment::of([("PATH", "/usr/bin:/bin"), ("AWS_SECRET_ACCESS_KEY", "kept")]);
        run_in_our_place(&path, "get", request, &environment, ("ADDED", "yes"), limit).await
    }

    #[tokio::test]
    async fn both_streams_are_one_and_in_order() {
        let said =
            run("cat; echo \" $#$1\" >&2; echo \"$ADDED $AWS_SECRET_ACCESS_KEY\"; exit 7", b"in", 1_000).await.unwrap();
        assert_eq!(String::from_utf8_lossy(&said.output), "in 1get\nyes kept\n");
        assert_eq!(said.status.code(), Some(7));
    }

    #[tokio::test]
    async fn a_program_that_reads_nothing_or_dies_is_heard() {
        let said = run("echo deaf", &vec![b'x'; 1 << 20], 1_000).await.unwrap();
        assert_eq!(**said.output, *b"deaf\n");
        let said = run("kill -9 $$", b"", 1_000).await.unwrap();
        assert_eq!(std::os::unix::process::ExitStatusExt::signal(&said.status), Some(9));
    }

    #[tokio::test]
    async fn a_program_that_says_too_much_is_cut_off() {
        let error = run("while :; do echo yes; done", b"", 20_000).await.map(drop).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::FileTooLarge);
    }
}
