//! Who owns the other end of a loopback connection, as the kernel tells it.
//!
//! The kernel is asked for the one socket (`sock_diag(7)`); where it does not answer that, as in containers that may not use
//! netlink, its whole table is read instead, which takes a hundred times as long and more with every open socket.

use std::net::{SocketAddr, SocketAddrV4};
use std::path::Path;

#[cfg(target_os = "linux")]
mod diagnosis;

/// The user behind a socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SocketOwner {
    /// This user id.
    User(u32),
    /// No such connection (any more), or nobody has it.
    Gone,
    /// This system does not tell.
    Unknowable,
}

/// The owner of the socket that is bound to `peer` and connected to `local`.
pub fn socket_owner(peer: SocketAddr, local: SocketAddr) -> SocketOwner {
    let (SocketAddr::V4(peer), SocketAddr::V4(local)) = (peer, local) else { return SocketOwner::Unknowable };
    #[cfg(target_os = "linux")]
    if let Some(owner) = diagnosis::socket_owner(peer, local) {
        return owner;
    }
    by_tables(peer, local)
}

/// A program that has opened its socket for IPv6, as Java's do, is in the other table.
fn by_tables(peer: SocketAddrV4, local: SocketAddrV4) -> SocketOwner {
    let mut owner = SocketOwner::Unknowable;
    for (path, prefix) in [("/proc/self/net/tcp", ""), ("/proc/self/net/tcp6", MAPPED)] {
        if let Ok(table) = super::read_file(Path::new(path)) {
            owner = find(&String::from_utf8_lossy(&table), prefix, peer, local);
        }
        if matches!(owner, SocketOwner::User(_)) {
            break;
        }
    }
    owner
}

/// `::ffff:`, in front of an IPv4 address, as the kernel prints it.
#[cfg(target_endian = "little")]
const MAPPED: &str = "0000000000000000FFFF0000";
#[cfg(target_endian = "big")]
const MAPPED: &str = "00000000000000000000FFFF";

/// Columns of the table, by proc(5): number, local address, remote address, state, queues, timer, retransmits, uid, timeout,
/// inode. Without an inode it is nobody's any more, and its uid says nothing.
fn find(table: &str, prefix: &str, peer: SocketAddrV4, local: SocketAddrV4) -> SocketOwner {
    let (peer, local) = (hexadecimal(prefix, peer), hexadecimal(prefix, local));
    table
        .lines()
        .skip(1)
        .find_map(|line| {
            let mut columns = line.split_ascii_whitespace().skip(1);
            let is_it = columns.next()? == peer && columns.next()? == local;
            let user = is_it.then(|| columns.nth(4)?.parse().ok())??;
            Some(if columns.nth(1)? == "0" { SocketOwner::Gone } else { SocketOwner::User(user) })
        })
        .unwrap_or(SocketOwner::Gone)
}

/// The kernel prints the address as numbers of four bytes in its own order, then the port.
fn hexadecimal(prefix: &str, address: SocketAddrV4) -> String {
    format!("{prefix}{:08X}:{:04X}", u32::from_ne_bytes(address.ip().octets()), address.port())
}

#[cfg(test)]
mod tests;
