//! The URL that MySQL Shell names a server by: `user@host[:port]`, and which of them can be ours at all.
//!
//! A URL is a database's name, or a listener on this machine, or not ours: `ssh://`, `file:`, sockets, generic texts and
//! everything in doubt. What is looked up is the literal host, never a decoded, cut, completed or resolved one: a text that
//! MySQL Shell might take for another host than we do is not ours.

use std::net::{Ipv4Addr, Ipv6Addr};

use crate::target::{HostArgument, HostName};

/// The port that the Shell connects to when the URL names none; it fills in no default itself.
pub const DEFAULT_PORT: u16 = 3306;
/// Longer than any user, host and port together, percent-encoded.
const LONGEST: usize = 1_024;

/// What a URL names, if it can be ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ServerUrl {
    /// A database by its name. `user` and `port` are always set.
    Database(HostArgument),
    /// A port of this machine, behind which a tunnel of ours may be.
    Listener(Listener),
}

/// A loopback address and port, and who is to log in there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listener {
    /// Which loopback address.
    pub loopback: Loopback,
    /// The listening port.
    pub port: u16,
    /// Database user.
    pub user: String,
}

/// The loopback addresses that the Shell may be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Loopback {
    /// `127.0.0.1`.
    V4,
    /// `[::1]`.
    V6,
    /// `localhost`: one of the two, the Shell decides which.
    Localhost,
}

impl ServerUrl {
    /// Reads a URL. `None` if it is not ours.
    pub fn parse(text: &str) -> Option<Self> {
        // What was not UTF-8 in the request is the replacement character here.
        if text.len() > LONGEST || text.contains('\u{fffd}') {
            return None;
        }
        let (raw_user, place) = text.split_once('@')?;
        // The Shell encodes these in a user. One that stands there as it is begins a scheme, a path, a query or a host.
        if raw_user.contains([':', '/', '\\', '?', '#', '[', ']']) || place.contains('@') {
            return None;
        }
        let (host, port) = split_port(place)?;
        if let Some(loopback) = Loopback::of(host) {
            let user = HostArgument::parse(&format!("mysql://{raw_user}@localhost")).ok()?.user?;
            return Some(Self::Listener(Listener { loopback, port, user }));
        }
        if is_in_doubt(host) {
            return None;
        }
        let named = HostArgument::parse(&format!("mysql://{raw_user}@{host}:{port}")).ok()?;
        (named.user.is_some() && named.database.is_none()).then_some(Self::Database(named))
    }
}

impl Loopback {
    fn of(host: &str) -> Option<Self> {
        if host.eq_ignore_ascii_case("localhost") {
            return Some(Self::Localhost);
        }
        if host == "127.0.0.1" {
            return Some(Self::V4);
        }
        let inside = host.strip_prefix('[')?.strip_suffix(']')?;
        (inside.parse() == Ok(Ipv6Addr::LOCALHOST)).then_some(Self::V6)
    }
}

/// The URL of a database as the Shell would write it, for `list`.
pub fn to_url(database: &HostArgument) -> String {
    let mut url = String::new();
    for byte in database.user.as_deref().unwrap_or_default().bytes() {
        // What MySQL Shell leaves as it is in a user's name.
        if byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'+' | b'-' | b'_' | b'~') {
            url.push(char::from(byte));
        } else {
            let digit = |value: u8| char::from_digit(u32::from(value), 16).unwrap_or('0').to_ascii_uppercase();
            url.extend(['%', digit(byte >> 4), digit(byte & 15)]);
        }
    }
    url.push('@');
    url.push_str(database.host.as_str());
    if let Some(port) = database.port {
        url.push(':');
        url.push_str(&port.to_string());
    }
    url
}

/// Takes the port off. An address in brackets keeps them.
fn split_port(place: &str) -> Option<(&str, u16)> {
    let (host, rest) = if place.starts_with('[') {
        place.split_at(place.find(']')? + 1)
    } else {
        place.split_at(place.find(':').unwrap_or(place.len()))
    };
    if rest.is_empty() {
        return Some((host, DEFAULT_PORT));
    }
    let digits = rest.strip_prefix(':')?;
    let is_number = !digits.is_empty() && !digits.starts_with('0') && digits.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| digits.parse().ok()).flatten().map(|port| (host, port))
}

/// Whether a resolver may take this name for an address, or for this machine, while it is a name to us.
fn is_in_doubt(host: &str) -> bool {
    let Ok(name) = HostName::parse(host) else { return true };
    let last = name.as_str().rsplit('.').next().unwrap_or_default();
    if last == "localhost" {
        return true;
    }
    // inet_aton reads `127.1`, `0x7f.1`, `0177.0.0.1` and `2130706433`: whatever ends in a number is an address to it.
    let hexadecimal = last.strip_prefix("0x").is_some_and(|rest| rest.bytes().all(|byte| byte.is_ascii_hexdigit()));
    let is_number = last.bytes().all(|byte| byte.is_ascii_digit()) || hexadecimal;
    is_number
        && !name.as_str().parse::<Ipv4Addr>().is_ok_and(|address| {
            // Written out in full, and the address of one other machine, it is its own name.
            name.as_str() == host
                && !(address.is_loopback()
                    || address.is_unspecified()
                    || address.is_broadcast()
                    || address.is_multicast())
        })
}

#[cfg(test)]
mod tests;
