//! A server's end of one connection: clear or TLS, read and written by a blocking thread, with a note kept of every byte
//! that arrived. Knows nothing of MySQL or SSH.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rustls::{ServerConfig, ServerConnection, StreamOwned};

/// Locks, and carries on with the value if another thread died holding it: a test wants that thread's failure, not ours.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Everything a server received, in clear as well as after decryption, so that a test can assert what never arrived.
#[derive(Clone, Debug, Default)]
pub struct Record {
    bytes: Arc<Mutex<Vec<u8>>>,
}

impl Record {
    /// Whether these bytes arrived, in one piece, on any connection of the server.
    pub fn contains(&self, needle: &[u8]) -> bool {
        !needle.is_empty() && lock(&self.bytes).windows(needle.len()).any(|window| window == needle)
    }

    /// How many bytes arrived.
    pub fn len(&self) -> usize {
        lock(&self.bytes).len()
    }

    /// Whether nothing arrived at all.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// A copy of everything that arrived.
    pub fn bytes(&self) -> Vec<u8> {
        lock(&self.bytes).clone()
    }

    pub(crate) fn add(&self, bytes: &[u8]) {
        lock(&self.bytes).extend_from_slice(bytes);
    }
}

/// One accepted connection.
pub(crate) struct Wire {
    layer: Layer,
    record: Option<Record>,
}

enum Layer {
    Clear(TcpStream),
    Tls(Box<StreamOwned<ServerConnection, TcpStream>>),
}

impl Wire {
    pub(crate) fn new(stream: TcpStream, record: Option<Record>) -> Self {
        // Answers are flushed whole; waiting to fill a segment would only add latency to every test.
        let _ = stream.set_nodelay(true);
        Self { layer: Layer::Clear(stream), record }
    }

    /// Ends the clear part and completes a TLS handshake as the server. The error is rustls's: an alert from a client that
    /// refused the certificate arrives here.
    pub(crate) fn secure(self, configuration: Arc<ServerConfig>) -> io::Result<Self> {
        let Layer::Clear(mut stream) = self.layer else {
            return Err(io::Error::other("this connection is already encrypted"));
        };
        let mut session = ServerConnection::new(configuration).map_err(io::Error::other)?;
        while session.is_handshaking() {
            session.complete_io(&mut stream)?;
        }
        Ok(Self { layer: Layer::Tls(Box::new(StreamOwned::new(session, stream))), record: self.record })
    }

    pub(crate) fn is_secure(&self) -> bool {
        matches!(self.layer, Layer::Tls(_))
    }

    /// TLS version and cipher suite, as `SHOW STATUS LIKE 'Ssl_%'` names them; none in clear.
    pub(crate) fn cipher(&self) -> Option<(String, String)> {
        let Layer::Tls(stream) = &self.layer else { return None };
        let version = match stream.conn.protocol_version()? {
            rustls::ProtocolVersion::TLSv1_2 => "TLSv1.2",
            _ => "TLSv1.3",
        };
        let suite = format!("{:?}", stream.conn.negotiated_cipher_suite()?.suite());
        Some((version.to_owned(), suite.replace("TLS13_", "TLS_")))
    }

    /// The socket under everything.
    pub(crate) fn socket(&self) -> &TcpStream {
        match &self.layer {
            Layer::Clear(stream) => stream,
            Layer::Tls(stream) => &stream.sock,
        }
    }

    /// Ends the connection properly: TLS says goodbye, then the socket.
    pub(crate) fn close(mut self) {
        if let Layer::Tls(stream) = &mut self.layer {
            stream.conn.send_close_notify();
            let _ = stream.flush();
        }
        let _ = self.socket().shutdown(Shutdown::Write);
    }
}

impl Read for Wire {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = match &mut self.layer {
            Layer::Clear(stream) => stream.read(buffer)?,
            Layer::Tls(stream) => stream.read(buffer)?,
        };
        if let (Some(record), Some(bytes)) = (&self.record, buffer.get(..count)) {
            record.add(bytes);
        }
        Ok(count)
    }
}

impl Write for Wire {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        match &mut self.layer {
            Layer::Clear(stream) => stream.write(buffer),
            Layer::Tls(stream) => stream.write(buffer),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match &mut self.layer {
            Layer::Clear(stream) => stream.flush(),
            Layer::Tls(stream) => stream.flush(),
        }
    }
}
