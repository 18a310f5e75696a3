//! A bastion and a database inside the test process: no root, no programs, no network but loopback.
//!
//! They behave like an SSH server and an RDS for MySQL instance with IAM authentication; servers that misbehave are in
//! [`crate::hostile`].

// mod bastion;
mod connection;
mod database;
mod login;
mod processes;
mod sql;

// pub use bastion::{Bastion, BastionOptions, ClientKey, Conduct, HostKey};
pub use database::{Account, Authentication, Database, DatabaseOptions, LoginSeen, SAMPLE};
pub use processes::Running;
