//! Why a token could not be kept, as facts. It is a remark and never a failure: the token itself is there.

use crate::os::PrivateFolderError;

/// Why a token could not be kept for the next command.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The environment names neither a runtime folder nor a home, and the kernel gave no keyring.
    #[error("the token is not kept for the next command: there is no folder for it, HOME is not set")]
    NoPlace,
    /// The last place that was tried.
    #[error("the token is not kept for the next command")]
    NotKept(#[source] PrivateFolderError),
}
