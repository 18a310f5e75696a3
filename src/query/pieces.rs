//! Hands complete rows to a writer in large pieces. Knows nothing of formats.

use std::io::{self, Write};

/// A piece is handed over once it is this long: few system calls, and little memory.
const PIECE: usize = 64 << 10;

/// What a long row needed beyond this is given back.
const KEPT_CAPACITY: usize = 1 << 20;

/// Where a layout puts its rows.
pub(super) trait Sheet {
    /// Rows not handed over yet. Between two calls of [`Sheet::row_complete`] it may end in part of a row.
    fn bytes(&mut self) -> &mut Vec<u8>;
    /// Says that everything in [`Sheet::bytes`] may be handed over.
    fn row_complete(&mut self) -> io::Result<()>;
}

/// A writer, and the rows that it was not given yet.
#[derive(Debug)]
pub(super) struct Pieces<W> {
    writer: W,
    bytes: Vec<u8>,
    /// Once a write failed nothing more is written: after a gap the rest would be wrong.
    failed: Option<io::ErrorKind>,
}

impl<W: Write> Pieces<W> {
    pub(super) fn new(writer: W) -> Self {
        Self { writer, bytes: Vec::with_capacity(PIECE + PIECE / 4), failed: None }
    }

    /// Hands over all rows and has the writer pass them on.
    pub(super) fn flush(&mut self) -> io::Result<()> {
        self.write_out()?;
        self.remember(W::flush)
    }

    pub(super) fn into_writer(self) -> W {
        self.writer
    }

    fn write_out(&mut self) -> io::Result<()> {
        if self.bytes.is_empty() && self.failed.is_none() {
            return Ok(());
        }
        let bytes = std::mem::take(&mut self.bytes);
        let outcome = self.remember(|writer| writer.write_all(&bytes));
        self.bytes = bytes;
        self.bytes.clear();
        self.bytes.shrink_to(KEPT_CAPACITY);
        outcome
    }

    fn remember(&mut self, action: impl FnOnce(&mut W) -> io::Result<()>) -> io::Result<()> {
        if let Some(kind) = self.failed {
            return Err(kind.into());
        }
        action(&mut self.writer).inspect_err(|error| self.failed = Some(error.kind()))
    }
}

impl<W: Write> Sheet for Pieces<W> {
    fn bytes(&mut self) -> &mut Vec<u8> {
        &mut self.bytes
    }

    fn row_complete(&mut self) -> io::Result<()> {
        if self.bytes.len() >= PIECE { self.write_out() } else { Ok(()) }
    }
}
