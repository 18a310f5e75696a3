//! Where tokens are kept: the kernel's keyring, the runtime folder, the cache folder, in this order.

use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use aws_lc_rs::digest::{SHA256, digest};

use super::Error;
use super::entry::{Entry, Key, hexadecimal};
use crate::backend::AuthToken;
use crate::os::{Environment, LockFile, PrivateFolder, PrivateFolderError, keyring};
use crate::target::Endpoint;

/// The folder of the program below a runtime or cache folder, and the folder of its tokens in that.
const PROGRAM: &str = "rdsconn";
const FOLDER: &str = "tokens";

/// How the names of files end.
const ENTRY: &str = ".token";
const LOCK: &str = ".lock";

/// The longest payload of a key of the kernel (keyrings(7)), and more than any token has.
const LARGEST: usize = 32_767;

/// A file that has not been touched for so long is over, or was left behind by a process that was killed.
const SWEPT_AFTER: Duration = Duration::from_mins(15);

/// Where tokens may be kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Storage {
    /// The best place there is.
    #[default]
    Auto,
    /// A private file.
    File,
    /// Nowhere.
    None,
}

/// Where a token was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// The kernel's persistent keyring.
    Keyring,
    /// A folder of private files.
    Folder(PathBuf),
}

/// A kept token, without the token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// What it is signed for.
    pub endpoint: Endpoint,
    /// The region of the endpoint.
    pub region: String,
    /// The database user.
    pub user: String,
    /// When it is no longer offered.
    pub not_after: SystemTime,
    /// A short sign of whose credentials signed it: the same for the same settings.
    pub identity: String,
    /// Where it is.
    pub place: Place,
}

/// The places of one user. Nothing is opened before it is needed, and nothing is held open.
#[derive(Debug)]
pub struct Cache {
    storage: Storage,
    /// Runtime folder, cache folder; those that the environment names.
    bases: Vec<Base>,
    /// What all names in the keyring begin with.
    prefix: String,
    fault: Mutex<Option<Error>>,
}

impl Cache {
    /// The places that this environment names.
    pub fn new(storage: Storage, environment: &Environment) -> Self {
        let absolute = |name| environment.path(name).filter(|path: &PathBuf| path.is_absolute());
        let cache = absolute("XDG_CACHE_HOME").or_else(|| environment.home().map(|home| home.join(".cache")));
        let runtime = absolute("XDG_RUNTIME_DIR").map(|path| Base { path, is_made: false });
        let bases = runtime.into_iter().chain(cache.map(|path| Base { path, is_made: true })).collect();
        // All homes of a user have one keyring, but another home has other AWS files: each keeps to itself.
        let home = environment.home().unwrap_or_default();
        let home = digest(&SHA256, home.as_os_str().as_encoded_bytes());
        let prefix = format!("{PROGRAM}:{:.8}:", hexadecimal(home.as_ref()));
        Self { storage, bases, prefix, fault: Mutex::new(None) }
    }

    /// Why the last token could not be kept, once; `None` if all is well.
    pub fn take_fault(&self) -> Option<Error> {
        self.fault.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// The tokens that would be offered now, wherever they are and whatever may be kept from now on: by endpoint and user.
    pub fn list(&self, now: SystemTime) -> Vec<Kept> {
        let mut kept: Vec<(String, Kept)> = Vec::new();
        for place in self.places() {
            for name in place.names() {
                let Some(entry) = place.read(&name).and_then(|bytes| Entry::decode(&bytes)) else { continue };
                let is_new = kept.iter().all(|(known, _)| *known != name);
                if is_new && entry.key.name() == name && entry.is_usable(now) {
                    kept.push((name, shown(entry, place.place())));
                }
            }
        }
        let mut kept: Vec<Kept> = kept.into_iter().map(|(_, kept)| kept).collect();
        kept.sort_by(|a, b| {
            let key = |kept: &Kept| (kept.endpoint.to_string(), kept.user.clone(), kept.identity.clone());
            key(a).cmp(&key(b))
        });
        kept
    }

    /// Removes every token, wherever it is; says how many there were.
    pub fn clear(&self) -> usize {
        let places = self.places();
        places.iter().map(|place| place.names().iter().filter(|name| place.remove(name)).count()).sum()
    }

    pub(super) fn is_off(&self) -> bool {
        self.storage == Storage::None
    }

    pub(super) fn get(&self, key: &Key, now: SystemTime) -> Option<Entry> {
        let name = key.name();
        let mut found = self.places().into_iter().filter(|place| self.is_used(place)).filter_map(|place| {
            let entry = Entry::decode(&place.read(&name)?)?;
            (entry.key == *key && entry.is_usable(now)).then_some(entry)
        });
        found.next()
    }

    /// Keeps an entry in the first place that takes it; `false` if none does.
    pub(super) fn put(&self, entry: &Entry, now: SystemTime) -> bool {
        let (name, bytes) = (entry.key.name(), entry.encode());
        if bytes.len() > LARGEST {
            return false;
        }
        if self.storage == Storage::Auto && keyring::write(&format!("{}{name}", self.prefix), &bytes, entry.left(now)) {
            return true;
        }
        let mut fault = Error::NoPlace;
        for base in &self.bases {
            match base.put(&name, &bytes) {
                Ok(()) => return true,
                Err(error) => fault = Error::NotKept(error),
            }
        }
        *self.fault.lock().unwrap_or_else(PoisonError::into_inner) = Some(fault);
        false
    }

    /// Removes what is kept under a key, or only `token` if one is given; `false` if there was nothing.
    pub(super) fn remove(&self, key: &Key, token: Option<&AuthToken>) -> bool {
        let name = key.name();
        let is_meant = |place: &Opened| {
            let entry = || Entry::decode(&place.read(&name)?);
            token.is_none_or(|token| entry().is_some_and(|entry| entry.holds(token)))
        };
        self.places().iter().filter(|place| is_meant(place)).filter(|place| place.remove(&name)).count() > 0
    }

    /// The lock of those who want the same token. `None` where no lock can be had.
    pub(super) fn lock_file(&self, key: &Key) -> Option<LockFile> {
        let name = format!("{}{LOCK}", key.flight());
        self.bases.iter().find_map(|base| base.create().ok()?.lock_file(&name))
    }

    fn places(&self) -> Vec<Opened<'_>> {
        let folders = self.bases.iter().filter_map(|base| PrivateFolder::open(&base.path, PROGRAM, FOLDER).ok()?);
        [Opened::Keyring(&self.prefix)].into_iter().chain(folders.map(Opened::Folder)).collect()
    }

    fn is_used(&self, place: &Opened) -> bool {
        match self.storage {
            Storage::Auto => true,
            Storage::File => matches!(place, Opened::Folder(_)),
            Storage::None => false,
        }
    }
}

/// A folder that the environment names.
#[derive(Debug)]
struct Base {
    path: PathBuf,
    /// Whether it is for us to make. The runtime folder comes and goes with the session that it belongs to.
    is_made: bool,
}

impl Base {
    fn create(&self) -> Result<PrivateFolder, PrivateFolderError> {
        if self.is_made {
            PrivateFolder::make_base(&self.path)?;
        }
        PrivateFolder::create(&self.path, PROGRAM, FOLDER)
    }

    fn put(&self, name: &str, bytes: &[u8]) -> Result<(), PrivateFolderError> {
        let folder = self.create()?;
        folder.sweep(SWEPT_AFTER, SystemTime::now());
        folder.replace(&format!("{name}{ENTRY}"), bytes)
    }
}

fn shown(entry: Entry, place: Place) -> Kept {
    let Key { identity, region, host, port, user } = entry.key;
    let identity = identity.settings.chars().take(12).collect();
    Kept { endpoint: Endpoint { host, port }, region, user, not_after: entry.not_after, identity, place }
}

/// One place, with what its kind needs to reach it.
enum Opened<'a> {
    Keyring(&'a str),
    Folder(PrivateFolder),
}

impl Opened<'_> {
    fn place(&self) -> Place {
        match self {
            Self::Keyring(_) => Place::Keyring,
            Self::Folder(folder) => Place::Folder(folder.path().to_owned()),
        }
    }

    fn names(&self) -> Vec<String> {
        let stem = |name: &str, start: &str, end: &str| Some(name.strip_prefix(start)?.strip_suffix(end)?.to_owned());
        match self {
            Self::Keyring(prefix) => keyring::names(prefix).iter().filter_map(|name| stem(name, prefix, "")).collect(),
            Self::Folder(folder) => folder.names().iter().filter_map(|name| stem(name, "", ENTRY)).collect(),
        }
    }

    fn read(&self, name: &str) -> Option<secrecy::zeroize::Zeroizing<Vec<u8>>> {
        match self {
            Self::Keyring(prefix) => keyring::read(&format!("{prefix}{name}"), LARGEST),
            Self::Folder(folder) => folder.read(&format!("{name}{ENTRY}"), LARGEST),
        }
    }

    fn remove(&self, name: &str) -> bool {
        match self {
            Self::Keyring(prefix) => keyring::remove(&format!("{prefix}{name}")),
            Self::Folder(folder) => folder.remove(&format!("{name}{ENTRY}")),
        }
    }
}
