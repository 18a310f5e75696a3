//! Who owns the other end of a loopback connection, as the kernel's socket table tells it.

use std::net::SocketAddr;

/// The user behind a socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SocketOwner {
    /// This user id.
    User(u32),
    /// No such connection (any more).
    Gone,
    /// This system does not tell.
    Unknowable,
}

/// The owner of the socket that is bound to `peer` and connected to `local`.
pub fn socket_owner(peer: SocketAddr, local: SocketAddr) -> SocketOwner {
    let SocketAddr::V4(_) = peer else { return SocketOwner::Unknowable };
    match super::read_file(std::path::Path::new("/proc/self/net/tcp")) {
        Ok(table) => find(&String::from_utf8_lossy(&table), peer, local),
        Err(_) => SocketOwner::Unknowable,
    }
}

/// Columns of the table, by proc(5): number, local address, remote address, state, queues, timer, retransmits, uid.
fn find(table: &str, peer: SocketAddr, local: SocketAddr) -> SocketOwner {
    let (peer, local) = (hexadecimal(peer), hexadecimal(local));
    table
        .lines()
        .skip(1)
        .find_map(|line| {
            let mut columns = line.split_ascii_whitespace().skip(1);
            (columns.next()? == peer && columns.next()? == local).then(|| columns.nth(4)?.parse().ok())?
        })
        .map_or(SocketOwner::Gone, SocketOwner::User)
}

/// The kernel prints the address as one number in its own byte order, then the port.
fn hexadecimal(address: SocketAddr) -> String {
    match address {
        SocketAddr::V4(address) => {
            format!("{:08X}:{:04X}", u32::from_ne_bytes(address.ip().octets()), address.port())
        }
        SocketAddr::V6(_) => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &str = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n\
        \x20  0: 0100007F:0CEA 00000000:0000 0A 00000000:00000000 00:00000000 00000000   107        0 1111 1 0 100 0 0 10 0\n\
        \x20  1: 0100007F:D431 0100007F:9C40 01 00000000:00000000 00:00000000 00000000  1000        0 2222 1 0 20 4 30 10 -1\n";

    #[test]
    #[cfg(target_endian = "little")]
    fn t11_the_owner_is_found_by_both_addresses() {
        let at = |port| SocketAddr::from(([127, 0, 0, 1], port));
        for (peer, local, expected) in [
            (54_321, 40_000, SocketOwner::User(1000)),
            (40_000, 54_321, SocketOwner::Gone),
            (54_321, 40_001, SocketOwner::Gone),
            (3306, 40_000, SocketOwner::Gone),
        ] {
            assert_eq!(find(TABLE, at(peer), at(local)), expected, "{peer} to {local}");
        }
    }

    #[test]
    fn the_real_table_knows_this_process() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let client = std::net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let owner = socket_owner(client.local_addr().unwrap(), listener.local_addr().unwrap());
        let ours = rustix::process::getuid().as_raw();
        assert!(
            matches!(owner, SocketOwner::User(uid) if uid == ours) || owner == SocketOwner::Unknowable,
            "{owner:?}"
        );
    }
}
