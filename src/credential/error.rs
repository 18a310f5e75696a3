//! Why a credential cannot be stored or used, as facts. Words and hints are chosen in `cli::report`.

use std::path::PathBuf;

use super::{KeyringFault, Name, ShapeError};
use crate::os::{PrivateFileError, PrivateFolderError};

/// What is wrong with a credential or with the place where it is stored. No field holds a secret.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Not a name.
    #[error("{text:?} cannot be the name of a credential")]
    Name {
        /// What was given.
        text: String,
    },
    /// Nothing is stored under the name.
    #[error("no credential is stored as {name:?}")]
    NotFound {
        /// The name asked for.
        name: String,
        /// The names that there are.
        known: Vec<String>,
    },
    /// Something is stored under the name already.
    #[error("a credential {:?} is stored already", name.as_str())]
    Exists {
        /// The name.
        name: Name,
    },
    /// A value that is none.
    #[error(transparent)]
    Shape(#[from] ShapeError),
    /// The environment names no home folder.
    #[error("the folder for credentials is not known")]
    NoFolder,
    /// The folder cannot be used.
    #[error("the folder for credentials cannot be used")]
    Folder(#[source] PrivateFolderError),
    /// A file in it cannot be used.
    #[error("a file of the credential {:?} cannot be used", name.as_str())]
    File {
        /// The credential.
        name: Name,
        /// Why.
        source: PrivateFileError,
    },
    /// A file does not hold what was written.
    #[error("{} is damaged: {fault}", path.display())]
    Damaged {
        /// The credential.
        name: Name,
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        fault: Fault,
    },
    /// The secret that belongs to a credential is not where it should be.
    #[error("the secret of the credential {:?} is no longer in {place}", name.as_str())]
    SecretMissing {
        /// The credential.
        name: Name,
        /// Where it should be.
        place: String,
    },
    /// What the keyring gave is not what was stored in it.
    #[error("what the keyring has for the credential {:?} is not what was stored", name.as_str())]
    SecretAltered {
        /// The credential.
        name: Name,
    },
    /// The passphrase does not open the file. A file whose beginning was altered looks the same.
    #[error("the passphrase does not open {}", path.display())]
    WrongPassphrase {
        /// The credential.
        name: Name,
        /// The file.
        path: PathBuf,
    },
    /// A passphrase is needed, and there is nobody to ask.
    #[error("the passphrase of the credential {:?} is needed, and there is no terminal to ask for it", name.as_str())]
    NoPassphrase {
        /// The credential.
        name: Name,
    },
    /// The two new passphrases differed, every time.
    #[error("the two passphrases differ")]
    PassphrasesDiffer,
    /// A new passphrase that protects nothing.
    #[error("the passphrase is shorter than {least} characters")]
    PassphraseTooShort {
        /// The least that is taken.
        least: usize,
    },
    /// The file with the passphrase cannot be used.
    #[error("the passphrase cannot be read from a file")]
    PassphraseFile(#[source] PrivateFileError),
    /// The file with the passphrase does not exist.
    #[error("{} with the passphrase does not exist", path.display())]
    PassphraseFileMissing {
        /// The file.
        path: PathBuf,
    },
    /// The file with the passphrase holds none.
    #[error("the first line of {} is no passphrase", path.display())]
    PassphraseFileEmpty {
        /// The file.
        path: PathBuf,
    },
    /// The keyring cannot be used.
    #[error("the keyring of this system cannot be used")]
    Keyring(#[source] KeyringFault),
    /// There is no randomness, or encryption itself failed.
    #[error("the secret cannot be encrypted")]
    Encryption(#[source] std::io::Error),
}

/// What is wrong with a file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// Not the JSON of a credential.
    #[error("line {line}, column {column} is not what was written")]
    Syntax {
        /// From 1.
        line: usize,
        /// From 1.
        column: usize,
    },
    /// A field with a value that cannot be.
    #[error("the value of {field:?} is not what was written")]
    Value {
        /// The field.
        field: &'static str,
    },
    /// Written by another version.
    #[error("it was written by another version of rdsconn")]
    Version,
    /// Not an age file, or one that is cut or altered.
    #[error("it is not a whole age file")]
    NotAge,
    /// An age file that no passphrase opens.
    #[error("it is encrypted to something else than a passphrase")]
    NotByPassphrase,
    /// It would take too much memory and time to open.
    #[error("its passphrase would take 2^{asked} steps, more than the 2^{most} that are taken")]
    TooMuchWork {
        /// Asked for by the file.
        asked: u8,
        /// Allowed.
        most: u8,
    },
    /// It holds other keys than the record says.
    #[error("it holds the keys of another access key id")]
    OtherKeys,
}
