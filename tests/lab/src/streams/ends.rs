//! The client's ends of the streams: blocking, over TCP or a socket file, through whatever is between.

use std::io::{self, Read, Write};

use super::bytes::{Fingerprint, Flow};
use super::{Digest, Duplex};

/// What came out of a stream, to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Arrived {
    /// How many bytes, the seed in front not counted.
    pub bytes: u64,
    /// They were the bytes that were sent, in their order, from the first.
    pub intact: bool,
}

/// Checks what a [`super::Role::Source`] sends, as it arrives, for readers that pause.
#[derive(Debug, Default)]
pub struct Check {
    head: Vec<u8>,
    flow: Option<Flow>,
    bytes: u64,
    damaged: bool,
}

impl Check {
    /// At the beginning of a stream.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes the next bytes that arrived.
    pub fn take(&mut self, mut bytes: &[u8]) {
        while self.flow.is_none() {
            let Some((first, rest)) = bytes.split_first() else { return };
            self.head.push(*first);
            bytes = rest;
            if let Ok(seed) = <[u8; 8]>::try_from(self.head.as_slice()) {
                self.flow = Some(Flow::new(u64::from_be_bytes(seed)));
            }
        }
        self.bytes += bytes.len() as u64;
        self.damaged |= !self.flow.as_mut().is_some_and(|flow| flow.continues_with(bytes));
    }

    /// What arrived so far.
    pub fn arrived(&self) -> Arrived {
        Arrived { bytes: self.bytes, intact: self.flow.is_some() && !self.damaged }
    }
}

/// Reads everything that a [`super::Role::Source`] sends.
///
/// # Errors
/// When the stream breaks; one that ends too early is seen by [`Arrived::bytes`].
pub fn fetch(stream: &mut impl Read) -> io::Result<Arrived> {
    let mut check = Check::new();
    let mut buffer = vec![0; 64 * 1024];
    loop {
        match stream.read(&mut buffer)? {
            0 => return Ok(check.arrived()),
            count => check.take(&buffer[..count]),
        }
    }
}

/// Sends so many bytes of the seed's flow to a [`super::Role::Sink`], ends writing, and asks what arrived. True if that
/// is what was sent.
///
/// # Errors
/// When the stream breaks, or ends before the answer.
pub fn deliver(mut stream: impl Duplex, seed: u64, bytes: u64) -> io::Result<bool> {
    let sent = pour(&mut stream, seed, bytes)?;
    stream.end_writing()?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    match Fingerprint::decode(&answer) {
        Some(arrived) => Ok(arrived == sent),
        None => Err(io::Error::new(io::ErrorKind::UnexpectedEof, format!("an answer of {} bytes", answer.len()))),
    }
}

/// Sends so many bytes of the seed's flow to a [`super::Role::Echo`] while reading them back, ends writing, and reads on
/// to the end.
///
/// # Errors
/// When the stream breaks.
pub fn round_trip(mut stream: impl Duplex, seed: u64, bytes: u64) -> io::Result<Arrived> {
    let mut writing = stream.second()?;
    let writer = std::thread::spawn(move || {
        let sent = pour(&mut writing, seed, bytes);
        sent.and_then(|_| writing.end_writing())
    });
    let mut flow = Flow::new(seed);
    let mut arrived = Arrived { bytes: 0, intact: true };
    let mut buffer = vec![0; 64 * 1024];
    loop {
        let count = stream.read(&mut buffer)?;
        if count == 0 {
            break;
        }
        arrived.bytes += count as u64;
        arrived.intact &= flow.continues_with(&buffer[..count]);
    }
    writer.join().unwrap_or_else(|_| Err(io::Error::other("the writing thread panicked")))?;
    Ok(arrived)
}

fn pour(stream: &mut impl Write, seed: u64, bytes: u64) -> io::Result<Fingerprint> {
    let (mut flow, mut digest) = (Flow::new(seed), Digest::new());
    let mut buffer = vec![0; 64 * 1024];
    let mut left = bytes;
    while left > 0 {
        let count = usize::try_from(left).unwrap_or(usize::MAX).min(buffer.len());
        flow.fill(&mut buffer[..count]);
        digest.add(&buffer[..count]);
        stream.write_all(&buffer[..count])?;
        left -= count as u64;
    }
    stream.flush()?;
    Ok(digest.finish())
}
