//! AWS: profiles, credentials, and the IAM token.
//!
//! The only room that names an `aws_*` crate. It neither prints nor prompts, and writes no credential anywhere.

mod credentials;
mod error;
mod identity;
mod profiles;
mod token;

pub use credentials::Tokens;
pub use error::Error;
pub use profiles::Profiles;
