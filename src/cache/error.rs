//! Why a token could not be kept, as facts. It is a remark and never a failure: the token itself is there.

use crate::os::PrivateFolderError;

/// Why a token could not be kept for the next command.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The environment names neither a runtime folder nor a home, and the kernel gave no keyring.
    #[error("there is no place to keep tokens in")]
    NoPlace,
    /// The last place that was tried.
    #[error("the token could not be kept")]
    NotKept(#[source] PrivateFolderError),
}
