//! Tokens kept for the next command: in the kernel's keyring, else in a private file.
//!
//! A token is found again only by who its credentials belong to, its region, endpoint, port and user, all of them; it is
//! offered only while it is good; what is damaged is as good as absent. Of many processes that want one token at the same
//! time, one mints it and the others wait. Credentials of AWS itself are never kept. The room neither prints nor prompts, and
//! a cache that cannot be used is no reason to fail.

mod entry;
mod error;
mod store;
mod tokens;

pub use error::Error;
pub use store::{Cache, Kept, Place, Storage};
pub use tokens::CachedTokens;

#[cfg(test)]
mod tests;
