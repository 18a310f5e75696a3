//! The owner by the kernel's table and by its answer, on written and on real ones.

use std::net::{Ipv4Addr, TcpListener, TcpStream};

use rustix::net::{AddressFamily, SocketType};

use super::*;

const TABLE: &str = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n\
    \x20  0: 0100007F:0CEA 00000000:0000 0A 00000000:00000000 00:00000000 00000000   107        0 1111 1 0 100 0 0 10 0\n\
    \x20  1: 0100007F:D431 0100007F:9C40 01 00000000:00000000 00:00000000 00000000  1000        0 2222 1 0 20 4 30 10 -1\n\
    \x20  2: 0100007F:D432 0100007F:9C40 06 00000000:00000000 03:00000000 00000000     0        0 0 3 0\n";
const TABLE_6: &str = "  sl  local_address                         remote_address                        st tx_queue rx_queue\n\
    \x20  0: 0000000000000000FFFF00000100007F:D433 0000000000000000FFFF00000100007F:9C40 01 00000000:00000000 \
    00:00000000 00000000  1001        0 3333 1 0 20 4 30 10 -1\n";

fn at(port: u16) -> SocketAddrV4 {
    SocketAddrV4::new(Ipv4Addr::LOCALHOST, port)
}

#[test]
#[cfg(target_endian = "little")]
fn t11_the_owner_is_found_by_both_addresses() {
    for (table, prefix, peer, local, expected) in [
        (TABLE, "", 54_321, 40_000, SocketOwner::User(1000)),
        (TABLE, "", 54_322, 40_000, SocketOwner::Gone),
        (TABLE, "", 40_000, 54_321, SocketOwner::Gone),
        (TABLE, "", 54_321, 40_001, SocketOwner::Gone),
        (TABLE, "", 3306, 40_000, SocketOwner::Gone),
        (TABLE_6, MAPPED, 54_323, 40_000, SocketOwner::User(1001)),
        (TABLE_6, "", 54_323, 40_000, SocketOwner::Gone),
    ] {
        assert_eq!(find(table, prefix, at(peer), at(local)), expected, "{peer} to {local}");
    }
}

fn v4(address: std::io::Result<SocketAddr>) -> SocketAddrV4 {
    match address.unwrap() {
        SocketAddr::V4(address) => address,
        SocketAddr::V6(address) => at(address.port()),
    }
}

/// A client of a socket that was opened for IPv6, as Java's are, connected to an IPv4 address.
fn mapped_client(listener: SocketAddrV4) -> TcpStream {
    let socket = rustix::net::socket(AddressFamily::INET6, SocketType::STREAM, None).unwrap();
    let to = std::net::SocketAddrV6::new(listener.ip().to_ipv6_mapped(), listener.port(), 0, 0);
    rustix::net::connect(&socket, &to).unwrap();
    socket.into()
}

/// Both ways to know: the kernel's answer, where there is one, and its tables.
fn both(peer: SocketAddrV4, local: SocketAddrV4) -> (Option<SocketOwner>, SocketOwner) {
    #[cfg(target_os = "linux")]
    let answer = diagnosis::socket_owner(peer, local);
    #[cfg(not(target_os = "linux"))]
    let answer = None;
    (answer, by_tables(peer, local))
}

#[test]
#[cfg(target_os = "linux")]
fn t11_the_real_kernel_knows_this_process_by_its_answer_and_by_its_tables() {
    let ours = SocketOwner::User(rustix::process::getuid().as_raw());
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let local = v4(listener.local_addr());
    for client in [TcpStream::connect(local).unwrap(), mapped_client(local)] {
        let peer = v4(client.local_addr());
        let (served, _) = listener.accept().unwrap();
        assert_eq!(both(peer, local), (Some(ours), ours));
        // The other direction is the listener's own end.
        assert_eq!(both(local, peer), (Some(ours), ours));
        // Half closed, it is still somebody's.
        client.shutdown(std::net::Shutdown::Write).unwrap();
        assert_eq!(both(peer, local), (Some(ours), ours));
        drop(client);
        // Closed, it waits for the end of the other side, or for time to pass: nobody's.
        assert_eq!(both(peer, local), (Some(SocketOwner::Gone), SocketOwner::Gone));
        drop(served);
        assert_eq!(socket_owner(SocketAddr::V4(peer), SocketAddr::V4(local)), SocketOwner::Gone);
    }
    // There is a listener, but no such connection.
    assert_eq!(both(at(1), local), (None, SocketOwner::Gone));
    assert_eq!(both(local, at(1)), (None, SocketOwner::Gone));
}

#[test]
#[cfg(target_os = "linux")]
fn t11_an_answer_that_is_none_is_not_believed() {
    for answer in [&[][..], &[0; 15], &[0; 88], &[0xff; 88]] {
        assert_eq!(diagnosis::owner(answer, at(1), at(2)), None, "{answer:?}");
    }
}
