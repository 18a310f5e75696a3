//! Readers of every kind: one after the other, gone, stalled, or none at all.

#![expect(clippy::disallowed_methods, reason = "what is tested is looked at without its own help")]

use std::fs;
use std::io::Read as _;
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _, PermissionsExt as _};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use super::super::Environment;
use super::*;

/// Only a failing test waits for it.
const DEADLINE: Duration = Duration::from_secs(30);

fn folder() -> (tempfile::TempDir, RunFolder) {
    let temporary = tempfile::tempdir().unwrap();
    let environment = Environment::of([("TMPDIR", temporary.path().to_str().unwrap())]);
    let folder = RunFolder::create(&environment).unwrap();
    (temporary, folder)
}

/// A pipe whose n-th reader gets "text n" and so many dots. The receiver hears of the end of the answering.
fn numbered(folder: &RunFolder, dots: usize) -> (OptionPipe, mpsc::Receiver<()>) {
    let (alive, ended) = mpsc::channel();
    let mut count = 0;
    let supply = move || {
        let _lives = &alive;
        count += 1;
        Some(SecretString::from(format!("text {count}{}", ".".repeat(dots))))
    };
    (OptionPipe::serve(folder, "options", supply).unwrap(), ended)
}

/// Opens the pipe and waits until the next reader would not get hold of the same one.
fn open(pipe: &OptionPipe) -> fs::File {
    let number = || pipe.path().symlink_metadata().unwrap().ino();
    let before = number();
    let opened = fs::File::open(pipe.path()).unwrap();
    let deadline = Instant::now() + DEADLINE;
    while number() == before {
        assert!(Instant::now() < deadline, "the pipe is never replaced");
        std::thread::yield_now();
    }
    opened
}

fn has_ended(ended: &mpsc::Receiver<()>) -> bool {
    ended.recv_timeout(DEADLINE) == Err(mpsc::RecvTimeoutError::Disconnected)
}

#[test]
fn t15_the_pipe_is_for_the_user_alone_and_goes_when_it_is_dropped() {
    let (_temporary, folder) = folder();
    let (pipe, ended) = numbered(&folder, 0);
    for _ in 0..2 {
        let metadata = pipe.path().symlink_metadata().unwrap();
        assert!(metadata.file_type().is_fifo());
        assert_eq!(metadata.permissions().mode() & 0o777, 0o600);
        // The one that comes next is no different.
        fs::read(pipe.path()).unwrap();
    }
    let path = pipe.path().to_owned();
    drop(pipe);
    assert!(!path.exists());
    assert!(has_ended(&ended));
    let left: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left, ["alive"]);
}

#[test]
fn each_reader_gets_a_text_of_its_own() {
    let (_temporary, folder) = folder();
    for dots in [0, 10_000, 1_000_000] {
        let (pipe, _) = numbered(&folder, dots);
        for number in 1..=50 {
            let expected = format!("text {number}{}", ".".repeat(dots));
            assert!(fs::read_to_string(pipe.path()).unwrap() == expected, "reader {number} of {dots} dots");
        }
    }
}

#[test]
fn a_reader_without_an_answer_finds_an_empty_file() {
    let (_temporary, folder) = folder();
    let mut answers = vec![Some(SecretString::from("late")), None];
    let pipe = OptionPipe::serve(&folder, "options", move || answers.pop().flatten()).unwrap();
    assert_eq!(fs::read(pipe.path()).unwrap(), b"");
    assert_eq!(fs::read(pipe.path()).unwrap(), b"late");
}

#[test]
fn a_reader_that_goes_or_stalls_holds_nobody_up() {
    let (_temporary, folder) = folder();
    for dots in [0, 1_000_000] {
        let (pipe, ended) = numbered(&folder, dots);
        // Gone at once, after a byte, and never: the last two stay open to the end.
        drop(open(&pipe));
        let mut first = open(&pipe);
        let mut byte = [0];
        first.read_exact(&mut byte).unwrap();
        drop(first);
        let stalled = [open(&pipe), open(&pipe)];
        let text = fs::read_to_string(pipe.path()).unwrap();
        assert!(text.starts_with("text 5") && text.len() == dots + 6, "{}", text.len());
        // Everything that answers lets go of what it shares, whoever still reads.
        let shared = Arc::downgrade(&pipe.shared);
        drop(pipe);
        assert!(has_ended(&ended));
        let deadline = Instant::now() + DEADLINE;
        while shared.strong_count() > 0 {
            assert!(Instant::now() < deadline, "a thread is left");
            std::thread::yield_now();
        }
        for mut reader in stalled {
            // Cut off, but not held.
            let mut rest = Vec::new();
            reader.read_to_end(&mut rest).unwrap();
        }
    }
}

#[test]
fn a_pipe_that_nobody_ever_reads_ends_when_it_is_dropped() {
    let (_temporary, folder) = folder();
    for _ in 0..200 {
        let (pipe, ended) = numbered(&folder, 0);
        drop(pipe);
        assert!(has_ended(&ended));
    }
}

#[test]
fn a_pipe_that_is_dropped_while_the_text_is_made_leaves_nothing() {
    let (_temporary, folder) = folder();
    let (asked, asking) = mpsc::channel();
    let (release, released) = mpsc::channel::<()>();
    let pipe = OptionPipe::serve(&folder, "options", move || {
        asked.send(()).unwrap();
        let _ = released.recv();
        None
    })
    .unwrap();
    let reader = fs::File::open(pipe.path()).unwrap();
    asking.recv_timeout(DEADLINE).unwrap();
    drop(pipe);
    drop(release);
    assert_eq!(asking.recv_timeout(DEADLINE), Err(mpsc::RecvTimeoutError::Disconnected));
    drop(reader);
    let left: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left, ["alive"]);
}

#[test]
fn t15_a_text_in_memory_is_private_sealed_and_read_as_often_as_one_likes() {
    let (_temporary, folder) = folder();
    let text = PrivateText::new(&folder, "options", &SecretString::from("text")).unwrap();
    for _ in 0..2 {
        assert_eq!(fs::read(text.path()).unwrap(), b"text");
    }
    assert_eq!(text.path().metadata().unwrap().permissions().mode() & 0o777, 0o600);
    if cfg!(target_os = "linux") {
        assert_eq!(text.path().parent().unwrap(), Path::new("/dev/fd"));
        assert!(fs::OpenOptions::new().write(true).truncate(true).open(text.path()).is_err());
        assert_eq!(fs::read(text.path()).unwrap(), b"text");
        assert!(text.into_inherited().is_some());
    }
}
