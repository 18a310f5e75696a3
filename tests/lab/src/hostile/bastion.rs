//! Hostile SSH servers: what happens before and around the key exchange.

use std::io::{self, Read as _, Write as _};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use super::database::garbage;
use crate::wire::{Record, Wire, lock};

/// What it does to clients.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SshTrick {
    /// Says nothing.
    Silence,
    /// Random bytes in place of a version line.
    Garbage,
    /// Lines before the version line, without end; the protocol allows some.
    EndlessLines,
    /// One line that never ends.
    EndlessLine,
    /// A proper version line, then silence.
    SilenceAfterVersion,
    /// A proper version line, then random bytes in place of the key exchange.
    GarbageAfterVersion,
    /// A proper version line, then a packet that says it is 4 GiB long.
    LongPacket,
    /// Reads the client's first key exchange packet, then closes.
    CloseAfterKeyExchange,
    /// Version 1.5 of the protocol.
    OldVersion,
    /// Closes at once.
    Close,
}

struct Shared {
    trick: SshTrick,
    record: Record,
    connections: AtomicU64,
    sockets: Mutex<Vec<TcpStream>>,
    stopping: AtomicBool,
}

/// A running server; dropping it ends every connection.
pub struct HostileBastion {
    shared: Arc<Shared>,
    address: SocketAddr,
    listener: Option<JoinHandle<()>>,
}

impl HostileBastion {
    /// Starts it on a free port of loopback.
    ///
    /// # Errors
    /// When no port can be had.
    pub fn start(trick: SshTrick) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared {
            trick,
            record: Record::default(),
            connections: AtomicU64::new(0),
            sockets: Mutex::default(),
            stopping: AtomicBool::new(false),
        });
        let of_listener = Arc::clone(&shared);
        let listener = std::thread::spawn(move || {
            for stream in listener.incoming() {
                if of_listener.stopping.load(Ordering::SeqCst) {
                    return;
                }
                let Ok(stream) = stream else { continue };
                let Ok(kept) = stream.try_clone() else { continue };
                lock(&of_listener.sockets).push(kept);
                of_listener.connections.fetch_add(1, Ordering::SeqCst);
                let shared = Arc::clone(&of_listener);
                std::thread::spawn(move || {
                    let mut wire = Wire::new(stream, Some(shared.record.clone()));
                    // An error here is a client that left.
                    let _ = play(&mut wire, shared.trick);
                });
            }
        });
        Ok(Self { shared, address, listener: Some(listener) })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Every byte it was given.
    pub fn record(&self) -> &Record {
        &self.shared.record
    }

    /// How many connections were accepted.
    pub fn connections(&self) -> u64 {
        self.shared.connections.load(Ordering::SeqCst)
    }
}

impl Drop for HostileBastion {
    fn drop(&mut self) {
        self.shared.stopping.store(true, Ordering::SeqCst);
        let _ = TcpStream::connect(self.address);
        if let Some(listener) = self.listener.take() {
            let _ = listener.join();
        }
        for socket in lock(&self.shared.sockets).drain(..) {
            let _ = socket.shutdown(Shutdown::Both);
        }
    }
}

const VERSION: &[u8] = b"SSH-2.0-OpenSSH_9.2p1\r\n";

fn play(wire: &mut Wire, trick: SshTrick) -> io::Result<()> {
    match trick {
        SshTrick::Silence => {}
        SshTrick::Garbage => wire.write_all(&garbage(4096)?)?,
        SshTrick::EndlessLines => loop {
            wire.write_all(b"Welcome to the bastion. All activity is monitored.\r\n")?;
        },
        SshTrick::EndlessLine => loop {
            wire.write_all(&[b'x'; 4096])?;
        },
        SshTrick::SilenceAfterVersion => wire.write_all(VERSION)?,
        SshTrick::GarbageAfterVersion => {
            wire.write_all(VERSION)?;
            wire.write_all(&garbage(4096)?)?;
        }
        SshTrick::LongPacket => {
            wire.write_all(VERSION)?;
            wire.write_all(&[0xff, 0xff, 0xff, 0xff, 4, 20])?;
        }
        SshTrick::CloseAfterKeyExchange => {
            wire.write_all(VERSION)?;
            return close_after_key_exchange(wire);
        }
        SshTrick::OldVersion => wire.write_all(b"SSH-1.5-1.2.27\r\n")?,
        SshTrick::Close => return wire.socket().shutdown(Shutdown::Both),
    }
    let mut buffer = [0; 4096];
    while wire.read(&mut buffer)? > 0 {}
    Ok(())
}

/// The client's version line, then one packet: its length in four bytes, big-endian (RFC 4253, section 6).
fn close_after_key_exchange(wire: &mut Wire) -> io::Result<()> {
    let mut byte = [0];
    while byte[0] != b'\n' {
        wire.read_exact(&mut byte)?;
    }
    let mut length = [0; 4];
    wire.read_exact(&mut length)?;
    let mut packet = vec![0; usize::try_from(u32::from_be_bytes(length).min(256 * 1024)).unwrap_or(0)];
    wire.read_exact(&mut packet)?;
    wire.socket().shutdown(Shutdown::Both)
}
