//! A bastion after resolution: everything ssh_config says of it, checked. Data and validation only; it reads nothing.

use std::net::IpAddr;
use std::path::PathBuf;

use super::error::Error;
use crate::target::BastionName;

/// What a bastion's name means: where it is, who we are there, which keys to offer and which to expect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bastion {
    /// As the user named it, for messages: `[user@]host[:port]`.
    pub name: String,
    /// DNS name or IP address to dial.
    pub host: String,
    /// TCP port.
    pub port: u16,
    /// Login name.
    pub user: String,
    /// Which address family may be dialled.
    pub family: AddressFamily,
    /// Private keys, or public ones that select keys of the agent, in the order in which they are offered.
    pub identities: Vec<IdentityFile>,
    /// Whether the agent may offer only keys that `identities` names.
    pub identities_only: bool,
    /// Socket of the agent.
    pub agent: Option<PathBuf>,
    /// The user's known_hosts files; a confirmed key is added to the first.
    pub user_known_hosts: Vec<PathBuf>,
    /// The machine's known_hosts files.
    pub global_known_hosts: Vec<PathBuf>,
    /// Name to look up in known_hosts instead of host and port.
    pub host_key_alias: Option<String>,
    /// What to do about a key that no file knows.
    pub host_key_policy: HostKeyPolicy,
    /// Whether names are hashed when a key is added.
    pub hash_known_hosts: bool,
    /// Least length of RSA keys, in bits.
    pub least_rsa_bits: usize,
    /// What ssh_config allows, where it says so; ours are used within it.
    pub allowed: AllowedAlgorithms,
}

/// A file named by `IdentityFile`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdentityFile {
    /// The full path.
    pub path: PathBuf,
    /// Whether it is only one of the names that `ssh` tries unasked, so that its absence means nothing.
    pub is_default: bool,
}

/// What to do about a host key that no file knows. A key that contradicts a file is refused under each of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HostKeyPolicy {
    /// Ask a person; refuse where there is none. The default, and what `no` and `off` are taken for.
    Ask,
    /// Refuse (`StrictHostKeyChecking yes`).
    Refuse,
    /// Record it (`StrictHostKeyChecking accept-new`), if no key of any type is recorded for the host; else ask.
    AcceptNew,
}

/// `AddressFamily` of ssh_config.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AddressFamily {
    /// IPv4 and IPv6.
    Any,
    /// IPv4 only.
    Inet,
    /// IPv6 only.
    Inet6,
}

impl AddressFamily {
    /// Whether an address may be dialled.
    pub fn allows(self, address: IpAddr) -> bool {
        match self {
            Self::Any => true,
            Self::Inet => address.is_ipv4(),
            Self::Inet6 => address.is_ipv6(),
        }
    }
}

/// Algorithm names that ssh_config allows; `None` allows all of ours.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AllowedAlgorithms {
    /// `KexAlgorithms`.
    pub key_exchange: Option<Vec<String>>,
    /// `HostKeyAlgorithms`.
    pub host_key: Option<Vec<String>>,
    /// `Ciphers`.
    pub cipher: Option<Vec<String>>,
    /// `MACs`.
    pub mac: Option<Vec<String>>,
    /// `PubkeyAcceptedAlgorithms`.
    pub user_key: Option<Vec<String>>,
}

impl Bastion {
    /// The name under which known_hosts files record this host: the alias, `host`, or `[host]:port`.
    pub fn known_hosts_name(&self) -> String {
        match &self.host_key_alias {
            Some(alias) => alias.to_ascii_lowercase(),
            None => known_hosts_name(&self.host, self.port),
        }
    }
}

/// `host` for port 22, else `[host]:port`, in lower case, as OpenSSH writes it (`put_host_port`).
pub(super) fn known_hosts_name(host: &str, port: u16) -> String {
    let host = host.to_ascii_lowercase();
    if port == 22 { host } else { format!("[{host}]:{port}") }
}

/// The name as the user wrote it, for messages.
pub(super) fn display_name(name: &BastionName) -> String {
    let user = name.user.as_ref().map(|user| format!("{user}@")).unwrap_or_default();
    let host = if name.host.contains(':') { format!("[{}]", name.host) } else { name.host.clone() };
    let port = name.port.map(|port| format!(":{port}")).unwrap_or_default();
    format!("{user}{host}{port}")
}

/// Refuses a name that could be anything but an operand. The names come validated; a second check costs nothing and
/// keeps this room safe by itself.
pub(super) fn check_name(name: &BastionName) -> Result<(), Error> {
    check_host(&name.host).map_err(|reason| Error::InvalidName { name: name.host.clone(), reason })?;
    if let Some(user) = &name.user {
        check_given_user(user).map_err(|reason| Error::InvalidName { name: user.clone(), reason })?;
    }
    if name.port == Some(0) {
        return Err(Error::InvalidName { name: display_name(name), reason: "port 0 cannot be dialled" });
    }
    Ok(())
}

/// Whether a string can be a host name, an address or an ssh_config alias.
pub(super) fn check_host(host: &str) -> Result<(), &'static str> {
    if host.is_empty() || host.len() > 253 {
        return Err("a host name has 1 to 253 characters");
    }
    if host.starts_with('-') {
        return Err("a host name does not start with a dash");
    }
    let (address, zone) = host.split_once('%').unwrap_or((host, "0"));
    if address.contains(':') {
        // A zone names an interface, for example fe80::1%eth0.
        if address.parse::<std::net::Ipv6Addr>().is_err() || !zone.chars().all(is_host_character) || zone.is_empty() {
            return Err("not an IPv6 address");
        }
        return Ok(());
    }
    if host.chars().all(is_host_character) {
        Ok(())
    } else {
        Err("a host name has only letters, digits, dots, dashes and underscores")
    }
}

fn is_host_character(character: char) -> bool {
    character.is_ascii_alphanumeric() || matches!(character, '.' | '_' | '-')
}

fn check_given_user(user: &str) -> Result<(), &'static str> {
    if user.is_empty() || user.len() > 255 || user.starts_with('-') {
        return Err("a login name has 1 to 255 characters and does not start with a dash");
    }
    if user.chars().all(|character| is_host_character(character) || matches!(character, '@' | '+')) {
        Ok(())
    } else {
        Err("a login name has only letters, digits and . _ - @ +")
    }
}

/// Whether a login name from the user's own ssh_config can be sent: it never reaches a shell or a command line.
pub(super) fn check_configured_user(user: &str) -> Result<(), &'static str> {
    if user.is_empty() || user.len() > 255 || user.chars().any(char::is_control) {
        return Err("a login name has 1 to 255 printable characters");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn named(user: Option<&str>, host: &str, port: Option<u16>) -> BastionName {
        BastionName { user: user.map(Into::into), host: host.into(), port }
    }

    #[test]
    fn t7_only_operands_pass() {
        for host in ["bastion", "b-1.example.com", "10.0.0.1", "::1", "fe80::1%eth0", "my_alias", "2001:db8::7"] {
            assert!(check_name(&named(Some("ec2-user"), host, Some(22))).is_ok(), "{host}");
        }
        let bad = [
            "",
            "-oProxyCommand=id",
            "a b",
            "a;b",
            "a\nb",
            "a\0b",
            "a$b",
            "a\\b",
            "a`b",
            "a/b",
            "a'b",
            "a|b",
            "ünicode",
            "a:b",
            "::1%",
            "::1%a b",
            "user@host",
            "*",
            "!a",
            "a,b",
            "#a",
            "[a]",
        ];
        for host in bad {
            assert!(check_name(&named(None, host, None)).is_err(), "{host:?}");
        }
        assert!(check_name(&named(None, &"a".repeat(254), None)).is_err());
        for user in ["", "-l", "a b", "a;b", "a\nb", "$(id)", "a\\b", "a'b"] {
            assert!(check_name(&named(Some(user), "host", None)).is_err(), "{user:?}");
        }
        assert!(check_name(&named(None, "host", Some(0))).is_err());
    }

    #[test]
    fn known_hosts_names_are_those_of_openssh() {
        assert_eq!(known_hosts_name("Bastion.Example", 22), "bastion.example");
        assert_eq!(known_hosts_name("Bastion.Example", 2222), "[bastion.example]:2222");
        assert_eq!(known_hosts_name("::1", 2222), "[::1]:2222");
    }

    proptest! {
        #[test]
        fn t7_whatever_passes_has_no_special_character(host in "\\PC*") {
            if check_host(&host).is_ok() {
                prop_assert!(!host.starts_with('-'));
                let harmless = |character: char| is_host_character(character) || matches!(character, ':' | '%');
                prop_assert!(host.chars().all(harmless));
            }
        }
    }
}
