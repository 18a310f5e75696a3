//! What a user types for HOST: [`HostName`], and [`HostArgument`] with the user, port and database that may stand around it.
//!
//! Allow-lists, not deny-lists: what is not known to be harmless on a command line, in a log and in DNS is refused. An
//! error never repeats a text that may hold a password.

use std::fmt;
use std::net::IpAddr;

use super::value::{self, Shown, ValueProblem};

/// A name for a database: lower case, no final dot, letters, digits, `.`, `_` and `-`, at most 253 characters.
///
/// It cannot be taken for an option, a path or a shell word.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HostName(String);

/// The longest name DNS can carry.
pub const HOST_NAME_LIMIT: usize = 253;

impl HostName {
    /// Lower-cases and checks a name. One final dot is dropped.
    pub fn parse(text: &str) -> Result<Self, ValueProblem> {
        let name = text.strip_suffix('.').unwrap_or(text);
        value::check_host_characters(name)?;
        Ok(Self(name.to_ascii_lowercase()))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for HostName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// HOST as typed: `host`, `user@host:port/database` or `mysql://user@host:port/database`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostArgument {
    /// The name that hosts entries and conventions are asked about.
    pub host: HostName,
    /// Database user, if one was typed.
    pub user: Option<String>,
    /// Port of the endpoint, if one was typed.
    pub port: Option<u16>,
    /// Default database, if one was typed.
    pub database: Option<String>,
}

/// Why a text is no HOST. Carries no text that stood where a password may stand.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HostError {
    /// The name itself is not allowed.
    #[error("the host name {} {problem}", Shown(.name))]
    Name {
        /// The name as typed.
        name: String,
        /// What is wrong with it.
        problem: ValueProblem,
    },
    /// `user:password@host`.
    #[error("HOST holds a password, which the process list and the shell's history would show")]
    Password,
    /// An IP address where a database's name is wanted.
    #[error("{} is an address, not the name of a database", Shown(.text))]
    Address {
        /// The address as typed.
        text: String,
    },
    /// A port that is no number from 1 to 65535.
    #[error("the port in HOST {problem}")]
    Port {
        /// What is wrong with it.
        problem: ValueProblem,
    },
    /// Another scheme than `mysql://`.
    #[error("HOST begins with {}, which is not mysql://", Shown(.scheme))]
    Scheme {
        /// The scheme with `://`.
        scheme: String,
    },
    /// `?…` or `#…` after the database of a `mysql://` URL.
    #[error("a mysql:// HOST takes no options after {0:?}")]
    UrlOptions(char),
    /// A `%` that does not begin an encoded UTF-8 character.
    #[error("the {part} in HOST is not valid percent-encoding")]
    Encoding {
        /// `user` or `database`.
        part: &'static str,
    },
    /// A user or database that is not allowed.
    #[error("the {part} in HOST {problem}")]
    Part {
        /// `user` or `database`.
        part: &'static str,
        /// What is wrong with it.
        problem: ValueProblem,
    },
}

impl HostArgument {
    /// Reads HOST as typed.
    pub fn parse(text: &str) -> Result<Self, HostError> {
        let Some((scheme, rest)) = text.split_once("://") else { return Self::from_parts(text, false) };
        // A `://` further in is not a scheme; such a text fails as a host name.
        if !scheme.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.')) || scheme.is_empty() {
            return Self::from_parts(text, false);
        }
        if !scheme.eq_ignore_ascii_case("mysql") {
            return Err(HostError::Scheme { scheme: format!("{scheme}://") });
        }
        Self::from_parts(rest, true)
    }

    fn from_parts(text: &str, is_url: bool) -> Result<Self, HostError> {
        let (authority, database) = text.split_once('/').map_or((text, None), |(left, right)| (left, Some(right)));
        let (user, host_and_port) =
            authority.rsplit_once('@').map_or((None, authority), |(user, rest)| (Some(user), rest));
        if user.is_some_and(|user| user.contains(':')) {
            return Err(HostError::Password);
        }
        let (host, port) = split_port(host_and_port)?;
        let port = match port.map(value::parse_port) {
            None => None,
            Some(Ok(port)) => Some(port),
            // `user:pass/word@host`: a slash in a password cuts it, so that what follows the colon is a part of it.
            Some(Err(_)) if database.is_some_and(|rest| rest.contains('@')) => return Err(HostError::Password),
            Some(Err(problem)) => return Err(HostError::Port { problem }),
        };
        if let Some(option) = database.and_then(|text| text.chars().find(|c| is_url && matches!(c, '?' | '#'))) {
            return Err(HostError::UrlOptions(option));
        }
        let user = decode(user, "user", is_url)?;
        let database = decode(database.filter(|text| !text.is_empty()), "database", is_url)?;
        if let Some(user) = &user {
            value::check_user(user).map_err(|problem| HostError::Part { part: "user", problem })?;
        }
        if let Some(database) = &database {
            value::check_database(database).map_err(|problem| HostError::Part { part: "database", problem })?;
        }
        let host = HostName::parse(host).map_err(|problem| HostError::Name { name: host.to_owned(), problem })?;
        Ok(Self { host, user, port, database })
    }
}

/// Takes a port off the end. An IPv6 address, bare or in brackets, is recognised in order to be refused with a reason.
fn split_port(text: &str) -> Result<(&str, Option<&str>), HostError> {
    if text.starts_with('[') || text.parse::<IpAddr>().is_ok_and(|address| address.is_ipv6()) {
        return Err(HostError::Address { text: text.to_owned() });
    }
    Ok(text.split_once(':').map_or((text, None), |(host, port)| (host, Some(port))))
}

fn decode(text: Option<&str>, part: &'static str, is_url: bool) -> Result<Option<String>, HostError> {
    let Some(text) = text else { return Ok(None) };
    if !is_url {
        return Ok(Some(text.to_owned()));
    }
    let mut decoded = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        if byte != b'%' {
            decoded.push(byte);
            continue;
        }
        let mut digit = || bytes.next().and_then(|byte| char::from(byte).to_digit(16));
        let (Some(high), Some(low)) = (digit(), digit()) else { return Err(HostError::Encoding { part }) };
        decoded.push(u8::try_from(high * 16 + low).unwrap_or_default());
    }
    String::from_utf8(decoded).map(Some).map_err(|_| HostError::Encoding { part })
}

#[cfg(test)]
mod tests;
