//! Servers that lie, stall or break off, each with a record of every byte it was given: a test asserts that the token is
//! not among them. Databases are put together from what is wrong with their TLS, opening, login and answers.

mod answer;
mod bastion;
mod database;
mod options;

pub use answer::row_text;
pub use bastion::{HostileBastion, SshTrick};
pub use database::HostileDatabase;
pub use options::{Answer, HostileOptions, Login, Opening, Tls};
