//! SSH: from a bastion's name to an open byte stream to the database. The only room that names russh.
//!
//! ```text
//! plan     ssh_config says what the name means              config, config_file, directives, tokens, pattern, bastion
//! connect  TCP, handshake, host key, login                  connect, client, algorithms, stream, known_hosts, host_key,
//!                                                           authentication, identity, signer, attempt, distance, heap
//! dial     a channel; relay: bytes through it               session, relay
//! ```
//!
//! Nothing here prints or prompts; questions leave through [`Questions`]. There is no agent forwarding, no compression, no
//! SHA-1, and no host key is ever taken unasked but under `accept-new` for a host of which nothing is known.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

mod algorithms;
mod attempt;
mod authentication;
mod bastion;
mod client;
mod config;
mod config_file;
mod connect;
mod directives;
mod distance;
mod error;
mod heap;
mod host_key;
mod identity;
mod known_hosts;
mod pattern;
mod relay;
mod session;
mod signer;
mod stream;
#[cfg(test)]
mod tests;
mod tokens;

pub use attempt::{Attempt, AttemptOutcome};
pub use bastion::{AddressFamily, AllowedAlgorithms, Bastion, HostKeyPolicy, IdentityFile};
pub use config::plan;
pub use connect::connect;
pub use distance::Distance;
pub use error::{ConnectStage, Error, Loss};
pub use host_key::{HostKeyVerdict, LearnedHostKey};
pub use relay::SshConnection;
pub use session::SshSession;

use crate::backend::Questions;
use crate::os::Environment;
use crate::target::BastionName;

/// What the user has set for SSH as a whole.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Another ssh_config file, as `ssh -F` takes it.
    pub ssh_config: Option<PathBuf>,
    /// For `PATH`, `HOME`, `SSH_AUTH_SOCK`, and for the `ssh` program.
    pub environment: Environment,
    /// How long each stage may take: name resolution, TCP, handshake, each key, opening a channel.
    pub connect_timeout: Duration,
    /// The time between probes of a silent server.
    pub keepalive_interval: Duration,
    /// How many probes may stay unanswered. The connection is given up one interval after the last.
    pub keepalive_count: usize,
    /// How long a connection's local peer may take nothing while others share its session; then it is cut, so that they live.
    pub stall_limit: Duration,
    /// After how many bytes new keys are agreed upon; `None` is 1 GiB, which is also the most.
    pub rekey_bytes: Option<usize>,
    /// How far away the bastion is, which its sessions find out: settings are for the sessions with one bastion.
    pub distance: Distance,
}

impl Settings {
    /// The defaults: ten seconds a stage; a dead server is noticed after 40 s.
    pub fn new(environment: Environment) -> Self {
        Self {
            ssh_config: None,
            environment,
            connect_timeout: Duration::from_secs(10),
            keepalive_interval: Duration::from_secs(10),
            keepalive_count: 3,
            stall_limit: Duration::from_secs(10),
            rekey_bytes: None,
            distance: Distance::default(),
        }
    }
}

/// Plans and connects: what a tunnel needs. Several hops are refused before anything is asked or dialled.
pub async fn open(
    hops: &[BastionName],
    settings: &Settings,
    questions: Arc<dyn Questions>,
) -> Result<SshSession, Error> {
    match hops {
        [] => Err(Error::NoBastion),
        [one] => connect(plan(one, settings).await?, settings, questions).await,
        several => Err(Error::SeveralHops { hops: several.iter().map(bastion::display_name).collect() }),
    }
}
