//! Who listens on a loopback port: for the message that it is taken.

use std::fmt;
use std::path::Path;

/// A process, as far as the system tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PortOwner {
    /// The user whose it is.
    pub user: u32,
    /// Its number and name; only those of one's own processes can be seen.
    pub process: Option<(u32, String)>,
}

impl fmt::Display for PortOwner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.process {
            Some((id, name)) => write!(f, "process {id} ({name})"),
            None => write!(f, "a process of user {}", self.user),
        }
    }
}

/// Who listens on a port of 127.0.0.1, or of all addresses. `None` where the system does not tell.
pub fn port_owner(port: u16) -> Option<PortOwner> {
    // A program that listens on all addresses of both families is in the second.
    let tables = ["/proc/self/net/tcp", "/proc/self/net/tcp6"].into_iter();
    let mut tables = tables.filter_map(|path| super::read_file(Path::new(path)).ok());
    let (user, inode) = tables.find_map(|table| listening(&String::from_utf8_lossy(&table), port))?;
    Some(PortOwner { user, process: process_with(&format!("socket:[{inode}]")) })
}

/// User and inode of the listening socket. Columns of the table, by proc(5): number, local address, remote address, state
/// (`0A` listens), queues, timer, retransmits, uid, timeout, inode. An address is printed as numbers of four bytes in the
/// machine's order; `::ffff:127.0.0.1` ends as 127.0.0.1 does.
fn listening(table: &str, port: u16) -> Option<(u32, u64)> {
    let port = format!("{port:04X}");
    let loopback = format!("{:08X}", u32::from_ne_bytes([127, 0, 0, 1]));
    table.lines().skip(1).find_map(|line| {
        let columns: Vec<&str> = line.split_ascii_whitespace().collect();
        let (address, number) = columns.get(1)?.split_once(':')?;
        let is_mapped = || address.len() == 32 && address.contains("FFFF");
        let is_loopback = address == loopback || is_mapped() && address.ends_with(&loopback);
        let is_here = is_loopback || address.bytes().all(|digit| digit == b'0');
        let listens = number == port && is_here && *columns.get(3)? == "0A";
        listens.then(|| Some((columns.get(7)?.parse().ok()?, columns.get(9)?.parse().ok()?)))?
    })
}

/// The process that holds a descriptor of this kind.
#[expect(clippy::disallowed_methods, reason = "this room reads the system's own files")]
fn process_with(link: &str) -> Option<(u32, String)> {
    let holds = |process: &Path| {
        let descriptors = std::fs::read_dir(process.join("fd")).into_iter().flatten().flatten();
        descriptors
            .into_iter()
            .any(|entry| std::fs::read_link(entry.path()).is_ok_and(|target| target == Path::new(link)))
    };
    std::fs::read_dir("/proc").ok()?.flatten().find_map(|entry| {
        let id = entry.file_name().to_str()?.parse().ok()?;
        let name = || std::fs::read_to_string(entry.path().join("comm")).ok();
        holds(&entry.path()).then(|| Some((id, name()?.trim_end().to_owned())))?
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(target_endian = "little")]
    fn r14_a_listening_socket_is_found_by_its_port() {
        let table = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n\
            \x20  0: 0100007F:0CEA 0100007F:9C40 01 00000000:00000000 00:00000000 00000000     5        0 1 1 0\n\
            \x20  1: 0200007F:0CEA 00000000:0000 0A 00000000:00000000 00:00000000 00000000     6        0 2 1 0\n\
            \x20  2: 0100007F:0CEA 00000000:0000 0A 00000000:00000000 00:00000000 00000000   107        0 3 1 0\n\
            \x20  3: 00000000:0CEB 00000000:0000 0A 00000000:00000000 00:00000000 00000000   108        0 4 1 0\n";
        assert_eq!(listening(table, 3306), Some((107, 3)));
        assert_eq!(listening(table, 3307), Some((108, 4)));
        assert_eq!(listening(table, 3308), None);
        let table = "  sl  local_address  remote_address  st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n\
            \x20  0: 00000000000000000000000001000000:0CEA 0:0000 0A 0:0 0:0 0 1 0 1 1\n\
            \x20  1: 00000000000000000000000000000000:0CEA 0:0000 0A 0:0 0:0 0 2 0 2 1\n\
            \x20  2: 0000000000000000FFFF00000100007F:0CEB 0:0000 0A 0:0 0:0 0 3 0 3 1\n";
        assert_eq!(listening(table, 3306), Some((2, 2)), "::1 is another address");
        assert_eq!(listening(table, 3307), Some((3, 3)));
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn r14_the_owner_of_a_real_port_is_this_process() {
        for address in ["127.0.0.1:0", "0.0.0.0:0", "[::]:0", "[::ffff:127.0.0.1]:0"] {
            let Ok(listener) = std::net::TcpListener::bind(address) else {
                assert!(address.starts_with('['), "{address}");
                continue;
            };
            let owner = port_owner(listener.local_addr().unwrap().port()).unwrap();
            assert_eq!(owner.user, rustix::process::getuid().as_raw());
            let (id, name) = owner.process.clone().unwrap();
            assert_eq!(id, std::process::id());
            assert_eq!(owner.to_string(), format!("process {id} ({name})"));
        }
    }
}
