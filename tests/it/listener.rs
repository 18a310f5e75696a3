//! The one-shot loopback port of a query, seen from outside the program (threat T11). That another user who is faster gets
//! nothing is shown beside the code, in `src/session/listener.rs`, where the race can be arranged.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::time::Duration;

use crate::stage::{HOST, Stage};

/// The inodes of sockets that somebody listens on, by proc(5).
fn listening() -> BTreeSet<String> {
    let table = ["/proc/net/tcp", "/proc/net/tcp6"].map(|file| std::fs::read_to_string(file).unwrap_or_default());
    table
        .iter()
        .flat_map(|table| table.lines().skip(1))
        .map(|line| line.split_ascii_whitespace().collect::<Vec<_>>())
        .filter(|columns| columns.get(3) == Some(&"0A"))
        .filter_map(|columns| columns.get(9).map(ToString::to_string))
        .collect()
}

/// The inodes of a process's sockets; `None` if the kernel does not let us look.
fn sockets(pid: u32) -> Option<BTreeSet<String>> {
    let links = std::fs::read_dir(format!("/proc/{pid}/fd")).ok()?;
    let inode = |link: std::fs::DirEntry| {
        let target = std::fs::read_link(link.path()).ok()?;
        target.to_str()?.strip_prefix("socket:[")?.strip_suffix(']').map(ToOwned::to_owned)
    };
    Some(links.filter_map(Result::ok).filter_map(inode).collect())
}

#[test]
fn t11_no_port_is_open_while_a_query_runs() {
    let stage = Stage::embedded();
    let running = stage.home.start_rdsconn([HOST, "-N", "select sleep(600)"]);
    let database = &stage.parts().database;
    let asleep = |running: &[rdsconn_lab::embedded::Running]| {
        running.iter().any(|process| format!("{process:?}").contains("sleep(600)"))
    };
    assert!(database.wait_until(Duration::from_mins(1), asleep), "{:?}", database.running());
    let Some(sockets) = sockets(running.pid()) else {
        // Not eprintln!, which the test harness swallows.
        let _ = writeln!(std::io::stderr(), "\nSKIPPED t11_no_port_is_open_while_a_query_runs: needs root");
        return;
    };
    assert!(!sockets.is_empty());
    let open: Vec<_> = listening().intersection(&sockets).cloned().collect();
    assert_eq!(open, [""; 0]);
    running.signal(rdsconn_lab::environment::Signal::INT);
    running.finish().ended_with(130);
}
