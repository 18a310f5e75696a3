//! The plain types that every other room works on: [`Target`] and its parts.
//!
//! Data only: how a target comes about stands in the sibling modules, what is done with it in other rooms.

use std::fmt;
use std::path::PathBuf;

/// The RDS name and port of a database: the token is signed for it, and the TLS certificate is verified against it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Endpoint {
    /// DNS name in lower case, without a final dot.
    pub host: String,
    /// TCP port, 3306 unless something said otherwise.
    pub port: u16,
}

/// What is dialled, from the bastion or directly. Equals the endpoint unless a convention or a flag set it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Address {
    /// DNS name or IP address (IPv6 without brackets).
    pub host: String,
    /// TCP port.
    pub port: u16,
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_host_port(f, &self.host, self.port)
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_host_port(f, &self.host, self.port)
    }
}

fn write_host_port(f: &mut fmt::Formatter<'_>, host: &str, port: u16) -> fmt::Result {
    if host.contains(':') { write!(f, "[{host}]:{port}") } else { write!(f, "{host}:{port}") }
}

/// A bastion as the user names it: `[user@]host[:port]`, where `host` may be an ssh_config alias. Validated: it can be
/// handed to the `ssh` program after `--` without being taken for an option.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct BastionName {
    /// Login name, if one was given; else ssh_config decides.
    pub user: Option<String>,
    /// Host name, address (IPv6 without brackets) or ssh_config alias.
    pub host: String,
    /// TCP port, if one was given; else ssh_config decides.
    pub port: Option<u16>,
}

/// How the database is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Route {
    /// TCP straight to the address.
    Direct,
    /// TCP to the address through an SSH bastion.
    Tunnel,
    /// The RDS Data API over HTTPS.
    DataApi,
}

/// Where the database password comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Auth {
    /// An IAM token, signed for the endpoint.
    Iam,
    /// User name and password from Secrets Manager.
    Secret,
    /// A password asked for on the terminal or read from a file descriptor.
    Password,
}

/// How much of the server's certificate is verified. Nothing weaker exists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SslMode {
    /// The chain and the endpoint's name.
    VerifyIdentity,
    /// The chain only.
    VerifyCa,
    /// Encryption only; allowed with [`Auth::Password`] alone.
    Required,
}

/// Everything a command needs to know about one database. Later stages never ask earlier ones.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// AWS profile whose credentials sign.
    pub profile: Option<String>,
    /// AWS region of the endpoint.
    pub region: Option<String>,
    /// The RDS name: signed for, verified against. Always there, unless the route is the Data API and `cluster_arn` says
    /// which database it is.
    pub endpoint: Option<Endpoint>,
    /// What is dialled. There where `endpoint` is.
    pub address: Option<Address>,
    /// Database user, case-sensitive.
    pub user: Option<String>,
    /// Default database (schema).
    pub database: Option<String>,
    /// SSH hops, outermost first; empty on a direct route.
    pub bastion: Vec<BastionName>,
    /// How the database is reached.
    pub route: Route,
    /// Where the password comes from.
    pub auth: Auth,
    /// How the server's certificate is verified.
    pub ssl_mode: SslMode,
    /// PEM file of roots to trust beside the compiled-in ones.
    pub ssl_ca: Option<PathBuf>,
    /// Name of a stored AWS credential, instead of a profile.
    pub credential: Option<String>,
    /// Data API: the cluster.
    pub cluster_arn: Option<String>,
    /// Data API or `auth = "secret"`: the secret.
    pub secret_arn: Option<String>,
    /// Client that a bare `rdsconn HOST` starts on a terminal.
    pub client: Option<String>,
}

/// The name of one field of a [`Target`], as written in files, flags and `explain`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Field {
    /// AWS profile.
    Profile,
    /// AWS region.
    Region,
    /// RDS name.
    Endpoint,
    /// Port of the endpoint.
    Port,
    /// What is dialled.
    Address,
    /// Database user.
    User,
    /// Default database.
    Database,
    /// SSH hops.
    Bastion,
    /// Route.
    Route,
    /// Password source.
    Auth,
    /// Certificate verification.
    SslMode,
    /// Extra roots.
    SslCa,
    /// Stored credential.
    Credential,
    /// Data API cluster.
    ClusterArn,
    /// Data API secret.
    SecretArn,
    /// Client program.
    Client,
}

impl Field {
    /// All fields, in the order in which `explain` prints them.
    pub const ALL: [Self; 16] = [
        Self::Profile,
        Self::Region,
        Self::Endpoint,
        Self::Port,
        Self::Address,
        Self::User,
        Self::Database,
        Self::Bastion,
        Self::Route,
        Self::Auth,
        Self::SslMode,
        Self::SslCa,
        Self::Credential,
        Self::ClusterArn,
        Self::SecretArn,
        Self::Client,
    ];

    /// The field of this name. `aws_profile` is another name of `profile`.
    pub fn named(name: &str) -> Option<Self> {
        let name = if name == "aws_profile" { "profile" } else { name };
        Self::ALL.into_iter().find(|field| field.name() == name)
    }

    /// The field's name in files and JSON, for example `ssl_mode`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Profile => "profile",
            Self::Region => "region",
            Self::Endpoint => "endpoint",
            Self::Port => "port",
            Self::Address => "address",
            Self::User => "user",
            Self::Database => "database",
            Self::Bastion => "bastion",
            Self::Route => "route",
            Self::Auth => "auth",
            Self::SslMode => "ssl_mode",
            Self::SslCa => "ssl_ca",
            Self::Credential => "credential",
            Self::ClusterArn => "cluster_arn",
            Self::SecretArn => "secret_arn",
            Self::Client => "client",
        }
    }
}

impl Route {
    /// The word for it in files and flags.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Direct => "direct",
            Self::Tunnel => "tunnel",
            Self::DataApi => "data-api",
        }
    }
}

impl Auth {
    /// The word for it in files and flags.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Iam => "iam",
            Self::Secret => "secret",
            Self::Password => "password",
        }
    }
}

impl SslMode {
    /// The word for it in files and flags.
    pub const fn name(self) -> &'static str {
        match self {
            Self::VerifyIdentity => "VERIFY_IDENTITY",
            Self::VerifyCa => "VERIFY_CA",
            Self::Required => "REQUIRED",
        }
    }
}

impl fmt::Display for BastionName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(user) = &self.user {
            write!(f, "{user}@")?;
        }
        match self.port {
            Some(port) => write_host_port(f, &self.host, port),
            None if self.host.contains(':') => write!(f, "[{}]", self.host),
            None => f.write_str(&self.host),
        }
    }
}

impl Target {
    /// The text of one field, as it would be written in a file; `None` where the field is not set.
    pub fn text(&self, field: Field) -> Option<String> {
        match field {
            Field::Profile => self.profile.clone(),
            Field::Region => self.region.clone(),
            Field::Endpoint => self.endpoint.as_ref().map(|endpoint| endpoint.host.clone()),
            Field::Port => self.endpoint.as_ref().map(|endpoint| endpoint.port.to_string()),
            Field::Address => self.address.as_ref().map(ToString::to_string),
            Field::User => self.user.clone(),
            Field::Database => self.database.clone(),
            Field::Bastion if self.bastion.is_empty() => None,
            Field::Bastion => Some(self.bastion.iter().map(ToString::to_string).collect::<Vec<_>>().join(",")),
            Field::Route => Some(self.route.name().to_owned()),
            Field::Auth => Some(self.auth.name().to_owned()),
            Field::SslMode => Some(self.ssl_mode.name().to_owned()),
            Field::SslCa => self.ssl_ca.as_ref().map(|path| path.to_string_lossy().into_owned()),
            Field::Credential => self.credential.clone(),
            Field::ClusterArn => self.cluster_arn.clone(),
            Field::SecretArn => self.secret_arn.clone(),
            Field::Client => self.client.clone(),
        }
    }
}
