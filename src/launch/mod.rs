//! External clients: which program is started, what it gets on its command line, in its environment and in its option file.
//!
//! Decisions only: nothing here starts a client, opens a connection or writes a file; the one program that is run is
//! `CLIENT --version`. What is said of a client's behaviour was seen with Oracle's 9.7, MariaDB's 10.11 and 11.8,
//! mycli 1.26 and 2.30 and mydumper 0.10, unless it says that it was read in a source.

mod access;
mod arguments;
mod client;
mod command;
mod environment;
mod error;
mod flavour;
mod option_file;
mod option_names;
mod placeholders;
mod refusal;
mod user_files;
mod version;

pub use access::{Access, CertificatePrints};
pub use client::{Client, DEFAULT_CLIENTS, Recipe, default_client};
pub use command::{ClientCommand, Wishes, check, command};
pub use error::Error;
pub use flavour::{Family, Flavour, Library, Tool};
pub use option_file::OptionFile;
pub use version::Version;

#[cfg(test)]
mod tests;
