//! AWS credentials that are stored under a name: what is known of them in private files, their secrets in the operating
//! system's keyring, else in files encrypted with a passphrase. Never in plain text.
//!
//! The only room that names the keyring's and the file format's crates. It neither prints nor prompts: passphrases are asked
//! for by way of [`Asks`]. Secrets are opened no sooner than they are needed, and once at most.

mod error;
mod keyring;
mod keys;
mod name;
mod passphrase;
mod record;
mod sealed;
mod stored;
mod vault;

pub use error::{Error, Fault};
pub use keyring::KeyringFault;
pub use keys::{ShapeError, access_keys, check_access_key_id, process_output};
pub use name::Name;
pub use passphrase::{Asks, PASSPHRASE_FILE, PassphraseProblem, Question};
pub use record::{Description, Record, Region, Store};
pub use stored::{Given, Stored};
pub use vault::{Added, Choice, Listed, New, Removed, Vault};

#[cfg(test)]
mod tests;
