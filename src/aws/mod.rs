//! AWS: profiles, credentials, the IAM token, and calls to its services.
//!
//! The only room that names an `aws_*` crate. It neither prints nor prompts, and writes no credential anywhere.

mod credentials;
mod error;
mod identity;
mod profiles;
mod secrets;
mod service;
mod token;
mod tokens;

pub use credentials::{Account, Login};
pub use error::Error;
pub use profiles::Profiles;
pub use secrets::{SecretError, Secrets, ServiceFault, ShapeProblem, Skew};
pub use service::Service;
pub use tokens::Tokens;
