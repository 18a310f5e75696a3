//! What a hostile database answers to a query, once it has let a client in.

use std::io::{self, Write as _};
use std::net::Shutdown;
use std::sync::atomic::Ordering;
use std::time::Duration;

use super::database::{LIMIT, Shared, endless, garbage, trickle};
use super::options::Answer;
use crate::packets::{Column, Done, Packets, STATUS_AUTOCOMMIT, capability, end_of_rows, error, put_length, put_value};
use crate::wire::Wire;

/// The text of row `number`, counted from 0, in [`Answer::Rows`], [`Answer::Stall`] and [`Answer::Cut`].
pub fn row_text(number: u64) -> String {
    format!("row {number} of a result that may break off anywhere")
}

/// Says whether the conversation goes on.
pub(super) fn give(packets: &mut Packets<Wire>, query: &[u8], capabilities: u32, shared: &Shared) -> io::Result<bool> {
    match &shared.options.answer {
        Answer::Proper => values(packets, query, None, capabilities)?,
        Answer::Socket(path) => values(packets, query, path.to_str(), capabilities)?,
        Answer::LocalInfile(name) => local_infile(packets, name, shared)?,
        Answer::Rows(count) => {
            let bytes = result(*count, capabilities, 1, true);
            packets.stream_mut().write_all(&bytes)?;
        }
        Answer::Stall(count) => {
            packets.stream_mut().write_all(&result(*count, capabilities, 1, false))?;
            packets.stream_mut().flush()?;
            return Ok(false);
        }
        Answer::Cut { bytes, reset } => {
            cut(packets.stream_mut(), *bytes, *reset, capabilities, shared)?;
            return Ok(false);
        }
        Answer::Trickle(pause) => {
            let bytes = result(3, capabilities, 1, true);
            trickle(packets.stream_mut(), &bytes, *pause)?;
        }
        Answer::Garbage => {
            packets.stream_mut().write_all(&garbage(4096)?)?;
            return Ok(false);
        }
        Answer::LongHeader => {
            packets.stream_mut().write_all(&[0xff, 0xff, 0xff, 1, 1])?;
            return Ok(false);
        }
        Answer::EndlessPacket => endless(packets.stream_mut(), 1)?,
        Answer::ManyColumns => {
            let mut count = Vec::new();
            put_length(&mut count, u64::from(u32::MAX));
            packets.send(&count)?;
            // One of them, so that a client that believes the number waits for the rest.
            packets.send(&column("c").encode())?;
            return Ok(false);
        }
        Answer::WrongSequence => {
            let bytes = result(3, capabilities, 7, true);
            packets.stream_mut().write_all(&bytes)?;
        }
        Answer::Error(code, text) => packets.send(&error(*code, Some("HY000"), text))?,
    }
    packets.stream_mut().flush()?;
    Ok(true)
}

fn column(name: &str) -> Column {
    Column { name: name.to_owned(), collation: 255, length: 1020, kind: 253, ..Column::default() }
}

/// One row, with as many values as the select list has commas between them.
fn values(packets: &mut Packets<Wire>, query: &[u8], socket: Option<&str>, capabilities: u32) -> io::Result<()> {
    let text = String::from_utf8_lossy(query).into_owned();
    let list = text.get(..6).filter(|verb| verb.eq_ignore_ascii_case("select")).and_then(|_| text.get(6..));
    let Some(list) = list else { return packets.send(&Done::default().encode(0, STATUS_AUTOCOMMIT)) };
    let items: Vec<&str> = list.split(',').map(str::trim).collect();
    let mut row = Vec::new();
    for item in &items {
        let value = match *item {
            item if item.contains("@@socket") => socket,
            item if item.contains("max_allowed_packet") => Some("67108864"),
            item if item.contains("wait_timeout") => Some("28800"),
            item if item.contains("version") => Some("8.0.40"),
            _ => Some("1"),
        };
        put_value(&mut row, value.map(str::as_bytes));
    }
    let mut frames = Frames { bytes: Vec::new(), sequence: 1 };
    frames.head(&items, capabilities);
    frames.add(&row);
    frames.end(capabilities);
    packets.stream_mut().write_all(&frames.bytes)?;
    packets.stream_mut().flush()
}

/// Serialized by hand, because the numbering and the place of a cut are part of the trick.
struct Frames {
    bytes: Vec<u8>,
    sequence: u8,
}

impl Frames {
    fn add(&mut self, payload: &[u8]) {
        let length = u32::try_from(payload.len()).unwrap_or(0).to_le_bytes();
        self.bytes.extend_from_slice(&length[..3]);
        self.bytes.push(self.sequence);
        self.bytes.extend_from_slice(payload);
        self.sequence = self.sequence.wrapping_add(1);
    }

    fn head(&mut self, names: &[&str], capabilities: u32) {
        let mut count = Vec::new();
        put_length(&mut count, names.len() as u64);
        self.add(&count);
        for name in names {
            self.add(&column(name).encode());
        }
        if capabilities & capability::DEPRECATE_EOF == 0 {
            self.add(&end_of_rows(0, STATUS_AUTOCOMMIT));
        }
    }

    fn row(&mut self, number: u64) {
        let mut row = Vec::new();
        put_value(&mut row, Some(row_text(number).as_bytes()));
        self.add(&row);
    }

    fn end(&mut self, capabilities: u32) {
        if capabilities & capability::DEPRECATE_EOF == 0 {
            self.add(&end_of_rows(0, STATUS_AUTOCOMMIT));
        } else {
            self.add(&Done::default().encode(0xfe, STATUS_AUTOCOMMIT));
        }
    }
}

fn result(rows: u64, capabilities: u32, first: u8, ended: bool) -> Vec<u8> {
    let mut frames = Frames { bytes: Vec::new(), sequence: first };
    frames.head(&["text"], capabilities);
    for number in 0..rows {
        frames.row(number);
    }
    if ended {
        frames.end(capabilities);
    }
    frames.bytes
}

fn cut(wire: &mut Wire, bytes: usize, reset: bool, capabilities: u32, shared: &Shared) -> io::Result<()> {
    let mut frames = Frames { bytes: Vec::new(), sequence: 1 };
    frames.head(&["text"], capabilities);
    let mut number = 0;
    while frames.bytes.len() < bytes {
        frames.row(number);
        number += 1;
    }
    wire.write_all(frames.bytes.get(..bytes).unwrap_or_default())?;
    wire.flush()?;
    if reset {
        // With no time to linger, ending the socket is a reset; it goes out when the last handle is closed.
        rustix::net::sockopt::set_socket_linger(wire.socket(), Some(Duration::ZERO)).map_err(io::Error::from)?;
        shared.forget(wire.socket())?;
        wire.socket().shutdown(Shutdown::Read)
    } else {
        wire.socket().shutdown(Shutdown::Both)
    }
}

fn local_infile(packets: &mut Packets<Wire>, name: &str, shared: &Shared) -> io::Result<()> {
    packets.send(&[&[0xfb], name.as_bytes()].concat())?;
    while let Some(part) = packets.read(LIMIT)? {
        if part.is_empty() {
            return packets.send(&Done::default().encode(0, STATUS_AUTOCOMMIT));
        }
        shared.file_bytes.fetch_add(part.len() as u64, Ordering::SeqCst);
    }
    Ok(())
}
