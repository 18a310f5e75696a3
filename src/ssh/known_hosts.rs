//! Reads known_hosts files as OpenSSH does, and more strictly where it passes over what it cannot read.
//!
//! Format: sshd(8), `SSH_KNOWN_HOSTS FILE FORMAT`; behaviour: OpenSSH's hostfile.c. Differences, all stricter: a line that
//! concerns the host and cannot be understood is an error instead of being skipped; so is a file that exists and cannot be
//! read. `@cert-authority` lines vouch for certificates only, which are never asked for, so plain keys ignore them.

use std::path::{Path, PathBuf};

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use russh::keys::{Algorithm, PublicKey};

use super::error::Error;
use super::pattern::matches_list;
use crate::os::WholeFile;

#[cfg(test)]
mod tests;

/// What the files record of one name.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(super) struct Records {
    /// Keys the host may show.
    pub(super) keys: Vec<Record>,
    /// Keys that no host may show any more.
    pub(super) revoked: Vec<Record>,
}

/// One key of one line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Record {
    /// The file.
    pub(super) file: PathBuf,
    /// The line, from 1.
    pub(super) line: usize,
    /// The key's type as written, for example `ssh-ed25519`.
    pub(super) algorithm: String,
    /// The key in SSH's encoding (RFC 4253, 6.6).
    pub(super) blob: Vec<u8>,
}

/// A file that was read.
#[derive(Debug)]
pub(super) struct KnownHostsFile {
    path: PathBuf,
    text: String,
}

/// Nobody's file is larger; a larger one is a mistake or an attack.
const LARGEST_FILE: usize = 64 << 20;

impl KnownHostsFile {
    /// Reads a file. One that does not exist records nothing.
    pub(super) fn read(path: &Path) -> Result<Option<Self>, Error> {
        let file = WholeFile::read(path, LARGEST_FILE);
        let file = file.map_err(|source| Error::UnreadableFile { path: path.to_owned(), source })?;
        // Comments may be in any encoding; names and keys are ASCII, and nothing else equals them.
        Ok(file.map(|file| Self::of(path, &String::from_utf8_lossy(&file.bytes))))
    }

    /// A file of this text.
    pub(super) fn of(path: &Path, text: &str) -> Self {
        Self { path: path.to_owned(), text: text.to_owned() }
    }

    /// Adds what this file records of `name` (`host` or `[host]:port`, in lower case).
    pub(super) fn look_up(&self, name: &str, records: &mut Records) -> Result<(), Error> {
        for (index, text) in self.text.split('\n').enumerate() {
            let Some(line) = Line::parse(text) else { continue };
            if !line.concerns(name) {
                continue;
            }
            let wrong = |message| Error::KnownHostsLine {
                file: self.path.clone(),
                line: index + 1,
                host: name.to_owned(),
                message,
            };
            let list = match line.marker {
                None => &mut records.keys,
                Some("@revoked") => &mut records.revoked,
                Some("@cert-authority") => continue,
                Some(_) => return Err(wrong("the marker is unknown")),
            };
            // Protocol 1 had keys of three numbers and is gone.
            if line.key_type.bytes().all(|byte| byte.is_ascii_digit()) && !line.key_type.is_empty() {
                continue;
            }
            let blob = decode(line.key_type, line.key).map_err(wrong)?;
            list.push(Record { file: self.path.clone(), line: index + 1, algorithm: line.key_type.to_owned(), blob });
        }
        Ok(())
    }
}

/// The fields of a line, separated by blanks and tabs; missing ones are empty.
struct Line<'a> {
    marker: Option<&'a str>,
    names: &'a str,
    key_type: &'a str,
    key: &'a str,
}

impl<'a> Line<'a> {
    /// `None` for a comment and for an empty line.
    fn parse(text: &'a str) -> Option<Self> {
        let text = text.trim_matches([' ', '\t', '\r']);
        if text.is_empty() || text.starts_with('#') {
            return None;
        }
        let mut fields = text.split([' ', '\t']).filter(|field| !field.is_empty());
        let mut next = || fields.next().unwrap_or_default();
        let first = next();
        let (marker, names) = if first.starts_with('@') { (Some(first), next()) } else { (None, first) };
        Some(Self { marker, names, key_type: next(), key: next() })
    }

    fn concerns(&self, name: &str) -> bool {
        if self.names.starts_with('|') {
            return is_hash_of(self.names, name);
        }
        let names = self.names.to_ascii_lowercase();
        matches_list(names.split(','), name)
    }
}

/// Whether `|1|salt|hash` is the HMAC-SHA1 of a name.
fn is_hash_of(hashed: &str, name: &str) -> bool {
    let Some((salt, hash)) = hashed.strip_prefix("|1|").and_then(|rest| rest.split_once('|')) else { return false };
    let (Ok(salt), Ok(hash)) = (STANDARD.decode(salt), STANDARD.decode(hash)) else { return false };
    salt.len() == SALT_LENGTH && hmac_sha1(&salt, name).as_ref() == hash
}

const SALT_LENGTH: usize = 20;

/// SHA-1 is what the file format has; it hides names and proves nothing.
fn hmac_sha1(salt: &[u8], name: &str) -> hmac::Tag {
    hmac::sign(&hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, salt), name.as_bytes())
}

/// The key of a line, if it is what the line says it is.
fn decode(key_type: &str, key: &str) -> Result<Vec<u8>, &'static str> {
    if key_type.is_empty() || key.is_empty() {
        return Err("the key is missing");
    }
    let blob = STANDARD.decode(key).map_err(|_| "the key is not valid base64")?;
    let name = blob.split_at_checked(4).and_then(|(length, rest)| {
        let length = u32::from_be_bytes(length.try_into().ok()?);
        rest.get(..usize::try_from(length).ok()?)
    });
    if name != Some(key_type.as_bytes()) {
        return Err("the key is not of the type that stands before it");
    }
    // Types that this program cannot parse cannot be negotiated either; they still say that the host is known.
    let understood = matches!(Algorithm::new(key_type), Ok(algorithm) if !matches!(algorithm, Algorithm::Other(_)));
    if understood && PublicKey::from_bytes(&blob).is_err() {
        return Err("the key is malformed");
    }
    Ok(blob)
}

/// The line that records a key under a name. `salt` hashes the name.
pub(super) fn line_for(name: &str, key: &PublicKey, salt: Option<&[u8; SALT_LENGTH]>) -> Option<String> {
    let blob = key.to_bytes().ok()?;
    let names = match salt {
        Some(salt) => format!("|1|{}|{}", STANDARD.encode(salt), STANDARD.encode(hmac_sha1(salt, name))),
        None => name.to_owned(),
    };
    Some(format!("{names} {} {}", key.algorithm(), STANDARD.encode(blob)))
}
