//! External clients: which program is started, what it gets on its command line, in its environment and in its option file.
//!
//! Decisions only: nothing here starts a client, opens a connection or writes a file; the one program that is run is
//! `CLIENT --version`. Which client is told what, and why, stands beside the code that decides it.

mod access;
mod client;
mod command;
mod error;
mod flavour;
mod option_file;

pub use access::{Access, CertificatePrints};
pub use client::{Client, DEFAULT_CLIENTS, Recipe, default_client};
pub use command::{ClientCommand, Wishes, check, command};
pub use error::Error;
pub use flavour::{Family, Flavour, Tool, Version};
pub use option_file::OptionFile;
