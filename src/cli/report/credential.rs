//! What is said about stored credentials.

use super::{Report, config, path_word, shell_word};
use crate::cli::exit_status::ExitStatus;
use crate::credential::{Error, Fault, KeyringFault, PASSPHRASE_FILE, ShapeError};
use crate::os::{PrivateFileError, PrivateFolderError};
use crate::target::nearest;

impl From<Error> for Report {
    fn from(error: Error) -> Self {
        Self::from(&error)
    }
}

impl From<&Error> for Report {
    fn from(error: &Error) -> Self {
        let report = |status| Self::new(status, error);
        let usage = || report(ExitStatus::Usage);
        let refused = || report(ExitStatus::Refused);
        match error {
            Error::Name { .. } => usage().hint(
                "a name has letters, digits, '.', '_' and '-', at most 64 of them, a letter or digit first, and no '..'",
            ),
            Error::NotFound { name, known } => {
                let near = nearest(name, known.iter().map(String::as_str));
                usage().hint(match (near, known.is_empty()) {
                    (Some(near), _) => format!("did you mean {near}?"),
                    (None, true) => format!("run rdsconn credential add {}", shell_word(name)),
                    (None, false) => "run rdsconn credential list to see what there is".to_owned(),
                })
            }
            Error::Exists { name } => usage().hint(format!(
                "give another name, or --force to replace it; rdsconn credential show {name} shows what it is"
            )),
            Error::Shape(error) => shape(usage(), error),
            Error::NoFolder => usage().hint("set HOME or XDG_DATA_HOME"),
            Error::Folder(fault) => usage().hint(folder_advice(fault)),
            Error::File { source, .. } | Error::PassphraseFile(source) => usage().hint(private_advice(source)),
            Error::Damaged { name, fault, .. } => usage().hint(match fault {
                Fault::Version => "use the version of rdsconn that wrote it, or a later one".to_owned(),
                Fault::TooMuchWork { .. }
                | Fault::Syntax { .. }
                | Fault::Value { .. }
                | Fault::NotAge
                | Fault::NotByPassphrase
                | Fault::OtherKeys => store_again(name.as_str()),
            }),
            Error::SecretMissing { name, .. } | Error::SecretAltered { name } => {
                refused().hint(store_again(name.as_str()))
            }
            Error::WrongPassphrase { name, .. } => refused().hint(format!(
                "try again; if the passphrase is lost, so is the secret: run rdsconn credential add {name} --force"
            )),
            Error::NoPassphrase { .. } => usage()
                .hint(format!("write the passphrase to a file, run chmod 600 on it, and name it with {PASSPHRASE_FILE}"))
                .hint("or run this on a terminal"),
            Error::PassphrasesDiffer => usage().hint("try again"),
            Error::PassphraseTooShort { .. } => {
                usage().hint("take a longer one: whoever gets the file can try passphrases at leisure")
            }
            Error::PassphraseFileMissing { path } => usage().hint(format!(
                "write the passphrase to {}, or run unset {PASSPHRASE_FILE} to be asked for it",
                path_word(path)
            )),
            Error::PassphraseFileEmpty { path } => {
                usage().hint(format!("write the passphrase to the first line of {}", path_word(path)))
            }
            Error::Keyring(fault) => refused().hint(keyring_advice(fault)),
            Error::Encryption(_) => report(ExitStatus::Bug).hint("report this as a bug"),
        }
    }
}

fn store_again(name: &str) -> String {
    format!("store the keys again with rdsconn credential add {name} --force")
}

fn shape(report: Report, error: &ShapeError) -> Report {
    match error {
        ShapeError::AccessKeyId { .. } | ShapeError::SecretAccessKey { .. } => {
            report.hint("copy it once more from where AWS shows it: the IAM console, or the CSV file that was downloaded")
        }
        ShapeError::SessionToken | ShapeError::SessionTokenMissing => {
            report.hint("give the token that came with the keys: it is asked for, read with --session-token-fd, or from the second line of stdin")
        }
        ShapeError::SessionTokenBesideLastingKeys => report.hint("leave the session token out, or give the ASIA id that belongs to it"),
        ShapeError::Region { .. } => report.hint("for example us-east-1"),
        ShapeError::Description { .. } => report.hint("make it shorter, and one line"),
    }
}

/// What to do about a keyring that does not do what it is asked to.
fn keyring_advice(fault: &KeyringFault) -> &'static str {
    match fault {
        KeyringFault::Unavailable(_) => {
            "log in to a desktop session, or store the credential anew with --store file, which needs no keyring"
        }
        KeyringFault::Locked(_) => "unlock the keyring, or store the credential anew with --store file",
        KeyringFault::Silent { .. } => {
            "look for a window that asks for the keyring's password; --store file needs no keyring"
        }
        KeyringFault::Forgetful | KeyringFault::Failed(_) => {
            "see what the keyring's own program says; --store file needs no keyring"
        }
    }
}

fn folder_advice(fault: &PrivateFolderError) -> String {
    match fault {
        PrivateFolderError::ForeignOwner { path, .. } => format!("run ls -ld {}", path_word(path)),
        PrivateFolderError::Open { path, .. } => format!("run chmod 700 {}", path_word(path)),
        PrivateFolderError::Unusable { path, .. } => format!("run ls -ld {0} and df {0}", path_word(path)),
    }
}

fn private_advice(fault: &PrivateFileError) -> String {
    match fault {
        PrivateFileError::Open { path, .. } => {
            format!("others may have read it: put a new secret in it, and run chmod 600 {}", path_word(path))
        }
        PrivateFileError::ForeignOwner { path, .. }
        | PrivateFileError::NotAFile { path }
        | PrivateFileError::TooLarge { path, .. }
        | PrivateFileError::Unreadable { path, .. } => format!("run ls -l {}", path_word(path)),
        PrivateFileError::Folder { source, .. } => config::file_advice(source),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The order of status: what the user can mend is 2, what is refused is 4.
    #[test]
    fn codes_of_the_issue() {
        let name = || "prod".parse().unwrap();
        for (error, code) in [
            (Error::NoPassphrase { name: name() }, 2),
            (Error::WrongPassphrase { name: name(), path: "/x".into() }, 4),
            (Error::NotFound { name: "prod".to_owned(), known: Vec::new() }, 2),
            (Error::Exists { name: name() }, 2),
            (Error::Keyring(KeyringFault::Forgetful), 4),
        ] {
            let report = Report::from(&error);
            assert_eq!(report.status.code(), code, "{error}");
            assert!(!report.hints.is_empty());
        }
    }
}
