//! One kept token as bytes: what it is for, when it ends, and a checksum over all of it. Pure: times come in.
//!
//! `rdsconn token 1\n`, the SHA-256 of what follows, then texts with their length in front and numbers, all in a fixed order.
//! Nothing but the exact bytes that were written reads as an entry.

use std::fmt::Write as _;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_lc_rs::digest::{SHA256, SHA256_OUTPUT_LEN, digest};
use secrecy::zeroize::Zeroizing;
use secrecy::{ExposeSecret as _, SecretString};

use crate::backend::{AuthToken, Identity, TokenRequest};

/// Changes with the format: what another version wrote is absent.
const MAGIC: &[u8; 16] = b"rdsconn token 1\n";

/// The longest that a token is kept after its signing, whatever its provider says. It ends after 15 minutes.
const LONGEST: Duration = Duration::from_secs(14 * 60 + 30);

/// What a token is kept under. All of it must agree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Key {
    pub(super) identity: Identity,
    pub(super) region: String,
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) user: String,
}

impl Key {
    pub(super) fn new(identity: &Identity, request: TokenRequest<'_>) -> Self {
        Self {
            identity: identity.clone(),
            region: request.region.to_owned(),
            // As it is signed.
            host: request.endpoint.host.to_ascii_lowercase(),
            port: request.endpoint.port,
            user: request.user.to_owned(),
        }
    }

    /// The name of the entry: nothing that a user or a file chose is part of it, only its hash.
    pub(super) fn name(&self) -> String {
        hash(&[&self.identity.settings, &self.identity.login, &self.region, &self.host, &self.user], self.port)
    }

    /// The name under which processes wait for each other. It outlasts a login that is renewed while they wait.
    pub(super) fn flight(&self) -> String {
        hash(&[&self.identity.settings, &self.region, &self.host, &self.user], self.port)
    }
}

fn hash(texts: &[&str], port: u16) -> String {
    let mut bytes = Vec::new();
    for text in texts {
        put(&mut bytes, text);
    }
    bytes.extend_from_slice(&port.to_le_bytes());
    hexadecimal(digest(&SHA256, &bytes).as_ref())
}

pub(super) fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// A kept token.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) key: Key,
    /// Not after the signing, in whole seconds.
    signed: SystemTime,
    /// In whole seconds.
    pub(super) not_after: SystemTime,
    secret: SecretString,
}

impl Entry {
    /// An entry for a token whose signing began at `begun`.
    pub(super) fn new(key: Key, token: &AuthToken, begun: SystemTime) -> Self {
        let signed = whole(begun);
        Self { key, signed, not_after: whole(token.not_after.min(signed + LONGEST)), secret: token.secret.clone() }
    }

    /// Whether it may be offered now. A signing in the future means that the clock was set: what it says of the rest of the
    /// token's life is not to be trusted.
    pub(super) fn is_usable(&self, now: SystemTime) -> bool {
        self.signed <= now && now < self.not_after && now < self.signed + LONGEST
    }

    /// How long it may still be offered.
    pub(super) fn left(&self, now: SystemTime) -> Duration {
        self.not_after.duration_since(now).unwrap_or_default()
    }

    /// Whether it holds this very token.
    pub(super) fn holds(&self, token: &AuthToken) -> bool {
        self.secret.expose_secret() == token.secret.expose_secret()
    }

    pub(super) fn into_token(self) -> AuthToken {
        AuthToken { user: self.key.user, secret: self.secret, not_after: self.not_after, may_be_stale: true }
    }

    pub(super) fn encode(&self) -> Zeroizing<Vec<u8>> {
        let secret = self.secret.expose_secret();
        let texts = self.texts();
        let room = texts.iter().map(|text| text.len()).sum::<usize>() + secret.len() + 256;
        // Enough for all of it, so that the token is never moved and left behind in memory.
        let mut bytes = Zeroizing::new(Vec::with_capacity(room));
        bytes.extend_from_slice(MAGIC);
        bytes.extend_from_slice(&[0; SHA256_OUTPUT_LEN]);
        bytes.extend_from_slice(&self.key.port.to_le_bytes());
        for time in [self.signed, self.not_after] {
            bytes.extend_from_slice(&seconds(time).to_le_bytes());
        }
        for text in texts.into_iter().chain([secret]) {
            put(&mut bytes, text);
        }
        if let Some((head, body)) = bytes.split_at_mut_checked(MAGIC.len() + SHA256_OUTPUT_LEN)
            && let Some(sum) = head.get_mut(MAGIC.len()..)
        {
            sum.copy_from_slice(digest(&SHA256, body).as_ref());
        }
        bytes
    }

    fn texts(&self) -> [&str; 5] {
        let key = &self.key;
        [&key.identity.settings, &key.identity.login, &key.region, &key.host, &key.user]
    }

    /// Reads an entry. `None` for anything but what [`Entry::encode`] wrote.
    pub(super) fn decode(bytes: &[u8]) -> Option<Self> {
        let rest = bytes.strip_prefix(MAGIC)?;
        let (sum, mut body) = rest.split_at_checked(SHA256_OUTPUT_LEN)?;
        if digest(&SHA256, body).as_ref() != sum {
            return None;
        }
        let port = u16::from_le_bytes(take(&mut body)?);
        let [signed, not_after] = [u64::from_le_bytes(take(&mut body)?), u64::from_le_bytes(take(&mut body)?)];
        let [settings, login, region, host, user] = [
            text(&mut body)?.to_owned(),
            text(&mut body)?.to_owned(),
            text(&mut body)?.to_owned(),
            text(&mut body)?.to_owned(),
            text(&mut body)?.to_owned(),
        ];
        let secret = SecretString::from(text(&mut body)?);
        let key = Key { identity: Identity { settings, login }, region, host, port, user };
        let [signed, not_after] = [moment(signed)?, moment(not_after)?];
        body.is_empty().then_some(Self { key, signed, not_after, secret })
    }
}

fn put(bytes: &mut Vec<u8>, text: &str) {
    bytes.extend_from_slice(&(text.len() as u64).to_le_bytes());
    bytes.extend_from_slice(text.as_bytes());
}

fn take<const N: usize>(bytes: &mut &[u8]) -> Option<[u8; N]> {
    let (taken, rest) = bytes.split_first_chunk()?;
    *bytes = rest;
    Some(*taken)
}

fn text<'a>(bytes: &mut &'a [u8]) -> Option<&'a str> {
    let length = usize::try_from(u64::from_le_bytes(take(bytes)?)).ok()?;
    let (text, rest) = bytes.split_at_checked(length)?;
    *bytes = rest;
    std::str::from_utf8(text).ok()
}

fn seconds(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
}

fn moment(seconds: u64) -> Option<SystemTime> {
    UNIX_EPOCH.checked_add(Duration::from_secs(seconds))
}

fn whole(time: SystemTime) -> SystemTime {
    moment(seconds(time)).unwrap_or(UNIX_EPOCH)
}
