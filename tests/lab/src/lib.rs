//! The laboratory: bastions and databases for rdsconn's tests, benches and demo, real ones and embedded ones.
//!
//! Nothing here may use the rdsconn crate: what it checks must not be computed by the code under test.

#![expect(clippy::disallowed_methods, reason = "the lab has its own files and programs, outside the program's rooms")]
#![expect(
    clippy::expect_used,
    clippy::missing_panics_doc,
    clippy::panic,
    reason = "a lab that cannot be set up fails its test by panicking"
)]

pub mod certificates;
pub mod client;
pub mod clients;
pub mod data_api;
pub mod driver;
pub mod embedded;
pub mod environment;
pub mod hostile;
pub mod moto;
pub mod packets;
pub mod proxy;
pub mod real;
pub mod shell;
pub mod streams;
pub mod verifier;
pub mod watch;

mod program;
mod wire;

pub use wire::Record;
