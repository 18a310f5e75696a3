//! Tests of the whole room: against a russh server in this process, and against a real `sshd` where one is installed.
//!
//! Time is never asserted; limits are only short enough to keep the tests quick.

#![expect(clippy::disallowed_methods, reason = "tests prepare files and start real programs themselves")]

mod bastion_server;
mod dialling;
mod hostile;
mod login;
mod real_sshd;
mod resolution;
mod stalls;

use std::net::SocketAddr;
use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use russh::keys::key::safe_rng;
use russh::keys::ssh_key::LineEnding;
use russh::keys::{Algorithm, PrivateKey, PublicKey};
use secrecy::SecretString;

use super::known_hosts::line_for;
use super::{AddressFamily, AllowedAlgorithms, Bastion, HostKeyPolicy, IdentityFile, Settings};
use crate::backend::{HostKeyQuestion, Questions};
use crate::os::{Environment, append_line};

/// A person who answers as told and counts the questions.
#[derive(Debug, Default)]
pub(super) struct Person {
    trusts: bool,
    passphrases: Vec<&'static str>,
    asked_for_passphrase: AtomicU32,
    asked_to_trust: Mutex<Vec<HostKeyQuestion>>,
}

impl Person {
    fn nobody() -> Arc<Self> {
        Arc::default()
    }

    fn who_trusts() -> Arc<Self> {
        Arc::new(Self { trusts: true, ..Self::default() })
    }

    fn who_types(passphrases: &[&'static str]) -> Arc<Self> {
        Arc::new(Self { passphrases: passphrases.to_vec(), ..Self::default() })
    }

    fn passphrase_questions(&self) -> u32 {
        self.asked_for_passphrase.load(Ordering::Relaxed)
    }

    fn trust_questions(&self) -> Vec<HostKeyQuestion> {
        self.asked_to_trust.lock().unwrap().clone()
    }
}

impl Questions for Person {
    fn key_passphrase(&self, _: &Path, attempt: u32) -> Option<SecretString> {
        self.asked_for_passphrase.fetch_add(1, Ordering::Relaxed);
        self.passphrases.get(attempt as usize - 1).map(|passphrase| SecretString::from(*passphrase))
    }

    fn trust_host_key(&self, question: &HostKeyQuestion) -> bool {
        self.asked_to_trust.lock().unwrap().push(question.clone());
        self.trusts
    }
}

fn key(algorithm: Algorithm) -> PrivateKey {
    PrivateKey::random(&mut safe_rng(), algorithm).unwrap()
}

fn ed25519() -> PrivateKey {
    key(Algorithm::Ed25519)
}

/// Making an RSA key takes long; this one proves nothing to anybody.
fn rsa() -> PrivateKey {
    PrivateKey::from_openssh(include_str!("rsa_key.pem")).unwrap()
}

fn write_key(path: &Path, key: &PrivateKey) {
    write_private(path, &key.to_openssh(LineEnding::LF).unwrap());
}

fn write_private(path: &Path, text: &str) {
    append_line(path, text.trim_end()).unwrap();
}

/// A bastion at an address, with its files in a folder: `id` as the identity, `known_hosts` as the only such file.
fn bastion_at(address: SocketAddr, folder: &Path) -> Bastion {
    Bastion {
        name: "bastion".to_owned(),
        host: address.ip().to_string(),
        port: address.port(),
        user: "ada".to_owned(),
        family: AddressFamily::Any,
        identities: vec![IdentityFile { path: folder.join("id"), is_default: false }],
        identities_only: false,
        agent: None,
        user_known_hosts: vec![folder.join("known_hosts")],
        global_known_hosts: Vec::new(),
        host_key_alias: None,
        host_key_policy: HostKeyPolicy::Ask,
        hash_known_hosts: false,
        least_rsa_bits: 2048,
        allowed: AllowedAlgorithms::default(),
    }
}

fn record_host_key(bastion: &Bastion, key: &PublicKey) {
    let line = line_for(&bastion.known_hosts_name(), key, None).unwrap();
    append_line(&bastion.user_known_hosts[0], &line).unwrap();
}

/// Generous where nothing is expected to be slow: other tests run beside on few processors.
fn settings() -> Settings {
    Settings { connect_timeout: Duration::from_mins(1), ..Settings::new(Environment::default()) }
}

fn impatient() -> Settings {
    Settings { connect_timeout: Duration::from_millis(500), ..settings() }
}
