//! What can go wrong between a bastion's name and an open channel, as facts. Words of advice and exit codes are the
//! business of `cli`; no type of russh leaves this room.

use std::path::PathBuf;
use std::time::Duration;

use super::attempt::{Attempt, describe_attempts};
use crate::os::ProgramError;
use crate::target::Address;

/// Why a bastion or, behind it, a database cannot be reached.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The bastion's name would not be safe to hand on.
    #[error("bastion {name:?}: {reason}")]
    InvalidName {
        /// The name or the part of it that is wrong.
        name: String,
        /// What is wrong.
        reason: &'static str,
    },
    /// A route without a bastion.
    #[error("no bastion is named")]
    NoBastion,
    /// More than one hop.
    #[error("a chain of bastions is not supported yet: {}", hops.join(", "))]
    SeveralHops {
        /// The hops' names.
        hops: Vec<String>,
    },
    /// `ssh -G` did not run or did not end.
    #[error("cannot ask ssh what {bastion} means")]
    ConfigProgram {
        /// The bastion as named.
        bastion: String,
        /// What happened to the program.
        #[source]
        source: ProgramError,
    },
    /// `ssh -G` refused the configuration.
    #[error("ssh cannot say what {bastion} means: {message}")]
    ConfigRefused {
        /// The bastion as named.
        bastion: String,
        /// What ssh printed.
        message: String,
    },
    /// A line of an ssh_config file that the built-in reader does not take.
    #[error("{}:{line}: {message}", file.display())]
    ConfigLine {
        /// The file.
        file: PathBuf,
        /// The line, from 1.
        line: usize,
        /// What is wrong with it.
        message: String,
    },
    /// A value in the SSH configuration that cannot be used.
    #[error("ssh_config for {bastion}: {directive} {value:?}: {message}")]
    ConfigValue {
        /// The bastion as named.
        bastion: String,
        /// The directive, in lower case.
        directive: String,
        /// Its value.
        value: String,
        /// What is wrong with it.
        message: String,
    },
    /// A directive that would change how the connection is made and that rdsconn does not follow yet.
    #[error("ssh_config for {bastion} sets {directive} {value}, which is not supported yet")]
    UnsupportedDirective {
        /// The bastion as named.
        bastion: String,
        /// The directive, in lower case.
        directive: String,
        /// Its value.
        value: String,
    },
    /// A file that must be readable is not.
    #[error("cannot read {}", path.display())]
    UnreadableFile {
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// The bastion's name does not resolve.
    #[error("cannot resolve {host}, the name of bastion {bastion}")]
    NameResolution {
        /// The bastion as named.
        bastion: String,
        /// The name that was looked up.
        host: String,
        /// What the resolver said.
        #[source]
        source: std::io::Error,
    },
    /// No address of the bastion accepts a connection.
    #[error("cannot connect to bastion {bastion} at {address}")]
    Unreachable {
        /// The bastion as named.
        bastion: String,
        /// The address tried last.
        address: Address,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// A stage took longer than allowed.
    #[error("bastion {bastion} did not finish {stage} within {} s", limit.as_secs_f32())]
    Timeout {
        /// The bastion as named.
        bastion: String,
        /// What it was doing.
        stage: ConnectStage,
        /// How long it had.
        limit: Duration,
    },
    /// What answers is not an SSH server, or not one that speaks the protocol correctly.
    #[error("bastion {bastion} does not speak SSH correctly: {message}")]
    Protocol {
        /// The bastion as named.
        bastion: String,
        /// What was wrong.
        message: String,
    },
    /// The two sides share no safe algorithm.
    #[error("bastion {bastion} offers no safe {kind}; it offers {}", offered.join(","))]
    NoCommonAlgorithm {
        /// The bastion as named.
        bastion: String,
        /// Which kind of algorithm.
        kind: &'static str,
        /// What it offers.
        offered: Vec<String>,
    },
    /// The server lacks strict key exchange and chose an algorithm that needs it (CVE-2023-48795).
    #[error("bastion {bastion} would use {algorithm} without strict key exchange")]
    WeakKeyExchange {
        /// The bastion as named.
        bastion: String,
        /// The algorithm that is unsafe then.
        algorithm: String,
    },
    /// A known_hosts line that concerns this host cannot be understood.
    #[error("{}:{line}: {message}, and the line concerns {host}", file.display())]
    KnownHostsLine {
        /// The file.
        file: PathBuf,
        /// The line, from 1.
        line: usize,
        /// The host that was looked up.
        host: String,
        /// What is wrong.
        message: &'static str,
    },
    /// No file knows the host's key, and nobody confirmed it.
    #[error("the {algorithm} host key of {host} is not known: {fingerprint}")]
    UnknownHostKey {
        /// The name as known_hosts would have it.
        host: String,
        /// For example `ssh-ed25519`.
        algorithm: String,
        /// `SHA256:…` of the key the server showed.
        fingerprint: String,
        /// The file a key would be added to.
        known_hosts: Option<PathBuf>,
    },
    /// Another key is recorded for the host.
    #[error("the host key of {host} has changed: {algorithm} {fingerprint} is not what {}:{line} records", file.display())]
    ChangedHostKey {
        /// The name as known_hosts has it.
        host: String,
        /// Of the key the server showed.
        algorithm: String,
        /// `SHA256:…` of the key the server showed.
        fingerprint: String,
        /// Where the first recorded key stands.
        file: PathBuf,
        /// Its line, from 1.
        line: usize,
        /// `SHA256:…` of every recorded key.
        recorded: Box<[String]>,
    },
    /// The server offers none of the key types that are recorded for it.
    #[error("{host} offers no host key of a recorded type ({}); it offers {}", recorded.join(","), offered.join(","))]
    HostKeyTypeMissing {
        /// The name as known_hosts has it.
        host: String,
        /// The types recorded.
        recorded: Vec<String>,
        /// The types offered.
        offered: Vec<String>,
    },
    /// The host's key is revoked.
    #[error("the host key of {host} is revoked by {}:{line}: {fingerprint}", file.display())]
    RevokedHostKey {
        /// The name as known_hosts has it.
        host: String,
        /// `SHA256:…` of the key the server showed.
        fingerprint: String,
        /// Where it is revoked.
        file: PathBuf,
        /// The line, from 1.
        line: usize,
    },
    /// The host's RSA key is too short to prove anything.
    #[error("the RSA host key of {host} has {bits} bits; at least {least} are needed")]
    ShortHostKey {
        /// The name as known_hosts has it.
        host: String,
        /// Its length.
        bits: usize,
        /// The least length.
        least: usize,
    },
    /// The bastion refused every key.
    #[error("bastion {bastion} refused {user}: {}", describe_attempts(attempts))]
    AuthenticationRefused {
        /// The bastion as named.
        bastion: String,
        /// The login name.
        user: String,
        /// What was tried or left out, in order.
        attempts: Vec<Attempt>,
        /// The methods the server would go on with, for example `publickey,password`.
        methods: Vec<String>,
        /// What the server said of it, if anything. Not to be trusted with a terminal.
        message: Option<String>,
    },
    /// The bastion wants a second factor.
    #[error("bastion {bastion} accepted a key of {user} and asks for more: {}", methods.join(","))]
    FurtherAuthentication {
        /// The bastion as named.
        bastion: String,
        /// The login name.
        user: String,
        /// The methods it asks for.
        methods: Vec<String>,
    },
    /// The bastion cannot connect to the database.
    #[error("bastion {bastion} cannot connect to {address}{}", after_colon(reason.as_deref()))]
    DatabaseUnreachable {
        /// The bastion as named.
        bastion: String,
        /// What it was to dial.
        address: Address,
        /// The bastion's own words. Not to be trusted with a terminal.
        reason: Option<String>,
    },
    /// The bastion does not allow forwarding to that address.
    #[error("bastion {bastion} does not allow forwarding to {address}{}", after_colon(reason.as_deref()))]
    ForwardingProhibited {
        /// The bastion as named.
        bastion: String,
        /// What it was to dial.
        address: Address,
        /// The bastion's own words. Not to be trusted with a terminal.
        reason: Option<String>,
    },
    /// The bastion refuses to open a channel for another reason.
    #[error("bastion {bastion} does not open a channel to {address}: {reason}")]
    ChannelRefused {
        /// The bastion as named.
        bastion: String,
        /// What it was to dial.
        address: Address,
        /// The reason code's meaning, and the bastion's own words.
        reason: String,
    },
    /// The bastion did not say in time whether it reached the database.
    #[error("bastion {bastion} did not connect to {address} within {} s", limit.as_secs_f32())]
    DialTimeout {
        /// The bastion as named.
        bastion: String,
        /// What it was to dial.
        address: Address,
        /// How long it had.
        limit: Duration,
    },
    /// The SSH connection broke.
    #[error("the connection to bastion {bastion} is lost: {loss}")]
    ConnectionLost {
        /// The bastion as named.
        bastion: String,
        /// How.
        loss: Loss,
    },
    /// A local peer took nothing for too long, while others needed the same session.
    #[error("a connection was cut: its client read nothing for {} s and held up the others of the session with {bastion}", limit.as_secs_f32())]
    Stalled {
        /// The bastion as named.
        bastion: String,
        /// The limit.
        limit: Duration,
    },
}

impl Error {
    /// Whether the same attempt may succeed a little later, with nothing changed.
    pub fn is_transient(&self) -> bool {
        matches!(
            self,
            Self::NameResolution { .. }
                | Self::Unreachable { .. }
                | Self::Timeout { .. }
                | Self::DatabaseUnreachable { .. }
                | Self::DialTimeout { .. }
                | Self::ConnectionLost { .. }
        )
    }
}

/// A stage of connecting to a bastion that has its own time limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConnectStage {
    /// DNS.
    NameResolution,
    /// TCP.
    Dial,
    /// Identification, algorithms and host key.
    Handshake,
    /// Keys.
    Authentication,
}

impl std::fmt::Display for ConnectStage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::NameResolution => "name resolution",
            Self::Dial => "the TCP connection",
            Self::Handshake => "the SSH handshake",
            Self::Authentication => "authentication",
        })
    }
}

/// How an SSH connection ended that should not have.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Loss {
    /// The server answered none of the probes.
    #[error("no answer to {probes} keepalive probes, one every {} s", interval.as_secs_f32())]
    Silent {
        /// How many went unanswered.
        probes: usize,
        /// The time between two.
        interval: Duration,
    },
    /// The server said goodbye.
    #[error("the server disconnected: {message}")]
    Disconnected {
        /// Its own words. Not to be trusted with a terminal.
        message: String,
    },
    /// The TCP connection ended or broke.
    #[error("{message}")]
    Broken {
        /// What the system or the protocol reader said.
        message: String,
    },
    /// This side ended the session.
    #[error("the session was closed on this side")]
    ClosedHere,
}

fn after_colon(reason: Option<&str>) -> String {
    reason.filter(|reason| !reason.is_empty()).map(|reason| format!(": {reason}")).unwrap_or_default()
}
