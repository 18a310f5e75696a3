//! MySQL Shell's credential-helper protocol: requests in, answers out, for both of its generations.
//!
//! The room opens neither stdin nor stdout and knows nothing of AWS, conventions or tunnels: what is ours, and the token for
//! it, comes from a [`Vault`]; the process behind a port of this machine is asked over a private socket ([`live`]); what is
//! not ours goes to another helper ([`Delegate`]). [`install`] puts the helper beside every MySQL Shell and takes it away.
//!
//! The protocol is written down nowhere but in MySQL Shell's source, directory `mysql-secret-store`.

mod command;
mod delegate;
pub mod install;
mod list;
pub mod live;
mod reply;
mod request;
mod server_url;
mod verbs;

pub use command::{Command, CommandProblem, NAME, PREFIX, calling_folder, is_helper_name};
pub use delegate::{DELEGATED, Delegate, OtherHelper, Outcome};
pub use reply::{NOT_FOUND, Reply};
pub use request::{Generation, Request, RequestProblem, SecretId, SecretType};
pub use server_url::{DEFAULT_PORT, Listener, Loopback, ServerUrl, to_url};
pub use verbs::{Answer, Granted, Vault, at_once, read, serve};

#[cfg(test)]
mod tests;
