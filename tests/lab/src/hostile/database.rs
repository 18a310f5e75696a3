//! The hostile database: its connection phase. What it answers to queries is in `answer`.

use std::io::{self, Read as _, Write as _};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use rustls::ServerConfig;

use super::answer;
use super::options::{HostileOptions, Login, Opening, Tls};
use crate::certificates::Certificates;
use crate::embedded::server_tls;
use crate::packets::{Done, Greeting, Packets, STATUS_AUTOCOMMIT, capability, error, is_tls_request, switch_plugin};
use crate::wire::{Record, Wire, lock};

pub(super) const CLEAR: &str = "mysql_clear_password";
const SHA2: &str = "caching_sha2_password";
/// `perform_full_authentication` of `caching_sha2_password`, and what a client asks for in clear.
const FULL_AUTHENTICATION: [u8; 2] = [0x01, 0x04];
const PUBLIC_KEY_REQUEST: u8 = 0x02;
/// More than any honest client sends in one packet here.
pub(super) const LIMIT: usize = 64 << 20;

pub(super) struct Shared {
    pub(super) options: HostileOptions,
    pub(super) file_bytes: AtomicU64,
    tls: Option<Arc<ServerConfig>>,
    record: Record,
    connections: AtomicU64,
    queries: Mutex<Vec<Vec<u8>>>,
    sockets: Mutex<Vec<TcpStream>>,
    stopping: AtomicBool,
}

impl Shared {
    pub(super) fn note_query(&self, query: &[u8]) {
        lock(&self.queries).push(query.to_vec());
    }

    /// Lets go of the handle that is kept to end the connection with the server.
    pub(super) fn forget(&self, socket: &TcpStream) -> io::Result<()> {
        let peer = socket.peer_addr()?;
        lock(&self.sockets).retain(|kept| kept.peer_addr().is_ok_and(|other| other != peer));
        Ok(())
    }

    pub(super) fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::SeqCst)
    }
}

/// A running server; dropping it ends every connection.
pub struct HostileDatabase {
    shared: Arc<Shared>,
    address: SocketAddr,
    listener: Option<JoinHandle<()>>,
}

impl HostileDatabase {
    /// Starts it on a free port of loopback.
    ///
    /// # Errors
    /// When no port can be had.
    pub fn start(options: HostileOptions, certificates: &Certificates) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let address = listener.local_addr()?;
        let certificate = match options.tls {
            Tls::Absent => None,
            Tls::Good | Tls::Garbage | Tls::Silence => Some(&certificates.server),
            Tls::SelfSigned => Some(&certificates.self_signed),
            Tls::WrongName => Some(&certificates.wrong_name),
            Tls::OtherAuthority => Some(&certificates.other_server),
            Tls::Expired => Some(&certificates.expired),
        };
        let shared = Arc::new(Shared {
            tls: certificate.map(server_tls),
            options,
            file_bytes: AtomicU64::new(0),
            record: Record::default(),
            connections: AtomicU64::new(0),
            queries: Mutex::default(),
            sockets: Mutex::default(),
            stopping: AtomicBool::new(false),
        });
        let of_listener = Arc::clone(&shared);
        let listener = std::thread::spawn(move || accept(&listener, &of_listener));
        Ok(Self { shared, address, listener: Some(listener) })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Every byte it was given, in clear and decrypted.
    pub fn record(&self) -> &Record {
        &self.shared.record
    }

    /// How many connections were accepted.
    pub fn connections(&self) -> u64 {
        self.shared.connections.load(Ordering::SeqCst)
    }

    /// The queries it was asked, in order.
    pub fn queries(&self) -> Vec<Vec<u8>> {
        lock(&self.shared.queries).clone()
    }

    /// Bytes of a local file it was given.
    pub fn file_bytes(&self) -> u64 {
        self.shared.file_bytes.load(Ordering::SeqCst)
    }
}

impl Drop for HostileDatabase {
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

fn accept(listener: &TcpListener, shared: &Arc<Shared>) {
    for stream in listener.incoming() {
        if shared.is_stopping() {
            return;
        }
        let Ok(stream) = stream else { continue };
        let Ok(kept) = stream.try_clone() else { continue };
        lock(&shared.sockets).push(kept);
        shared.connections.fetch_add(1, Ordering::SeqCst);
        let shared = Arc::clone(shared);
        std::thread::spawn(move || {
            let wire = Wire::new(stream, Some(shared.record.clone()));
            // An error here is a client that left.
            let _ = serve(wire, &shared);
        });
    }
}

fn serve(mut wire: Wire, shared: &Shared) -> io::Result<()> {
    if !open(&mut wire, shared)? {
        // Whatever the client says now is evidence.
        return drain(&mut wire);
    }
    let Some((mut packets, capabilities)) = log_in(wire, shared)? else { return Ok(()) };
    loop {
        packets.reset_sequence();
        let Some(command) = packets.read(LIMIT)? else { return Ok(()) };
        let Some((code, query)) = command.split_first() else { continue };
        if shared.options.login == Login::SwitchInCommandPhase {
            packets.send(&switch_plugin(CLEAR, &[]))?;
            packets.read(LIMIT)?;
        }
        match code {
            0x01 => return Ok(()),
            0x03 => {
                shared.note_query(query);
                if !answer::give(&mut packets, query, capabilities, shared)? {
                    return drain(packets.stream_mut());
                }
            }
            _ => packets.send(&Done::default().encode(0, STATUS_AUTOCOMMIT))?,
        }
    }
}

/// Says whether the client can go on to log in.
fn open(wire: &mut Wire, shared: &Shared) -> io::Result<bool> {
    match &shared.options.opening {
        Opening::Greeting | Opening::WrongSequence | Opening::Trickle(_) => return Ok(true),
        Opening::Silence => {}
        Opening::Garbage => wire.write_all(&garbage(4096)?)?,
        Opening::Close => wire.socket().shutdown(Shutdown::Both)?,
        Opening::Error(code, text) => Packets::new(&mut *wire).send(&error(*code, None, text))?,
        Opening::LongHeader => wire.write_all(&[0xff, 0xff, 0xff, 0, 10])?,
        Opening::EndlessPacket => endless(wire, 0)?,
    }
    Ok(false)
}

/// Whole frames, so that a careless client joins them for ever.
pub(super) fn endless(wire: &mut Wire, first: u8) -> io::Result<()> {
    let block = vec![b'x'; 0xff_ffff];
    let mut sequence = first;
    loop {
        wire.write_all(&[0xff, 0xff, 0xff, sequence])?;
        wire.write_all(&block)?;
        sequence = sequence.wrapping_add(1);
    }
}

pub(super) fn garbage(length: usize) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; length];
    aws_lc_rs::rand::fill(&mut bytes).map_err(io::Error::other)?;
    Ok(bytes)
}

/// Reads until the client leaves or the server is dropped.
fn drain(wire: &mut Wire) -> io::Result<()> {
    let mut buffer = [0; 4096];
    while wire.read(&mut buffer)? > 0 {}
    Ok(())
}

fn log_in(wire: Wire, shared: &Shared) -> io::Result<Option<(Packets<Wire>, u32)>> {
    let options = &shared.options;
    let secure = if shared.tls.is_some() { capability::SSL } else { 0 };
    let plugin = match options.login {
        Login::InitialPlugin => CLEAR,
        Login::FullAuthentication => SHA2,
        _ => "mysql_native_password",
    };
    let greeting = Greeting {
        version: "8.0.40".to_owned(),
        connection: 1,
        scramble: *b"abcdefghijklmnopqrst",
        capabilities: capability::SERVER | secure,
        plugin: plugin.to_owned(),
    };
    let mut packets = Packets::new(wire);
    match &options.opening {
        Opening::WrongSequence => packets.set_sequence(7),
        Opening::Trickle(pause) => {
            let payload = greeting.encode();
            let header = [u8::try_from(payload.len()).unwrap_or(u8::MAX), 0, 0, 0];
            trickle(packets.stream_mut(), &[&header[..], &payload].concat(), *pause)?;
            packets.set_sequence(1);
        }
        _ => {}
    }
    if !matches!(options.opening, Opening::Trickle(_)) {
        packets.send(&greeting.encode())?;
    }
    let Some(mut login) = packets.read(LIMIT)? else { return Ok(None) };
    if is_tls_request(&login) {
        let Some(secured) = secure_channel(packets, shared)? else { return Ok(None) };
        packets = secured;
        let Some(second) = packets.read(LIMIT)? else { return Ok(None) };
        login = second;
    }
    let capabilities = crate::packets::Login::decode(&login).map_or(0, |login| login.capabilities);
    let switches: &[&str] = match options.login {
        Login::InitialPlugin | Login::SwitchInCommandPhase | Login::FullAuthentication => &[],
        Login::Switch => &[CLEAR],
        Login::SwitchTwice => &["mysql_native_password", CLEAR],
        Login::PublicKey => &[SHA2],
        Login::Silence => {
            drain(packets.stream_mut())?;
            return Ok(None);
        }
    };
    for plugin in switches {
        packets.send(&switch_plugin(plugin, &greeting.scramble))?;
        if packets.read(LIMIT)?.is_none() {
            return Ok(None);
        }
    }
    if matches!(options.login, Login::FullAuthentication | Login::PublicKey) {
        packets.send(&FULL_AUTHENTICATION)?;
        let Some(answer) = packets.read(LIMIT)? else { return Ok(None) };
        if answer == [PUBLIC_KEY_REQUEST] {
            packets.send(
                b"\x01-----BEGIN PUBLIC KEY-----\nMFwwDQYJKoZIhvcNAQEBBQADSwAwSAJBAK\n-----END PUBLIC KEY-----\n",
            )?;
            drain(packets.stream_mut())?;
            return Ok(None);
        }
    }
    packets.send(&Done::default().encode(0, STATUS_AUTOCOMMIT))?;
    Ok(Some((packets, capabilities)))
}

fn secure_channel(packets: Packets<Wire>, shared: &Shared) -> io::Result<Option<Packets<Wire>>> {
    let (mut wire, sequence) = packets.into_parts();
    match (shared.options.tls, &shared.tls) {
        (Tls::Garbage, _) => {
            wire.write_all(&garbage(4096)?)?;
            drain(&mut wire)?;
            Ok(None)
        }
        // Without TLS nobody should have asked for it.
        (Tls::Silence, _) | (_, None) => {
            drain(&mut wire)?;
            Ok(None)
        }
        (_, Some(configuration)) => Ok(Some(Packets::resume(wire.secure(Arc::clone(configuration))?, sequence))),
    }
}

/// The pause is what is hostile about it, not a way to wait for anything.
pub(super) fn trickle(wire: &mut Wire, bytes: &[u8], pause: Duration) -> io::Result<()> {
    for byte in bytes {
        wire.write_all(&[*byte])?;
        wire.flush()?;
        std::thread::sleep(pause);
    }
    Ok(())
}
