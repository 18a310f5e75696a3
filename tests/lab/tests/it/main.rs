//! The lab's own tests: its servers against real clients, before rdsconn is tested with them.

#![expect(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "tests run programs, write files, say what they skip, and fail by panicking"
)]

mod client;
mod data_api_client;
mod data_api_faults;
mod data_api_limits;
mod data_api_signature;
mod data_api_values;
mod driver;
mod embedded_bastion;
mod embedded_database;
mod hostile;
mod moto;
mod real_clients;
mod rig;
mod same_answers;
