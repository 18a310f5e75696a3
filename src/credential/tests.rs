//! Stores in temporary folders, with keyrings that work, are absent, hang, forget; people who answer, slip, or are not there.

#![expect(clippy::disallowed_methods, reason = "tests look at the files from outside the rooms")]

use std::collections::{HashMap, VecDeque};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock, Mutex};
use std::time::Duration;

use keyring_core::api::CredentialStoreApi;
use keyring_core::{CredentialStore, Entry, mock};
use secrecy::SecretString;
use tempfile::TempDir;

use super::keyring::Limits;
use super::*;
use crate::backend::KeySource as _;
use crate::os::{Environment, PrivateFileError};

mod passphrases;
mod stores;

const ID: &str = "AKIAIOSFODNN7EXAMPLE";
const OTHER_ID: &str = "AKIAI44QH8DHBEXAMPLE";
const SECRET: &str = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
const PASSPHRASE: &str = "correct horse";

/// Answers from a list, and counts the questions.
#[derive(Debug, Default)]
struct Person {
    answers: Mutex<VecDeque<&'static str>>,
    asked: Mutex<Vec<String>>,
    waits: AtomicUsize,
}

impl Person {
    fn saying(answers: &[&'static str]) -> Arc<Self> {
        Arc::new(Self { answers: Mutex::new(answers.iter().copied().collect()), ..Self::default() })
    }

    fn asked(&self) -> Vec<String> {
        std::mem::take(&mut self.asked.lock().unwrap())
    }
}

impl Asks for Person {
    fn secret(&self, question: Question<'_>) -> Option<SecretString> {
        self.asked.lock().unwrap().push(format!("{question:?}"));
        self.answers.lock().unwrap().pop_front().map(SecretString::from)
    }

    fn waits_for_keyring(&self) {
        self.waits.fetch_add(1, Ordering::Relaxed);
    }
}

type Connect = fn() -> keyring_core::Result<Arc<CredentialStore>>;

/// One for all tests: each has names of its own.
#[expect(clippy::unnecessary_wraps, reason = "the others of its type fail")]
fn working() -> keyring_core::Result<Arc<CredentialStore>> {
    static STORE: LazyLock<Arc<CredentialStore>> = LazyLock::new(|| Arc::new(Labelled(mock::Store::new().unwrap())));
    Ok(Arc::clone(&STORE))
}

/// The library's own store for tests, which takes no labels.
#[derive(Debug)]
struct Labelled(Arc<mock::Store>);

impl CredentialStoreApi for Labelled {
    fn vendor(&self) -> String {
        self.0.vendor()
    }
    fn id(&self) -> String {
        self.0.id()
    }
    fn build(&self, service: &str, user: &str, _: Option<&HashMap<&str, &str>>) -> keyring_core::Result<Entry> {
        self.0.build(service, user, None)
    }
    fn as_any(&self) -> &dyn std::any::Any {
        self
    }
}

fn absent() -> keyring_core::Result<Arc<CredentialStore>> {
    Err(keyring_core::Error::NotSupportedByStore("no service".to_owned()))
}

fn hanging() -> keyring_core::Result<Arc<CredentialStore>> {
    loop {
        std::thread::park();
    }
}

struct Home {
    folder: TempDir,
    person: Arc<Person>,
    connect: Connect,
    passphrase_file: Option<PathBuf>,
}

impl Home {
    fn new(connect: Connect, answers: &[&'static str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self { folder, person: Person::saying(answers), connect, passphrase_file: None }
    }

    fn vault(&self) -> Arc<Vault> {
        let home = self.folder.path().to_str().unwrap();
        let file = self.passphrase_file.as_ref().map_or("", |file| file.to_str().unwrap());
        let environment = Environment::of([("HOME", home), (PASSPHRASE_FILE, file)]);
        let asks: Arc<dyn Asks> = Arc::clone(&self.person) as _;
        let mut vault = Vault::new(&environment, asks);
        vault.keyring.connect = self.connect;
        let short = Duration::from_millis(50);
        vault.keyring.limits = Limits { connect: short, silence: short, answer: short };
        if (self.connect as usize) == (working as Connect as usize) {
            vault.keyring.limits = Limits::default();
        }
        vault.work = 1;
        Arc::new(vault)
    }

    fn path(&self, inside: &str) -> PathBuf {
        self.folder.path().join(".local/share/rdsconn/credentials").join(inside)
    }

    fn files(&self) -> Vec<String> {
        let Ok(entries) = std::fs::read_dir(self.path("")) else { return Vec::new() };
        let mut names: Vec<String> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.retain(|name| name != ".lock");
        names.sort_unstable();
        names
    }
}

fn name(text: &str) -> Name {
    text.parse().unwrap()
}

fn new(as_name: &str, id: &str) -> New {
    New {
        name: name(as_name),
        description: "the warehouse".parse().unwrap(),
        region: "eu-west-1".parse().unwrap(),
        keys: access_keys(id, SecretString::from(SECRET), None).unwrap(),
    }
}

fn mode(path: &Path) -> u32 {
    std::fs::symlink_metadata(path).unwrap().permissions().mode() & 0o7777
}
