//! One socket of the kernel's, looked up by both its addresses: `sock_diag(7)`, on a `netlink(7)` socket of its own.

use std::io;
use std::net::SocketAddrV4;

use rustix::net::{AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType, netlink};

use super::SocketOwner;

/// `SOCK_DIAG_BY_FAMILY` of `linux/sock_diag.h`: the type of the question and of its answer.
const BY_FAMILY: u16 = 20;
/// `NLM_F_REQUEST` of `linux/netlink.h`.
const REQUEST: u16 = 1;
/// `IPPROTO_TCP`.
const TCP: u8 = 6;
/// `struct nlmsghdr`.
const HEADER: usize = 16;
/// With `struct inet_diag_req_v2`: family, protocol, two bytes, states, and the socket.
const QUESTION: usize = HEADER + 8 + 48;
/// Where the ports are in an answer, behind four bytes of `struct inet_diag_msg`.
const PORTS: usize = HEADER + 4;
/// Where the user is, behind the socket, the timer's end and both queues; the inode follows.
const USER: usize = PORTS + 48 + 12;

/// The owner of the socket that is bound to `peer` and connected to `local`. `None` when the kernel does not answer the
/// question, or knows no such socket: it says the same of both where the module for the question is not there.
pub(super) fn socket_owner(peer: SocketAddrV4, local: SocketAddrV4) -> Option<SocketOwner> {
    owner(&ask(&question(peer, local)).ok()?, peer, local)
}

fn ask(question: &[u8]) -> io::Result<Vec<u8>> {
    // The answer is there when the question has been taken.
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    let kernel = rustix::net::socket_with(AddressFamily::NETLINK, SocketType::DGRAM, flags, Some(netlink::SOCK_DIAG))?;
    rustix::net::send(&kernel, question, SendFlags::empty())?;
    let mut answer = vec![0; 1024];
    let (_, length) = rustix::net::recv(&kernel, answer.as_mut_slice(), RecvFlags::empty())?;
    answer.truncate(length);
    Ok(answer)
}

/// Netlink's own numbers are in the machine's order, addresses and ports in the network's.
fn question(peer: SocketAddrV4, local: SocketAddrV4) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(QUESTION);
    bytes.extend(u32::try_from(QUESTION).unwrap_or(0).to_ne_bytes());
    bytes.extend(BY_FAMILY.to_ne_bytes());
    bytes.extend(REQUEST.to_ne_bytes());
    // Sequence number and sender: there is only one question.
    bytes.extend([0; 8]);
    bytes.extend([u8::try_from(AddressFamily::INET.as_raw()).unwrap_or(0), TCP, 0, 0]);
    // Any state.
    bytes.extend([0xff; 4]);
    bytes.extend(ports(peer, local));
    for address in [peer, local] {
        bytes.extend(address.ip().octets());
        bytes.extend([0; 12]);
    }
    // Any interface; whichever socket it is (`INET_DIAG_NOCOOKIE`).
    bytes.extend([0; 4]);
    bytes.extend([0xff; 8]);
    bytes
}

fn ports(peer: SocketAddrV4, local: SocketAddrV4) -> [u8; 4] {
    let ([a, b], [c, d]) = (peer.port().to_be_bytes(), local.port().to_be_bytes());
    [a, b, c, d]
}

/// The kernel looks for a listener where there is no connection, so the ports are compared; the addresses need not be in the
/// form that was asked for.
pub(super) fn owner(answer: &[u8], peer: SocketAddrV4, local: SocketAddrV4) -> Option<SocketOwner> {
    let number = |at: usize| Some(u32::from_ne_bytes(answer.get(at..at + 4)?.try_into().ok()?));
    let is_answer = answer.get(4..6)? == BY_FAMILY.to_ne_bytes() && answer.get(PORTS..PORTS + 4)? == ports(peer, local);
    let (user, inode) = (number(USER)?, number(USER + 4)?);
    // Without an inode it is nobody's any more, and its user says nothing.
    is_answer.then_some(if inode == 0 { SocketOwner::Gone } else { SocketOwner::User(user) })
}
