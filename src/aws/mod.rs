//! AWS: profiles, credentials, the IAM token, and calls to its services.
//!
//! The only room that names an `aws_*` crate. It neither prints nor prompts, and writes no credential anywhere.

mod call;
mod caller;
mod credentials;
pub mod data_api;
mod discovery;
mod error;
mod identity;
mod new_profile;
mod patience;
mod permissions;
mod profiles;
mod secrets;
mod service;
mod token;
mod tokens;

pub use call::CallFault;
pub use caller::{Caller, caller};
pub use credentials::{Account, Login};
pub use discovery::{Cluster, describe_cluster, find_cluster};
pub use error::Error;
pub use new_profile::{NewProfile, NewProfileError};
pub use permissions::{Needs, Permission, permissions};
pub use profiles::Profiles;
pub use secrets::{SecretError, Secrets, ShapeProblem};
pub use service::Service;
pub use tokens::Tokens;
