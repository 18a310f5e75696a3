//! A bastion and a database inside the test process: no root, no programs, no network but loopback.
//!
//! They behave like an SSH server and an RDS for MySQL instance with IAM authentication; servers that misbehave are in
//! [`crate::hostile`].

mod bastion;
mod connection;
mod database;
mod keys;
mod login;
mod processes;
mod sql;
mod visitor;

pub use bastion::{Bastion, BastionOptions, Conduct, Visits};
pub(crate) use database::server_tls;
pub use database::{Account, Authentication, Database, DatabaseOptions, LoginSeen, SAMPLE};
pub use keys::Key;
pub(crate) use login::native_answer;
pub use processes::Running;
