//! The credentials of one user: adding, listing, opening, removing.
//!
//! In the folder `rdsconn/credentials` each has a record, `NAME.json`; a secret that is not in the keyring is beside it in
//! `NAME.ID.age`. The identifier is another one whenever keys are stored, and the record is written last: what is read is
//! the old credential or the new one, whole, whatever happens in between and whoever writes at the same time.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::SystemTime;

use secrecy::zeroize::Zeroizing;

use super::keyring::Keyring;
use super::keys::{decode, process_output};
use super::passphrase::Passphrases;
use super::record::is_id;
use super::sealed::{self, Unopened};
use super::{Asks, Description, Error, Fault, KeyringFault, Name, Record, Region, Store, Stored};
use crate::backend::AccessKeys;
use crate::os::{Environment, LockFile, PrivateFolder, PrivateFolderError, timestamp};

/// The folder of the program below the folder for data, and the folder of credentials in that.
const PROGRAM: &str = "rdsconn";
const FOLDER: &str = "credentials";

/// How the names of files end.
const RECORD: &str = ".json";
const SEALED: &str = ".age";

/// Held while files are replaced. Hidden: no credential is called so.
const LOCK: &str = ".lock";

/// Larger than any record, and any secret in a file.
const LARGEST_RECORD: usize = 16 * 1024;
const LARGEST_SEALED: usize = 64 * 1024;

/// Where a secret is to be stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Choice {
    /// In the keyring where there is one, else in an encrypted file.
    #[default]
    Auto,
    /// In the keyring or nowhere.
    Keyring,
    /// In an encrypted file.
    File,
}

/// What is to be stored.
#[derive(Debug)]
pub struct New {
    /// As what.
    pub name: Name,
    /// In the user's own words.
    pub description: Description,
    /// Where services are called.
    pub region: Region,
    /// The keys.
    pub keys: AccessKeys,
}

/// What was stored.
#[derive(Debug)]
pub struct Added {
    /// The record.
    pub record: Record,
    /// Why the keyring was not taken, where it was the first choice.
    pub without_keyring: Option<KeyringFault>,
    /// Why the keyring still has the secret of the credential that was replaced.
    pub left_behind: Option<KeyringFault>,
}

/// One of the credentials that are stored.
#[derive(Debug)]
pub struct Listed {
    /// As what.
    pub name: Name,
    /// What is known of it, if its record can be read.
    pub record: Result<Record, Error>,
}

/// What was removed.
#[derive(Debug)]
pub struct Removed {
    /// Why the keyring still has the secret.
    pub left_behind: Option<KeyringFault>,
}

/// The credentials of one user. Nothing is opened before it is needed.
#[derive(Debug)]
pub struct Vault {
    base: Option<PathBuf>,
    /// Those of the home folder's own parts that may be made.
    homely: Vec<PathBuf>,
    pub(super) keyring: Keyring,
    passphrases: Passphrases,
    pub(super) work: u8,
}

impl Vault {
    /// The credentials that this environment leads to.
    pub fn new(environment: &Environment, asks: Arc<dyn Asks>) -> Self {
        let base = environment.data_home();
        let local = environment.home().map(|home| home.join(".local"));
        let homely = local.into_iter().filter(|local| base.as_ref().is_some_and(|base| base.starts_with(local)));
        Self {
            homely: homely.collect(),
            base,
            keyring: Keyring::default(),
            passphrases: Passphrases::new(environment, asks),
            work: sealed::WORK,
        }
    }

    /// What is stored, by name. A record that cannot be read is an error of its own.
    pub fn records(&self) -> Result<Vec<Listed>, Error> {
        let Some(folder) = self.folder()? else { return Ok(Vec::new()) };
        let names = names(&folder).into_iter();
        Ok(names
            .map(|name| {
                let record = read(&folder, &name);
                let gone = || Error::NotFound { name: name.to_string(), known: Vec::new() };
                Listed { name: name.clone(), record: record.and_then(|record| record.ok_or_else(gone)) }
            })
            .collect())
    }

    /// What is known of a credential. Opens nothing.
    pub fn record(&self, name: &Name) -> Result<Record, Error> {
        let Some(folder) = self.folder()? else { return Err(not_found(name, &[])) };
        read(&folder, name)?.ok_or_else(|| not_found(name, &names(&folder)))
    }

    /// Whether anything is stored under a name, whatever state it is in.
    pub fn is_taken(&self, name: &Name) -> Result<bool, Error> {
        Ok(self.folder()?.is_some_and(|folder| !matches!(read(&folder, name), Ok(None))))
    }

    /// The source of a credential's keys. Opens nothing yet.
    pub fn source(self: &Arc<Self>, name: &Name) -> Result<Stored, Error> {
        Ok(Stored::new(Arc::clone(self), self.record(name)?))
    }

    /// Where the encrypted file of a credential is, if its secret is in one.
    pub fn sealed_path(&self, record: &Record) -> Option<PathBuf> {
        let folder = self.base.as_ref()?.join(PROGRAM).join(FOLDER);
        (record.store == Store::File).then(|| folder.join(sealed_name(record)))
    }

    /// Stores a credential.
    pub fn add(&self, new: &New, choice: Choice, may_replace: bool) -> Result<Added, Error> {
        let folder = self.made()?;
        if !may_replace && !matches!(read(&folder, &new.name), Ok(None)) {
            return Err(Error::Exists { name: new.name.clone() });
        }
        let secret = process_output(&new.keys);
        let mut record = Record {
            name: new.name.clone(),
            id: new_id()?,
            description: new.description.clone(),
            region: new.region.clone(),
            access_key_id: new.keys.access_key_id.clone(),
            created: timestamp(SystemTime::now()),
            store: Store::Keyring,
        };
        let mut without_keyring = None;
        if choice != Choice::File {
            match self.keyring.put(&item(&record), &label(&record), secret.as_bytes(), self.asks()) {
                Ok(()) => {}
                Err(fault) if choice == Choice::Keyring => return Err(Error::Keyring(fault)),
                Err(fault) => without_keyring = Some(fault),
            }
        }
        let mut sealed = None;
        if choice == Choice::File || without_keyring.is_some() {
            record.store = Store::File;
            let passphrase = self.passphrases.new_for(&record.name)?;
            let bytes = sealed::seal(secret.as_bytes(), &passphrase, self.work).map_err(Error::Encryption)?;
            sealed = Some(bytes);
        }
        let replaced = match replace(&folder, &record, sealed.as_deref(), may_replace) {
            Ok(replaced) => replaced,
            Err(error) => {
                // It may stay behind in a keyring that has been locked meanwhile; nothing leads to it.
                self.forget_item(&record);
                return Err(error);
            }
        };
        let left_behind = replaced.and_then(|old| self.forget_item(&old));
        Ok(Added { record, without_keyring, left_behind })
    }

    /// Removes a credential. Where the keyring does not let go of the secret nothing is removed, unless `regardless`.
    pub fn remove(&self, name: &Name, regardless: bool) -> Result<Removed, Error> {
        let Some(folder) = self.folder()? else { return Err(not_found(name, &[])) };
        let lock = lock(&folder);
        let record = match read(&folder, name) {
            Ok(None) => return Err(not_found(name, &names(&folder))),
            Ok(record) => record,
            Err(_) if regardless => None,
            Err(error) => return Err(error),
        };
        let left_behind = record.as_ref().and_then(|record| self.forget_item(record));
        match left_behind {
            Some(fault) if !regardless => Err(Error::Keyring(fault)),
            left_behind => {
                folder.remove(&record_name(name));
                sweep(&folder, name, None);
                drop(lock);
                Ok(Removed { left_behind })
            }
        }
    }

    /// Opens a credential. One that is replaced meanwhile is opened as it is then.
    pub(super) fn keys(&self, record: &Record) -> Result<AccessKeys, Error> {
        match self.keys_of(record) {
            Err(Error::SecretMissing { name, place }) => {
                let now = self.record(&name)?;
                if now.id == record.id { Err(Error::SecretMissing { name, place }) } else { self.keys_of(&now) }
            }
            opened => opened,
        }
    }

    fn keys_of(&self, record: &Record) -> Result<AccessKeys, Error> {
        let name = record.name.clone();
        match record.store {
            Store::Keyring => {
                let secret = self.keyring.get(&item(record), self.asks()).map_err(Error::Keyring)?;
                let place = "the keyring".to_owned();
                let secret = secret.ok_or_else(|| Error::SecretMissing { name: name.clone(), place })?;
                decode_for(record, &secret).map_err(|_| Error::SecretAltered { name })
            }
            Store::File => {
                let folder = self.folder()?.ok_or_else(|| not_found(&name, &[]))?;
                let path = folder.path().join(sealed_name(record));
                let place = path.display().to_string();
                let sealed = folder
                    .read_checked(&sealed_name(record), LARGEST_SEALED)
                    .map_err(|source| Error::File { name: name.clone(), source })?
                    .ok_or_else(|| Error::SecretMissing { name: name.clone(), place })?;
                let damaged = |fault| Error::Damaged { name: name.clone(), path: path.clone(), fault };
                let open = |passphrase: &_| match sealed::open(&sealed, passphrase) {
                    Ok(secret) => Ok(Some(secret)),
                    Err(Unopened::Passphrase) => Ok(None),
                    Err(Unopened::Damaged(fault)) => Err(damaged(fault)),
                };
                let wrong = || Error::WrongPassphrase { name: name.clone(), path: path.clone() };
                let secret: Zeroizing<Vec<u8>> = self.passphrases.open(&name, open, wrong)?;
                decode_for(record, &secret).map_err(damaged)
            }
        }
    }

    /// Removes the secret of a credential from the keyring, if it is there. `None` if all is well.
    fn forget_item(&self, record: &Record) -> Option<KeyringFault> {
        if record.store == Store::File {
            return None;
        }
        self.keyring.remove(&item(record), self.asks()).err()
    }

    fn asks(&self) -> &dyn Asks {
        self.passphrases.asks.as_ref()
    }

    /// The folder, if there is one.
    fn folder(&self) -> Result<Option<PrivateFolder>, Error> {
        let base = self.base.as_ref().ok_or(Error::NoFolder)?;
        PrivateFolder::open(base, PROGRAM, FOLDER).map_err(Error::Folder)
    }

    /// The folder, made if need be.
    fn made(&self) -> Result<PrivateFolder, Error> {
        let base = self.base.as_ref().ok_or(Error::NoFolder)?;
        let make = || -> Result<PrivateFolder, PrivateFolderError> {
            for part in self.homely.iter().chain([base]) {
                PrivateFolder::make_base(part)?;
            }
            PrivateFolder::create(base, PROGRAM, FOLDER)
        };
        make().map_err(Error::Folder)
    }
}

/// Puts the files in place, the record last. Gives the record that was there before.
fn replace(
    folder: &PrivateFolder,
    record: &Record,
    sealed: Option<&[u8]>,
    may_replace: bool,
) -> Result<Option<Record>, Error> {
    let _lock = lock(folder);
    let before = read(folder, &record.name);
    if !may_replace && !matches!(before, Ok(None)) {
        // Somebody else was faster.
        return Err(Error::Exists { name: record.name.clone() });
    }
    if let Some(sealed) = sealed {
        folder.replace(&sealed_name(record), sealed).map_err(Error::Folder)?;
    }
    if let Err(error) = folder.replace(&record_name(&record.name), record.encode().as_bytes()) {
        folder.remove(&sealed_name(record));
        return Err(Error::Folder(error));
    }
    sweep(folder, &record.name, Some(&record.id));
    // What could not be read has no secret that could be found.
    Ok(before.ok().flatten())
}

/// One writer at a time, as far as the file system has locks. Ends when it is dropped.
fn lock(folder: &PrivateFolder) -> Option<LockFile> {
    folder.lock_file(LOCK).filter(LockFile::acquire)
}

/// Removes the encrypted files of a credential but the current one.
fn sweep(folder: &PrivateFolder, name: &Name, current: Option<&str>) {
    for file in folder.names() {
        let id = file.strip_prefix(name.as_str()).and_then(|rest| rest.strip_prefix('.'));
        let id = id.and_then(|rest| rest.strip_suffix(SEALED)).filter(|id| is_id(id));
        if id.is_some() && id != current {
            folder.remove(&file);
        }
    }
}

fn read(folder: &PrivateFolder, name: &Name) -> Result<Option<Record>, Error> {
    let file = record_name(name);
    let bytes = folder.read_checked(&file, LARGEST_RECORD);
    let bytes = bytes.map_err(|source| Error::File { name: name.clone(), source })?;
    let damaged = |fault| Error::Damaged { name: name.clone(), path: folder.path().join(&file), fault };
    bytes.map(|bytes| Record::decode(name, &bytes).map_err(damaged)).transpose()
}

fn decode_for(record: &Record, secret: &[u8]) -> Result<AccessKeys, Fault> {
    let keys = decode(secret)?;
    if keys.access_key_id == record.access_key_id { Ok(keys) } else { Err(Fault::OtherKeys) }
}

fn names(folder: &PrivateFolder) -> Vec<Name> {
    folder.names().iter().filter_map(|file| file.strip_suffix(RECORD)?.parse().ok()).collect()
}

fn not_found(name: &Name, known: &[Name]) -> Error {
    Error::NotFound { name: name.to_string(), known: known.iter().map(ToString::to_string).collect() }
}

fn record_name(name: &Name) -> String {
    format!("{name}{RECORD}")
}

fn sealed_name(record: &Record) -> String {
    format!("{}.{}{SEALED}", record.name, record.id)
}

/// What the keyring has a secret under.
fn item(record: &Record) -> String {
    format!("{}/{}", record.name, record.id)
}

/// What a person sees in the keyring's own window.
fn label(record: &Record) -> String {
    format!("rdsconn: AWS credential {}", record.name)
}

fn new_id() -> Result<String, Error> {
    let mut bytes = [0_u8; 16];
    aws_lc_rs::rand::fill(&mut bytes).map_err(|error| Error::Encryption(std::io::Error::other(error)))?;
    Ok(format!("{:032x}", u128::from_be_bytes(bytes)))
}
