//! A secret in a file that a passphrase opens: binary age files (<https://age-encryption.org/v1>), which the `age` program
//! opens as well. The file's own authentication covers every byte.

use std::io::{self, Read as _, Write as _};
use std::iter::once;

use age::scrypt::{Identity, Recipient};
use age::{DecryptError, Decryptor, Encryptor};
use secrecy::SecretString;
use secrecy::zeroize::Zeroizing;

use super::Fault;

/// The steps that a passphrase takes, as a power of two, for files that are written: what the `age` program chooses. Fixed,
/// because a machine that happens to be busy should not weaken a file. It needs 2^18 KiB, that is 256 MiB, for a moment.
pub(super) const WORK: u8 = 18;

/// The most that a file may ask for: 1 GiB. Beyond that somebody wants to use up the machine.
const MOST_WORK: u8 = 20;

/// Longer than any secret.
const LONGEST_SECRET: u64 = 64 * 1024;

/// Why a file does not open.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Unopened {
    /// The passphrase is another one; or the few bytes that it is checked by were altered.
    Passphrase,
    /// The file is not what was written.
    Damaged(Fault),
}

/// Encrypts a secret.
pub(super) fn seal(secret: &[u8], passphrase: &SecretString, work: u8) -> io::Result<Vec<u8>> {
    let mut recipient = Recipient::new(passphrase.clone());
    recipient.set_work_factor(work);
    let encryptor = Encryptor::with_recipients(once(&recipient as &dyn age::Recipient)).map_err(io::Error::other)?;
    let mut sealed = Vec::new();
    let mut writer = encryptor.wrap_output(&mut sealed)?;
    writer.write_all(secret)?;
    writer.finish()?;
    Ok(sealed)
}

/// Decrypts a secret.
pub(super) fn open(sealed: &[u8], passphrase: &SecretString) -> Result<Zeroizing<Vec<u8>>, Unopened> {
    let decryptor = Decryptor::new(sealed).map_err(|error| unopened(&error))?;
    if !decryptor.is_scrypt() {
        return Err(Unopened::Damaged(Fault::NotByPassphrase));
    }
    let mut identity = Identity::new(passphrase.clone());
    identity.set_max_work_factor(MOST_WORK);
    let reader = decryptor.decrypt(once(&identity as &dyn age::Identity)).map_err(|error| unopened(&error))?;
    // Room for all of it, so that the text is never moved and left behind in memory.
    let mut secret = Zeroizing::new(Vec::with_capacity(sealed.len()));
    let read = reader.take(LONGEST_SECRET).read_to_end(&mut secret);
    read.map_err(|_| Unopened::Damaged(Fault::NotAge))?;
    Ok(secret)
}

fn unopened(error: &DecryptError) -> Unopened {
    match error {
        DecryptError::DecryptionFailed | DecryptError::KeyDecryptionFailed | DecryptError::NoMatchingKeys => {
            Unopened::Passphrase
        }
        DecryptError::ExcessiveWork { required, .. } => {
            Unopened::Damaged(Fault::TooMuchWork { asked: *required, most: MOST_WORK })
        }
        DecryptError::InvalidHeader | DecryptError::InvalidMac | DecryptError::Io(_) | DecryptError::UnknownFormat => {
            Unopened::Damaged(Fault::NotAge)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Fast enough to try thousands of them.
    const LITTLE: u8 = 1;
    const SECRET: &[u8] = b"{\"Version\":1}\n";

    fn passphrase(text: &str) -> SecretString {
        SecretString::from(text)
    }

    #[test]
    fn only_the_passphrase_opens_a_file() {
        let right = passphrase("correct horse");
        let sealed = seal(SECRET, &right, LITTLE).unwrap();
        assert!(sealed.starts_with(b"age-encryption.org/v1\n-> scrypt "));
        assert_eq!(open(&sealed, &right).unwrap().as_slice(), SECRET);
        for wrong in ["", "correct hors", "correct horse ", "Correct horse"] {
            assert_eq!(open(&sealed, &passphrase(wrong)).unwrap_err(), Unopened::Passphrase);
        }
        assert_ne!(sealed, seal(SECRET, &right, LITTLE).unwrap(), "no two files are alike");
    }

    #[test]
    fn r23_every_flip_and_every_cut_is_an_error() {
        let right = passphrase("correct horse");
        let sealed = seal(SECRET, &right, LITTLE).unwrap();
        for length in 0..sealed.len() {
            assert!(open(&sealed[..length], &right).is_err(), "cut to {length}");
        }
        for bit in 0..sealed.len() * 8 {
            let mut flipped = sealed.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert!(open(&flipped, &right).is_err(), "bit {bit}");
        }
        assert!(open(&[sealed.as_slice(), b"x"].concat(), &right).is_err(), "more than was written");
    }

    #[test]
    fn r24_a_file_cannot_use_up_the_machine() {
        let right = passphrase("correct horse");
        let sealed = seal(SECRET, &right, LITTLE).unwrap();
        let text = String::from_utf8_lossy(&sealed[..64]).into_owned();
        let line = text.lines().nth(1).unwrap();
        let greedy = line.strip_suffix(" 1").unwrap();
        for asked in [21_u8, 63] {
            let mut altered = sealed[..22].to_vec();
            altered.extend_from_slice(format!("{greedy} {asked}").as_bytes());
            altered.extend_from_slice(&sealed[22 + line.len()..]);
            let fault = Fault::TooMuchWork { asked, most: MOST_WORK };
            assert_eq!(open(&altered, &right).unwrap_err(), Unopened::Damaged(fault));
        }
    }

    #[test]
    fn a_file_for_a_key_is_not_ours() {
        let key = age::x25519::Identity::generate().to_public();
        let encryptor = Encryptor::with_recipients(once(&key as &dyn age::Recipient)).unwrap();
        let mut sealed = Vec::new();
        let mut writer = encryptor.wrap_output(&mut sealed).unwrap();
        writer.write_all(SECRET).unwrap();
        writer.finish().unwrap();
        assert_eq!(open(&sealed, &passphrase("x")).unwrap_err(), Unopened::Damaged(Fault::NotByPassphrase));
        assert_eq!(open(b"", &passphrase("x")).unwrap_err(), Unopened::Damaged(Fault::NotAge));
        assert_eq!(open(b"{\"Version\":1}", &passphrase("x")).unwrap_err(), Unopened::Damaged(Fault::NotAge));
    }
}
