//! SQL text in, rows out: the statements of a script, and the formats that results are written in.
//!
//! This room works on bytes that it is given and writers that it is handed. It opens no file, prints nothing, reads no
//! clock, and knows neither the network nor the driver: rows come through [`crate::backend::ResultSink`].
//!
//! Two promises are kept here. A writer is only ever handed whole rows, so that an interrupted result never ends in
//! half a row ([`Output`]). And nothing that a server or a bastion said can drive the terminal: see [`escape_for_terminal`].

mod cell;
mod delimited;
mod error;
mod escape;
mod json;
mod kind;
mod markdown;
mod output;
mod pages;
mod parameters;
mod pieces;
mod statements;
mod style;
mod table;
mod tokens;
mod vertical;

pub use error::{Error, PageError, ParameterError};
pub use escape::{escape_for_terminal, escape_line_for_terminal};
pub use kind::{Kind, Objection};
pub use output::{Listener, Output};
pub use pages::Pages;
pub use parameters::{Parameters, parse_parameter};
pub use statements::{MAXIMUM_STATEMENT_BYTES, Splitter, Statement, chunks_agree};
pub use style::{Format, Style, UnknownFormat};
