//! What a process finds when it starts: arguments, environment, descriptors, terminal, signals, limits.

use std::collections::BTreeMap;
use std::fs;

use rustix::process::{getpgrp, getpid, getppid, getrlimit, getsid, parent_process_death_signal};
use serde_json::{Value, json};

use crate::signals;

pub(crate) fn look() -> Value {
    let descriptors = descriptors();
    let text = |text: std::ffi::OsString| text.to_string_lossy().into_owned();
    let environment: BTreeMap<String, String> =
        std::env::vars_os().map(|(name, value)| (text(name), text(value))).collect();
    let number = |pid: Option<rustix::process::Pid>| pid.map(rustix::process::Pid::as_raw_pid);
    let core = getrlimit(rustix::process::Resource::Core);
    // Rust's own start ignores PIPE.
    let ignored: Vec<String> = set("SigIgn").into_iter().filter(|name| name != "PIPE").collect();
    json!({
        "event": "given",
        "arguments": std::env::args_os().map(text).collect::<Vec<_>>(),
        "environment": environment,
        "descriptors": descriptors,
        "directory": std::env::current_dir().map(|path| text(path.into_os_string())).ok(),
        "process": getpid().as_raw_pid(),
        "parent": number(getppid()),
        "group": getpgrp().as_raw_pid(),
        "session": number(getsid(None).ok()),
        "foreground": number(foreground()),
        "terminal": terminal_size(),
        "blocked": set("SigBlk"),
        "ignored": ignored,
        "core_limit": [core.current, core.maximum],
        "parent_death_signal": parent_process_death_signal().ok().flatten().map(|signal| signals::name(signal.as_raw())),
    })
}

/// The open descriptors, without the one that is open only to list them.
fn descriptors() -> BTreeMap<String, String> {
    let Ok(entries) = fs::read_dir("/proc/self/fd") else { return BTreeMap::new() };
    entries
        .flatten()
        .filter_map(|entry| {
            let target = fs::read_link(entry.path()).ok()?.to_string_lossy().into_owned();
            let of_this_list = target.starts_with("/proc/") && target.ends_with("/fd");
            (!of_this_list).then(|| (entry.file_name().to_string_lossy().into_owned(), target))
        })
        .collect()
}

fn foreground() -> Option<rustix::process::Pid> {
    let terminal = fs::File::open("/dev/tty").ok()?;
    rustix::termios::tcgetpgrp(terminal).ok()
}

/// Rows and columns.
pub(crate) fn terminal_size() -> Option<(u16, u16)> {
    let size = rustix::termios::tcgetwinsize(std::io::stdin()).ok()?;
    Some((size.ws_row, size.ws_col))
}

/// The names in one of the signal sets of `/proc/self/status`, less 32 and 33, which the C library keeps to itself.
fn set(name: &str) -> Vec<String> {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status
        .lines()
        .find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))
        .and_then(|digits| u64::from_str_radix(digits.trim(), 16).ok())
        .unwrap_or_default();
    (1..=64).filter(|number| ![32, 33].contains(number) && mask & 1 << (number - 1) != 0).map(signals::name).collect()
}
