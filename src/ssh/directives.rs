//! What each directive of ssh_config means to rdsconn: honoured, harmless, or refused. No file is read here.
//!
//! The rule: a directive that changes how the connection is made is followed exactly or refused with its name, never
//! passed over. Names and values are as `ssh -G` prints them (names in lower case), see `ssh_config(5)`.

use super::bastion::{AddressFamily, AllowedAlgorithms, Bastion, HostKeyPolicy, IdentityFile};
use super::bastion::{check_configured_user, check_host, display_name};
use super::error::Error;
use super::tokens::Tokens;
use crate::os::Environment;
use crate::target::BastionName;

/// Directives that [`Values::bastion`] reads.
const HONOURED: [&str; 20] = [
    "addressfamily",
    "ciphers",
    "globalknownhostsfile",
    "hashknownhosts",
    "hostkeyalgorithms",
    "hostkeyalias",
    "hostname",
    "identitiesonly",
    "identityagent",
    "identityfile",
    "kexalgorithms",
    "macs",
    "port",
    "preferredauthentications",
    "pubkeyacceptedalgorithms",
    "pubkeyauthentication",
    "requiredrsasize",
    "stricthostkeychecking",
    "user",
    "userknownhostsfile",
];

/// Directives that change how the connection is made and are refused, unless their value is the one beside them.
const REFUSED: [(&str, &str); 9] = [
    ("bindaddress", "none"),
    ("bindinterface", "none"),
    ("certificatefile", "none"),
    ("knownhostscommand", "none"),
    ("pkcs11provider", "none"),
    ("proxycommand", "none"),
    ("proxyjump", "none"),
    ("refuseconnection", "none"),
    ("revokedhostkeys", "none"),
];

/// Directives that are passed over, by the reason for which that is right.
const HARMLESS: [(&str, &[&str]); 7] = [
    // Settled by `ssh -G` itself before it prints the rest.
    (
        "it has done its work",
        &[
            "canonicaldomains",
            "canonicalizefallbacklocal",
            "canonicalizehostname",
            "canonicalizemaxdots",
            "canonicalizepermittedcnames",
            "host",
            "ignoreunknown",
            "tag",
            "version",
        ],
    ),
    // A forward-only connection has no terminal, no command, no environment and no forwards of its own.
    (
        "no session channel",
        &[
            "clearallforwardings",
            "dynamicforward",
            "enableescapecommandline",
            "escapechar",
            "exitonforwardfailure",
            "forkafterauthentication",
            "gatewayports",
            "localcommand",
            "localforward",
            "permitlocalcommand",
            "permitremoteopen",
            "remotecommand",
            "remoteforward",
            "requesttty",
            "sendenv",
            "sessiontype",
            "setenv",
            "stdinnull",
            "streamlocalbindmask",
            "streamlocalbindunlink",
            "tunnel",
            "tunneldevice",
        ],
    ),
    // Never forwarded, whatever the file says.
    ("never forwarded", &["forwardagent", "forwardx11", "forwardx11timeout", "forwardx11trusted", "xauthlocation"]),
    // rdsconn does less than they allow: other ways to log in are not offered, other proofs of a host are not accepted.
    (
        "only public keys and known_hosts",
        &[
            "addkeystoagent",
            "batchmode",
            "casignaturealgorithms",
            "challengeresponseauthentication",
            "checkhostip",
            "enablesshkeysign",
            "fingerprinthash",
            "gssapiauthentication",
            "gssapiclientidentity",
            "gssapidelegatecredentials",
            "gssapikexalgorithms",
            "gssapikeyexchange",
            "gssapirenewalforcesrekey",
            "gssapiserveridentity",
            "gssapitrustdns",
            "hostbasedacceptedalgorithms",
            "hostbasedauthentication",
            "kbdinteractiveauthentication",
            "kbdinteractivedevices",
            "nohostauthenticationforlocalhost",
            "numberofpasswordprompts",
            "passwordauthentication",
            "securitykeyprovider",
            "updatehostkeys",
            "usekeychain",
            "verifyhostkeydns",
            "visualhostkey",
        ],
    ),
    // Each connection is its own.
    ("no sharing", &["controlmaster", "controlpath", "controlpersist"]),
    // rdsconn has its own limits, probes and traffic marks; none of them changes whom it talks to.
    (
        "own limits",
        &[
            "channeltimeout",
            "compression",
            "compressionlevel",
            "connectionattempts",
            "connecttimeout",
            "ipqos",
            "obscurekeystroketiming",
            "rekeylimit",
            "serveralivecountmax",
            "serveraliveinterval",
            "tcpkeepalive",
            "versionaddendum",
            "warnweakcrypto",
        ],
    ),
    // What `ssh` logs and how it hands over a proxy's socket.
    ("not ours", &["loglevel", "logverbose", "proxyusefdpass", "syslogfacility"]),
];

/// How a directive is treated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Treatment {
    /// Its value is used.
    Honoured,
    /// Its value makes no difference.
    Harmless,
    /// Any value but this one is an error.
    RefusedUnless(&'static str),
    /// A directive of a newer OpenSSH, or a misspelt one.
    Unknown,
}

/// How a directive, in lower case, is treated.
pub(super) fn treatment(directive: &str) -> Treatment {
    if HONOURED.contains(&directive) {
        Treatment::Honoured
    } else if let Some((_, harmless)) = REFUSED.iter().find(|(name, _)| *name == directive) {
        Treatment::RefusedUnless(harmless)
    } else if HARMLESS.iter().any(|(_, names)| names.contains(&directive)) {
        Treatment::Harmless
    } else {
        Treatment::Unknown
    }
}

/// Directives and their values in the order in which they apply: the first value of a name counts, but every
/// `identityfile`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Values(pub(super) Vec<(String, String)>);

impl Values {
    /// Reads what `ssh -G` prints: a directive in lower case, a blank, its value.
    pub(super) fn parse(text: &str) -> Self {
        let line = |line: &str| match line.split_once(' ') {
            Some((name, value)) => (name.to_ascii_lowercase(), value.trim().to_owned()),
            None => (line.to_ascii_lowercase(), String::new()),
        };
        Self(text.lines().map(str::trim).filter(|text| !text.is_empty()).map(line).collect())
    }

    /// The value that counts.
    pub(super) fn first(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(directive, _)| directive == name).map(|(_, value)| value.as_str())
    }

    fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(directive, _)| directive == name).map(|(_, value)| value.as_str())
    }

    /// Directives that no list here names.
    pub(super) fn unknown(&self) -> impl Iterator<Item = &(String, String)> {
        self.0.iter().filter(|(name, _)| treatment(name) == Treatment::Unknown)
    }

    /// Refuses directives that would have to be followed.
    pub(super) fn check_supported(&self, bastion: &str) -> Result<(), Error> {
        for (directive, value) in &self.0 {
            let supported = match treatment(directive) {
                Treatment::RefusedUnless(harmless) => value == harmless || value.is_empty(),
                Treatment::Honoured if directive == "pubkeyauthentication" => !matches!(value.as_str(), "no" | "false"),
                Treatment::Honoured if directive == "preferredauthentications" => {
                    value.split(',').any(|method| method == "publickey")
                }
                Treatment::Honoured | Treatment::Harmless | Treatment::Unknown => true,
            };
            if !supported {
                return Err(unsupported(bastion, directive, value));
            }
        }
        Ok(())
    }

    /// Puts a bastion together. `default_user` is used where no value names a user.
    pub(super) fn bastion(&self, name: &BastionName, environment: &Environment) -> Result<Bastion, Error> {
        let shown = display_name(name);
        self.check_supported(&shown)?;
        let wrong = |directive: &str, value: &str, message: &str| Error::ConfigValue {
            bastion: shown.clone(),
            directive: directive.to_owned(),
            value: value.to_owned(),
            message: message.to_owned(),
        };
        let host = self.first("hostname").unwrap_or(&name.host);
        check_host(host).map_err(|message| wrong("hostname", host, message))?;
        let port_text = self.first("port").unwrap_or("22");
        let port = port_text.parse().ok().filter(|port| *port != 0);
        let port: u16 = port.ok_or_else(|| wrong("port", port_text, "not a TCP port"))?;
        let user = self.first("user").unwrap_or_default();
        check_configured_user(user).map_err(|message| wrong("user", user, message))?;
        let alias = self.first("hostkeyalias").filter(|alias| !alias.is_empty());
        if let Some(alias) = alias {
            check_host(alias).map_err(|message| wrong("hostkeyalias", alias, message))?;
        }
        let tokens = Tokens { host, given: &name.host, alias, port, user, environment };
        let path = |directive: &str, value: &str| tokens.path(value).map_err(|text| wrong(directive, value, &text));
        let files = |directive: &str| match self.first(directive) {
            None | Some("none") => Ok(Vec::new()),
            Some(list) => list.split_whitespace().map(|file| path(directive, file)).collect(),
        };
        let identity = |value: &str| {
            let is_default = DEFAULT_IDENTITIES.contains(&value);
            path("identityfile", value).map(|path| IdentityFile { path, is_default })
        };
        let rsa_bits = self.first("requiredrsasize").and_then(|bits| bits.parse().ok()).unwrap_or(0);
        Ok(Bastion {
            name: shown.clone(),
            host: host.to_owned(),
            port,
            user: user.to_owned(),
            family: self.family(),
            identities: self
                .all("identityfile")
                .filter(|file| *file != "none")
                .map(identity)
                .collect::<Result<_, _>>()?,
            identities_only: self.is_on("identitiesonly"),
            agent: match self.agent(environment) {
                Agent::Socket(socket) => Some(path("identityagent", &socket)?),
                Agent::None => None,
            },
            user_known_hosts: files("userknownhostsfile")?,
            global_known_hosts: files("globalknownhostsfile")?,
            host_key_alias: alias.map(ToOwned::to_owned),
            host_key_policy: self.host_key_policy(),
            hash_known_hosts: self.is_on("hashknownhosts"),
            least_rsa_bits: LEAST_RSA_BITS.max(rsa_bits),
            allowed: self.allowed(),
        })
    }

    fn is_on(&self, name: &str) -> bool {
        matches!(self.first(name), Some("yes" | "true"))
    }

    fn family(&self) -> AddressFamily {
        match self.first("addressfamily") {
            Some("inet") => AddressFamily::Inet,
            Some("inet6") => AddressFamily::Inet6,
            _ => AddressFamily::Any,
        }
    }

    fn host_key_policy(&self) -> HostKeyPolicy {
        match self.first("stricthostkeychecking") {
            Some("yes" | "true") => HostKeyPolicy::Refuse,
            Some("accept-new") => HostKeyPolicy::AcceptNew,
            // `no` and `off` would accept a changed key; asking is the most that is given.
            _ => HostKeyPolicy::Ask,
        }
    }

    fn allowed(&self) -> AllowedAlgorithms {
        let list = |name| self.first(name).map(|names| names.split(',').map(ToOwned::to_owned).collect());
        AllowedAlgorithms {
            key_exchange: list("kexalgorithms"),
            host_key: list("hostkeyalgorithms"),
            cipher: list("ciphers"),
            mac: list("macs"),
            user_key: list("pubkeyacceptedalgorithms"),
        }
    }

    fn agent(&self, environment: &Environment) -> Agent {
        let variable = |name: &str| environment.text(name).map(ToOwned::to_owned).map_or(Agent::None, Agent::Socket);
        match self.first("identityagent") {
            Some("none") => Agent::None,
            None | Some("" | "SSH_AUTH_SOCK") => variable("SSH_AUTH_SOCK"),
            // `$NAME`; `${NAME}` is a token like any other.
            Some(value) => match value.strip_prefix('$') {
                Some(name) if !name.starts_with('{') => variable(name),
                _ => Agent::Socket(value.to_owned()),
            },
        }
    }
}

enum Agent {
    None,
    Socket(String),
}

/// Nothing shorter than this proves a host or a user; ssh_config can only ask for more.
const LEAST_RSA_BITS: usize = 2048;

/// The names that `ssh` tries when no `IdentityFile` is set (its `-G` prints them unexpanded).
pub(super) const DEFAULT_IDENTITIES: [&str; 7] = [
    "~/.ssh/id_rsa",
    "~/.ssh/id_ecdsa",
    "~/.ssh/id_ecdsa_sk",
    "~/.ssh/id_ed25519",
    "~/.ssh/id_ed25519_sk",
    "~/.ssh/id_xmss",
    "~/.ssh/id_dsa",
];

/// The error for a directive that is not followed.
pub(super) fn unsupported(bastion: &str, directive: &str, value: &str) -> Error {
    Error::UnsupportedDirective {
        bastion: bastion.to_owned(),
        directive: directive.to_owned(),
        value: value.to_owned(),
    }
}
