//! What is said about bastions, host keys and tunnels.

use super::{Report, path_word};
use crate::cli::exit_status::ExitStatus;
use crate::ssh::{Attempt, AttemptOutcome, Error};

impl From<Error> for Report {
    fn from(error: Error) -> Self {
        let report = |status| Self::new(status, &error);
        match &error {
            Error::InvalidName { .. } => {
                report(ExitStatus::Usage).hint("a bastion is [user@]host[:port], or an alias from ssh_config")
            }
            Error::NoBastion => report(ExitStatus::Usage).hint("name one with -J, RDSCONN_BASTION or bastion ="),
            Error::SeveralHops { .. } => report(ExitStatus::Usage).hint("name one bastion that reaches the database"),
            Error::ConfigProgram { .. } => report(ExitStatus::Usage).hint("run ssh -V to see whether ssh works here"),
            Error::ConfigRefused { bastion, .. } => {
                report(ExitStatus::Usage).hint(format!("run ssh -G -- {bastion} to see what ssh makes of it"))
            }
            Error::ConfigLine { file, line, .. } => {
                report(ExitStatus::Usage).hint(format!("edit {}:{line}", file.display()))
            }
            Error::ConfigValue { bastion, directive, .. } => report(ExitStatus::Usage)
                .hint(format!("run ssh -G -- {bastion} | grep -i ^{directive} to see what ssh makes of it")),
            Error::UnsupportedDirective { bastion, directive, .. } => report(ExitStatus::Usage).hint(format!(
                "add a Host block without {directive} to ssh_config for {bastion}, or name another bastion with -J"
            )),
            Error::UnreadableFile { path, .. } => report(ExitStatus::Usage).hint(format!("run ls -l {}", path_word(path))),
            Error::NameResolution { .. } => {
                report(ExitStatus::Network).hint("check the bastion's name with rdsconn explain, and the network or VPN")
            }
            Error::Unreachable { address, .. } => report(ExitStatus::Network).hint(format!(
                "check the network or VPN, and whether anything answers at {address}"
            )),
            Error::Timeout { .. } | Error::DialTimeout { .. } => {
                report(ExitStatus::Network).hint("give it longer with --connect-timeout SECONDS")
            }
            Error::Protocol { .. } => report(ExitStatus::Network).hint("is this port really an SSH server's?"),
            Error::NoCommonAlgorithm { .. } | Error::WeakKeyExchange { .. } => {
                report(ExitStatus::Network).hint("the bastion's sshd is too old or set up too weakly: it needs an update")
            }
            Error::KnownHostsLine { file, line, .. } => {
                report(ExitStatus::Network).hint(format!("edit {}:{line}", file.display()))
            }
            Error::UnknownHostKey { host, .. } => report(ExitStatus::Network)
                .hint(format!("compare the fingerprint with what the bastion's owner says, then connect once with ssh to record {host}"))
                .hint("on a terminal, rdsconn asks"),
            Error::ChangedHostKey { file, line, .. } => report(ExitStatus::Network)
                .hint("somebody may be listening in: ask the bastion's owner for its fingerprint before anything else")
                .hint(format!("if the change is known and right, edit {}:{line}", file.display())),
            Error::HostKeyTypeMissing { host, .. } => report(ExitStatus::Network)
                .hint(format!("if the bastion got new keys and that is known and right, run ssh-keygen -R {host}")),
            Error::RevokedHostKey { .. } => {
                report(ExitStatus::Network).hint("this key is known to be in the wrong hands: ask the bastion's owner")
            }
            Error::ShortHostKey { .. } => report(ExitStatus::Network).hint("the bastion needs a new host key"),
            Error::AuthenticationRefused { bastion, attempts, message, .. } => {
                let mut report = report(ExitStatus::Refused);
                report.causes.extend(message.as_ref().map(|message| format!("the bastion says: {message}")));
                report.hints.extend(attempts.iter().filter_map(key_hint));
                report.hint(format!(
                    "run ssh -v -- {bastion} to see which keys ssh offers, or ssh-add -l for those of the agent"
                ))
            }
            Error::FurtherAuthentication { .. } => {
                report(ExitStatus::Refused).hint("a second factor is not supported in this version")
            }
            Error::DatabaseUnreachable { address, .. } => report(ExitStatus::Network).hint(format!(
                "see whether {address} is up and whether its security group lets the bastion in"
            )),
            Error::ForwardingProhibited { .. } => report(ExitStatus::Network)
                .hint("the bastion's sshd must allow it: AllowTcpForwarding, PermitOpen, or permitopen= in authorized_keys"),
            Error::ChannelRefused { .. } => report(ExitStatus::Network),
            Error::Stalled { .. } => report(ExitStatus::Incomplete)
                .hint("the bastion's login needs a person, so all connections share one session: read on, or start one tunnel for each"),
            Error::ConnectionLost { .. } => report(ExitStatus::Network).hint("try again; if it recurs, look at the bastion's log"),
        }
    }
}

/// What would make a key usable that was not refused but left out.
fn key_hint(attempt: &Attempt) -> Option<String> {
    let key = &attempt.key;
    match &attempt.outcome {
        AttemptOutcome::NoPassphrase => {
            Some(format!("run ssh-add {key}, or run rdsconn on a terminal, where it asks for the passphrase"))
        }
        AttemptOutcome::TooOpen { .. } => Some(format!("run chmod 600 {key}")),
        AttemptOutcome::Missing => Some(format!("name a key that exists: IdentityFile in ssh_config says {key}")),
        AttemptOutcome::Refused
        | AttemptOutcome::Unreadable(_)
        | AttemptOutcome::Malformed(_)
        | AttemptOutcome::PublicOnly
        | AttemptOutcome::WrongPassphrase
        | AttemptOutcome::Agent(_)
        | AttemptOutcome::AlgorithmNotAllowed => None,
    }
}
