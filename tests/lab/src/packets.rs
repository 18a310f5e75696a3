//! The MySQL client/server protocol as a server speaks it: framing, the connection phase, results. Pure encoding and
//! decoding over any stream; who may log in and what a query answers is decided elsewhere.
//!
//! Source: <https://dev.mysql.com/doc/dev/mysql-server/latest/PAGE_PROTOCOL.html>.

use std::io::{self, Read, Write};

mod login;
#[cfg(test)]
mod tests;

pub use login::{Greeting, Login, is_tls_request, tls_request};

/// Capability flags that the lab offers or looks for.
pub mod capability {
    /// Report matched rows, not changed rows, after an `UPDATE`.
    pub const FOUND_ROWS: u32 = 1 << 1;
    /// The login names a database.
    pub const CONNECT_WITH_DB: u32 = 1 << 3;
    /// Connection attributes, plugin names and SQL states exist.
    pub const PROTOCOL_41: u32 = 1 << 9;
    /// The connection can be upgraded to TLS.
    pub const SSL: u32 = 1 << 11;
    /// Authentication data has a length byte in front.
    pub const SECURE_CONNECTION: u32 = 1 << 15;
    /// One query may hold several statements.
    pub const MULTI_STATEMENTS: u32 = 1 << 16;
    /// The login names an authentication plugin.
    pub const PLUGIN_AUTH: u32 = 1 << 19;
    /// The login carries connection attributes.
    pub const CONNECT_ATTRS: u32 = 1 << 20;
    /// Authentication data has a length-encoded length: tokens are longer than 255 bytes.
    pub const PLUGIN_AUTH_LENENC_DATA: u32 = 1 << 21;
    /// A result ends with an OK packet instead of an EOF packet, and has none after its columns.
    pub const DEPRECATE_EOF: u32 = 1 << 24;
    /// What MySQL 8.0 offers, less TLS (added by a server that has it), compression, session tracking and optional
    /// metadata.
    pub const SERVER: u32 = 0x0000_f7df
        | MULTI_STATEMENTS
        | (1 << 17)
        | (1 << 18)
        | PLUGIN_AUTH
        | CONNECT_ATTRS
        | PLUGIN_AUTH_LENENC_DATA
        | (1 << 22)
        | DEPRECATE_EOF;
}

/// Server status: inside a transaction.
pub const STATUS_IN_TRANSACTION: u16 = 1;
/// Server status: each statement commits itself.
pub const STATUS_AUTOCOMMIT: u16 = 2;
/// Server status: another result follows.
pub const STATUS_MORE_RESULTS: u16 = 8;
/// The longest payload of one frame; a payload of this length or more continues in the next frame.
pub const LONGEST_FRAME: usize = 0xff_ffff;

/// A stream of packets. Writing collects; nothing leaves before [`Packets::flush`] or 64 KiB.
pub struct Packets<S> {
    stream: S,
    sequence: u8,
    pending: Vec<u8>,
}

impl<S: Read + Write> Packets<S> {
    /// Starts with sequence number 0.
    pub fn new(stream: S) -> Self {
        Self { stream, sequence: 0, pending: Vec::with_capacity(80 * 1024) }
    }

    /// Gives the stream back, for the upgrade to TLS, with the sequence number to continue with.
    pub fn into_parts(self) -> (S, u8) {
        (self.stream, self.sequence)
    }

    /// Continues on another stream.
    pub fn resume(stream: S, sequence: u8) -> Self {
        Self { sequence, ..Self::new(stream) }
    }

    /// The stream below.
    pub fn stream(&self) -> &S {
        &self.stream
    }

    /// The stream below, to send what is no packet.
    pub fn stream_mut(&mut self) -> &mut S {
        &mut self.stream
    }

    /// Numbering starts again with each command.
    pub fn reset_sequence(&mut self) {
        self.sequence = 0;
    }

    /// Sets the number of the next packet, for servers that count wrongly on purpose.
    pub fn set_sequence(&mut self, sequence: u8) {
        self.sequence = sequence;
    }

    /// Reads one payload, joined from as many frames as it has. `None` when the peer closed between packets.
    ///
    /// # Errors
    /// `InvalidData` when frames are out of order or the payload is longer than `limit`.
    pub fn read(&mut self, limit: usize) -> io::Result<Option<Vec<u8>>> {
        let mut payload = Vec::new();
        loop {
            let mut header = [0_u8; 4];
            if !read_unless_closed(&mut self.stream, &mut header)? {
                return if payload.is_empty() { Ok(None) } else { Err(io::ErrorKind::UnexpectedEof.into()) };
            }
            let [low, middle, high, sequence] = header;
            if sequence != self.sequence {
                return Err(io::Error::new(io::ErrorKind::InvalidData, "packets out of order"));
            }
            self.sequence = sequence.wrapping_add(1);
            let length = usize::from(low) | usize::from(middle) << 8 | usize::from(high) << 16;
            if payload.len() + length > limit {
                return Err(io::Error::new(io::ErrorKind::InvalidData, "packet longer than max_allowed_packet"));
            }
            let wanted = length as u64;
            if (&mut self.stream).take(wanted).read_to_end(&mut payload)? != length {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            if length < LONGEST_FRAME {
                return Ok(Some(payload));
            }
        }
    }

    /// Appends one payload in as many frames as it needs.
    ///
    /// # Errors
    /// When the peer has gone.
    pub fn write(&mut self, payload: &[u8]) -> io::Result<()> {
        let mut rest = payload;
        loop {
            let (frame, after) = rest.split_at(rest.len().min(LONGEST_FRAME));
            self.frame(frame);
            rest = after;
            if frame.len() < LONGEST_FRAME {
                break;
            }
        }
        if self.pending.len() >= 64 * 1024 { self.flush() } else { Ok(()) }
    }

    fn frame(&mut self, frame: &[u8]) {
        let length = u32::try_from(frame.len()).unwrap_or(u32::MAX).to_le_bytes();
        self.pending.extend_from_slice(&length[..3]);
        self.pending.push(self.sequence);
        self.pending.extend_from_slice(frame);
        self.sequence = self.sequence.wrapping_add(1);
    }

    /// Sends what was collected.
    ///
    /// # Errors
    /// When the peer has gone.
    pub fn flush(&mut self) -> io::Result<()> {
        self.stream.write_all(&self.pending)?;
        self.pending.clear();
        self.stream.flush()
    }

    /// Writes one payload and sends it.
    ///
    /// # Errors
    /// When the peer has gone.
    pub fn send(&mut self, payload: &[u8]) -> io::Result<()> {
        self.write(payload)?;
        self.flush()
    }
}

fn read_unless_closed(stream: &mut impl Read, buffer: &mut [u8]) -> io::Result<bool> {
    let first = loop {
        match stream.read(buffer) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            other => break other?,
        }
    };
    if first == 0 {
        return Ok(false);
    }
    if let Some(rest) = buffer.get_mut(first..) {
        stream.read_exact(rest)?;
    }
    Ok(true)
}

/// Appends a length-encoded integer.
pub fn put_length(out: &mut Vec<u8>, value: u64) {
    let bytes = value.to_le_bytes();
    match value {
        0..=250 => out.push(bytes[0]),
        251..=0xffff => {
            out.push(0xfc);
            out.extend_from_slice(&bytes[..2]);
        }
        0x1_0000..=0xff_ffff => {
            out.push(0xfd);
            out.extend_from_slice(&bytes[..3]);
        }
        _ => {
            out.push(0xfe);
            out.extend_from_slice(&bytes);
        }
    }
}

/// Appends a length-encoded string; `None` is SQL NULL.
pub fn put_value(out: &mut Vec<u8>, value: Option<&[u8]>) {
    match value {
        None => out.push(0xfb),
        Some(bytes) => {
            put_length(out, bytes.len() as u64);
            out.extend_from_slice(bytes);
        }
    }
}

/// Reads a row of length-encoded values as far as it makes sense; `None` is SQL NULL.
pub fn values(row: &[u8]) -> Vec<Option<Vec<u8>>> {
    let mut reader = login::Reader(row);
    let mut all = Vec::new();
    while let Some((first, rest)) = reader.0.split_first() {
        if *first == 0xfb {
            reader.0 = rest;
            all.push(None);
            continue;
        }
        let Some(value) = reader.value_bytes() else { break };
        all.push(Some(value.to_vec()));
    }
    all
}

/// Asks the client to answer with another plugin (`AuthSwitchRequest`).
pub fn switch_plugin(plugin: &str, data: &[u8]) -> Vec<u8> {
    let mut out = vec![0xfe];
    out.extend_from_slice(plugin.as_bytes());
    out.push(0);
    out.extend_from_slice(data);
    out.push(0);
    out
}

/// Counts that end a statement.
#[derive(Clone, Debug, Default)]
pub struct Done {
    /// Rows changed.
    pub affected: u64,
    /// The first generated key, or 0.
    pub last_insert: u64,
    /// How many rows `SHOW WARNINGS` would give.
    pub warnings: u16,
    /// Text such as `Rows matched: 1  Changed: 1  Warnings: 0`.
    pub info: String,
}

impl Done {
    /// An OK packet; `header` is 0x00, or 0xFE when it ends rows.
    pub fn encode(&self, header: u8, status: u16) -> Vec<u8> {
        let mut out = vec![header];
        put_length(&mut out, self.affected);
        put_length(&mut out, self.last_insert);
        out.extend_from_slice(&status.to_le_bytes());
        out.extend_from_slice(&self.warnings.to_le_bytes());
        // The manual calls it "string to the end"; servers and clients have always used a length in front.
        if !self.info.is_empty() {
            put_value(&mut out, Some(self.info.as_bytes()));
        }
        out
    }
}

/// An EOF packet, for clients without [`capability::DEPRECATE_EOF`].
pub fn end_of_rows(warnings: u16, status: u16) -> Vec<u8> {
    let mut out = vec![0xfe];
    out.extend_from_slice(&warnings.to_le_bytes());
    out.extend_from_slice(&status.to_le_bytes());
    out
}

/// An ERR packet. `state` is the five-character SQL state; before the login (`None`) there is no room for it.
pub fn error(code: u16, state: Option<&str>, message: &str) -> Vec<u8> {
    let mut out = vec![0xff];
    out.extend_from_slice(&code.to_le_bytes());
    if let Some(state) = state {
        out.push(b'#');
        out.extend_from_slice(state.as_bytes());
    }
    out.extend_from_slice(message.as_bytes());
    out
}

/// One column of a result (`ColumnDefinition41`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Column {
    /// Database of the table, or empty for an expression.
    pub database: String,
    /// Table, or empty.
    pub table: String,
    /// The name the client shows.
    pub name: String,
    /// The column's own name, or empty.
    pub origin: String,
    /// Collation number; 63 is binary.
    pub collation: u16,
    /// Longest display length in bytes.
    pub length: u32,
    /// Type byte of the protocol.
    pub kind: u8,
    /// Column flags: 32 unsigned, 128 binary and so on.
    pub flags: u16,
    /// Digits after the point; 31 for floating ones.
    pub decimals: u8,
}

impl Column {
    /// The payload.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::new();
        for text in ["def", &self.database, &self.table, &self.table, &self.name, &self.origin] {
            put_value(&mut out, Some(text.as_bytes()));
        }
        out.push(12);
        out.extend_from_slice(&self.collation.to_le_bytes());
        out.extend_from_slice(&self.length.to_le_bytes());
        out.push(self.kind);
        out.extend_from_slice(&self.flags.to_le_bytes());
        out.push(self.decimals);
        out.extend_from_slice(&[0, 0]);
        out
    }
}
