//! Signals that end the program, and which of them whoever started it had switched off.

use std::future::poll_fn;
use std::io;
use std::sync::OnceLock;
use std::task::Poll;

use rustix::process::Signal;
use tokio::signal::unix::{Signal as Stream, SignalKind, signal};

/// Hears of the signals that ask the program to end. Once it exists, they no longer kill the process by themselves.
#[derive(Debug)]
pub struct Termination(Heard);

impl Termination {
    /// Begins to listen. Needs a running tokio runtime. A signal that is ignored stays so: under `nohup` a terminal that
    /// goes away is no reason to end.
    pub fn listen() -> io::Result<Self> {
        Heard::listen(&[Signal::INT, Signal::TERM, Signal::HUP]).map(Self)
    }

    /// Waits for the next one and gives its number.
    pub async fn next(&mut self) -> u8 {
        u8::try_from(self.0.next().await.as_raw()).unwrap_or(u8::MAX)
    }
}

/// Hears of some signals, which then no longer do to the process what they do by default.
#[derive(Debug)]
pub(super) struct Heard(Vec<(Signal, Stream)>);

impl Heard {
    /// Begins to listen to those of the signals that were not ignored when the process was started; news of children is
    /// never ignored. Where several have arrived, the first in this list is told first.
    pub(super) fn listen(signals: &[Signal]) -> io::Result<Self> {
        let heard =
            signals.iter().filter(|wanted| matches!(**wanted, Signal::CHILD | Signal::CONT) || !is_ignored(**wanted));
        heard
            .map(|wanted| Ok((*wanted, signal(SignalKind::from_raw(wanted.as_raw()))?)))
            .collect::<Result<_, _>>()
            .map(Self)
    }

    /// Waits for the next one. Several of a kind may be told as one.
    pub(super) async fn next(&mut self) -> Signal {
        poll_fn(|context| {
            let arrived =
                self.0.iter_mut().find_map(|(signal, stream)| stream.poll_recv(context).is_ready().then_some(*signal));
            arrived.map_or(Poll::Pending, Poll::Ready)
        })
        .await
    }
}

/// Ends this process by the signal of this number, as the child did whose end is ours: a shell breaks off a loop when what it
/// runs was ended by INT, and goes on when it merely exited with 130. Comes back only if that fails; to be called last, when
/// nothing is left to be dropped.
///
/// Safe Rust cannot give a signal back its own meaning once it has been listened to; another program in our place has it.
#[expect(clippy::disallowed_methods, reason = "this room starts programs")]
pub fn end_by(number: u8) -> io::Error {
    use std::os::unix::process::CommandExt as _;
    let script = r#"kill -"$1" $$"#;
    std::process::Command::new("/bin/sh").args(["-c", script, "sh", &number.to_string()]).env_clear().exec()
}

/// Whether whoever started this process had it ignore a signal, as `nohup` does with HUP, and a shell without job control
/// with INT and QUIT for what it starts with `&`. Such a choice is handed down to programs that are started only as long as
/// nobody listens. Looked up once: as soon as somebody listens, the system no longer tells.
fn is_ignored(signal: Signal) -> bool {
    static IGNORED: OnceLock<u64> = OnceLock::new();
    let mask = *IGNORED.get_or_init(|| {
        super::read_file(std::path::Path::new("/proc/self/status"))
            .map_or(0, |status| ignored_mask(&String::from_utf8_lossy(&status)))
    });
    // Bit 0 is signal 1; see proc(5).
    mask >> (signal.as_raw() - 1) & 1 == 1
}

fn ignored_mask(status: &str) -> u64 {
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mask_of_ignored_signals_is_read() {
        for (status, expected) in [
            ("Name:\tx\nSigBlk:\t0000000000000001\nSigIgn:\t0000000000001007\nSigCgt:\t0\n", 0x1007),
            ("SigIgn:\tffffffffffffffff\n", u64::MAX),
            ("SigIgn:\tnonsense\n", 0),
            ("", 0),
        ] {
            assert_eq!(ignored_mask(status), expected, "{status:?}");
        }
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn the_real_mask_is_there() {
        // The standard library ignores it in every program.
        assert!(is_ignored(Signal::PIPE));
        assert!(!is_ignored(Signal::CONT));
    }
}
