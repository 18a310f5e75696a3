//! SSH keys made on the spot: the bastion's own and the user's.

use std::fs::OpenOptions;
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use russh::keys::ssh_key::private::Ed25519Keypair;
use russh::keys::ssh_key::{Cipher, Kdf, LineEnding};
use russh::keys::{HashAlg, PrivateKey};

/// A pair of Ed25519 keys.
#[derive(Clone)]
pub struct Key {
    private: PrivateKey,
}

impl Key {
    /// A new one.
    ///
    /// # Panics
    /// When the operating system has no random bytes.
    pub fn generate() -> Self {
        let mut seed = [0; 32];
        aws_lc_rs::rand::fill(&mut seed).expect("the operating system has random bytes");
        Self { private: Ed25519Keypair::from_seed(&seed).into() }
    }

    /// Reads what [`Key::write`] wrote.
    ///
    /// # Errors
    /// When the file is not there, or holds no plain private key.
    pub fn read(path: &Path) -> io::Result<Self> {
        let text = std::fs::read_to_string(path)?;
        Ok(Self { private: PrivateKey::from_openssh(text).map_err(io::Error::other)? })
    }

    /// `ssh-ed25519 AAAA…`, as `authorized_keys` and `known_hosts` have it.
    pub fn public_line(&self) -> String {
        self.private.public_key().to_openssh().expect("an Ed25519 key has a text form")
    }

    /// `SHA256:…`, as `ssh-keygen -l` shows it.
    pub fn fingerprint(&self) -> String {
        self.private.public_key().fingerprint(HashAlg::Sha256).to_string()
    }

    /// Writes the private key in OpenSSH's format, readable by nobody else.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn write(&self, path: &Path) -> io::Result<()> {
        write(&self.private, path)
    }

    /// The same, locked with a passphrase as `ssh-keygen` does.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn write_encrypted(&self, path: &Path, passphrase: &str) -> io::Result<()> {
        let mut salt = vec![0; 16];
        aws_lc_rs::rand::fill(&mut salt).map_err(io::Error::other)?;
        let kdf = Kdf::Bcrypt { salt, rounds: 16 };
        let locked = self.private.encrypt_with(Cipher::Aes256Ctr, kdf, 0x1ab, passphrase).map_err(io::Error::other)?;
        write(&locked, path)
    }

    pub(super) fn private(&self) -> PrivateKey {
        self.private.clone()
    }
}

fn write(key: &PrivateKey, path: &Path) -> io::Result<()> {
    let text = key.to_openssh(LineEnding::LF).map_err(io::Error::other)?;
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)?;
    file.write_all(text.as_bytes())
}
