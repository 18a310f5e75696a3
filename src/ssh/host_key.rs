//! Whether a server's host key is the right one: the verdict over the known_hosts files, and what follows from it.
//!
//! Stricter than OpenSSH in three ways: a key of a type that is not recorded for a known host counts as changed, not as new;
//! `accept-new` applies only to a host of which nothing at all is recorded; and `no` asks. Questions leave through
//! [`Questions`]; nothing is printed here.

use std::path::PathBuf;
use std::sync::Arc;

use russh::keys::ssh_key::public::KeyData;
use russh::keys::{HashAlg, PublicKey};

use super::bastion::{Bastion, HostKeyPolicy, known_hosts_name};
use super::error::Error;
use super::known_hosts::{KnownHostsFile, Record, Records, line_for};
use crate::backend::{HostKeyQuestion, Questions};
use crate::os::append_line;

/// What the files say of a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HostKeyVerdict {
    /// Recorded for this host.
    Known,
    /// Nothing is recorded for this host.
    Unknown,
    /// Other keys are recorded for this host.
    Changed {
        /// Where the first of them stands.
        file: PathBuf,
        /// Its line, from 1.
        line: usize,
        /// `SHA256:…` of each.
        recorded: Box<[String]>,
    },
    /// The key must not be used any more.
    Revoked {
        /// Where it is revoked.
        file: PathBuf,
        /// The line, from 1.
        line: usize,
    },
}

/// A key that was recorded, or accepted without being recorded, during this connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LearnedHostKey {
    /// What was learned.
    pub key: HostKeyQuestion,
    /// Why the file could not be written, if it could not.
    pub not_recorded: Option<String>,
}

/// What the files record of a bastion, read once before the connection is made.
#[derive(Debug, Clone)]
pub(super) struct HostKeys {
    name: String,
    records: Records,
    /// For a port other than 22: what is recorded without a port. OpenSSH takes a match there as well.
    without_port: Option<(String, Records)>,
}

impl HostKeys {
    /// Reads the user's and the machine's files.
    pub(super) fn read(bastion: &Bastion) -> Result<Self, Error> {
        let mut files = Vec::new();
        for path in bastion.user_known_hosts.iter().chain(&bastion.global_known_hosts) {
            files.extend(KnownHostsFile::read(path)?);
        }
        Self::look_up(bastion, &files)
    }

    fn look_up(bastion: &Bastion, files: &[KnownHostsFile]) -> Result<Self, Error> {
        let records_of = |name: &str| {
            let mut records = Records::default();
            files.iter().try_for_each(|file| file.look_up(name, &mut records)).map(|()| records)
        };
        let name = bastion.known_hosts_name();
        let without_port = if bastion.host_key_alias.is_none() && bastion.port != 22 {
            let plain = known_hosts_name(&bastion.host, 22);
            let records = records_of(&plain)?;
            Some((plain, records))
        } else {
            None
        };
        Ok(Self { records: records_of(&name)?, name, without_port })
    }

    /// The key types recorded for the host: the only ones to offer, so that a server with several keys shows a known one.
    pub(super) fn recorded_types(&self) -> Vec<&str> {
        types(&self.records)
    }

    /// Types recorded for the host without its port: worth asking for first.
    pub(super) fn likely_types(&self) -> Vec<&str> {
        self.without_port.as_ref().map(|(_, records)| types(records)).unwrap_or_default()
    }

    /// What the files say of a key.
    pub(super) fn verdict(&self, key: &PublicKey) -> HostKeyVerdict {
        // A key that cannot be encoded equals nothing.
        let blob = key.to_bytes().unwrap_or_default();
        let same = |record: &&Record| record.blob == blob;
        let plain = self.without_port.as_ref().map(|(_, records)| records);
        let all = || [&self.records].into_iter().chain(plain);
        if let Some(record) = all().flat_map(|records| &records.revoked).find(same) {
            return HostKeyVerdict::Revoked { file: record.file.clone(), line: record.line };
        }
        if all().flat_map(|records| &records.keys).any(|record| same(&record)) {
            return HostKeyVerdict::Known;
        }
        match self.records.keys.first() {
            Some(first) => HostKeyVerdict::Changed {
                file: first.file.clone(),
                line: first.line,
                recorded: self.records.keys.iter().map(fingerprint_of).collect(),
            },
            // A key recorded without the port belongs to another server on the same machine.
            None => HostKeyVerdict::Unknown,
        }
    }

    /// Whether anything is recorded for the host, with or without its port.
    fn is_known_at_all(&self) -> bool {
        !self.records.keys.is_empty() || self.without_port.as_ref().is_some_and(|(_, plain)| !plain.keys.is_empty())
    }

    /// Decides about the key a server has shown (its signature is verified already): accepted and perhaps learned, or an
    /// error.
    pub(super) async fn decide(
        &self,
        bastion: &Bastion,
        key: &PublicKey,
        questions: &Arc<dyn Questions>,
    ) -> Result<Option<LearnedHostKey>, Error> {
        let host = self.name.clone();
        let fingerprint = fingerprint(key);
        if let Some(bits) = rsa_bits(key).filter(|bits| *bits < bastion.least_rsa_bits) {
            return Err(Error::ShortHostKey { host, bits, least: bastion.least_rsa_bits });
        }
        match self.verdict(key) {
            HostKeyVerdict::Known => Ok(None),
            HostKeyVerdict::Revoked { file, line } => Err(Error::RevokedHostKey { host, fingerprint, file, line }),
            HostKeyVerdict::Changed { file, line, recorded } => Err(Error::ChangedHostKey {
                host,
                algorithm: key.algorithm().to_string(),
                fingerprint,
                file,
                line,
                recorded,
            }),
            HostKeyVerdict::Unknown => self.learn(bastion, key, questions).await.map(Some),
        }
    }

    async fn learn(
        &self,
        bastion: &Bastion,
        key: &PublicKey,
        questions: &Arc<dyn Questions>,
    ) -> Result<LearnedHostKey, Error> {
        let known_hosts = bastion.user_known_hosts.first().cloned();
        let refusal = || Error::UnknownHostKey {
            host: self.name.clone(),
            algorithm: key.algorithm().to_string(),
            fingerprint: fingerprint(key),
            known_hosts: known_hosts.clone(),
        };
        let Some(file) = &known_hosts else { return Err(refusal()) };
        let question = HostKeyQuestion {
            host: self.name.clone(),
            algorithm: key.algorithm().to_string(),
            fingerprint: fingerprint(key),
            known_hosts: file.clone(),
        };
        let accepted = match bastion.host_key_policy {
            HostKeyPolicy::Refuse => false,
            HostKeyPolicy::AcceptNew if !self.is_known_at_all() => true,
            HostKeyPolicy::AcceptNew | HostKeyPolicy::Ask => {
                let (questions, question) = (Arc::clone(questions), question.clone());
                // A person takes longer than any task may block; a panic in the question is a refusal.
                tokio::task::spawn_blocking(move || questions.trust_host_key(&question)).await.unwrap_or(false)
            }
        };
        if !accepted {
            return Err(refusal());
        }
        let not_recorded = record(bastion, &self.name, key, file).err();
        Ok(LearnedHostKey { key: question, not_recorded })
    }
}

fn record(bastion: &Bastion, name: &str, key: &PublicKey, file: &std::path::Path) -> Result<(), String> {
    let salt = if bastion.hash_known_hosts {
        let mut salt = [0; 20];
        aws_lc_rs::rand::fill(&mut salt).map_err(|_| "no random numbers".to_owned())?;
        Some(salt)
    } else {
        None
    };
    let line = line_for(name, key, salt.as_ref()).ok_or("the key cannot be encoded")?;
    append_line(file, &line).map_err(|error| error.to_string())
}

fn types(records: &Records) -> Vec<&str> {
    let mut types: Vec<&str> = records.keys.iter().map(|record| record.algorithm.as_str()).collect();
    types.sort_unstable();
    types.dedup();
    types
}

/// `SHA256:…`, as `ssh-keygen -l` prints it.
pub(super) fn fingerprint(key: &PublicKey) -> String {
    key.fingerprint(HashAlg::Sha256).to_string()
}

fn fingerprint_of(record: &Record) -> String {
    match PublicKey::from_bytes(&record.blob) {
        Ok(key) => fingerprint(&key),
        Err(_) => record.algorithm.clone(),
    }
}

/// The length of an RSA key's modulus in bits.
pub(super) fn rsa_bits(key: &PublicKey) -> Option<usize> {
    let KeyData::Rsa(rsa) = key.key_data() else { return None };
    let modulus = rsa.n().as_positive_bytes()?;
    let leading = modulus.first().map_or(0, |byte| byte.leading_zeros() as usize);
    Some(modulus.len() * 8 - leading)
}
