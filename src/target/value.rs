//! What each field of a target may hold. Every value passes here twice: as written in a file where it is written out, and
//! again after expansion, so that no capture and no lookup smuggles in an option, a path or a control character.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};
use std::path::{Component, Path, PathBuf};

use super::arn::Arn;
use super::host::HOST_NAME_LIMIT;
use super::model::{Address, Auth, BastionName, Field, Route, SslMode};

/// A text made safe to show: quoted, escaped, and cut if it is long.
#[derive(Debug, Clone, Copy)]
pub struct Shown<'a>(pub &'a str);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const LIMIT: usize = 100;
        let cut = self.0.char_indices().nth(LIMIT).map_or(self.0, |(end, _)| &self.0[..end]);
        f.write_str("\"")?;
        for character in cut.chars() {
            match character {
                '"' | '\\' => write!(f, "\\{character}")?,
                _ if is_invisible(character) => write!(f, "{}", character.escape_default())?,
                _ => write!(f, "{character}")?,
            }
        }
        f.write_str(if cut.len() < self.0.len() { "…\"" } else { "\"" })
    }
}

/// Why a value is not allowed. Reads on after the value's name: "the user … is longer than 32 characters".
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ValueProblem {
    /// Nothing there.
    #[error("is empty")]
    Empty,
    /// Too many characters.
    #[error("has {length} characters, at most {limit} are possible")]
    TooLong {
        /// Characters found.
        length: usize,
        /// Characters allowed.
        limit: usize,
    },
    /// A program would take it for an option.
    #[error("begins with a hyphen, as an option does")]
    LeadingHyphen,
    /// A character outside the allow-list.
    #[error("holds the character {}, which is not allowed there", ShownCharacter(*.0))]
    Character(char),
    /// Letters outside ASCII in a host name.
    #[error("holds letters outside ASCII: write an internationalised name in its punycode form, xn--…")]
    NotAscii,
    /// Two dots in a row, or a dot in front.
    #[error("has an empty part between its dots")]
    EmptyLabel,
    /// A part between dots that DNS cannot carry.
    #[error("has a part of more than 63 characters between its dots")]
    LabelTooLong,
    /// An IP address where a name is wanted.
    #[error("is an address: an endpoint is the database's DNS name, an address belongs into `address`")]
    AddressNotName,
    /// A host that a capture chose freely.
    #[error("ends in what HOST says: it must be an RDS name, or the convention must write out its last two labels")]
    NotAnRdsName,
    /// Not a port.
    #[error("is not a port from 1 to 65535")]
    NotAPort,
    /// Not one of the words of this field.
    #[error("is none of {}", .0.join(", "))]
    NotOneOf(&'static [&'static str]),
    /// Not shaped like `us-east-1`.
    #[error("is not shaped like an AWS region such as us-east-1")]
    NotARegion,
    /// Not an ARN.
    #[error("is not an ARN: it does not begin with arn:")]
    NotAnArn,
    /// The ARN of something else.
    #[error("is not the ARN of a {0}")]
    OtherArn(&'static str),
    /// Relative to nothing.
    #[error("is a relative path: write it from / or from ~/")]
    RelativePath,
    /// `..` in a path.
    #[error("climbs up a folder with \"..\"")]
    ParentFolder,
    /// `~/` without a home.
    #[error("begins with ~/, but HOME is not set")]
    NoHome,
    /// An opening bracket without its end, or no IPv6 address inside.
    #[error("has brackets that hold no IPv6 address")]
    Brackets,
    /// Encryption without verification is for typed passwords only.
    #[error("is too weak for auth = \"{}\": an unverified server could keep the secret", .0.name())]
    TooWeak(Auth),
}

struct ShownCharacter(char);

impl fmt::Display for ShownCharacter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if is_invisible(self.0) { write!(f, "U+{:04X}", u32::from(self.0)) } else { write!(f, "'{}'", self.0) }
    }
}

/// Control characters, line separators and the marks that reorder or hide text on a terminal.
fn is_invisible(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// The words of `route`, `auth` and `ssl_mode`.
const ROUTES: &[&str] = &["direct", "tunnel", "data-api"];
const AUTHS: &[&str] = &["iam", "secret", "password"];
const SSL_MODES: &[&str] = &["VERIFY_IDENTITY", "VERIFY_CA", "REQUIRED"];

impl Field {
    /// Checks a text that would be its value, without regard to the other fields.
    pub fn check(self, text: &str) -> Result<(), ValueProblem> {
        check(self, text)
    }
}

/// Checks the text of one field, without regard to the other fields.
pub(super) fn check(field: Field, text: &str) -> Result<(), ValueProblem> {
    match field {
        Field::Profile => check_words(text, 128, " ._-+@:=,/"),
        Field::Credential => check_words(text, 64, "._-"),
        Field::Region => check_region(text),
        Field::Endpoint => parse_endpoint_host(text).map(drop),
        Field::Port => parse_port(text).map(drop),
        Field::Address => parse_address(text, 0).map(drop),
        Field::User => check_user(text),
        Field::Database => check_database(text),
        Field::Bastion => parse_bastions(text).map(drop),
        Field::Route => parse_route(text).map(drop),
        Field::Auth => parse_auth(text).map(drop),
        Field::SslMode => parse_ssl_mode(text).map(drop),
        Field::SslCa => check_path(text),
        Field::ClusterArn => {
            check_arn(text, "cluster, like arn:aws:rds:REGION:ACCOUNT:cluster:NAME", |arn| arn.cluster().is_some())
        }
        Field::SecretArn => {
            check_arn(text, "secret, like arn:aws:secretsmanager:REGION:ACCOUNT:secret:NAME-SUFFIX", |arn| {
                arn.secret().is_some()
            })
        }
        Field::Client => check_words(text, 1024, "._-+/"),
    }
}

fn check_length(text: &str, limit: usize) -> Result<(), ValueProblem> {
    let length = text.chars().count();
    if length == 0 {
        Err(ValueProblem::Empty)
    } else if length > limit {
        Err(ValueProblem::TooLong { length, limit })
    } else {
        Ok(())
    }
}

fn check_front(text: &str) -> Result<(), ValueProblem> {
    if text.starts_with('-') { Err(ValueProblem::LeadingHyphen) } else { Ok(()) }
}

/// Letters and digits of any script and the given punctuation; no option, no `..`.
fn check_words(text: &str, limit: usize, punctuation: &str) -> Result<(), ValueProblem> {
    check_length(text, limit)?;
    check_front(text)?;
    if let Some(character) = text.chars().find(|c| !c.is_alphanumeric() && !punctuation.contains(*c)) {
        return Err(ValueProblem::Character(character));
    }
    if text.contains("..") { Err(ValueProblem::ParentFolder) } else { Ok(()) }
}

fn check_visible(text: &str) -> Result<(), ValueProblem> {
    text.chars().find(|c| is_invisible(*c)).map_or(Ok(()), |character| Err(ValueProblem::Character(character)))
}

/// A MySQL user name: at most 32 characters, nothing invisible, no option.
pub fn check_user(text: &str) -> Result<(), ValueProblem> {
    check_length(text, 32)?;
    check_front(text)?;
    check_visible(text)
}

/// A MySQL schema name: at most 64 characters, nothing invisible, no option.
pub(super) fn check_database(text: &str) -> Result<(), ValueProblem> {
    check_length(text, 64)?;
    check_front(text)?;
    check_visible(text)
}

/// The characters and the shape of a host name, in either case.
pub(super) fn check_host_characters(name: &str) -> Result<(), ValueProblem> {
    if name.is_empty() {
        return Err(ValueProblem::Empty);
    }
    if let Some(character) = name.chars().find(|c| is_invisible(*c)) {
        return Err(ValueProblem::Character(character));
    }
    if !name.is_ascii() {
        return Err(ValueProblem::NotAscii);
    }
    check_front(name)?;
    if let Some(character) = name.chars().find(|c| !c.is_ascii_alphanumeric() && !matches!(c, '.' | '_' | '-')) {
        return Err(ValueProblem::Character(character));
    }
    check_length(name, HOST_NAME_LIMIT)?;
    for label in name.split('.') {
        if label.is_empty() {
            return Err(ValueProblem::EmptyLabel);
        }
        if label.len() > 63 {
            return Err(ValueProblem::LabelTooLong);
        }
    }
    Ok(())
}

/// An endpoint's host in lower case without its final dot. An IP address is refused: no certificate names one.
pub(super) fn parse_endpoint_host(text: &str) -> Result<String, ValueProblem> {
    let name = text.strip_suffix('.').unwrap_or(text);
    if name.starts_with('[') || name.parse::<IpAddr>().is_ok() {
        return Err(ValueProblem::AddressNotName);
    }
    check_host_characters(name)?;
    Ok(name.to_ascii_lowercase())
}

/// A port from 1 to 65535, in decimal digits only.
pub(super) fn parse_port(text: &str) -> Result<u16, ValueProblem> {
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(ValueProblem::NotAPort);
    }
    text.parse().ok().filter(|port| *port != 0).ok_or(ValueProblem::NotAPort)
}

/// Splits `host`, `host:port`, `[ipv6]`, `[ipv6]:port` and a bare IPv6 address.
fn split_host_port(text: &str) -> Result<(String, Option<u16>), ValueProblem> {
    if text.parse::<Ipv6Addr>().is_ok() {
        return Ok((text.to_ascii_lowercase(), None));
    }
    if let Some(rest) = text.strip_prefix('[') {
        let (inside, after) = rest.split_once(']').ok_or(ValueProblem::Brackets)?;
        inside.parse::<Ipv6Addr>().map_err(|_| ValueProblem::Brackets)?;
        let port = match after.strip_prefix(':') {
            Some(port) => Some(parse_port(port)?),
            None if after.is_empty() => None,
            None => return Err(ValueProblem::Brackets),
        };
        return Ok((inside.to_ascii_lowercase(), port));
    }
    let (host, port) = match text.split_once(':') {
        Some((host, port)) => (host, Some(parse_port(port)?)),
        None => (text, None),
    };
    check_host_characters(host)?;
    Ok((host.to_owned(), port))
}

/// `host[:port]`; `port` is used where the text names none.
pub(super) fn parse_address(text: &str, port: u16) -> Result<Address, ValueProblem> {
    let (host, own_port) = split_host_port(text.strip_suffix('.').unwrap_or(text))?;
    Ok(Address { host: host.to_ascii_lowercase(), port: own_port.unwrap_or(port) })
}

impl BastionName {
    /// Reads `[user@]host[:port]`. The host may be an ssh_config alias, whose case is kept.
    pub fn parse(text: &str) -> Result<Self, ValueProblem> {
        let (user, host) = text.rsplit_once('@').map_or((None, text), |(user, host)| (Some(user), host));
        if let Some(user) = user {
            check_length(user, 64)?;
            check_front(user)?;
            let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | '+' | '@');
            if let Some(character) = user.chars().find(|c| !allowed(*c)) {
                return Err(ValueProblem::Character(character));
            }
        }
        let (host, port) = split_host_port(host)?;
        Ok(Self { user: user.map(str::to_owned), host, port })
    }
}

/// A chain of hops, separated by commas as for `ssh -J`; `none` is the empty chain.
pub(super) fn parse_bastions(text: &str) -> Result<Vec<BastionName>, ValueProblem> {
    if text.eq_ignore_ascii_case("none") {
        return Ok(Vec::new());
    }
    text.split(',').map(BastionName::parse).collect()
}

pub(super) fn parse_route(text: &str) -> Result<Route, ValueProblem> {
    [Route::Direct, Route::Tunnel, Route::DataApi]
        .into_iter()
        .find(|route| route.name() == text)
        .ok_or(ValueProblem::NotOneOf(ROUTES))
}

pub(super) fn parse_auth(text: &str) -> Result<Auth, ValueProblem> {
    [Auth::Iam, Auth::Secret, Auth::Password]
        .into_iter()
        .find(|auth| auth.name() == text)
        .ok_or(ValueProblem::NotOneOf(AUTHS))
}

pub(super) fn parse_ssl_mode(text: &str) -> Result<SslMode, ValueProblem> {
    [SslMode::VerifyIdentity, SslMode::VerifyCa, SslMode::Required]
        .into_iter()
        .find(|mode| mode.name().eq_ignore_ascii_case(text))
        .ok_or(ValueProblem::NotOneOf(SSL_MODES))
}

/// Shaped like `us-east-1`, `us-gov-west-1` or `eusc-de-east-1`.
fn check_region(text: &str) -> Result<(), ValueProblem> {
    let parts: Vec<&str> = text.split('-').collect();
    let letters = |part: &&str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_lowercase());
    let is_region = match parts.as_slice() {
        [area, middle @ .., number] => {
            (2..=8).contains(&area.len())
                && letters(area)
                && (1..=3).contains(&middle.len())
                && middle.iter().all(|part| letters(part) && part.len() <= 16)
                && (1..=2).contains(&number.len())
                && number.bytes().all(|byte| byte.is_ascii_digit())
        }
        _ => false,
    };
    if is_region { Ok(()) } else { Err(ValueProblem::NotARegion) }
}

fn check_arn(text: &str, kind: &'static str, is_right: impl Fn(&Arn<'_>) -> bool) -> Result<(), ValueProblem> {
    check_length(text, 2048)?;
    if !text.starts_with("arn:") {
        return Err(ValueProblem::NotAnArn);
    }
    let allowed = |c: char| c.is_ascii_alphanumeric() || ":/_.+=,@!-".contains(c);
    if let Some(character) = text.chars().find(|c| !allowed(*c)) {
        return Err(ValueProblem::Character(character));
    }
    if Arn::parse(text).as_ref().is_some_and(is_right) { Ok(()) } else { Err(ValueProblem::OtherArn(kind)) }
}

fn check_path(text: &str) -> Result<(), ValueProblem> {
    check_length(text, 4096)?;
    check_front(text)?;
    check_visible(text)?;
    let mut parts = Path::new(text).components();
    if parts.any(|part| part == Component::ParentDir) { Err(ValueProblem::ParentFolder) } else { Ok(()) }
}

/// A path with `~/` replaced. `relative_allowed` where the user typed it in a shell; in a file it would mean nothing.
pub(super) fn parse_path(text: &str, home: Option<&Path>, relative_allowed: bool) -> Result<PathBuf, ValueProblem> {
    check_path(text)?;
    if let Some(rest) = text.strip_prefix("~/") {
        return home.map(|home| home.join(rest)).ok_or(ValueProblem::NoHome);
    }
    let path = PathBuf::from(text);
    if path.is_absolute() || (relative_allowed && !text.starts_with('~')) {
        Ok(path)
    } else {
        Err(ValueProblem::RelativePath)
    }
}

#[cfg(test)]
mod tests;
